"""Ending a collision: one revision follows all sides, on every server, and nothing is lost."""

import pytest

from mha.core.changes import Action, Change
from mha.core.standing import Banner, Sync
from mha.core.succession import Kind
from mha.errors import Collision, NoCollision, NoSide, UnfitMerge, UnknownConflict, UnknownServer
from mha.operations import collision, drafts, history, resolution, verification
from mha.operations.resolution import Resolved, Wish
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


def resolve(server: Server, keep: str | None = None, *, dry_run: bool = False, **wish) -> Resolved:
    return resolution.resolve(server.home, Wish(keep, **wish), author=JANA, dry_run=dry_run)


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


BASE = "hosts:\n  web-01: 10.1.0.10\n  # the data base\n  db-01: {address: 10.1.0.20, comment: old}\n"


def diverge(cluster: Cluster, ours: dict[str, str], theirs: dict[str, str], base: str = BASE) -> None:
    """fw-a publishes alone what `ours` has, fw-b what `theirs` has; then the links are back."""
    cluster["fw-a"].publish_edit(HOSTS, base)
    cluster.isolate("fw-a")
    for path, text in ours.items():
        cluster["fw-a"].publish_edit(path, text)
    cluster["fw-b"].promote(force=True)
    for path, text in theirs.items():
        cluster["fw-b"].publish_edit(path, text)
    cluster.heal_all()


def test_sides_that_do_not_touch_the_same_fields_are_merged_with_their_comments(cluster):
    diverge(cluster, {HOSTS: BASE.replace("old", "new")}, {HOSTS: BASE + "  app-01: 10.1.0.30\n", "notes.txt": "x\n"})

    done = resolve(cluster["fw-a"])

    assert (done.kept, done.active, done.conflicts) == (None, "fw-a", ())
    assert [(lost.side, [change.path for change in lost.changes]) for lost in done.lost] == [
        ("fw-a", ["notes.txt", HOSTS]),
        ("fw-b", [HOSTS]),
    ]
    merged = (BASE.replace("old", "new") + "  app-01: 10.1.0.30\n").encode()
    for server in cluster.servers.values():
        assert server.head == done.id
        assert (server.served()[HOSTS], server.served()["notes.txt"]) == (merged, b"x\n")
        assert verification.verify(server.home).findings == ()


def test_what_both_changed_differently_is_reported_and_moves_nothing(cluster):
    diverge(cluster, {HOSTS: BASE.replace("0.10", "0.11")}, {HOSTS: BASE.replace("0.10", "0.12")})
    heads = {server.name: server.head for server in cluster.servers.values()}

    done = resolve(cluster["fw-a"])

    [conflict] = done.conflicts
    assert (conflict.subject, conflict.reason) == ("host/web-01", "changed differently")
    assert conflict.base.value == "10.1.0.10"
    assert [(value.side, value.value) for value in conflict.values] == [("fw-a", "10.1.0.11"), ("fw-b", "10.1.0.12")]
    assert done.id is None
    assert {server.name: server.head for server in cluster.servers.values()} == heads


@pytest.mark.parametrize(("side", "address"), [("fw-a", "10.1.0.11"), ("fw-b", "10.1.0.12"), ("fw-c", "10.1.0.12")])
def test_a_conflict_is_settled_by_taking_a_side_and_the_rest_is_merged(cluster, side, address):
    ours = BASE.replace("0.10", "0.11").replace("old", "new")
    diverge(cluster, {HOSTS: ours}, {HOSTS: BASE.replace("0.10", "0.12")})

    resolve(cluster["fw-a"], taken={"host/web-01": side})

    assert {server.served()[HOSTS] for server in cluster.servers.values()} == {
        BASE.replace("10.1.0.10", address).replace("old", "new").encode()
    }


def test_a_side_is_taken_for_a_whole_file_that_holds_no_objects(cluster):
    diverge(cluster, {"notes.txt": "ours\n"}, {"notes.txt": "theirs\n"})

    assert [conflict.subject for conflict in resolve(cluster["fw-a"]).conflicts] == ["notes.txt"]
    resolve(cluster["fw-a"], taken={"notes.txt": "fw-b"})

    assert cluster["fw-a"].served()["notes.txt"] == b"theirs\n"


