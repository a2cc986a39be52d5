"""Every system call that writes, of a program and of all that it starts, one by one: counted, killed at, or failed.

As `strace -f -e inject=…:when=N`, with two differences that matter here. The kernel
holds each call until this process answers (seccomp's user notification), so N counts
over all processes together; and a call is known by what it writes to, so that a full
disk fails files and leaves pipes alone.

`run(["publish", …], plan=Plan(at=7, effect=Effect.KILL_ALL))` runs the command line;
with `held="mha.cli.serve"` only whoever receives its pushes is held.
"""

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 150.0

# name -> number on x86_64, number on aarch64 (None: it has none), and where its arguments say what it writes to:
# an argument that is a file descriptor, or a pair of arguments, a folder's descriptor (None: there is none) and a path
_Place = int | tuple[int | None, int]
_CALLS: dict[str, tuple[int | None, int | None, _Place]] = {
    "write": (1, 64, 0), "pwrite64": (18, 68, 0), "writev": (20, 66, 0), "pwritev": (296, 70, 0),
    "sendfile": (40, 71, 0), "copy_file_range": (326, 285, 2), "splice": (275, 76, 2),
    "open": (2, None, (None, 0)), "creat": (85, None, (None, 0)), "openat": (257, 56, (0, 1)),
    "rename": (82, None, (None, 1)), "renameat": (264, 38, (2, 3)), "renameat2": (316, 276, (2, 3)),
    "link": (86, None, (None, 1)), "linkat": (265, 37, (2, 3)),
    "symlink": (88, None, (None, 1)), "symlinkat": (266, 36, (1, 2)),
    "unlink": (87, None, (None, 0)), "unlinkat": (263, 35, (0, 1)), "rmdir": (84, None, (None, 0)),
    "mkdir": (83, None, (None, 0)), "mkdirat": (258, 34, (0, 1)),
    "fsync": (74, 82, 0), "fdatasync": (75, 83, 0), "syncfs": (306, 267, 0), "sync_file_range": (277, 84, 0),
    "truncate": (76, 45, (None, 0)), "ftruncate": (77, 46, 0), "fallocate": (285, 47, 0),
    "chmod": (90, None, (None, 0)), "fchmod": (91, 52, 0), "fchmodat": (268, 53, (0, 1)),
    "utimensat": (280, 88, (0, 1)),
}  # fmt: skip
_COLUMN = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
_NAMES = {n: name for name, (x86, arm, _) in _CALLS.items() if (n := arm if _COLUMN else x86) is not None}
_FLAGS = {"open": 1, "openat": 2}  # which argument holds the flags
_WRITING_FLAGS = os.O_CREAT | os.O_TRUNC
NEED_ROOM = frozenset(_CALLS) - {"unlink", "unlinkat", "rmdir", "chmod", "fchmod", "fchmodat", "utimensat", "ftruncate"}

_NOTIFICATION, _ANSWER = struct.Struct("QIIiIQ6Q"), struct.Struct("QqiI")
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND
_CONTINUE = 1
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_NEW_LISTENER = 1 << 3
_NO_NEW_PRIVILEGES = 38  # prctl(2)
_HERE = -100  # AT_FDCWD


class Effect(Enum):
    """What happens at the chosen call."""

    KILL_ONE = "only this process dies"
    KILL_ALL = "all die at once"
    NO_SPACE = errno.ENOSPC
    BROKEN = errno.EIO


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens, and at which call: the n-th of those that are meant."""

    at: int
    effect: Effect
    name: str | None = None  # only calls of this name are meant
    to: str = ""  # only calls with this in what they write to are meant
    lasting: bool = False  # each one from there on fails
    below: Path | None = None  # only calls that write to files below this folder are meant

    def __str__(self) -> str:
        which = f"{self.name or 'call'} {self.at}{'+' * self.lasting}"
        return f"{self.effect.name.lower().replace('_', ' ')} at {which}{' to ' * bool(self.to)}{self.to}"

    def means(self, call: "Call") -> bool:
        if self.effect is Effect.NO_SPACE and call.name not in NEED_ROOM:
            return False
        if self.name not in (None, call.name) or self.to not in call.target:
            return False
        return self.below is None or call.target == str(self.below) or call.target.startswith(f"{self.below}/")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that writes: who made it, its name, and the file, pipe or socket that it writes to."""

    program: str
    name: str
    target: str

    def __str__(self) -> str:
        return f"{self.name}({self.target}) of {self.program}"


