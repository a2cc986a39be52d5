"""What readers see: `current`, a link to a read-only folder that holds one whole revision.

Rule 1: a folder is built under another name and appears whole; `current` is switched with one rename.
Rule 2: a folder that a reader may still be in is not touched: the last three stay, so does each that was
current within GRACE_SECONDS, and so does each on which a reader holds a shared flock.
Rule 3: up to POOL folders stay to be turned into later ones: making one anew costs as much as there are files.
Rule 4: files are replaced, never written in place, because folders share unchanged files.
"""

import errno
import fcntl
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mha.store import git, trees
from mha.store.files import (
    exchange,
    free_name,
    link_tree,
    remove_tree,
    switch_link,
    sync_file_system,
    sync_files,
    sync_folder,
    walk_files,
)
from mha.store.home import Home
from mha.store.libgit import pygit2
from mha.store.repository import CURRENT
from mha.store.trees import Blob

KEPT = 3
POOL = 8
GRACE_SECONDS = 30.0
_NEXT = ".next"
_ID = re.compile(r"[0-9a-f]{40}")  # whatever else stands in releases/ is somebody else's
_SEALED = 0o555  # a folder that nobody but root writes to


class Left(NamedTuple):
    """When a folder stopped being current: seconds since a boot, and which boot."""

    id: str
    boot: str
    seconds: float


def served(home: Home) -> str | None:
    """The id of the revision that `current/` serves, or None."""
    try:
        name = os.readlink(home.current).removeprefix("releases/")
    except OSError:
        return None
    return name if _ID.fullmatch(name) and (home.releases / name).is_dir() else None


