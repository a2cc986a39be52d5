"""A peer that keeps no rule: packs made by hand, git's protocol spoken byte by byte, and what a refusal must leave.

It speaks to the real receiving side, in a process of its own: what a push to a
path starts, or the forced command of a peer's ssh key.
"""

import hashlib
import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2

from mha.core.record import Record, compose
from tests.cluster import Server, files_below

ZERO = "0" * 40
MAIN = "refs/heads/main"
NEXT = Record(3, 1, "fw-a", "fw-a")
Entry = tuple[bytes, bytes, str]  # mode, name, id
_TYPES = {"commit": 1, "tree": 2, "blob": 3, "tag": 4, "ref-delta": 7}


@dataclass(frozen=True, slots=True)
class Loose:
    """One object as a pack carries it; `base` where it is only a difference to another."""

    kind: str
    data: bytes
    base: str | None = None

    @property
    def id(self) -> str:
        return object_id(self.kind, self.data)


@dataclass(frozen=True, slots=True)
class Received:
    """What a receiver answered, and what it took: seconds, and the memory of its largest process."""

    code: int
    out: bytes
    said: str  # what the sender would show: the receiver's own words, and git's report on each reference
    seconds: float
    peak_bytes: int
    peak_disk: int  # bytes below objects/ at the fullest moment that was seen

    @property
    def error(self) -> str:
        """The reason that a sender shows."""
        return next((line for line in self.said.splitlines() if line.startswith("Error:")), self.said)


class Scene:
    """A sender's view of a receiver's head, and objects made on top of it."""

    def __init__(self, sender: Server, receiver: Server) -> None:
        self.sender, self.receiver, self.head = sender, receiver, receiver.head
        repository = pygit2.Repository(str(receiver.home.git_dir))
        tree = repository[self.head].peel(pygit2.Tree)
        self.first = sender.home.introduction() or ""
        self.tree_id = str(tree.id)
        self.entries = [
            (f"{entry.filemode:o}".encode(), os.fsencode(entry.name or ""), str(entry.id)) for entry in tree
        ]
        self.hosts = Loose("blob", b"hosts: {}\n")

    def tree(self, *entries: Entry, ordered: bool = True) -> Loose:
        """A tree; in git's order, or as listed."""
        listed = sorted(entries, key=lambda e: e[1] + (b"/" if e[0] == b"40000" else b"")) if ordered else entries
        return Loose("tree", b"".join(mode + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in listed))

    def commit(
        self,
        tree: str,
        *,
        record: Record | None = None,
        parents: list[str] | None = None,
        message: str | None = None,
        extra: str = "",
    ) -> Loose:
        """A commit on the head: the next publish by the Active, if nothing else is said."""
        above = "".join(f"parent {parent}\n" for parent in ([self.head] if parents is None else parents))
        text = compose("Forged", record or NEXT) if message is None else message
        person = "Jana Doe <jana@example.org> 1795428000 +0000"
        return Loose("commit", f"tree {tree}\n{above}author {person}\ncommitter {person}\n{extra}\n{text}".encode())

    def revision(self, *entries: Entry, **options: Any) -> tuple[str, list[Loose]]:
        """The next revision with some more entries at the top, and all objects that it brings."""
        return self.with_tree(self.tree(*self.entries, *entries), **options)

    def with_tree(self, tree: Loose, **options: Any) -> tuple[str, list[Loose]]:
        commit = self.commit(tree.id, **options)
        return commit.id, [self.hosts, tree, commit]

    def push(self, new: str, objects: Iterable[Loose] = (), *, name: str = MAIN, old: str | None = None) -> bytes:
        """A whole push of one reference."""
        default = self.head if name == MAIN else ZERO
        return commands((default if old is None else old, new, name)) + pack(objects)

    def honest(self) -> bytes:
        """A push that must be taken."""
        return self.push(*self.revision((b"100644", b"honest.yaml", self.hosts.id)))


def object_id(kind: str, data: bytes) -> str:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data).hexdigest()


def pack(objects: Iterable[Loose], *, version: int = 2, count: int | None = None) -> bytes:
    """A pack of objects, with any count in its head."""
    listed = list(objects)
    head = b"PACK" + version.to_bytes(4, "big") + (len(listed) if count is None else count).to_bytes(4, "big")
    body = head + b"".join(map(packed, listed))
    return body + hashlib.sha1(body).digest()


def packed(one: Loose) -> bytes:
    """One object as it stands in a pack."""
    base = bytes.fromhex(one.base) if one.base else b""
    return _size(_TYPES[one.kind], len(one.data)) + base + zlib.compress(one.data, 9)


def zeros(length: int) -> bytes:
    """A blob of zeros as it stands in a pack: a thousandth of its length."""
    compressor = zlib.compressobj(9)
    block = bytes(1 << 20)
    parts = [compressor.compress(block) for _ in range(length >> 20)]
    return _size(_TYPES["blob"], length >> 20 << 20) + b"".join(parts) + compressor.flush()


def sealed(entries: list[bytes]) -> bytes:
    """A pack of entries that stand as they are."""
    body = b"PACK\0\0\0\2" + len(entries).to_bytes(4, "big") + b"".join(entries)
    return body + hashlib.sha1(body).digest()


def id_of_zeros(length: int) -> str:
    found = hashlib.sha1(b"blob %d\0" % length)
    for _ in range(length >> 20):
        found.update(bytes(1 << 20))
    return found.hexdigest()


