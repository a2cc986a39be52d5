"""The servers of the cluster: adding, removing and listing them, as published changes of `mha.yaml`."""

import pytest

from mha.core.changes import Action, Change
from mha.core.cluster import Role
from mha.core.names import Peer
from mha.core.record import Record
from mha.core.standing import Banner, Memory, Sync
from mha.errors import DraftInTheWay, ReadOnlyServer, ServerProblem, UnknownServer
from mha.operations import servers, setup
from mha.operations import tip as tips
from mha.operations.servers import ServerListed
from mha.store import peers
from mha.store.files import remove_tree
from tests.cluster import JANA, Cluster, Server
from tests.operations.forging import forged

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDFJcJ1Yl6VQk9nXw1y5cW0o5H8m3dM0xq0yqvW2eY1b"


def add(server: Server, name: str, url: str, key: str | None = None) -> servers.ServerAdded:
    return servers.add(server.home, name=name, url=url, key=key, author=JANA)


def cluster_file(server: Server) -> str:
    return server.served()["mha.yaml"].decode()


def test_a_server_is_added_as_a_secondary_with_a_revision_of_its_own(make_cluster):
    active = make_cluster("fw-a")["fw-a"]

    added = add(active, "fw-b", "ssh://mha@fw-b.example.org/srv/mha", KEY)

    assert (added.name, added.has_key) == ("fw-b", True)
    assert (added.published.revision, added.published.id) == (2, active.head)
    assert added.published.changes == (Change("mha.yaml", Action.MODIFIED),)
    assert [(peer.name, peer.sync) for peer in added.published.peers] == []  # it was no peer when its revision was made
    assert servers.listed(active.home)[1] == ServerListed(
        "fw-b", Role.SECONDARY, "ssh://mha@fw-b.example.org/srv/mha", KEY, active=False, here=False, excluded=None
    )


def test_the_join_command_that_add_gives_works(make_cluster):
    cluster = make_cluster("fw-a")
    added = add(cluster["fw-a"], "fw-b", str(cluster.root / "fw-b"))

    program, verb, url, home, *options = added.join_command.split()
    assert (program, verb, options[0], options[2]) == ("mha", "join", "--name", "--trust")
    made = setup.join(url, cluster.root / home, name=options[1], trust=options[3])

    assert made.id == cluster["fw-a"].head


