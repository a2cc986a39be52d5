"""Resolving by hand: merged files in work/, until they end a collision or it stands as before."""

import json
import shutil

import pytest

from mha.core.standing import Banner
from mha.errors import (
    Collision,
    ConflictsLeft,
    ExitCode,
    InvalidConfiguration,
    NoCollision,
    NotResolving,
    Resolving,
    SidesMoved,
    UnfitMerge,
    Unmarked,
)
from mha.operations import by_hand, collision, drafts, normalising, publication, resolution, settling, verification
from mha.operations.by_hand import Begun
from mha.operations.resolution import Resolved, Wish
from mha.store import lock
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"
BASE = "hosts:\n  web: 10.0.0.1\n  db: 10.0.0.2\n"


@pytest.fixture
def collided(cluster: Cluster) -> Cluster:
    """On fw-a and on fw-b the web server got two addresses, and each added a host."""
    return diverged(cluster)


def diverged(cluster: Cluster, *, notes: bool = False) -> Cluster:
    cluster["fw-a"].publish_edit(HOSTS, BASE)
    cluster.isolate("fw-a")
    if notes:
        cluster["fw-a"].publish_edit("notes.txt", "1", "Notes")
    cluster["fw-a"].publish_edit(HOSTS, BASE.replace("0.1\n", "0.8\n") + "  ours: 10.0.0.3\n", "Ours")
    cluster["fw-b"].promote(force=True)
    if notes:
        cluster["fw-b"].publish_edit("notes.txt", "2", "Notes")
    cluster["fw-b"].publish_edit(HOSTS, BASE.replace("0.1\n", "0.9\n"), "Theirs")
    cluster["fw-b"].publish_edit("objects/more.yaml", "hosts: {theirs: 10.0.0.4}\n", "More")
    cluster.heal_all()
    return cluster


def begin(server: Server, **wish) -> Begun:
    return by_hand.begin(server.home, Wish(**wish), author=JANA)


def go_on(server: Server, *, dry_run: bool = False, **wish) -> Resolved:
    return by_hand.go_on(server.home, Wish(**wish), author=JANA, dry_run=dry_run)


def settle_by_hand(server: Server, address: str = "10.0.0.5") -> None:
    """As a person does it in an editor."""
    path = server.path / "work" / HOSTS
    lines = [line for line in path.read_text().splitlines(keepends=True) if "# CONFLICT" not in line]
    path.write_text(
        "".join(lines).replace("web: 10.0.0.8", f"web: {address}").replace("web: 10.0.0.9", f"web: {address}")
    )


@pytest.mark.parametrize("at", ["fw-a", "fw-b", "fw-c"])
def test_what_a_person_made_of_the_merged_files_ends_it_on_every_server(collided, at):
    server, before = collided[at], {each.name: each.revisions() for each in collided.servers.values()}

    begun = begin(server, reason="agreed")
    assert [(each.subject, each.field) for each in begun.conflicts] == [("host/web", "")]
    text = (server.path / "work" / HOSTS).read_text()
    assert text.count("# CONFLICT") == 4
    assert "ours: 10.0.0.3" in text
    assert (server.path / "work/objects/more.yaml").exists()
    settle_by_hand(server)
    done = go_on(server)

    merged = f"{BASE.replace('0.1', '0.5')}  ours: 10.0.0.3\n".encode()
    for each in collided.servers.values():
        assert (each.head, each.record.active) == (done.id, at)
        assert each.served()[HOSTS] == merged
        assert each.served()["objects/more.yaml"] == b"hosts: {theirs: 10.0.0.4}\n"
        assert each.revisions() >= before["fw-a"] | before["fw-b"]
        assert each.home.repository.ref("refs/mha/resolving") is None
        assert ((each.path / "work").exists(), drafts.listed(each.home)) == (each.name == at, [])
        assert verification.verify(each.home).findings == ()
    message = server.home.repository.commit(done.id or "").message
    assert message.startswith("Resolution: all sides are merged, and edited\n\nagreed\n")
    server.publish_edit(HOSTS, BASE)


