"""Processes that die between two writes, as with `kill -9` or a power switch.

`run(operation, …, die_at=7)` runs an operation in a process of its own, which ends
without any cleaning up right before its seventh write to the store: a file or
folder made, renamed or removed, an object or a reference written, a git started.
`receiver_dies_at` does the same to whoever receives its pushes.
"""

import atexit
import ctypes
import functools
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from mha.cli.boundary import INTERRUPTED
from mha.errors import MhaError

ROOT = Path(__file__).parent.parent
_DIED = 99
_SET_CHILD_SUBREAPER = 36  # prctl(2)
_OF_OBJECTS = {  # methods, by the type of their object
    "BufferedWriter": {"write", "close", "__exit__"},
    "TextIOWrapper": {"write"},
    "Repository": {"write", "create_blob", "create_reference_direct"},
    "TreeBuilder": {"write"},
    "Reference": {"delete"},
    "Lib": {"git_transaction_commit"},
}
_OF_MODULES = {
    "posix": {"rename", "replace", "unlink", "symlink", "link", "mkdir", "rmdir", "chmod", "ftruncate", "fsync"},
    "_posixsubprocess": {"fork_exec"},
}


class Ending(StrEnum):
    """How a process ended."""

    DONE = "done"
    REFUSED = "refused"  # with one of mha's own errors
    DIED = "died"
    INTERRUPTED = "interrupted"  # as the command line ends then


_ENDINGS = {0: Ending.DONE, 1: Ending.REFUSED, _DIED: Ending.DIED, INTERRUPTED: Ending.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and what the error said."""

    ending: Ending
    said: str = ""


def run(
    operation: Callable[..., object],
    *args: object,
    die_at: int | None = None,
    receiver_dies_at: int | None = None,
    **kwargs: object,
) -> Ended:
    """Run a module's function in a process of its own, and wait for it and all that it started."""
    environment = dict(os.environ)
    if receiver_dies_at is not None:
        environment |= {"TESTS_RECEIVER_DIES_AT": str(receiver_dies_at), "PYTHONPATH": str(ROOT / "tests" / "receiver")}
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    pickle.dump((environment, die_at, operation, args, kwargs), server.stdin)
    server.stdin.flush()
    code, said = pickle.load(server.stdout)
    assert code in _ENDINGS, said
    return Ended(_ENDINGS[code], said)


def at_each_write(operation: Callable[..., object], *args: object, step: int = 1) -> Iterator[int]:
    """Let an operation die at its first write, then at its second, … until it comes to its end.

    The caller builds the scene anew and looks at the damage in between; the last round ends by itself.
    """
    at = 1
    while run(operation, *args, die_at=at).ending is Ending.DIED:
        yield at
        at += step
    yield at


def die_before_write(number: int) -> None:
    """End this process right before its n-th write, counted over all its threads."""
    _before_write(number, lambda: os._exit(_DIED))


def interrupt_before_write(number: int, pressed: Path) -> None:
    """Press Ctrl-C right before this process's n-th write, and leave a file as a sign that it came to that."""

    def press() -> None:
        pressed.touch()
        os.kill(os.getpid(), signal.SIGINT)

    _before_write(number, press)


def _before_write(number: int, act: Callable[[], None]) -> None:
    count = 0

    def profile(_frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        if event in ("c_call", "c_return") and _is_write(argument, event):
            count += 1
            if count == number:
                act()

    threading.setprofile(profile)
    sys.setprofile(profile)


def _is_write(function: Any, event: str) -> bool:
    if function.__name__ == "fork_exec":  # also right after a git was started: it goes on alone
        return True
    if event == "c_return":
        return False
    owner = type(function.__self__).__name__
    return function.__name__ in (
        _OF_MODULES.get(function.__self__.__name__, ()) if owner == "module" else _OF_OBJECTS.get(owner, ())
    )


@functools.cache
def _server() -> "subprocess.Popen[bytes]":
    """One process that forks all the others: it has no threads, and its modules are imported once."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faults"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    atexit.register(server.communicate)
    return server


def _serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Fork for each job, and wait until nothing of it is left: what a dead process started comes to this one."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)
    while True:
        try:
            job = pickle.load(jobs)
        except EOFError:
            return
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os._exit(_work(*job, said=write))
        os.close(write)
        with os.fdopen(read, "rb") as file:
            said = file.read().decode()
        pickle.dump((_status_of(child), said), answers)
        answers.flush()


def _status_of(child: int) -> int:
    """The exit code of a child, once all children are gone."""
    code = -1
    while True:
        try:
            process, status = os.wait()
        except ChildProcessError:
            return code
        if process == child:
            code = os.waitstatus_to_exitcode(status)


def _work(
    environment: dict[str, str], die_at: int | None, operation: Callable[..., object],
    args: tuple[object, ...], kwargs: dict[str, object], *, said: int,
) -> int:  # fmt: skip
    os.environ.clear()
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    code = 0
    try:
        if die_at is not None:
            die_before_write(die_at)
        operation(*args, **kwargs)
    except MhaError as error:
        sys.setprofile(None)
        code = 1
        os.write(said, f"{type(error).__name__}: {error.message}".encode())
    except SystemExit as end:  # of a whole command line
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001  # whatever it is, the test that asked hears of it
        sys.setprofile(None)
        code = 2
        os.write(said, traceback.format_exc().encode())
    sys.setprofile(None)
    return code


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