@contextmanager
def read(home: Home) -> Iterator[str | None]:
    """The id of the revision that `current/` serves; its folder stays as it is while the block reads it."""
    oid = served(home)
    if oid is None:
        yield None
        return
    descriptor = os.open(home.releases / oid, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield oid
    finally:
        os.close(descriptor)


def is_served(home: Home, oid: str) -> bool:
    """Whether `current/`, and what peers are told of it, is this revision."""
    return served(home) == oid == home.repository.ref(CURRENT)


def switch(home: Home, oid: str) -> bool:
    """Make `current/` serve a revision; returns whether anything had to change. Needs the home's lock."""
    for leftover in (*home.releases.glob(".*"), *home.path.glob(".current.*")):  # of a killed command
        remove_tree(leftover)
    before = served(home)
    if before == oid:
        if home.repository.ref(CURRENT) != oid:
            home.repository.set_ref(CURRENT, oid)
        return False
    home.releases.mkdir(exist_ok=True)
    if not (home.releases / oid).is_dir():
        _build(home, oid, before)
    if home.current.is_dir() and not home.current.is_symlink():  # not made by mha: it may hold somebody's only copy
        home.current.rename(free_name(home.path / "current-kept"))
    switch_link(home.current, f"releases/{oid}")
    home.repository.set_ref(CURRENT, oid)
    _retire(home, before, oid)
    return True


def differences(home: Home, oid: str) -> list[str]:
    """How the folder of a revision differs from it: tampered, missing and extra files, by path and sentence."""
    folder = home.releases / oid
    wanted = dict(trees.files(home.repository, home.repository.commit(oid).tree))
    found = dict(walk_files(folder))
    wrong = [f"{path} is missing." for path in sorted(wanted.keys() - found.keys())]
    wrong += [f"{path} does not belong there." for path in sorted(found.keys() - wanted.keys())]
    for path in sorted(wanted.keys() & found.keys()):
        entry = found[path]
        if not entry.is_file(follow_symlinks=False) or _hash(folder / path) != wanted[path].id:
            wrong.append(f"{path} was changed.")
        elif entry.stat(follow_symlinks=False).st_mode & 0o777 != _mode(wanted[path]):
            wrong.append(f"{path} has other permissions.")
    return wrong


def unsealed(home: Home, oid: str) -> list[str]:
    """The folders within the folder of a revision, itself included, in which files could be made or removed."""
    folder = home.releases / oid
    found = [parent for parent, _, _ in os.walk(folder) if os.stat(parent).st_mode & 0o777 != 0o555]
    return sorted(os.path.relpath(parent, folder).removeprefix(".") for parent in found)


def mend(home: Home, oid: str) -> list[str]:
    """Make the folder of a revision equal to it again, file by file; returns what was wrong."""
    wrong = differences(home, oid)
    folder = home.releases / oid
    if not wrong:
        _seal(folder)
        return []
    wanted = dict(trees.files(home.repository, home.repository.commit(oid).tree))
    _chmod_parents(folder, [*wanted, *dict(walk_files(folder))], 0o755)
    for path, _ in list(walk_files(folder)):
        if path not in wanted:
            (folder / path).unlink()
    for path, blob in wanted.items():
        _put(home, folder, path, blob)
    _seal(folder)
    sync_file_system(folder)
    return wrong


def count(home: Home, oid: str) -> int:
    """How many files the folder of a revision holds."""
    return sum(1 for _ in walk_files(home.releases / oid))


def folders(home: Home) -> list[str]:
    """The ids of the revisions that stand in releases/."""
    if not home.releases.is_dir():
        return []
    return sorted(entry.name for entry in home.releases.iterdir() if _ID.fullmatch(entry.name))


def _build(home: Home, oid: str, before: str | None) -> None:
    """Make releases/<oid>: from a folder that nobody reads any more, else from links to what is current."""
    scratch = home.releases / _NEXT
    spare = _spare(home, before)
    base = spare or (before if before and home.repository.has(before) else None)
    if spare is not None:
        (home.releases / spare).rename(scratch)
    elif base is not None:
        link_tree(home.releases / base, scratch)
        _seal(scratch)
    try:
        _make(home, scratch, base, oid)
    except OSError as error:
        if base is None or error.errno == errno.ENOSPC:
            raise
        remove_tree(scratch)  # somebody changed the folder that it was made from: make it from nothing
        _make(home, scratch, None, oid)
    scratch.rename(home.releases / oid)
    sync_folder(home.releases)


def _make(home: Home, folder: Path, base: str | None, oid: str) -> None:
    """Make a folder hold the files of a revision, durably: from those of another one, or from nothing."""
    if base is not None:
        sync_files(_apply(home, folder, base, oid), within=folder)
        return
    git.check_out(home.git_dir, oid, folder)
    for path, entry in walk_files(folder):
        os.chmod(folder / path, 0o555 if entry.stat(follow_symlinks=False).st_mode & 0o100 else 0o444)
    _seal(folder)
    sync_file_system(folder)


def _apply(home: Home, folder: Path, base: str, oid: str) -> list[Path]:
    """Turn the files of one revision into those of another; returns the paths that differ."""
    repository = home.repository
    deltas = trees.deltas(repository, repository.commit(base).tree, repository.commit(oid).tree)
    paths = [os.fsdecode(delta.path) for delta in deltas]
    if any((folder / parent).is_symlink() for parent in _parents(paths)):
        raise NotADirectoryError(str(folder))  # mha makes no links: this one may lead out of here
    _chmod_parents(folder, paths, 0o755)
    for path, delta in zip(paths, deltas, strict=True):
        if delta.new is None:
            (folder / path).unlink()
    _remove_empty(folder, (path for path, delta in zip(paths, deltas, strict=True) if delta.new is None))
    for path, delta in zip(paths, deltas, strict=True):
        if delta.new is not None:
            _put(home, folder, path, delta.new)
    _chmod_parents(folder, paths, _SEALED)
    return [folder / path for path in paths]


def _put(home: Home, folder: Path, path: str, blob: Blob) -> None:
    target = folder / path
    if target.is_dir() and not target.is_symlink():
        remove_tree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = home.releases / f".file-{os.getpid()}"  # readers may be in the folder itself
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(trees.read(home.repository, blob))
    scratch.chmod(_mode(blob))
    scratch.replace(target)


def _spare(home: Home, current: str | None) -> str | None:
    """A folder old enough to be turned into the next one, or None."""
    left = _left(home)
    known = home.repository.has  # a folder may be of a store that was replaced
    older = [note for note in left if note.id != current and (home.releases / note.id).is_dir() and known(note.id)]
    candidates = older[: max(0, len(older) - (KEPT - 1))]
    return next((note.id for note in candidates if _is_free(home, note)), None)


def _retire(home: Home, before: str | None, now: str) -> None:
    """Note that a folder left `current`, and remove the oldest beyond the pool that nobody can be in."""
    left = [note for note in _left(home) if note.id not in (before, now) and (home.releases / note.id).is_dir()]
    if before is not None:
        left.append(Left(before, _boot(), _uptime()))
    # one at a time: after many quick publishes of many files, none of the next ones takes long because of them
    oldest = next((note for note in left[: max(0, len(left) - POOL)] if _is_free(home, note)), None)
    if oldest is not None:
        doomed = home.releases / f".old-{oldest.id}"
        (home.releases / oldest.id).rename(doomed)
        remove_tree(doomed)
    remaining = [note._asdict() for note in left if note != oldest]
    # a power cut may take the notes, and takes all readers: then folders count as left just now
    exchange(home.state / "releases.json", json.dumps(remaining).encode(), synced=False)


def _left(home: Home) -> list[Left]:
    """The folders that were current, the oldest first; those that no note names count as left just now."""
    try:
        read = [Left(**note) for note in json.loads((home.state / "releases.json").read_text())]
    except (OSError, ValueError, TypeError):
        read = []
    standing = set(folders(home))
    notes = [note for note in read if note.id in standing and isinstance(note.seconds, int | float)]
    known = {note.id for note in notes} | {served(home)}
    strangers = [name for name in folders(home) if name not in known]
    return [*notes, *(Left(name, _boot(), _uptime()) for name in strangers)]


def _is_free(home: Home, note: Left) -> bool:
    """Whether no reader can be in a folder: its grace is over, and nobody holds a flock on it."""
    if note.boot == _boot() and _uptime() - note.seconds < GRACE_SECONDS:
        return False
    descriptor = os.open(home.releases / note.id, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _chmod_parents(folder: Path, paths: Iterable[str], mode: int) -> None:
    """Set the permissions of the folders on the way to paths; a file in a folder's place is shared, and stays."""
    for parent in _parents(paths):
        target = folder / parent
        if target.is_dir() and not target.is_symlink():
            target.chmod(mode)


def _seal(folder: Path) -> None:
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(_SEALED)


def _parents(paths: Iterable[str]) -> list[str]:
    """Every folder on the way to the paths, those above first."""
    found = {""}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(found)


def _remove_empty(folder: Path, paths: Iterable[str]) -> None:
    for parent in sorted({path.rpartition("/")[0] for path in paths}, reverse=True):
        here = parent
        while here:
            try:
                (folder / here).rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                    raise
                break
            here = here.rpartition("/")[0]


def _hash(path: Path) -> str:
    return str(pygit2.hashfile(str(path)))


def _mode(blob: Blob) -> int:
    return 0o555 if blob.executable else 0o444


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
