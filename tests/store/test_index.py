"""git's index of work/: whatever git in work/ was told, and whatever became of its files, no edit is hidden or lost."""

import os
import subprocess
from pathlib import Path

import pygit2
import pytest

from mha.core.changes import Action, FileType
from mha.errors import MhaError, UnreadableDraft
from mha.operations import settling
from mha.store import index, work_folder
from mha.store.draft import WorkTree
from mha.store.home import Home
from mha.store.repository import DRAFTS
from tests.cluster import files_below
from tests.store import scene

FILES = {"objects/hosts.yaml": "hosts: {}\n", "policies/main.yaml": "rules: []\n"}
HOSTS = "objects/hosts.yaml"
NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = scene.made(tmp_path / "fw-a")
    scene.revised(home, FILES)
    return home


@pytest.fixture
def work(home: Home) -> WorkTree:
    head = home.repository.head()
    assert head is not None
    return work_folder.create(home, head)


def git(work: WorkTree, *arguments: str) -> str:
    """What somebody types in work/."""
    done = subprocess.run(["git", *arguments], cwd=work.folder, check=True, capture_output=True, text=True)
    return done.stdout


def edited(work: WorkTree) -> dict[bytes, tuple[Action, FileType]]:
    head = work.home.repository.head()
    assert head is not None
    return {edit.path: (edit.action, edit.type) for edit in work.edits(head)}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_trap_an_edit_that_git_was_told_not_to_look_at_is_an_edit(work, flag):
    git(work, "update-index", flag, HOSTS)
    (work.folder / HOSTS).write_text("hosts: {mine: 10.0.0.1}\n")
    assert edited(work) == {HOSTS.encode(): (Action.MODIFIED, FileType.FILE)}


def test_trap_a_nested_repository_that_was_added_to_gits_index_is_still_one(work):
    nested = work.folder / "nested"
    subprocess.run(["git", "init", "-q", str(nested)], check=True)
    (nested / "keep.yaml").write_text("a: 1\n")
    who = ["-c", "user.name=J", "-c", "user.email=j@example.org"]
    subprocess.run(["git", "-C", str(nested), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(nested), *who, "commit", "-qm", "x"], check=True)
    git(work, "add", "-A")

    assert edited(work) == {b"nested": (Action.ADDED, FileType.REPOSITORY)}


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
@pytest.mark.parametrize("name", ["mha-index", "index"])
def test_a_broken_index_costs_time_and_no_edit(work, name, damage):
    index = work.home.git_dir / "worktrees/work" / name
    index.unlink()
    if damage is not None:
        index.write_bytes(damage)
    (work.folder / HOSTS).write_text("hosts: {mine: 10.0.0.1}\n")
    assert edited(work) == {HOSTS.encode(): (Action.MODIFIED, FileType.FILE)}

    head = scene.revised(work.home, {"new.yaml": "a: 1\n"})
    work.follow(head)

    assert edited(work) == {HOSTS.encode(): (Action.MODIFIED, FileType.FILE)}
    assert git(work, "status", "--porcelain").splitlines() == [f" M {HOSTS}"]


def publish(work: WorkTree, text: str) -> None:
    """What a publish does to work/: an edit becomes the next revision."""
    (work.folder / HOSTS).write_text(text)
    head = scene.revised(work.home, {HOSTS: text})
    assert list(edited(work)) == []
    with work.settling(head, [HOSTS.encode()]):
        pass


@pytest.fixture
def large(work, monkeypatch):
    """A work/ whose index counts as a large one."""
    monkeypatch.setattr(index, "_SPLIT_BYTES", 0)
    publish(work, "hosts: {a: 10.0.0.1}\n")
    return work


def shared(work: WorkTree) -> list[Path]:
    return list((work.home.git_dir / "worktrees/work").glob("sharedindex.*"))


