"""Excluding a server: nothing is synchronized with it, everybody sees that, and including it brings it all."""

import json

import pytest

from mha.core.standing import Banner, Sync
from mha.errors import Excluded, ExitCode, Paused, ReadOnlyServer, ServerProblem, UnknownServer
from mha.operations import pausing, replication, resolution, servers, verification
from mha.operations.publication import Published
from mha.operations.resolution import Wish
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"


def exclude(server: Server, name: str = "fw-c", reason: str = "its disk is replaced") -> Published:
    return servers.exclude(server.home, name=name, author=JANA, reason=reason)


def include(server: Server, name: str = "fw-c") -> Published:
    return servers.include(server.home, name=name, author=JANA)


def peers_of(server: Server) -> dict[str, tuple[Sync, str]]:
    return {peer.name: (peer.sync, peer.detail) for peer in server.status().peers}


def test_nothing_is_synchronized_with_it_until_it_is_included(cluster: Cluster):
    active, standby, away = (cluster[name] for name in ("fw-a", "fw-b", "fw-c"))

    exclude(active)
    assert {server.head for server in cluster.servers.values()} == {active.head}  # it is told
    head = active.head
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    active.sync()
    standby.sync()

    assert (standby.head, away.head) == (active.head, head)
    for server in (active, standby):
        assert peers_of(server)["fw-c"] == (Sync.EXCLUDED, "its disk is replaced")
        assert server.status().message is Banner.DONE
    assert away.status().next_step == "fw-c is excluded: `mha server include fw-c` on fw-a lets it take part."
    assert peers_of(away)["fw-a"] == (Sync.EXCLUDED, "this server is excluded: its disk is replaced")
    with pytest.raises(Excluded):
        away.sync()

    done = include(active)
    assert {peer.name: peer.sync for peer in done.peers} == {"fw-b": Sync.SYNCHRONIZED, "fw-c": Sync.SYNCHRONIZED}
    assert {server.head for server in cluster.servers.values()} == {active.head}
    assert away.served()[HOSTS] == b"hosts: {a: 10.0.0.1}\n"
    assert {server.status().message for server in cluster.servers.values()} == {Banner.DONE}
    assert away.sync().complete


def test_whoever_deletes_the_words_from_the_file_includes_it_as_well(cluster: Cluster):
    active = cluster["fw-a"]
    exclude(active)
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    text = active.served()["mha.yaml"].decode()
    active.publish_edit("mha.yaml", text.replace(', excluded: "its disk is replaced"', ""))
    assert cluster["fw-c"].head == active.head


def test_each_is_a_revision_with_its_reason_and_twice_is_once(cluster: Cluster):
    active, before = cluster["fw-a"], cluster["fw-a"].served()["mha.yaml"]

    first = exclude(active, reason="a  new\nline")
    assert active.home.repository.commit(first.id or "").message.startswith("Exclude the server fw-c: a new line\n")
    assert exclude(active, reason="a new line").id is None
    assert exclude(active, reason="another").id is not None
    second = include(active)
    assert active.home.repository.commit(second.id or "").message.startswith("Include the server fw-c\n")
    assert include(active).id is None
    assert active.served()["mha.yaml"] == before


def test_nobody_waits_for_one_that_does_not_answer(cluster: Cluster):
    active = cluster["fw-a"]
    cluster.isolate("fw-c")
    exclude(active)
    active.edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    done = active.mha("publish", "-m", "x", "--wait", "1")
    assert done.returncode == ExitCode.DONE
    assert done.stderr == "Warning: fw-c does not hold it: excluded (its disk is replaced).\n"
    assert active.mha("sync").returncode == ExitCode.DONE


def test_it_is_neither_made_active_nor_synchronized_by_name(cluster: Cluster):
    active, away = cluster["fw-a"], cluster["fw-c"]
    exclude(active)

    for refused in (away.promote, lambda: active.demote("fw-c"), lambda: replication.sync(active.home, ["fw-c"])):
        with pytest.raises(Excluded, match="its disk is replaced"):
            refused()
    assert active.record.active == "fw-a"
    cluster["fw-b"].promote()
    assert (active.record.active, away.record.active) == ("fw-b", "fw-a")


def test_where_all_others_are_lost_it_takes_over_and_takes_part(cluster: Cluster):
    active, away = cluster["fw-a"], cluster["fw-c"]
    exclude(active)
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster.cut("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-c")

    away.promote(force=True)  # it asks fw-b, which has what fw-a published last

    assert (away.record.active, away.served()[HOSTS]) == ("fw-c", b"hosts: {a: 10.0.0.1}\n")
    assert cluster["fw-b"].head == away.head
    away.publish_edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    cluster.heal_all()
    active.sync()
    assert {server.head for server in cluster.servers.values()} == {away.head}


def test_an_excluded_side_of_a_collision_can_end_it(cluster: Cluster):
    active, away = cluster["fw-a"], cluster["fw-c"]
    cluster.isolate("fw-c")
    exclude(active)
    away.promote(force=True)
    away.publish_edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    cluster.heal_all()

    assert away.status().message is Banner.COLLISION
    away.sync()  # nobody asks it: it gives its side to the others itself
    resolution.resolve(active.home, Wish("fw-a"), author=JANA)
    assert away.head != active.head
    include(active)
    assert {server.head for server in cluster.servers.values()} == {active.head}
    assert verification.verify(away.home).findings == ()


def test_who_cannot_be_excluded(cluster: Cluster):
    with pytest.raises(ServerProblem):
        exclude(cluster["fw-a"], "fw-a")
    with pytest.raises(UnknownServer):
        exclude(cluster["fw-a"], "fw-x")
    with pytest.raises(ReadOnlyServer):
        exclude(cluster["fw-b"], "fw-c")
    pausing.pause(cluster["fw-a"].home, author=JANA)
    with pytest.raises(Paused):
        exclude(cluster["fw-a"], "fw-c")


def test_on_the_command_line(cluster: Cluster):
    active = cluster["fw-a"]
    done = active.mha("server", "exclude", "fw-c", "--reason", "disk")
    assert done.stdout.splitlines()[0].startswith("Published revision 4")
    rows = {peer["name"]: peer for peer in json.loads(active.mha("status", "--offline", "--json").stdout)["peers"]}
    assert (rows["fw-c"]["sync"], rows["fw-c"]["detail"]) == ("excluded", "disk")
    assert "  fw-c: disk\n" in active.mha("status").stdout
    assert active.mha("server", "list").stdout.endswith("\nfw-c is excluded: disk\n")
    assert active.mha("server", "include", "fw-c").returncode == ExitCode.DONE
