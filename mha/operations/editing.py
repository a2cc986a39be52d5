"""Editing: the draft of the Active, in the hands of one command."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from mha.core.changes import printable
from mha.errors import Resolving
from mha.operations import tip as tips
from mha.operations.settling import Settled, settle
from mha.operations.tip import Tip, require_active
from mha.store import draft, lock, trees
from mha.store.draft import Edit, WorkTree
from mha.store.home import Home


class Desk(NamedTuple):
    """What lies on the table of whoever holds the Active's lock."""

    here: Tip
    tree: WorkTree
    settled: Settled  # what had to be done first


@contextmanager
def at_desk(home: Home, what: str = "publish") -> Iterator[Desk]:
    """Hold the home's lock, with `work/` settled; raises ReadOnlyServer or NoServerActive, saying `what` cannot be.

    Raises Resolving where it holds the merged files of a collision.
    """
    with lock.held(home.git_dir):
        settled = settle(home)
        here = tips.tip(home)
        require_active(here, what)
        if tips.resolving(home) is not None:
            raise Resolving(what)
        tree = draft.of(home)
        assert tree is not None
        yield Desk(here, tree, settled)


def patch(here: Tip, tree: WorkTree, edits: Iterable[Edit]) -> str:
    """The lines that edits change in the head's files, as a unified diff."""
    return "".join(_patch(here, tree, edit) for edit in edits)


def _patch(here: Tip, tree: WorkTree, edit: Edit) -> str:
    known = trees.find(here.home.repository, here.tree, edit.text) if trees.is_text(edit.path) else None
    old = trees.read(here.home.repository, known) if known is not None else b""
    return trees.patch(old, tree.content(edit), printable(edit.path))
