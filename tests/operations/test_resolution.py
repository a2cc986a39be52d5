"""Ending a collision: one revision follows all sides, on every server, and nothing is lost."""

import pytest

from mha.core.changes import Action, Change
from mha.core.standing import Banner, Sync
from mha.core.succession import Kind
from mha.errors import Collision, NoCollision, NoSide, UnknownServer
from mha.operations import collision, drafts, history, resolution, verification
from mha.operations.resolution import Resolved
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"
OURS, THEIRS = b"hosts: {a: 10.0.0.1}\n", b"hosts: {b: 10.0.0.2}\n"


@pytest.fixture
def collided(cluster: Cluster) -> Cluster:
    """fw-a was cut off and published twice; fw-b took over by force and published once; the links are back."""
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, OURS.decode(), "Ours, first")
    cluster["fw-a"].publish_edit("objects/new.yaml", "hosts: {c: 10.0.0.3}\n", "Ours, second")
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit(HOSTS, THEIRS.decode(), "Theirs")
    cluster.heal_all()
    return cluster


def resolve(server: Server, keep: str, **options) -> Resolved:
    return resolution.resolve(server.home, keep=keep, author=JANA, **options)


@pytest.mark.parametrize("at", ["fw-a", "fw-b", "fw-c"])
@pytest.mark.parametrize(("keep", "kept"), [("fw-a", OURS), ("fw-b", THEIRS)])
def test_it_ends_on_every_server_with_the_files_of_one_side_and_the_revisions_of_both(collided, at, keep, kept):
    before = {server.name: server.revisions() for server in collided.servers.values()}

    done = resolve(collided[at], keep)

    assert (done.kept, done.active, done.revision, done.epoch) == (keep, at, 6, 3)
    assert {peer.sync for peer in done.peers} == {Sync.SYNCHRONIZED}
    for server in collided.servers.values():
        assert server.head == done.id
        assert server.served()[HOSTS] == kept
        assert ("objects/new.yaml" in server.served()) == (keep == "fw-a")
        assert server.revisions() >= before["fw-a"] | before["fw-b"]
        assert server.home.repository.refs("refs/mha/keep/") == {}
        assert not collision.collision(server.home).exists
        assert verification.verify(server.home).findings == ()
        assert server.status().message is Banner.DONE
    assert history.entry(collided[at].home, collided[at].home.repository.commit(done.id or "")).kind is Kind.RESOLUTION
    collided[at].publish_edit(HOSTS, "hosts: {d: 10.0.0.4}\n")
    assert {server.served()[HOSTS] for server in collided.servers.values()} == {b"hosts: {d: 10.0.0.4}\n"}


def test_another_server_can_be_active_then(collided):
    done = resolve(collided["fw-a"], "fw-b", active="fw-c")

    assert done.active == "fw-c"
    assert {server.record.active for server in collided.servers.values()} == {"fw-c"}
    collided["fw-c"].publish_edit(HOSTS, "hosts: {d: 10.0.0.4}\n")


def test_a_side_is_named_by_any_server_that_has_it_or_by_its_head(collided):
    head = collided["fw-b"].head
    plans = [resolve(collided["fw-a"], keep, dry_run=True) for keep in ("fw-b", "fw-c", head[:10], head[:4].upper())]

    assert {plan.kept for plan in plans} == {"fw-b"}
    with pytest.raises(NoSide) as caught:
        resolve(collided["fw-a"], "fw-d")
    assert caught.value.hint.startswith("Sides are fw-a, fw-b, fw-c;")


def test_what_is_taken_away_from_the_other_side_is_told_and_a_dry_run_changes_nothing(collided):
    heads = {server.name: server.head for server in collided.servers.values()}

    done = resolve(collided["fw-a"], "fw-b", dry_run=True)

    assert [(lost.side, lost.changes) for lost in done.lost] == [
        ("fw-a", (Change(HOSTS, Action.MODIFIED), Change("objects/new.yaml", Action.DELETED)))
    ]
    assert done.id is None
    assert {server.name: server.head for server in collided.servers.values()} == heads


@pytest.mark.parametrize("at", ["fw-a", "fw-b"])
def test_drafts_on_both_sides_are_kept(collided, at):
    for name in ("fw-a", "fw-b"):
        collided[name].edit("objects/draft.yaml", f"hosts: {{{name}: 10.9.0.1}}\n")

    done = resolve(collided[at], "fw-b")

    assert done.kept_draft == "1"
    for name in ("fw-a", "fw-b"):
        server = collided[name]
        assert [each.name for each in drafts.listed(server.home)] == ["1"]
        assert "objects/draft.yaml" not in server.served()
    assert "objects/draft.yaml" not in collided[at].draft()


def test_without_a_collision_there_is_nothing_to_end(cluster):
    with pytest.raises(NoCollision):
        resolve(cluster["fw-a"], "fw-a")


def test_who_is_not_listed_on_the_side_that_is_kept_cannot_be_active(collided):
    with pytest.raises(UnknownServer):
        resolve(collided["fw-a"], "fw-b", active="fw-d")


def test_a_peer_that_is_away_follows_when_it_is_back(collided):
    collided["fw-a"].sync()
    collided.isolate("fw-b")

    done = resolve(collided["fw-a"], "fw-a")

    assert {peer.name: peer.sync for peer in done.peers}["fw-b"] is Sync.SILENT
    collided.heal_all()
    collided["fw-b"].sync()
    assert {server.head for server in collided.servers.values()} == {done.id}


def test_two_who_resolve_at_once_get_a_collision_that_ends_as_easily(collided):
    for name in ("fw-a", "fw-b"):
        collided[name].sync()
    collided.cut("fw-a", "fw-b")
    collided.isolate("fw-c")
    first, second = resolve(collided["fw-a"], "fw-a"), resolve(collided["fw-b"], "fw-b")
    collided.heal_all()
    with pytest.raises(Collision):
        collided["fw-a"].publish_edit(HOSTS, "hosts: {d: 10.0.0.4}\n")

    done = resolve(collided["fw-a"], "fw-b")

    for server in collided.servers.values():
        assert server.head == done.id
        assert {first.id, second.id} <= server.revisions()
        assert server.served()[HOSTS] == THEIRS
        assert verification.verify(server.home).findings == ()
