"""Two hundred peers of which half are dead: each command ends in time, and tells the truth of each.

The dead are dead in three ways: nothing listens, nothing comes back at all, and something listens that never speaks.
The living are homes on disks that are mounted here; each was copied from one that had joined, and given its own name.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mha.operations import setup
from tests.cluster import Server
from tests.reliability.namespaces import Host, Network, require_namespaces

DEADLINE = 10.0 + 10.0 + 30.0  # the lock is waited for, the peers asked, and what the living lack is given
SLACK = 100.0  # 200 peers are 400 processes, all on this machine
DEAD = {
    "refuses": ("ssh://root@10.77.1.2:9/srv/mha", "Connection refused"),
    "vanishes": ("ssh://root@10.99.0.1/srv/mha", "Connection timed out"),
    "freezes": ("ssh://root@10.77.1.2:10/srv/mha", "Connection timed out during banner exchange"),
}


@contextmanager
def listening_in_vain(host: Host) -> Iterator[None]:
    """A port that takes connections and never says a word, on the server's own machine."""
    script = (
        "import socket; s = socket.create_server(('10.77.1.2', 10), backlog=500); print('here', flush=True); input()"
    )
    with subprocess.Popen(
        [*host.within, "python3", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"here\n"
        yield
        listener.kill()


def listed(net: Network, living: list[str], dead: list[str]) -> None:
    """Publish an mha.yaml that lists all of them; nobody is asked yet."""
    kinds = list(DEAD)
    lines = [f'  {name}: {{url: "{net.root / name}", role: secondary}}\n' for name in living]
    lines += [
        f'  {name}: {{url: "{DEAD[kinds[number % 3]][0]}", role: secondary}}\n' for number, name in enumerate(dead)
    ]
    text = net["fw-a"].served()["mha.yaml"].decode()
    net["fw-a"].publish_edit("mha.yaml", text.replace("settings:", f"{''.join(lines)}settings:", 1))


def living_homes(net: Network, names: list[str]) -> dict[str, Server]:
    """Homes that hold what the Active holds."""
    first = net.root / names[0]
    setup.join(str(net["fw-a"].path), first, name=names[0])
    for name in names[1:]:
        copy = Path(shutil.copytree(first, net.root / name, symlinks=True))
        (copy / "mha.git/mha/name").write_text(f"{name}\n")
        servers = copy / "mha.git/refs/mha/server"
        (servers / names[0]).rename(servers / name)
    return {name: Server(net.root / name) for name in names}


def seen(host: Host, command: str, **options: float) -> dict[str, tuple[str, str]]:
    """What a command says of each peer, and that it ends in time."""
    began = time.monotonic()
    done = host.mha(*command.split(), "--json", timeout=DEADLINE + SLACK)
    print(f"{command}: {time.monotonic() - began:.1f} s")
    assert done.returncode == options.get("code", 0), done.stderr[-500:]
    return {peer["name"]: (peer["sync"], peer["detail"]) for peer in json.loads(done.stdout)["peers"]}


@pytest.mark.timeout(1200)
def test_two_hundred_peers_of_which_half_are_dead(full, tally, tmp_path):
    require_namespaces()
    half = 100 if full else 6
    living, dead = [f"fw-l{number}" for number in range(half)], [f"fw-m{number}" for number in range(half)]
    with Network.built(tmp_path / "net", ["fw-a"]) as net, listening_in_vain(net["fw-a"]):
        net.lose("10.99.0.0/16")
        listed(net, living, dead)
        servers, active = living_homes(net, living), net["fw-a"]
        kinds = list(DEAD)
        expected = dict.fromkeys(living, ("synchronized", ""))

        def check(found: dict[str, tuple[str, str]]) -> None:
            assert {name: found[name] for name in living} == expected
            for number, name in enumerate(dead):
                sync, detail = found[name]
                assert (sync, DEAD[kinds[number % 3]][1] in detail) == ("never synchronized", True), found[name]

        check(seen(active, "status", code=4))
        active.edit("objects/hosts.yaml", "hosts: {}\n")
        check(seen(active, "publish -m x"))
        assert {server.head for server in servers.values()} == {active.head}
        check(seen(active, "sync", code=4))
        assert {server.served()["objects/hosts.yaml"] for server in servers.values()} == {b"hosts: {}\n"}
    tally("peers of which half are dead, asked, given to and synchronized", 2 * half)
