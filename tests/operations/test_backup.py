"""Backing up: one file with all that a server holds, written whole or not at all."""

import fcntl
import os
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mha.core.bundle import Contents
from mha.errors import (
    BackupExists,
    BackupNotWritten,
    BackupWithin,
    ExitCode,
    GitFailed,
    NotJoined,
    UnknownRevision,
)
from mha.operations import backup as operation
from mha.operations import restoration, setup
from mha.operations.backup import BackedUp
from mha.store import bundles
from mha.store.home import open_home
from tests.cluster import Cluster, Server
from tests.operations.forging import git
from tests.test_odd_paths import NAMES

HOSTS = "objects/hosts.yaml"


def backup(server: Server, path: Path, **options) -> BackedUp:
    return operation.backup(server.home, path, **options)


def held(path: Path) -> dict[str, str]:
    """The references in a backup, as git lists them."""
    lines = (line.split() for line in git(path.parent, "ls-remote", str(path)).splitlines())
    return {name: oid for oid, name in lines}


def references(server: Server) -> str:
    return git(server.path, "--git-dir", "mha.git", "for-each-ref")


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    return make_cluster("fw-a", "fw-b")


def test_it_holds_revisions_kept_sides_kept_drafts_and_the_draft_and_changes_nothing_here(pair, tmp_path):
    active = pair["fw-a"]
    pair.cut("fw-a", "fw-b")
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    active.edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    active.mha("discard", check=True)
    active.status()  # it sees the other side, and keeps it
    active.edit(HOSTS, "hosts: {c: 10.0.0.3}\n")
    before, draft = references(active), active.draft()

    done = backup(active, tmp_path / "all.bundle")

    theirs, kept = pair["fw-b"].head, active.home.repository.refs("refs/mha/drafts/")
    found = held(tmp_path / "all.bundle")
    in_work = found.pop("refs/mha/drafts/2")
    assert found == {
        "HEAD": active.head,
        "refs/heads/main": active.head,
        "refs/mha/server/fw-a": active.home.introduction(),
        f"refs/mha/keep/{theirs}": theirs,
        "refs/mha/drafts/1": kept["1"],
    }
    assert (done.revision, done.id, done.since, done.kept_sides, done.kept_drafts) == (3, active.head, None, 1, 2)
    assert (done.draft, done.draft_changes, done.left, done.fault) == ("2", 1, (), "")
    assert done.size == (tmp_path / "all.bundle").stat().st_size
    assert git(active.path, "--git-dir", "mha.git", "show", f"{in_work}:{HOSTS}") == "hosts: {c: 10.0.0.3}"
    assert (references(active), active.draft()) == (before, draft)


