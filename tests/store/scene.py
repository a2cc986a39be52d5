"""A home with revisions, made by the store alone: no servers, no draft."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from mha.core import record
from mha.store import home as homes
from mha.store import trees
from mha.store.home import Home
from mha.store.repository import Commit
from mha.store.trees import Blob
from tests.cluster import JANA

TIME = datetime(2026, 11, 23, 10, tzinfo=UTC)


def made(path: Path) -> Home:
    """A new home without any revision."""
    return homes.create(path, "fw-a")


def opened(path: Path) -> Home:
    """The same home once more, as the next command opens it."""
    return homes.open_home(path)


def stored(
    home: Home, files: Mapping[str, str | bytes | None], *, executable: Iterable[str] = ()
) -> dict[str, Blob | None]:
    """Files as a tree takes them; None stands for a deleted one."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return {
        path: None if text is None else Blob(trees.write(home.repository, text), path in executable)
        for path, text in data.items()
    }


def written(
    home: Home, files: Mapping[str, str | bytes | None], *, on: str | None, message: str = "A change",
    executable: Iterable[str] = (),
) -> str:  # fmt: skip
    """A commit on top of another with some files changed; no reference knows of it."""
    tree = trees.EMPTY if on is None else home.repository.commit(on).tree
    known = home.repository.commit(on).record if on is not None else None
    return home.repository.write_commit(
        tree=trees.edited(home.repository, tree, stored(home, files, executable=executable)),
        parents=[] if on is None else [on],
        message=record.compose(message, known.publish() if known else record.first("fw-a")),
        author=JANA,
        committer=JANA,
        time=TIME,
    )


def revised(home: Home, files: Mapping[str, str | bytes | None], *, executable: Iterable[str] = ()) -> str:
    """The next revision, at the head."""
    head = home.repository.head()
    oid = written(home, files, on=head, executable=executable)
    home.repository.advance(expected=head, to=oid)
    return oid


def commit_of(home: Home, oid: str) -> Commit:
    return home.repository.commit(oid)


def tree_id(files: Mapping[str, tuple[bytes, bool]]) -> str:
    """The id that git gives a tree of files (bytes, executable), computed from its definition alone."""
    folders: dict[str, dict[str, tuple[bytes, bool]]] = {}
    entries: list[tuple[bytes, bytes, str]] = []  # how git sorts it, mode and name, id
    for path, (data, executable) in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = (data, executable)
        else:
            mode = b"100755" if executable else b"100644"
            entries.append((name.encode(), mode + b" " + name.encode(), _object_id(b"blob", data)))
    for name, inner in folders.items():
        entries.append((name.encode() + b"/", b"40000 " + name.encode(), tree_id(inner)))
    listing = b"".join(entry + b"\0" + bytes.fromhex(oid) for _, entry, oid in sorted(entries))
    return _object_id(b"tree", listing)


def _object_id(kind: bytes, data: bytes) -> str:
    return hashlib.sha1(kind + b" " + str(len(data)).encode() + b"\0" + data, usedforsecurity=False).hexdigest()
