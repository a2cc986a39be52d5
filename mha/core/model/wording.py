"""Wording: what a JSON Schema has against a value, in the words of people who configure firewalls.

Rule 1: a schema's `title` is a noun with its article, and says what a value should have been.
Rule 2: the value of a field that holds a reference to a secret is never repeated: it may be the secret.
"""

from collections.abc import Iterator
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from mha.core.model import schemas, validators, values
from mha.core.model.problems import listed, meant, quoted, sentence
from mha.core.model.references import Path
from mha.core.model.schemas import Schema

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

MAX_UNKNOWN = 20  # fields of one mapping that are named
_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
    "array": "a list",
    "object": "a mapping",
}
_LIMITS = {"minimum": "at least", "maximum": "at most", "maxLength": "at most", "maxItems": "at most"}
_ASK = "`mha schema` and the kind prints what it takes."


class Said(NamedTuple):
    """One complaint about a part of a value."""

    path: Path
    code: str
    message: str
    hint: str


def said(error: "ValidationError", root: Schema) -> Iterator[Said]:
    """An error of the validator in words; one error may be several complaints."""
    path = tuple(error.instance_path)
    schema = _schema(error, root)
    match error.kind.name:
        case _ if _holds_secret(error, root):
            where = listed(map(str, schema.get("examples") or ["vault:name"]))
            message = f"{_field(path)} takes a reference to a secret, and this is none."
            yield Said(path, "secret", message, f"Write where it is kept, like {where}.")
        case "anyOf" | "oneOf":
            yield from _of_branches(error, schema, root)
        case "additionalProperties" | "unevaluatedProperties":
            yield from _unknown(error, schema)
        case "propertyNames":
            inner = error.kind.as_dict()["error"]
            yield from (Said((*path, inner.instance), one.code, one.message, one.hint) for one in said(inner, root))
        case "required":
            yield _missing(error, schema, root)
        case "pattern" if _complaint(schema, error.instance):
            return  # the format has failed too, and says more
        case "falseSchema":
            field = root.get("properties", {}).get(str(path[0]) if path else "")
            described = _described(field if isinstance(field, dict) else {})
            yield Said(path, "invalid-field", f"{_field(path)} does not belong here.", described)
        case _:
            code, problem, hint = _judged(error, schema)
            yield Said(path, code, _is_not(error.instance, path, problem), hint)


def _unknown(error: "ValidationError", schema: Schema) -> Iterator[Said]:
    fields = list(schema.get("properties", {}))
    for name in error.kind.as_dict()["unexpected"][:MAX_UNKNOWN]:
        message = f"{quoted(name)} is no field of {schema.get('title', 'this mapping')}."
        rest = f"It takes {listed(fields)}; what begins with x- is yours." if fields else _ASK
        yield Said((*error.instance_path, name), "invalid-field", message, _did_you_mean(name, fields) or rest)


def _missing(error: "ValidationError", schema: Schema, root: Schema) -> Said:
    name = error.kind.as_dict()["property"]
    field = schema.get("properties", {}).get(name, {})
    if not isinstance(field, dict):
        field = {}
    title = _title(schemas.resolved(root, field["$ref"]) if "$ref" in field else field)
    message = sentence(f"{schema.get('title', 'this')} needs `{name}`")
    return Said(tuple(error.instance_path), "invalid-field", message, f"Write `{name}:` and {title}.")


def _of_branches(error: "ValidationError", schema: Schema, root: Schema) -> Iterator[Said]:
    """What a value that fits no branch should have been; where its type fits one alone, what that one says."""
    path = tuple(error.instance_path)
    context = _context(error)
    fitting = [branch for branch in context if not any(_is_other_type(one, path) for one in branch)]
    if len(fitting) == 1:
        yield from (found for one in fitting[0] for found in said(one, root))
    elif required := _required(schema, context):
        yield Said(path, "invalid-field", *required)
    else:
        options = [str(option) for branch in fitting for one in branch for option in _options(one)]
        hint = _did_you_mean(error.instance, options) or _other_type(schema, error.instance)
        yield Said(path, "invalid-field", _is_not(error.instance, path, f"is not {_title(schema)}"), hint)


def _required(schema: Schema, context: "list[list[ValidationError]]") -> tuple[str, str] | None:
    """What is said where each branch only asks for a field of its own."""
    branches = schema.get("oneOf", schema.get("anyOf", ()))
    if not all(isinstance(branch, dict) and branch.keys() == {"required"} for branch in branches):
        return None
    fields = [name for branch in branches for name in branch["required"]]
    if not fields:
        return None
    title = schema.get("title", "this")
    if any(branch == [] for branch in context):
        return sentence(f"{title} has more than one of {listed(fields)}"), "Keep one of them."
    return sentence(f"{title} needs {listed(fields)}"), "Write one of them."


