"""Processes and machines that stand still without ending: each command ends, says what is true, and nothing is lost."""

import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reliability import watched as watching
from tests.reliability.namespaces import frozen, require_namespaces, thaw, wait_until
from tests.reliability.watched import SLACK, STILL, Case, Watched, begun, result_is_unknown

HOSTS = "objects/hosts.yaml"
BIG = 1_500_000
BIGGER = 16_000_000  # more than sockets hold on the way
RATE = "2mbit"
LOCAL = 15.0 + 10.0  # the wait for the lock, after the peers were asked


def a_whole_machine_stands_still(watched: Watched) -> None:
    """The kernel of a hung machine may still take connections. The Active publishes, and names the peer."""
    net = watched.net
    assert net["fw-a"].mha("status").returncode == 0  # the connection stands
    warnings = []
    with frozen(*net["fw-b"].processes()):
        for number in range(2):
            net["fw-a"].edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
            done = net["fw-a"].mha("publish", "-m", "x", timeout=STILL + SLACK)
            assert done.returncode == 0
            watched.acknowledged.append(net["fw-a"].head)
            warnings.append(done.stderr)
        planned = net["fw-a"].mha("demote", "--to", "fw-b", timeout=STILL + SLACK)
        assert planned.returncode == 6

    silent = "Warning: fw-b does not hold it: not communicating ({}).\n"
    assert warnings[0] == silent.format("no answer within the deadline")  # over the connection that stood
    assert warnings[1] == silent.format("Connection timed out during banner exchange")  # over a new one
    watched.converges("fw-a")


def a_receiver_stands_still(watched: Watched) -> None:
    """git's receive-pack is stopped in the middle of a push, and its machine answers."""
    net, before = watched.net, watched.net["fw-b"].head
    net.slow("fw-b", RATE)
    net["fw-a"].edit("objects/big.bin", random.randbytes(BIG))
    with begun(net, "fw-a", "publish", "-m", "Big", seconds=STILL + BIG / (32 << 10)) as done:
        wait_until(lambda: net["fw-b"].quarantine() > 0, "the push has begun")
        stopped = [
            pid for word in ("receive-pack", "unpack-objects", "index-pack") for pid in net["fw-b"].processes(word)
        ]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    watched.acknowledged.append(net["fw-a"].head)
    assert (done.code, net["fw-b"].head) == (0, before)
    assert done.err == "Warning: fw-b does not hold it: sync error (no answer within the deadline).\n"
    thaw(*stopped)
    net.slow("fw-b", "1gbit")
    watched.converges("fw-a")


def a_receiver_stands_still_with_the_lock(watched: Watched) -> None:
    """`mha serve` is stopped while it judges: the peer answers, and its own commands name the process that hinders."""
    net = watched.net
    net["fw-a"].edit(HOSTS, "hosts: {}\n")
    with begun(net, "fw-a", "publish", "-m", "x", seconds=STILL) as done:
        stopped = net["fw-b"].freeze_holder()

    watched.acknowledged.append(net["fw-a"].head)
    holds = net["fw-b"].head == net["fw-a"].head
    assert (done.code, "fw-b does not hold it" not in done.err) == (0, holds)
    hindered = net["fw-b"].mha("sync", timeout=LOCAL + SLACK)
    said = f"Error: This home is in use by process {stopped}, which is stopped.\nHint: `kill -CONT {stopped}` "
    assert (hindered.returncode, hindered.stderr.startswith(said)) == (1, True), hindered.stderr
    thaw(stopped)
    watched.converges("fw-b")


def the_active_stands_still_with_an_offer(watched: Watched) -> None:
    """The Active's `mha serve` is stopped while it judges a promotion. It may accept later: the result is not known."""
    net = watched.net
    with begun(net, "fw-b", "promote", seconds=STILL) as done:
        stopped = net["fw-a"].freeze_holder()

    if net["fw-a"].record.active == "fw-a":  # it was stopped before `main` moved
        assert result_is_unknown(done)
        assert net["fw-b"].record.active == "fw-a"
        watched.refused("fw-b", 3)
    watched.see()
    thaw(stopped)
    wait_until(lambda: net["fw-a"].record.active == "fw-b", "the offer is accepted after all")
    watched.refused("fw-a", 3)
    watched.converges("fw-b")
    assert net["fw-b"].record.active == "fw-b"
    watched.publish("fw-b")
    watched.converges("fw-b")


def a_sender_stands_still_while_a_server_joins(watched: Watched) -> None:
    """git's upload-pack is stopped in the middle of a join."""
    net = watched.net
    net["fw-a"].edit("objects/big.bin", random.randbytes(BIGGER))
    net["fw-a"].publish()
    net.slow("fw-b", RATE)
    packs = net["fw-b"].path / "mha.git/objects/pack"
    with ThreadPoolExecutor(1) as pool:
        joining = pool.submit(net.joining, "fw-b", "fw-a")
        wait_until(lambda: any(pack.exists() for pack in packs.glob("tmp_pack_*")), "the history is on its way")
        stopped = net["fw-a"].processes("upload-pack")
        assert stopped
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        done = joining.result(timeout=STILL + SLACK)

    said = f"Error: {net.url('fw-a')} cannot be reached: no answer within the deadline.\n"
    assert (done.returncode, done.stderr.startswith(said)) == (6, True), done.stderr
    thaw(*stopped)
    net.slow("fw-b", "1gbit")
    net.join("fw-b")
    watched.converges("fw-a")


def a_publish_stands_still_with_the_lock(watched: Watched) -> None:
    """A publish was stopped, with Ctrl-Z perhaps: the next command names it; peers and status are served."""
    net = watched.net
    net["fw-a"].edit(HOSTS, "hosts: {}\n")
    first = net["fw-a"].begin("publish", "-m", "Stopped")
    stopped = net["fw-a"].freeze_holder()

    hindered = net["fw-a"].mha("publish", "-m", "Second", timeout=LOCAL + SLACK)
    said = f"Error: This home is in use by process {stopped}, which is stopped.\n"
    assert (hindered.returncode, hindered.stderr.startswith(said)) == (1, True), hindered.stderr
    assert net["fw-a"].mha("status", timeout=STILL + SLACK).returncode in (0, 4)
    assert net["fw-b"].mha("status", timeout=STILL + SLACK).returncode in (0, 4)
    thaw(stopped)
    _, complaint = first.communicate(timeout=STILL + SLACK)
    assert first.returncode == 0, complaint
    watched.acknowledged.append(net["fw-a"].head)
    watched.converges("fw-a")
    assert net["fw-b"].served()[HOSTS] == b"hosts: {}\n"


STORIES = [
    a_whole_machine_stands_still, a_receiver_stands_still, a_receiver_stands_still_with_the_lock,
    the_active_stands_still_with_an_offer, a_sender_stands_still_while_a_server_joins,
    a_publish_stands_still_with_the_lock,
]  # fmt: skip
SHORT = [the_active_stands_still_with_an_offer]


@pytest.mark.timeout(3600)
def test_whoever_stands_still_costs_time_and_nothing_else(full, tally, tmp_path):
    require_namespaces()
    stories = STORIES * 5 if full else SHORT
    cases = [Case(story.__name__, story, joined="joins" not in story.__name__) for story in stories]
    assert watching.failures(cases, tmp_path) == []
    tally("peers and commands stopped in the middle of their work", len(cases))
