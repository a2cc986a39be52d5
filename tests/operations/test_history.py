"""Looking at revisions: log, show, diff, and finding one by what was typed."""

import pytest

from mha.core.changes import Action, Change
from mha.core.succession import Kind
from mha.errors import AmbiguousRevision, ReadOnlyServer, StoreDamaged, UnknownRevision
from mha.operations import history
from mha.operations import tip as tips
from mha.operations.history import Difference
from tests.cluster import Server
from tests.operations.forging import message_whose_id_begins_as, repository_of

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def active(make_cluster) -> Server:
    """A server with three revisions: the first, an edited file, an added one."""
    server: Server = make_cluster("fw-a")["fw-a"]
    server.publish_edit(HOSTS, "hosts:\n  web-01: 10.1.0.99\n")
    server.publish_edit("objects/new.yaml", "x-a: 1\n", "Add\n\nbecause of the audit")
    return server


def test_the_log_reads_no_more_than_it_shows(active):
    first = active.home.introduction()
    (active.home.git_dir / "objects" / first[:2] / first[2:]).unlink()

    assert [entry.revision for entry in history.log(active.home, limit=1)] == [3]
    with pytest.raises(StoreDamaged):
        list(history.log(active.home))


def test_the_log_has_the_newest_revision_first(make_cluster, monkeypatch):
    monkeypatch.setenv("MHA_NOW", "2026-11-23T10:00:00+00:00")
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-b"].promote(reason="the disk of fw-a is old")
    cluster["fw-b"].publish_edit(HOSTS, "hosts: {}\n", "Empty\n\nall moved away")

    found = list(history.log(cluster["fw-a"].home))

    assert [(e.revision, e.epoch, e.active, e.server, e.kind, e.message) for e in found] == [
        (4, 2, "fw-b", "fw-b", Kind.PUBLISH, "Empty\n\nall moved away"),
        (3, 2, "fw-b", "fw-b", Kind.CHANGEOVER, "Changeover: fw-b takes over from fw-a\n\nthe disk of fw-a is old"),
        (2, 1, "fw-a", "fw-a", Kind.PUBLISH, "Add the server fw-b"),
        (1, 1, "fw-a", "fw-a", Kind.INIT, "Begin the cluster acme"),
    ]
    assert {e.author for e in found} == {"Jana Doe <jana@example.org>"}
    assert {e.time.isoformat() for e in found} == {"2026-11-23T10:00:00+00:00"}
    assert found[0].id == cluster["fw-b"].head


def test_the_log_may_be_cut_short(active):
    assert [entry.revision for entry in history.log(active.home, limit=2)] == [3, 2]
    assert [entry.revision for entry in history.log(active.home, limit=9)] == [3, 2, 1]


def test_the_log_has_its_order_from_the_history_whatever_clocks_said(active, monkeypatch):
    for year in (2031, 1999, 2030):
        monkeypatch.setenv("MHA_NOW", f"{year}-01-01T00:00:00+00:00")
        active.publish_edit(HOSTS, f"hosts: {{year-{year}: 10.0.0.1}}\n")

    assert [entry.revision for entry in history.log(active.home)] == [6, 5, 4, 3, 2, 1]


def test_a_revision_is_shown_with_its_changes_and_on_request_its_lines(active):
    shown = history.show(active.home, "2", lines=True)

    assert shown.entry.message == "A change"
    assert shown.difference.changes == (Change(HOSTS, Action.MODIFIED),)
    assert shown.difference.lines.splitlines()[-4:] == [
        " hosts:",
        "-  web-01: 10.1.0.10",
        "-  web-02: 10.1.0.11",
        "+  web-01: 10.1.0.99",
    ]
    assert history.show(active.home, "2").difference.lines == ""


def test_the_first_revision_shows_all_its_files(active):
    shown = history.show(active.home, "1")

    assert {change.action for change in shown.difference.changes} == {Action.ADDED}
    assert {change.path for change in shown.difference.changes} == {
        "mha.yaml", HOSTS, "objects/networks.yaml", "policies/main.yaml",
    }  # fmt: skip


