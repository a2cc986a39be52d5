"""The git executable: a scrubbed environment, a deadline for every run, no shell.

Rule 1: push, fetch, ls-remote, receive-pack, fsck and repack are git's work;
reading and writing single objects is pygit2's.
Rule 2: an exit code proves nothing about a peer. Callers read back.
"""

import errno
import os
import re
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from mha.errors import DiskFull, GitFailed, GitMissing, MhaError
from mha.store.files import exchange, is_full

Progress = Callable[[str], None]  # hears each line that git writes of how far it is

NEEDED = (2, 36)  # fetch --refetch, core.fsync
LOCAL_SECONDS = 3600.0
_GONE_SECONDS = 5.0
TRANSFER_SECONDS = 6 * 3600.0  # however much moves
_TALK_BYTES = 16 << 20  # that a peer may have git write; an hour of progress is less than one

TRANSFER_BYTES = 4 << 30  # of one push or fetch, compressed as it is sent
MEMORY_BYTES = 768 << 20  # of each git that reads what a peer sends; a thousandth of it may inflate to more
CPU_SECONDS = 600  # of each git that reads what a peer sends; 4 GiB take a part of it

_SETTINGS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ADVICE": "0",
    "LC_ALL": "C",
}


class Done(NamedTuple):
    """What a run of git came to."""

    code: int
    out: bytes
    err: str
    timed_out: bool = False

    @property
    def complaint(self) -> str:
        """The most telling lines that git wrote, as one."""
        if self.timed_out:
            return "no answer within the deadline"
        if self.code == -signal.SIGPIPE and not self.err.strip():
            return "it hung up before the end"
        return complaint(self.err)


_SAY_NOTHING = (  # what git adds when the other side ended; the reason stands before it
    "fatal: Could not read from remote repository.", "fatal: the remote end hung up", "Please make sure you have",
    "and the repository exists.", "remote: Judged ",
)  # fmt: skip
_FULL = (os.strerror(errno.ENOSPC), "Out of diskspace")
_children: "set[subprocess.Popen[bytes]]" = set()  # those running now, so that Ctrl-C leaves none behind
_inherited: set[int] = set()  # the lock of a home: whatever git does for its holder is done under it
_TIMED_OUT = Done(-1, b"", "", timed_out=True)
_TALKS_ON = Done(-1, b"", "fatal: it says more than any server does")
SIDE_BY_SIDE = ("-c", "checkout.workers=4")  # many files are written in a half of the time, also by two processors
_LIMITED = 'ulimit -d "$1" && ulimit -f "$2" && ulimit -t "$3" && shift 3 && exec git "$@"'
_FEW_THREADS = ("-c", "pack.threads=2")  # each takes memory of its own


