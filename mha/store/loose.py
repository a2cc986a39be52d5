"""Loose objects: read by Python's zlib, and written many at a time.

libgit2 reads each object from the first backend that has it. This one stands
after packs and before libgit2's own reader of loose objects, and takes what is written.

Rule 1: libgit2 1.9 never comes back from a loose object that was cut short; zlib does.
Rule 2: nothing gets an object's name before it is durable: what a power cut left
empty under that name would be taken for it for ever. So what is written waits, and
goes to the disk together with the commit that it was written for.
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from mha.ids import is_id
from mha.store.files import SYNC_EACH, sync_file_system, sync_folder
from mha.store.libgit import ObjectType, pygit2

PRIORITY = 5  # below that of packs

_MOST_WAITING = 4096
_MOST_BYTES = 16 << 20  # that wait in memory
_TYPES = {name.encode(): ObjectType[name.upper()] for name in ("commit", "tree", "blob", "tag")}
_NAMES = {kind: name for name, kind in _TYPES.items()}


class LooseObjects(pygit2.OdbBackend):
    """Reads loose objects that are whole; raises pygit2.GitError for those that are not."""

    def __init__(self, objects: Path) -> None:
        super().__init__()
        self._objects = objects
        self._waiting: dict[str, tuple[ObjectType, bytes]] = {}
        self._bytes = 0

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        """An object's type and content; KeyError where it is not loose."""
        name = str(oid)
        if name in self._waiting:
            return self._waiting[name]
        try:
            packed = _read(f"{self._objects}/{name[:2]}/{name[2:]}")
        except OSError as error:
            raise KeyError(name) from error
        try:
            head, _, content = zlib.decompress(packed).partition(b"\0")
            return _TYPES[head.partition(b" ")[0]], content
        except (zlib.error, KeyError) as error:
            raise pygit2.GitError(f"object {name} is damaged") from error

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        """An object's type and size in bytes."""
        kind, content = self.read_cb(oid)
        return kind, len(content)

    def read_prefix_cb(self, oid: str) -> tuple[int, bytes, pygit2.Oid]:
        """An object by its whole id, as pygit2 also asks for it; true prefixes are libgit2's own reader's work."""
        name = str(oid)
        if not is_id(name):
            raise KeyError(name)
        whole = pygit2.Oid(hex=name)
        return *self.read_cb(whole), whole

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        """Whether an object waits; whether it is stored is left to libgit2's own reader, which only looks."""
        return str(oid) in self._waiting

    def exists_prefix_cb(self, oid: str) -> pygit2.Oid:
        """Prefixes are libgit2's own reader's work."""
        raise KeyError(oid)

    def write_cb(self, oid: pygit2.Oid, content: bytes, kind: int) -> None:
        """Let an object wait for `store`."""
        self._waiting[str(oid)] = (ObjectType(kind), content)
        self._bytes += len(content)
        if len(self._waiting) > _MOST_WAITING or self._bytes > _MOST_BYTES:
            self.store()

    def store(self) -> None:
        """Make all that waits durable, under its names; raises OSError, and then all of it still waits."""
        written: dict[Path, Path] = {}
        try:
            for number, (name, (kind, content)) in enumerate(self._waiting.items()):
                scratch = self._objects / f"tmp_obj_{os.getpid()}_{number}"
                written[scratch] = self._objects / name[:2] / name[2:]
                head = b"%s %d\0" % (_NAMES[kind], len(content))
                _write(scratch, zlib.compress(head + content, 1), synced=len(self._waiting) <= SYNC_EACH)
            _put(self._objects, written)
        except OSError:
            for scratch in written:
                scratch.unlink(missing_ok=True)
            raise
        self._waiting.clear()
        self._bytes = 0

    def refresh_cb(self) -> None:
        """Nothing is remembered between two reads."""

    def __iter__(self) -> Iterator[pygit2.Oid]:
        return iter(())


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: Path, data: bytes, *, synced: bool) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
        file.write(data)
        file.flush()
        if synced:
            os.fsync(file.fileno())


def _put(objects: Path, written: dict[Path, Path]) -> None:
    """Give written files their names, once they are durable, and make the names durable."""
    many = len(written) > SYNC_EACH
    if many:
        sync_file_system(objects)
    folders = {target.parent for target in written.values()}
    made = [folder for folder in folders if not folder.is_dir()]
    for folder in made:
        folder.mkdir(exist_ok=True)
    for scratch, target in written.items():
        scratch.rename(target)
    if many:
        sync_file_system(objects)
        return
    for folder in {*folders, *([objects] if made else [])}:
        sync_folder(folder)
