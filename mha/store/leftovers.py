"""What killed programs left in a home, and when it may be cleared away.

Rule 1: git brings objects in without the home's lock: a fetch, a push that arrives.
Whoever lets it shares the file `mha/arriving`, and git's children inherit that; so
the file is free only when nothing arrives.
Rule 2: whoever holds the home's lock and has that file alone clears; nobody else.
Rule 3: looking for it costs every writer; so it is looked for where it can be, and in
the 256 folders of loose objects only after a fetch, which alone unpacks into them.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mha.errors import HomeBusy
from mha.store import processes
from mha.store.files import remove_tree

WAIT_SECONDS = 15.0  # longer than anybody clears
_SCRATCH = r"\..+\.\d+(\.lock)?"  # of mha, by process
_PLACES = {  # folders, and what git, libgit2 and mha call their unfinished files there
    ".": rf"fast_import_crash_\d+|{_SCRATCH}",
    "objects": r"incoming-.+|tmp_objdir-.+|tmp_object_git2_.+|tmp_obj_.+",
    "objects/pack": r"tmp_.+|\.tmp-.+|pack-.+\.keep",
    "mha": rf"packing|{_SCRATCH}",
    "mha/contacts": _SCRATCH,
    "info": _SCRATCH,
    "hooks": _SCRATCH,
    "worktrees/work": rf"sharedindex_.+|{_SCRATCH}",
}
_NAMES = {folder: re.compile(pattern) for folder, pattern in _PLACES.items()}
_LOOSE = re.compile(r"tmp_obj_.+")


@contextmanager
def arriving(repository: Path, *, unpacks: bool = False) -> Iterator[int]:
    """While git brings objects in; its children must inherit the yielded descriptor. Raises HomeBusy.

    `unpacks`: it may leave unfinished files among the loose objects.
    """
    descriptor = _open(repository)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _locked(descriptor, fcntl.LOCK_SH):
            if time.monotonic() >= deadline:
                raise HomeBusy("a command that clears what others left behind")
            time.sleep(0.02)
        if unpacks:
            os.pwrite(descriptor, b"unpacked", 0)
        yield descriptor
    finally:
        os.close(descriptor)


def clear(repository: Path, *, thorough: bool = False) -> None:
    """Remove what killed programs left, unless something arrives now. Needs the home's lock."""
    with _alone(repository) as descriptor:
        if descriptor is None:
            return
        unpacked = os.fstat(descriptor).st_size > 0
        for name in _found(repository, loose=thorough or unpacked):
            remove_tree(repository / name)
        if unpacked:
            os.ftruncate(descriptor, 0)


def found(repository: Path) -> list[str]:
    """What killed programs left, by name; nothing is named while something arrives. Needs the home's lock."""
    with _alone(repository) as descriptor:
        return [] if descriptor is None else sorted(_found(repository, loose=True))


@contextmanager
def nothing_arrives(repository: Path) -> Iterator[None]:
    """Let nothing be brought in while the block runs; raises HomeBusy. Needs the home's lock.

    Whatever arrives now and wants the lock too gives up first.
    """
    deadline = time.monotonic() + 2 * WAIT_SECONDS
    while True:
        with _alone(repository) as descriptor:
            if descriptor is not None:
                yield
                return
        if time.monotonic() >= deadline:
            raise HomeBusy("a fetch or a push that is on its way")
        time.sleep(0.02)


@contextmanager
def _alone(repository: Path) -> Iterator[int | None]:
    descriptor = _open(repository)
    try:
        yield descriptor if _locked(descriptor, fcntl.LOCK_EX) else None
    finally:
        os.close(descriptor)


def _found(repository: Path, *, loose: bool) -> list[str]:
    names = [f"{place}/{name}" for place, wanted in _NAMES.items() for name in _listed(repository / place, wanted)]
    if loose:
        folders = [f"objects/{name}" for name in _listed(repository / "objects", re.compile("[0-9a-f]{2}"))]
        names += [f"{folder}/{name}" for folder in folders for name in _listed(repository / folder, _LOOSE)]
    return [name.removeprefix("./") for name in names if not _is_note_of_the_living(name)]


def _listed(folder: Path, wanted: "re.Pattern[str]") -> list[str]:
    with suppress(FileNotFoundError):
        return [name for name in os.listdir(folder) if wanted.fullmatch(name)]
    return []


def _is_note_of_the_living(name: str) -> bool:
    """Whether a process that runs may be writing it: what was seen of peers is noted without the home's lock."""
    return name.startswith("mha/contacts/") and processes.state(name.rpartition(".")[2]) not in ("", "Z", "X")


def _open(repository: Path) -> int:
    return os.open(repository / "mha" / "arriving", os.O_RDWR | os.O_CREAT, 0o600)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
