"""The ledger: all rows and all findings as entries of an ordered table, so that they can be kept.

Rule 1: the table below is only ever a cache of what the files say; whoever has none works everything out anew.
Rule 2: a change is applied file by file: the rows of the old facts go, those of the new ones come.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

from mha.core.model import catalog
from mha.core.model.assessment import Judgements, Unit
from mha.core.model.catalog import SEPARATOR, Row
from mha.core.model.facts import Definition, Facts, Reference
from mha.core.model.findings import Finding
from mha.core.table import Entries, Table

_END = "\0"  # of a key, before what tells its rows apart
_ROW, _FOUND, _COUNT = "row", "found", "count"


class Ledger:
    """Rows and findings, read from a table and changed in it."""

    def __init__(self, below: Entries | None = None) -> None:
        self.table = Table(below)

    def under(self, key: str) -> Iterable[Row]:
        """The rows of a key, by path and place."""
        return [_decoded(value) for _, value in self.table.scan(_bytes(_ROW, key + _END))]

    def beginning(self, prefix: str) -> Iterator[tuple[str, Row]]:
        """The rows of all keys that begin with `prefix`, in the order of the keys."""
        for key, value in self.table.scan(_bytes(_ROW, prefix)):
            yield key.decode().partition(_END)[0].removeprefix(_ROW + SEPARATOR), _decoded(value)

    def change(self, path: str, old: Facts, new: Facts) -> None:
        """Exchange the facts of a file."""
        before, after = _entries(path, old), _entries(path, new)
        self.table.apply(dict.fromkeys(before.keys() - after.keys()))
        self.table.apply({key: value for key, value in after.items() if before.get(key) != value})

    def found(self, unit: Unit) -> list[Finding]:
        """What was found about a unit when it was judged last."""
        kept = self.table.get(_bytes(_FOUND, unit.sort, unit.about))
        return [] if kept is None else [Finding(*each) for each in json.loads(kept)]

    def all_found(self) -> Iterator[Finding]:
        """What was found about all units."""
        for _, kept in self.table.scan(_bytes(_FOUND, "")):
            yield from (Finding(*each) for each in json.loads(kept))

    def record(self, judged: Judgements) -> None:
        """Keep what was found, and how many there are of each code."""
        counts: Counter[str] = Counter()
        changes: dict[bytes, bytes | None] = {}
        for unit, findings in judged.items():
            counts.subtract(_standing(self.found(unit)))
            counts.update(_standing(findings))
            plain = [[f.code, f.path, f.line, f.subject, f.message, f.hint, f.waiver] for f in findings]
            changes[_bytes(_FOUND, unit.sort, unit.about)] = _json(plain) if plain else None
        known = self.counts()
        known.update(counts)
        changes[_bytes(_COUNT)] = _json({code: number for code, number in known.items() if number})
        self.table.apply(changes)

    def counts(self) -> Counter[str]:
        """How many findings of each code stand; what a rule allows does not count."""
        kept = self.table.get(_bytes(_COUNT))
        return Counter({} if kept is None else json.loads(kept))


def _entries(path: str, facts: Facts) -> dict[bytes, bytes]:
    """The rows of a file, each under a key of its own."""
    found = {}
    for place, (key, row) in enumerate(catalog.rows(facts)):
        found[_bytes(_ROW, f"{key}{_END}{path}{_END}{place:07}")] = _json(_plain(row))
    return found


def _standing(findings: Iterable[Finding]) -> Counter[str]:
    return Counter(finding.code for finding in findings if not finding.waiver)


def _plain(row: Row) -> list[object]:
    return ["D" if isinstance(row, Definition) else "R", *row]


def _decoded(data: bytes) -> Row:
    sort, *fields = json.loads(data)
    if sort == "D":
        found = Definition(*fields)
        return found._replace(lines=tuple(found.lines))
    reference = Reference(*fields)
    wanted = tuple((space, tuple(kinds)) for space, kinds in reference.wanted)
    return reference._replace(wanted=wanted, at=tuple(reference.at))


def _bytes(*parts: str) -> bytes:
    return SEPARATOR.join(parts).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
