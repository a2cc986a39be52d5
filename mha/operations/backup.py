"""Backing up: one consistent snapshot of all that a server holds, in one file, while others go on publishing.

What is in it is fixed under the home's lock: references that are read once, and the draft, stored as a kept one would
be. The file is written after that, without the lock.
"""

from pathlib import Path
from typing import NamedTuple

from mha.core.bundle import Contents
from mha.core.changes import printable
from mha.errors import BackupNotWritten, BackupWithin, MhaError, sentence
from mha.operations import settling
from mha.operations import tip as tips
from mha.operations.tip import Tip
from mha.store import bundles, draft, lock
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import DRAFTS, KEEP, Commit


class BackedUp(NamedTuple):
    """A backup that was written, and what is in it."""

    path: str
    size: int  # bytes
    cluster: str
    revision: int
    id: str
    introduction: str | None
    since: int | None  # the revision that it continues; None: it is a full one
    kept_sides: int
    kept_drafts: int  # the one from work/ included
    draft: str | None  # the number that the edits in work/ have in it
    draft_changes: int  # how many files these edits change
    left: tuple[str, ...] = ()  # edits in work/ that no draft can hold
    fault: str = ""  # why the edits in work/ are not in it


class _Draft(NamedTuple):
    id: str | None = None
    changes: int = 0
    left: tuple[str, ...] = ()
    fault: str = ""


def backup(
    home: Home, path: Path, *, since: str | None = None, replace: bool = False, progress: Progress = silent
) -> BackedUp:
    """Write all revisions, kept sides and drafts into one file; with `since`, only what came after that revision.

    Raises BackupExists, unless it is to `replace` what stands there, BackupWithin and BackupNotWritten.
    """
    path = _place(home, path)
    bundles.require_free(path, replace=replace)
    tips.tip(home)
    start = None if since is None else _found(home, since)

    with lock.held(home.git_dir):
        settling.settle_after(home)
        here, found = tips.tip(home), _draft(home)
        contents = _contents(here, start, found)

    size = bundles.write(home.git_dir, path, contents, replace=replace, progress=progress)
    return BackedUp(
        path=str(path),
        size=size,
        cluster=here.cluster.name,
        revision=here.record.revision,
        id=here.id,
        introduction=contents.introduction,
        since=None if start is None else home.repository.record(start.id).revision,
        kept_sides=len(contents.sides),
        kept_drafts=len(contents.drafts),
        draft=next((name for name, oid in contents.drafts if oid == found.id), None),
        draft_changes=found.changes,
        left=found.left,
        fault=found.fault,
    )


def _found(home: Home, since: str) -> Commit:
    from mha.operations import history  # it brings in more than all the rest of a backup

    return history.find(home, since)


def _place(home: Home, path: Path) -> Path:
    """Where the file is to stand; raises BackupWithin or BackupNotWritten."""
    if not path.parent.is_dir():
        raise BackupNotWritten(str(path), f"there is no folder {path.parent}")
    place = path.parent.resolve() / path.name
    if place.is_relative_to(home.path):
        raise BackupWithin(str(path), str(home.path))
    return place


def _contents(here: Tip, start: Commit | None, found: _Draft) -> Contents:
    """What the references here say now, and the draft under the number that it would be kept as."""
    repository = here.home.repository
    drafts = dict(sorted(repository.refs(DRAFTS).items(), key=lambda item: int(item[0])))
    if found.id is not None and found.id not in drafts.values():
        drafts[draft.next_kept_name(here.home)] = found.id
    return Contents(
        main=here.id,
        server=here.home.name,
        introduction=here.home.introduction(),
        sides=tuple(repository.refs(KEEP).values()),
        drafts=tuple(drafts.items()),
        since=() if start is None else (start.id,),
    )


def _draft(home: Home) -> _Draft:
    """The edits in work/, stored. Revisions are saved whatever is wrong with these."""
    tree = draft.of(home)
    base = None if tree is None else tree.origin() or home.repository.head()
    if tree is None or base is None:
        return _Draft()
    try:
        edits = tree.edits(base)
        fit = [edit for edit in edits if settling.storable(edit)]
        oid = settling.stored(tree, f"In work/ when {home.name} was backed up", tree.store(fit))
    except (OSError, MhaError) as error:
        return _Draft(fault=sentence(error))
    return _Draft(oid, len(fit), tuple(printable(edit.path) for edit in edits if not settling.storable(edit)))
