"""The High Availability Status: how this server and its peers stand, and what to do next."""

import re
import socket
import time
from collections.abc import Callable
from importlib import import_module

import pytest

from mha.core.cluster import Role
from mha.core.standing import Banner, Mode, Sync
from mha.errors import ChangeoverRefused, NotJoined
from mha.operations import servers, setup, status
from mha.operations.sighting import PeerReport
from mha.operations.status import ServerReport, StatusReport
from mha.store import lock, peers
from mha.store.files import remove_tree
from mha.store.repository import KEEP
from tests.cluster import JANA, Cluster, Server
from tests.trouble import SILENT

HOSTS = "objects/hosts.yaml"
NOW = "2026-11-23T10:00:00+00:00"
LATER = "2026-11-23T11:00:00+00:00"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """Two servers, fw-a Active at revision 2; the clock stands still."""
    monkeypatch.setenv("MHA_NOW", NOW)
    return make_cluster("fw-a", "fw-b")


def summary(server: Server) -> tuple[Banner, str, dict[str, Sync]]:
    report = server.status()
    return report.message, report.next_step, {peer.name: peer.sync for peer in report.peers}


def test_the_actives_status_says_how_all_stand(pair):
    active, head = pair["fw-a"], pair["fw-a"].head
    active.edit(HOSTS, "hosts: {}\n")
    active.edit("objects/new.yaml", "x-a: 1\n")

    report = active.status()

    assert (report.cluster, report.active, report.time, report.fault) == ("acme", "fw-a", NOW, "")
    assert report.message is Banner.DONE
    assert report.next_step == "Look at the draft with `mha diff`, then `mha publish`."
    assert report.server == ServerReport("fw-a", Role.PRIMARY, Mode.ACTIVE, head, 2, 1, head, draft_changes=2)
    assert report.peers == (
        PeerReport("fw-b", Role.SECONDARY, Mode.STANDBY, Sync.SYNCHRONIZED, head, 2, 0, 0, NOW, head, ""),
    )


def test_a_standbys_status_says_who_is_active(pair):
    head = pair["fw-a"].head

    report = pair["fw-b"].status()

    assert report.next_step == "Edit and publish on fw-a."
    assert report.server == ServerReport("fw-b", Role.SECONDARY, Mode.STANDBY, head, 2, 1, head, draft_changes=0)
    assert [(peer.name, peer.mode) for peer in report.peers] == [("fw-a", Mode.ACTIVE)]


def test_a_peer_that_missed_revisions_is_lagging(pair, monkeypatch):
    pair["fw-a"].status()
    pair.cut("fw-a", "fw-b")
    monkeypatch.setenv("MHA_NOW", LATER)
    pair["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.2}\n")
    pair.heal("fw-a", "fw-b")

    report = pair["fw-a"].status()

    [peer] = report.peers
    assert (report.message, report.next_step) == (Banner.LAGGING, "Run `mha sync`.")
    assert (peer.sync, peer.revision, peer.ahead, peer.behind, peer.last_sync) == (Sync.LAGGING, 2, 0, 2, NOW)


def test_a_peer_that_has_more_is_advanced_and_status_takes_nothing(pair):
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    pair.heal("fw-a", "fw-b")

    report = pair["fw-b"].status()

    [peer] = report.peers
    assert (peer.sync, peer.revision, peer.ahead, peer.behind) == (Sync.ADVANCED, 3, 1, 0)
    assert report.server.revision == 2


def test_a_peer_that_does_not_answer_is_shown_as_last_seen(pair):
    head = pair["fw-a"].head
    pair["fw-a"].status()
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")

    report = pair["fw-a"].status()

    [peer] = report.peers
    assert report.message is Banner.SILENT
    assert (peer.mode, peer.sync, peer.detail) == (Mode.UNKNOWN, Sync.SILENT, "there is no home at its address")
    assert (peer.head, peer.revision, peer.behind, peer.last_sync) == (head, 2, 1, NOW)