def silent(line: str) -> None:
    """Show no progress."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that git and its children run in: nothing inherited that could steer it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LC_", "LANG"))}
    return {**kept, **_SETTINGS, **(extra or {})}


def settings(chosen: Mapping[str, str]) -> dict[str, str]:
    """Settings for one run of git, as its environment has them."""
    numbered = list(enumerate(chosen.items()))
    keys = {f"GIT_CONFIG_KEY_{n}": key for n, (key, _) in numbered}
    return keys | {f"GIT_CONFIG_VALUE_{n}": v for n, (_, v) in numbered} | {"GIT_CONFIG_COUNT": str(len(numbered))}


def run(
    *arguments: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    seconds: float = LOCAL_SECONDS,
    umask: int = -1,
) -> Done:
    """Run git to its end, or kill it and all its children at the deadline."""
    with started(*arguments, env=env, umask=umask) as child:
        return _ended(child, stdin, seconds)


@contextmanager
def beside(*arguments: str, stdin: bytes, env: Mapping[str, str] | None = None) -> Iterator[Callable[[], Done]]:
    """Let git run on this machine while the block does something else; what is yielded waits for its end."""
    with spoken(stdin) as words, started(*arguments, env=env, stdin=words) as child:
        yield lambda: _ended(child, None, LOCAL_SECONDS)


@contextmanager
def spoken(text: bytes) -> Iterator[int]:
    """What a git is to read, as an open file: unlike a pipe it takes all of it at once."""
    words = os.memfd_create("words")
    try:
        os.write(words, text)
        os.lseek(words, 0, os.SEEK_SET)
        yield words
    finally:
        os.close(words)


def transfer(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    idle_seconds: Callable[[], float],
    seconds: float | None = None,
    bounded: bool = True,
    on_line: Callable[[str], None],
    pass_fds: Sequence[int] = (),
    stdin: int | None = None,
    stdout: int | None = None,
) -> Done:
    """Run a git that talks to a peer or reads and writes an open file, and kill it when nothing moves for so long.

    It may take long (see TRANSFER_SECONDS; `seconds` says otherwise), but not for ever. Where it is not `bounded`,
    because the administrator chose what is read, it may take as much of the machine as it likes.
    `on_line` is called with each line of progress that git writes; what it says may change the patience that is due,
    which is `idle_seconds`.
    """
    collected: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    deadline = time.monotonic() + (TRANSFER_SECONDS if seconds is None else seconds)
    words = (*_FEW_THREADS, *arguments)
    with (
        started(*words, env=env, pass_fds=pass_fds, bounded=bounded, stdin=stdin, stdout=stdout) as child,
        selectors.DefaultSelector() as ready,
    ):
        if child.stdin is not None:
            child.stdin.close()
        for pipe, name in ((child.stdout, "out"), (child.stderr, "err")):
            if pipe is not None:
                ready.register(pipe, selectors.EVENT_READ, name)
        while ready.get_map():
            left = deadline - time.monotonic()
            events = ready.select(min(idle_seconds(), left)) if left > 0 else []
            if not events:
                end(child)
                return _TIMED_OUT
            for key, _ in events:
                data = os.read(key.fd, 65536)
                collected[key.data] += data
                if len(collected[key.data]) > _TALK_BYTES:
                    end(child)
                    return _TALKS_ON
                if not data:
                    ready.unregister(key.fileobj)
                elif key.data == "err":
                    _tell(data, on_line)
        child.wait()
    return Done(child.returncode, bytes(collected["out"]), collected["err"].decode("utf-8", "replace"))


def _tell(data: bytes, on_line: Progress) -> None:
    for line in re.split(rb"[\r\n]+", data.strip()):
        on_line(line.decode("utf-8", "replace"))


def checked(what: str, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """Run git on this machine and return its output; raises GitFailed saying `what` it could not do."""
    done = run(*arguments, stdin=stdin, env=env)
    if done.code != 0:
        raise failure(what, done)
    return done.out


def failure(what: str, done: Done, folder: Path | None = None) -> MhaError:
    """The error for a run of git on this machine that failed to do `what`; `folder` is where it was to write.

    git does not always say that a disk is full.
    """
    full = any(sign in done.err for sign in _FULL) or (folder is not None and is_full(folder))
    return DiskFull() if full else GitFailed(what, done.complaint)


def check_out(git_dir: Path, oid: str, folder: Path) -> None:
    """Write all files of a revision into a new folder, byte by byte as they are stored; raises GitFailed."""
    folder.mkdir()
    index = git_dir / "mha" / f".index.{os.getpid()}"
    env = {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": str(index)}
    # whoever may run a file must be told from its mode
    done = run(*SIDE_BY_SIDE, "read-tree", "-m", "-u", oid, env=env, umask=0o022)
    index.unlink(missing_ok=True)
    if done.code != 0:
        raise failure(f"write the files of revision {oid[:10]}", done, git_dir)


@contextmanager
def started(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    piped: bool = True,
    stdin: int | None = None,
    stdout: int | None = None,
    umask: int = -1,
    bounded: bool = False,
) -> Iterator["subprocess.Popen[bytes]"]:
    """A running git, in a process group of its own; it does not outlive the block. `stdin`, `stdout` are open files.

    It must be `bounded` where it reads what a peer sends.
    """
    stream = subprocess.PIPE if piped else None
    try:
        child = subprocess.Popen(
            _bounded(*arguments) if bounded else ["git", *arguments],
            stdin=stream if stdin is None else stdin,
            stdout=stream if stdout is None else stdout,
            stderr=stream,
            env=environment(env),
            pass_fds=(*pass_fds, *_inherited),
            start_new_session=piped,
            umask=umask,
        )
    except FileNotFoundError as error:
        raise GitMissing("none", _dotted(NEEDED)) from error
    _children.add(child)
    try:
        yield child
    finally:
        _children.discard(child)
        if child.poll() is None:
            end(child)
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()


def _ended(child: "subprocess.Popen[bytes]", stdin: bytes | None, seconds: float) -> Done:
    """What a run of git comes to; it is ended at the deadline."""
    try:
        out, err = child.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        end(child)
        return _TIMED_OUT
    return Done(child.returncode, out, err.decode("utf-8", "replace"))


def receiving(git_dir: Path) -> tuple[str, ...]:
    """The words of a git that takes what a peer sends: nothing that it sends runs a program, or takes what it likes.

    Its hooks are those of this repository, wherever its configuration says that they are.
    """
    settings = (
        f"core.hooksPath={git_dir / 'hooks'}",
        "pack.threads=2", f"receive.maxInputSize={TRANSFER_BYTES}", "receive.fsck.badFilemode=error",
        "gpg.program=false", "gpg.x509.program=false", "gpg.ssh.program=false",  # a push may carry a signature
    )  # fmt: skip
    return (*(word for setting in settings for word in ("-c", setting)), "receive-pack", str(git_dir))


def _bounded(*arguments: str) -> list[str]:
    """The command of a git that may take, as all that it starts, no more than so much of this machine.

    A shell sets the limits before git runs: from outside they come too late for a child that git has started by then.
    """
    units = ((resource.RLIMIT_DATA, MEMORY_BYTES, 1024), (resource.RLIMIT_FSIZE, TRANSFER_BYTES, 512),
             (resource.RLIMIT_CPU, CPU_SECONDS, 1))  # fmt: skip
    limits = [str(_allowed(kind, most) // unit) for kind, most, unit in units]
    return ["sh", "-c", _LIMITED, "sh", *limits, *arguments]


def _allowed(kind: int, most: int) -> int:
    _, hard = resource.getrlimit(kind)
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


@contextmanager
def inheriting(descriptor: int) -> Iterator[None]:
    """Let every git that is started in the block have an open file too."""
    _inherited.add(descriptor)
    try:
        yield
    finally:
        _inherited.discard(descriptor)


def end(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child and all that it started, and wait until it is gone."""
    with suppress(ProcessLookupError):
        if child.stderr is not None:  # it leads a group, which outlives it
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    with suppress(subprocess.TimeoutExpired):  # a child that hangs in a dead mount cannot be waited for
        child.wait(timeout=_GONE_SECONDS)


