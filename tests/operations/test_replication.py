"""Synchronizing: what a server lacks is taken from its peers, what they lack is given; nothing else moves."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mha.core.record import Record
from mha.core.standing import Banner, Sync
from mha.errors import NotJoined, UnknownServer
from mha.operations import replication, servers, setup, sighting
from mha.operations.settling import Settled
from mha.store import peers
from mha.store.files import remove_tree
from mha.store.repository import CURRENT
from tests.cluster import JANA, Cluster, Server
from tests.operations.forging import forged, make_head

HOSTS = "objects/hosts.yaml"


def heads(cluster: Cluster) -> dict[str, str]:
    return {name: server.head for name, server in cluster.servers.items()}


def syncs(done: replication.Synced) -> dict[str, Sync]:
    return {peer.name: peer.sync for peer in done.peers}


def details(done: replication.Synced) -> dict[str, str]:
    return {peer.name: peer.detail for peer in done.peers if peer.detail}


def objects(server: Server) -> int:
    """How many objects a server stores."""
    lines = subprocess.run(
        ["git", "count-objects", "-v"], cwd=server.home.git_dir, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("count:", "in-pack:")))


def test_a_standby_is_given_the_revisions_that_it_lacks(cluster):
    cluster.cut("fw-a", "fw-b")
    for number in range(3):
        cluster["fw-a"].publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
    cluster.heal("fw-a", "fw-b")

    done = cluster["fw-a"].sync()

    assert (done.taken, done.given, done.complete, done.settled) == (0, ("fw-b",), True, Settled())
    assert set(heads(cluster).values()) == {cluster["fw-a"].head}
    assert cluster["fw-b"].served() == cluster["fw-a"].served()


def test_a_standby_takes_the_revisions_that_it_lacks(cluster):
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.2}\n")
    cluster.heal("fw-a", "fw-b")

    done = cluster["fw-b"].sync()

    assert (done.taken, done.given, done.complete) == (2, (), True)
    assert cluster["fw-b"].served() == cluster["fw-a"].served()


def test_only_the_missing_objects_are_sent(cluster):
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    before = objects(cluster["fw-b"])
    cluster.heal("fw-a", "fw-b")

    cluster["fw-a"].sync()

    assert objects(cluster["fw-b"]) - before == 4  # a file, its folder, the root, the revision


def test_a_server_that_the_active_cannot_reach_gets_its_revisions_through_another_one(cluster):
    cluster.cut("fw-a", "fw-c")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")

    done = cluster["fw-b"].sync()

    assert done.given == ("fw-c",)
    assert cluster["fw-c"].head == cluster["fw-a"].head


def test_a_standby_that_was_killed_before_it_served_what_it_took_serves_it_after_the_next_sync(cluster):
    old = cluster["fw-b"].head
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    as_if_killed_before_the_switch(cluster["fw-b"], old)
    assert [peer.name for peer in cluster["fw-a"].status().peers if not peer.serving] == ["fw-b"]

    found = cluster["fw-a"].sync()

    assert found.complete
    assert found.given == ()
    assert all(peer.serving for peer in found.peers)
    assert cluster["fw-b"].served()[HOSTS] == b"hosts: {}\n"
    assert cluster["fw-a"].status().message == Banner.DONE


def as_if_killed_before_the_switch(server: Server, old: str) -> None:
    """Put current/ back to what it served before the last revision; `main` stays."""
    (server.path / "current").unlink()
    (server.path / "current").symlink_to(f"releases/{old}")
    server.home.repository.set_ref(CURRENT, old)


def test_a_standby_that_was_killed_before_it_told_what_it_serves_tells_it_after_the_next_sync(cluster):
    old = cluster["fw-b"].head
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster["fw-b"].home.repository.set_ref(CURRENT, old)

    assert all(peer.serving for peer in cluster["fw-a"].sync().peers)


def test_nothing_moves_where_all_are_synchronized(cluster):
    before = heads(cluster)

    done = cluster["fw-b"].sync()

    assert (done.taken, done.given, syncs(done)) == (0, (), {"fw-a": Sync.SYNCHRONIZED, "fw-c": Sync.SYNCHRONIZED})
    assert heads(cluster) == before


def test_only_the_named_servers_are_synchronized(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster.heal_all()

    done = replication.sync(cluster["fw-a"].home, ["fw-c"])

    assert syncs(done) == {"fw-c": Sync.SYNCHRONIZED}
    assert cluster["fw-b"].record.revision == 3


def test_an_unknown_server_cannot_be_synchronized(cluster):
    with pytest.raises(UnknownServer):
        replication.sync(cluster["fw-a"].home, ["fw-b", "fw-x"])


def test_a_peer_that_does_not_answer_stops_nobody_else(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster.heal("fw-a", "fw-c")

    done = cluster["fw-a"].sync()

    assert syncs(done) == {"fw-b": Sync.SILENT, "fw-c": Sync.SYNCHRONIZED}
    assert details(done) == {"fw-b": "there is no home at its address"}
    assert not done.complete


def test_a_draft_is_never_synchronized(cluster):
    cluster["fw-a"].edit(HOSTS, "hosts: {draft: 10.0.0.1}\n")

    cluster["fw-a"].sync()
    cluster["fw-b"].sync()

    assert cluster["fw-b"].served()[HOSTS] == cluster["fw-a"].served()[HOSTS]
    assert cluster["fw-a"].draft()[HOSTS] == b"hosts: {draft: 10.0.0.1}\n"


def test_a_superseded_active_learns_it_from_a_synchronization(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()

    done = cluster["fw-a"].sync()

    assert (done.taken, done.settled.kept_draft) == (1, "1")
    assert cluster["fw-a"].record.active == "fw-b"


def test_diverged_heads_stay_where_they_are_and_both_are_pinned_on_both_sides(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()
    before = heads(cluster)

    done = cluster["fw-a"].sync()

    ours, theirs = cluster["fw-a"], cluster["fw-b"]
    assert done.collision
    assert syncs(done) == {"fw-b": Sync.COLLISION, "fw-c": Sync.COLLISION}
    assert heads(cluster) == before
    assert ours.home.repository.refs("refs/mha/keep/") == {theirs.head: theirs.head}
    assert theirs.home.repository.refs("refs/mha/keep/") == {ours.head: ours.head}
    assert theirs.home.repository.has(ours.head)


def test_a_collision_is_pinned_even_where_only_the_other_side_looks(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()

    cluster["fw-b"].sync()
    cluster.isolate("fw-a")

    assert cluster["fw-a"].home.repository.refs("refs/mha/keep/") == {cluster["fw-b"].head: cluster["fw-b"].head}
    assert cluster["fw-b"].home.repository.refs("refs/mha/keep/") == {cluster["fw-a"].head: cluster["fw-a"].head}


def test_a_stale_actives_push_is_refused_by_the_receiver(cluster):
    stale = cluster["fw-a"]
    cluster.isolate("fw-a")
    stale.publish_edit(HOSTS, "hosts: {stale: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()
    before = cluster["fw-b"].head

    [peer] = [view.peer for view in replication.look(tip_of(stale)) if view.name == "fw-b"]
    pushed = [peers.push(stale.home, peer, f"{by_force}{stale.head}") for by_force in ("", "+")]

    assert [one.answer.head for one in pushed] == [cluster["fw-b"].head] * 2 == [before] * 2
    assert (pushed[0].complaint or "").startswith(
        "failed to push some refs"
    )  # git here knows the peer's head, and asks not
    assert pushed[1].complaint == "fw-b has revisions that the sender lacks: this is no fast-forward."


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Record(5, 1, "fw-a", "fw-a"), "Revision 4 comes next, not 5."),
        (Record(4, 1, "fw-b", "fw-b"), "fw-b may not publish: fw-a is Active at epoch 1."),
        (Record(4, 3, "fw-a", "fw-a"), "Epoch 1 or 2 comes next, not 3."),
    ],
)
def test_what_a_peer_forged_is_neither_taken_nor_given(cluster, record, reason):
    oid = forged(cluster["fw-b"], record, {HOSTS: b"hosts: {}\n"})
    make_head(cluster["fw-b"], oid)
    before = cluster["fw-a"].head

    taken = cluster["fw-a"].sync()
    given = cluster["fw-b"].sync()

    assert syncs(taken)["fw-b"] is Sync.ERROR
    assert details(taken)["fw-b"] == f"Revision {oid[:10]} is refused: {reason}"
    assert syncs(given)["fw-a"] is Sync.ERROR
    assert details(given)["fw-a"] == f"Revision {oid[:10]} is refused: {reason}"
    assert cluster["fw-a"].head == cluster["fw-c"].head == before


def test_a_peer_of_another_cluster_is_said_to_be_one(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    other = Cluster.build(tmp_path / "other", ("fw-a", "fw-b"))
    before = objects(cluster["fw-a"])
    swap(cluster["fw-b"].path, other["fw-b"].path)

    done = cluster["fw-a"].sync()

    assert syncs(done) == {"fw-b": Sync.ERROR}
    assert details(done) == {"fw-b": "it belongs to another cluster: its history begins elsewhere"}
    assert objects(cluster["fw-a"]) == before  # nothing of it was fetched
    assert other["fw-a"].head == Server(cluster["fw-b"].path).head


def test_a_plain_copy_of_the_repository_is_no_server(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    remove_tree(cluster["fw-b"].path)
    clone = ["git", "clone", "--quiet", "--bare", str(cluster["fw-a"].home.git_dir), "mha.git"]
    cluster["fw-b"].path.mkdir()
    subprocess.run(clone, cwd=cluster["fw-b"].path, check=True)

    done = cluster["fw-a"].sync()

    assert syncs(done) == {"fw-b": Sync.ERROR}
    assert details(done) == {"fw-b": "a git repository answers at its address, but no server's home"}


def test_a_server_at_anothers_address_is_named(cluster):
    swap(cluster["fw-b"].path, cluster["fw-c"].path)

    done = cluster["fw-a"].sync()

    assert details(done)["fw-b"] == "fw-c answers at the address of fw-b"


def test_a_server_that_is_listed_as_its_own_peer_is_told_so(make_cluster):
    cluster = make_cluster("fw-a")
    (cluster.root / "door").symlink_to(cluster["fw-a"].path)
    key = setup.key(cluster.root / "elsewhere", name="fw-b").key
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "door"), key=key, author=JANA)

    done = cluster["fw-a"].sync()

    assert syncs(done) == {"fw-b": Sync.ERROR}
    assert details(done) == {"fw-b": "the address of fw-b leads to this server itself"}


def test_a_listed_server_that_has_not_joined_was_never_synchronized(make_cluster):
    cluster = make_cluster("fw-a")
    setup.key(cluster.root / "fw-b", name="fw-b")
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)

    done = cluster["fw-a"].sync()

    assert syncs(done) == {"fw-b": Sync.NEVER}
    with pytest.raises(NotJoined):
        replication.sync(Server(cluster.root / "fw-b").home)


def test_a_clock_that_jumps_back_decides_nothing(cluster, monkeypatch):
    cluster.cut("fw-a", "fw-b")
    for year in (2031, 2001, 2026, 1999, 2030, 2002):
        monkeypatch.setenv("MHA_NOW", f"{year}-01-01T00:00:00+00:00")
        cluster["fw-a"].publish_edit(HOSTS, f"hosts: {{year-{year}: 10.0.0.1}}\n")
    cluster.heal("fw-a", "fw-b")

    lagging = sighting.report(tip_of(cluster["fw-b"]), replication.look(tip_of(cluster["fw-b"]))[0])
    cluster["fw-b"].promote()

    assert (lagging.sync, lagging.ahead, lagging.behind) == (Sync.ADVANCED, 6, 0)
    assert {server.record for server in cluster.servers.values()} == {Record(10, 2, "fw-b", "fw-b")}


def tip_of(server: Server):
    from mha.operations import tip as tips

    return tips.tip(server.home)


def swap(path: Path, other: Path) -> None:
    """Put a copy of another home where a home was."""
    path.rename(path.with_name(f"{path.name}-aside"))
    shutil.copytree(other, path, symlinks=True)
