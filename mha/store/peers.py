"""Peers: asked, fetched from and pushed to through the git executable, each with a deadline.

Rule 1: a path and ssh are reached by the same commands and the same receiving side.
Rule 2: an exit code proves nothing; what a push came to is the receiver's word, which is asked for if it was lost.
Rule 3: no home's lock is held while a peer is talked to.
"""

import errno
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from mha.core.changes import escaped
from mha.core.names import Peer
from mha.core.reception import outcome_in
from mha.errors import FULL, DiskFull
from mha.ids import is_id
from mha.store import git, leftovers
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import CURRENT, KEEP, MAIN, SERVER

ASK_SECONDS = 10.0  # for a whole answer
CONNECT_SECONDS = 5
IDLE_SECONDS = 30.0  # of a transfer in which nothing moves; a receiver may wait 15 for its home's lock
IN_FLIGHT_BYTES = 2 << 20  # what ssh takes before the peer has read it
SLOW_BYTES = 32 << 10  # a second, of the slowest line that a push is made for
SHARED_SECONDS = 600  # for which one connection is used at most
AT_ONCE = 128
_MOST_SIDES = 100  # that are looked at: no collision has so many, and a peer may say what it likes

_WRITTEN = re.compile(r"Writing objects: .*, ([0-9.]+) (bytes|KiB|MiB|GiB)")
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

_T = TypeVar("_T")
_U = TypeVar("_U")


class Answer(NamedTuple):
    """What a peer says when it is asked: who it is, what it has, what it serves."""

    fault: str = ""  # why it did not answer; empty where it did
    silent: bool = True  # with a fault: nothing was heard; False: its host refused, or this server could not even ask
    head: str | None = None
    current: str | None = None
    name: str | None = None  # who answered; None where the home has not joined a cluster
    introduction: str | None = None  # the first revision of its cluster
    kept: tuple[str, ...] = ()  # the heads of other sides that it keeps


class Pushed(NamedTuple):
    """What a push came to: the peer's own word, and git's complaint, which only explains it."""

    answer: Answer
    complaint: str | None
    pending: bool = (
        False  # whether the receiver may still take it: it has what was sent, and never said what became of it
    )


def ask(home: Home, peer: Peer, *, seconds: float = ASK_SECONDS) -> Answer:
    """Ask a peer for its heads: one connection, no objects."""
    if peer.url.is_ssh and not (home.state / "key").exists():  # ssh would only say that the peer refuses
        return Answer(fault="this server's own key is missing: mha.git/mha/key", silent=False)
    done = _listing(home, peer, seconds)
    if done.code != 0 and not _may_be_read(peer):
        return Answer(fault="its home cannot be read by this account", silent=False)
    if done.code != 0:
        return Answer(fault=_plain(done), silent=not _is_refusal(done))
    refs = references(done.out)
    if done.out and not refs:
        return Answer(fault="what it answers is not understood: another format of git, or none")
    name, introduction = next(
        ((escaped(n.removeprefix(SERVER)), i) for n, i in refs.items() if n.startswith(SERVER)), (None, None)
    )
    kept = tuple(sorted(oid for ref, oid in refs.items() if ref.startswith(KEEP)))[:_MOST_SIDES]
    return Answer(head=refs.get(MAIN), current=refs.get(CURRENT), name=name, introduction=introduction, kept=kept)


def fetch(
    home: Home, peer: Peer, *, kept: Iterable[str] = (), progress: Progress = silent, refetch: bool = False
) -> str | None:
    """Fetch the objects of a peer's `main`, and of some sides that it has `kept`; returns why it failed, or None.

    No reference moves: whoever asked looks at the objects first. `refetch` brings also those that should be here.
    """
    arguments = ["fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--progress"]
    arguments += ["--refetch"] if refetch else []
    try:
        with leftovers.arriving(home.git_dir, unpacks=True) as shared:
            done = git.transfer(
                *arguments, "--", peer.url.repository, MAIN, *(f"{KEEP}{oid}" for oid in kept),
                env=_environment(home, peer), idle_seconds=lambda: IDLE_SECONDS, on_line=progress, pass_fds=(shared,),
            )  # fmt: skip
    except OSError as error:
        return f"this server's own disk failed: {error.strerror}"
    return None if done.code == 0 else _plain(done, writer="this server's own disk")


