"""Names: each is there once in its space, is used, and means what no other name means."""

from collections.abc import Iterator

from mha.core.model import catalog
from mha.core.model.catalog import Rows
from mha.core.model.facts import Definition, Reference
from mha.core.model.findings import Finding

RULE_IDS = "rule-ids"  # a space of its own
_TO_BE_USED = frozenset([
    "host", "network", "range", "fqdn", "external", "group", "service", "service-group", "time", "role", "layer", "nat",
])  # fmt: skip


def definitions(rows: Rows, space: str, name: str) -> list[Definition]:
    """Everything that defines a name, in the order of the files."""
    return [row for row in rows.under(catalog.defined(space, name)) if isinstance(row, Definition)]


def uses(rows: Rows, name: str) -> Iterator[Reference]:
    """The references to a name, in whatever space they look for it."""
    return (row for row in rows.under(catalog.used(name)) if isinstance(row, Reference))


def promises(rows: Rows, name: str) -> list[Definition]:
    """The external that promises a name in every space: one that says nothing of where it is found."""
    found = definitions(rows, "addresses", name)
    return [each for each in found if each.kind == "external" and not {"address", "url"} & (each.value or {}).keys()]


def judge(rows: Rows, space: str, name: str) -> Iterator[Finding]:
    """What is wrong with a name: defined twice, or not used."""
    found = definitions(rows, space, name)
    objects = [each for each in found if each.value is not None]
    first = next(iter(objects), None)
    for other in objects[1:]:
        yield _twice(other, found[0])
    if space == RULE_IDS:
        yield from (_id_twice(other, found[0]) for other in found[1:])
    if (
        first is not None
        and first.kind in _TO_BE_USED
        and not any(_by_another(use, first) and _may_mean(rows, use, first) for use in uses(rows, name))
    ):
        yield Finding(
            "unused", first.path, first.line, first.subject, "Nothing refers to it.",
            f"Remove it with `mha rm {first.kind}/{first.name}` if it is left over.",
        )  # fmt: skip


def alike(rows: Rows, same: str) -> Iterator[Finding]:
    """Objects of the same meaning, after the first."""
    found = [row for row in rows.under(catalog.alike(same)) if isinstance(row, Definition)]
    for other in found[1:]:
        yield Finding(
            "duplicate-object", other.path, other.line, other.subject,
            f"It means the same as {found[0].subject} ({found[0].path}:{found[0].line}).",
            f"Keep one: `mha rm {other.kind}/{other.name} --replace-with {found[0].name}`.",
        )  # fmt: skip


def _by_another(use: Reference, definition: Definition) -> bool:
    return (use.kind, use.owner) != (definition.kind, definition.name)


def _may_mean(rows: Rows, use: Reference, definition: Definition) -> bool:
    if any(space == definition.space for space, _ in use.wanted):
        return True
    is_there = any(definitions(rows, space, use.name) for space, _ in use.wanted)
    return not is_there and definition in promises(rows, use.name)


def _twice(other: Definition, first: Definition) -> Finding:
    return Finding(
        "duplicate-name", other.path, other.line, other.subject,
        f"The name is taken: {first.subject} stands in {first.path}:{first.line}.",
        f"Rename one of the two; names in {other.space} are unique, without regard to case.",
    )  # fmt: skip


def _id_twice(other: Definition, first: Definition) -> Finding:
    return Finding(
        "duplicate-id", other.path, other.line, f"rule {other.name} of {other.owner}",
        f"The id is taken: another rule has it in {first.path}:{first.line}.",
        "Give each rule an id of its own, or none.",
    )  # fmt: skip