def test_a_standby_whose_active_is_silent_is_told_how_to_take_over(pair):
    pair["fw-b"].status()
    pair.isolate("fw-a")

    message, step, syncs = summary(pair["fw-b"])

    assert (message, syncs) == (Banner.SILENT, {"fw-a": Sync.SILENT})
    assert step == "fw-a, the Active, does not answer. If it is down, run `mha promote --force` here."


def test_a_listed_server_that_never_joined_is_shown_so(make_cluster):
    cluster = make_cluster("fw-a")
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)

    message, step, syncs = summary(cluster["fw-a"])

    assert (message, syncs) == (Banner.LAGGING, {"fw-b": Sync.NEVER})
    assert step.startswith("Run `mha join` on fw-b")


def test_while_no_server_is_active_the_status_says_so(pair):
    pair["fw-a"].demote()

    message, step, _ = summary(pair["fw-b"])

    assert (message, step) == (Banner.NO_ACTIVE, "Run `mha promote` on the server that shall be Active.")
    assert pair["fw-b"].status().server.mode is Mode.STANDBY


def test_a_collision_is_the_first_thing_that_every_side_says(cluster):
    cluster.isolate("fw-a")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal_all()

    found = [server.status() for server in cluster.servers.values()]

    assert {report.message for report in found} == {Banner.COLLISION}
    assert [(peer.ahead, peer.behind) for peer in found[0].peers] == [(1, 1), (1, 1)]
    cluster.isolate("fw-a")
    assert cluster["fw-a"].status().message is Banner.COLLISION  # it stays known without the others


def test_offline_shows_what_was_last_seen_and_asks_nobody(pair):
    head = pair["fw-a"].head
    pair["fw-a"].status()
    remove_tree(pair["fw-b"].path)

    report = pair["fw-a"].status(offline=True)

    [peer] = report.peers
    assert (peer.sync, peer.head, peer.last_sync, peer.current) == (Sync.SYNCHRONIZED, head, NOW, None)


def test_a_damaged_store_is_a_fault_of_this_server_and_no_crash(pair):
    home = pair["fw-a"].home
    head = home.git_dir / "objects" / pair["fw-a"].head[:2] / pair["fw-a"].head[2:]
    head.chmod(0o644)
    head.write_bytes(b"garbage")

    report = pair["fw-a"].status()

    assert report.message is Banner.FAULT
    assert report.server.mode is Mode.UNKNOWN
    assert "mha repair" in report.next_step


def left_behind(pair: Cluster) -> str:
    """Let current/ of fw-b serve the revision before its head; returns that revision."""
    old = pair["fw-b"].head
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    current = pair["fw-b"].path / "current"
    current.unlink()
    current.symlink_to(f"releases/{old}")
    return old


def test_a_current_that_does_not_serve_the_head_is_a_fault(pair):
    old = left_behind(pair)

    report = pair["fw-b"].status()

    assert (report.message, report.fault) == (Banner.FAULT, "current/ does not serve the head.")
    assert report.server.current == old


def test_a_current_that_a_command_at_work_is_about_to_switch_is_no_fault(pair):
    left_behind(pair)

    with lock.held(pair["fw-b"].home.git_dir):
        report = pair["fw-b"].status()

    assert (report.message, report.fault) == (Banner.DONE, "")


def test_what_is_published_while_the_peers_are_asked_is_what_the_status_shows(pair, monkeypatch):
    active, ask = pair["fw-a"], peers.ask

    def asked_meanwhile(*arguments, **options):
        monkeypatch.setattr(peers, "ask", ask)
        active.publish_edit(HOSTS, "hosts: {}\n")
        return ask(*arguments, **options)

    monkeypatch.setattr(peers, "ask", asked_meanwhile)

    report = active.status()

    assert (report.message, report.fault) == (Banner.DONE, "")
    assert report.server.head == report.server.current == active.head
    assert report.server.revision == 3


def test_a_diverged_head_that_is_seen_while_a_command_works_here_is_kept_by_who_looks_next(pair):
    pair.isolate("fw-a")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    here = pair["fw-a"]

    with lock.held(here.home.git_dir):
        seen = here.status().message
        meanwhile = here.home.repository.refs(KEEP)
    here.status()

    assert (seen, meanwhile) == (Banner.COLLISION, {})
    assert list(here.home.repository.refs(KEEP).values()) == [pair["fw-b"].head]