def test_adding_a_server_keeps_comments_order_and_quotes_of_the_file(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    before = cluster_file(active)
    active.publish_edit("mha.yaml", before.replace("settings:", "# by order of the board\nsettings:"))
    edited = cluster_file(active)

    add(active, "fw-b", "/srv/mha")

    lines = cluster_file(active).splitlines()
    new = [line for line in lines if line not in edited.splitlines()]
    assert [line for line in lines if line not in new] == edited.splitlines()
    assert new == ['  fw-b: {url: "/srv/mha", role: secondary}']


def test_adding_a_server_leaves_the_draft_alone(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    active.edit("objects/hosts.yaml", "hosts: {new: 10.9.9.9}\n")

    added = add(active, "fw-b", "/srv/mha")

    assert added.published.changes == (Change("mha.yaml", Action.MODIFIED),)
    assert active.draft()["objects/hosts.yaml"] == b"hosts: {new: 10.9.9.9}\n"
    assert active.draft()["mha.yaml"] == active.served()["mha.yaml"]


def test_adding_a_server_does_not_overwrite_an_edited_cluster_file(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    edited = cluster_file(active).replace("60s", "30s")
    active.edit("mha.yaml", edited)
    head = active.head

    with pytest.raises(DraftInTheWay):
        add(active, "fw-b", "/srv/mha")

    assert active.head == head
    assert active.draft()["mha.yaml"].decode() == edited


def test_the_key_of_a_home_on_this_machine_is_found_there(make_cluster):
    cluster = make_cluster("fw-a")
    made = setup.key(cluster.root / "fw-b", name="fw-b")

    add(cluster["fw-a"], "fw-b", str(cluster.root / "fw-b"))

    assert servers.listed(cluster["fw-a"].home)[1].key == made.key


@pytest.mark.parametrize(
    ("name", "url", "key", "reason"),
    [
        ("fw-b", "/srv/new", None, "fw-b is a server of this cluster already."),
        ("fw-c", "/srv/fw-b/", None, "fw-b has this address already."),
        ("fw-c", "/srv/new", f"{KEY} jana@laptop", "fw-b has this key already."),
        ("fw-c", "/srv/new", "ssh-rsa AAAA", "The key is not an ed25519 public key in OpenSSH's form."),
    ],
)
def test_what_another_server_has_already_is_refused(make_cluster, name, url, key, reason):
    active = make_cluster("fw-a")["fw-a"]
    add(active, "fw-b", "/srv/fw-b", KEY)
    head = active.head

    with pytest.raises(ServerProblem) as raised:
        add(active, name, url, key)

    assert raised.value.message == reason
    assert active.head == head


def test_a_standby_adds_and_removes_nobody(cluster: Cluster):
    with pytest.raises(ReadOnlyServer):
        add(cluster["fw-b"], "fw-d", "/srv/mha")
    with pytest.raises(ReadOnlyServer):
        servers.remove(cluster["fw-b"].home, name="fw-c", author=JANA)

    assert {s.record.revision for s in cluster.servers.values()} == {3}


def test_a_removed_server_is_no_peer_any_more_and_keeps_its_home(cluster: Cluster):
    before = cluster["fw-c"].head

    removed = servers.remove(cluster["fw-a"].home, name="fw-c", author=JANA)

    assert removed.changes == (Change("mha.yaml", Action.MODIFIED),)
    assert [(peer.name, peer.sync) for peer in cluster["fw-a"].status().peers] == [("fw-b", Sync.SYNCHRONIZED)]
    assert cluster["fw-a"].home.memory("fw-c") == Memory()
    assert cluster["fw-b"].head == cluster["fw-a"].head == removed.id
    assert cluster["fw-c"].head == before  # it was no peer any more when the revision was made
    assert [server.name for server in servers.listed(cluster["fw-c"].home)] == ["fw-a", "fw-b", "fw-c"]


def test_a_removed_server_may_not_push_any_more(cluster: Cluster):
    servers.remove(cluster["fw-a"].home, name="fw-c", author=JANA)
    before = cluster["fw-b"].head

    taken_over = forged(cluster["fw-c"], Record(5, 2, "fw-c", "fw-c"))
    url = tips.tip(cluster["fw-a"].home).cluster.servers["fw-b"].url
    done = peers.push(cluster["fw-c"].home, Peer("fw-b", url), taken_over)

    assert done.complaint is not None
    assert "No server is named fw-c" in done.complaint
    assert cluster["fw-b"].head == before
    assert cluster["fw-a"].head == before


def test_the_active_does_not_remove_itself(cluster: Cluster):
    with pytest.raises(ServerProblem, match="fw-a is Active and cannot remove itself"):
        servers.remove(cluster["fw-a"].home, name="fw-a", author=JANA)


def test_an_unknown_server_cannot_be_removed(cluster: Cluster):
    with pytest.raises(UnknownServer) as raised:
        servers.remove(cluster["fw-a"].home, name="fw-x", author=JANA)

    assert raised.value.hint == "The servers are fw-a, fw-b, fw-c."


def test_the_secondary_becomes_the_primary_and_no_mode_moves(cluster: Cluster):
    before = cluster["fw-a"].record

    done = servers.set_primary(cluster["fw-a"].home, name="fw-b", author=JANA)

    assert done.changes == (Change("mha.yaml", Action.MODIFIED),)
    assert cluster["fw-a"].record == before._replace(revision=before.revision + 1)
    assert cluster["fw-c"].head == done.id
    found = [(s.name, s.role, s.active) for s in servers.listed(cluster["fw-c"].home)]
    assert found == [
        ("fw-a", Role.SECONDARY, True),
        ("fw-b", Role.PRIMARY, False),
        ("fw-c", Role.SECONDARY, False),
    ]


def test_the_primary_is_made_primary_without_a_revision(cluster: Cluster):
    head = cluster["fw-a"].head

    assert servers.set_primary(cluster["fw-a"].home, name="fw-a", author=JANA).revision is None
    assert cluster["fw-a"].head == head


def test_only_the_active_sets_the_primary_and_only_a_server_becomes_it(cluster: Cluster):
    with pytest.raises(ReadOnlyServer, match="fw-b is a Standby and cannot set the Primary"):
        servers.set_primary(cluster["fw-b"].home, name="fw-b", author=JANA)
    with pytest.raises(UnknownServer):
        servers.set_primary(cluster["fw-a"].home, name="fw-x", author=JANA)

    assert {s.record.revision for s in cluster.servers.values()} == {3}


def test_an_active_that_is_lost_for_ever_is_replaced(cluster: Cluster):
    """As the operations page has it: a Standby takes over, becomes the Primary, and a new server joins it."""
    published = cluster["fw-a"].publish_edit("objects/hosts.yaml", "hosts: {new: 10.9.9.9}\n")
    remove_tree(cluster["fw-a"].path)
    heir = cluster["fw-b"]

    heir.promote(force=True)
    servers.remove(heir.home, name="fw-a", author=JANA)
    servers.set_primary(heir.home, name="fw-b", author=JANA)
    del cluster.servers["fw-a"]
    cluster.add("fw-d")
    last = heir.publish_edit("objects/hosts.yaml", "hosts: {newer: 10.9.9.8}\n", "After the loss")

    assert [(peer.name, peer.sync) for peer in last.peers] == [("fw-c", Sync.SYNCHRONIZED), ("fw-d", Sync.SYNCHRONIZED)]
    assert all(published.id in server.revisions() for server in cluster.servers.values())
    assert [(s.name, s.role, s.active) for s in servers.listed(cluster["fw-d"].home)] == [
        ("fw-b", Role.PRIMARY, True),
        ("fw-c", Role.SECONDARY, False),
        ("fw-d", Role.SECONDARY, False),
    ]
    assert heir.status().message is Banner.DONE


def test_the_list_says_who_is_active_and_which_is_here(cluster: Cluster):
    cluster["fw-b"].promote()

    found = [(s.name, s.role, s.active, s.here) for s in servers.listed(cluster["fw-c"].home)]

    assert found == [
        ("fw-a", Role.PRIMARY, False, False),
        ("fw-b", Role.SECONDARY, True, False),
        ("fw-c", Role.SECONDARY, False, True),
    ]
