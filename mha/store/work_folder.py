"""`work/` comes and goes.

Rule 1: with one rename each, so that a half-made one is never taken for a draft that deletes files.
Rule 2: what no draft can hold stays, under another name.
"""

import os
from pathlib import Path

from mha.core.changes import FileType
from mha.errors import UnreadableDraft
from mha.store import trees
from mha.store.draft import WorkTree
from mha.store.files import discard, free_name, remove_tree, sync_file_system, sync_folder, write_whole
from mha.store.home import Home
from mha.store.index import Index
from mha.store.repository import CURRENT, MAIN

_AWAY = ".work-old"  # a folder that is about to be kept
_GONE = ".work-gone-"  # a folder that was kept, and now goes


def create(home: Home, oid: str) -> WorkTree:
    """Make `work/` with the files of a revision; what stands there under that name is put aside."""
    administration = home.git_dir / "worktrees"
    scratch, noted = home.path / ".work-new", administration / ".work-new"
    _forget(home)
    _clear_unfinished(home)
    try:
        scratch.mkdir()
        _note(noted, oid, home.work)
        Index(noted, scratch).fill()
        (scratch / ".git").write_text(f"gitdir: {administration / 'work'}\n")
        sync_file_system(home.path)
    except BaseException:  # a full disk is not to be kept full
        _clear_unfinished(home)
        raise
    if home.work.exists():
        home.work.rename(free_name(home.path / "work-kept"))
    noted.rename(administration / "work")
    scratch.rename(home.work)
    sync_folder(home.path)
    return WorkTree(home, home.work)


def stands(home: Home) -> bool:
    """Whether there are files that may be edited: in `work/`, or put away and not kept yet."""
    noted = (home.git_dir / "worktrees" / "work" / "HEAD").is_file()
    return home.work.is_dir() or (noted and (home.path / _AWAY).is_dir())


def adopt(home: Home, oid: str, *, work: Path) -> None:
    """Let a new store take over files that stand there, made from a revision; whatever differs from it is an edit."""
    _note(home.git_dir / "worktrees" / "work", oid, work)


def detach(home: Home) -> None:
    """Undo a `git checkout main` in `work/`: git's note of the base would move with `main`, and the files would not."""
    note = home.git_dir / "worktrees" / "work" / "HEAD"
    base = home.repository.ref(CURRENT)  # still names what the files were last settled to
    if base is not None and note.is_file() and note.read_text().strip() == f"ref: {MAIN}":
        write_whole(note, f"{base}\n".encode())


def put_away(home: Home) -> WorkTree | None:
    """Move `work/` out of the administrators' sight, to be kept and then removed; None where there is nothing."""
    away = home.path / _AWAY
    noted = (home.git_dir / "worktrees" / "work" / "HEAD").is_file()
    _clear_unfinished(home)
    if not noted:  # killed while it was removed: it had been kept
        _forget(home)
        remove_tree(away)
        return None
    if not away.is_dir() and home.work.is_dir():
        home.work.rename(away)
    if not away.is_dir():
        _forget(home)
        return None
    return WorkTree(home, away)


def remove(away: WorkTree) -> Path | None:
    """Remove a folder that was put away and kept; what no draft can hold stays, under the returned name."""
    aside = free_name(away.home.path / "work-kept") if _holds_more(away) else None
    if aside is not None:  # before the note goes: without it, what stands here counts as kept
        (away.folder / ".git").unlink(missing_ok=True)
        away.folder.rename(aside)
    _forget(away.home)
    if aside is None:
        gone = free_name(away.home.path / f"{_GONE}{os.getpid()}")
        away.folder.rename(gone)
        discard(gone)
    return aside


def clear_gone(home: Home) -> None:
    """Remove what is left of folders that went, where whoever removed them was ended."""
    for folder in home.path.glob(f"{_GONE}*"):
        discard(folder)


def _note(administration: Path, oid: str, work: Path) -> None:
    """Git's notes of a work tree: where it is, and the revision that its files were made from."""
    administration.mkdir(parents=True)
    (administration / "commondir").write_text("../..\n")
    (administration / "gitdir").write_text(f"{work / '.git'}\n")
    (administration / "HEAD").write_text(f"{oid}\n")


def _holds_more(away: WorkTree) -> bool:
    """Whether a folder holds what no draft can hold, or what cannot even be looked at."""
    base = away.origin()
    if base is None:
        return True
    try:
        edits = away.edits(base)
        return bool(away.ignored()) or any(e.type is not FileType.FILE or not trees.is_text(e.path) for e in edits)
    except UnreadableDraft:
        return True


def _clear_unfinished(home: Home) -> None:
    """Remove what a `create` that failed or was killed left behind."""
    remove_tree(home.path / ".work-new")
    remove_tree(home.git_dir / "worktrees" / ".work-new")


def _forget(home: Home) -> None:
    """Remove git's administration of `work/`; its HEAD first, because the rest is no work tree without it."""
    administration = home.git_dir / "worktrees" / "work"
    (administration / "HEAD").unlink(missing_ok=True)
    remove_tree(administration)