@dataclass
class Ran:
    """How a program ended, and what it wrote to meanwhile."""

    code: int
    out: str
    err: str
    calls: list[Call]
    hit: Call | None = None  # where the plan struck


def reason_against() -> str | None:
    """Why calls cannot be held here, or None."""
    if _COLUMN is None:
        return f"the numbers of {platform.machine()}'s system calls are not listed in tests/reliability/syscalls.py"
    available = Path("/proc/sys/kernel/seccomp/actions_avail")
    if not available.exists() or "user_notif" not in available.read_text():
        return "this kernel has no seccomp user notification (Linux 5.5 and newer has)"
    return None


def run(arguments: Sequence[str], *, plan: Plan | None = None, held: str = "mha") -> Ran:
    """Run the real command line and hold it, or with another `held` the module of that name; wait until all is gone."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/held")
        listener.listen(16)
        environment = {
            **os.environ, "PYTHONPATH": f"{Path(__file__).parent / 'held'}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1",
            "TESTS_HOLD": held, "TESTS_HOLD_AT": f"{folder}/held", "TESTS_MARK": mark
        }  # fmt: skip
        with open(f"{folder}/out", "wb") as out, open(f"{folder}/err", "wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "mha", *arguments],
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip
        supervisor = _Supervisor(plan, mark, process, listener)
        try:
            supervisor.serve()
        finally:
            supervisor.end()
        said, complained = (Path(folder, name).read_text(errors="replace") for name in ("out", "err"))
    return Ran(process.returncode, said, complained, supervisor.calls, supervisor.hit)


@dataclass
class _Supervisor:
    """Answers the kernel for each held call, until nothing of the program is left."""

    plan: Plan | None
    mark: str
    process: "subprocess.Popen[bytes]"
    listener: socket.socket
    calls: list[Call] = field(default_factory=list)
    hit: Call | None = None
    _held: dict[int, int] = field(default_factory=dict)  # the descriptor that notifies, and the process it began with
    _meant: int = 0

    def serve(self) -> None:
        """Answer until the program has ended, and with it all that it started."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None or self._held or _with(f"TESTS_MARK={self.mark}"):
            assert time.monotonic() < deadline, f"not at its end after {DEADLINE_SECONDS} seconds: {self.calls[-3:]}"
            poll = select.poll()
            for descriptor in (self.listener.fileno(), *self._held):
                poll.register(descriptor, select.POLLIN)
            for descriptor, event in poll.poll(20):
                if descriptor == self.listener.fileno():
                    self._accept()
                elif event & select.POLLIN:
                    self._answer(descriptor)
                else:  # nobody is left who could be held
                    os.close(descriptor)
                    del self._held[descriptor]
            if self._dying:
                self._kill_all()

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        self._kill_all()
        self.process.wait()
        for descriptor in self._held:
            os.close(descriptor)
        for pid in _with(f"TESTS_MARK={self.mark}"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def _dying(self) -> bool:
        return self.hit is not None and self.plan is not None and self.plan.effect is Effect.KILL_ALL

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            message, descriptors, _, _ = socket.recv_fds(connection, 16, 1)
            self._held[descriptors[0]] = int(message)

    def _answer(self, descriptor: int) -> None:
        notification = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(descriptor, _RECEIVE, notification)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):  # it died, or was interrupted, in the meantime
                return
            raise
        token, pid, _, number, _, _, *arguments = _NOTIFICATION.unpack(notification)
        call = _call(pid, _NAMES[number], arguments)
        self.calls.append(call)
        failure = self._strike(call, pid)
        if self._dying:
            return  # held for ever: nothing is written any more
        answer = (token, 0, 0, _CONTINUE) if failure == 0 else (token, 0, -failure, 0)
        with suppress(FileNotFoundError):  # it has died, or will ask again after a signal
            fcntl.ioctl(descriptor, _SEND, _ANSWER.pack(*answer))

    def _strike(self, call: Call, pid: int) -> int:
        """Let the plan happen, if it is this call's turn; returns the error that the call is to give, or 0."""
        if self.plan is None or not self.plan.means(call):
            return 0
        self._meant += 1
        if self._meant < self.plan.at or (self._meant > self.plan.at and not self.plan.lasting):
            return 0
        self.hit = self.hit or call
        if self.plan.effect is Effect.KILL_ONE:
            os.kill(pid, signal.SIGKILL)
        return self.plan.effect.value if isinstance(self.plan.effect.value, int) else 0

    def _kill_all(self) -> None:
        """Kill what is held; what a dying process has just started is found the next time."""
        for pid in {*self._held.values(), *_with(f"TESTS_HELD={self.listener_path}")}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def listener_path(self) -> str:
        return str(self.listener.getsockname())


