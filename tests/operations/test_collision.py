"""A collision: both sides are kept, and seen by every server that can reach both."""

import shutil

import pytest

from mha.core.changes import Action, Change
from mha.core.standing import Banner, Sync
from mha.core.succession import Kind
from mha.errors import Collision
from mha.operations import collision, resolution
from mha.operations.collision import CollisionReport
from mha.store.clock import now
from mha.store.files import remove_tree
from tests.cluster import JANA, Cluster

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def collided(cluster: Cluster) -> Cluster:
    """fw-a was cut off and published twice; fw-b took over by force and published once; the links are back."""
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n", "Ours, first")
    cluster["fw-a"].publish_edit("objects/new.yaml", "x-a: 1\n", "Ours, second")
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit(HOSTS, "hosts: {b: 10.0.0.2}\n", "Theirs")
    cluster.heal_all()
    return cluster


def test_without_diverged_heads_there_is_no_collision(cluster):
    report = collision.collision(cluster["fw-a"].home)

    assert report == CollisionReport(None, ())
    assert not report.exists


def test_both_sides_are_reported_with_what_they_did_since_the_last_common_revision(collided):
    ours, theirs = collided["fw-a"], collided["fw-b"]

    report = collision.collision(ours.home)

    assert report.common is not None
    assert report.common.revision == 3
    assert [(side.head, side.servers) for side in report.sides] == [
        (ours.head, ("fw-a",)),
        (theirs.head, ("fw-b", "fw-c")),
    ]
    assert [[(e.revision, e.kind, e.message.partition(":")[0]) for e in side.revisions] for side in report.sides] == [
        [(5, Kind.PUBLISH, "Ours, second"), (4, Kind.PUBLISH, "Ours, first")],
        [(5, Kind.PUBLISH, "Theirs"), (4, Kind.CHANGEOVER, "Changeover")],
    ]
    assert [side.changes for side in report.sides] == [
        (Change(HOSTS, Action.MODIFIED), Change("objects/new.yaml", Action.ADDED)),
        (Change(HOSTS, Action.MODIFIED),),
    ]
    assert report.both == (HOSTS,)
    assert report.higher_epoch is report.sides[1]


def test_every_server_that_reaches_both_sides_reports_the_same_sides(collided):
    reports = [collision.collision(server.home) for server in collided.servers.values()]

    assert len({frozenset((side.head, side.servers) for side in report.sides) for report in reports}) == 1


def test_looking_at_a_collision_pins_both_lines_on_both_sides(collided):
    ours, theirs = collided["fw-a"], collided["fw-b"]

    collision.collision(ours.home)

    assert ours.home.repository.refs("refs/mha/keep/") == {theirs.head: theirs.head}
    assert theirs.home.repository.refs("refs/mha/keep/") == {ours.head: ours.head}


def test_a_collision_that_was_seen_once_is_reported_without_the_other_side(collided):
    collided["fw-a"].sync()
    heads = {server.head for server in (collided["fw-a"], collided["fw-b"])}
    collided.isolate("fw-a")

    report = collision.collision(collided["fw-a"].home)

    assert {side.head for side in report.sides} == heads
    assert [side.servers for side in report.sides] == [("fw-a",), ()]
    assert collided["fw-a"].status().message is Banner.COLLISION


def test_a_third_server_that_never_diverged_sees_it_too(collided):
    report = collision.collision(collided["fw-c"].home)

    assert [side.servers for side in report.sides] == [("fw-b", "fw-c"), ("fw-a",)]
    assert collided["fw-c"].status().message is Banner.COLLISION


def test_a_line_that_went_on_is_still_one_side(collided):
    collision.collision(collided["fw-a"].home)
    collided["fw-c"].promote(force=True)  # on top of the line of fw-b, whose older head fw-a has pinned

    report = collision.collision(collided["fw-a"].home)

    assert [(side.head, side.servers) for side in report.sides] == [
        (collided["fw-a"].head, ("fw-a",)),
        (collided["fw-c"].head, ("fw-b", "fw-c")),
    ]


