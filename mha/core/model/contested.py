"""What an object was, and what each side of a collision made of it: field by field.

Rule: a rule is known as in `differences`; its fields are told one by one, and the
order of those that all sides have.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mha.core.model.differences import called, mappings, named, objects
from mha.core.model.facts import Definition, Facts, Value

_NAMES = ("id", "name")


class Held(NamedTuple):
    """What one side has."""

    side: str  # "" for the last common revision
    exists: bool
    value: Any = None


class Differing(NamedTuple):
    """A field that is not the same everywhere."""

    field: str  # "": the whole object
    base: Held
    sides: tuple[Held, ...]


class Contested(NamedTuple):
    """An object that more than one side changed."""

    kind: str
    name: str
    fields: tuple[Differing, ...]

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}"


def of_objects(changed: Mapping[str, Mapping[str, tuple[Facts, Facts]]]) -> list[Contested]:
    """The objects that more than one side changed; `changed` has by side and path the old and the new facts."""
    before = {side: objects(old for old, _ in files.values()) for side, files in changed.items()}
    after = {side: objects(new for _, new in files.values()) for side, files in changed.items()}
    base = {key: found for known in before.values() for key, found in known.items()}
    contested = []
    for key in sorted({*base, *(key for known in after.values() for key in known)}):
        was = _value(base.get(key))
        now = {side: _value(after[side].get(key)) if key in {*before[side], *after[side]} else was for side in changed}
        if sum(repr(value) != repr(was) for value in now.values()) > 1:
            contested.append(Contested(*key, tuple(_differing(was, now))))
    return contested


def _value(found: Definition | None) -> Value | None:
    return None if found is None else found.value


def _differing(was: Value | None, now: Mapping[str, Value | None]) -> Iterator[Differing]:
    """The fields that are not the same everywhere; the whole object, where a side has it not."""
    names, values = ("", *now), (was, *now.values())
    is_gone = None in now.values()
    parts = [{} if value is None else {"": value} if is_gone else dict(_parts(value)) for value in values]
    parts = [part | order for part, order in zip(parts, _orders(values), strict=True)]
    for field in dict.fromkeys(name for part in parts for name in part):
        held = [Held(name, field in part, part.get(field)) for name, part in zip(names, parts, strict=True)]
        if len({repr(each[1:]) for each in held}) > 1:
            yield Differing(field, held[0], tuple(held[1:]))


def _parts(value: Value) -> Iterator[tuple[str, Any]]:
    """The fields of an object, and of its rules."""
    yield from ((field, inner) for field, inner in value.items() if field != "rules")
    for key, rule in _rules(value).items():
        yield from ((f"{called(key)}: {field}", inner) for field, inner in rule.items() if field not in _NAMES)


def _orders(values: Sequence[Value | None]) -> list[dict[str, Any]]:
    """How the rules stand that are everywhere; a field of its own, where there are any."""
    found = [{} if value is None else _rules(value) for value in values]
    orders = [[called(key) for key in rules if all(key in each for each in found)] for rules in found]
    return [{"order of rules": order} if order else {} for order in orders]


def _rules(value: Value) -> dict[tuple[str, int], Value]:
    rules = value.get("rules")
    return named(mappings(rules)) if isinstance(rules, list) else {}
