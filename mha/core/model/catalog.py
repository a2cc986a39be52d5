"""The catalog: what is known of all files, found by key.

Each file contributes rows, which follow from its facts alone. A row stands under a key, and checks ask for the rows of
a key; so what a changed file touches is the keys whose rows it changes.

Rule 1: names are found without regard to case.
Rule 2: this file knows no storage: whoever keeps rows has the two methods of `Rows`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from mha.core.model import meaning
from mha.core.model.facts import Definition, Facts, Reference

Row = Definition | Reference
SEPARATOR = "\x1f"  # in keys, and in no part of one
_OUTSIDE = dict.fromkeys(range(0x20), "\ufffd")  # a name with control characters is none, and still is looked for


class Rows(Protocol):
    """Rows by key."""

    def under(self, key: str) -> Iterable[Row]:
        """The rows of a key, in the order of the paths and of their places there."""

    def beginning(self, prefix: str) -> Iterator[tuple[str, Row]]:
        """The rows of all keys that begin with `prefix`, in the order of the keys."""


class Keyed(NamedTuple):
    """A row and where it stands."""

    key: str
    row: Row


def rows(facts: Facts) -> Iterator[Keyed]:
    """The rows that a file contributes."""
    for definition in facts.definitions:
        yield Keyed(defined(definition.space, definition.name), definition)
        if definition.value is not None:
            yield from _meant(definition)
    for reference in facts.references:
        yield Keyed(used(reference.name), reference)


def _meant(definition: Definition) -> Iterator[Keyed]:
    """The rows by which an object is found by what it means; each with as much of the object as is asked for there."""
    assert definition.value is not None
    kind, value = definition.kind, definition.value
    nothing = definition._replace(value={}, lines=())
    if same := meaning.sameness(kind, value):
        yield Keyed(alike(same), nothing)
    if kind == "network":
        zone = {"zone": value["zone"]} if "zone" in value else {}
        yield from (Keyed(stretching(bits), nothing._replace(value=zone)) for bits in meaning.stretches(value))
    if kind in ("network", "range") and isinstance(value.get("zone"), str):
        yield Keyed(zoned(value["zone"]), definition)
    yield from (Keyed(ending(date), nothing) for date in meaning.dates(definition))


def changed(old: Facts, new: Facts) -> set[str]:
    """The keys whose rows are others when a file changes."""
    before, after = set(map(_hashable, rows(old))), set(map(_hashable, rows(new)))
    return {key for key, _ in before ^ after}


def folded(name: str) -> str:
    """A name as keys have it: without regard to case."""
    return name.casefold().translate(_OUTSIDE)


def defined(space: str, name: str) -> str:
    """The key of the definitions of a name."""
    return SEPARATOR.join(("defined", folded(space), folded(name)))


def used(name: str) -> str:
    """The key of the references to a name, in whatever space it is looked for."""
    return SEPARATOR.join(("used", folded(name)))


def alike(same: str) -> str:
    """The key of the objects with the same meaning."""
    return SEPARATOR.join(("alike", folded(same)))


def stretching(bits: str) -> str:
    """The key of the networks with an address range; that of a network within it begins with it."""
    return SEPARATOR.join(("network", bits))


def zoned(zone: str) -> str:
    """The key of the networks of a zone."""
    return SEPARATOR.join(("zoned", folded(zone)))


def ending(date: str) -> str:
    """The key of the objects that name a last day; the keys are in the order of the days."""
    return SEPARATOR.join(("ends", folded(date)))


def _hashable(keyed: Keyed) -> tuple[str, str]:
    return keyed.key, repr(keyed.row)
