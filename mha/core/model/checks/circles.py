"""Circles: groups that contain themselves, and layers that call themselves."""

from collections.abc import Iterator

from mha.core.model import meaning
from mha.core.model.catalog import Rows, folded
from mha.core.model.checks import names
from mha.core.model.facts import Definition
from mha.core.model.findings import Finding


class Circles:
    """The circles of all objects; what was found to lead into none is not looked at again."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._sound: set[tuple[str, str]] = set()  # spaces and names

    def judge(self, space: str, name: str) -> Iterator[Finding]:
        """The shortest way from an object back to itself, if there is one."""
        for start in names.definitions(self._rows, space, name)[:1]:
            contains = bool(meaning.contained(start.kind, start.value or {}))
            if contains and not self._is_sound(start) and (way := self._way(start)):
                yield Finding(
                    "cycle", start.path, start.line, start.subject, f"It contains itself: {' > '.join(way)}.",
                    "Take one of the steps out.",
                )  # fmt: skip

    def _is_sound(self, start: Definition) -> bool:
        """Whether no circle can be reached from an object: depth first, and without recursion."""
        space, above = start.space, set()
        waiting = [(folded(start.name), iter(self._inner(space, start.name)))]
        while waiting:
            name, inner = waiting[-1]
            above.add(name)
            below = next((each for each in inner if (space, each) not in self._sound), None)
            if below is None:
                waiting.pop()
                above.discard(name)
                self._sound.add((space, name))
            elif below in above:
                return False
            else:
                waiting.append((below, iter(self._inner(space, below))))
        return True

    def _inner(self, space: str, name: str) -> list[str]:
        found = names.definitions(self._rows, space, name)[:1]
        return [folded(each) for one in found for each in meaning.contained(one.kind, one.value or {})]

    def _way(self, start: Definition) -> list[str] | None:
        """Breadth first, so that the message is as short as can be."""
        ways = [(start, [start.name])]
        seen: set[str] = set()
        for definition, way in ways:
            for name in meaning.contained(definition.kind, definition.value or {}):
                if folded(name) == folded(start.name):
                    return [*way, name]
                inner = names.definitions(self._rows, start.space, name)[:1]
                if inner and folded(name) not in seen:
                    seen.add(folded(name))
                    ways.append((inner[0], [*way, name]))
        return None
