"""Schemas: the parts of a JSON Schema that speak about one value, and those that speak about what is in it.

Rule: only these keywords are followed: `$ref` into the same schema, `allOf`, `anyOf`, `oneOf`, `then`, `else`;
`properties`, `patternProperties`, `additionalProperties`, `propertyNames`, `items`, `prefixItems`.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

Schema = Mapping[str, Any]

DATA = frozenset({"const", "enum", "examples", "default", "x-mha"})  # keywords that hold no schemas
NAMED = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})  # names, and a schema for each
TYPES = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
_NAMES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def resolved(root: Schema, reference: str) -> Schema:
    """What a `$ref` refers to; raises ValueError where that is not a part of the same schema."""
    start, *steps = reference.split("/")
    if start != "#":
        raise ValueError(f"{reference} leads out of the schema.")
    try:
        found = reduce(lambda part, step: part[step.replace("~1", "/").replace("~0", "~")], steps, root)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{reference} leads nowhere.") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"{reference} does not lead to a schema.")  # noqa: TRY004 - a mistake in a file, not in a type
    return found


def branches(schema: Schema) -> Iterator[list[Schema]]:
    """The parts of which the value decides whether they count, by the keyword that holds them."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            yield [part for part in schema[keyword] if isinstance(part, Mapping)]


def always(root: Schema, schema: Schema) -> Iterator[Schema]:
    """The parts that speak about the same value, whatever it is."""
    if "$ref" in schema:
        yield resolved(root, schema["$ref"])
    yield from (part for part in schema.get("allOf", ()) if isinstance(part, Mapping))


def about_same(root: Schema, schema: Schema) -> Iterator[Schema]:
    """The parts that speak about the same value, always or if it decides so."""
    yield from always(root, schema)
    yield from (part for group in branches(schema) for part in group)
    yield from (schema[keyword] for keyword in ("then", "else") if isinstance(schema.get(keyword), Mapping))


def below(schema: Schema) -> Iterator[Schema]:
    """The parts that speak about what is in the value."""
    for keyword in ("properties", "patternProperties"):
        yield from (part for part in schema.get(keyword, {}).values() if isinstance(part, Mapping))
    yield from (part for part in schema.get("prefixItems", ()) if isinstance(part, Mapping))
    for keyword in ("additionalProperties", "propertyNames", "items"):
        if isinstance(schema.get(keyword), Mapping):
            yield schema[keyword]


def every(root: Schema) -> list[Schema]:
    """A schema and all of its parts that are followed, each once."""
    return [part for part, _ in _followed(root)]


def leading_to(root: Schema, wanted: Callable[[Schema], bool]) -> set[int]:
    """The `id()` of every part that is wanted, or from which one can be reached."""
    parts = _followed(root)
    found = {id(part) for part, _ in parts if wanted(part)}
    while new := {id(part) for part, others in parts if not found.isdisjoint(others)} - found:
        found |= new
    return found


def _followed(root: Schema) -> list[tuple[Schema, set[int]]]:
    """Every part that is followed, and the `id()` of those that it has."""
    seen, waiting, found = {id(root)}, [root], []
    while waiting:
        part = waiting.pop()
        others = [*about_same(root, part), *below(part)]
        found.append((part, {id(other) for other in others}))
        waiting += [other for other in others if id(other) not in seen]
        seen |= {id(other) for other in others}
    return found


def types(root: Schema, schema: Any) -> frozenset[str]:
    """The types that a value may have, as far as the schema says so plainly."""
    return _types(root, schema, frozenset())


def _types(root: Schema, schema: Any, seen: frozenset[int]) -> frozenset[str]:
    if not isinstance(schema, Mapping):  # true or false
        return TYPES if schema else frozenset()
    if id(schema) in seen:
        return TYPES
    seen |= {id(schema)}
    found = _named(schema)
    for part in always(root, schema):
        found &= _types(root, part, seen)
    for group in branches(schema):
        found &= frozenset[str]().union(*(_types(root, part, seen) for part in group))
    return found


def _named(schema: Schema) -> frozenset[str]:
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    if "const" in schema or "enum" in schema:
        return frozenset(_NAMES.get(type(value), "null") for value in schema.get("enum", [schema.get("const")]))
    return TYPES
