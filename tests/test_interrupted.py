"""Ctrl-C at several moments, and commands at the same moment: no lock is left, nothing is lost, the next one works."""

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

from mha.errors import ExitCode
from mha.operations import history, servers, verification
from tests.cluster import JANA, Cluster, Server, mha
from tests.trouble import list_peer, receivers, stopped_receiver

HOSTS = "objects/hosts.yaml"
SAID = "Error: Interrupted.\nHint: `mha status` shows how things stand.\n"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers; fw-a is Active at revision 2 and has an edit that is not published."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    return cluster


def start(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "mha", "--home", str(server.path), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupt(process: "subprocess.Popen[str]") -> tuple[int, str, float]:
    """Press Ctrl-C; returns the exit code, what was said, and how many seconds it took."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    return process.returncode, said, time.monotonic() - began


def left_running(server: Server) -> list[str]:
    """The commands of processes that still work for a server's home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and os.fsencode(server.home.git_dir) in told:
            found.append((process / "cmdline").read_bytes().decode())
    return found


def sound(server: Server) -> bool:
    """Whether nothing was left behind: no lock file, no half-written file, no process, nothing damaged."""
    found = verification.verify(server.home, deep=True).findings
    assert {finding.about for finding in found} <= {"leftovers"}  # a git that was killed may leave its quarantine
    assert not found or verification.repair(server.home).findings == ()
    assert left_running(server) == []
    return True


@pytest.fixture
def silent_peer() -> Iterator[socket.socket]:
    """A peer that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(20)
        yield listener


@pytest.mark.parametrize("command", [["publish", "-m", "x"], ["sync"], ["status"], ["status", "--watch"], ["promote"]])
def test_ctrl_c_ends_a_command_that_waits_for_a_silent_peer(make_cluster, silent_peer, command):
    cluster = make_cluster("fw-a", "fw-b")
    server = cluster["fw-b"] if command == ["promote"] else cluster["fw-a"]
    list_peer(cluster["fw-a"], "fw-c", f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha")
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    heads = {name: one.head for name, one in cluster.servers.items()}

    process = start(server, *command)
    connection, _ = silent_peer.accept()  # now it waits for the peer's first word
    with connection:
        code, said, seconds = interrupt(process)

    assert (code, said) == (130, SAID)
    assert seconds < 2
    assert {name: one.head for name, one in cluster.servers.items()} == heads
    assert cluster["fw-a"].draft()[HOSTS] == b"hosts: {mine: 10.0.0.1}\n"
    assert sound(server)


@pytest.mark.parametrize("command", [["publish", "-m", "x"], ["sync"]])
def test_ctrl_c_ends_a_push_to_a_receiver_that_hangs(pair, command):
    if command == ["sync"]:
        pair.cut("fw-a", "fw-b")
        pair["fw-a"].publish()
        pair.heal("fw-a", "fw-b")

    with stopped_receiver(pair["fw-b"]) as stopped:
        process = start(pair["fw-a"], *command)
        _wait_for(lambda: bool(stopped))
        code, said, seconds = interrupt(process)

    assert (code, said) == (130, SAID)
    assert seconds < 2
    assert pair["fw-a"].record.revision == 3  # the revision was made before the peer was given it
    assert pair["fw-b"].record.revision == 2
    assert receivers(pair["fw-b"]) == []
    assert sound(pair["fw-a"])
    assert sound(pair["fw-b"])
    assert pair["fw-a"].mha("sync").returncode == 0
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {mine: 10.0.0.1}\n"


@pytest.mark.parametrize("milliseconds", [150, 220, 290, 360, 430, 500, 600])
def test_ctrl_c_at_any_moment_of_a_publish_loses_nothing(pair, milliseconds):
    process = start(pair["fw-a"], "publish", "-m", "x")
    time.sleep(milliseconds / 1000)
    code, said, seconds = interrupt(process)

    starting = code == -signal.SIGINT or (code == 1 and "KeyboardInterrupt" in said)  # Python's own end, before mha's
    assert code in (0, 130) or starting
    assert seconds < 2
    _wait_for(lambda: not receivers(pair["fw-b"]))
    done = pair["fw-a"].mha("publish", "-m", "x")
    again = pair["fw-a"].mha("sync")
    assert (done.returncode, again.returncode) == (0, 0)
    assert pair["fw-a"].record.revision == 3  # published once, by the one or the other
    for server in pair.servers.values():
        assert server.head == pair["fw-a"].head
        assert server.served()[HOSTS] == b"hosts: {mine: 10.0.0.1}\n"
        assert sound(server)


def test_a_command_that_is_terminated_ends_as_with_ctrl_c(make_cluster, silent_peer):
    server = make_cluster("fw-a")["fw-a"]
    list_peer(server, "fw-b", f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha")

    process = start(server, "sync")
    connection, _ = silent_peer.accept()
    with connection:
        process.terminate()
        _, said = process.communicate(timeout=10)

    assert (process.returncode, said) == (130, SAID)
    assert sound(server)


def test_an_interrupted_join_leaves_a_folder_that_can_be_joined(make_cluster, silent_peer):
    cluster = make_cluster("fw-a")
    home = cluster.root / "fw-b"
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(home), key=None, author=JANA)
    silent = f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha"
    process = subprocess.Popen(
        [sys.executable, "-m", "mha", "join", silent, str(home), "--name", "fw-b"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    connection, _ = silent_peer.accept()
    with connection:
        code, said, seconds = interrupt(process)

    assert (code, said) == (130, SAID)
    assert seconds < 2
    assert list(home.iterdir()) == []
    assert mha("join", str(cluster["fw-a"].path), str(home), "--name", "fw-b").returncode == 0


def test_two_publishes_of_one_draft_at_the_same_moment_make_one_revision(pair):
    running = [start(pair["fw-a"], "publish", "-m", f"by {who}") for who in ("Jana", "Ravi")]
    ended = [(process.communicate(timeout=60), process.returncode) for process in running]

    assert [code for _, code in ended] == [0, 0]
    said = sorted(out.splitlines()[0].partition(" (")[0] for (out, _), _ in ended)
    assert said == ["Published revision 3", "There is nothing to publish."]
    assert pair["fw-a"].record.revision == pair["fw-b"].record.revision == 3
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {mine: 10.0.0.1}\n"


def test_a_revision_that_another_command_publishes_here_meanwhile_is_nothing_to_catch_up_with(pair, tmp_path):
    """The first question to a peer is held back until another `mha publish` has published the same draft."""
    inner = f"{sys.executable} -m mha --home {pair['fw-a'].path} publish -m inner"
    asked = tmp_path / "asked"
    (tmp_path / "programs").mkdir()
    git = tmp_path / "programs" / "git"
    git.write_text(
        f"#!/bin/sh\n"
        f'[ "$1" = ls-remote ] && [ ! -e {asked} ] && touch {asked} && {inner} > {tmp_path}/inner\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    git.chmod(0o755)

    done = pair["fw-a"].mha(
        "publish", "-m", "outer", env=dict(os.environ) | {"PATH": f"{git.parent}:{os.environ['PATH']}"}
    )

    assert (tmp_path / "inner").read_text().startswith("Published revision 3")
    assert (done.returncode, done.stdout) == (0, "There is nothing to publish.\n")


def test_two_administrators_who_publish_all_the_time_lose_no_edit(pair):
    server, rounds = pair["fw-a"], 4
    codes: list[int] = []

    def work(who: str) -> None:
        for number in range(rounds):
            server.edit(f"objects/{who}-{number}.yaml", f"by: {who}\nnumber: {number}\n")
            codes.append(server.mha("publish", "-m", f"{who} {number}").returncode)

    administrators = [threading.Thread(target=work, args=(who,)) for who in ("jana", "ravi")]
    for administrator in administrators:
        administrator.start()
    for administrator in administrators:
        administrator.join()
    last = server.mha("publish", "-m", "what is left")

    assert last.returncode == 0
    assert set(codes) == {ExitCode.DONE}
    wanted = {
        f"objects/{who}-{number}.yaml": f"by: {who}\nnumber: {number}\n".encode()
        for who in ("jana", "ravi")
        for number in range(rounds)
    }
    for one in pair.servers.values():
        assert wanted.items() <= one.served().items()
        assert sound(one)
    numbers = [entry.revision for entry in history.log(server.home)]
    assert numbers == list(range(len(numbers), 0, -1))


def _wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)
