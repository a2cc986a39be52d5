"""Swaps: whether two rules that both sides added at one place decide the same in either order.

They do if they have the same effect, or if no connection matches both. What a name matches is taken as far as it may
reach: whatever any side says that it is. What is not known matches everything.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from mha.core.model import facts, meaning
from mha.core.model.facts import Definition
from mha.core.model.kinds import Kinds
from mha.core.model.spans import Spans, intersection, union

_EFFECT = ("action", "track", "translate")
_CELLS = (("from", "addresses"), ("to", "addresses"), ("service", "services"))


class Swaps:
    """What is known of the names in rules, found out when it is first asked for."""

    def __init__(self, definitions: Callable[[], Iterable[Definition]]) -> None:
        self._definitions = definitions
        self._reach: dict[tuple[str, str], Spans | None] = {}

    def decide_the_same(self, one: Any, other: Any) -> bool:
        """Whether the order of two rules makes no difference."""
        if not (_is_rule(one) and _is_rule(other)):
            return False  # a title, or what is no rule: it belongs to what stands below it
        if all(repr(one.get(field)) == repr(other.get(field)) for field in _EFFECT):
            return True
        return self._on_other_gateways(one, other) or any(
            self._are_apart(space, one.get(field), other.get(field)) for field, space in _CELLS
        )

    def _on_other_gateways(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        names = [{str(name).casefold() for name in meaning.listed(rule.get("install-on"))} for rule in (one, other)]
        return all(names) and names[0].isdisjoint(names[1])

    def _are_apart(self, space: str, one: Any, other: Any) -> bool:
        reach = self._of_cell(space, one), self._of_cell(space, other)
        return reach[0] is not None and reach[1] is not None and not intersection(reach[0], reach[1])

    def _of_cell(self, space: str, cell: Any) -> Spans | None:
        """What a cell may match; None: anything."""
        names = meaning.listed(cell)
        if not names or not all(isinstance(name, str) for name in names) or "any" in names:
            return None
        return _together(self._of_name(space, name) for name in names)

    def _of_name(self, space: str, name: str) -> Spans | None:
        key = space, name.casefold()
        if key not in self._reach:
            self._reach[key] = None  # what contains itself ends here
            self._reach[key] = self._found(space, self._known.get(key, []))
        return self._reach[key]

    def _found(self, space: str, definitions: list[Definition]) -> Spans | None:
        return _together(self._of_definition(space, each) for each in definitions) if definitions else None

    def _of_definition(self, space: str, definition: Definition) -> Spans | None:
        value = definition.value or {}
        match definition.kind:
            case "group" | "service-group":
                return self._of_cell(space, value.get("include"))
            case "service":
                return meaning.traffic(value) or None
            case "external" if "url" in value:
                return None
            case kind:
                return meaning.numbers(kind, value) or None

    @cached_property
    def _known(self) -> dict[tuple[str, str], list[Definition]]:
        """All that any side says of a name; a role of that name may be meant, too."""
        found: dict[tuple[str, str], list[Definition]] = {}
        for each in self._definitions():
            space = "addresses" if each.space == "identities" else each.space
            found.setdefault((space, each.name.casefold()), []).append(each)
        return found


def definitions(files: Iterable[tuple[str, bytes]], kinds: Kinds) -> list[Definition]:
    """The objects of all sides; a file that is the same on several is read once."""
    found = (each for path, data in sorted(set(files)) for each in facts.of_file(path, data, kinds).definitions)
    return [each for each in found if each.value is not None]


def _is_rule(value: Any) -> bool:
    return isinstance(value, dict) and "section" not in value and ("action" in value or "translate" in value)


def _together(every: Iterable[Spans | None]) -> Spans | None:
    known: list[Spans] = []
    for each in every:
        if each is None:
            return None
        known.append(each)
    return union(known)
