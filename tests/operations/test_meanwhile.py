"""What changes while a command works: a file that is saved, another command, a peer that does not give what it has."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.core.names import Peer
from mha.core.record import Record
from mha.errors import HeadMoved, InvalidConfiguration, LinkInTheWay, NotFetched
from mha.operations import drafts, publication, reverting, servers
from mha.operations import tip as tips
from mha.store import draft, fsck, peers
from mha.store.draft import WorkTree
from tests.cluster import JANA, Cluster, Server
from tests.operations.forging import forged, make_head

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers, fw-a Active at revision 2."""
    return make_cluster("fw-a", "fw-b")


def revert(server: Server, text: str):
    return reverting.revert(server.home, text, message="Undo it", author=JANA)


def test_a_revert_that_every_peer_would_refuse_is_not_published(pair):
    active = pair["fw-a"]
    active.publish_edit("objects/Web.yaml", "x-a: 1\n")
    active.publish_edit("objects/Web.yaml", None)
    active.publish_edit("objects/web.yaml", "x-a: 1\n")
    before = active.head

    with pytest.raises(InvalidConfiguration, match=r"objects/Web\.yaml and objects/web\.yaml"):
        revert(active, "4")

    assert active.head == pair["fw-b"].head == before


@pytest.mark.parametrize(
    ("path", "then"), [("mha.yaml", b"cluster: [\n"), (HOSTS, b"x-a: 1\n" * 300_000)], ids=["mha.yaml", "a large file"]
)
def test_a_file_that_is_saved_between_the_look_and_the_publish_is_judged_as_it_is_stored(pair, monkeypatch, path, then):
    active = pair["fw-a"]
    active.edit(path, active.draft()[path] + b"# a comment\n")
    before = active.head
    synced = WorkTree.sync

    def saved_now(tree, paths):
        synced(tree, paths)
        active.edit(path, then)

    monkeypatch.setattr(WorkTree, "sync", saved_now)  # the last step before the files are read

    with pytest.raises(InvalidConfiguration):
        active.publish()

    assert active.head == before
    assert active.draft()[path] == then


def test_what_was_made_for_an_older_head_is_not_published_on_top_of_a_newer_one(pair, monkeypatch):
    """Two administrators add a server at the same moment: one is told so, and nobody's change is lost."""
    active = pair["fw-a"]
    looked, add = publication.compare, servers.add
    once = iter([True])

    def meanwhile(home, **options):
        if next(once, False):
            add(active.home, name="fw-c", url="/srv/fw-c", key=None, author=JANA)
        return looked(home, **options)

    monkeypatch.setattr(publication, "compare", meanwhile)

    with pytest.raises(HeadMoved):
        servers.add(active.home, name="fw-d", url="/srv/fw-d", key=None, author=JANA)

    assert set(tips.tip(active.home).cluster.servers) == {"fw-a", "fw-b", "fw-c"}


def test_nothing_is_published_while_a_peer_holds_what_it_does_not_give(pair, monkeypatch):
    """It may have taken over: its head is known, its revisions are not."""
    active, other = pair["fw-a"], pair["fw-b"]
    make_head(other, forged(other, Record(3, 2, "fw-b", "fw-b")))
    active.edit(HOSTS, "hosts: {}\n")
    before = active.head
    monkeypatch.setattr(peers, "fetch", lambda *_arguments, **_options: "it gives nothing")

    with pytest.raises(NotFetched, match="fw-b holds revisions that could not be fetched"):
        active.publish()

    assert active.head == before
    assert active.draft()[HOSTS] == b"hosts: {}\n"


def test_a_refused_push_is_no_sign_that_the_sender_holds_what_came_meanwhile(pair):
    active, other = pair["fw-a"], pair["fw-b"]
    pair.cut("fw-a", "fw-b")
    active.publish_edit(HOSTS, "hosts: {}\n")
    seen = active.home.memory("fw-b").head
    bad = forged(other, Record(3, 1, "fw-b", "fw-b"), {HOSTS: b"x: 1\n"})
    pair.heal("fw-a", "fw-b")

    peers.push(other.home, Peer("fw-a", tips.tip(other.home).cluster.servers["fw-a"].url), bad)

    assert active.home.memory("fw-b").head == seen


def test_nothing_is_written_through_a_link_that_leads_out_of_work(pair, tmp_path):
    active = pair["fw-a"]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "hosts.yaml").write_text("precious: 1\n")
    objects = active.path / "work/objects"
    objects.rename(tmp_path / "was")
    objects.symlink_to(outside)

    with pytest.raises(LinkInTheWay):
        drafts.discard(active.home, [HOSTS])
    pair["fw-b"].sync()

    assert (outside / "hosts.yaml").read_text() == "precious: 1\n"
    assert [path.name for path in outside.iterdir()] == ["hosts.yaml"]


def test_a_file_that_became_a_link_is_not_followed(pair, tmp_path):
    active = pair["fw-a"]
    (tmp_path / "secret").write_text("secret: 1\n")
    active.edit(HOSTS, "hosts: {}\n")
    tree = draft.of(active.home)
    assert tree is not None
    edits = tree.edits(active.head)
    (active.path / "work" / HOSTS).unlink()
    (active.path / "work" / HOSTS).symlink_to(tmp_path / "secret")

    with pytest.raises(OSError, match="symbolic link"):
        tree.store(edits)


def test_a_persons_own_hooks_path_does_not_take_the_guard_away(pair, hermetic, tmp_path):
    (tmp_path / "hooks").mkdir()
    (hermetic / ".gitconfig").write_text(f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n")
    before = pair["fw-a"].head
    done = subprocess.run(
        ["git", "update-ref", "refs/heads/main", f"{before}~1"], cwd=pair["fw-a"].path / "work", check=False,
        env=dict(os.environ), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0
    assert "moved by mha alone" in done.stderr
    assert pair["fw-a"].head == before


def test_a_home_that_was_moved_still_judges_what_it_receives(pair):
    """Its configuration names hooks where they were: without them, everything would be taken."""
    bad = forged(pair["fw-a"], Record(3, 1, "fw-b", "fw-b"), {HOSTS: b"x: 1\n"})
    config = Path(pair["fw-b"].home.git_dir / "config")
    config.write_text(config.read_text().replace(str(pair["fw-b"].home.git_dir / "hooks"), "/nowhere"))
    peer = Peer("fw-b", tips.tip(pair["fw-a"].home).cluster.servers["fw-b"].url)
    before = pair["fw-b"].head

    assert "may not publish" in (peers.push(pair["fw-a"].home, peer, bad).complaint or "")
    assert pair["fw-b"].head == before


def test_a_repair_that_was_killed_after_a_pack_was_moved_is_finished_by_the_next(pair):
    server = pair["fw-a"]
    git = ["git", "-C", str(server.home.git_dir), "-c", "core.fsync=none"]
    subprocess.run([*git, "repack", "-adq"], check=True)
    (pack,) = (server.home.git_dir / "objects/pack").glob("*.pack")
    aside = server.home.state / "damaged"
    aside.mkdir()
    for path in (pack, pack.with_suffix(".idx")):
        path.rename(aside / path.name)
    subprocess.run(["rm", "-rf", str(server.home.git_dir / "objects/pack")], check=True)
    (server.home.git_dir / "objects/pack").mkdir()

    fsck.set_aside_damaged(server.home.git_dir)

    assert fsck.check(server.home.git_dir, deep=True) == []
