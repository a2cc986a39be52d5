"""Peers: asked, fetched from and pushed to by the real git; what they say afterwards counts, not an exit code."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mha.core import names, record
from mha.core.names import Peer
from mha.errors import DiskFull
from mha.store import git, lock, peers, trees
from mha.store import home as homes
from mha.store.peers import Answer
from mha.store.repository import CURRENT, DRAFTS, KEEP, MAIN
from tests import faults
from tests.cluster import JANA, Cluster
from tests.store import scene
from tests.store.test_git import gone

NO_OBJECT = "1234567890" * 4


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    return make_cluster("fw-a", "fw-b")


def peer_at(path: Path | str, name: str = "fw-b") -> Peer:
    return Peer(name, names.url(str(path)))


def written_at(pair: Cluster, name: str = "fw-a", files: dict[str, str | bytes | None] | None = None) -> str:
    """A revision that only this server's store holds, on top of its head."""
    home = pair[name].home
    head = home.repository.head()
    return scene.written(home, files or {"objects/new.yaml": "1\n"}, on=head)


def test_a_peer_says_who_it_is_and_what_it_has_and_serves(pair):
    other = pair["fw-b"]
    assert peers.ask(pair["fw-a"].home, peer_at(other.path)) == Answer(
        head=other.head, current=other.head, name="fw-b", introduction=other.home.introduction()
    )


def test_a_home_that_has_not_joined_has_nothing_to_say(pair, tmp_path):
    fresh = scene.made(tmp_path / "fw-c")
    assert peers.ask(pair["fw-a"].home, peer_at(fresh.path)) == Answer()


@pytest.mark.parametrize("make", [Path.exists, Path.mkdir, Path.touch], ids=["missing", "empty folder", "file"])
def test_a_place_without_a_home_is_said_to_be_that(pair, tmp_path, make):
    make(tmp_path / "there")
    assert peers.ask(pair["fw-a"].home, peer_at(tmp_path / "there")) == Answer(fault="there is no home at its address")


def test_a_push_is_judged_by_what_the_peer_says_afterwards(pair):
    home, other = pair["fw-a"].home, peer_at(pair["fw-b"].path)
    oid = written_at(pair)
    pushed = peers.push(home, other, oid)
    assert (pushed.complaint, pushed.answer.head, pushed.answer.current) == (None, oid, oid)
    assert peers.ask(home, other).head == oid
    assert pair["fw-b"].home.repository.head() == oid
    assert pair["fw-b"].served()["objects/new.yaml"] == b"1\n"


def test_trap_a_push_that_is_no_fast_forward_is_refused_by_git_and_hook(pair):
    home, other = pair["fw-a"].home, peer_at(pair["fw-b"].path)
    mine, theirs = written_at(pair), written_at(pair, files={"objects/other.yaml": "2\n"})
    assert peers.push(home, other, theirs).complaint is None
    for refspec in (mine, f"+{mine}"):
        refused = peers.push(home, other, refspec)
        assert (refused.complaint is None, refused.answer.head) == (False, theirs)


