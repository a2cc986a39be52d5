"""Drafts: edits that are undone or that outlived their server's Active mode are kept, and can come back."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from mha.core.changes import Change, FileType, chosen, printable
from mha.core.record import subject
from mha.errors import DraftInTheWay, DraftOvertaken, NotJoined, UnknownDraft
from mha.operations import settling
from mha.operations import tip as tips
from mha.operations.editing import at_desk
from mha.operations.tip import require_active
from mha.store import trees
from mha.store.draft import Edit
from mha.store.home import Home
from mha.store.repository import DRAFTS, Commit


class Kept(NamedTuple):
    """A kept draft."""

    name: str
    id: str
    why: str
    time: datetime
    base: str  # the revision that was edited
    base_revision: int | None
    changes: tuple[Change, ...]
    lines: str = ""


class Left(NamedTuple):
    """An edit that stays in work/, and why."""

    path: str
    why: str


class Discarded(NamedTuple):
    """Edits that were undone, and the draft under which they are kept."""

    changes: tuple[Change, ...]
    kept_draft: str | None
    left: tuple[Left, ...] = ()


def discard(home: Home, paths: Sequence[str] = ()) -> Discarded:
    """Undo edits, all or those at some paths; they stay as a kept draft."""
    require_active(tips.tip(home), "have a draft")
    with at_desk(home, "have a draft") as desk:
        edits = desk.tree.edits(desk.here.id, paths)
        files = desk.tree.store(edit for edit in edits if settling.storable(edit))
        kept = settling.keep(desk.tree, "Discarded", files)
        again = desk.tree.undo(desk.here.id, files)
    gone = files.keys() - set(again)
    return Discarded(
        changes=tuple(edit.change for edit in edits if edit.text in gone),
        kept_draft=kept,
        left=tuple(Left(printable(edit.path), _why_left(edit)) for edit in edits if edit.text not in gone),
    )


def listed(home: Home) -> list[Kept]:
    """The kept drafts, the newest first."""
    found = [_kept(home, name, home.repository.commit(oid)) for name, oid in home.repository.refs(DRAFTS).items()]
    return sorted(found, key=lambda kept: int(kept.name), reverse=True)


def show(home: Home, name: str, *, lines: bool = False) -> Kept:
    """One kept draft; raises UnknownDraft."""
    return _kept(home, name, _commit(home, name), lines=lines)


def restore(home: Home, name: str, paths: Sequence[str] = ()) -> tuple[Change, ...]:
    """Put the files of a kept draft into work/, where neither a revision nor an edit changed them since."""
    commit = _commit(home, name)
    require_active(tips.tip(home), "have a draft")
    with at_desk(home, "have a draft") as desk:
        base = home.repository.commit(commit.parents[0])
        files = {delta.path.decode(): delta for delta in trees.deltas(home.repository, base.tree, commit.tree)}
        wanted = chosen(list(files), paths, listing=f"mha drafts show {name}")
        newer = {delta.path.decode() for delta in trees.deltas(home.repository, base.tree, desk.here.tree)}
        if overtaken := [path for path in files if path in wanted & newer]:
            raise DraftOvertaken(name, base.record.revision if base.record else None, overtaken)
        edited = {edit.text for edit in desk.tree.edits(desk.here.id)}
        if in_the_way := [path for path in files if path in wanted & edited]:
            raise DraftInTheWay(f"Draft {name}", in_the_way)
        desk.tree.place({path: delta.new for path, delta in files.items() if path in wanted})
    return tuple(delta.change for path, delta in files.items() if path in wanted)


def _why_left(edit: Edit) -> str:
    if edit.type is not FileType.FILE:
        return f"no draft can hold a {edit.type}"
    return "it was edited again meanwhile" if settling.storable(edit) else "no draft can hold a name that is not UTF-8"


def _commit(home: Home, name: str) -> Commit:
    if home.repository.head() is None:
        raise NotJoined(home.name)
    oid = home.repository.refs(DRAFTS).get(name)
    if oid is None:
        raise UnknownDraft(name)
    return home.repository.commit(oid)


def _kept(home: Home, name: str, commit: Commit, *, lines: bool = False) -> Kept:
    base = home.repository.commit(commit.parents[0])
    deltas = trees.deltas(home.repository, base.tree, commit.tree)
    return Kept(
        name=name,
        id=commit.id,
        why=subject(commit.message),
        time=commit.time,
        base=base.id,
        base_revision=base.record.revision if base.record else None,
        changes=tuple(delta.change for delta in deltas),
        lines=trees.patch_of(home.repository, deltas) if lines else "",
    )
