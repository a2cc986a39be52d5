"""Circles: groups that contain themselves, and layers that call themselves."""

from collections.abc import Iterator

from mha.core.model import meaning
from mha.core.model.catalog import Rows
from mha.core.model.checks import names
from mha.core.model.facts import Definition
from mha.core.model.findings import Finding


def judge(rows: Rows, space: str, name: str) -> Iterator[Finding]:
    """The shortest way from an object back to itself, if there is one."""
    for start in names.definitions(rows, space, name)[:1]:
        if way := _way(rows, start):
            yield Finding(
                "cycle", start.path, start.line, start.subject, f"It contains itself: {' > '.join(way)}.",
                "Take one of the steps out.",
            )  # fmt: skip


def _way(rows: Rows, start: Definition) -> list[str] | None:
    """Breadth first, so that the message is as short as can be."""
    ways = [(start, [start.name])]
    seen: set[str] = set()
    for definition, way in ways:
        for name in meaning.contained(definition.kind, definition.value or {}):
            if name.casefold() == start.name.casefold():
                return [*way, name]
            inner = names.definitions(rows, start.space, name)[:1]
            if inner and name.casefold() not in seen:
                seen.add(name.casefold())
                ways.append((inner[0], [*way, name]))
    return None
