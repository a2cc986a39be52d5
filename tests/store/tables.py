"""Tables on disk for tests; as a program, one that commits one revision after another until it is ended."""

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from mha.core.table import Table
from mha.store import table
from mha.store.pages import Damaged

Content = Mapping[bytes, bytes]
Changes = Mapping[bytes, bytes | None]


def write(path: Path, content: Content, label: bytes = b"label") -> None:
    """A new table, whatever stood there."""
    made = Table()
    made.apply(content)
    assert table.write(path, made, label)


def change(path: Path, changes: Changes, label: bytes = b"label") -> None:
    """The next commit to the table that stands there."""
    with closing(opened(path)) as below:
        changed = Table(below)
        changed.apply(changes)
        assert table.write(path, changed, label)


def opened(path: Path) -> table.StoredTable:
    """The table that stands there."""
    found = table.open_any(path)
    assert found is not None
    return found


def content(path: Path, label: bytes = b"label") -> dict[bytes, bytes] | None:
    """All that a table says, by scanning and by asking; None where it is missing or damaged."""
    found = table.open_for(path, label)
    return None if found is None else all_of(found)


def all_of(found: table.StoredTable) -> dict[bytes, bytes] | None:
    """All that a table says, which is closed then; None where it is damaged."""
    with closing(found):
        try:
            scanned = list(found.scan(b""))
            assert [(key, found.get(key)) for key, _ in scanned] == scanned
        except Damaged:
            return None
    assert scanned == sorted(scanned)
    return dict(scanned)


def revision(number: int, entries: int = 200) -> dict[bytes, bytes]:
    """Content of which each next revision changes a tenth, one value of several pages among them."""
    return {b"name/%04d" % at: b"%d " % since(number, at) * (900 if at == 7 else 20) for at in range(entries)}


def since(number: int, at: int) -> int:
    """The revision that last changed an entry."""
    return number - (number + at) % 10


def differences(before: Content, after: Content) -> Changes:
    """What makes one content of the other."""
    return {key: after.get(key) for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def commit(path: Path, number: int) -> None:
    """Make the table that holds a revision hold the next one, `number`."""
    change(path, differences(revision(number - 1), revision(number)), b"%d" % number)


def commit_for_ever(path: Path, number: int) -> None:
    """Make one revision after another, and name each right before it is made."""
    while True:
        number += 1
        changes = differences(revision(number - 1), revision(number))
        print(number, flush=True)
        change(path, changes, b"%d" % number)


if __name__ == "__main__":
    commit_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
