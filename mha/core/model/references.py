"""References: the names in an object's value, found by walking its schema and the value together.

A string of a schema may be marked with `x-mha`:

    {"refers-to": [{"space": "addresses"}, {"space": "identities", "kinds": ["role"]}], "words": ["any"]}
    {"refers-to": [{"space": "policies", "kinds": ["layer"]}], "prefix": "layer:"}
    {"mentions": [{"space": "addresses"}]}               a name if there is such an object, and otherwise a text
    {"defines": {"space": "org-members", "scope": "org"}}    the object makes this name known

Rule 1: where a schema has several branches, the value decides which of them speak about it.
Rule 2: nothing is looked up here; whether a name exists is asked by those who know all objects.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from mha.core.model import schemas, validators
from mha.core.model.schemas import Schema

Path = tuple[str | int, ...]
_Tests = tuple[Callable[[Any], bool], ...]
_PIECE = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\$(?=\Z|\)|\|)|\.", re.DOTALL)
_PYTHONS = {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]"}


class Sense(StrEnum):
    """What a name in a value does."""

    REFERS = "refers-to"  # the object must exist
    MENTIONS = "mentions"  # it is a use if the object exists
    DEFINES = "defines"  # the name becomes known


class Target(NamedTuple):
    """Where a name is looked for, or made known."""

    space: str
    kinds: tuple[str, ...] = ()  # none: every kind of the space
    scope: str | None = None  # a word of the file's path: only objects of files that agree in it know the name


class Mark(NamedTuple):
    """What a schema says about a string that is a name."""

    sense: Sense
    targets: tuple[Target, ...]
    words: frozenset[str] = frozenset()  # these are no names
    prefix: str = ""  # what stands before a name; without it the string is none


class Name(NamedTuple):  # made for each name of each object: a tuple is made in a third of a dataclass's time
    """A name in a value."""

    text: str
    path: Path  # to the string, or to the entry whose key it is
    mark: Mark
    is_key: bool


class Step:
    """What is known about the names in one place of a value; filled later, for schemas that contain themselves."""

    def __init__(self) -> None:
        self.parts: list[_Part] = []


class _Part(NamedTuple):
    tests: _Tests
    mark: Mark | None
    fields: Mapping[str, Step]
    properties: frozenset[str]  # also those that have no names
    patterns: tuple[tuple[Callable[[object], bool], Step | None], ...]
    others: Step | None
    keys: Step | None
    first: tuple[Step | None, ...]
    items: Step | None
    has_keys: bool  # an entry may have names although no property is called so

    @property
    def has_names(self) -> bool:
        """Whether there is anything to find."""
        return bool(self.mark or self.fields or self.has_keys or self.items or any(self.first))


def plan(schema: Schema) -> Step | None:
    """How to find the names in the values of a schema; None where it has none."""
    return _Planner(schema).step(schema)


def names(step: Step | None, value: Any) -> list[Name]:
    """All names in a value that is valid."""
    found: list[Name] = []
    if step is not None:
        _add(found, step, value, ())
    return found


def mark(schema: Schema) -> Mark | None:
    """The mark of a string that is a name."""
    written = schema.get("x-mha", {})
    sense = next((sense for sense in Sense if sense in written), None)
    if sense is None:
        return None
    targets = [written[sense]] if sense is Sense.DEFINES else written[sense]
    found = tuple(Target(t["space"], tuple(t.get("kinds", ())), t.get("scope")) for t in targets)
    return Mark(sense, found, frozenset(written.get("words", ())), written.get("prefix", ""))


def _add(found: list[Name], step: Step, value: Any, path: Path) -> None:
    for part in step.parts:
        if part.tests and not all(test(value) for test in part.tests):
            continue
        if type(value) is dict:
            _add_of_mapping(found, part, value, path)
        elif type(value) is list:
            _add_of_list(found, part, value, path)
        elif part.mark is not None and (text := _name(part.mark, value)) is not None:
            found.append(Name(text, path, part.mark, is_key=False))


def _name(mark: Mark, value: Any) -> str | None:
    if type(value) is int:  # a login that is a number
        value = str(value)
    if type(value) is not str or value in mark.words or not value.startswith(mark.prefix):
        return None
    return value[len(mark.prefix) :]


def _add_of_mapping(found: list[Name], part: _Part, value: dict[str, Any], path: Path) -> None:
    for key, step in part.fields.items():
        if key in value:
            _add(found, step, value[key], (*path, key))
    if part.has_keys:
        for key, child in value.items():
            for step in _others(part, key):
                _add(found, step, child, (*path, key))
            if part.keys is not None:
                names_: list[Name] = []
                _add(names_, part.keys, key, (*path, key))
                found += (name._replace(is_key=True) for name in names_)


def _others(part: _Part, key: str) -> Iterator[Step]:
    """What is known about an entry by the form of its key, or because no other part of the schema speaks about it."""
    known = key in part.properties
    for matches, step in part.patterns:
        if matches(key):
            known = True
            if step is not None:
                yield step
    if not known and part.others is not None:
        yield part.others


def _add_of_list(found: list[Name], part: _Part, value: list[Any], path: Path) -> None:
    for index, item in enumerate(value):
        step = part.first[index] if index < len(part.first) else part.items
        if step is not None:
            _add(found, step, item, (*path, index))


class _Planner:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps: dict[int, Step] = {}
        self._named = schemas.leading_to(root, lambda part: mark(part) is not None)

    def step(self, schema: Any) -> Step | None:
        if id(schema) not in self._named:
            return None
        if id(schema) not in self._steps:
            step = self._steps[id(schema)] = Step()
            parts = [self._part(part, tests) for part, tests in self._applied(schema, (), frozenset())]
            step.parts += [part for part in parts if part.has_names]
        return self._steps[id(schema)]

    def _applied(self, schema: Schema, tests: _Tests, above: frozenset[int]) -> Iterator[tuple[Schema, _Tests]]:
        """The parts that speak about the same value, each with the tests by which the value decides whether it does."""
        if id(schema) in above:  # it contains itself, and says nothing new
            return
        above |= {id(schema)}
        yield schema, tests
        for part in schemas.always(self._root, schema):
            yield from self._applied(part, tests, above)
        for group in schemas.branches(schema):
            for part in group:
                yield from self._applied(part, (*tests, *self._tests(part, group)), above)
        if "if" in schema:
            test = self._test(schema["if"])
            for keyword, counts in (("then", test), ("else", _not(test))):
                if isinstance(schema.get(keyword), Mapping):
                    yield from self._applied(schema[keyword], (*tests, counts), above)

    def _tests(self, part: Schema, group: list[Schema]) -> list[Callable[[Any], bool]]:
        # Types that differ tell branches apart in the walk itself.
        ours = schemas.types(self._root, part)
        others = (schemas.types(self._root, other) for other in group if other is not part)
        return [self._test(part)] if any(ours & theirs for theirs in others) else []

    def _test(self, schema: Any) -> Callable[[Any], bool]:
        definitions = self._root.get("$defs", {})

        @cache
        def validator() -> Any:
            return validators.compiled({"$defs": definitions, **schema} if isinstance(schema, Mapping) else schema)

        return lambda value: bool(validator().is_valid(value))

    def _part(self, schema: Schema, tests: _Tests) -> _Part:
        properties = schema.get("properties", {})
        written = schema.get("patternProperties", {}).items()
        patterns = tuple((validators.matcher(pattern), self.step(part)) for pattern, part in written)
        others, keys = self.step(schema.get("additionalProperties")), self.step(schema.get("propertyNames"))
        return _Part(
            tests=tests,
            mark=mark(schema),
            fields={key: step for key, part in properties.items() if (step := self.step(part))},
            properties=frozenset(properties),
            patterns=patterns,
            others=others,
            keys=keys,
            first=tuple(self.step(part) for part in schema.get("prefixItems", ())),
            items=self.step(schema.get("items")),
            has_keys=bool(others or keys or any(step for _, step in patterns)),
        )


def anchored(pattern: str) -> str:
    """A pattern as Python must read it, whose `$` also matches before a last line break, and `.` other line breaks."""
    return _PIECE.sub(lambda piece: _PYTHONS.get(piece.group(), piece.group()), pattern)


def _not(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: not test(value)