def end_all() -> None:
    """Kill every git that is running for this process, and what it started."""
    for child in list(_children):
        end(child)


def require_version(noted: Path | None = None) -> None:
    """Raises GitMissing where git is absent or too old.

    `noted` is where the program that was asked last is noted, so that it is not asked by every command.
    """
    found_at = (f"{folder}/git" for folder in os.get_exec_path())
    program = next((path for path in found_at if os.path.isfile(path) and os.access(path, os.X_OK)), None)
    if program is None:
        raise GitMissing("none", _dotted(NEEDED))
    file = os.stat(program)
    known = f"{program} {file.st_ino} {file.st_size} {file.st_mtime_ns}\n"
    with suppress(OSError):
        if noted is not None and noted.read_text("utf-8", "replace") == known:
            return
    found = run("--version").out.decode("ascii", "replace").strip()
    match = re.search(r"(\d+)\.(\d+)", found)
    if match is None or (int(match[1]), int(match[2])) < NEEDED:
        raise GitMissing(found or "none", _dotted(NEEDED))
    with suppress(OSError):
        if noted is not None:
            exchange(noted, known.encode(), synced=False)


def complaint(err: str) -> str:
    """The lines of git's stderr that say what went wrong, without its advice."""
    lines = [line.strip() for line in err.replace("\r", "\n").split("\n")]
    of_mha = [line.partition("Error:")[2].strip() for line in lines if line.startswith(("remote: Error:", "Error:"))]
    if any(of_mha):
        return next(filter(None, of_mha))
    said = [line for line in lines if line and not line.startswith(_SAY_NOTHING)]
    telling = [line for line in said if line.startswith(("fatal:", "error:", "ssh:", "ERROR:"))]
    chosen = telling or said
    return re.sub(r"^(fatal|error|ERROR): ", "", chosen[0]) if chosen else "git gave no reason"


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
