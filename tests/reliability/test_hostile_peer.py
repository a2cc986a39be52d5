"""A peer that answers with whatever it likes: a server that asks it, fetches or pushes stays within its bounds.

The peer stands where ssh does: mha starts git, git starts `ssh`, and the `ssh` in
front of the others on the path speaks for the peer, byte by byte.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import FileMode

from mha.core.record import Record
from tests.cluster import Server
from tests.operations.forging import forged, make_head, with_tree
from tests.reliability import hostile
from tests.trouble import list_peer

MEMORY = 1 << 30
IMPATIENT = (
    "from mha.store import peers, git; peers.ask.__kwdefaults__['seconds'] = 4; peers.IDLE_SECONDS = 4; "
    "git.TRANSFER_SECONDS = 8; from mha.cli.main import main; main()"
)
SPEAK = """#!{python}
import os, select, sys, time
sys.path.insert(0, {root!r})
out = sys.stdout.buffer
def packet(data): return b"%04x" % (len(data) + 4) + data
def refs(*listed, capabilities=b"side-band-64k ofs-delta"):
    lines = [oid + b" " + name for oid, name in listed]
    lines[0] += b"\\0" + capabilities
    return b"".join(packet(line + b"\\n") for line in lines) + b"0000"
A, HEAD, FIRST = b"a" * 40, {head!r}, {first!r}
KNOWN = ((HEAD, b"refs/heads/main"), (FIRST, b"refs/mha/server/fw-b"))
NEWER = ((A, b"refs/heads/main"), (FIRST, b"refs/mha/server/fw-b"))
wanted = sys.argv[-1]
try:
{body}
    out.flush()
    select.select([sys.stdin], [], [], 1)  # git says goodbye, and dies of it where nobody is there to hear
except BrokenPipeError:
    pass
