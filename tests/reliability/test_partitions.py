"""Links between real machines, cut in the middle of a push, of a changeover, of a join: the truth, in time, no loss."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.reliability import watched as watching
from tests.reliability.namespaces import Network, require_namespaces, wait_until
from tests.reliability.watched import LOST, SLACK, Case, Watched, begun, result_is_unknown

HOSTS = "objects/hosts.yaml"
UNKNOWN = "the result is not known: ask again with `mha status`"
BIG = 1_500_000
RATE = "2mbit"  # BIG takes six seconds


Cut = Callable[[Network, str, str], None]
BOTH: Cut = Network.cut
THERE: Cut = Network.cut_one_way


def back(net: Network, one: str, other: str) -> None:
    """Lose what `other` answers."""
    net.cut_one_way(other, one)


def pulled(net: Network, _one: str, other: str) -> None:
    """Pull the other's cable."""
    net.pull(other)


def push_is_cut(watched: Watched, cut: Cut) -> None:
    """The receiver has begun to read; nothing of it is there afterwards, and the others have all."""
    net = watched.net
    net.slow("fw-b", RATE)
    before = net["fw-b"].head
    net["fw-a"].edit("objects/big.bin", random.randbytes(BIG))
    with begun(net, "fw-a", "publish", "-m", "Big") as done:
        wait_until(lambda: net["fw-b"].quarantine() > 0, "the push has begun")
        cut(net, "fw-a", "fw-b")

    watched.acknowledged.append(net["fw-a"].head)
    assert (done.code, net["fw-b"].head) == (0, before), done.err
    assert done.err.startswith("Warning: fw-b does not hold it: not communicating ("), done.err
    if "fw-c" in net.servers:
        assert net["fw-c"].head == net["fw-a"].head
    net.slow("fw-b", "1gbit")
    watched.converges("fw-a")


def push_is_accepted_unheard(watched: Watched, cut: Cut) -> None:
    """The receiver takes all, and its answer is lost."""
    net = watched.net
    net["fw-a"].edit(HOSTS, "hosts: {}\n")
    with begun(net, "fw-a", "publish", "-m", "Heard by nobody") as done:
        with net["fw-b"].busy():
            wait_until(lambda: net["fw-b"].quarantine() and net["fw-b"].wanting_lock("serve"), "the push is there")
            cut(net, "fw-a", "fw-b")
        wait_until(lambda: net["fw-b"].head == net["fw-a"].head, "the push is accepted")

    watched.acknowledged.append(net["fw-a"].head)
    assert (done.code, done.err) == (0, f"Warning: fw-b does not hold it: not communicating ({UNKNOWN}).\n")
    watched.converges("fw-a")


def promotion_is_not_offered(watched: Watched, cut: Cut) -> None:
    """The link is lost after the peers were asked and before the offer: the old Active stays Active."""
    net = watched.net
    with begun(net, "fw-b", "promote") as done:
        with net["fw-b"].busy():
            wait_until(lambda: net["fw-b"].wanting_lock("promote"), "the peers were asked")
            cut(net, "fw-b", "fw-a")
        watched.publish("fw-a")

    assert result_is_unknown(done)
    assert {host.record.active for host in net.servers.values()} == {"fw-a"}
    watched.refused("fw-b", 3)
    watched.converges("fw-b")
    assert net["fw-b"].mha("promote").returncode == 0
    watched.converges("fw-b")
    assert net["fw-a"].record.active == "fw-b"


def promotion_is_accepted_unheard(watched: Watched, cut: Cut) -> None:
    """The old Active has accepted; the new one does not know it yet. Nobody can publish, until a sync tells."""
    net = accepted_unheard(watched, cut)
    watched.refused("fw-a", 3)
    watched.refused("fw-b", 3)
    net.heal()
    assert "ahead" in net["fw-b"].mha("status").stdout or net["fw-b"].record.active == "fw-b"
    watched.converges("fw-b")
    assert net["fw-b"].record.active == "fw-b"
    watched.refused("fw-a", 3)
    watched.publish("fw-b")
    watched.converges("fw-b")


def promotion_unheard_is_forced(watched: Watched, cut: Cut) -> None:
    """Whoever cannot wait forces what was offered: it is the same changeover, and no collision."""
    net = accepted_unheard(watched, cut)
    forced = net["fw-b"].mha("promote", "--force", timeout=LOST + SLACK)
    assert forced.returncode == 0, forced.stderr
    assert net["fw-b"].head == net["fw-a"].head
    watched.publish("fw-b")
    watched.refused("fw-a", 3)
    watched.converges("fw-b")


def accepted_unheard(watched: Watched, cut: Cut) -> Network:
    """A planned promotion whose acceptance was lost on its way."""
    net = watched.net
    with begun(net, "fw-b", "promote") as done:
        with net["fw-a"].busy():
            wait_until(lambda: net["fw-a"].quarantine() and net["fw-a"].wanting_lock("serve"), "the offer is there")
            cut(net, "fw-b", "fw-a")
        wait_until(lambda: net["fw-a"].record.active == "fw-b", "the offer is accepted")
    assert result_is_unknown(done)
    assert net["fw-b"].record.active == "fw-a"
    watched.see()
    return net