def test_nothing_is_resolved_while_a_mark_stands_and_each_is_told_with_its_line(collided):
    server = collided["fw-a"]
    begin(server)

    with pytest.raises(ConflictsLeft) as caught:
        go_on(server)
    assert "objects/hosts.yaml:2: host/web: changed differently" in caught.value.message

    path = server.path / "work" / HOSTS
    path.write_text(path.read_text().replace("  # CONFLICT host/web: changed differently\n", ""))
    with pytest.raises(ConflictsLeft, match=r"objects/hosts\.yaml:2: before: "):
        go_on(server)
    assert server.status().message is Banner.COLLISION
    assert "mha resolve --continue" in server.status().next_step


@pytest.mark.parametrize("at", ["fw-a", "fw-b", "fw-c"])
def test_what_is_aborted_leaves_everything_as_it_was(collided, at):
    server = collided[at]
    has_draft = server.record.active == at
    if has_draft:
        server.edit("objects/draft.yaml", "hosts: {draft: 10.9.0.1}\n")
    collision.collision(server.home)  # both sides are here then
    before = server.home.repository.refs("refs/"), server.draft() if has_draft else None

    begun = begin(server)
    assert (begun.settled.kept_draft is not None) == has_draft
    assert not (server.path / "work/objects/draft.yaml").exists()
    aborted = by_hand.abort(server.home)

    assert (aborted.kept_draft, aborted.restored is not None) == (None, has_draft)
    assert (server.home.repository.refs("refs/"), server.draft() if has_draft else None) == before
    assert (server.path / "work").exists() == has_draft
    assert server.status().message is Banner.COLLISION
    with pytest.raises(NotResolving):
        by_hand.abort(server.home)


def test_edits_of_merged_files_that_are_aborted_are_kept(collided):
    server = collided["fw-c"]
    begin(server)
    settle_by_hand(server)

    name = by_hand.abort(server.home).kept_draft

    assert name is not None
    kept = drafts.show(server.home, name, lines=True)
    assert "+  web: 10.0.0.5" in kept.lines
    assert kept.why == "The edited merge of a collision"


def test_what_is_taken_is_not_marked_and_who_is_active_then_may_be_said_first_or_last(collided):
    server = collided["fw-a"]
    assert begin(server, taken={"host/web": "fw-b"}, active="fw-c").conflicts == ()
    assert "web: 10.0.0.9" in (server.path / "work" / HOSTS).read_text()

    assert go_on(server, dry_run=True).active == "fw-c"
    assert go_on(server, dry_run=True, active="fw-b").active == "fw-b"
    done = go_on(server)
    assert {each.record.active for each in collided.servers.values()} == {"fw-c"}
    assert {each.head for each in collided.servers.values()} == {done.id}


def test_meanwhile_nobody_publishes_nor_edits_otherwise(collided):
    server = collided["fw-a"]
    begin(server)
    collided.isolate("fw-a")

    with pytest.raises(Collision):
        publication.publish(server.home, message="x", author=JANA)
    for refused in (
        lambda: drafts.discard(server.home),
        lambda: normalising.normalise(server.home, []),
        lambda: begin(server),
    ):
        with pytest.raises(Resolving):
            refused()
    assert "# CONFLICT" in (server.path / "work" / HOSTS).read_text()


def test_who_published_meanwhile_is_not_passed_over(collided):
    server = collided["fw-a"]
    begin(server)
    settle_by_hand(server)
    collided.isolate("fw-b")
    _publish_on_top(collided["fw-b"])
    collided.heal_all()

    with pytest.raises(SidesMoved):
        go_on(server)
    assert by_hand.abort(server.home).kept_draft is not None
    assert begin(server).conflicts != ()


def _publish_on_top(server: Server) -> None:
    """One more revision on a side that knows of the collision: as a server would that had not heard of it."""
    for name in server.home.repository.refs("refs/mha/keep/"):
        server.home.repository.delete_ref(f"refs/mha/keep/{name}")
    server.publish_edit("objects/late.yaml", "hosts: {late: 10.0.0.9}\n")


