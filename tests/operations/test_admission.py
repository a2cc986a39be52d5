"""Admission: which histories from elsewhere become part of the history here, whole or not at all."""

import os
import subprocess
from pathlib import Path

from mha.core.record import Record
from mha.operations import servers, setup, verification
from mha.operations import tip as tips
from mha.operations.admission import Judge
from tests.cluster import JANA, Cluster, Server, write_files
from tests.operations.forging import forged

HOSTS = "objects/hosts.yaml"


def repository_with_a_past(folder: Path) -> Path:
    """A git repository whose past holds a link, a case twin, a merge and a clock that jumped; its tip is clean."""
    folder.mkdir()

    def git(*arguments: str, year: int = 2020) -> None:
        date = f"{year}-01-01T00:00:00Z"
        env = os.environ | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        identity = ["-c", "user.name=Old Hand", "-c", "user.email=old@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, env=env, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    write_files(folder, {"hosts.yaml": "x-a: 1\n", "HOSTS.yaml": "a: 2\n"})
    (folder / "link").symlink_to("hosts.yaml")
    git("add", "--all")
    git("commit", "--quiet", "--message", "wild", year=2037)
    git("checkout", "--quiet", "-b", "side")
    git("rm", "--quiet", "link")
    git("commit", "--quiet", "--message", "side", year=2001)
    git("checkout", "--quiet", "main")
    git("rm", "--quiet", "HOSTS.yaml")
    git("commit", "--quiet", "--message", "main", year=2036)
    git("merge", "--quiet", "--no-edit", "side", year=1999)
    return folder


def test_the_past_of_an_adopted_repository_is_not_judged_and_what_follows_is(tmp_path):
    cluster = Cluster.build(tmp_path / "cluster", ("fw-a",), source=repository_with_a_past(tmp_path / "old"))
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)

    joined = setup.join(str(cluster["fw-a"].path), cluster.root / "fw-b", name="fw-b")

    assert (joined.revision, joined.files) == (2, 2)
    for name in ("fw-a", "fw-b"):
        found = verification.verify(Server(cluster.root / name).home, deep=True)
        assert (found.revisions, found.findings) == (2, ())
    assert len(Server(cluster.root / "fw-b").revisions()) == 2 + 4


def test_each_new_revision_is_counted_once(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    old = server.head
    for number in range(3):
        server.publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
    counts: list[tuple[int, int]] = []

    judge = Judge(server.home.repository, server.home.introduction() or "")
    judge.admit(server.head, known=[old], counted=lambda done, total: counts.append((done, total)))

    assert counts == [(1, 3), (2, 3), (3, 3)]


def test_a_resolution_of_diverged_heads_is_admitted(make_cluster):
    """A newer mha ends collisions by merging them; this one takes what it has merged."""
    cluster = make_cluster("fw-a", "fw-b")
    ours, theirs = cluster["fw-a"], cluster["fw-b"]
    cluster.isolate("fw-a")
    ours.publish_edit(HOSTS, "hosts: {}\n")
    theirs.promote(force=True)
    cluster.heal_all()
    theirs.sync()
    merged = forged(theirs, Record(4, 3, "fw-b", "fw-b"), parents=[theirs.head, ours.head])
    theirs.home.repository.advance(expected=theirs.head, to=merged)

    done = ours.sync()

    assert (done.complete, ours.head) == (True, merged)
    assert tips.diverged_sides(ours.home) == tips.diverged_sides(theirs.home) == []
    assert ours.home.repository.refs("refs/mha/keep/") == {}  # a line that is part of main needs no pin
