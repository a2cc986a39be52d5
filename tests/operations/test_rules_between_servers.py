"""Rules of core/ where a wrong one is noticed only by the other server, with real git between them."""

import subprocess

import pytest

from mha.core.record import Record
from mha.core.standing import Banner, Memory, Sync
from mha.errors import UnknownRevision
from mha.operations import history, servers, setup, verification
from mha.store.files import remove_tree
from tests.cluster import JANA, Server, write_files
from tests.operations.forging import forged, make_head

HOSTS = "objects/hosts.yaml"


def test_a_standby_cannot_publish_by_merging_a_head_with_its_own_past(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    before, standby = cluster["fw-a"].record, cluster["fw-b"]
    past = standby.home.repository.commit(standby.head).parents[0]
    merge = Record(before.revision + 1, before.epoch + 1, "fw-b", "fw-b")
    make_head(standby, forged(standby, merge, {HOSTS: b"hosts: {}\n"}, parents=[standby.head, past]))

    [seen] = standby.sync().peers

    assert "A resolution merges heads that diverged, and these did not." in seen.detail
    assert cluster["fw-a"].record == before


FILES = {
    ".gitmodules": '[submodule "../x"]\n  path = -x\n  url = -u./payload\n  update = !id\n',
    ".gitattributes": f"{'a' * 3000} text\n",
    "GITMOD~1": "[[[\n",
}


def test_what_git_checks_in_its_own_files_does_not_stop_a_revision(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    for path, text in FILES.items():
        cluster["fw-a"].edit(path, text)

    [peer] = cluster["fw-a"].publish().peers

    assert (peer.sync, peer.detail) == (Sync.SYNCHRONIZED, "")
    assert cluster["fw-b"].served() == cluster["fw-a"].served()
    assert verification.verify(cluster["fw-b"].home, deep=True).findings == ()


def test_force_past_a_lost_standby_still_asks_the_active_that_answers(cluster):
    """fw-b remembers fw-c, which is gone, with a revision that nobody else knows; fw-a publishes at the last moment."""
    remove_tree(cluster["fw-c"].path)
    cluster["fw-b"].home.remember("fw-c", Memory("", "1" * 40, 9, "2026-11-23T10:00:00+00:00"))
    cluster.cut_one_way("fw-a", "fw-b")
    published: list[str | None] = []

    def publish_once(_risks):
        if not published:
            published.append(cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n").id)

    done = cluster["fw-b"].promote(force=True, warn=publish_once)

    assert done.plan[0] == "Push the changeover to fw-a; with its acceptance fw-b is Active at epoch 2."
    assert published[0] in cluster["fw-b"].revisions()
    assert cluster["fw-a"].head == cluster["fw-b"].head


def test_an_active_that_answers_but_stores_nothing_is_taken_over_by_force(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    hook = cluster["fw-a"].home.git_dir / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'Error: This disk is full.' >&2\nexit 1\n")
    heard: list[str] = []

    done = cluster["fw-b"].promote(force=True, warn=heard.extend)

    assert heard == ["fw-a refused: This disk is full."]
    assert (done.active, cluster["fw-b"].record.active) == ("fw-b", "fw-b")
    assert cluster["fw-a"].record.active == "fw-a"


def test_a_server_that_has_just_joined_knows_an_active_that_goes_down(make_cluster):
    cluster = make_cluster("fw-a")
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)
    setup.join(str(cluster["fw-a"].path), cluster.root / "fw-b", name="fw-b")
    cluster["fw-a"].path.rename(cluster.root / "off")

    seen = Server(cluster.root / "fw-b").status()

    assert (seen.message, [peer.sync for peer in seen.peers]) == (Banner.SILENT, [Sync.SILENT])
    assert seen.next_step == "fw-a, the Active, does not answer. If it is down, run `mha promote --force` here."


def test_a_commit_from_before_mha_is_no_revision_whatever_its_message_says(make_cluster, tmp_path):
    source = write_files(tmp_path / "source", {HOSTS: "hosts: {}\n"})
    git = ["git", "-C", str(source), "-c", "user.name=Jana", "-c", "user.email=jana@example.org"]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Why\n\nMha-Revision: 7"]):
        subprocess.run([*git, *arguments], check=True)
    cluster = make_cluster("fw-a", source=source)
    [adopted] = cluster["fw-a"].home.repository.commit(cluster["fw-a"].head).parents

    with pytest.raises(UnknownRevision):
        history.find(cluster["fw-a"].home, adopted)
