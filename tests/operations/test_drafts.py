"""Drafts: discarding edits, keeping them, putting them back."""

import shutil
import subprocess
from collections.abc import Callable

import pytest

from mha.core.changes import Action, Change
from mha.errors import DraftInTheWay, DraftOvertaken, ReadOnlyServer, UnknownDraft, UnknownPath
from mha.operations import drafts, history, reverting, settling
from mha.operations.drafts import Discarded, Left
from mha.store import files
from tests.cluster import JANA, Cluster, Server
from tests.trouble import wait_for

HOSTS = "objects/hosts.yaml"
MINE = b"hosts: {mine: 10.0.0.1}\n"


@pytest.fixture
def active(make_cluster: Callable[..., Cluster]) -> Server:
    return make_cluster("fw-a", "fw-b")["fw-a"]


def changes(server: Server) -> dict[str, Action]:
    return {change.path: change.action for change in history.diff(server.home).changes}


def by_hand(server: Server, *arguments: str) -> None:
    """Run git in work/, as an administrator might."""
    identity = ["-c", "user.name=Jana Doe", "-c", "user.email=jana@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=server.path / "work", check=True, capture_output=True)


def test_discarded_edits_are_undone_and_kept(active):
    published = active.draft()
    active.edit(HOSTS, MINE)
    active.edit("objects/new/deep.yaml", "x-a: 1\n")
    active.edit("policies/main.yaml", None)

    done = drafts.discard(active.home)

    assert done == Discarded(
        (
            Change(HOSTS, Action.MODIFIED),
            Change("objects/new/deep.yaml", Action.ADDED),
            Change("policies/main.yaml", Action.DELETED),
        ),
        kept_draft="1",
    )
    assert active.draft() == published
    assert not (active.path / "work" / "objects" / "new").exists()
    assert drafts.show(active.home, "1").changes == done.changes


def test_only_the_named_edits_are_discarded(active):
    active.edit(HOSTS, MINE)
    active.edit("objects/new.yaml", "x-a: 1\n")
    active.edit("policies/main.yaml", "x-rules: []\n")

    done = drafts.discard(active.home, ["objects/", "objects/new.yaml"])

    assert [change.path for change in done.changes] == [HOSTS, "objects/new.yaml"]
    assert changes(active) == {"policies/main.yaml": Action.MODIFIED}


def test_discarding_nothing_keeps_nothing(active):
    assert drafts.discard(active.home) == Discarded((), None)
    assert drafts.listed(active.home) == []


def test_a_path_that_was_not_edited_cannot_be_discarded(active):
    active.edit(HOSTS, MINE)

    for path in ("policies/main.yaml", "nowhere", "objects/host"):
        with pytest.raises(UnknownPath):
            drafts.discard(active.home, [path, HOSTS])

    assert active.draft()[HOSTS] == MINE


def test_what_no_draft_can_keep_is_not_discarded(active):
    (active.path / "work" / "link.yaml").symlink_to("/etc/hostname")
    active.edit(HOSTS, MINE)

    done = drafts.discard(active.home)

    assert done.changes == (Change(HOSTS, Action.MODIFIED),)
    assert done.left == (Left("link.yaml", "no draft can hold a symbolic link"),)
    assert (active.path / "work" / "link.yaml").is_symlink()


def test_a_file_that_is_edited_again_while_it_is_discarded_keeps_its_last_edit(active, monkeypatch):
    active.edit(HOSTS, MINE)
    active.edit("policies/main.yaml", "x-rules: []\n")
    keep = settling.keep

    def saved_meanwhile(*arguments, **options):
        name = keep(*arguments, **options)
        active.edit(HOSTS, "hosts: {last: 10.0.0.2}\n")
        return name

    monkeypatch.setattr(settling, "keep", saved_meanwhile)

    done = drafts.discard(active.home)

    assert done.left == (Left(HOSTS, "it was edited again meanwhile"),)
    assert [change.path for change in done.changes] == ["policies/main.yaml"]
    assert active.draft()[HOSTS] == b"hosts: {last: 10.0.0.2}\n"
    assert [change.path for change in drafts.show(active.home, "1").changes] == [HOSTS, "policies/main.yaml"]


def test_a_deleted_file_whose_name_a_folder_took_comes_back(active):
    published = active.draft()
    active.edit(HOSTS, None)
    active.edit(f"{HOSTS}/one.yaml", "x-a: 1\n")

    done = drafts.discard(active.home)

    assert (len(done.changes), done.left) == (2, ())
    assert active.draft() == published


def test_a_kept_draft_comes_back_byte_by_byte(active):
    active.edit(HOSTS, b"hosts:\r\n  caf\xc3\xa9: 10.0.0.1")
    active.edit("objects/new.sh", "#!/bin/sh\n")
    (active.path / "work" / "objects" / "new.sh").chmod(0o755)
    active.edit("policies/main.yaml", None)
    edited = active.draft()
    drafts.discard(active.home)

    done = drafts.restore(active.home, "1")

    assert active.draft() == edited
    assert {change.path: change.action for change in done} == changes(active)
    assert (active.path / "work" / "objects" / "new.sh").stat().st_mode & 0o100


def test_a_draft_may_be_restored_in_part(active):
    active.edit(HOSTS, MINE)
    active.edit("policies/main.yaml", "x-rules: []\n")
    drafts.discard(active.home)

    drafts.restore(active.home, "1", ["policies"])

    assert changes(active) == {"policies/main.yaml": Action.MODIFIED}
    with pytest.raises(UnknownPath) as raised:
        drafts.restore(active.home, "1", ["objects", "elsewhere"])
    assert raised.value.message == "elsewhere is not a changed file."
    assert raised.value.hint == "`mha drafts show 1` lists the changed files."


@pytest.mark.parametrize(
    ("published", "error", "said"),
    [
        (False, DraftInTheWay, f"Draft 1 touches files that have unpublished edits: {HOSTS}."),
        (True, DraftOvertaken, f"Draft 1 was made from revision 2; later revisions changed {HOSTS}."),
    ],
    ids=["edited since", "published since"],
)
def test_a_restored_draft_overwrites_nothing(active, published, error, said):
    active.edit(HOSTS, MINE)
    active.edit("policies/main.yaml", "x-rules: []\n")
    drafts.discard(active.home)
    active.edit(HOSTS, "hosts: {other: 10.0.0.2}\n")
    if published:
        active.publish()
    before = active.draft()

    with pytest.raises(error) as raised:
        drafts.restore(active.home, "1")

    assert raised.value.message == said
    assert active.draft() == before


def test_kept_drafts_are_listed_the_newest_first_and_stay_when_restored(active):
    for number in range(11):
        active.edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
        drafts.discard(active.home)
    drafts.restore(active.home, "2")

    found = drafts.listed(active.home)

    assert [kept.name for kept in found] == [str(number) for number in range(11, 0, -1)]
    assert {(kept.why, kept.base_revision, len(kept.changes)) for kept in found} == {("Discarded", 2, 1)}


def test_a_kept_draft_shows_its_lines(active):
    active.edit("objects/networks.yaml", "networks:\n  dmz: 10.2.0.0/24\n")
    drafts.discard(active.home)

    kept = drafts.show(active.home, "1", lines=True)

    assert kept.lines.splitlines()[-3:] == [" networks:", "-  dmz: 10.1.0.0/24", "+  dmz: 10.2.0.0/24"]


@pytest.mark.parametrize("name", ["1", "x", "", "../../heads/main"])
def test_a_draft_that_was_not_kept_is_said_to_be_unknown(active, name):
    with pytest.raises(UnknownDraft):
        drafts.show(active.home, name)
    with pytest.raises(UnknownDraft):
        drafts.restore(active.home, name)


def test_a_draft_outlives_its_servers_active_mode(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    active.edit(HOSTS, MINE)
    active.edit("objects/networks.yaml", None)

    cluster["fw-b"].promote()
    shown = drafts.show(active.home, "1")
    cluster["fw-b"].demote(to="fw-a")
    drafts.restore(active.home, "1")

    assert shown.why == "fw-a was no longer Active"
    assert changes(active) == {HOSTS: Action.MODIFIED, "objects/networks.yaml": Action.DELETED}
    assert active.draft()[HOSTS] == MINE


def test_a_standby_discards_and_restores_nothing(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, MINE)
    cluster["fw-b"].promote()

    with pytest.raises(ReadOnlyServer):
        drafts.discard(cluster["fw-a"].home)
    with pytest.raises(ReadOnlyServer):
        drafts.restore(cluster["fw-a"].home, "1")


def test_a_large_work_folder_is_removed_beside_whoever_put_it_away(make_cluster, monkeypatch):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    monkeypatch.setattr(files, "_SMALL_FILES", 2)
    active.edit(HOSTS, MINE)
    (active.path / "work" / "objects").chmod(0o555)

    active.demote(to="fw-b")

    assert not (active.path / "work").exists()
    assert drafts.show(active.home, "1", lines=True).lines.endswith(f"+{MINE.decode()}")
    wait_for(lambda: list(active.path.glob(".work-gone-*")) == [])


def test_what_is_left_of_a_work_folder_that_went_is_removed_by_the_next_command(make_cluster):
    active = make_cluster("fw-a", "fw-b")["fw-a"]
    left = active.path / ".work-gone-99"
    (left / "objects").mkdir(parents=True)
    (left / "objects" / "hosts.yaml").write_text("x-a: 1\n")

    active.publish_edit(HOSTS, "hosts: {}\n")

    assert not left.exists()


def test_files_that_no_draft_can_hold_are_put_aside_when_work_goes(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    active.publish_edit(".gitignore", "*.log\n")
    active.edit("notes.log", "precious\n")
    (active.path / "work" / "link").symlink_to("notes.log")
    (active.path / "work" / "caf\udce9.yaml").write_text("x-a: 1\n")

    done = active.demote(to="fw-b")

    aside = active.path / "work-kept"
    assert (done.put_aside, done.kept_draft) == (str(aside), None)
    assert not (active.path / "work").exists()
    assert (aside / "notes.log").read_text() == "precious\n"
    assert (aside / "link").is_symlink()
    assert (aside / "caf\udce9.yaml").read_text() == "x-a: 1\n"


def test_commits_made_by_hand_are_kept_with_the_draft(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    active.edit(HOSTS, MINE)
    by_hand(active, "commit", "--quiet", "--all", "--message", "by hand")
    active.edit("policies/main.yaml", "x-rules: []\n")

    cluster["fw-b"].promote()

    kept = drafts.show(active.home, "1")
    assert {change.path for change in kept.changes} == {HOSTS, "policies/main.yaml"}
    assert kept.base_revision == 2


def test_a_symbolic_link_that_was_committed_by_hand_is_put_aside(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    active = cluster["fw-a"]
    (active.path / "work" / "link").symlink_to("mha.yaml")
    by_hand(active, "add", "--all")
    by_hand(active, "commit", "--quiet", "--message", "by hand")

    cluster["fw-b"].promote()

    assert (active.path / "work-kept" / "link").is_symlink()


@pytest.mark.parametrize("branch", [["main"], ["-b", "feature"]])
def test_a_branch_that_was_checked_out_in_work_does_not_undo_the_next_revision(make_cluster, branch):
    active = make_cluster("fw-a", "fw-b")["fw-a"]
    active.publish_edit(HOSTS, "hosts: {}\n")
    by_hand(active, "checkout", "--quiet", *branch)
    active.edit("objects/new.yaml", "x-a: 1\n")

    reverting.revert(active.home, "3", message="Undo", author=JANA)

    assert changes(active) == {"objects/new.yaml": Action.ADDED}


def test_an_older_revision_that_was_checked_out_in_work_reverts_nothing(active):
    active.publish_edit(HOSTS, "hosts: {}\n")
    by_hand(active, "checkout", "--quiet", "HEAD~1")
    active.edit("objects/new.yaml", "x-a: 1\n")

    done = active.publish()

    assert done.changes == (Change("objects/new.yaml", Action.ADDED),)
    assert active.served()[HOSTS] == b"hosts: {}\n"


def test_a_deleted_work_folder_is_made_anew_and_deletes_no_file(active):
    served = active.served()
    shutil.rmtree(active.path / "work")

    done = active.publish()

    assert done.revision is None
    assert active.draft() == active.served() == served