def test_taking_a_side_where_nothing_conflicts_is_refused_with_what_is_left(cluster):
    diverge(cluster, {HOSTS: BASE.replace("0.10", "0.11")}, {HOSTS: BASE.replace("0.10", "0.12")})

    with pytest.raises(UnknownConflict) as caught:
        resolve(cluster["fw-a"], taken={"host/db-01": "fw-a"})
    assert caught.value.hint == "Left to settle: host/web-01."


def test_an_error_that_no_side_has_stops_a_merge_unless_it_is_accepted(cluster):
    groups = "groups:\n  g: {include: [web-01]}\n"
    without = "".join(line for line in BASE.splitlines(keepends=True) if "web-01" not in line)
    diverge(cluster, {HOSTS: without}, {"objects/groups.yaml": groups})
    [conflict] = resolve(cluster["fw-a"]).conflicts
    assert conflict.subject == "host/web-01"

    with pytest.raises(UnfitMerge, match="dangling"):
        resolve(cluster["fw-a"], taken={"host/web-01": "fw-a"})
    assert cluster["fw-a"].home.repository.refs("refs/mha/keep/")

    done = resolve(cluster["fw-a"], taken={"host/web-01": "fw-a"}, accepted={"dangling": "comes tomorrow"})
    assert done.id is not None
    assert history.show(cluster["fw-a"].home, done.id).accepted == ("dangling: comes tomorrow",)


def test_an_error_that_a_side_has_published_already_stops_no_merge(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, BASE)
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].edit("objects/groups.yaml", "groups:\n  g: {include: [nowhere]}\n")
    cluster["fw-b"].publish("Accepted there", accepted={"dangling": "comes tomorrow"})
    cluster.heal_all()

    done = resolve(cluster["fw-a"])

    assert done.id is not None
    assert "objects/groups.yaml" in cluster["fw-a"].served()


def test_two_who_merge_at_once_get_a_collision_that_merges_by_itself(cluster):
    diverge(cluster, {HOSTS: BASE.replace("old", "new")}, {HOSTS: BASE + "  app-01: 10.1.0.30\n"})
    for name in ("fw-a", "fw-b"):
        cluster[name].sync()
    cluster.cut("fw-a", "fw-b")
    cluster.isolate("fw-c")
    resolve(cluster["fw-a"]), resolve(cluster["fw-b"])
    cluster.heal_all()
    report = collision.collision(cluster["fw-a"].home)
    assert [len(side.revisions) for side in report.sides] == [1, 1]

    done = resolve(cluster["fw-b"])

    merged = (BASE.replace("old", "new") + "  app-01: 10.1.0.30\n").encode()
    assert {server.served()[HOSTS] for server in cluster.servers.values()} == {merged}
    assert {server.head for server in cluster.servers.values()} == {done.id}


def test_who_kept_different_sides_at_once_loses_nothing_by_merging(cluster):
    """Each side has both lines then: what one of them kept away is still a change of the other."""
    diverge(cluster, {"notes.txt": "ours\n"}, {"notes.txt": "theirs\n"})
    for name in ("fw-a", "fw-b"):
        cluster[name].sync()
    cluster.cut("fw-a", "fw-b")
    cluster.isolate("fw-c")
    resolve(cluster["fw-a"], "fw-a"), resolve(cluster["fw-b"], "fw-b")
    cluster.heal_all()

    assert [conflict.subject for conflict in resolve(cluster["fw-a"]).conflicts] == ["notes.txt"]


def test_three_sides_are_merged(cluster):
    cluster["fw-a"].publish_edit(HOSTS, BASE)
    for name in ("fw-a", "fw-b", "fw-c"):
        cluster.isolate(name)
    for number, name in enumerate(("fw-a", "fw-b", "fw-c"), 1):
        if name != "fw-a":
            cluster[name].promote(force=True)
        cluster[name].publish_edit(f"objects/{name}.yaml", f"hosts: {{{name}: 10.9.0.{number}}}\n")
    cluster.heal_all()

    done = resolve(cluster["fw-b"])

    assert len(cluster["fw-b"].home.repository.commit(done.id or "").parents) == 3
    for server in cluster.servers.values():
        assert {f"objects/fw-{letter}.yaml" for letter in "abc"} <= server.served().keys()