def test_trap_a_push_without_mha_is_refused_and_forcing_does_not_help(pair):
    """A `git push` that somebody typed starts no mha on the other side, and the hook refuses without one."""
    home, other = pair["fw-a"].home, pair["fw-b"]
    oid, before = written_at(pair), other.head
    for options in ((), ("--force",)):
        done = subprocess.run(
            ["git", "-C", str(home.git_dir), "push", *options, f"{other.path}/mha.git", f"{oid}:{MAIN}"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode != 0
        assert "takes revisions only through mha" in done.stderr
    assert other.head == before


@pytest.mark.parametrize("name", [CURRENT, f"{DRAFTS}1", "refs/heads/other", "refs/tags/v1", f"{KEEP}mine", "HEAD"])
def test_a_peer_moves_nothing_but_main_and_kept_sides(pair, name):
    home, other = pair["fw-a"].home, pair["fw-b"]
    oid = written_at(pair)
    before = subprocess.run(
        ["git", "-C", str(other.home.git_dir), "for-each-ref"], check=True, capture_output=True
    ).stdout
    assert peers._push(home, peer_at(other.path), f"{oid}:{name}", git.silent).code != 0
    after = subprocess.run(
        ["git", "-C", str(other.home.git_dir), "for-each-ref"], check=True, capture_output=True
    ).stdout
    assert after == before


def test_a_diverged_line_is_pinned_on_a_peer_and_never_deleted_there(pair):
    home, other = pair["fw-a"].home, pair["fw-b"]
    oid = written_at(pair)
    assert peers.push_kept(home, peer_at(other.path), oid) is None
    assert other.home.repository.refs(KEEP) == {oid: oid}
    assert peers._push(home, peer_at(other.path), f":{KEEP}{oid}", git.silent).code != 0
    assert peers._push(home, peer_at(other.path), f":{MAIN}", git.silent).code != 0
    assert other.home.repository.refs(KEEP) == {oid: oid}


def test_a_fetch_brings_objects_and_moves_no_reference(pair):
    home, other = pair["fw-a"].home, pair["fw-b"]
    theirs = written_at(pair, "fw-b")
    other.home.repository.advance(expected=other.head, to=theirs)
    before = home.repository.refs("refs/")
    lines: list[str] = []

    assert peers.fetch(home, peer_at(other.path), progress=lines.append) is None

    assert home.repository.has(theirs)
    assert scene.opened(home.path).repository.refs("refs/") == before
    assert not (home.git_dir / "FETCH_HEAD").exists()


def test_kept_drafts_of_a_peer_are_not_shown_to_others(pair):
    other = pair["fw-b"].home
    other.repository.set_ref(f"{DRAFTS}1", pair["fw-b"].head)
    listed = subprocess.run(["git", "ls-remote", str(other.git_dir)], check=True, capture_output=True, text=True).stdout
    assert MAIN in listed
    assert DRAFTS not in listed


def test_an_object_that_is_damaged_at_the_peer_is_not_taken(pair):
    other = pair["fw-b"].home
    theirs = written_at(pair, "fw-b")
    other.repository.advance(expected=pair["fw-b"].head, to=theirs)
    path = other.git_dir / "objects" / theirs[:2] / theirs[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    assert peers.fetch(pair["fw-a"].home, peer_at(other.path)) is not None
    assert not scene.opened(pair["fw-a"].path).repository.has(theirs)


def push_and_compare(path: Path, other: Path, oid: str, log: Path) -> None:
    """What a push reports must be what the peer holds, whoever died on the way."""
    pushed = peers.push(homes.open_home(path), peer_at(other), oid)
    held = homes.open_home(other).repository.head()
    assert pushed.answer.fault or pushed.answer.head == held
    with log.open("a") as file:
        file.write(f"{'failed' if pushed.complaint else 'succeeded'} {'applied' if held == oid else 'not applied'}\n")


def test_trap_an_exit_code_of_a_push_proves_nothing(pair, tmp_path):
    """The receiver dies at each of its writes: some pushes "fail" and were applied."""
    first, log = pair["fw-a"].path, tmp_path / "log"
    for at in range(1, 60, 4):
        oid = written_at(pair)
        pair["fw-a"].home.repository.advance(expected=pair["fw-a"].head, to=oid)
        faults.run(push_and_compare, first, pair["fw-b"].path, oid, log, receiver_dies_at=at)
    outcomes = set(log.read_text().splitlines())
    assert outcomes >= {"failed applied", "failed not applied"}
    assert "succeeded not applied" not in outcomes


HOSTILE = {
    "a symbolic link": ("link.yaml", 0o120000, "is a symbolic link"),
    "a repository within": ("module", 0o160000, "is a nested repository"),
    "a control character": ("evil\x1b[31m.yaml", 0o100644, "has control characters in its name"),
}


@pytest.mark.parametrize(("name", "mode", "complaint"), HOSTILE.values(), ids=HOSTILE.keys())
def test_trap_what_gits_own_check_lets_through_the_receiver_refuses(pair, name, mode, complaint):
    home, before = pair["fw-a"].home, pair["fw-b"].head
    builder = home.repository.git.TreeBuilder(home.repository.commit(pair["fw-a"].head).tree)
    builder.insert(name, before if mode == 0o160000 else trees.write(home.repository, b"/etc/passwd"), mode)
    oid = home.repository.write_commit(
        tree=str(builder.write()), parents=[before], author=JANA, committer=JANA, time=scene.TIME,
        message=record.compose("Evil", home.repository.record(before).publish()),
    )  # fmt: skip
    pushed = peers.push(home, peer_at(pair["fw-b"].path), oid)
    assert complaint in (pushed.complaint or "")
    assert pair["fw-b"].head == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace is installed here: apt install strace")
def test_trap_a_receiver_is_durable_before_it_moves_main_and_before_it_answers(pair, tmp_path):
    """`core.fsync=all` syncs files; the folders that name them are synced by nobody but mha."""
    oid = written_at(pair)
    script = (
        "from pathlib import Path; from tests.store.test_peers import *\n"
        f"peers.push(homes.open_home(Path({str(pair['fw-a'].path)!r})), peer_at({str(pair['fw-b'].path)!r}), {oid!r})"
    )
    log = tmp_path / "strace"
    calls = "trace=syncfs,rename,renameat,renameat2,link,linkat"
    command = ["strace", "-f", "-y", "-s", "300", "-e", calls, "-o", str(log), sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=faults.ROOT, timeout=60)

    steps = [line for line in log.read_text().splitlines() if "fw-b/" in line and "= 0" in line]
    moved = next(n for n, line in enumerate(steps) if "refs/heads/main.lock" in line and "rename" in line)
    arrived = max(n for n, line in enumerate(steps) if "incoming-" in line)  # out of quarantine, under their own names
    syncs = [n for n, line in enumerate(steps) if "syncfs(" in line]
    assert any(arrived < n < moved for n in syncs), "main moves to objects whose names may be lost"
    assert any(n > moved for n in syncs), "the sender hears of a head that may be lost"
    assert pair["fw-b"].head == oid


@pytest.fixture
def mute(tmp_path: Path) -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(10)
        yield listener.getsockname()[1]


def test_trap_a_peer_that_hangs_is_given_up_at_the_deadline_and_leaves_no_process(pair, mute, monkeypatch):
    monkeypatch.setattr(peers, "CONNECT_SECONDS", 300)  # ssh itself would wait so long
    started = time.monotonic()
    answer = peers.ask(pair["fw-a"].home, peer_at(f"ssh://nobody@127.0.0.1:{mute}/srv/mha"), seconds=1)
    assert answer.fault == "no answer within the deadline"
    assert time.monotonic() - started < 60
    assert gone(f"127.0.0.1:{mute}")
    assert gone(f"-p {mute}".replace(" ", "\0"))


def test_a_port_that_nobody_listens_on_is_told_at_once(pair):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = peers.ask(pair["fw-a"].home, peer_at(f"ssh://nobody@127.0.0.1:{port}/srv/mha"))
    assert ("refused" in answer.fault, answer.silent) == (True, True)


@pytest.mark.ssh
def test_trap_an_unknown_host_key_is_refused(pair, sshd):
    """libgit2 would take any."""
    other = pair["fw-b"]
    sshd.allow("fw-a", pair["fw-a"].home.public_key(), other.path)
    peer = peer_at(sshd.url(other.path))
    answer = peers.ask(pair["fw-a"].home, peer)
    assert ("host key is not known" in answer.fault, answer.silent) == (True, False)
    sshd.trust(pair["fw-a"])
    assert peers.ask(pair["fw-a"].home, peer).name == "fw-b"


@pytest.mark.ssh
def test_trap_a_shared_connection_that_outlives_a_fetch_stops_nobody_from_clearing(pair, sshd):
    home, other = pair["fw-a"].home, pair["fw-b"]
    sshd.allow("fw-a", home.public_key(), other.path)
    sshd.trust(pair["fw-a"])
    assert peers.fetch(home, peer_at(sshd.url(other.path))) is None
    left = home.git_dir / "objects" / "pack" / "tmp_pack_Ab12"
    left.touch()
    with lock.held(home.git_dir):
        assert not left.exists()


@pytest.mark.ssh
def test_a_key_that_the_peer_does_not_know_is_refused(pair, sshd):
    sshd.trust(pair["fw-a"])
    answer = peers.ask(pair["fw-a"].home, peer_at(sshd.url(pair["fw-b"].path)))
    assert answer == Answer(fault="it does not accept this server's key", silent=False)


def test_peers_are_talked_to_side_by_side():
    together = threading.Barrier(8)

    def meet(number: int) -> int:
        together.wait(timeout=30)  # breaks unless all eight are under way at once
        return number

    assert peers.side_by_side(meet, range(8)) == list(range(8))
    assert peers.side_by_side(lambda n: n, []) == []


def test_an_error_with_one_peer_is_not_swallowed():
    def work(number: int) -> int:
        if number == 2:
            raise RuntimeError("two")
        return number

    with pytest.raises(RuntimeError, match="two"):
        peers.side_by_side(work, range(4))


@pytest.mark.parametrize("place", ["gone", "a file", "in a file"])
def test_a_place_for_shared_connections_that_cannot_be_made_stops_no_contact(pair, monkeypatch, tmp_path, place):
    """As after `su`: XDG_RUNTIME_DIR is another account's, or went with its last login."""
    (tmp_path / "file").write_text("")
    folder = tmp_path / "gone" if place == "gone" else tmp_path / "run"
    if place == "a file":
        folder.mkdir()
        (folder / f"mha-{os.getuid()}").write_text("")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "file" if place == "in a file" else folder))

    assert peers._shared(pair["fw-a"].home, peer_at("ssh://nobody@127.0.0.1/srv/mha")) == []
    assert peers.ask(pair["fw-a"].home, peer_at(str(pair["fw-b"].path))).name == "fw-b"


@pytest.mark.ssh
def test_a_shared_connection_that_died_is_replaced_while_a_peer_is_asked(pair, sshd, monkeypatch):
    monkeypatch.setattr(peers, "SHARED_SECONDS", 10**9)  # so that its name stays
    home, peer = pair["fw-a"].home, peer_at(sshd.url(pair["fw-b"].path))
    sshd.trust(pair["fw-a"])
    sshd.allow("fw-a", home.public_key(), pair["fw-b"].path)
    socket_path = peers._socket(home, peer)
    assert peers.ask(home, peer).name == "fw-b"
    assert socket_path is not None
    assert socket_path.is_socket()
    sessions = children_of(sshd.process.pid)
    assert sessions

    asking = threading.Thread(target=lambda: answers.append(peers.ask(home, peer)))
    answers: list[Answer] = []
    os.kill(sessions[0], signal.SIGSTOP)  # so that the question is on its way when the connection breaks
    asking.start()
    asking.join(1.0)
    os.kill(sessions[0], signal.SIGKILL)
    asking.join()

    assert [answer.name for answer in answers] == ["fw-b"]


@pytest.mark.ssh
def test_a_shared_connection_that_hangs_is_not_used_twice(pair, sshd, monkeypatch):
    monkeypatch.setattr(peers, "SHARED_SECONDS", 10**9)  # so that its name stays
    home, peer = pair["fw-a"].home, peer_at(sshd.url(pair["fw-b"].path))
    sshd.trust(pair["fw-a"])
    sshd.allow("fw-a", home.public_key(), pair["fw-b"].path)
    assert peers.ask(home, peer).name == "fw-b"
    (session,) = children_of(sshd.process.pid)
    processes = [session, *children_of(session)]  # the session of an ordinary user is two
    for process in processes:
        os.kill(process, signal.SIGSTOP)

    answers = [peers.ask(home, peer, seconds=3.0).fault, peers.ask(home, peer).name]

    for process in processes:
        os.kill(process, signal.SIGKILL)
    assert answers == ["no answer within the deadline", "fw-b"]


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def test_what_git_has_written_is_read_from_its_progress():
    """It may still be on its way, in ssh's buffers: the more it is, the longer a silence is no sign of trouble."""
    line = "Writing objects: 100% (3/3), 2.50 MiB | 23.45 MiB/s, done."
    assert peers._written(line) == 5 << 19
    assert peers._written("Writing objects:  66% (2/3), 233 bytes | 29.00 KiB/s") == 233
    assert peers._written("Writing objects:  66% (2/3)") == 0
    assert peers._written("remote: Resolving deltas: 100% (1/1), done.") == 0


def test_a_shared_connection_is_not_used_for_ever(pair, monkeypatch):
    """Whoever took a key out of `authorized_keys` relies on it."""
    uptime = 6000.0
    monkeypatch.setattr(time, "clock_gettime", lambda _clock: uptime)
    home, peer = pair["fw-a"].home, peer_at("ssh://mha@[::1]/srv/mha")
    first = peers._socket(home, peer)
    uptime = 6599.0
    assert peers._socket(home, peer) == first
    uptime = 6600.0
    assert peers._socket(home, peer) not in (first, None)


@pytest.mark.ssh
def test_a_fault_of_this_servers_own_ssh_is_no_silence_of_the_peer(pair, sshd, monkeypatch, tmp_path):
    home, other = pair["fw-a"].home, pair["fw-b"]
    sshd.allow("fw-a", home.public_key(), other.path)
    sshd.trust(pair["fw-a"])
    peer, key = peer_at(sshd.url(other.path)), home.state / "key"
    key.chmod(0o644)
    open_key = peers.ask(home, peer)
    key.rename(tmp_path / "key")
    no_key = peers.ask(home, peer)
    (tmp_path / "key").rename(key)
    (tmp_path / "bin").mkdir()
    for program in ("git", "sh"):
        (tmp_path / "bin" / program).symlink_to(shutil.which(program) or "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    no_ssh = peers.ask(home, peer)
    assert ["own key" in answer.fault for answer in (open_key, no_key)] == [True, True]
    assert "no ssh on this server" in no_ssh.fault
    assert [answer.silent for answer in (open_key, no_key, no_ssh)] == [False, False, False]


@pytest.mark.parametrize(
    ("err", "pushed", "fetched"),
    [
        ("error: file write error: No space left on device\n", "its disk", "this server's own disk"),
        ("Error: This server's disk is full (/srv/mha/current).\n", "its disk", "its disk"),
        (f"remote: Error: {DiskFull().message}\n", "its disk", "its disk"),
        ("remote: fatal: write error: No space left on device\n", "its disk", "its disk"),
    ],
)
def test_whose_disk_is_full_is_told_by_who_writes(err, pushed, fetched):
    """Over ssh the other side's git writes to the same stderr, without `remote:`."""
    done = git.Done(1, b"", err)
    assert peers._plain(done) == f"{pushed} is full"
    assert peers._plain(done, writer="this server's own disk") == f"{fetched} is full"