def growing(base: str, times: int) -> Loose:
    """A difference that repeats its base, of 64 KiB, many times: a byte for each, before it is compressed."""
    return Loose("ref-delta", _varint(1 << 16) + _varint(times << 16) + b"\x80" * times, base)


def commands(*updates: tuple[str, str, str], capabilities: str = "report-status side-band-64k") -> bytes:
    """The list of wanted updates, as a pushing git sends it."""
    lines = [f"{old} {new} {name}".encode("utf-8", "surrogateescape") for old, new, name in updates]
    lines = [line + (b"\0" + capabilities.encode() if not number else b"") for number, line in enumerate(lines)]
    return b"".join(map(packet, lines)) + b"0000"


def packet(data: bytes) -> bytes:
    return b"%04x" % (len(data) + 4) + data


def receive(
    receiver: Server,
    parts: bytes | Iterable[bytes],
    *,
    sender: str = "fw-a",
    ssh: bool = False,
    environment: dict[str, str] | None = None,
    seconds: float = 120,
    limits: str | None = None,
) -> Received:
    """Send bytes to a receiver of its own, by path or as the forced command, and hear it to its end.

    `limits` is a line of Python that makes the receiver stricter.
    """
    path = receiver.path / "mha.git"
    extra = {"SSH_ORIGINAL_COMMAND": f"git-receive-pack '{path}'"} if ssh else {}
    forced = ["-m", "mha", "--home", str(receiver.path), "serve", sender]
    program = ["-c", f"{limits}; from mha.cli.serve import main; main()"] if limits else ["-P", "-m", "mha.cli.serve"]
    arguments = forced if ssh else [*program, sender, str(path)]
    return spoken(
        [sys.executable, *arguments], parts,
        environment={**os.environ, **extra, **(environment or {})}, seconds=seconds, watched=path / "objects",
    )  # fmt: skip


def spoken(
    command: list[str], parts: bytes | Iterable[bytes], *, environment: dict[str, str], seconds: float, watched: Path
) -> Received:
    """Start a program, feed it, and measure it until it ends."""
    began = time.monotonic()
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    heard: dict[str, bytes] = {}
    fullest = 0
    threads = [
        threading.Thread(target=_feed, args=(child, [parts] if isinstance(parts, bytes) else parts)),
        threading.Thread(target=lambda: heard.update(out=child.stdout.read() if child.stdout else b"")),
        threading.Thread(target=lambda: heard.update(err=child.stderr.read() if child.stderr else b"")),
    ]
    for thread in threads:
        thread.start()
    while True:
        found, status, usage = os.wait4(child.pid, os.WNOHANG)
        if found:
            break
        if time.monotonic() - began > seconds:
            child.kill()
        fullest = max(fullest, disk_use(watched))
        time.sleep(0.02)
    child.returncode = os.waitstatus_to_exitcode(status)
    for thread in threads:
        thread.join()
    for pipe in (child.stdout, child.stderr):
        assert pipe is not None
        pipe.close()
    said = shown(heard["out"]) + heard["err"].decode("utf-8", "replace")
    return Received(child.returncode, heard["out"], said, time.monotonic() - began, usage.ru_maxrss * 1024, fullest)


def shown(out: bytes) -> str:
    """What a sender shows of a receiver's answer: progress and errors of the side bands, and git's report."""
    found = {1: b"", 2: b"", 3: b""}
    for data in packets(out):
        if data[:1] in (b"\1", b"\2", b"\3"):
            found[data[0]] += data[1:]
    report = b"".join(data for data in packets(found[1]) if data.startswith((b"ng ", b"unpack ", b"ok ")))
    return (found[2] + found[3] + b"\n" + report).decode("utf-8", "replace")


def packets(data: bytes) -> Iterator[bytes]:
    """The packets of a stream, as far as it holds whole ones."""
    at = 0
    while at + 4 <= len(data):
        try:
            length = int(data[at : at + 4], 16)
        except ValueError:
            return
        if length > 4:
            yield data[at + 4 : at + length]
        at += max(length, 4)


def state(server: Server) -> dict[str, object]:
    """All that a refused push must leave as it was: references, what is served, every file of the store."""
    objects = server.path / "mha.git" / "objects"
    files = {str(path.relative_to(objects)): path.stat().st_size for path in objects.rglob("*") if path.is_file()}
    locks = sorted(str(path) for path in (server.path / "mha.git").rglob("*.lock"))
    folders = sorted(path.name for path in objects.iterdir() if not path.name.isalnum())  # quarantines, too
    return {
        "references": server.home.repository.refs("refs/"), "served": files_below(server.path / "current"),
        "releases": sorted(path.name for path in (server.path / "releases").iterdir()),
        "shallow": (server.path / "mha.git" / "shallow").exists(), "objects": files, "locks": locks, "folders": folders,
    }  # fmt: skip


def disk_use(folder: Path) -> int:
    """Bytes on the disk below a folder that changes meanwhile."""
    used = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                used += os.lstat(os.path.join(place, name)).st_blocks * 512
    return used


def _feed(child: "subprocess.Popen[bytes]", parts: Iterable[bytes]) -> None:
    assert child.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        for part in parts:
            child.stdin.write(part)
        child.stdin.flush()
    with suppress(BrokenPipeError):
        child.stdin.close()


def _size(kind: int, length: int) -> bytes:
    byte, rest = kind << 4 | length & 15, length >> 4
    found = bytearray()
    while rest:
        found.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    return bytes(found + bytes([byte]))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(found + bytes([number]))
