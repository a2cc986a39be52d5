"""Three-way merges of whole revisions by lines, as git makes them, in memory."""

from typing import NamedTuple

from mha.store.libgit import pygit2
from mha.store.repository import Commit, Repository, reading, writing


class Merged(NamedTuple):
    """The result of a merge: its tree, or the paths where both sides changed the same lines."""

    tree: str
    conflicts: tuple[str, ...] = ()


def reverted(repository: Repository, revision: Commit, *, onto: str) -> Merged:
    """The files of `onto` without what `revision` changed."""
    with reading():
        git = repository.git
        commit = git[revision.id].peel(pygit2.Commit)
        parent = commit.parents[0].tree if commit.parents else git[git.TreeBuilder().write()].peel(pygit2.Tree)
        index = git.merge_trees(ancestor=commit.tree, ours=git[onto].peel(pygit2.Commit).tree, theirs=parent)
        if index.conflicts is not None:
            paths = {side.path for sides in index.conflicts for side in sides if side is not None}
            return Merged("", tuple(sorted(paths)))
    with writing(repository.path):
        return Merged(str(index.write_tree(git)))
