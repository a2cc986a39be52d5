"""Loose objects, read by Python's zlib: libgit2 1.9 never comes back from one that was cut short.

libgit2 reads each object from the first backend that has it. This one stands
after packs and before libgit2's own reader of loose objects; what it is given to
write, it hands on.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType, RepositoryOpenFlag

PACKS_FIRST = 10  # priorities: packs, then this backend, then libgit2's own loose one
PRIORITY = 5

_TYPES = {name.encode(): ObjectType[name.upper()] for name in ("commit", "tree", "blob", "tag")}


class LooseObjects(pygit2.OdbBackend):
    """Reads loose objects that are whole; raises pygit2.GitError for those that are not."""

    def __init__(self, objects: Path) -> None:
        super().__init__()
        self._objects = str(objects)
        self._plain = pygit2.Repository(str(objects.parent), RepositoryOpenFlag.BARE)

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        """An object's type and content; KeyError where it is not loose."""
        name = str(oid)
        try:
            with open(f"{self._objects}/{name[:2]}/{name[2:]}", "rb") as file:
                packed = file.read()
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
        """Prefixes are libgit2's own reader's work."""
        raise KeyError(oid)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        """Whether an object exists is left to libgit2's own reader, which only looks for its file."""
        del oid
        return False

    def exists_prefix_cb(self, oid: str) -> pygit2.Oid:
        """Prefixes are libgit2's own reader's work."""
        raise KeyError(oid)

    def write_cb(self, oid: pygit2.Oid, content: bytes, kind: int) -> None:
        """Store an object as libgit2 does, synced; whoever adds a backend is asked to write as well."""
        written = self._plain.write(kind, content)
        assert written == oid

    def refresh_cb(self) -> None:
        """Nothing is remembered between two reads."""

    def __iter__(self) -> Iterator[pygit2.Oid]:
        return iter(())