def submit(address: str) -> None:
    """Have the writing calls of this process, and of all that it starts, held by whoever listens at an address."""
    assert _COLUMN is not None
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = _filter()
    code = ctypes.create_string_buffer(filter_)
    program = struct.pack("HxxxxxxQ", len(filter_) // 8, ctypes.addressof(code))
    if os.geteuid() != 0:
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        notifier = libc.syscall(_SECCOMP[platform.machine()], 1, _NEW_LISTENER, program)
        assert notifier >= 0, os.strerror(ctypes.get_errno())
        socket.send_fds(connection, [str(os.getpid()).encode()], [notifier])
    os.close(notifier)
    os.environ["TESTS_HELD"] = address


def _filter() -> bytes:
    """The filter as the kernel runs it: each call that writes is held, an open one only if it makes or empties."""
    load, equal, has, answer = 0x20, 0x15, 0x45, 0x06
    allow, hold = 0x7FFF0000, 0x7FC00000
    plain = [number for number, name in _NAMES.items() if name not in _FLAGS]
    opening = [(number, _FLAGS[name]) for number, name in _NAMES.items() if name in _FLAGS]
    steps: list[tuple[int, int, int, int]] = [(load, 0, 0, 0)]
    for number, argument in opening:  # not this one: the next three are passed over
        steps += [(equal, 0, 4, number), (load, 0, 0, 16 + 8 * argument), (has, 0, 1, _WRITING_FLAGS)]
        steps += [(answer, 0, 0, hold), (answer, 0, 0, allow)]
    for number in plain:
        steps += [(equal, 0, 1, number), (answer, 0, 0, hold)]
    steps.append((answer, 0, 0, allow))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _call(pid: int, name: str, arguments: Sequence[int]) -> Call:
    words = _read(f"/proc/{pid}/cmdline").decode("utf-8", "replace").split("\0")
    return Call(_program(words), name, _target(pid, _CALLS[name][2], arguments))


def _program(words: Sequence[str]) -> str:
    """A process by what it was started as: `git update-index`, `sh pre-receive`, `mha`, `mha.cli.serve`."""
    name = os.path.basename(words[0])
    if "-m" in words:
        return words[words.index("-m") + 1]
    if name == "git":
        return f"git {next((word for word in words[1:] if not word.startswith('-')), '')}"
    return " ".join([name, *(os.path.basename(word) for word in words[1:2])])


def _target(pid: int, place: _Place, arguments: Sequence[int]) -> str:
    """The path of the file that a call writes to; for a pipe or a socket what /proc calls it."""
    if isinstance(place, int):
        return _link(f"/proc/{pid}/fd/{ctypes.c_int(arguments[place]).value}")
    folder, path = place
    descriptor = _HERE if folder is None else ctypes.c_int(arguments[folder]).value
    start = _link(f"/proc/{pid}/cwd" if descriptor == _HERE else f"/proc/{pid}/fd/{descriptor}")
    return os.path.normpath(os.path.join(start, _string(pid, arguments[path])))


def _string(pid: int, address: int) -> str:
    """The text at an address of another process; empty at no address."""
    if address == 0:
        return ""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            data = memory.read(4096 - address % 4096)
            if b"\0" not in data:
                data += memory.read(4096)
    except OSError:
        return ""
    return os.fsdecode(data.partition(b"\0")[0])


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _with(variable: str) -> list[int]:
    """The processes that were started with an environment variable."""
    wanted = os.fsencode(variable)
    numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [number for number in numbers if wanted in _read(f"/proc/{number}/environ").split(b"\0")]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
