"""A change freeze: what it refuses, on which server, and what leads out of it."""

import json
from collections.abc import Callable

import pytest

from mha.core.standing import Sync
from mha.errors import DraftInTheWay, ExitCode, Isolated, Paused, ReadOnlyServer
from mha.operations import history, pausing, publication, resolution, reverting, servers
from mha.operations import tip as tips
from mha.operations.publication import Published
from mha.operations.resolution import Wish
from mha.store import lock
from mha.store.files import remove_tree
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"


def pause(server: Server, reason: str = "the audit") -> Published:
    return pausing.pause(server.home, author=JANA, reason=reason)


def resume(server: Server) -> Published:
    return pausing.resume(server.home, author=JANA)


VERBS: dict[str, Callable[[Cluster], object]] = {
    "publish": lambda cluster: cluster["fw-a"].publish(),
    "publish --dry-run": lambda cluster: cluster["fw-a"].publish(dry_run=True),
    "revert": lambda cluster: reverting.revert(cluster["fw-a"].home, "4", message="Undo it", author=JANA),
    "server add": lambda cluster: servers.add(cluster["fw-a"].home, name="fw-d", url="/srv/d", key=None, author=JANA),
    "server remove": lambda cluster: servers.remove(cluster["fw-a"].home, name="fw-c", author=JANA),
    "server set-primary": lambda cluster: servers.set_primary(cluster["fw-a"].home, name="fw-c", author=JANA),
    "pause": lambda cluster: pause(cluster["fw-a"]),
    "demote": lambda cluster: cluster["fw-a"].demote(),
    "demote --to": lambda cluster: cluster["fw-a"].demote("fw-b"),
    "promote": lambda cluster: cluster["fw-b"].promote(),
    "promote --force": lambda cluster: cluster["fw-b"].promote(force=True),
    "promote --despite-pause alone": lambda cluster: cluster["fw-b"].promote(despite_pause=True),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_while_the_cluster_is_paused_nobody_publishes_nor_changes_over(cluster: Cluster, verb):
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    pause(cluster["fw-a"])
    cluster["fw-a"].edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    heads = {name: server.head for name, server in cluster.servers.items()}

    with pytest.raises(Paused, match="Publishes and changeovers are paused: the audit"):
        verb(cluster)

    assert {name: server.head for name, server in cluster.servers.items()} == heads


def test_resume_lets_all_go_on_and_both_are_revisions(cluster: Cluster):
    active = cluster["fw-a"]
    before = active.served()["mha.yaml"]
    active.edit(HOSTS, "hosts: {b: 10.0.0.2}\n")

    paused, resumed = pause(active), resume(active)

    assert (paused.revision, resumed.revision) == (4, 5)
    messages = [entry.message for entry in history.log(active.home)][:2]
    assert messages == ["Resume after: the audit", "Pause: the audit"]
    assert active.served()["mha.yaml"] == before
    assert active.publish().revision == 6
    assert [peer.sync for peer in active.status().peers] == [Sync.SYNCHRONIZED] * 2
    assert cluster["fw-b"].promote().active == "fw-b"
    assert resume(cluster["fw-b"]).revision is None  # there is nothing to lift


def test_what_another_command_paused_after_the_peers_were_asked_is_not_published(cluster: Cluster):
    """The last look is the one under the lock, where the revision is made."""
    active = cluster["fw-a"]
    publication.compare(active.home)
    head = pause(active).id

    with lock.held(active.home.git_dir), pytest.raises(Paused):
        publication.advance(tips.tip(active.home), {HOSTS: None}, message="Too late", author=JANA)

    assert active.head == head


def test_a_standby_pauses_and_resumes_nothing(cluster: Cluster):
    with pytest.raises(ReadOnlyServer, match="cannot pause the cluster"):
        pause(cluster["fw-b"])
    pause(cluster["fw-a"])
    with pytest.raises(ReadOnlyServer, match="cannot resume the cluster"):
        resume(cluster["fw-b"])


def test_status_says_why_and_what_lifts_it_on_every_server(cluster: Cluster):
    assert json.loads(cluster["fw-b"].mha("status", "--json").stdout)["paused"] is None

    pause(cluster["fw-a"])

    for name in ("fw-a", "fw-b"):
        said = cluster[name].mha("status").stdout
        assert "\n  Paused: the audit\n" in said
        assert said.endswith("Next: Publishes and changeovers are paused: `mha resume` on fw-a lifts that.\n")
        assert json.loads(cluster[name].mha("status", "--json", "--offline").stdout)["paused"] == "the audit"


def test_an_active_that_is_lost_while_the_cluster_is_paused_is_no_dead_end(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    text = cluster["fw-a"].served()["mha.yaml"].decode().replace("settings:", "settings:\n  on-isolated: refuse", 1)
    cluster["fw-a"].publish_edit("mha.yaml", text)
    pause(cluster["fw-a"])
    remove_tree(cluster["fw-a"].path)
    heir = cluster["fw-b"]

    refused = heir.mha("promote", "--force")
    assert refused.returncode == ExitCode.ERROR
    assert refused.stderr.endswith(
        "Hint: `mha resume` on fw-a lifts it; "
        "if that server is lost, `mha promote --force --despite-pause` here, then `mha resume`.\n"
    )
    assert heir.mha("promote", "--force", "--despite-pause").returncode == ExitCode.DONE
    with pytest.raises(Paused):
        heir.publish_edit(HOSTS, "hosts: {}\n")
    resumed = heir.mha("resume")
    assert (resumed.returncode, "(fw-a)." in resumed.stderr) == (ExitCode.DONE, True)
    with pytest.raises(Isolated):
        heir.publish()
    servers.remove(heir.home, name="fw-a", author=JANA)
    assert heir.publish().revision == heir.record.revision


def test_a_collision_ends_while_the_cluster_is_paused(cluster: Cluster):
    cluster.isolate("fw-a")
    cluster["fw-b"].promote(force=True)
    pause(cluster["fw-b"])
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster.heal_all()
    cluster["fw-b"].sync()

    resolution.resolve(cluster["fw-b"].home, Wish("fw-b"), author=JANA)

    assert {server.head for server in cluster.servers.values()} == {cluster["fw-b"].head}
    assert resume(cluster["fw-b"]).revision == cluster["fw-b"].record.revision


def test_an_edited_cluster_file_is_not_overwritten(cluster: Cluster):
    active = cluster["fw-a"]
    active.edit("mha.yaml", active.served()["mha.yaml"].decode().replace("60s", "30s"))

    with pytest.raises(DraftInTheWay):
        pause(active)


@pytest.mark.parametrize(("reason", "expected"), [("", "no reason was given"), ('"a"\n: #b', '"a" : #b')])
def test_any_reason_can_be_given(cluster: Cluster, reason, expected):
    pause(cluster["fw-a"], reason)
    assert cluster["fw-b"].status().paused == expected
