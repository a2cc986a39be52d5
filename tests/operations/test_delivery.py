"""Delivery: a file that was carried here brings what a push would bring, judged the same way, or nothing at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.core import bundle
from mha.core.bundle import Contents
from mha.core.record import Record
from mha.errors import ExitCode, MhaError, MissingRevision, NotABackup, NotJoined, OtherCluster, RefusedHistory
from mha.operations import backup as backing_up
from mha.operations import collision, delivery, drafts, resolution, restoration, servers, setup, verification
from mha.operations.delivery import Delivered
from mha.store import bundles, leftovers
from mha.store.git import silent
from mha.store.home import open_home
from tests.cluster import JANA, Cluster, Server, mha
from tests.operations.forging import forged, git
from tests.reliability import hostile

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def sites(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two sites with no link between them; fw-a has published two revisions since."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-b")
    for number in (1, 2):
        cluster["fw-a"].publish_edit(HOSTS, f"hosts: {{a: 10.0.0.{number}}}\n")
    return cluster


def carried(server: Server, path: Path, since: str | None = "2") -> Path:
    backing_up.backup(server.home, path, since=since)
    return path


def carried_as(server: Server, path: Path, contents: Contents) -> Path:
    """A file as no mha would write it: of any contents."""
    bundles.write(server.home.git_dir, path, contents, replace=False, progress=silent)
    return path


def receive(server: Server, path: Path, **options) -> Delivered:
    return delivery.receive(server.home, path, **options)


def state(server: Server) -> tuple[str, list[str], dict[str, bytes]]:
    """All that could tell that something was received: references, objects, what is served."""
    stored = git(server.path, "--git-dir", "mha.git", "cat-file", "--batch-all-objects", "--batch-check")
    return git(server.path, "--git-dir", "mha.git", "for-each-ref"), sorted(stored.splitlines()), server.served()


@pytest.mark.parametrize("since", ["2", "1", None])
def test_a_standby_takes_and_serves_what_a_file_brings(sites, tmp_path, since):
    active, standby = sites["fw-a"], sites["fw-b"]

    done = receive(standby, carried(active, tmp_path / "new.bundle", since))

    assert done == Delivered(
        path=str(tmp_path / "new.bundle"), taken=2, revision=4, id=active.head, epoch=1, active="fw-a", new_sides=(),
        collision=False, dry_run=False,
    )  # fmt: skip
    assert (standby.head, standby.served()) == (active.head, active.served())
    assert verification.verify(standby.home, deep=True).findings == ()
    assert leftovers.found(standby.home.git_dir) == []


def test_a_file_that_was_received_already_brings_nothing_and_is_no_error(sites, tmp_path):
    path = carried(sites["fw-a"], tmp_path / "new.bundle")
    receive(sites["fw-b"], path)
    before = state(sites["fw-b"])

    done = sites["fw-b"].mha("receive", str(path))

    assert (done.returncode, done.stderr) == (ExitCode.DONE, "")
    assert done.stdout.startswith("There is nothing new in it: fw-b is at revision 4 (")
    assert state(sites["fw-b"]) == before


def test_an_increment_without_anything_new_is_taken_as_well(sites, tmp_path):
    path = carried(sites["fw-b"], tmp_path / "none.bundle")

    assert receive(sites["fw-a"], path).taken == 0


def test_a_dry_run_judges_and_leaves_nothing(sites, tmp_path):
    path, before = carried(sites["fw-a"], tmp_path / "new.bundle"), state(sites["fw-b"])

    done = receive(sites["fw-b"], path, dry_run=True)

    assert (done.taken, done.revision, done.dry_run) == (2, 4, True)
    assert state(sites["fw-b"]) == before


def test_drafts_in_a_file_stay_in_it(sites, tmp_path):
    sites["fw-a"].edit(HOSTS, "hosts: {secret: 10.0.0.66}\n")

    receive(sites["fw-b"], carried(sites["fw-a"], tmp_path / "new.bundle"))

    assert drafts.listed(sites["fw-b"].home) == []


def test_an_active_that_was_superseded_stands_down_and_its_draft_is_kept(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-b")
    cluster["fw-b"].promote(force=True)
    cluster["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.5}\n")

    done = cluster["fw-a"].mha("receive", str(carried(cluster["fw-b"], tmp_path / "new.bundle")))

    assert done.returncode == ExitCode.DONE
    assert "fw-a is a Standby now; its draft is kept as draft 1." in done.stdout
    assert cluster["fw-a"].record.active == "fw-b"
    assert not (cluster["fw-a"].path / "work").exists()
    assert len(drafts.listed(cluster["fw-a"].home)) == 1


def test_a_head_that_diverged_is_kept_as_a_side_and_the_collision_can_be_ended_and_carried_back(sites, tmp_path):
    ours, theirs = sites["fw-a"], sites["fw-b"]
    theirs.promote(force=True)
    theirs.publish_edit(HOSTS, "hosts: {b: 10.0.0.9}\n")
    path, before = carried(theirs, tmp_path / "theirs.bundle"), ours.head

    done = ours.mha("receive", str(path))

    assert done.returncode == ExitCode.COLLISION
    assert f"Kept a side that diverges from fw-a: {theirs.head[:10]}." in done.stdout
    assert "Hint: `mha collision` shows both sides" in done.stderr
    assert (ours.head, ours.home.repository.refs("refs/mha/keep/")) == (before, {theirs.head: theirs.head})
    assert {side.head for side in collision.collision(ours.home).sides} == {ours.head, theirs.head}
    assert receive(ours, path).new_sides == ()

    resolution.resolve(ours.home, resolution.Wish(keep=theirs.head), author=JANA)
    back = receive(theirs, carried(ours, tmp_path / "back.bundle", since=theirs.head))

    assert (theirs.head, back.collision, back.active) == (ours.head, False, "fw-a")


def test_kept_sides_in_a_file_are_kept_here_too(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b", "fw-c")
    cluster.isolate("fw-c")
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    cluster["fw-b"].promote(force=True)
    cluster.heal("fw-a", "fw-b")
    assert cluster["fw-a"].sync().collision

    done = receive(cluster["fw-c"], carried(cluster["fw-a"], tmp_path / "both.bundle", since=None))

    assert (done.taken, done.new_sides, done.collision) == (1, (cluster["fw-b"].head,), True)
    assert len(collision.collision(cluster["fw-c"].home).sides) == 2


def test_a_missing_revision_is_said_together_with_the_one_to_begin_at(sites, tmp_path):
    path, before = carried(sites["fw-a"], tmp_path / "new.bundle", since="3"), state(sites["fw-b"])

    done = sites["fw-b"].mha("receive", str(path))

    third = sites["fw-a"].home.repository.commit(sites["fw-a"].head).parents[0]
    assert done.returncode == ExitCode.ERROR
    assert done.stderr.splitlines() == [
        f"Error: {path} continues revision {third[:10]}, which is not here.",
        "Hint: `mha backup FILE --since 2` there makes one that continues what is here.",
    ]
    assert state(sites["fw-b"]) == before


def test_what_lies_in_the_store_by_chance_is_nothing_to_continue(sites, tmp_path):
    """A fetch that was refused leaves objects that no reference reaches: they may be as incomplete as they like."""
    third = sites["fw-a"].home.repository.commit(sites["fw-a"].head).parents[0]
    sites.heal_all()
    source = str(sites["fw-a"].home.git_dir)
    git(sites["fw-b"].home.git_dir, "fetch", "--quiet", "--no-write-fetch-head", source, "refs/heads/main")
    assert sites["fw-b"].home.repository.has(third)

    with pytest.raises(MissingRevision):
        receive(sites["fw-b"], carried(sites["fw-a"], tmp_path / "new.bundle", since="3"))


def test_a_file_of_another_cluster_is_refused_by_its_head(sites, tmp_path):
    setup.init(tmp_path / "other", name="fw-a", author=JANA, cluster_name="other")
    path = carried(Server(tmp_path / "other"), tmp_path / "other.bundle", since=None)

    with pytest.raises(OtherCluster):
        receive(sites["fw-b"], path)


def test_a_server_that_has_not_joined_receives_nothing(sites, tmp_path):
    setup.key(tmp_path / "fw-c", name="fw-c")

    with pytest.raises(NotJoined):
        delivery.receive(open_home(tmp_path / "fw-c"), carried(sites["fw-a"], tmp_path / "x.bundle", since=None))


def test_a_bundle_that_plain_git_made_is_received_as_well(sites, tmp_path):
    git(sites["fw-a"].home.git_dir, "bundle", "create", str(tmp_path / "git.bundle"), "--all")

    assert receive(sites["fw-b"], tmp_path / "git.bundle").id == sites["fw-a"].head


def _contents(server: Server, **changed) -> Contents:
    return Contents(server.head, "fw-a", server.home.introduction())._replace(**changed)


def _wrong_server(active: Server) -> Contents:
    return _contents(active, main=forged(active, Record(5, 1, "fw-b", "fw-b")))


def _wrong_file(active: Server) -> Contents:
    return _contents(active, main=forged(active, Record(5, 1, "fw-a", "fw-a"), {"\x1b]0;x\x07": b"x\n"}))


def _wrong_side(active: Server) -> Contents:
    return _contents(active, sides=(forged(active, Record(9, 1, "fw-a", "fw-a")),))


def _elsewhere(active: Server) -> Contents:
    alone = forged(active, Record(1, 1, "fw-a", "fw-a"), parents=[])
    return Contents(alone)


def _blob(active: Server) -> Contents:
    return Contents(git(active.path, "--git-dir", "mha.git", "rev-parse", f"main:{HOSTS}"))


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (_wrong_server, "fw-b may not publish"),
        (_wrong_file, "control characters"),
        (_wrong_side, "Revision 5 comes next, not 9"),
        (_elsewhere, "its history begins elsewhere"),
        (_blob, "It is no revision"),
    ],
)
def test_what_no_push_could_bring_is_refused_and_nothing_of_it_stays(sites, tmp_path, forge, why):
    path, before = carried_as(sites["fw-a"], tmp_path / "bad.bundle", forge(sites["fw-a"])), state(sites["fw-b"])

    with pytest.raises(RefusedHistory, match=why):
        receive(sites["fw-b"], path)

    assert state(sites["fw-b"]) == before
    assert leftovers.found(sites["fw-b"].home.git_dir) == []


def _without_a_blob(active: Server) -> bytes:
    """A pack with the commit alone: its trees and files are nowhere."""
    raw = active.home.repository.object(active.head)[1]
    parent = active.home.repository.commit(active.head).parents[0]
    above = active.home.repository.object(parent)[1]
    return hostile.pack([hostile.Loose("commit", raw), hostile.Loose("commit", above)])


PACKS: dict[str, Callable[[Server, bytes], bytes]] = {
    "no pack": lambda _active, _pack: b"",
    "cut": lambda _active, pack: pack[: len(pack) // 2],
    "cut at the end": lambda _active, pack: pack[:-1],
    "a flipped byte": lambda _active, pack: pack[:40] + bytes([pack[40] ^ 1]) + pack[41:],
    "more behind it": lambda _active, pack: pack + b"more",
    "two packs": lambda _active, pack: pack + pack,
    "no objects": lambda _active, _pack: hostile.pack([]),
    "more objects than there are": lambda _active, _pack: hostile.pack([hostile.Loose("blob", b"x")], count=99),
    "not all objects": lambda active, _pack: _without_a_blob(active),
    "a folder called ..": lambda _active, _pack: hostile.pack(
        [hostile.Loose("blob", b"x"), hostile.Loose("tree", b"40000 ..\0" + bytes.fromhex("4b825dc6" * 5))]
    ),
    "a gigabyte of zeros": lambda _active, _pack: hostile.sealed([hostile.zeros(1 << 30)]),
}


@pytest.mark.parametrize("name", PACKS)
def test_a_file_whose_pack_is_not_what_it_should_be_is_refused_and_nothing_of_it_stays(sites, tmp_path, name):
    active, standby = sites["fw-a"], sites["fw-b"]
    path = carried_as(active, tmp_path / "bad.bundle", _contents(active, since=(standby.head,)))
    head = bundle.head_of(path.read_bytes())
    path.write_bytes(head + PACKS[name](active, path.read_bytes()[len(head) :]))
    before = state(standby)

    with pytest.raises(NotABackup):
        receive(standby, path)

    assert state(standby) == before
    assert leftovers.found(standby.home.git_dir) == []


def test_objects_that_git_would_not_make_are_refused_as_in_a_push(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    scene = hostile.Scene(cluster["fw-a"], cluster["fw-b"])
    new, objects = scene.with_tree(scene.tree(*reversed(scene.entries), ordered=False))
    head = bundle.compose(Contents(new, "fw-a", scene.first, since=(scene.head,)))
    (tmp_path / "bad.bundle").write_bytes(head + hostile.pack(objects))

    with pytest.raises(NotABackup, match="treeNotSorted"):
        receive(cluster["fw-b"], tmp_path / "bad.bundle")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"# v2 git bundle\n",
        b"# v2 git bundle\n%s refs/heads/main\n" % (b"0" * 40),
        b"# v2 git bundle\n%s refs/heads/main\n%s refs/heads/\x1b[2Jx\n\n" % (b"0" * 40, b"0" * 40),
        b"\n" * (8 << 20),
        b"# v2 git bundle\n" + b"-%s x\n" % (b"1" * 40) * 200_000,
    ],
    ids=["empty", "cut", "no end", "control characters", "line feeds", "no end in megabytes"],
)
def test_a_file_whose_head_is_none_is_refused_in_words_that_control_no_terminal(sites, tmp_path, head):
    (tmp_path / "bad.bundle").write_bytes(head)

    done = sites["fw-b"].mha("receive", str(tmp_path / "bad.bundle"))

    assert (done.returncode, done.stdout) == (ExitCode.ERROR, "")
    assert done.stderr.startswith(f"Error: {tmp_path}/bad.bundle is no backup that can be used: ")
    assert "\x1b" not in done.stderr
    assert len(done.stderr) < 500


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_refused_and_not_waited_for(sites, tmp_path, make):
    make(tmp_path / "x.bundle")

    with pytest.raises(NotABackup):
        receive(sites["fw-b"], tmp_path / "x.bundle")


def test_a_disk_that_is_full_refuses_nothing_as_wrong(tmpfs, tmp_path):
    cluster = Cluster.build(tmpfs("12m"), ["fw-a", "fw-b"])
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].publish_edit("noise.txt", os.urandom(400_000).hex())
    path = carried(cluster["fw-a"], tmp_path / "new.bundle")
    room = os.statvfs(cluster.root)
    (cluster.root / "ballast").write_bytes(bytes((room.f_bavail - 20) * room.f_frsize))

    with pytest.raises(MhaError, match="disk is full"):
        receive(cluster["fw-b"], path)
    (cluster.root / "ballast").unlink()

    assert receive(cluster["fw-b"], path).taken == 1


def test_two_sites_without_any_link_are_one_cluster(make_cluster, tmp_path):
    """As the operations page has it: the second site is restored from a file, and files go back and forth."""
    cluster = make_cluster("fw-a")
    site, other = cluster["fw-a"], Server(tmp_path / "other-site" / "fw-b")
    key = setup.key(other.path, name="fw-b").key
    servers.add(site.home, name="fw-b", url="ssh://mha@fw-b.example.org/srv/mha", key=key, author=JANA)
    media = tmp_path / "media"
    media.mkdir()

    site.mha("backup", str(media / "full"), check=True)
    mha("restore", str(media / "full"), str(other.path), "--name", "fw-b", check=True)
    site.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    site.mha("backup", str(media / "3"), "--since", str(other.record.revision), check=True)
    other.mha("receive", str(media / "3"), check=True)
    assert other.served() == site.served()

    other.promote(force=True)
    other.publish_edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    other.mha("backup", str(media / "back"), "--since", str(site.record.revision), check=True)
    site.mha("receive", str(media / "back"), check=True)

    assert (site.head, site.record.active, site.served()) == (other.head, "fw-b", other.served())
    for server in (site, other):
        assert verification.verify(server.home, deep=True).findings == ()


def test_an_increment_goes_on_after_a_restore(sites, tmp_path):
    full = carried(sites["fw-a"], tmp_path / "full", since=None)
    restoration.restore([full], tmp_path / "restored", name="fw-b")
    sites["fw-a"].publish_edit(HOSTS, "hosts: {c: 10.0.0.3}\n")

    done = receive(Server(tmp_path / "restored"), carried(sites["fw-a"], tmp_path / "new", since="4"))

    assert (done.taken, done.revision) == (1, 5)