def test_a_large_index_is_split_and_people_see_the_same(large):
    assert len(shared(large)) == 1
    for n in range(3):
        publish(large, f"hosts: {{b: 10.0.0.{n}}}\n")
    (large.folder / HOSTS).write_text("hosts: {mine: 10.0.0.1}\n")
    (large.folder / "new.yaml").write_text("a: 1\n")

    assert set(edited(large)) == {HOSTS.encode(), b"new.yaml"}
    assert git(large, "status", "--porcelain").splitlines() == [f" M {HOSTS}", "?? new.yaml"]


def test_a_small_index_is_not_split_since_gits_library_could_not_read_it(work):
    publish(work, "hosts: {a: 10.0.0.1}\n")

    assert shared(work) == []
    assert {entry.path for entry in pygit2.Repository(str(work.folder)).index} == set(FILES)


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_split_index_that_lost_its_other_half_costs_time_and_no_edit(large, damage):
    for half in shared(large):
        half.unlink() if damage is None else half.write_bytes(damage)
    (large.folder / HOSTS).write_text("hosts: {mine: 10.0.0.1}\n")
    (large.folder / "new.yaml").write_text("a: 1\n")

    assert set(edited(large)) == {HOSTS.encode(), b"new.yaml"}
    assert git(large, "status", "--porcelain").splitlines() == [f" M {HOSTS}", "?? new.yaml"]


def test_a_file_that_came_or_went_is_seen_although_its_folder_was_looked_at_just_now(work):
    """git remembers what stands in folders whose times did not change."""
    for n in range(20):
        new = work.folder / "objects" / f"{n}.yaml"
        new.write_text("a: 1\n")
        assert set(edited(work)) == {f"objects/{n}.yaml".encode()}
        new.unlink()
        assert set(edited(work)) == set()


def test_what_was_added_to_gits_index_is_no_less_published_and_git_sees_what_was(work):
    (work.folder / HOSTS).write_text("hosts: {mine: 10.0.0.1}\n")
    git(work, "add", HOSTS)
    (work.folder / HOSTS).write_text("hosts: {later: 10.0.0.1}\n")
    assert edited(work) == {HOSTS.encode(): (Action.MODIFIED, FileType.FILE)}

    head = scene.revised(work.home, {HOSTS: "hosts: {later: 10.0.0.1}\n"})
    with work.settling(head, [HOSTS.encode()]):
        pass

    assert edited(work) == {}
    assert git(work, "status", "--porcelain") == ""


def as_nobody(act) -> str:
    """The name of the error that something ends with for an ordinary account, in a process of its own."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing"
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            act()
        except MhaError as error:
            said = f"{type(error).__name__}: {error.message}"
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test hears of it
            said = repr(error)
        os.write(write, said.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


def given_to_nobody(work: WorkTree) -> None:
    """The account that the home belongs to is no root; it reaches the home from the folders above."""
    subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", str(work.home.path)], check=True)
    for folder in work.home.path.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)


UNREADABLE = {
    "a new folder": ("new", 0o700, "new/"),
    "a folder that was published": ("objects", 0o700, "objects/"),
    "a file": (HOSTS, 0o600, HOSTS),
}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(("path", "mode", "named"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_the_account_cannot_read_is_named_and_stays(work, path, mode, named):
    given_to_nobody(work)
    if path == "new":
        (work.folder / path).mkdir()
        (work.folder / path / "precious.yaml").write_text("a: 1\n")
    else:
        (work.folder / HOSTS).write_text("hosts: {precious: 10.0.0.1}\n")
    os.chown(work.folder / path, 0, 0)
    (work.folder / path).chmod(mode)
    (work.folder / "policies/main.yaml").write_text("rules: [mine]\n")
    before = files_below(work.folder)
    home = Home(work.home.path, work.home.name)

    said = as_nobody(lambda: edited(WorkTree(home, work.folder)))
    ended = as_nobody(lambda: settling.put_away(home))

    assert said.startswith(f"UnreadableDraft: {named}"), said
    assert ended == "nothing"
    assert not work.folder.exists()
    kept = files_below(home.path / "work-kept")
    before.pop(".git")
    assert kept == before
    assert work.home.repository.refs(DRAFTS) == {}


def test_the_error_says_whose_account_must_read_it():
    assert "account" in UnreadableDraft("new/").message
