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

import pytest

from mha.errors import ExitCode
from mha.operations import history, servers
from tests.cluster import JANA, Cluster, Server, mha
from tests.evidence import sound
from tests.trouble import list_peer, receivers, stopped_receiver, wait_for

HOSTS = "objects/hosts.yaml"
MINE = b"hosts: {mine: 10.0.0.1}\n"
PATIENT = """\
from mha.store import peers
peers.CONNECT_SECONDS, peers.IDLE_SECONDS, peers.ask.__kwdefaults__["seconds"] = 600, 600.0, 600.0
from mha.cli.main import main
main()
"""  # mha that waits for its peers very long, so that it does not end because of them
SAID = "Error: Interrupted.\nHint: `mha status` shows how things stand.\n"
UNTOLD = "Error: Revision 3 is published; not every peer was told.\nHint: `mha sync` tells the others.\n"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers; fw-a is Active at revision 2 and has an edit that is not published."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, MINE)
    return cluster


def start(server: Server, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PATIENT, "--home", str(server.path), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupt(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Press Ctrl-C; returns the exit code and what was said. It has to end long before a patient command would."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


@pytest.fixture
def silent_peer() -> Iterator[socket.socket]:
    """A peer that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(60)
        yield listener


@pytest.mark.parametrize("command", [["publish", "-m", "x"], ["sync"], ["status"], ["status", "--watch"], ["promote"]])
def test_ctrl_c_ends_a_command_that_waits_for_a_silent_peer(make_cluster, silent_peer, command):
    cluster = make_cluster("fw-a", "fw-b")
    server = cluster["fw-b"] if command == ["promote"] else cluster["fw-a"]
    list_peer(cluster["fw-a"], "fw-c", f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha")
    cluster["fw-a"].edit(HOSTS, MINE)
    heads = {name: one.head for name, one in cluster.servers.items()}

    process = start(server, *command)
    connection, _ = silent_peer.accept()  # now it waits for the peer's first word
    with connection:
        code, said = interrupt(process)

    assert (code, said) == (130, SAID)
    assert {name: one.head for name, one in cluster.servers.items()} == heads
    assert cluster["fw-a"].draft()[HOSTS] == MINE
    assert sound(server)


@pytest.mark.parametrize("command", [["publish", "-m", "x"], ["sync"]])
def test_ctrl_c_ends_a_push_to_a_receiver_that_hangs(pair, command):
    if command == ["sync"]:
        pair.cut("fw-a", "fw-b")
        pair["fw-a"].publish()
        pair.heal("fw-a", "fw-b")

    with stopped_receiver(pair["fw-b"]) as stopped:
        process = start(pair["fw-a"], *command)
        wait_for(lambda: bool(stopped))
        code, said = interrupt(process)

    assert (code, said) == (130, SAID if command == ["sync"] else UNTOLD)
    assert pair["fw-a"].record.revision == 3  # the revision was made before the peer was given it
    assert pair["fw-b"].record.revision == 2
    wait_for(lambda: receivers(pair["fw-b"]) == [])
    assert sound(pair["fw-a"])
    assert sound(pair["fw-b"])
    assert pair["fw-a"].mha("sync").returncode == 0
    assert pair["fw-b"].served()[HOSTS] == MINE


@pytest.mark.parametrize("milliseconds", [300, 800])
def test_ctrl_c_after_some_time_of_a_publish_loses_nothing(pair, milliseconds):
    """Moments that no write stands for: Python starts, a peer is waited for, everything is done already."""
    process = start(pair["fw-a"], "publish", "-m", "x")
    time.sleep(milliseconds / 1000)
    code, said = interrupt(process)

    starting = code == -signal.SIGINT or (code == 1 and "KeyboardInterrupt" in said)  # Python's own end, before mha's
    assert code in (0, 130) or starting
    wait_for(lambda: not receivers(pair["fw-b"]))
    published_once(pair)


def published_once(pair: Cluster) -> None:
    """Whatever was interrupted: the next commands work, the edit is published once, and nothing was left behind."""
    pair["fw-a"].publish("x")
    assert pair["fw-a"].sync().complete
    assert pair["fw-a"].record.revision == 3
    for server in pair.servers.values():
        assert server.head == pair["fw-a"].head
        assert server.served()[HOSTS] == MINE
        assert sound(server)


def test_a_command_that_is_terminated_ends_as_with_ctrl_c(make_cluster, silent_peer):
    server = make_cluster("fw-a")["fw-a"]
    list_peer(server, "fw-b", f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha")

    process = start(server, "sync")
    connection, _ = silent_peer.accept()
    with connection:
        process.terminate()
        _, said = process.communicate(timeout=60)

    assert (process.returncode, said) == (130, SAID)
    assert sound(server)


def test_an_interrupted_join_leaves_a_folder_that_can_be_joined(make_cluster, silent_peer):
    cluster = make_cluster("fw-a")
    home = cluster.root / "fw-b"
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(home), key=None, author=JANA)
    silent = f"ssh://mha@127.0.0.1:{silent_peer.getsockname()[1]}/srv/mha"
    process = subprocess.Popen(
        [sys.executable, "-c", PATIENT, "join", silent, str(home), "--name", "fw-b"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    connection, _ = silent_peer.accept()
    with connection:
        code, said = interrupt(process)

    assert (code, said) == (130, SAID)
    assert list(home.iterdir()) == []
    assert mha("join", str(cluster["fw-a"].path), str(home), "--name", "fw-b").returncode == 0


def test_two_publishes_of_one_draft_at_the_same_moment_make_one_revision(pair):
    running = [start(pair["fw-a"], "publish", "-m", f"by {who}") for who in ("Jana", "Ravi")]
    ended = [(process.communicate(timeout=60), process.returncode) for process in running]

    assert [code for _, code in ended] == [0, 0]
    said = sorted(out.splitlines()[0].partition(" (")[0] for (out, _), _ in ended)
    assert said == ["Published revision 3", "There is nothing to publish."]
    assert pair["fw-a"].record.revision == pair["fw-b"].record.revision == 3
    assert pair["fw-b"].served()[HOSTS] == MINE


def test_a_revision_that_another_command_publishes_here_meanwhile_is_nothing_to_catch_up_with(pair, tmp_path):
    """The first question to a peer is held back until another `mha publish` has published the same draft."""
    inner = f"{sys.executable} -m mha --home {pair['fw-a'].path} publish -m inner"
    asked = tmp_path / "asked"
    (tmp_path / "programs").mkdir()
    git = tmp_path / "programs" / "git"
    git.write_text(
        f"#!/bin/sh\n"
        f'case " $* " in *" ls-remote "*) ;; *) exec {shutil.which("git")} "$@" ;; esac\n'
        f"[ ! -e {asked} ] && touch {asked} && {inner} > {tmp_path}/inner\n"
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
            server.edit(f"objects/{who}-{number}.yaml", f"x-by: {who}\nx-number: {number}\n")
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
        f"objects/{who}-{number}.yaml": f"x-by: {who}\nx-number: {number}\n".encode()
        for who in ("jana", "ravi")
        for number in range(rounds)
    }
    for one in pair.servers.values():
        assert wanted.items() <= one.served().items()
        assert sound(one)
    numbers = [entry.revision for entry in history.log(server.home)]
    assert numbers == list(range(len(numbers), 0, -1))