def test_a_difference_goes_from_the_first_named_to_the_second_or_to_the_head(active):
    assert history.diff(active.home, "1", "2").changes == (Change(HOSTS, Action.MODIFIED),)
    assert history.diff(active.home, "2").changes == (Change("objects/new.yaml", Action.ADDED),)
    assert history.diff(active.home, "3", "2").changes == (Change("objects/new.yaml", Action.DELETED),)
    assert history.diff(active.home, "2", "2") == Difference(())


def test_without_a_revision_the_draft_is_compared_with_the_head(active):
    active.edit("objects/networks.yaml", "networks:\n  dmz: 10.2.0.0/24\n")
    active.edit("objects/more.yaml", "x-a: 1\n")
    active.edit(HOSTS, None)

    found = history.diff(active.home, lines=True)

    assert found.changes == (
        Change(HOSTS, Action.DELETED),
        Change("objects/more.yaml", Action.ADDED),
        Change("objects/networks.yaml", Action.MODIFIED),
    )
    changed = [line for line in found.lines.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        "-hosts:", "-  web-01: 10.1.0.99", "+x-a: 1", "-  dmz: 10.1.0.0/24", "+  dmz: 10.2.0.0/24",
    ]  # fmt: skip


def test_a_binary_file_is_only_said_to_differ(active):
    active.edit("logo.png", b"\x89PNG\0\0")

    assert history.diff(active.home, lines=True).lines == "Binary file logo.png differs\n"


def test_a_standby_has_no_draft_to_compare(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")

    with pytest.raises(ReadOnlyServer, match="cannot have a draft"):
        history.diff(cluster["fw-b"].home)


def test_a_revision_is_found_by_number_id_and_beginning_of_the_id(active):
    wanted = next(entry.id for entry in history.log(active.home) if entry.revision == 2)

    for text in ("2", "#2", " 2 ", wanted, wanted.upper(), wanted[:4] + wanted[4:20]):
        assert history.find(active.home, text).id == wanted


@pytest.mark.parametrize("text", ["9", "0", "-1", "", "#", "HEAD", "main", "^2", "2..3", "é", "٢", "z" * 40, "a" * 40])
def test_what_names_no_revision_is_unknown(active, text):
    with pytest.raises(UnknownRevision):
        history.find(active.home, text)


@pytest.mark.parametrize(("text", "said"), [("a", True), ("abc", True), ("99", False), ("zz", False), ("abcd", False)])
def test_too_little_of_an_id_is_said_to_be_so(active, text, said):
    with pytest.raises(UnknownRevision) as unknown:
        history.find(active.home, text)
    assert ("four digits" in unknown.value.hint) == said


def test_the_id_of_another_object_is_no_revision(active):
    for oid in (tips.tip(active.home).tree, active.home.repository.commit(active.head).tree):
        with pytest.raises(UnknownRevision):
            history.find(active.home, oid)


def test_a_commit_from_before_mha_is_no_revision(tmp_path, make_cluster):
    old = repository_of(tmp_path / "old", {"a.yaml": "x-a: 1\n"})
    server = make_cluster("fw-a", source=tmp_path / "old")["fw-a"]

    for text in (old, old[:12]):
        with pytest.raises(UnknownRevision):
            history.find(server.home, text)


def test_a_number_that_both_sides_of_a_collision_have_is_ambiguous_and_an_id_is_not(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.isolate("fw-a")
    ours = cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id
    theirs = cluster["fw-b"].promote(force=True).id
    cluster.heal_all()
    cluster["fw-a"].sync()

    with pytest.raises(AmbiguousRevision) as raised:
        history.find(cluster["fw-a"].home, "3")

    assert ours is not None
    assert theirs is not None
    assert raised.value.message == f"3 may mean several revisions: {ours[:12]}, {theirs[:12]}."
    assert history.find(cluster["fw-a"].home, theirs[:12]).id == theirs


def test_a_beginning_that_two_ids_share_is_ambiguous(active, monkeypatch):
    monkeypatch.setenv("MHA_NOW", "2026-11-23T10:00:00+00:00")
    active.publish_edit(HOSTS, "hosts: {}\n", message_whose_id_begins_as(active, active.head[:4]))

    with pytest.raises(AmbiguousRevision):
        history.find(active.home, active.head[:4])

    assert history.find(active.home, active.head[:20]).id == active.head
