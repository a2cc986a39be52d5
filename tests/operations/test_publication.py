"""Publishing: the draft becomes the next revision, here and on the peers."""

import shutil
from collections.abc import Callable

import pytest

from mha.core.changes import Action, Change
from mha.core.cluster import Role
from mha.core.model.differences import ObjectChange
from mha.core.record import Record, words
from mha.core.standing import Mode, Sync
from mha.errors import (
    CaughtUp,
    Collision,
    ControlCharacters,
    EmptyMessage,
    ExitCode,
    InvalidConfiguration,
    Isolated,
    LooksCutOff,
    NoServerActive,
    ReadOnlyServer,
    StoodDown,
    UnknownPath,
    Untold,
)
from mha.operations import drafts, history, publication, reverting, servers
from mha.operations import tip as tips
from mha.operations.publication import Published
from mha.operations.sighting import PeerReport
from mha.store import lock, trees
from mha.store.files import remove_tree
from mha.store.trees import Blob
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"
NOW = "2026-11-23T10:00:00+00:00"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers, fw-a Active at revision 2."""
    return make_cluster("fw-a", "fw-b")


def heads(cluster: Cluster) -> set[str]:
    return {server.head for server in cluster.servers.values()}


def synchronized(server: Server, head: str) -> PeerReport:
    """How a peer is reported that has just taken a revision."""
    return PeerReport(
        server.name, Role.SECONDARY, Mode.STANDBY, Sync.SYNCHRONIZED, head, 4, 0, 0, NOW, current=head, detail=""
    )


GONE = (ObjectChange(Action.DELETED, "host", "web-01"), ObjectChange(Action.DELETED, "host", "web-02"))


def test_a_publish_makes_the_draft_the_next_revision_on_every_server(cluster, monkeypatch):
    monkeypatch.setenv("MHA_NOW", NOW)
    active = cluster["fw-a"]
    before = active.head
    active.edit(HOSTS, "hosts: {}\n")
    active.edit("objects/new.yaml", "x-a: 1\n")
    active.edit("policies/main.yaml", None)

    done = active.publish("Open HTTPS to the new shop")

    assert done == Published(
        revision=4,
        id=active.head,
        changes=(
            Change(HOSTS, Action.MODIFIED),
            Change("objects/new.yaml", Action.ADDED),
            Change("policies/main.yaml", Action.DELETED),
        ),
        peers=(synchronized(cluster["fw-b"], active.head), synchronized(cluster["fw-c"], active.head)),
        objects=(*GONE, ObjectChange(Action.DELETED, "layer", "main")),
    )
    commit = active.home.repository.commit(active.head)
    assert commit.parents == (before,)
    assert commit.record == Record(revision=4, epoch=1, active="fw-a", server="fw-a")
    assert words(commit.message) == "Open HTTPS to the new shop"
    assert commit.author == "Jana Doe <jana@example.org>"
    assert commit.time.isoformat() == NOW
    assert heads(cluster) == {active.head}
    for server in cluster.servers.values():
        assert server.served() == active.draft()


def test_nothing_to_publish_makes_no_revision(pair):
    before = heads(pair)

    done = pair["fw-a"].publish()

    assert done == Published(None, None, ())
    assert heads(pair) == before


def test_a_file_that_was_touched_and_not_changed_is_nothing_to_publish(pair):
    path = pair["fw-a"].path / "work" / HOSTS
    path.write_bytes(path.read_bytes())

    assert pair["fw-a"].publish() == Published(None, None, ())


def test_a_dry_run_says_what_would_be_published_and_publishes_nothing(pair):
    active = pair["fw-a"]
    before = heads(pair)
    active.edit(HOSTS, "hosts: {}\n")

    done = active.publish(dry_run=True)

    assert done == Published(None, None, (Change(HOSTS, Action.MODIFIED),), objects=GONE)
    assert heads(pair) == before
    assert active.draft()[HOSTS] == b"hosts: {}\n"


PARTS = {
    "a file": ([HOSTS], {HOSTS}),
    "a new file": (["objects/new.yaml"], {"objects/new.yaml"}),
    "a deleted file": (["objects/networks.yaml"], {"objects/networks.yaml"}),
    "a folder": (["objects"], {HOSTS, "objects/new.yaml", "objects/networks.yaml"}),
    "a folder and a file": (["policies/", HOSTS], {HOSTS, "policies/main.yaml"}),
}


@pytest.mark.parametrize(("paths", "expected"), PARTS.values(), ids=PARTS)
def test_only_the_named_edits_are_published_and_the_others_stay_edits(make_cluster, paths, expected):
    server = make_cluster("fw-a")["fw-a"]
    edits = {
        HOSTS: "x-a: 1\n",
        "objects/new.yaml": "x-b: 1\n",
        "objects/networks.yaml": None,
        "policies/main.yaml": "x-c: 1\n",
    }
    for path, text in edits.items():
        server.edit(path, text)
    draft = server.draft()

    done = server.publish(paths=paths)

    assert {change.path for change in done.changes} == expected
    assert server.draft() == draft
    assert {change.path for change in history.diff(server.home).changes} == edits.keys() - expected


@pytest.mark.parametrize("path", ["objects/none.yaml", "objects/networks.yaml", "nowhere/", "../fw-a/current", ""])
def test_a_named_file_that_is_not_changed_publishes_nothing(make_cluster, path):
    server = make_cluster("fw-a")["fw-a"]
    server.edit(HOSTS, "x-a: 1\n")
    before = server.head

    with pytest.raises(UnknownPath):
        server.publish(paths=[HOSTS, path])

    assert server.head == before


@pytest.mark.parametrize(
    ("folder", "typed"),
    [("", "work/objects/hosts.yaml"), ("work", HOSTS), ("work/objects", "hosts.yaml"), ("mha.git", HOSTS)],
)
def test_a_path_is_understood_from_where_it_is_typed(make_cluster, folder, typed):
    server = make_cluster("fw-a")["fw-a"]
    server.edit(HOSTS, "x-a: 1\n")
    server.edit("policies/main.yaml", "x-b: 1\n")

    done = server.mha("publish", typed, "-m", "x", cwd=server.path / folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert [change.path for change in history.diff(server.home).changes] == ["policies/main.yaml"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_files_that_look_as_a_power_cut_leaves_them_are_refused_by_name(pair, dry_run):
    active = pair["fw-a"]
    active.edit(HOSTS, "")
    active.edit("new.yaml", b"\0" * 40)
    active.edit("objects/networks.yaml", "networks: {}\n")
    before = heads(pair)

    with pytest.raises(LooksCutOff) as caught:
        active.publish(dry_run=dry_run)

    assert caught.value.exit_code == ExitCode.INVALID
    assert caught.value.message.splitlines()[1:] == ["  new.yaml ends in NUL bytes.", f"  {HOSTS} is empty."]
    assert heads(pair) == before
    assert active.draft()[HOSTS] == b""


def test_an_empty_file_is_published_when_that_is_asked_for_and_is_no_surprise_later(pair):
    active = pair["fw-a"]
    active.edit(HOSTS, "")
    active.publish(as_is=True)
    (active.path / "work" / HOSTS).chmod(0o755)

    active.publish()

    assert active.served()[HOSTS] == b""


@pytest.mark.parametrize(
    ("path", "data"),
    [
        pytest.param(HOSTS, b"hosts: {}", id="no newline at the end"),
        pytest.param("notes.txt", b"one\r\ntwo\nthree\r", id="mixed line ends"),
        pytest.param("logo.png", b"\x89PNG\r\n\x1a\n\0\0", id="binary"),
        pytest.param("empty", b"", id="empty"),
        pytest.param(".gitattributes", b"* text eol=crlf\n*.yaml filter=x\n", id="attributes"),
        pytest.param("with space/ünïcode & 'quotes'.yaml", b"x-a: 1\n", id="a name with everything"),
        pytest.param("-rf", b"x", id="a name like an option"),
    ],
)
def test_bytes_are_published_as_they_were_written(make_cluster, path, data):
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(path, data)

    cluster["fw-a"].publish(as_is=True)

    assert cluster["fw-b"].served()[path] == cluster["fw-a"].served()[path] == data
    assert history.diff(cluster["fw-a"].home).changes == ()


def test_attributes_of_an_earlier_revision_change_no_byte_of_a_later_one(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(".gitattributes", "* text eol=crlf ident\n")

    cluster["fw-a"].publish_edit("a.txt", "$Id$\nline\n")

    assert cluster["fw-b"].served()["a.txt"] == b"$Id$\nline\n"
    assert cluster["fw-a"].draft()["a.txt"] == b"$Id$\nline\n"


def test_the_executable_bit_is_published(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit("hook.sh", "#!/bin/sh\n")
    (cluster["fw-a"].path / "work" / "hook.sh").chmod(0o755)

    done = cluster["fw-a"].publish()

    assert done.changes == (Change("hook.sh", Action.MODIFIED),)
    assert (cluster["fw-b"].path / "current" / "hook.sh").stat().st_mode & 0o777 == 0o555
    assert (cluster["fw-b"].path / "current" / HOSTS).stat().st_mode & 0o777 == 0o444


def test_an_ignored_file_is_no_draft_but_a_published_one_stays_published(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    active.publish_edit("local.log", "old\n")
    active.edit(".gitignore", "*.log\n")
    active.edit("other.log", "ignored\n")
    active.edit("local.log", "new\n")

    done = active.publish()

    assert done.changes == (Change(".gitignore", Action.ADDED), Change("local.log", Action.MODIFIED))
    assert active.served()["local.log"] == b"new\n"
    assert "other.log" not in active.served()


def test_a_file_and_a_folder_change_places(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    active.edit("objects/hosts.yaml", None)
    active.edit("objects/hosts.yaml/web.yaml", "x-a: 1\n")
    shutil.rmtree(active.path / "work" / "policies")
    active.edit("policies", "now a file\n")

    active.publish()

    assert cluster["fw-b"].served() == active.draft()
    assert cluster["fw-b"].served()["policies"] == b"now a file\n"


def test_a_renamed_file_is_one_added_and_one_deleted(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    (active.path / "work" / HOSTS).rename(active.path / "work" / "objects" / "machines.yaml")

    done = active.publish()

    assert done.changes == (Change(HOSTS, Action.DELETED), Change("objects/machines.yaml", Action.ADDED))


def test_a_name_may_change_its_case_when_no_twin_is_left(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    (active.path / "work" / HOSTS).rename(active.path / "work" / "objects" / "Hosts.yaml")

    done = active.publish()

    assert done.changes == (Change("objects/Hosts.yaml", Action.ADDED), Change(HOSTS, Action.DELETED))


def test_a_folder_may_change_its_case_when_no_file_is_left_in_the_old_one(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    (server.path / "work" / "objects").rename(server.path / "work" / "Objects")
    server.publish()
    assert server.served().keys() == {"Objects/hosts.yaml", "Objects/networks.yaml", "mha.yaml", "policies/main.yaml"}


def test_a_folder_is_a_twin_while_a_file_is_left_in_the_old_one(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    server.edit("Objects/hosts.yaml", "hosts: {}\n")
    server.edit("objects/hosts.yaml", None)
    with pytest.raises(InvalidConfiguration, match="Objects and objects are one name to some file systems"):
        server.publish()


def test_a_standby_publishes_nothing(pair):
    with pytest.raises(ReadOnlyServer) as raised:
        pair["fw-b"].publish()

    assert raised.value.message == "fw-b is a Standby and cannot publish."
    assert raised.value.hint == "Use fw-a, which is Active, or run `mha promote` here."


def test_nobody_publishes_while_no_server_is_active(pair):
    pair["fw-a"].demote()
    before = heads(pair)

    for server in pair.servers.values():
        with pytest.raises(NoServerActive):
            server.publish()

    assert heads(pair) == before


def test_a_message_says_something(pair):
    pair["fw-a"].edit(HOSTS, "hosts: {}\n")

    for message in ("", " \n\t"):
        with pytest.raises(EmptyMessage):
            pair["fw-a"].publish(message)
    for message in ("bell \a", "right\u202eleft"):
        with pytest.raises(ControlCharacters):
            pair["fw-a"].publish(message)

    assert pair["fw-a"].record.revision == 2


def test_a_message_cannot_forge_a_record(pair):
    active = pair["fw-a"]

    active.publish_edit(
        HOSTS, "hosts: {}\n", "Mine\n\nMha-Revision: 99\nMha-Epoch: 9\nMha-Active: fw-b\nMha-Server: fw-b"
    )

    assert heads(pair) == {active.head}
    assert active.record == Record(revision=3, epoch=1, active="fw-a", server="fw-a")


def test_a_peer_that_does_not_answer_gets_all_it_missed_with_the_next_publish(cluster):
    active = cluster["fw-a"]
    cluster.cut("fw-a", "fw-b")
    missed = active.publish_edit(HOSTS, "hosts: {}\n")
    cluster.heal("fw-a", "fw-b")

    done = active.publish_edit(HOSTS, "hosts: {b: 10.0.0.1}\n")

    assert [(peer.name, peer.sync, peer.behind) for peer in missed.peers] == [
        ("fw-b", Sync.SILENT, 1),
        ("fw-c", Sync.SYNCHRONIZED, 0),
    ]
    assert [peer.sync for peer in done.peers] == [Sync.SYNCHRONIZED] * 2
    assert heads(cluster) == {active.head}
    assert cluster["fw-b"].served() == active.served()


def test_a_publish_tells_how_many_standbys_were_to_hold_it_and_how_many_do(cluster):
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, "hosts: {}\n")

    done = cluster["fw-a"].publish(wait=2)

    assert (done.wanted, done.held, [peer.name for peer in done.lacking]) == (2, 1, ["fw-b"])


def test_how_many_must_hold_a_revision_is_a_published_setting(cluster):
    active = cluster["fw-a"]
    text = active.served()["mha.yaml"].decode().replace("wait-for: 0", "wait-for: 2")
    active.publish_edit("mha.yaml", text)

    done = active.publish_edit(HOSTS, "hosts: {}\n")

    assert (done.wanted, done.held) == (2, 2)


def on_isolated(server: Server, choice: str) -> None:
    text = server.served()["mha.yaml"].decode()
    server.publish_edit("mha.yaml", text.replace("settings:", f"settings:\n  on-isolated: {choice}", 1))


def test_an_active_that_no_peer_answers_publishes_with_one_warning(cluster):
    active = cluster["fw-a"]
    cluster.isolate("fw-a")
    active.edit(HOSTS, "hosts: {}\n")

    done = active.mha("publish", "-m", "Alone")

    assert done.returncode == ExitCode.DONE
    assert done.stderr.splitlines() == [
        "WARNING: No peer tells whether another server has taken over (fw-b, fw-c).",
        "If one has, this is a collision. Publish no more than you must; see to the link, then run `mha sync`.",
        "Warning: fw-b does not hold it: not communicating (there is no home at its address).",
        "Warning: fw-c does not hold it: not communicating (there is no home at its address).",
    ]


def test_an_answer_of_one_peer_is_enough_not_to_be_isolated(cluster):
    active = cluster["fw-a"]
    on_isolated(active, "refuse")
    cluster.cut("fw-a", "fw-b")

    assert active.publish_edit(HOSTS, "hosts: {}\n").isolated == ()


def test_an_active_that_no_peer_answers_publishes_nothing_where_the_settings_refuse_it(cluster):
    active = cluster["fw-a"]
    on_isolated(active, "refuse")
    cluster.isolate("fw-a")
    head = active.head
    active.edit(HOSTS, "hosts: {}\n")

    done = active.mha("publish", "-m", "Alone")
    with pytest.raises(Isolated):
        reverting.revert(active.home, head, message="Undo it", author=JANA)
    with pytest.raises(Isolated):
        servers.add(active.home, name="fw-d", url="/srv/fw-d", key=None, author=JANA)

    assert (done.returncode, done.stdout) == (ExitCode.NOT_REACHABLE, "")
    assert done.stderr.splitlines() == [
        "Error: No peer answers (fw-b, fw-c); nothing was published. fw-a cannot know if another took over.",
        "Hint: See to the link. If a peer is lost for ever, `mha server remove NAME` goes through all the same.",
    ]
    assert (active.head, active.draft()[HOSTS]) == (head, b"hosts: {}\n")
    cluster.heal("fw-a", "fw-c")
    assert active.publish().isolated == ()


def test_peers_that_are_lost_for_ever_are_removed_although_the_settings_refuse_to_publish(cluster):
    active = cluster["fw-a"]
    on_isolated(active, "refuse")
    for name in ("fw-b", "fw-c"):
        remove_tree(cluster[name].path)

    removed = [servers.remove(active.home, name=name, author=JANA).isolated for name in ("fw-b", "fw-c")]

    assert removed == [("fw-c",), ()]
    assert active.publish_edit(HOSTS, "hosts: {}\n").revision == active.record.revision


def test_a_server_that_has_not_joined_yet_isolates_nobody(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    on_isolated(active, "refuse")
    servers.add(active.home, name="fw-b", url="/srv/fw-b", key=None, author=JANA)

    assert active.publish_edit(HOSTS, "hosts: {}\n").isolated == ()


def test_a_superseded_active_stands_down_and_keeps_its_draft(cluster):
    active = cluster["fw-a"]
    cluster.isolate("fw-a")
    active.edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit("policies/main.yaml", "x-rules: []\n")
    cluster.heal_all()

    with pytest.raises(StoodDown) as raised:
        active.publish()

    assert raised.value.message == ("fw-a was superseded: fw-b is Active at epoch 2. The draft is kept as draft 1.")
    assert heads(cluster) == {cluster["fw-b"].head}
    assert active.served() == cluster["fw-b"].served()
    assert drafts.show(active.home, "1").changes == (Change(HOSTS, Action.MODIFIED),)
    assert not (active.path / "work").exists()


def test_an_active_whose_disk_came_back_older_catches_up_before_it_publishes(pair, tmp_path):
    active = pair["fw-a"]
    shutil.copytree(active.path, tmp_path / "older", symlinks=True)
    lost = active.publish_edit(HOSTS, "hosts: {}\n")
    remove_tree(active.path)
    shutil.copytree(tmp_path / "older", active.path, symlinks=True)
    active.edit("policies/main.yaml", "x-rules: []\n")

    with pytest.raises(CaughtUp) as raised:
        active.publish()
    done = active.publish()

    assert raised.value.message.startswith("fw-a was behind fw-b and has caught up to revision 3")
    assert (done.revision, done.changes) == (4, (Change("policies/main.yaml", Action.MODIFIED),))
    assert lost.id in active.revisions()
    assert heads(pair) == {active.head}


def test_nothing_is_published_on_top_of_a_collision(pair):
    pair.isolate("fw-a")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    before = {name: server.head for name, server in pair.servers.items()}
    pair["fw-a"].edit(HOSTS, "hosts: {a: 10.0.0.2}\n")

    with pytest.raises(Collision):
        pair["fw-a"].publish()
    pair.isolate("fw-a")
    with pytest.raises(Collision):  # known by then, without the other side
        pair["fw-a"].publish()

    assert {name: server.head for name, server in pair.servers.items()} == before
    assert pair["fw-a"].draft()[HOSTS] == b"hosts: {a: 10.0.0.2}\n"


def test_a_publish_that_was_killed_before_it_was_served_is_served_by_the_next_command(pair):
    active = pair["fw-a"]
    active.edit(HOSTS, "hosts: {}\n")
    here = tips.tip(active.home)
    with lock.held(active.home.git_dir):
        blob = Blob(trees.write(here.home.repository, b"hosts: {}\n"))
        oid = publication.advance(here, {HOSTS: blob}, message="Killed", author=JANA)
    assert active.served()[HOSTS] != b"hosts: {}\n"

    done = active.publish()

    assert done == Published(None, None, ())
    assert active.home.repository.ref("refs/mha/current") == active.head == oid
    assert active.served()[HOSTS] == b"hosts: {}\n"


def test_a_bare_repository_in_work_is_not_published_nor_completed_by_a_later_publish(make_cluster):
    active = make_cluster("fw-a")["fw-a"]
    active.publish_edit("objects/x.git/HEAD", "ref: refs/heads/main\n")
    active.edit("objects/x.git/config", "[core]\n")
    with pytest.raises(InvalidConfiguration, match=r"objects/x\.git is a git repository"):
        active.publish()


def test_ctrl_c_while_the_peers_are_told_says_that_it_is_published(make_cluster):
    active = make_cluster("fw-a", "fw-b")["fw-a"]
    active.edit("objects/new.yaml", "x-a: 1\n")

    def interrupt(line: str) -> None:
        if "Writing objects" in line or "Enumerating objects" in line:
            raise KeyboardInterrupt

    with pytest.raises(Untold) as told:
        active.publish(progress=interrupt)
    assert told.value.message == f"Revision {active.record.revision} is published; not every peer was told."
    assert told.value.exit_code == ExitCode.INTERRUPTED
    assert active.served()["objects/new.yaml"] == b"x-a: 1\n"
