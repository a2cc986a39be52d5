"""The agent as a real process: it synchronizes in time, outlives what goes wrong, says only news, and ends well."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mha import agent as daemon
from mha.core.names import Peer, url
from mha.errors import InvalidModel
from mha.operations import validation, verification
from mha.store import lock, peers
from tests.cluster import Cluster, Server
from tests.evidence import left_running
from tests.trouble import list_peer, wait_for

HOSTS = "objects/hosts.yaml"


@dataclass
class Agent:
    """A running agent, and what it has said until now."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def said(self) -> list[str]:
        """Its lines, without the time that begins most of them."""
        return [re.sub(r"^\d{4}-\S+ ", "", line) for line in self.log.read_text().splitlines()]

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def waits_until_it_says(self, text: str) -> None:
        wait_for(lambda: text in self.said())

    def ends(self, number: signal.Signals) -> int:
        """Send it a signal; returns its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@contextmanager
def agent(server: Server) -> Iterator[Agent]:
    """An agent of a server; whatever becomes of the test, it does not outlive the block."""
    log = server.path.parent / f"{server.path.name}.log"
    command = [sys.executable, "-m", "mha", "--home", str(server.path), "agent"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield Agent(process, log)
    finally:
        process.kill()
        process.wait()


def with_interval(cluster: Cluster, interval: str) -> Cluster:
    """The same cluster with another `sync-interval`."""
    text = cluster["fw-a"].served()["mha.yaml"].decode()
    assert "sync-interval: 60s" in text
    cluster["fw-a"].publish_edit("mha.yaml", text.replace("sync-interval: 60s", f"sync-interval: {interval}"))
    return cluster


@pytest.fixture
def often(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers whose agents synchronize each second; fw-a is Active at revision 3."""
    return with_interval(make_cluster("fw-a", "fw-b"), "1s")


@pytest.fixture
def seldom(cluster: Cluster) -> Cluster:
    """Three servers whose agents synchronize each hour, if nothing happens; fw-a is Active at revision 4."""
    return with_interval(cluster, "1h")


def last_sync(server: Server) -> str:
    """When its one peer last held all that it has, as far as it knows without asking."""
    [peer] = server.status(offline=True).peers
    return peer.last_sync or ""


def next_round(server: Server) -> None:
    """Wait until an agent has once more seen all that is there."""
    known = last_sync(server)
    wait_for(lambda: last_sync(server) > known)


def took_without_serving(server: Server, active: Server) -> str:
    """Let a Standby hold the Active's head and serve the one before, as a receiver does that was killed in between."""
    door = server.path.parent / "door"  # a way to the Active that no cut link is on
    door.unlink(missing_ok=True)
    door.symlink_to(active.path)
    assert peers.fetch(server.home, Peer(active.name, url(str(door)))) is None
    server.home.repository.advance(expected=server.head, to=active.head)
    return active.head


# In time


def test_on_a_standby_what_the_checks_know_is_kept_for_the_first_publish_after_a_changeover(seldom):
    standby = seldom["fw-b"]
    assert not validation.is_learnt(standby.home)

    with agent(standby):
        wait_for(lambda: validation.is_learnt(standby.home))

    standby.promote()
    assert validation.is_learnt(standby.home)  # it is brought to the new head by what changed
    with pytest.raises(InvalidModel, match="1 error"):
        standby.publish_edit(HOSTS, "groups: {a: [nobody]}\n")


