"""The assessment: which units a change touches, and what the checks say about each.

A unit is what is judged at once: a file with its references, a name, a meaning, a network's addresses, a layer. What is
found about a unit follows from the rows that it asks for. So after a change only units need be judged anew whose rows
changed, and the answer is that of judging everything.

Rule: every check has its units here, and names in `touched` whatever it asks for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from mha.core.model import catalog
from mha.core.model.catalog import SEPARATOR, Row, Rows
from mha.core.model.checks import dates, links, names, networks, policies
from mha.core.model.checks.circles import Circles
from mha.core.model.checks.dates import Days
from mha.core.model.facts import Definition, Facts, Reference
from mha.core.model.findings import Finding
from mha.core.model.resolution import Resolver


class Sort(StrEnum):
    """What a unit is."""

    FILE = "file"
    NAME = "name"
    MEANING = "meaning"
    NETWORK = "network"
    LAYER = "layer"


class Unit(NamedTuple):
    """What is judged at once."""

    sort: Sort
    about: str  # a path, a space and a name, a meaning, an address range as bits, a layer's name


_CONTAINING = {  # kinds whose objects mean what the names in them mean, and their spaces
    "group": "addresses", "service-group": "services", "role": "identities", "layer": "policies",
}  # fmt: skip
Judgements = Mapping[Unit, list[Finding]]
FactsOf = Callable[[str], Facts]  # of a file, by its path


class Book(Rows, Protocol):
    """Rows, and what was found about each unit."""

    def change(self, path: str, old: Facts, new: Facts) -> None:
        """Exchange the facts of a file."""

    def found(self, unit: Unit) -> list[Finding]:
        """What was found about a unit when it was judged last."""

    def record(self, judged: Judgements) -> None:
        """Keep what was found."""


class Advanced(NamedTuple):
    """What was found about the units that a change touched, before it and after it."""

    before: Judgements
    after: Judgements


def judge(units: Iterable[Unit], rows: Rows, facts_of: FactsOf, days: Days) -> Iterator[tuple[Unit, list[Finding]]]:
    """What is wrong with each unit."""
    judged = _Judge(rows, facts_of, days)
    for unit in units:
        yield unit, list(judged.findings(unit))


def every(paths: Iterable[str], keys: Iterable[str]) -> set[Unit]:
    """The units of all files, by their paths and the keys of all rows."""
    return {Unit(Sort.FILE, path) for path in paths} | {unit for key in keys for unit in _of_key(key)}


def touched(paths: Iterable[str], keys: Iterable[str], rows: Rows) -> set[Unit]:
    """The units that ask for the rows of changed files and keys; to be asked before the rows change, and after."""
    found = {Unit(Sort.FILE, path) for path in paths}
    for key in keys:
        found |= {*_of_key(key), *_around(key, rows)}
    return found.union(_containing(keys, rows))


def advance(book: Book, changes: Mapping[str, tuple[Facts, Facts]], facts_of: FactsOf, days: Days) -> Advanced:
    """Exchange the facts of files, by path the old and the new ones, and judge anew what that touches."""
    keys = {key for old, new in changes.values() for key in catalog.changed(old, new)}
    units = touched(changes, keys, book)
    for path, (old, new) in changes.items():
        book.change(path, old, new)
    units |= touched(changes, keys, book)
    before = {unit: book.found(unit) for unit in units}
    after = dict(judge(sorted(units), book, facts_of, days))
    book.record(after)
    return Advanced(before, after)


def renew(book: Book, facts_of: FactsOf, before: Days, now: Days) -> Advanced:
    """Judge anew what names a day that has come nearer since."""
    first, last = catalog.ending(min(before.today, now.today)), catalog.ending(max(before.soon, now.soon))
    units: set[Unit] = set()
    for key, row in book.beginning(catalog.ending("")):
        if first <= key <= last:
            units |= {Unit(Sort.FILE, row.path), *_of_row(row)}
    found = {unit: book.found(unit) for unit in units}
    after = dict(judge(sorted(units), book, facts_of, now))
    book.record(after)
    return Advanced(found, after)


def _of_row(row: Row) -> Iterator[Unit]:
    if isinstance(row, Definition) and row.kind == "layer":
        yield Unit(Sort.LAYER, catalog.folded(row.name))


def _of_key(key: str) -> Iterator[Unit]:
    sort, *parts = key.split(SEPARATOR)
    match sort:
        case "defined":
            space, name = parts
            yield Unit(Sort.NAME, SEPARATOR.join(parts))
            if space == "policies":
                yield Unit(Sort.LAYER, name)
        case "alike":
            yield Unit(Sort.MEANING, parts[0])
        case "network":
            yield Unit(Sort.NETWORK, parts[0])


def _around(key: str, rows: Rows) -> Iterator[Unit]:
    """Units that ask for the rows of a key without being named by it."""
    sort, *parts = key.split(SEPARATOR)
    match sort:
        case "defined":  # references may dangle that did not
            name = parts[1]
            yield from (Unit(Sort.FILE, use.path) for use in names.uses(rows, name))
            yield Unit(Sort.NAME, SEPARATOR.join(("addresses", name)))  # what it promises may be there
        case "used":  # the name may be unused that was not
            spaces = {space for row in rows.under(key) if isinstance(row, Reference) for space, _ in row.wanted}
            yield from (Unit(Sort.NAME, SEPARATOR.join((space, parts[0]))) for space in {*spaces, "addresses"})
        case "network":
            inner = (inner for inner, _ in rows.beginning(key))
            yield from (unit for each in inner for unit in _of_key(each))


def _containing(keys: Iterable[str], rows: Rows) -> Iterator[Unit]:
    """What means something else when these rows change: groups, roles and layers in which the names stand.

    A layer that is called by another only matters to circles of such calls.
    """
    waiting = [name for key in keys for name in _renamed(key)]
    seen = set(waiting)
    for name in waiting:
        for row in rows.under(catalog.used(name)):
            if not isinstance(row, Reference) or row.kind not in _CONTAINING:
                continue
            owner, called = catalog.folded(row.owner), row.at[-1:] == ("action",)
            if row.kind == "layer" and not called:
                yield Unit(Sort.LAYER, owner)
                continue
            yield Unit(Sort.NAME, SEPARATOR.join((_CONTAINING[row.kind], owner)))
            if owner not in seen:
                seen.add(owner)
                waiting.append(owner)


def _renamed(key: str) -> list[str]:
    sort, *parts = key.split(SEPARATOR)
    return parts[-1:] if sort in ("defined", "zoned") else []


class _Judge:
    def __init__(self, rows: Rows, facts_of: FactsOf, days: Days) -> None:
        self._rows = rows
        self._facts_of = facts_of
        self._days = days
        self._resolver = Resolver(rows)
        self._circles = Circles(rows)

    def findings(self, unit: Unit) -> Iterator[Finding]:
        match unit.sort:
            case Sort.FILE:
                facts = self._facts_of(unit.about)
                yield from facts.findings
                yield from links.judge(self._rows, facts.references)
                for definition in facts.definitions:
                    yield from dates.judge(definition, self._days)
            case Sort.NAME:
                space, name = unit.about.split(SEPARATOR)
                yield from names.judge(self._rows, space, name)
                yield from self._circles.judge(space, name)
            case Sort.MEANING:
                yield from names.alike(self._rows, unit.about)
            case Sort.NETWORK:
                yield from networks.judge(self._rows, unit.about)
            case Sort.LAYER:
                for layer in names.definitions(self._rows, "policies", unit.about)[:1]:
                    if layer.kind == "layer":
                        yield from policies.judge(layer, self._resolver, self._days)
