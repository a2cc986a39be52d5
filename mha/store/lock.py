"""The lock of a home: one writer at a time.

Rule 1: every writer of a home holds it; readers never do.
Rule 2: it is never held while a peer is asked, so that no peer can stop local work; but for a home that is
rebuilt, in which nobody shall work.
Rule 3: git children inherit it, so that it is free only when nothing of the
writer is left. Whoever holds it may therefore delete stale `*.lock` files, and
what else a killed writer left.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mha.errors import AgentRuns, HomeBusy, HomeOfAnother
from mha.store import git, leftovers, processes

WAIT_SECONDS = 15.0
_PASSES_SECONDS = 2.0
_PATTERNS = ("refs/**/*.lock", "packed-refs.lock", "config.lock", "HEAD.lock", "worktrees/work/*.lock")


@contextmanager
def held(repository: Path, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock of the home whose repository this is.

    Raises HomeBusy when another writer keeps it longer than `wait_seconds`.
    """
    with opened(repository) as descriptor:
        take(repository, descriptor, wait_seconds=wait_seconds)
        yield


@contextmanager
def alone(repository: Path) -> Iterator[None]:
    """Be the only agent of a home; raises AgentRuns."""
    descriptor = os.open(repository / "mha" / "agent", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AgentRuns(_holder(descriptor)) from None
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def opened(repository: Path) -> Iterator[int]:
    """The lock's file, opened and not yet locked; closing it gives the lock back once no child has it either."""
    try:
        descriptor = os.open(repository / "mha" / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as error:
        raise HomeOfAnother(str(repository.parent)) from error
    try:
        with git.inheriting(descriptor):
            yield descriptor
    finally:
        os.close(descriptor)


def take(repository: Path, descriptor: int, *, wait_seconds: float = WAIT_SECONDS) -> None:
    """Lock an opened lock file, and clear what a killed writer left behind; raises HomeBusy."""
    _wait(descriptor, wait_seconds)
    _sign(descriptor)
    remove_stale(repository)
    leftovers.clear(repository)


def persists(repository: Path, wrong: Callable[[], bool]) -> bool:
    """Whether something is wrong here, and not only until a command that is at work has set it right.

    Whoever only looks clears nothing that a killed writer left.
    """
    if not wrong():
        return False
    with opened(repository) as descriptor:
        try:
            _wait(descriptor, _PASSES_SECONDS)
        except HomeBusy:
            return False
        return wrong()


def remove_stale(repository: Path) -> list[str]:
    """Delete lock files that a killed writer left behind; only for the holder of the home's lock."""
    found = stale(repository)
    for name in found:
        (repository / name).unlink(missing_ok=True)
    return found


def left_behind(repository: Path) -> tuple[list[str], list[str]]:
    """The lock files and the unfinished files that killed programs left, by name.

    None are named while a command works here: they may be its own.
    """
    with opened(repository) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return [], []
        return stale(repository), leftovers.found(repository)


def stale(repository: Path) -> list[str]:
    """The lock files of git that stand there now, by name."""
    return [str(path.relative_to(repository)) for pattern in _PATTERNS for path in sorted(repository.glob(pattern))]


def _wait(descriptor: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = _holder(descriptor)
                stopped = processes.state(holder.removeprefix("process ")) in ("T", "t")
                raise HomeBusy(holder, stopped=stopped) from None
            time.sleep(0.02)
        else:
            return


def _sign(descriptor: int) -> None:
    """Say in a locked file who has it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}".encode(), 0)


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode("ascii", "replace") or "another command"