def push(home: Home, peer: Peer, oid: str, *, progress: Progress = silent) -> Pushed:
    """Push a revision to a peer's `main`, forward only."""
    done = _push(home, peer, f"{oid}:{MAIN}", progress)
    outcome = outcome_in(done.err)
    answer = ask(home, peer) if outcome is None else Answer(head=outcome[0], current=outcome[1])
    return Pushed(answer, None if done.code == 0 else _plain(done), pending=outcome is None and _is_pending(done))


def push_kept(home: Home, peer: Peer, oid: str) -> str | None:
    """Pin a diverged head on a peer; returns the complaint, or None."""
    done = _push(home, peer, f"{oid}:{KEEP}{oid}", silent)
    return None if done.code == 0 else _plain(done)


def references(listing: bytes) -> dict[str, str]:
    """The references of `git ls-remote`, by name; lines of another form are passed over."""
    found = {}
    for line in listing.decode("utf-8", "replace").split("\n"):
        oid, tab, name = line.partition("\t")
        if tab and is_id(oid):
            found[name] = oid
    return found


def side_by_side(work: Callable[[_T], _U], items: Iterable[_T]) -> list[_U]:
    """Do the same with each item at the same time; the results are in the items' order."""
    listed = list(items)
    if len(listed) < 2:
        return [work(item) for item in listed]
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(min(AT_ONCE, len(listed)))
    try:
        return list(pool.map(work, listed))
    except BaseException:  # Ctrl-C: the threads end when their children do
        git.end_all()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _push(home: Home, peer: Peer, refspec: str, progress: Progress) -> git.Done:
    arguments = ["push", "--porcelain", "--no-verify", "--progress"]
    if not peer.url.is_ssh:
        receiver = [sys.executable, "-P", "-m", "mha.cli.serve", home.name]
        arguments.append(f"--receive-pack={shlex.join(receiver)}")
    written = 0

    def on_line(line: str) -> None:
        nonlocal written
        written = max(written, _written(line))
        progress(line)

    return git.transfer(
        *arguments, "--", peer.url.repository, refspec,
        env=_environment(home, peer), on_line=on_line,
        idle_seconds=lambda: IDLE_SECONDS + min(written, IN_FLIGHT_BYTES) / SLOW_BYTES,
    )  # fmt: skip


def _is_pending(done: git.Done) -> bool:
    """Whether a push ended after it was sent and before the receiver's verdict came."""
    sent = done.timed_out or "Writing objects:" in done.err
    return done.code != 0 and sent and b"rejected]" not in done.out


def _listing(home: Home, peer: Peer, seconds: float) -> git.Done:
    """Run `git ls-remote`; where a shared connection fails it, once more over a new one, if there is time left.

    It may have died with a link that is back by now.
    """
    arguments = ("ls-remote", "--", peer.url.repository, MAIN, CURRENT, f"{SERVER}*", f"{KEEP}*")
    shared, deadline = _socket(home, peer), time.monotonic() + seconds
    reused = shared is not None and shared.exists()
    done = _ask(home, peer, arguments, seconds)
    if done.code == 0 or shared is None or not reused:
        return done
    shared.unlink(missing_ok=True)  # a transfer that goes on over it keeps it; who comes next makes a new one
    if done.timed_out:
        return done
    return _ask(home, peer, arguments, deadline - time.monotonic())


def _may_be_read(peer: Peer) -> bool:
    """Whether this account may look into a home that is reached by path; to git it would not be there at all."""
    if not peer.url.is_ssh:
        try:
            os.stat(f"{peer.url.path}/mha.git/HEAD")
        except PermissionError:
            return False
        except OSError:
            return True
    return True


def _ask(home: Home, peer: Peer, arguments: Iterable[str], seconds: float) -> git.Done:
    return git.transfer(
        *arguments, env=_environment(home, peer), idle_seconds=lambda: seconds, seconds=seconds, on_line=silent
    )


def _written(line: str) -> int:
    """How many bytes git has written, by a line of its progress; they may still be on their way."""
    found = _WRITTEN.match(line)
    return int(float(found[1]) * _UNITS[found[2]]) if found else 0


def _environment(home: Home, peer: Peer) -> dict[str, str]:
    # for a path too: a [url] section of the home's configuration may lead it to ssh
    return {"GIT_DIR": str(home.git_dir), "GIT_SSH_COMMAND": _ssh(home, peer), "GIT_SSH_VARIANT": "ssh"}


