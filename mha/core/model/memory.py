"""The rows and findings of all files, in memory: the quickest where everything is judged at once."""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from mha.core.model import assessment, catalog
from mha.core.model.assessment import Judgements, Unit
from mha.core.model.catalog import Row
from mha.core.model.checks.dates import Days
from mha.core.model.facts import Facts
from mha.core.model.findings import Finding

_PATH = attrgetter("path")


class Memory:
    """Rows by key, and findings by unit."""

    def __init__(self, files: Iterable[Facts] = ()) -> None:
        """`files` come in the order of their paths."""
        self._rows: dict[str, list[Row]] = {}
        self.judgements: dict[Unit, list[Finding]] = {}
        self._ordered: list[str] = []
        for facts in files:
            for key, row in catalog.rows(facts):
                self._rows.setdefault(key, []).append(row)

    def under(self, key: str) -> Iterable[Row]:
        """The rows of a key."""
        return self._rows.get(key, ())

    def beginning(self, prefix: str) -> Iterator[tuple[str, Row]]:
        """The rows of all keys that begin with `prefix`, in the order of the keys."""
        if len(self._ordered) != len(self._rows):
            self._ordered = sorted(self._rows)
        for index in range(bisect_left(self._ordered, prefix), len(self._ordered)):
            key = self._ordered[index]
            if not key.startswith(prefix):
                return
            yield from ((key, row) for row in self._rows[key])

    def keys(self) -> Iterable[str]:
        """The keys of all rows."""
        return self._rows.keys()

    def change(self, path: str, old: Facts, new: Facts) -> None:
        """Exchange the facts of a file."""
        for key in {key for key, _ in catalog.rows(old)}:
            self._rows[key] = [row for row in self._rows.get(key, ()) if row.path != path]
        for key, row in catalog.rows(new):
            insort(self._rows.setdefault(key, []), row, key=_PATH)

    def found(self, unit: Unit) -> list[Finding]:
        """What was found about a unit when it was judged last."""
        return self.judgements.get(unit, [])

    def record(self, judged: Judgements) -> None:
        """Keep what was found."""
        self.judgements.update(judged)

    def all_found(self) -> Iterator[Finding]:
        """What was found about all units."""
        return (finding for found in self.judgements.values() for finding in found)

    def counts(self) -> Counter[str]:
        """How many findings of each code stand; what a rule allows does not count."""
        return Counter(finding.code for finding in self.all_found() if not finding.waiver)


def judged(files: Mapping[str, Facts], days: Days) -> Memory:
    """All files, with everything judged."""
    book = Memory(files.values())
    book.record(dict(assessment.judge(assessment.every(files, book.keys()), book, files.__getitem__, days)))
    return book
