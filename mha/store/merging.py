"""Three-way merges of whole revisions by lines, as git makes them, in memory."""

from typing import NamedTuple

from mha.store.libgit import pygit2
from mha.store.repository import Repository, reading, writing


class Merged(NamedTuple):
    """The result of a merge: its tree, or the paths where both sides changed the same lines."""

    tree: str
    conflicts: tuple[str, ...] = ()


def reverted(repository: Repository, *, before: str | None, after: str, onto: str) -> Merged:
    """The tree `onto` without what changed from the tree `before` to `after`; None stands for the empty one."""
    with reading():
        git = repository.git
        trees = [git[oid or git.TreeBuilder().write()].peel(pygit2.Tree) for oid in (after, onto, before)]
        index = git.merge_trees(ancestor=trees[0], ours=trees[1], theirs=trees[2])
        if index.conflicts is not None:
            paths = {side.path for sides in index.conflicts for side in sides if side is not None}
            return Merged("", tuple(sorted(paths)))
    with writing(repository.path):
        return Merged(str(index.write_tree(git)))
