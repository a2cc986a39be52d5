"""An ordered table of bytes, in memory: what is known of all objects, by key.

Rule 1: what lies below, such as a table on disk, is never changed here. What is applied lies over it.
Rule 2: whether there is anything below makes no difference to any answer, only to its cost.
Rule 3: keys are put in order when a scan asks for it, all at once: apply much, then scan.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from operator import itemgetter
from typing import Protocol

Entry = tuple[bytes, bytes]  # key and value


class Entries(Protocol):
    """What can lie below: entries that do not change."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""

    def scan(self, prefix: bytes) -> Iterator[Entry]:
        """The entries whose keys begin with `prefix`, in the order of their keys."""


class Table:
    """Entries that can be read and changed."""

    def __init__(self, below: Entries | None = None) -> None:
        self.below = below
        self.changes: dict[bytes, bytes | None] = {}  # None: deleted
        self._ordered: list[bytes] = []  # the keys of `changes`, as of the last scan

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        if key in self.changes or self.below is None:
            return self.changes.get(key)
        return self.below.get(key)

    def scan(self, prefix: bytes) -> Iterator[Entry]:
        """The entries whose keys begin with `prefix`, in the order of their keys; what is applied later is not seen."""
        changed = [(key, self.changes[key]) for key in self._changed(prefix)]
        if self.below is None:
            return ((key, value) for key, value in changed if value is not None)
        return _laid_over(changed, self.below.scan(prefix))

    def apply(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set the values of keys; None deletes one."""
        self.changes.update(changes)

    def _changed(self, prefix: bytes) -> list[bytes]:
        if len(self._ordered) != len(self.changes):  # a key that is deleted stays, as a change
            self._ordered = sorted(self.changes)
        return self._ordered[span(self._ordered, prefix)]


def span(keys: list[bytes], prefix: bytes) -> slice:
    """Where in a list in order the keys stand that begin with `prefix`."""
    start = bisect_left(keys, prefix)
    return slice(start, bisect_right(keys, prefix, lo=start, key=lambda key: key[: len(prefix)]))


def _laid_over(changed: Iterable[tuple[bytes, bytes | None]], below: Iterable[Entry]) -> Iterator[Entry]:
    last = None
    for key, value in merge(changed, below, key=itemgetter(0)):  # of equal keys, the changed one comes first
        if key != last and value is not None:
            yield key, value
        last = key