def both_publish_apart(watched: Watched, cut: Cut) -> None:
    """A forced promotion behind a cut, and both publish: both see a collision afterwards, and both sides are kept."""
    net = watched.net
    cut(net, "fw-b", "fw-a")
    planned = net["fw-b"].mha("promote", timeout=LOST + SLACK)
    assert (planned.returncode, net["fw-b"].record.active) == (6, "fw-a")
    forced = net["fw-b"].mha("promote", "--force", timeout=LOST + SLACK)
    assert forced.returncode == 0, forced.stderr
    watched.publish("fw-a")
    watched.publish("fw-b")
    lines = {net["fw-a"].head, net["fw-b"].head}

    net.heal()
    assert [net[name].mha("sync").returncode for name in ("fw-a", "fw-b")] == [5, 5]
    for host in net.servers.values():
        assert lines == {host.head, *host.home.repository.refs("refs/mha/keep/").values()}
        assert host.mha("status").stdout.startswith("acme: Collision or HA conflict\n")
    watched.check()


def join_is_cut(watched: Watched, cut: Cut) -> None:
    """The history is on its way to a server that joins: it has not joined, and joins at the next try."""
    net = watched.net
    net["fw-a"].edit("objects/big.bin", random.randbytes(BIG))
    net["fw-a"].publish()
    watched.acknowledged.append(net["fw-a"].head)
    net.slow("fw-b", RATE)
    with ThreadPoolExecutor(1) as pool:
        joining = pool.submit(net.joining, "fw-b", "fw-a")
        packs = net["fw-b"].path / "mha.git/objects/pack"
        wait_until(lambda: any(size_of(pack) for pack in packs.glob("tmp_pack_*")), "the history is on its way")
        cut(net, "fw-a", "fw-b")
        done = joining.result(timeout=LOST + SLACK)

    assert done.returncode == 6, done.stderr
    assert done.stderr.startswith(f"Error: {net.url('fw-a')} cannot be reached: "), done.stderr
    assert net["fw-b"].home.repository.head() is None
    net.heal()
    net.slow("fw-b", "1gbit")
    net.join("fw-b")
    watched.converges("fw-a")


def a_slow_line_is_not_a_cut(watched: Watched) -> None:
    """Megabytes over 256 kbit/s: the end of the push is silent for a minute, while ssh's buffers drain."""
    net = watched.net
    net.slow("fw-b", "256kbit")
    net["fw-a"].edit("objects/big.bin", random.randbytes(4 << 20))
    done = net["fw-a"].mha("publish", "-m", "Big", timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    assert net["fw-b"].head == net["fw-a"].head
    watched.converges("fw-a")


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def a_random_moment(watched: Watched, cut: Cut) -> None:
    """Any command, cut at any moment: what it says is true of what is found, and one sync converges."""
    net, here = watched.net, random.choice([("fw-a", "publish", "-m", "x"), ("fw-b", "promote"), ("fw-b", "sync")])
    net.slow("fw-b", RATE)
    net["fw-a"].edit("objects/big.bin", random.randbytes(BIG // 4))
    if here[1] == "sync":
        cut(net, "fw-a", "fw-b")
        assert net["fw-a"].mha("publish", "-m", "x").returncode == 0
        watched.acknowledged.append(net["fw-a"].head)
        net.heal()
    watched.see()
    with begun(net, *here) as done:
        time.sleep(random.uniform(0.2, 4))
        cut(net, "fw-a", "fw-b")

    watched.check()
    if here[1] == "publish":
        assert done.code == 0, done.err
        watched.acknowledged.append(net["fw-a"].head)
        assert ("fw-b does not hold it" in done.err) or net["fw-b"].head == net["fw-a"].head
    elif done.code == 0 and here[1] == "promote":
        assert net["fw-a"].record.active == net["fw-b"].record.active == "fw-b"
    elif done.code == 0:
        assert net["fw-b"].head == net["fw-a"].head
    net.slow("fw-b", "1gbit")
    watched.converges(random.choice(["fw-a", "fw-b"]))


PAIR = ("fw-a", "fw-b")
TRIO = ("fw-a", "fw-b", "fw-c")
Story = Callable[[Watched, Cut], None]
CUTS = {"both ways": BOTH, "there": THERE, "back": back, "cable": pulled}


def case(story: Story, way: str, names: Sequence[str] = PAIR) -> Case:
    """One story, with one kind of cut."""
    return Case(
        f"{story.__name__}, {way}", lambda watched: story(watched, CUTS[way]), names, joined=story is not join_is_cut
    )


SHORT = [
    case(push_is_cut, "both ways"),
    case(promotion_is_accepted_unheard, "back"),
    case(join_is_cut, "there"),
]
STORIES: list[tuple[Story, tuple[str, ...]]] = [
    (push_is_cut, TRIO), (push_is_accepted_unheard, PAIR), (promotion_is_not_offered, PAIR),
    (promotion_is_accepted_unheard, PAIR), (promotion_unheard_is_forced, PAIR), (both_publish_apart, PAIR),
    (join_is_cut, PAIR),
]  # fmt: skip
HEARD = "there"  # what the peer answers still arrives, so that these stories would have another end
UNHEARD = (push_is_accepted_unheard, promotion_is_accepted_unheard, promotion_unheard_is_forced)
LONG = [case(story, way, names) for story, names in STORIES for way in CUTS if story not in UNHEARD or way != HEARD]
LONG.append(Case("a slow line", a_slow_line_is_not_a_cut))
RANDOM = [case(a_random_moment, way) for way in CUTS for _ in range(10)]


@pytest.mark.timeout(3600)
def test_a_cut_link_costs_time_and_nothing_else(full, tally, tmp_path):
    """The stories are told side by side, each in a network of its own: they wait more than they work."""
    require_namespaces()
    cases = [*LONG, *RANDOM] if full else SHORT
    assert watching.failures(cases, tmp_path) == []
    tally("links cut in the middle of a push, a promotion, a join", len(cases))
