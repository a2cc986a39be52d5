"""How much a tree brings in, told before any of its paths is listed.

A few kilobytes of trees can stand for more paths than any disk holds: a folder
that holds the same folder many times, level below level. Here each tree is read
once, however often it stands, so that the cost follows what was sent.
"""

from dataclasses import dataclass, field

from mha.core.changes import DEPTH
from mha.store import trees
from mha.store.libgit import ObjectType, pygit2
from mha.store.repository import Repository, reading

TREE_BYTES = 64 << 20  # a folder of more than a million files
_KINDS = {0o100000, 0o120000, 0o160000}  # to git every other mode is a nested repository, and to libgit2 a file
_FOLDER = 0o040000


class Unbearable(Exception):
    """A tree that is not to be listed; says why."""


@dataclass
class Scale:
    """Weighs trees of one repository; what was weighed once is remembered."""

    repository: Repository
    _known: dict[tuple[str | None, str], tuple[int, int]] = field(default_factory=dict)

    def paths(self, old: str | None, new: str) -> int:
        """How many paths of `new` are not the same in `old`; raises Unbearable."""
        return self._weigh(old, new, DEPTH)[0]

    def _weigh(self, old: str | None, new: str, levels: int) -> tuple[int, int]:
        """The number of paths, and how many levels of folders they go down."""
        if (old, new) not in self._known:
            if levels == 0:
                raise Unbearable(f"Its folders go down more than {DEPTH} levels.")
            self._known[old, new] = self._weighed(old, new, levels)
        found = self._known[old, new]
        if found[1] > levels:
            raise Unbearable(f"Its folders go down more than {DEPTH} levels.")
        return found

    def _weighed(self, old: str | None, new: str, levels: int) -> tuple[int, int]:
        before, after = self._entries(old), self._entries(new)
        folders = {name: oid.hex() for mode, name, oid in before - after if int(mode, 8) == _FOLDER}
        paths = depth = 0
        for octal, name, oid in after - before:
            mode = int(octal, 8)
            if mode == _FOLDER:
                found, below = self._weigh(folders.get(name), oid.hex(), levels - 1)
                paths, depth = paths + found, max(depth, below)
            elif mode & 0o170000 in _KINDS:
                paths += 1
            else:
                raise Unbearable(f"It has an entry of the mode {mode:o}.")
        return paths, depth + 1

    def _entries(self, tree: str | None) -> set[trees.RawEntry]:
        with reading():
            if tree is not None and tree != trees.EMPTY:
                kind, size = self.repository.git.odb.read_header(pygit2.Oid(hex=tree))
                if kind != ObjectType.TREE:
                    raise Unbearable("One of its folders is none.")
                if size > TREE_BYTES:
                    raise Unbearable(f"One of its folders takes more than {TREE_BYTES >> 20} MiB to list.")
            return trees.listed(self.repository, tree)