def _ssh(home: Home, peer: Peer) -> str:
    """The ssh command: this server's key, known hosts only, no questions, no endless waits, connections shared."""
    known_hosts = f"{_word(home.state / 'known_hosts')} {_word(Path.home() / '.ssh' / 'known_hosts')}"
    options = [
        "BatchMode=yes", f"ConnectTimeout={CONNECT_SECONDS}", "ServerAliveInterval=5", "ServerAliveCountMax=3",
        "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known_hosts}", "IdentitiesOnly=yes", "ForwardAgent=no",
        "LogLevel=ERROR", *_shared(home, peer),
    ]  # fmt: skip
    options.append(f"IdentityFile={_word(home.state / 'key')}")
    return shlex.join(["ssh", *(part for option in options for part in ("-o", option))])


def _word(path: Path) -> str:
    """A path as ssh's configuration has it: one word whatever stands in it, and no %h that would be replaced."""
    escaped_path = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped_path}"'


def _shared(home: Home, peer: Peer) -> list[str]:
    """The options that share one connection among this home's commands; none where there is no safe place for it."""
    socket = _socket(home, peer)
    return [] if socket is None else ["ControlMaster=auto", f"ControlPath={_word(socket)}", "ControlPersist=60"]


def _socket(home: Home, peer: Peer) -> Path | None:
    """Where the shared connection to a peer is, or would be; None where none is shared.

    Its name tells homes apart: another server's key is another identity to the peer. It changes with time, or a key
    that the peer no longer takes would work for as long as somebody uses the connection. Socket paths are short.
    """
    if not peer.url.is_ssh:
        return None
    import hashlib
    import tempfile

    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"mha-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:  # after `su` it is another account's, or gone with its last login
        return None
    if found.st_uid != os.getuid() or found.st_mode & 0o077 or len(str(folder)) > 60:
        return None
    period = int(time.clock_gettime(time.CLOCK_BOOTTIME) // SHARED_SECONDS)
    identity = os.fsencode(home.path) + b"\0" + peer.url.text.encode() + b"\0%d" % period
    return folder / hashlib.sha256(identity).hexdigest()[:16]


_FULL = (os.strerror(errno.ENOSPC), FULL, DiskFull().message)  # git's words, and those of the peer's mha
_OPEN_KEY = "others can read this server's own key: `chmod 600 mha.git/mha/key`"
_NO_SSH = "there is no ssh on this server: `apt install openssh-client`"
_REFUSALS = {  # what git and ssh write where it is no silence, and what it means to people; the telling ones first
    "UNPROTECTED PRIVATE KEY": _OPEN_KEY,
    "bad permissions": _OPEN_KEY,
    "ssh: not found": _NO_SSH,
    "cannot run ssh": _NO_SSH,
    "IDENTIFICATION HAS CHANGED": "its host key is another one than before: see why, then mha.git/mha/known_hosts",
    "Host key verification failed": "its host key is not known here: put it into mha.git/mha/known_hosts",
    "Permission denied (": "it does not accept this server's key",
}
_SIGNS = _REFUSALS | {
    "dubious ownership": "its home belongs to another account",
    "does not exist": "there is no home at its address",
    "does not appear to be a git repository": "there is no home at its address",
    "not a git repository": "there is no home at its address",
}


def _is_refusal(done: git.Done) -> bool:
    """Whether it is known why a peer was not asked: its host refused, or the fault is this server's own."""
    of_mha = any(line.startswith(("Error: ", "remote: Error: ")) for line in done.err.splitlines())
    return of_mha or any(sign in done.err for sign in _REFUSALS)


def _plain(done: git.Done, *, writer: str = "its disk") -> str:
    """What went wrong, as a clause for people; a peer's words never control the terminal.

    `writer`: whose disk was written to. Over ssh nothing else tells it: the other side's git speaks like this one's.
    """
    full = next((line for line in done.err.splitlines() if any(sign in line for sign in _FULL)), None)
    if full is not None:
        return "its disk is full" if full.startswith(("remote:", "Error:")) else f"{writer} is full"
    if "remote: Error:" in done.err:
        return escaped(done.complaint)
    return next((words for sign, words in _SIGNS.items() if sign in done.err), escaped(done.complaint))