def test_two_servers_that_only_changed_over_have_collided_as_well(cluster):
    """Nothing was published on either side, but both are Active: that is no state to be silent about."""
    cluster.isolate("fw-a")
    cluster.cut("fw-b", "fw-c")
    cluster["fw-b"].promote(force=True)
    cluster["fw-c"].promote(force=True)
    cluster.heal_all()

    report = collision.collision(cluster["fw-b"].home)

    assert report.exists
    assert report.both == ()
    assert report.higher_epoch is None
    assert [side.record.active for side in report.sides] == ["fw-b", "fw-c"]


def test_an_object_that_both_changed_is_told_field_by_field_with_what_a_merge_leaves_open(cluster):
    text = "hosts:\n  a: {address: 10.0.0.1, comment: old}\n  b: 10.0.0.2\n"
    cluster["fw-a"].publish_edit(HOSTS, text)
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, text.replace("0.1", "0.11").replace("old", "ours").replace("0.2", "0.22"))
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit(HOSTS, text.replace("0.1", "0.12"))
    cluster.heal_all()

    report = collision.examined(cluster["fw-c"].home)

    [contested] = report.objects
    assert contested.subject == "host a"
    assert [(f.field, f.base.value, {held.side: held.value for held in f.sides}) for f in contested.fields] == [
        ("address", "10.0.0.1", {"fw-a": "10.0.0.11", "fw-b": "10.0.0.12"}),
        ("comment", "old", {"fw-a": "ours", "fw-b": "old"}),
    ]
    assert [(conflict.subject, conflict.field) for conflict in report.conflicts] == [("host/a", "address")]


def test_a_side_that_only_a_third_server_keeps_is_seen_and_kept_by_all(cluster):
    """fw-b, whose side it was, is put back from a snapshot that does not have it."""
    snapshot = cluster.root / "snapshot"
    shutil.copytree(cluster["fw-b"].path, snapshot, symlinks=True)
    cluster.isolate("fw-b")
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit(HOSTS, "hosts: {b: 10.0.0.2}\n", "Theirs")
    side = cluster["fw-b"].head
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n", "Ours")
    cluster.heal("fw-b", "fw-c")
    cluster["fw-c"].sync()
    remove_tree(cluster["fw-b"].path)
    shutil.move(snapshot, cluster["fw-b"].path)
    cluster.heal_all()
    cluster["fw-b"].sync()

    for name in ("fw-a", "fw-b", "fw-c"):
        status = cluster[name].status()
        assert (status.message, {peer.sync for peer in status.peers}) == (Banner.COLLISION, {Sync.SYNCHRONIZED})
        assert cluster[name].home.repository.refs("refs/mha/keep/") == {side: side}
    with pytest.raises(Collision):
        cluster["fw-a"].publish()
    cluster.isolate("fw-c")
    [_, theirs] = collision.collision(cluster["fw-a"].home).sides
    assert (theirs.head, theirs.servers) == (side, ())
    resolution.resolve(cluster["fw-a"].home, resolution.Wish(side), author=JANA)
    cluster.heal_all()
    for name in ("fw-c", "fw-b", "fw-a"):
        cluster[name].sync()
        assert cluster[name].served()[HOSTS] == b"hosts: {b: 10.0.0.2}\n"
        assert cluster[name].status().message is Banner.DONE


def test_what_a_peer_keeps_is_judged_before_it_is_kept_here(cluster):
    standby = cluster["fw-c"].home.repository
    strange = standby.write_commit(
        tree=standby.commit(cluster["fw-c"].head).tree, parents=[cluster["fw-c"].head], message="None of ours\n",
        author=JANA, committer=JANA, time=now(),
    )  # fmt: skip
    standby.set_ref(f"refs/mha/keep/{strange}", strange)

    assert cluster["fw-a"].status().message is Banner.DONE
    assert cluster["fw-a"].home.repository.refs("refs/mha/keep/") == {}
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    assert cluster["fw-b"].head == cluster["fw-a"].head