def test_it_synchronizes_at_the_interval(often):
    often.cut("fw-a", "fw-b")
    published = often["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id

    with agent(often["fw-a"]) as running:
        running.waits_until_it_says(
            "fw-a: revision 4, fw-a is Active: fw-b not communicating (there is no home at its address)"
        )
        assert often["fw-b"].record.revision == 3
        often.heal("fw-a", "fw-b")
        running.waits_until_it_says("fw-a: revision 4, fw-a is Active: fw-b synchronized")

    assert often["fw-b"].head == published
    assert often["fw-b"].served()[HOSTS] == b"hosts: {}\n"


def test_it_synchronizes_at_once_when_main_moved(seldom):
    """fw-a reaches fw-b alone; only the agent of fw-b can give fw-c what fw-b was given, and not in an hour."""
    seldom.cut("fw-a", "fw-c")

    with agent(seldom["fw-b"]) as running:
        running.waits_until_it_says("fw-b: revision 4, fw-a is Active: fw-a synchronized, fw-c synchronized")
        published = [seldom["fw-a"].publish_edit(HOSTS, f"hosts: {{web-{n}: 10.0.0.1}}\n").id for n in range(2)]
        wait_for(lambda: seldom["fw-c"].head == published[-1])
        running.waits_until_it_says("fw-b: revision 6, fw-a is Active: fw-a synchronized, fw-c synchronized")


def test_on_a_standby_current_follows_what_was_taken_and_not_served(seldom):
    standby, active = seldom["fw-b"], seldom["fw-a"]
    seldom.isolate("fw-b")
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    taken = took_without_serving(standby, active)
    assert standby.served()[HOSTS] != active.served()[HOSTS]

    with agent(standby):
        wait_for(lambda: standby.served() == active.served())  # as it starts
        active.publish_edit(HOSTS, "hosts: {b: 10.0.0.1}\n")
        assert took_without_serving(standby, active) != taken
        wait_for(lambda: standby.served() == active.served())  # and while it runs


def test_on_a_standby_that_nobody_can_push_to_it_fetches_and_knows_how_old_its_knowledge_is(often):
    standby, active = often["fw-b"], often["fw-a"]
    often.cut_one_way("fw-a", "fw-b")

    with agent(standby) as running:
        active.publish_edit(HOSTS, "hosts: {}\n")
        running.waits_until_it_says("fw-b: revision 4, fw-a is Active: fw-a synchronized, took 1")
        assert standby.served() == active.served()
        next_round(standby)

        often.isolate("fw-b")
        running.waits_until_it_says(
            "fw-b: revision 4, fw-a is Active: fw-a not communicating (there is no home at its address)"
        )
        cut = last_sync(standby)
        assert "not communicating" in standby.mha("status").stdout
        assert last_sync(standby) == cut
        often.heal_all()
        wait_for(lambda: last_sync(standby) > cut)


# Whatever goes wrong in one round


@contextmanager
def locked_out(server: Server) -> Iterator[None]:
    """The file of the lock cannot be opened."""
    file = server.home.state / "lock"
    file.unlink()
    file.mkdir()
    yield
    file.rmdir()


@contextmanager
def without(place: Path) -> Iterator[None]:
    """A folder has gone, as with its disk."""
    away = place.with_name("gone")
    place.rename(away)
    yield
    away.rename(place)


@contextmanager
def without_main(server: Server) -> Iterator[None]:
    """The head is no id."""
    file = server.home.git_dir / "refs/heads/main"
    text = file.read_text()
    file.write_text("nonsense\n")
    yield
    file.write_text(text)


HARM: dict[str, Callable[[Server], AbstractContextManager[None]]] = {
    "the lock cannot be opened": locked_out,
    "the head is nonsense": without_main,
    "the objects have gone": lambda server: without(server.home.git_dir / "objects"),
    "the repository has gone": lambda server: without(server.home.git_dir),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_it_outlives_what_goes_wrong_in_a_round_and_says_so(often, harm):
    server = often["fw-a"]
    well = "fw-a: revision 3, fw-a is Active: fw-b synchronized"

    with agent(server) as running:
        running.waits_until_it_says(well)
        with harm(server):
            wait_for(lambda: running.ended or running.said()[-1] != well)
            assert not running.ended, running.said()
        wait_for(lambda: running.ended or running.said()[-1] == well)
        assert not running.ended, running.said()

    assert verification.verify(server.home, deep=True).findings == ()


def test_it_goes_on_when_the_objects_were_packed_anew_under_its_hands(often):
    server = often["fw-b"]
    often.cut_one_way("fw-a", "fw-b")

    with agent(server) as running:
        running.waits_until_it_says("fw-b: revision 3, fw-a is Active: fw-a synchronized")
        subprocess.run(["git", "-C", server.home.git_dir, "repack", "-adq"], check=True)
        published = often["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
        wait_for(lambda: server.head == published)
        running.waits_until_it_says("fw-b: revision 4, fw-a is Active: fw-a synchronized, took 1")


def test_it_says_a_line_only_when_something_is_new(often):
    server = often["fw-a"]

    with agent(server) as running:
        for _ in range(3):
            next_round(server)
        lines = running.said()

    assert lines == [
        f"fw-a: the agent watches {server.path}.",
        "fw-a: revision 3, fw-a is Active: fw-b synchronized",
    ]


def test_a_second_one_ends_and_says_who_is_the_first(seldom):
    server = seldom["fw-a"]

    with agent(server) as first:
        wait_for(lambda: bool(first.said()))
        second = server.mha("agent")
        assert not first.ended

    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.startswith(f"Error: An agent of this home runs already: process {first.process.pid}.\n")
    with lock.alone(server.home.git_dir):  # the first one was killed
        pass


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_well_when_it_is_told_to(seldom, number):
    server = seldom["fw-b"]

    with agent(server) as running:
        running.waits_until_it_says("fw-b: revision 4, fw-a is Active: fw-a synchronized, fw-c synchronized")
        code = running.ends(number)

    assert (code, running.said()[-1]) == (0, "fw-b: the agent has stopped.")
    assert len(running.said()) == 3
    assert left_running(server) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_in_the_middle_of_a_round(make_cluster, number):
    """It waits for a peer that takes the connection and is silent."""
    server = make_cluster("fw-a")["fw-a"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        silent.settimeout(60)
        list_peer(server, "fw-b", f"ssh://mha@127.0.0.1:{silent.getsockname()[1]}/srv/mha")

        with agent(server) as running:
            connection, _ = silent.accept()
            with connection:
                code = running.ends(number)

    assert (code, running.said()) == (0, [f"fw-a: the agent watches {server.path}.", "fw-a: the agent has stopped."])
    wait_for(lambda: left_running(server) == [])
    with lock.held(server.home.git_dir, wait_seconds=0):
        assert os.listdir(server.path / "releases") != []


def test_an_agent_says_now_and_then_how_far_a_long_synchronization_is(make_cluster, monkeypatch):
    server, said = make_cluster("fw-a")["fw-a"], list[str]()
    tell = daemon._seldom(server.home, said.append)
    tell("Receiving objects:   1% (1/100)")
    monkeypatch.setattr(daemon, "_SELDOM_SECONDS", 0)
    tell("Receiving objects:  \x1b[2J 50% (50/100)")
    assert [re.sub(r"^\S+ ", "", line) for line in said] == [
        r"fw-a: synchronizing: Receiving objects:  \x1b[2J 50% (50/100)"
    ]
