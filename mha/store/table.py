"""A table of bytes on disk that is only ever a cache: whoever finds it missing or damaged works without it.

A tree of pages: a leaf holds entries in order; a page above holds, for each page below, its first key and the pointer
to it. Pointers vouch for pages (pages.py), so what the table says is right, or it says `Damaged`. A page that outgrows
a slot is split, and an empty one goes. None are joined, because names come and go all over the order; a table of which
little stays is written anew.

Rule 1: a label says what the content belongs to. Under another label there is no table.
Rule 2: writers hold the home's lock; readers need none.
Rule 3: a table that cannot be written stays as it was. That is no error: the next command finds another label.

Not SQLite: it has no checksums, so the tree would be needed all the same; and its readers hold up writers, or need to
write files beside it.
"""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from io import FileIO
from itertools import accumulate, chain, groupby, pairwise
from operator import itemgetter
from pathlib import Path

from mha.core.table import Entry, Table, span
from mha.store import pages
from mha.store.pages import SLOT, Damaged, Head, Writer

_SPLIT_BYTES = SLOT * 3 // 4  # of each page after a split
_ENTRY_BYTES = 8  # beside its key and its value
_REMEMBERED = 256  # pages

Page = tuple[list[bytes], list[bytes]]  # keys, and values or pointers


class StoredTable:
    """The table in a file, as it was when it was opened."""

    def __init__(self, file: FileIO, head: Head) -> None:
        self.head, self._file = head, file
        self.label, self._root, height = head.parts
        self.height = height[0]
        self._page: Callable[[bytes], Page] = lru_cache(_REMEMBERED)(self._read)

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None; raises Damaged."""
        pointer = self._root
        for _ in range(self.height):
            keys, pointers = self._page(pointer)
            pointer = pointers[_place(keys, key)]
        keys, values = self._page(pointer)
        at = bisect_left(keys, key)
        return values[at] if at < len(keys) and keys[at] == key else None

    def scan(self, prefix: bytes) -> Iterator[Entry]:
        """The entries whose keys begin with `prefix`, in the order of their keys; raises Damaged."""
        return self._scan(self._root, self.height, prefix)

    def close(self) -> None:
        """Nothing is read any more."""
        self._file.close()

    def fold(self, changes: Mapping[bytes, bytes | None], writer: Writer) -> list[Entry]:
        """Write what changes; returns the uppermost pages, by first key. Raises Damaged, OSError."""
        ordered = sorted(changes.items(), key=itemgetter(0))
        return self._fold(self._root, self.height, ordered, writer)

    def _read(self, pointer: bytes) -> Page:
        parts = pages.read(self._file.fileno(), pointer)
        return parts[0::2], parts[1::2]

    def _scan(self, pointer: bytes, height: int, prefix: bytes) -> Iterator[Entry]:
        keys, values = self._page(pointer)
        found = span(keys, prefix)
        if height == 0:
            yield from zip(keys[found], values[found], strict=True)
            return
        for child in values[max(found.start - 1, 0) : found.stop]:
            yield from self._scan(child, height - 1, prefix)

    def _fold(
        self, pointer: bytes, height: int, changes: Iterable[tuple[bytes, bytes | None]], writer: Writer
    ) -> list[Entry]:
        """The pages that take the place of one, by first key."""
        keys, values = self._page(pointer)
        writer.release(pointer)
        entries: dict[bytes, bytes | None] = dict(zip(keys, values, strict=True))
        if height == 0:
            entries.update(changes)
        else:
            for at, below in groupby(changes, key=lambda change: _place(keys, change[0])):
                del entries[keys[at]]
                entries.update(self._fold(values[at], height - 1, below, writer))
        return _pages(_kept(entries), writer, fewest=1 if height == 0 else 2)


def open_for(path: Path, label: bytes) -> StoredTable | None:
    """The table at a path, if its content is what the label says; None where there is none to be read."""
    found = open_any(path)
    if found is None or found.label == label:
        return found
    found.close()
    return None


def open_any(path: Path) -> StoredTable | None:
    """The table at a path, for who looks at its label; None where there is none to be read."""
    try:
        file = FileIO(path)
    except OSError:
        return None
    try:
        return StoredTable(file, pages.head(file.fileno()))
    except Damaged:
        file.close()
        return None


def write(path: Path, table: Table, label: bytes) -> bool:
    """Keep a table for the next command, if that can be; says whether it was. Needs the home's lock."""
    try:
        if isinstance(table.below, StoredTable) and not table.below.head.is_sparse:
            _write_changes(path, table.below, table.changes, label)
        else:
            _write_anew(path, dict(table.scan(b"")) if table.below else table.changes, label)
    except (OSError, Damaged):
        return False
    return True


def _write_changes(path: Path, before: StoredTable, changes: Mapping[bytes, bytes | None], label: bytes) -> None:
    with FileIO(path, "r+") as file:
        if pages.head(file.fileno()).pointer != before.head.pointer:
            raise Damaged("another table took the place of the one that was read")
        writer = Writer(file.fileno(), before.head)
        _finish(before.fold(changes, writer), before.height, writer, label)


def _write_anew(path: Path, entries: Mapping[bytes, bytes | None], label: bytes) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        writer = Writer(descriptor)
        _finish(_pages(_kept(entries), writer, fewest=1), 0, writer, label)
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _finish(uppermost: list[Entry], height: int, writer: Writer, label: bytes) -> None:
    while len(uppermost) > 1:
        uppermost, height = _pages(uppermost, writer, fewest=2), height + 1
    root, height = (uppermost[0][1], height) if uppermost else (writer.put([]), 0)
    writer.finish([label, root, bytes([height])])


def _kept(entries: Mapping[bytes, bytes | None]) -> list[Entry]:
    return sorted(((key, value) for key, value in entries.items() if value is not None), key=itemgetter(0))


def _pages(entries: list[Entry], writer: Writer, *, fewest: int) -> list[Entry]:
    """Write entries as pages of equal size, with so many in each if that can be; returns the pages by first key."""
    ends = list(accumulate((len(key) + len(value) + _ENTRY_BYTES for key, value in entries), initial=0))
    total = ends[-1]
    count = 1 if total <= SLOT else max(1, min(-(-total // _SPLIT_BYTES), len(entries) // fewest))
    cuts = sorted({bisect_left(ends, total * n // count) for n in range(count + 1)})
    return [(entries[a][0], writer.put([*chain.from_iterable(entries[a:b])])) for a, b in pairwise(cuts)]


def _place(keys: list[bytes], key: bytes) -> int:
    """Which of the pages below holds a key, if any does."""
    return max(bisect_right(keys, key) - 1, 0)
