"""What an object was, and what each side of a collision made of it: field by field.

Rule: a rule is known by its id, else by its name, as everywhere; its fields are told one by one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mha.core.model.facts import Facts, Value

_NOTHING = object()
_NAMES = ("id", "name")


class Held(NamedTuple):
    """What one side has."""

    side: str  # "" for the last common revision
    exists: bool
    value: Any = None


class Field(NamedTuple):
    """A field that is not the same everywhere."""

    field: str  # "": the whole object
    base: Held
    sides: tuple[Held, ...]


class Contested(NamedTuple):
    """An object that more than one side changed."""

    kind: str
    name: str
    fields: tuple[Field, ...]

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}"


def of_objects(changed: Mapping[str, Mapping[str, tuple[Facts, Facts]]]) -> list[Contested]:
    """The objects that more than one side changed; `changed` has by side and path the old and the new facts."""
    before: dict[tuple[str, str], Value] = {}
    after: dict[str, dict[tuple[str, str], Value]] = {}
    for side, files in changed.items():
        before |= _objects(old for old, _ in files.values())
        after[side] = _objects(new for _, new in files.values())
    known = {side: _objects(old for old, _ in files.values()) for side, files in changed.items()}
    found = []
    for key in sorted({*before, *(key for objects in after.values() for key in objects)}):
        values = {side: after[side].get(key, None if key in known[side] else before.get(key)) for side in changed}
        if sum(repr(value) != repr(before.get(key)) for value in values.values()) > 1:
            found.append(Contested(*key, tuple(_fields(before.get(key), values))))
    return found


def _objects(files: Iterable[Facts]) -> dict[tuple[str, str], Value]:
    return {(each.kind, each.name): each.value for file in files for each in file.definitions if each.value is not None}


def _fields(base: Value | None, sides: Mapping[str, Value | None]) -> Iterator[Field]:
    if any(value is None for value in sides.values()):
        yield Field("", _held("", base, exists=base is not None), tuple(
            _held(side, value, exists=value is not None) for side, value in sides.items()
        ))  # fmt: skip
        return
    flat = [dict(_flat(value or {})) for value in (base, *sides.values())]
    for field in dict.fromkeys(name for fields in flat for name in fields):
        if len({repr(fields.get(field, _NOTHING)) for fields in flat}) > 1:
            of_base, *of_sides = (
                _held(side, fields.get(field), exists=field in fields)
                for side, fields in zip(("", *sides), flat, strict=True)
            )
            yield Field(field, of_base, tuple(of_sides))


def _held(side: str, value: Any, *, exists: bool) -> Held:
    return Held(side, exists, value)


def _flat(value: Value) -> Iterator[tuple[str, Any]]:
    for field, inner in value.items():
        if field == "rules" and isinstance(inner, list):
            yield from _rules(inner)
        else:
            yield field, inner


def _rules(rules: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, int] = {}
    for rule in rules:
        fields = rule if isinstance(rule, dict) else {"section": rule}
        name = str(fields.get("id") or fields.get("name") or f"title {fields.get('section', '')}")
        seen[name] = seen.get(name, 0) + 1
        called = name if seen[name] == 1 else f"{name} ({seen[name]})"
        yield from (
            (f"rule {called}: {field}", inner) for field, inner in fields.items() if field not in ("id", "name")
        )
