"""A Standby that was away for thousands of revisions: it catches up by itself, and nobody waits for it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import pytest

from mha.operations import publication, replication, settling, upkeep
from mha.operations import tip as tips
from mha.store import lock, trees
from mha.store.trees import Blob
from tests.cluster import JANA, Cluster, Server
from tests.sshd import Sshd
from tests.trouble import wait_for

MEMORY_MIB = 250


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster], sshd: Sshd) -> Cluster:
    """Two servers that talk through ssh."""
    cluster = make_cluster("fw-a", "fw-b")
    a, b = cluster["fw-a"], cluster["fw-b"]
    text = a.served()["mha.yaml"].decode()
    sshd.trust(a, b)
    for here, peer in ((a, b), (b, a)):
        sshd.allow(peer.name, peer.home.public_key(), here.path)
        text = text.replace(f'"{here.path}"', f'"{sshd.url(here.path)}"')
    a.publish_edit("mha.yaml", text)
    return cluster


def publish_meanwhile(server: Server, revisions: int) -> None:
    """Publish while nobody is told: what a command does for each, without a process and a release for each."""
    home = server.home
    with lock.held(home.git_dir):
        here = tips.tip(home)
        for number in range(revisions):
            blob = Blob(trees.write(home.repository, f"x-number: {number}\n".encode()))
            files: dict[str, Blob | None] = {f"objects/of-{number % 40}.yaml": blob}
            publication.advance(here, files, message=f"Change {number}", author=JANA)
            here = tips.tip(home)
        settling.settle(home)
    upkeep.tidy(server.home)


def seconds_of_a_publish(server: Server) -> float:
    server.edit("objects/mine.yaml", f"x-moment: {time.time()}\n")
    began = time.monotonic()
    server.mha("publish", "-m", "Something small", check=True)
    return time.monotonic() - began


@contextmanager
def agent(server: Server) -> "Iterator[subprocess.Popen[bytes]]":
    with (server.path.parent / "agent.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mha", "--home", str(server.path), "agent"], stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def most_memory_mib(process: int) -> int:
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) >> 10


@pytest.mark.timeout(1800)
def test_its_agent_takes_all_it_lacks_while_the_active_publishes_undisturbed(full, tally, pair):
    active, standby = pair["fw-a"], pair["fw-b"]
    revisions = 10_000 if full else publication.FAR_BEHIND + 100
    usual = median(seconds_of_a_publish(active) for _ in range(5 if full else 1))
    publish_meanwhile(active, revisions)
    before = standby.head

    left = active.publish_edit("objects/mine.yaml", "x-moment: 1\n")  # nobody waits for the others here
    assert [(peer.sync, peer.detail) for peer in left.peers] == [
        ("lagging", f"{revisions + 1} revisions behind; a synchronization brings them all")
    ]
    assert standby.head == before

    meanwhile, began = [], time.monotonic()
    with agent(standby) as process:
        while standby.record.revision < revisions:
            meanwhile.append(seconds_of_a_publish(active))
            assert time.monotonic() - began < 900
        took = time.monotonic() - began
        memory = most_memory_mib(process.pid)
    assert memory < MEMORY_MIB
    assert not full or median(meanwhile) < 2 * usual + 0.2
    assert active.mha("sync").returncode == 0
    assert (standby.head, standby.served()) == (active.head, active.served())
    tally(f"revisions that a Standby lacked, taken in {took:.0f} s with {memory} MiB; meanwhile a publish took "
          f"{median(meanwhile or [0]):.2f} s instead of {usual:.2f} s", revisions)  # fmt: skip


def test_it_is_shown_how_far_a_synchronization_is_from_either_side(full, pair):
    active, standby = pair["fw-a"], pair["fw-b"]
    publish_meanwhile(active, 300)
    said: list[str] = []
    assert replication.sync(standby.home, progress=said.append).taken == 300
    assert any(line.startswith("Receiving objects: ") for line in said)
    assert said.count("Judged 300 of 300 revisions") == 1

    publish_meanwhile(active, 8000 if full else 300)
    said.clear()
    assert replication.sync(active.home, progress=said.append).given == ("fw-b",)
    assert any(line.startswith("Writing objects: ") for line in said)
    assert not full or any(line.startswith("remote: Judged ") for line in said)  # after a second
    wait_for(lambda: standby.served() == active.served())


def test_whoever_wants_its_word_waits_for_it(pair):
    active, standby = pair["fw-a"], pair["fw-b"]
    publish_meanwhile(active, publication.FAR_BEHIND + 1)
    active.edit("objects/mine.yaml", "x-moment: 1\n")
    assert active.publish(wait=1).held == 1
    assert standby.head == active.head
