"""Settling: everything that is derived from `main` follows it.

`main` is the only truth here; `current/`, `work/` and `refs/mha/current` are made
from it. A command that was killed leaves them behind `main`; the next one that
takes the lock settles them. Settling twice changes nothing.

While somebody edits merged files to end a collision, `work/` holds those, in whatever
mode the server is, until `main` moves on.
"""

from collections.abc import Mapping
from typing import NamedTuple

from mha.core.changes import FileType
from mha.errors import MhaError, UnreadableDraft, sentence
from mha.ids import short
from mha.operations import tip as tips
from mha.store import draft, releases, trees, work_folder
from mha.store.author import Author
from mha.store.clock import now
from mha.store.draft import WorkTree
from mha.store.home import Home
from mha.store.repository import DRAFTS, KEEP, RESOLVING, Commit
from mha.store.trees import Blob


class Settled(NamedTuple):
    """What settling had to do, as far as an administrator wants to know."""

    kept_draft: str | None = None  # the draft of a server that is no longer Active
    put_aside: str | None = None  # where files that no draft can hold were put
    in_the_way: tuple[str, ...] = ()  # edited files that a newer revision changed as well
    fault: str = ""  # why `current/` or `work/` does not follow yet, although `main` has moved


def settle(home: Home) -> Settled:
    """Bring `current/` and `work/` to what `main` says. Needs the home's lock."""
    if home.repository.head() is None:
        return Settled()
    here = tips.tip(home)
    work_folder.detach(home)
    work_folder.clear_gone(home)
    releases.switch(home, here.id)
    _drop_ended_sides(home, here.id)
    edited = tips.resolving(home)
    if edited is not None and edited.parents[0] == here.id:
        return _open(home, edited)
    ended = Settled() if edited is None else close(home, edited)
    settled = _follow(home, here.id) if here.record.active == home.name else put_away(home)
    return settled._replace(
        kept_draft=settled.kept_draft or ended.kept_draft, put_aside=settled.put_aside or ended.put_aside
    )


def settle_after(home: Home) -> Settled:
    """Settle once `main` has moved. What fails now is no failure of the move: it is reported, and tried again."""
    try:
        return settle(home)
    except (OSError, MhaError) as error:
        return Settled(fault=sentence(error))


def close(home: Home, edited: Commit) -> Settled:
    """Put merged files that were edited to end a collision out of `work/`; they are kept if a person changed them."""
    settled = put_away(home, "The edited merge of a collision", known=edited.tree)
    home.repository.delete_ref(RESOLVING)
    return settled


def set_aside(edited: Commit) -> str:
    """Why the draft is kept that stood in `work/` before merged files came there."""
    return f"Set aside for the resolution {short(edited.id)}"


def _open(home: Home, edited: Commit) -> Settled:
    """Let `work/` hold the merged files; whatever a person changed there stays."""
    tree = draft.of(home)
    base = None if tree is None else tree.base()
    if base is not None and home.repository.contains(base, edited.id):
        return Settled()
    settled = put_away(home, set_aside(edited))
    work_folder.create(home, edited.id)
    return settled


def keep(
    tree: WorkTree, why: str, edited: Mapping[str, Blob | None] | None = None, *, known: str | None = None
) -> str | None:
    """Keep edits under `refs/mha/drafts/`; returns the draft's number, or None where there is nothing to keep.

    `edited` are the edited files, as they are stored; without it, all that a draft can hold. Files that are those of
    the head, or of the tree `known`, are nothing to keep.
    """
    home = tree.home
    oid = stored(tree, why, edited)
    if oid is None or home.repository.commit(oid).tree in (_head_tree(home), known):
        return None
    for name, kept in home.repository.refs(DRAFTS).items():
        if kept == oid:
            return name
    name = draft.next_kept_name(home)
    home.repository.set_ref(f"{DRAFTS}{name}", oid)
    return name


def _head_tree(home: Home) -> str | None:
    head = home.repository.head()
    return None if head is None else home.repository.commit(head).tree


def stored(tree: WorkTree, why: str, edited: Mapping[str, Blob | None] | None = None) -> str | None:
    """Store edits as `keep` does, under no reference; returns the commit, or None where there is nothing to store."""
    home = tree.home
    base = tree.origin() or home.repository.head()
    assert base is not None
    if edited is None:
        edited = tree.store(edit for edit in tree.edits(base) if storable(edit))
    if not edited:
        return None
    files = trees.edited(home.repository, home.repository.commit(base).tree, edited)
    for oid in home.repository.refs(DRAFTS).values():
        kept = home.repository.commit(oid)
        if (kept.tree, kept.parents) == (files, (base,)):  # kept before a kill
            return oid
    author = Author(home.name, f"mha@{home.name}")
    return home.repository.write_commit(
        tree=files, parents=[base], message=f"{why}\n", author=author, committer=author, time=now()
    )


def _follow(home: Home, oid: str) -> Settled:
    tree = draft.of(home)
    if tree is None:
        unfinished = put_away(home)  # of a demotion that was killed
        work_folder.create(home, oid)
        return unfinished
    before = tree.base()
    if before == oid or (before is not None and not home.repository.contains(oid, before)):
        return Settled()  # up to date, or commits made by hand: `publish` speaks of those
    if before is not None and _is_resolved(home, before, oid):
        kept = put_away(home, "A collision was resolved")
        work_folder.create(home, oid)
        return kept
    return Settled(in_the_way=tuple(tree.follow(oid)))


def _is_resolved(home: Home, before: str, head: str) -> bool:
    """Whether a collision ended in between: what was edited on top of one side is no edit of the result."""
    return any(len(commit.parents) > 1 for commit in home.repository.walk(head, hide=[before]))


def put_away(home: Home, why: str = "", *, known: str | None = None) -> Settled:
    """Take `work/` away; what was edited there is kept, but for files that are those of the tree `known`."""
    away = work_folder.put_away(home)
    if away is None:
        return Settled()
    try:
        kept = keep(away, why or f"{home.name} was no longer Active", known=known)
    except (UnreadableDraft, PermissionError):  # the folder itself stays, whole
        kept = None
    aside = work_folder.remove(away)
    return Settled(kept_draft=kept, put_aside=None if aside is None else str(aside))


def storable(edit: draft.Edit) -> bool:
    """Whether a draft can hold an edit."""
    return edit.type is FileType.FILE and trees.is_text(edit.path)


def _drop_ended_sides(home: Home, head: str) -> None:
    """A kept side that has become part of `main` needs no pin any more."""
    for name, oid in home.repository.refs(KEEP).items():
        if home.repository.contains(head, oid):
            home.repository.delete_ref(f"{KEEP}{name}")
