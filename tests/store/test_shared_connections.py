"""Connections that ssh shares among the commands of a home: where their socket lies, and how a dead one is replaced."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mha.core import names
from mha.core.names import Peer
from mha.store import peers
from tests.cluster import Cluster, Server
from tests.sshd import Sshd

pytestmark = pytest.mark.ssh


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for sockets with a short path, as /run/user/1000 is; what still waits there is ended."""
    with tempfile.TemporaryDirectory(prefix="mha-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)
        for socket in sockets(Path(folder)):
            control(socket, "exit")


@pytest.fixture
def peer(make_cluster, sshd: Sshd) -> tuple[Server, Peer]:
    """The server fw-a, and how it reaches fw-b by ssh."""
    cluster: Cluster = make_cluster("fw-a", "fw-b")
    sshd.allow("fw-a", cluster["fw-a"].home.public_key(), cluster["fw-b"].path)
    sshd.trust(cluster["fw-a"])
    return cluster["fw-a"], Peer("fw-b", names.url(sshd.url(cluster["fw-b"].path)))


def sockets(runtime: Path) -> list[Path]:
    return [path for path in runtime.glob("*/*") if path.is_socket()]


def control(socket: Path, what: str) -> str:
    command = ["ssh", "-O", what, "-o", f"ControlPath={socket}", "peer"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def master_of(socket: Path) -> int:
    """The process that holds the connection."""
    found = re.search(r"pid=(\d+)", control(socket, "check"))
    assert found is not None
    return int(found[1])


def test_all_commands_of_a_home_share_one_connection(peer, sshd, runtime):
    server, there = peer

    for _ in range(3):
        assert peers.ask(server.home, there).name == "fw-b"

    assert sshd.logins() == 1
    [socket] = sockets(runtime)
    assert socket.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_a_master_that_is_dead_is_replaced_by_the_next_command(peer, sshd, runtime, death):
    """Killed, it leaves its socket behind."""
    server, there = peer
    peers.ask(server.home, there)
    [socket] = sockets(runtime)
    end(master_of(socket), death)
    assert socket.exists() is (death is signal.SIGKILL)

    assert [peers.ask(server.home, there).name for _ in range(2)] == ["fw-b", "fw-b"]

    assert sshd.logins() == 2
    assert len(sockets(runtime)) == 1


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o750, 0o701])
def test_a_place_that_others_could_use_is_not_used(peer, sshd, runtime, mode):
    server, there = peer
    folder = runtime / f"mha-{os.getuid()}"
    folder.mkdir()
    folder.chmod(mode)

    assert [peers.ask(server.home, there).name for _ in range(2)] == ["fw-b", "fw-b"]

    assert sshd.logins() == 2
    assert sockets(runtime) == []


def test_a_place_whose_path_is_too_long_for_a_socket_is_not_used(peer, sshd, runtime, monkeypatch):
    server, there = peer
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime / ("x" * 40)))
    (runtime / ("x" * 40)).mkdir()

    assert [peers.ask(server.home, there).name for _ in range(2)] == ["fw-b", "fw-b"]

    assert sshd.logins() == 2


def end(process: int, number: int) -> None:
    """Send a signal, and wait until the process is gone; it is no child of ours, and need not be waited for."""
    os.kill(process, number)
    deadline = time.monotonic() + 30
    while _lives(process):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _lives(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
