"""Changeovers: the Active mode moves, planned or forced; no revision and no draft is lost by it."""

import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest

from mha.core.changes import Action, Change
from mha.core.record import Record
from mha.core.standing import Mode, Sync
from mha.errors import (
    ChangeoverRefused,
    Collision,
    ControlCharacters,
    ExitCode,
    MhaError,
    NoServerActive,
    PeerRefused,
    ReadOnlyServer,
    RemovedServer,
    ResultUnknown,
    UnknownServer,
)
from mha.operations import drafts, history, servers
from mha.store.files import remove_tree
from tests.cluster import JANA, Cluster, Server
from tests.evidence import everything
from tests.operations.forging import forged, make_head

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers, fw-a Active at revision 2, epoch 1."""
    return make_cluster("fw-a", "fw-b")


def records(cluster: Cluster) -> dict[str, Record]:
    return {name: server.record for name, server in cluster.servers.items()}


def draft_of(server: Server) -> dict[str, bytes] | None:
    return server.draft() if (server.path / "work").exists() else None


def same(cluster: Cluster, record: Record) -> dict[str, Record]:
    return dict.fromkeys(cluster.servers, record)


def test_a_planned_promotion_makes_the_standby_active_and_changes_no_file(cluster):
    before = cluster["fw-a"].served()

    done = cluster["fw-b"].promote(reason="Maintenance of fw-a")

    assert (done.active, done.epoch, done.revision, done.id) == ("fw-b", 2, 4, cluster["fw-b"].head)
    assert (done.risks, done.kept_draft, done.changed, done.dry_run) == ((), None, True, False)
    assert [(peer.name, peer.mode, peer.sync) for peer in done.peers] == [
        ("fw-a", Mode.STANDBY, Sync.SYNCHRONIZED),
        ("fw-c", Mode.STANDBY, Sync.SYNCHRONIZED),
    ]
    assert records(cluster) == same(cluster, Record(4, 2, "fw-b", "fw-b"))
    assert [server.served() for server in cluster.servers.values()] == [before] * 3
    assert history.show(cluster["fw-c"].home, "4").entry.message.endswith("\n\nMaintenance of fw-a")


def test_work_moves_with_the_active_mode(pair):
    pair["fw-b"].promote()

    assert draft_of(pair["fw-a"]) is None
    assert draft_of(pair["fw-b"]) == pair["fw-b"].served()
    assert pair["fw-b"].publish_edit(HOSTS, "hosts: {}\n").revision == 4
    with pytest.raises(ReadOnlyServer):
        pair["fw-a"].publish()


def test_the_draft_of_the_old_active_is_kept_there(pair):
    pair["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")

    pair["fw-b"].promote()

    assert drafts.show(pair["fw-a"].home, "1").changes == (Change(HOSTS, Action.MODIFIED),)


def test_a_standby_that_lags_takes_what_it_lacks_before_it_is_promoted(pair):
    pair.cut("fw-a", "fw-b")
    missed = pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
    pair.heal("fw-a", "fw-b")

    pair["fw-b"].promote()

    assert records(pair) == same(pair, Record(4, 2, "fw-b", "fw-b"))
    assert missed in pair["fw-b"].revisions()
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {}\n"


def test_a_revision_published_during_a_promotion_is_taken_and_not_left_behind(pair):
    """The Active publishes after the Standby looked: its push is no fast-forward, and it tries again."""
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {first: 10.0.0.1}\n")
    pair.heal("fw-a", "fw-b")
    pair.cut_one_way("fw-a", "fw-b")
    during: list[str | None] = []

    def publish_once(_line: str) -> None:
        if not during:
            during.append(None)
            during[0] = pair["fw-a"].publish_edit(HOSTS, "hosts: {second: 10.0.0.2}\n").id

    done = pair["fw-b"].promote(progress=publish_once)

    assert done.revision == 5
    assert during[0] in pair["fw-b"].revisions()
    assert records(pair) == same(pair, Record(5, 2, "fw-b", "fw-b"))
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {second: 10.0.0.2}\n"


def test_two_standbys_promoted_at_the_same_moment_are_no_collision(cluster):
    def promote(name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "mha", "--home", str(cluster[name].path), "promote"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    running = [promote("fw-b"), promote("fw-c")]
    codes = [process.wait(60) for process in running]
    cluster["fw-a"].sync()

    assert ExitCode.DONE in codes
    assert len({server.head for server in cluster.servers.values()}) == 1
    active = cluster["fw-a"].record.active
    assert active in ("fw-b", "fw-c")
    assert {name: draft_of(server) is not None for name, server in cluster.servers.items()} == {
        name: name == active for name in cluster.servers
    }


def test_promoting_the_active_changes_nothing(cluster):
    before = everything(*cluster.servers.values())

    done = cluster["fw-a"].promote()

    assert (done.changed, done.active, done.epoch, done.revision) == (False, "fw-a", 1, 3)
    assert everything(*cluster.servers.values()) == before


def test_a_planned_promotion_is_refused_when_the_active_does_not_answer(cluster):
    cluster.isolate("fw-a")
    before = everything(*cluster.servers.values())

    with pytest.raises(ChangeoverRefused) as raised:
        cluster["fw-b"].promote()

    assert raised.value.exit_code is ExitCode.NOT_REACHABLE
    assert raised.value.message.splitlines()[1:] == [
        "  fw-a must accept, but it cannot be reached: there is no home at its address."
    ]
    assert everything(*cluster.servers.values()) == before


def test_another_standby_that_does_not_answer_stops_no_planned_promotion(cluster):
    cluster.isolate("fw-c")

    done = cluster["fw-b"].promote()

    assert {peer.name: peer.sync for peer in done.peers} == {"fw-a": Sync.SYNCHRONIZED, "fw-c": Sync.SILENT}
    assert cluster["fw-a"].record.active == "fw-b"


def test_a_planned_promotion_is_refused_when_a_silent_peer_holds_what_nobody_else_does(cluster, tmp_path):
    """fw-a lost revision 4 with its disk; only fw-b, which does not answer, was seen to hold it."""
    shutil.copytree(cluster["fw-a"].path, tmp_path / "older", symlinks=True)
    cluster.cut("fw-a", "fw-c")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster["fw-c"].status()
    cluster.heal("fw-a", "fw-c")
    remove_tree(cluster["fw-a"].path)
    shutil.copytree(tmp_path / "older", cluster["fw-a"].path, symlinks=True)
    cluster.isolate("fw-b")

    with pytest.raises(ChangeoverRefused) as raised:
        cluster["fw-c"].promote()

    assert raised.value.message.splitlines()[1:] == ["  fw-b was last seen at revision 4, which is not known here."]


def test_an_active_that_refuses_the_changeover_stays_the_active(pair):
    """The hook of fw-a accepts nothing: its word, not the exit code of a push, is the switch."""
    hook = pair["fw-a"].home.git_dir / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'Error: closed today' >&2\nexit 1\n")

    with pytest.raises(PeerRefused, match="fw-a refused: closed today"):
        pair["fw-b"].promote()

    assert records(pair) == same(pair, Record(2, 1, "fw-a", "fw-a"))


def test_a_rehearsed_promotion_of_a_lagging_server_takes_what_it_lacks_and_moves_no_mode(cluster):
    """What would happen is told of the newest revision; that is fetched here, and nowhere else does anything move."""
    cluster.isolate("fw-a")
    published = cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
    cluster.heal_all()
    before = everything(cluster["fw-a"], cluster["fw-c"])

    done = cluster["fw-b"].promote(dry_run=True)

    assert (done.dry_run, done.id, done.active, done.epoch, done.revision) == (True, None, "fw-b", 2, 5)
    assert everything(cluster["fw-a"], cluster["fw-c"]) == before
    assert (cluster["fw-b"].head, cluster["fw-b"].record) == (published, Record(4, 1, "fw-a", "fw-a"))
    assert cluster["fw-b"].served() == cluster["fw-a"].served()
    assert references_beside_main(cluster["fw-b"]) == {"refs/mha/current": published}  # no changeover is prepared
    assert draft_of(cluster["fw-b"]) is None


def references_beside_main(server: Server) -> dict[str, str]:
    found = server.home.repository.refs("refs/")
    return {f"refs/{name}": oid for name, oid in found.items() if name not in ("heads/main",) and "server" not in name}


@pytest.mark.parametrize("forced", [False, True])
def test_a_rehearsed_promotion_in_an_equal_cluster_changes_nothing_anywhere(cluster, forced):
    if forced:
        cluster.isolate("fw-a")
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    before = everything(*cluster.servers.values())

    done = cluster["fw-b"].promote(dry_run=True, force=forced)

    assert (done.dry_run, done.id, done.active, done.epoch, done.revision) == (True, None, "fw-b", 2, 4)
    assert done.plan[0] == (
        "Make fw-b Active at epoch 2 here, without asking fw-a."
        if forced
        else "Push the changeover to fw-a; with its acceptance fw-b is Active at epoch 2."
    )
    assert bool(done.risks) is forced
    assert everything(*cluster.servers.values()) == before


def test_a_forced_promotion_says_what_is_at_risk_before_it_acts(cluster, monkeypatch):
    monkeypatch.setenv("MHA_NOW", "2026-11-23T10:00:00+00:00")
    cluster["fw-b"].sync()
    cluster.isolate("fw-a")
    heard: list[tuple[object, Record]] = []

    done = cluster["fw-b"].promote(force=True, warn=lambda risks: heard.append((risks, cluster["fw-b"].record)))

    assert len(done.risks) == 1
    assert done.risks[0].startswith("fw-a (Active) was last seen at revision 3 at 2026-11-23T10:00:00Z: ")
    assert heard == [(list(done.risks), Record(3, 1, "fw-a", "fw-a"))]
    assert cluster["fw-c"].record == Record(4, 2, "fw-b", "fw-b")


def test_a_superseded_active_that_published_nothing_since_is_a_standby_at_first_contact(pair):
    pair.isolate("fw-a")
    pair["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    pair["fw-b"].promote(force=True)
    pair.heal_all()

    pair["fw-b"].sync()

    assert records(pair) == same(pair, Record(3, 2, "fw-b", "fw-b"))
    assert draft_of(pair["fw-a"]) is None
    assert [kept.changes for kept in drafts.listed(pair["fw-a"].home)] == [(Change(HOSTS, Action.MODIFIED),)]


def test_a_superseded_active_that_published_meanwhile_is_a_collision_and_keeps_its_line(pair):
    pair.isolate("fw-a")
    published = pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
    pair["fw-b"].promote(force=True)
    pair.heal_all()

    done = pair["fw-b"].sync()

    assert done.collision
    assert pair["fw-a"].head == published
    assert pair["fw-b"].home.repository.has(published)


def test_force_does_not_matter_where_nothing_stands_against_a_planned_promotion(cluster):
    heard: list[object] = []

    done = cluster["fw-b"].promote(force=True, warn=heard.append)

    assert (done.risks, heard) == ((), [])
    assert records(cluster) == same(cluster, Record(4, 2, "fw-b", "fw-b"))


def test_a_diverged_server_is_promoted_by_force_alone(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()
    before = records(cluster)

    with pytest.raises(Collision):
        cluster["fw-c"].promote()
    assert records(cluster) == before

    done = cluster["fw-c"].promote(force=True)

    assert done.active == "fw-c"
    assert done.risks[0] == "fw-a has diverged: its side is kept, and remains a collision."


def test_handing_over_makes_the_other_server_active(cluster):
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")

    done = cluster["fw-a"].demote(to="fw-c", reason="Night shift")

    assert (done.active, done.epoch, done.revision, done.id) == ("fw-c", 2, 4, cluster["fw-a"].head)
    assert done.kept_draft == "1"
    assert records(cluster) == same(cluster, Record(4, 2, "fw-c", "fw-a"))
    assert draft_of(cluster["fw-a"]) is None
    assert draft_of(cluster["fw-c"]) == cluster["fw-c"].served()
    assert cluster["fw-c"].publish_edit(HOSTS, "hosts: {}\n").revision == 5


def test_the_server_that_is_handed_over_to_gets_what_it_lacks_first(pair):
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    pair.heal("fw-a", "fw-b")

    pair["fw-a"].demote(to="fw-b")

    assert records(pair) == same(pair, Record(4, 2, "fw-b", "fw-a"))
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {}\n"


def test_nothing_is_handed_over_to_a_server_that_does_not_answer(cluster):
    cluster.cut("fw-a", "fw-b")
    before = everything(*cluster.servers.values())

    with pytest.raises(MhaError, match="fw-b") as raised:
        cluster["fw-a"].demote(to="fw-b")

    assert raised.value.exit_code is ExitCode.NOT_REACHABLE
    assert everything(*cluster.servers.values()) == before


@pytest.mark.parametrize("name", ["fw-a", "fw-x"])
def test_nothing_is_handed_over_to_itself_or_to_an_unknown_server(pair, name):
    with pytest.raises(UnknownServer) as raised:
        pair["fw-a"].demote(to=name)

    assert raised.value.hint == ("The others are fw-b." if name == "fw-a" else "The servers are fw-b.")
    assert records(pair) == same(pair, Record(2, 1, "fw-a", "fw-a"))


def test_a_rehearsed_handover_gives_the_successor_what_it_lacks_and_moves_no_mode(cluster):
    """Whether it can take the mode is only known once it holds all; nothing else moves, and no changeover is made."""
    cluster.isolate("fw-a")
    published = cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
    cluster.heal_all()
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    before = everything(cluster["fw-a"], cluster["fw-c"])

    done = cluster["fw-a"].demote(to="fw-b", dry_run=True)

    assert (done.dry_run, done.id, done.active, done.epoch, done.revision) == (True, None, "fw-b", 2, 5)
    assert everything(cluster["fw-a"], cluster["fw-c"]) == before
    assert (cluster["fw-b"].head, cluster["fw-b"].record) == (published, Record(4, 1, "fw-a", "fw-a"))
    assert cluster["fw-b"].served() == cluster["fw-a"].served()
    assert references_beside_main(cluster["fw-b"]) == {"refs/mha/current": published}


def test_a_rehearsed_demotion_in_an_equal_cluster_changes_nothing_anywhere(cluster):
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    before = everything(*cluster.servers.values())

    done = cluster["fw-a"].demote(to="fw-b", dry_run=True)

    assert (done.dry_run, done.id, done.active, done.epoch) == (True, None, "fw-b", 2)
    assert done.plan[0] == "Record here that fw-b is Active at epoch 2."
    assert everything(*cluster.servers.values()) == before


def test_a_standby_hands_over_nothing(pair):
    with pytest.raises(ReadOnlyServer):
        pair["fw-b"].demote(to="fw-b")
    with pytest.raises(ReadOnlyServer):
        pair["fw-b"].demote()


def test_after_a_bare_demotion_no_server_is_active(cluster):
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")

    done = cluster["fw-a"].demote(reason="The building burns")

    assert (done.active, done.epoch, done.kept_draft) == (None, 2, "1")
    assert records(cluster) == same(cluster, Record(4, 2, None, "fw-a"))
    assert {draft_of(server) is None for server in cluster.servers.values()} == {True}
    with pytest.raises(NoServerActive):
        cluster["fw-a"].demote()


@pytest.mark.parametrize("name", ["fw-a", "fw-b"])
def test_any_server_is_promoted_while_none_is_active(cluster, name):
    cluster["fw-a"].demote()

    done = cluster[name].promote()

    assert (done.active, done.epoch, done.risks) == (name, 3, ())
    assert records(cluster) == same(cluster, Record(5, 3, name, name))


def test_while_none_is_active_the_server_that_gave_the_mode_up_must_accept(cluster):
    cluster["fw-a"].demote()
    cluster.isolate("fw-a")

    with pytest.raises(ChangeoverRefused, match="fw-a must accept"):
        cluster["fw-b"].promote()

    assert cluster["fw-b"].promote(force=True).active == "fw-b"


def test_a_changeover_on_top_of_a_forged_head_is_refused(pair):
    oid = forged(pair["fw-a"], Record(3, 2, "fw-b", "fw-a"), {HOSTS: b"hosts: {}\n"})  # changes a file
    make_head(pair["fw-a"], oid)

    with pytest.raises(ChangeoverRefused) as raised:
        pair["fw-b"].promote()

    assert "A changeover changes no file" in raised.value.message
    assert pair["fw-b"].record == Record(2, 1, "fw-a", "fw-a")


def test_revisions_of_changeovers_in_turn_are_all_kept(pair):
    ids = set()
    for number, name in enumerate(["fw-b", "fw-a", "fw-b"]):
        pair[name].promote()
        ids.add(pair[name].publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n").id)

    assert records(pair) == same(pair, Record(8, 4, "fw-b", "fw-b"))
    assert ids <= pair["fw-a"].revisions()
    assert pair["fw-a"].revisions() == pair["fw-b"].revisions()


def test_a_changeover_whose_result_was_lost_is_offered_again_and_no_second_one_made(cluster):
    hook = cluster["fw-a"].path / "mha.git/hooks/pre-receive"
    text = hook.read_bytes()
    hook.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(PeerRefused):
        cluster["fw-b"].promote(reason="first try")
    offered = cluster["fw-b"].home.repository.ref("refs/mha/offered")
    hook.write_bytes(text)
    assert cluster["fw-b"].promote(reason="second try").id == offered
    assert cluster["fw-a"].head == cluster["fw-b"].head == offered


def test_a_reason_that_would_control_a_terminal_is_refused(cluster):
    before = cluster["fw-b"].head
    with pytest.raises(ControlCharacters):
        cluster["fw-b"].promote(reason="\x1b[2Jdisk failed")
    assert cluster["fw-b"].head == cluster["fw-a"].head == before


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("reachable", [True, False])
def test_a_removed_server_makes_nothing_that_no_other_would_take(pair, dry_run, reachable):
    active, removed = pair["fw-a"], pair["fw-b"]
    servers.remove(active.home, name="fw-b", author=JANA)
    removed.sync()
    head = removed.head
    if not reachable:
        pair.cut("fw-a", "fw-b")
    with pytest.raises(RemovedServer):
        removed.promote(force=True, dry_run=dry_run)
    with pytest.raises(RemovedServer):
        removed.publish()
    assert removed.head == head
    assert "fw-b was removed from the cluster" in removed.status().next_step
    assert "promote" not in removed.status().next_step


def test_a_handover_that_is_refused_is_taken_back(pair):
    """Without it, the mode would be with a server that cannot publish, and no other could."""
    active, standby = pair["fw-a"], pair["fw-b"]
    active.edit(HOSTS, "hosts: {mine: 1.1.1.1}\n")
    head = standby.head
    (standby.path / "mha.git" / "mha" / "format").write_text("9\n")  # of a newer mha: asked, it takes nothing
    with pytest.raises(PeerRefused) as refused:
        active.demote(to="fw-b")
    (standby.path / "mha.git" / "mha" / "format").write_text("1\n")
    assert refused.value.exit_code == ExitCode.NOT_REACHABLE
    assert "newer mha" in refused.value.message
    assert refused.value.message.endswith("fw-a took the mode back, and is Active at epoch 3.")
    assert active.record == Record(4, 3, "fw-a", "fw-a")
    assert standby.head == head
    assert active.draft()[HOSTS] == b"hosts: {mine: 1.1.1.1}\n"
    assert active.publish().revision == 5
    assert records(pair) == same(pair, Record(5, 3, "fw-a", "fw-a"))


def test_a_handover_whose_result_is_lost_is_not_taken_back(pair):
    """The new Active may have it, and publish."""
    active, standby = pair["fw-a"], pair["fw-b"]
    hook = standby.home.git_dir / "hooks" / "pre-receive"
    sound = hook.read_text()
    hook.write_text(f"#!/bin/sh\nmv {standby.path} {standby.path}.away\nkill -9 $PPID\n")
    with pytest.raises(ResultUnknown) as unknown:
        active.demote(to="fw-b")
    (pair.root / "fw-b.away").rename(standby.path)
    hook.write_text(sound)
    assert "fw-a is a Standby now" in unknown.value.hint
    assert active.record.active == "fw-b"
    assert not active.home.work.exists()
    active.sync()
    assert standby.publish_edit(HOSTS, "hosts: {}\n").revision is not None