"""


@dataclass
class Peer:
    """One server whose only peer is played by a script."""

    server: Server
    folder: Path

    def speaks(self, body: str) -> None:
        first, head = self.server.home.introduction() or "", self.server.head
        text = SPEAK.format(
            python=sys.executable, root="", head=head.encode(), first=first.encode(),
            body="".join(f"    {line}\n" for line in body.strip().splitlines()),
        )  # fmt: skip
        (self.folder / "ssh").write_text(text)
        (self.folder / "ssh").chmod(0o755)

    def run(self, *arguments: str) -> tuple["subprocess.CompletedProcess[str]", float, int]:
        """Run a command on the server: how it ended, its seconds, and the memory of its largest process."""
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        command = [sys.executable, "-c", IMPATIENT, "--home", str(self.server.path), *arguments]
        began = time.monotonic()
        with (self.folder / "out").open("w+") as out, (self.folder / "err").open("w+") as err:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            texts = [file.seek(0) or file.read() for file in (out, err)]
        done = subprocess.CompletedProcess(command, child.returncode, *map(str, texts))
        return done, time.monotonic() - began, usage.ru_maxrss * 1024


@pytest.fixture
def peer(make_cluster: Callable[..., object], tmp_path: Path) -> Peer:
    server = make_cluster("fw-a")["fw-a"]  # type: ignore[index]
    list_peer(server, "fw-b", "ssh://mha@fw-b.example.org/srv/mha")
    (tmp_path / "bin").mkdir()
    return Peer(server, tmp_path / "bin")


ANSWERS = {  # what the peer says, and what stands in `mha status` of it
    "nothing": ("pass", ""),
    "not git's protocol": ("out.write(b'GET / HTTP/1.0' * 100)", ""),
    "a packet that does not end": ("out.write(b'ffff' + b'x' * 1000)", ""),
    "an id that is none": ("out.write(packet(b'zz refs/heads/main\\0x') + b'0000')", ""),
    "ids of sha256": ("out.write(refs((b'a' * 64, b'refs/heads/main'), capabilities=b'object-format=sha256'))", ""),
    "a name that steers a terminal": (
        "out.write(refs((HEAD, b'refs/heads/main'), (FIRST, b'refs/mha/server/\\x1b[31mred')))",
        r"\x1b[31mred answers at the address of fw-b",
    ),
    "words that steer a terminal": (
        "sys.stderr.write('fatal: \\x1b[31mred\\x1b]0;title\\x07\\n'); sys.stderr.flush(); sys.exit(128)",
        "red",
    ),
    "two names": (
        "out.write(refs(KNOWN[0], (FIRST, b'refs/mha/server/fw-x'), (FIRST, b'refs/mha/server/fw-b')))",
        "fw-x answers at the address of fw-b",
    ),
    "no end of references": (
        (
            "n = 0\n"
            "while True: n += 1; out.write(b''.join(packet(A + b' refs/mha/server/%d-%d' % (n, m)) for m in range(99)))"
        ),
        "",
    ),
    "no end of words": ("while True: sys.stderr.write('x' * 65536)", ""),
    "no end of words, slowly": ("while True: sys.stderr.write('x'); sys.stderr.flush(); time.sleep(0.05)", ""),
    "a head, and then a pack that is none": (
        (
            "if 'upload-pack' in wanted: out.write(refs(*NEWER)); out.flush(); sys.stdin.buffer.read(100)\n"
            "out.write(packet(b'NAK\\n') + packet(b'\\1PACKxxxx' + b'y' * 999) + b'0000')"
        ),
        "",
    ),
    "a head, and then progress without end": (
        (
            "if 'upload-pack' in wanted: out.write(refs(*NEWER)); out.flush(); sys.stdin.buffer.read(100)\n"
            "out.write(packet(b'NAK\\n'))\n"
            "while True: out.write(packet(b'\\2\\x1b[31mstill\\r')); out.flush(); time.sleep(0.01)"
        ),
        "",
    ),
    "a head, and then a pack without end": (
        (
            "import zlib\n"
            "if 'upload-pack' in wanted: out.write(refs(*NEWER)); out.flush(); sys.stdin.buffer.read(100)\n"
            "out.write(packet(b'NAK\\n') + packet(b'\\1PACK\\0\\0\\0\\2\\xff\\0\\0\\0'))\n"
            "one = b'\\xbf\\x80\\x04' + zlib.compress(bytes(range(256)) * 256)\n"
            "while True: out.write(packet(b'\\1' + one))"
        ),
        "",
    ),
}
IN_CI = ("a name that steers a terminal", "words that steer a terminal", "no end of words")


@pytest.mark.timeout(1800)
def test_whatever_a_peer_answers_a_server_ends_within_its_deadline_and_says_why(peer, full, tally):
    chosen = {name: ANSWERS[name] for name in (ANSWERS if full else IN_CI)}
    before = hostile.state(peer.server)

    for name, (body, detail) in chosen.items():
        peer.speaks(body)
        done, seconds, peak = peer.run("status", "--json")
        shown, _, _ = peer.run("status")

        found = json.loads(done.stdout)["peers"][0]
        assert (done.returncode, found["sync"] != "synchronized") == (4, True), (name, done)
        assert found["detail"], name
        assert detail in found["detail"], (name, found)
        assert "\x1b" not in shown.stdout + shown.stderr + found["detail"], name
        assert "mistake in mha" not in shown.stderr, name
        assert seconds < 60, name
        assert peak < MEMORY, name
        after = hostile.state(peer.server)
        assert after["references"] == before["references"], name
        assert after["served"] == before["served"], name
    tally("peer that answers with what it likes", len(chosen))


def test_a_publish_beside_a_hostile_peer_is_done_here_and_shows_no_escape(peer):
    peer.speaks(
        "if 'receive-pack' in wanted: out.write(refs((HEAD, b'refs/heads/main'), "
        "capabilities=b'report-status side-band-64k')); out.flush(); sys.stdin.buffer.read(200); "
        "out.write(packet(b'\\2Error: \\x1b[31mred\\x1b[0m\\n') + b'0000')\n"
        "else: out.write(refs(*KNOWN))"
    )
    peer.server.edit("objects/hosts.yaml", "hosts: {}\n")

    done, _, _ = peer.run("publish", "-m", "x")

    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert peer.server.served()["objects/hosts.yaml"] == b"hosts: {}\n"


def test_a_bomb_that_is_fetched_is_refused_and_the_next_honest_revision_is_taken(make_cluster, tally):
    cluster = make_cluster("fw-a", "fw-b")
    active, standby = cluster["fw-a"], cluster["fw-b"]
    good, repository = active.head, active.home.repository
    inner = repository.git[repository.commit(good).tree].peel(pygit2.Tree)
    blob = repository.git.create_blob(b"x: 1\n")
    builder = repository.git.TreeBuilder()
    for number in range(100):
        builder.insert(f"f{number}", blob, FileMode.BLOB)
    tree = builder.write()
    for _ in range(20):
        builder = repository.git.TreeBuilder()
        for number in range(100):
            builder.insert(f"f{number}", tree, FileMode.TREE)
        tree = builder.write()
    top = repository.git.TreeBuilder(inner)
    top.insert("zz", tree, FileMode.TREE)
    whole = str(top.write())
    repository.flush()
    bomb = with_tree(active, Record(3, 1, "fw-a", "fw-a"), whole, None, "Forged")
    make_head(active, bomb)

    pulled = standby.mha("sync", timeout=100)

    assert pulled.returncode == 4
    assert f"Revision {bomb[:10]} is refused: " in pulled.stdout
    assert "files are added or changed at once" in pulled.stdout
    assert standby.head == good
    repository.set_ref("refs/heads/main", good)
    honest = forged(active, Record(3, 1, "fw-a", "fw-a"), {"objects/hosts.yaml": b"hosts: {}\n"})
    make_head(active, honest)
    assert standby.mha("sync").returncode == 0
    assert standby.record.revision == 3
    tally("bomb fetched", 1)