def test_it_is_for_its_account_alone_and_holds_no_private_key(pair, tmp_path):
    backup(pair["fw-a"], tmp_path / "all.bundle")

    git(tmp_path, "clone", "--quiet", "--mirror", "all.bundle", "mirror")
    git(tmp_path / "mirror", "repack", "-q", "-a", "-d")
    listed = git(tmp_path / "mirror", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    contents = [git(tmp_path / "mirror", "cat-file", "-p", oid) for oid in listed]
    assert (tmp_path / "all.bundle").stat().st_mode & 0o777 == 0o600
    assert len(contents) > 5
    assert not any("PRIVATE KEY" in content for content in contents)


def test_plain_git_verifies_it_and_clones_the_files_from_it(pair, tmp_path):
    backup(pair["fw-b"], tmp_path / "all.bundle")

    git(tmp_path, "clone", "--quiet", "all.bundle", "clone")
    git(tmp_path / "clone", "bundle", "verify", "../all.bundle")

    assert (tmp_path / "clone" / HOSTS).read_bytes() == pair["fw-b"].served()[HOSTS]
    assert git(tmp_path / "clone", "rev-parse", "main") == pair["fw-b"].head


@pytest.mark.parametrize("since", ["1", "#1", "{id}", "{prefix}"])
def test_an_increment_holds_only_what_came_after_the_revision_that_is_named(pair, tmp_path, since):
    active = pair["fw-a"]
    first = active.home.introduction() or ""
    active.publish_edit(HOSTS, "hosts: {}\n")

    done = backup(active, tmp_path / "new.bundle", since=since.format(id=first, prefix=first[:8]))

    with bundles.opened(tmp_path / "new.bundle") as found:
        assert found.contents.since == (first,)
        assert found.objects < 12
    assert done.since == 1
    with pytest.raises(subprocess.CalledProcessError):
        git(tmp_path, "clone", "--quiet", "new.bundle", "clone")


def test_an_increment_may_bring_nothing(pair, tmp_path):
    done = backup(pair["fw-a"], tmp_path / "new.bundle", since="2")

    with bundles.opened(tmp_path / "new.bundle") as found:
        assert found.objects == 0
    assert (done.since, done.revision) == (2, 2)
    git(pair["fw-b"].home.git_dir, "bundle", "verify", str(tmp_path / "new.bundle"))


def test_an_increment_of_no_revision_is_refused_and_nothing_is_written(pair, tmp_path):
    with pytest.raises(UnknownRevision):
        backup(pair["fw-a"], tmp_path / "new.bundle", since="77")
    assert not (tmp_path / "new.bundle").exists()


def test_a_file_is_replaced_only_where_that_is_wanted(pair, tmp_path):
    path = tmp_path / "all.bundle"
    path.write_text("precious")

    with pytest.raises(BackupExists):
        backup(pair["fw-a"], path)
    assert path.read_text() == "precious"
    backup(pair["fw-a"], path, replace=True)

    assert held(path)["HEAD"] == pair["fw-a"].head
    assert sorted(entry.name for entry in tmp_path.iterdir() if "bundle" in entry.name or "mha" in entry.name) == [
        "all.bundle"
    ]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_never_replaced(pair, tmp_path, make):
    make(tmp_path / "all.bundle")

    with pytest.raises(BackupExists):
        backup(pair["fw-a"], tmp_path / "all.bundle", replace=True)

    assert not (tmp_path / "all.bundle").is_file()


@pytest.mark.parametrize("place", ["work/x.bundle", "mha.git/x", "current/../x"])
def test_a_home_holds_no_backup_of_itself(pair, place):
    with pytest.raises(BackupWithin):
        backup(pair["fw-a"], pair["fw-a"].path / place)


def test_a_folder_that_is_not_there_is_named(pair, tmp_path):
    with pytest.raises(BackupNotWritten, match=f"there is no folder {tmp_path}/gone"):
        backup(pair["fw-a"], tmp_path / "gone" / "all.bundle")


def test_a_server_that_has_not_joined_has_nothing_to_back_up(tmp_path):
    setup.key(tmp_path / "fw-b", name="fw-b")

    with pytest.raises(NotJoined):
        operation.backup(open_home(tmp_path / "fw-b"), tmp_path / "x.bundle")


def test_edits_that_no_draft_can_hold_are_named_and_the_others_are_in_it(pair, tmp_path):
    active = pair["fw-a"]
    (active.path / "work" / "link").symlink_to("/etc/passwd")
    active.edit(HOSTS, "hosts: {}\n")

    done = active.mha("backup", str(tmp_path / "all.bundle"))

    assert done.returncode == ExitCode.DONE
    assert done.stderr == "Warning: link in work/ is not in it: no draft can hold it.\n"
    assert "Draft 1 in it is what lies in work/ now: 1 changed file." in done.stdout
    assert "refs/mha/drafts/1" in held(tmp_path / "all.bundle")


def test_a_full_disk_of_the_home_costs_the_draft_and_not_the_revisions(tmpfs, tmp_path):
    active = Cluster.build(tmpfs("6m"), ["fw-a"])["fw-a"]
    active.edit("noise.txt", os.urandom(20_000).hex())
    with (active.path / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))

    done = active.mha("backup", str(tmp_path / "all.bundle"))

    assert done.returncode == ExitCode.DONE
    assert done.stderr == (
        "Warning: The edits in work/ are not in it: This home's store cannot be written: this server's disk is full.\n"
    )
    assert held(tmp_path / "all.bundle").keys() == {"HEAD", "refs/heads/main", "refs/mha/server/fw-a"}


def test_the_same_draft_is_not_in_it_twice(pair, tmp_path):
    active = pair["fw-a"]
    active.edit(HOSTS, "hosts: {}\n")
    kept = active.home.repository
    first = backup(active, tmp_path / "1.bundle")
    active.mha("discard", check=True)
    active.mha("drafts", "restore", "1", check=True)

    again = backup(active, tmp_path / "2.bundle")

    assert (first.draft, again.draft, again.kept_drafts) == ("1", "1", 1)
    assert held(tmp_path / "2.bundle")["refs/mha/drafts/1"] == kept.refs("refs/mha/drafts/")["1"]