def _judged(error: "ValidationError", schema: Schema) -> tuple[str, str, str]:
    """The code, what is wrong with a value, and what to write."""
    title, value = _title(schema), error.instance
    match error.kind.name:
        case "type":
            return "invalid-field", f"is not {title}", _other_type(schema, value)
        case "enum" | "const":
            options = _options(error)
            return "invalid-field", f"is not {title}", _did_you_mean(value, options) or _one_of(options)
        case "format" if complaint := _complaint(schema, value):
            fits = validators.matcher(schema.get("pattern", ""))(value)
            return "invalid-value" if fits else "invalid-field", *complaint
        case "minimum" | "maximum" | "maxLength" | "maxItems":
            return "invalid-value", f"is not {title}", _limits(schema)
        case "minItems" | "minLength" | "minProperties":
            return "invalid-field", "has nothing in it", "Write at least one, or take the field out."
        case "uniqueItems":
            return "invalid-value", "has something twice", "Keep one of the two."
    return "invalid-field", f"is not {title}", _example(schema)


def _complaint(schema: Schema, value: Any) -> values.Complaint | None:
    check = values.FORMATS.get(schema.get("format", ""))
    return check(value) if check and isinstance(value, str) else None


def _other_type(schema: Schema, value: Any) -> str:
    wanted = schema.get("type", ())
    if value is None:
        return "Write a value, or take the field out."
    if "string" in wanted and isinstance(value, int | float):
        return f'Put it in quotes: "{quoted(value)[1:-1]}".'
    if "integer" in wanted and isinstance(value, str) and value.isdecimal():
        return f"Write it without quotes: {value}."
    return _example(schema)


def _example(schema: Schema) -> str:
    if schema.get("examples"):
        return f"Write it like {listed(map(str, schema['examples']))}."
    return _described(schema)


def _described(schema: Schema) -> str:
    return sentence(schema.get("description") or _ASK)


def _one_of(options: list[str]) -> str:
    return f"Write {listed(options)}." if options else "Take the field out."


def _limits(schema: Schema) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f"Allowed is {schema['minimum']} to {schema['maximum']}."
    return f"Allowed is {' and '.join(f'{word} {schema[key]}' for key, word in _LIMITS.items() if key in schema)}."


def _options(error: "ValidationError") -> list[str]:
    found = error.kind.as_dict() if error.kind.name in ("enum", "const") else {}
    return [quoted(option)[1:-1] for option in found.get("options", [*found.values()])]


def _did_you_mean(value: Any, known: list[str]) -> str | None:
    found = meant(value, known) if isinstance(value, str) else None
    return f"Did you mean `{found}`?" if found else None


def _is_not(value: Any, path: Path, problem: str) -> str:
    where = f" in {_field(path)}" if any(isinstance(step, str) for step in path) else ""
    return f"{quoted(value)}{where} {problem}."


def _field(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    return quoted(names[-1]) if names else "the object"


def _title(schema: Schema) -> str:
    if "title" in schema:
        return str(schema["title"])
    named = schema.get("type", ())
    return " or ".join(_TYPES[name] for name in ([named] if isinstance(named, str) else named)) or "what is taken here"


def _holds_secret(error: "ValidationError", root: Schema) -> bool:
    """Whether a value is wrong in a place where a reference to a secret belongs, or could stand."""
    inner = (one for branch in _context(error) for one in branch if one.instance_path == error.instance_path)
    return bool(_schema(error, root).get("x-mha", {}).get("secret")) or any(_holds_secret(one, root) for one in inner)


def _is_other_type(error: "ValidationError", path: Path) -> bool:
    """Whether the type alone forbids a value."""
    if tuple(error.instance_path) != path:
        return False
    context = _context(error)
    branches = [any(_is_other_type(one, path) for one in branch) for branch in context]
    return error.kind.name == "type" or (bool(context) and all(branches))


def _context(error: "ValidationError") -> "list[list[ValidationError]]":
    """What stands against each branch of `anyOf` or `oneOf`."""
    return error.kind.as_dict()["context"] if error.kind.name in ("anyOf", "oneOf") else []


def _schema(error: "ValidationError", root: Schema) -> Schema:
    return _part(root, error.schema_path[:-1])


def _part(root: Schema, path: Any) -> Schema:
    try:
        found = reduce(lambda part, step: part[step if isinstance(part, list) else str(step)], path, root)
    except (LookupError, TypeError):  # the validator leaves out the step to a field that is called ""
        return {}
    return found if isinstance(found, dict) else {}