def test_where_it_was_ended_elsewhere_what_was_edited_is_kept(collided):
    server, other = collided["fw-a"], collided["fw-b"]
    begin(server)
    settle_by_hand(server)

    resolution.resolve(other.home, Wish("fw-b"), author=JANA)

    assert server.head == other.head
    assert not (server.path / "work").exists()
    [kept] = drafts.listed(server.home)
    assert kept.why == "The edited merge of a collision"
    with pytest.raises(NoCollision):
        go_on(server)


def test_where_it_is_ended_otherwise_here_too(collided):
    server = collided["fw-a"]
    begin(server)

    resolution.resolve(server.home, Wish("fw-b"), author=JANA)

    assert (drafts.listed(server.home), server.home.repository.ref("refs/mha/resolving")) == ([], None)
    assert server.served()[HOSTS] == BASE.replace("0.1\n", "0.9\n").encode()
    server.publish_edit(HOSTS, BASE)


def test_errors_that_no_side_has_are_refused_and_can_be_mended_in_the_files(collided):
    server = collided["fw-c"]
    begin(server)
    settle_by_hand(server, "10.0.0.555")

    with pytest.raises(UnfitMerge):
        go_on(server)
    (server.path / "work/mha.yaml").unlink()
    with pytest.raises(InvalidConfiguration):
        go_on(server)
    (server.path / "work/mha.yaml").write_bytes(server.served()["mha.yaml"])
    path = server.path / "work" / HOSTS
    path.write_text(path.read_text().replace("10.0.0.555", "10.0.0.5"))
    (server.path / "work/link").symlink_to("mha.yaml")
    with pytest.raises(InvalidConfiguration):
        go_on(server)
    (server.path / "work/link").unlink()
    assert go_on(server).id == server.head


def test_what_was_accepted_or_why_when_it_began_holds_at_its_end(collided):
    server = collided["fw-a"]
    begin(server, reason="as agreed", accepted={"invalid-value": "the lab has such"})
    settle_by_hand(server, "10.0.0.555")
    message = server.home.repository.commit(go_on(server).id or "").message
    assert "as agreed" in message
    assert "the lab has such" in message


def test_what_no_file_can_show_must_be_taken(cluster):
    server = diverged(cluster, notes=True)["fw-a"]

    with pytest.raises(Unmarked, match=r"notes\.txt") as caught:
        begin(server)
    assert caught.value.hint == "Say whose holds, for each: `mha resolve --edit --take notes.txt=SERVER`."
    assert server.home.repository.ref("refs/mha/resolving") is None
    begin(server, taken={"notes.txt": "fw-b"})
    assert (server.path / "work/notes.txt").read_bytes() == b"2"


def test_settling_makes_the_merged_files_again_and_touches_no_edit(collided):
    server = collided["fw-c"]
    begin(server)
    shutil.rmtree(server.path / "work")
    with lock.held(server.home.git_dir):
        settling.settle(server.home)
    settle_by_hand(server)
    with lock.held(server.home.git_dir):
        settling.settle(server.home)
    assert "web: 10.0.0.5" in (server.path / "work" / HOSTS).read_text()


def test_on_the_command_line_it_is_three_commands(collided):
    server = collided["fw-c"]
    begun = server.mha("resolve", "--edit")
    assert begun.returncode == ExitCode.DONE
    assert "  host/web: changed differently\n" in begun.stdout
    assert "Then run `mha resolve --continue`." in begun.stdout
    assert server.mha("resolve", "--continue").returncode == ExitCode.COLLISION
    again = server.mha("resolve", "--abort")
    assert again.stdout == "Nothing was resolved: the collision is as it was.\n"
    told = json.loads(server.mha("resolve", "--edit", "--json").stdout)
    assert [each["subject"] for each in told["conflicts"]] == ["host/web"]
    settle_by_hand(server)
    assert server.mha("diff").returncode == ExitCode.DONE
    assert server.mha("resolve", "--continue").returncode == ExitCode.DONE


@pytest.mark.parametrize(
    "arguments",
    [("--edit", "--merge"), ("--continue", "--abort"), ("--continue", "--take", "a=b"), (), ("--edit", "--dry-run")],
)
def test_ways_that_do_not_go_together_are_refused(collided, arguments):
    assert collided["fw-a"].mha("resolve", *arguments).returncode == ExitCode.USAGE