def test_the_active_sees_what_its_peer_really_serves(pair):
    old = pair["fw-b"].head
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    pair["fw-b"].home.repository.set_ref("refs/mha/current", old)

    [peer] = pair["fw-a"].status().peers

    assert (peer.head, peer.current) == (pair["fw-a"].head, old)


def test_a_server_that_has_not_joined_has_no_status(tmp_path):
    setup.key(tmp_path / "fw-b", name="fw-b")

    with pytest.raises(NotJoined):
        status.status(Server(tmp_path / "fw-b").home)


def test_the_status_answers_within_its_deadline_when_every_peer_is_dead(make_cluster):
    """Each accepts the connection and then says nothing, as a stopped machine does."""
    active = make_cluster("fw-a")["fw-a"]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as dead:
        url = f"ssh://mha@127.0.0.1:{dead.getsockname()[1]}/srv"
        lines = [f'  fw-{n}: {{url: "{url}/fw-{n}", role: secondary}}\n' for n in "bcde"]
        text = active.served()["mha.yaml"].decode()
        active.publish_edit("mha.yaml", text.replace("settings:", "".join([*lines, "settings:"]), 1))
        began = time.monotonic()

        report = active.status()

    assert time.monotonic() - began < 3 * peers.ASK_SECONDS  # and not once for each of the four
    assert [(peer.name, peer.sync) for peer in report.peers] == [(f"fw-{n}", Sync.NEVER) for n in "bcde"]
    assert [peer.detail for peer in report.peers if not re.fullmatch(SILENT, peer.detail)] == []


@pytest.mark.ssh
def test_an_active_whose_host_refuses_this_server_is_not_to_be_replaced_by_force(make_cluster, sshd):
    """It may well be up: to force a promotion now would make a collision."""
    cluster = make_cluster("fw-a", "fw-b")
    active, standby = cluster["fw-a"], cluster["fw-b"]
    text = active.draft()["mha.yaml"].decode()
    active.publish_edit("mha.yaml", text.replace(str(active.path), sshd.url(active.path)))
    sshd.trust(standby)

    report = standby.status()

    assert [(peer.sync, peer.detail) for peer in report.peers] == [(Sync.ERROR, "it does not accept this server's key")]
    assert report.next_step == "See to fw-a: the detail says what is wrong."
    with pytest.raises(ChangeoverRefused):
        standby.promote()


def test_a_peer_that_is_synchronized_was_so_when_it_was_last_seen(make_cluster):
    """Its head was noted while this server did not have it yet."""
    cluster = make_cluster("fw-a", "fw-b")
    here = cluster["fw-b"].home
    noted = here.memory("fw-a")._replace(seen="2026-11-23T10:00:00+00:00", synchronized="")
    here.remember("fw-a", noted)

    peer = cluster["fw-b"].status(offline=True).peers[0]

    assert (peer.sync, peer.last_sync) == (Sync.SYNCHRONIZED, "2026-11-23T10:00:00+00:00")


def test_the_table_fits_80_columns_in_the_worst_of_states():
    collided = PeerReport(
        "fw-b", Role.SECONDARY, Mode.STANDBY, Sync.COLLISION, "b" * 40, 1042, 2, 1, "2026-11-23T09:07:00+00:00", None,
        "it belongs to another cluster: its history begins elsewhere, and this is a long sentence about that",
    )  # fmt: skip
    unserved = collided._replace(name="fw-c", sync=Sync.SYNCHRONIZED, ahead=0, behind=0, serving=False, detail="")
    own = ServerReport("fw-a", Role.PRIMARY, Mode.ACTIVE, "a" * 40, 1041, 7, None, 0)
    report = StatusReport("acme", Banner.COLLISION, own, (collided, unserved), "fw-a", "", NOW, "A long fault. " * 9)

    lines = import_module("mha.cli.render.status")._text(report)  # the function of that name hides it

    assert [line for line in lines[2:6] if len(line) > 80] == []
    assert lines[6:8] == [f"  fw-a: {report.fault}", f"  fw-b: {collided.detail}"]