def test_a_full_disk_leaves_no_file_there(pair, tmpfs):
    disk = tmpfs("1m")
    (disk / "ballast").write_bytes(bytes((1 << 20) - 16384))
    pair["fw-a"].publish_edit("noise.txt", os.urandom(30_000).hex())

    done = pair["fw-a"].mha("backup", str(disk / "all.bundle"))

    assert (done.returncode, done.stderr.splitlines()[0]) == (
        ExitCode.ERROR, f"Error: {disk}/all.bundle was not written: its disk is full.",
    )  # fmt: skip
    assert [entry.name for entry in disk.iterdir()] == ["ballast"]


def test_a_store_that_lacks_an_object_is_not_backed_up_as_if_it_were_whole(pair, tmp_path):
    active = pair["fw-a"]
    tree = active.home.repository.commit(active.head).tree
    (active.home.git_dir / "objects" / tree[:2] / tree[2:]).unlink()

    with pytest.raises(GitFailed, match="git could not write the backup"):
        backup(active, tmp_path / "all.bundle")

    assert not [entry for entry in tmp_path.iterdir() if "backup" in entry.name or "bundle" in entry.name]


def test_what_a_killed_backup_left_goes_and_what_another_one_writes_stays(pair, tmp_path):
    (tmp_path / ".mha-backup-dead").write_text("half")
    (tmp_path / ".mha-backup-live").write_text("half")
    with (tmp_path / ".mha-backup-live").open() as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        backup(pair["fw-a"], tmp_path / "all.bundle")

    assert sorted(entry.name for entry in tmp_path.iterdir() if "backup" in entry.name) == [".mha-backup-live"]


def test_what_the_disk_did_not_keep_is_no_backup(pair, tmp_path, monkeypatch):
    """A disk that loses what was written: the file is changed between the sync and the look at it."""
    sync = os.fsync

    def losing(descriptor: int) -> None:
        sync(descriptor)
        size = os.fstat(descriptor).st_size
        os.pwrite(descriptor, b"\0" * 40, size - 60)

    monkeypatch.setattr(os, "fsync", losing)

    with pytest.raises(BackupNotWritten, match="what was read back is not what was written"):
        bundles.write(
            pair["fw-a"].home.git_dir, tmp_path / "x.bundle", Contents(pair["fw-a"].head), replace=False,
            progress=lambda _line: None,
        )  # fmt: skip

    assert not (tmp_path / "x.bundle").exists()


@pytest.mark.parametrize("folder", [*NAMES, "with:colon"])
def test_files_and_homes_may_stand_in_any_folder(pair, tmp_path, folder):
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / "all.bundle"

    backup(pair["fw-a"], path)
    restoration.restore([path], tmp_path / folder / "home", name="fw-a")

    assert Server(tmp_path / folder / "home").served() == pair["fw-a"].served()


def test_while_others_publish_each_backup_is_whole_and_a_part_of_the_history(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    active, ended = cluster["fw-a"], threading.Event()

    def publish() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            active.publish_edit(HOSTS, f"hosts: {{web: 10.0.{number // 250}.{number % 250 + 1}}}\n", f"Number {number}")

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        taken = [
            (name, Server(cluster[name].path).mha("backup", str(tmp_path / f"{n}-{name}.bundle"), "--json", check=True))
            for n in range(4)
            for name in ("fw-a", "fw-b")
        ]
    finally:
        ended.set()
        publisher.join()

    assert len(taken) == 8
    history, numbers = active.revisions(), set()
    for n in range(4):
        for name in ("fw-a", "fw-b"):
            home = tmp_path / f"restored-{n}-{name}"
            made = restoration.restore([tmp_path / f"{n}-{name}.bundle"], home, name=name)
            restored = Server(home)
            assert restored.revisions() <= history
            assert (made.id, restored.record.revision) == (restored.head, made.revision)
            assert (
                restored.served()[HOSTS]
                == git(active.path, "--git-dir", "mha.git", "show", f"{made.id}:{HOSTS}").encode() + b"\n"
            )
            assert restored.mha("verify", "--deep").stdout.startswith(("All is well", "! key: mha.yaml lists another"))
            numbers.add(made.revision)
    assert len(numbers) > 1  # it did publish meanwhile
