"""The repository: what libgit2 1.9 and the disk really do, and what mha makes of it."""

import ast
import errno
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from mha.errors import HeadMoved, MhaError, StoreDamaged, StoreNotWritable, sentence
from mha.store import git, releases, trees
from mha.store.home import Home
from mha.store.repository import KEEP, MAIN, Repository
from tests import faults
from tests.cluster import JANA
from tests.store import scene

NO_OBJECT = "1234567890" * 4


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


def history(home: Home, *texts: str) -> list[str]:
    return [scene.revised(home, {"a.yaml": text}) for text in texts]


def object_file(home: Home, oid: str) -> Path:
    return home.git_dir / "objects" / oid[:2] / oid[2:]


PUBLISH = """
from pathlib import Path
from tests.store import scene
print(scene.revised(scene.opened(Path({path!r})), {{"a.yaml": "2\\n"}}))
"""


def synced_by(script: str, log: Path) -> tuple[str, list[str]]:
    """Run a script under strace; what it printed, and the files and folders that it synced, in order."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace is installed here: apt install strace")
    trace = [
        strace,
        "-f",
        "-y",
        "-s",
        "500",
        "-e",
        "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2",
        "-o",
        str(log),
    ]
    done = subprocess.run(
        [*trace, sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip(), re.findall(r"(?:fsync|fdatasync|syncfs)\(\d+<([^>]*)>", log.read_text())


def test_trap_fsync_is_on_before_a_repository_is_opened(home, tmp_path):
    """libgit2 syncs nothing by default, and takes the setting only for repositories that are opened afterwards."""
    history(home, "1\n")

    oid, synced = synced_by(PUBLISH.format(path=str(home.path)), tmp_path / "strace")

    tree = home.repository.commit(oid).tree
    blob = trees.find(home.repository, tree, "a.yaml")
    assert blob is not None
    folders = {str(object_file(home, found).parent) for found in (oid, tree, blob.id)}
    assert folders <= set(synced), "the names of new objects are not durable"
    assert len([path for path in synced if "/objects/" in path and path not in folders]) >= 3
    assert str(home.git_dir / "refs/heads/main.lock") in synced, "the reference is not durable"
    assert str(home.git_dir / "refs/heads") in synced, "the name of the reference is not durable"
    assert synced.index(str(object_file(home, oid).parent)) < synced.index(str(home.git_dir / "refs/heads/main.lock"))


def test_a_release_is_durable_before_it_appears(home, tmp_path):
    for oid, durable in zip(history(home, "1\n", "2\n"), ("syncfs(", "/.next/a.yaml>"), strict=True):
        script = (
            "from pathlib import Path; from mha.store import releases; from tests.store import scene\n"
            f"releases.switch(scene.opened(Path({str(home.path)!r})), {oid!r})"
        )
        synced_by(script, tmp_path / "strace")
        steps = (tmp_path / "strace").read_text()
        appears = steps.find(f'releases/{oid}")')
        assert 0 <= steps.find(durable) < appears, "the folder appears before its files are durable"
        assert appears < steps.find("/current"), "current leads there before its name is durable"


FORBIDDEN = {
    "create_commit": "on a full disk it returns the id of a commit that was not stored",
    "remotes": "its push to a path compares nothing and runs no hooks, and over ssh it takes any host key",
    "checkout": "it takes attributes and filters of the machine",
    "index": "a tree is built from its parent's: an index costs ten times as much",
}


def test_trap_what_libgit2_does_badly_is_not_called():
    found = {
        (path.name, node.attr)
        for path in (faults.ROOT / "mha").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN and "git" in ast.unparse(node.value)
    }
    assert found == set()


@pytest.fixture
def small_disk(tmpfs: Callable[[str], Path]) -> Path:
    """A disk of one megabyte."""
    return tmpfs("1m")


def fill(folder: Path, *, leave_pages: int) -> None:
    """Fill a file system but for a few pages."""
    filler = folder / "filler"
    size = shutil.disk_usage(folder).free - leave_pages * 4096
    with filler.open("wb", buffering=0) as file:
        file.write(b"x" * max(0, size))
    assert shutil.disk_usage(folder).free <= leave_pages * 4096


def test_trap_libgit2_reports_a_commit_that_a_full_disk_did_not_take(small_disk):
    """Why `create_commit` is not used. Should this fail, libgit2 has become honest; the rule may stay."""
    home = scene.made(small_disk / "fw-a")
    head = history(home, "1\n")[0]
    repository = pygit2.Repository(str(home.git_dir))
    who = pygit2.Signature(JANA.name, JANA.email)
    tree = pygit2.Oid(hex=home.repository.commit(head).tree)
    lied = False
    for pages in range(4):
        fill(small_disk, leave_pages=pages)
        try:
            oid = repository.create_commit(None, who, who, f"{pages}" * 6000, tree, [pygit2.Oid(hex=head)])
        except pygit2.GitError:
            continue
        finally:
            (small_disk / "filler").unlink()
        lied = lied or str(oid) not in Repository(home.git_dir).git
    assert lied or pygit2.LIBGIT2_VER > (1, 9, 7)


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_what_a_full_disk_does_not_take_is_said_to_be_for_that(small_disk, pages):
    home = scene.made(small_disk / "fw-a")
    first = scene.revised(home, {"a.yaml": "1\n" * 20_000})
    fill(small_disk, leave_pages=pages)

    with pytest.raises(StoreNotWritable) as failed:
        scene.revised(home, {f"{n}.yaml": os.urandom(5000).hex() for n in range(3)})
    with pytest.raises((OSError, StoreNotWritable)) as unwritten:
        git.check_out(home.git_dir, first, small_disk / "files")

    assert failed.value.message == "This home's store cannot be written: this server's disk is full."
    assert "this server's disk is full" in sentence(unwritten.value).lower()


def test_a_disk_that_the_system_calls_full_is_this_servers():
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/x")
    assert sentence(error) == "This server's disk is full (/srv/x)."


@pytest.mark.parametrize("pages", range(12))
def test_trap_on_a_full_disk_a_revision_is_whole_or_refused(small_disk, pages):
    home = scene.made(small_disk / "fw-a")
    first = scene.revised(home, {"a.yaml": "1\n", "b.yaml": "1\n"})
    releases.switch(home, first)
    fill(small_disk, leave_pages=pages)

    try:
        second = scene.revised(home, {"a.yaml": os.urandom(5000).hex(), "c/d.yaml": "2\n"})
        releases.switch(home, second)
    except (StoreNotWritable, OSError):
        pass

    found = scene.opened(home.path)
    head = found.repository.head()
    assert head is not None
    assert found.repository.contains(head, first)
    assert {path for path, _ in trees.files(found.repository, found.repository.commit(head).tree)} >= {
        "a.yaml",
        "b.yaml",
    }
    served = releases.served(found)
    assert served in (first, head)
    assert releases.differences(found, served) == []
    (small_disk / "filler").unlink()
    third = scene.revised(found, {"a.yaml": "3\n"})
    releases.switch(found, third)
    assert releases.differences(found, third) == []


def test_trap_of_two_that_advance_from_the_same_head_one_is_refused(home):
    head = history(home, "1\n")[0]
    mine, theirs = scene.opened(home.path).repository, scene.opened(home.path).repository
    assert mine.head() == theirs.head() == head
    one, other = (
        scene.written(home, {"a.yaml": "mine\n"}, on=head),
        scene.written(home, {"a.yaml": "theirs\n"}, on=head),
    )

    mine.advance(expected=head, to=one)
    with pytest.raises(HeadMoved):
        theirs.advance(expected=head, to=other)

    assert home.repository.head() == one


def test_trap_references_are_compared_and_swapped_however_many_try_at_once(home):
    """`references.create(force=True)` would let every one of them win."""
    head = history(home, "start\n")[0]
    for attempt in range(10):
        wanted = [scene.written(home, {"a.yaml": f"{attempt} {n}\n"}, on=head) for n in range(6)]
        barrier = threading.Barrier(len(wanted))
        won: list[str] = []

        def advance(oid: str, start=barrier, winners=won, expected=head) -> None:
            repository = Repository(home.git_dir)
            assert repository.head() == expected
            start.wait()
            try:
                repository.advance(expected=expected, to=oid)
            except (HeadMoved, StoreNotWritable):
                return
            winners.append(oid)

        threads = [threading.Thread(target=advance, args=(oid,)) for oid in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(won) == 1
        head = won[0]
        assert home.repository.head() == head


def test_a_reference_that_another_program_holds_is_not_written(home):
    head = history(home, "1\n")[0]
    oid = scene.written(home, {"a.yaml": "2\n"}, on=head)
    (home.git_dir / "refs/heads/main.lock").touch()
    with pytest.raises(StoreNotWritable):
        home.repository.advance(expected=head, to=oid)
    assert home.repository.head() == head


def test_the_head_is_not_moved_to_what_is_not_stored(home):
    head = history(home, "1\n")[0]
    with pytest.raises(MhaError):
        home.repository.advance(expected=head, to=NO_OBJECT)
    assert home.repository.head() == head


def test_references_are_listed_below_a_prefix_and_deleted_by_name(home):
    one, two = history(home, "1\n", "2\n")
    home.repository.set_ref(f"{KEEP}{one}", one)
    home.repository.set_ref(f"{KEEP}{two}", two)
    home.repository.set_ref("refs/mha/keepsake", one)
    home.repository.delete_ref(f"{KEEP}{two}")
    home.repository.delete_ref(f"{KEEP}missing")
    assert home.repository.refs(KEEP) == {one: one}
    assert home.repository.ref(MAIN) == two
    assert home.repository.ref("refs/mha/none") is None


def test_references_that_git_has_packed_are_found(home):
    one, two = history(home, "1\n", "2\n")
    home.repository.set_ref(f"{KEEP}{one}", one)
    subprocess.run(["git", "-C", str(home.git_dir), "-c", "core.hooksPath=/dev/null", "pack-refs", "--all"], check=True)
    found = scene.opened(home.path).repository
    assert (found.head(), found.refs(KEEP)) == (two, {one: one})
    three = scene.revised(scene.opened(home.path), {"a.yaml": "3\n"})
    assert scene.opened(home.path).repository.head() == three


def test_a_commit_is_read_as_it_was_written(home):
    one, two = history(home, "1\n", "2\n")
    found = home.repository.commit(two)
    assert (found.id, found.parents, found.author, found.time) == (two, (one,), str(JANA), scene.TIME)
    assert home.repository.record(two).revision == 2


def test_relations_of_heads(home):
    base, mine = history(home, "1\n", "2\n")
    theirs = scene.written(home, {"b.yaml": "2\n"}, on=base)
    further = scene.written(home, {"b.yaml": "3\n"}, on=theirs)
    repository = home.repository
    assert repository.ahead_behind(mine, further) == (2, 1)
    assert repository.ahead_behind(mine, base) == (0, 1)
    assert repository.merge_base(mine, further) == base
    assert [repository.contains(mine, oid) for oid in (mine, base, theirs, NO_OBJECT)] == [True, True, False, False]
    assert [commit.id for commit in repository.walk(further, hide=[mine])] == [further, theirs]
    assert [commit.id for commit in repository.walk(mine)] == [mine, base]


def test_children_come_before_their_parents_whatever_their_clocks_say(home):
    head = history(home, "1\n")[0]
    chain = [head]
    tree = home.repository.commit(head).tree
    for year in (1990, 2030, 1971, 2029):
        time = scene.TIME.replace(year=year)
        chain.append(
            home.repository.write_commit(
                tree=tree, parents=[chain[-1]], message="x", author=JANA, committer=JANA, time=time
            )
        )
    assert [commit.id for commit in home.repository.walk(chain[-1])] == chain[::-1]


def by(who: bytes, when: bytes = b"1700000000 +0100") -> bytes:
    return b"author %s %s\ncommitter %s %s\n" % (who, when, who, when)


STRANGE = {
    "latin-1 words": by(b"J\xfcrg <j@x.org>") + b"\nF\xfcr Z\xfcrich\n",
    "latin-1, declared": by(b"J\xfcrg <j@x.org>") + b"encoding ISO-8859-1\n\nF\xfcr Z\xfcrich\n",
    "an unknown encoding": by(b"J\xfcrg <j@x.org>") + b"encoding klingon\n\nHi\n",
    "a year beyond ours": by(b"J <j@x.org>", b"99999999999999 +0000") + b"\nHi\n",
    "before 1970": by(b"J <j@x.org>", b"-1000000000 +0000") + b"\nHi\n",
    "no words": by(b"J <j@x.org>") + b"\n",
    "a nameless author": by(b" <>") + b"\nHi\n",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_old_histories_may_hold_strange_commits(home, text):
    head = history(home, "1\n")[0]
    data = b"tree %s\n" % home.repository.commit(head).tree.encode() + text
    done = subprocess.run(
        ["git", "-C", str(home.git_dir), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        input=data, capture_output=True, check=True,
    )  # fmt: skip
    found = home.repository.commit(done.stdout.decode().strip())
    assert found.record is None
    assert found.time.tzinfo is not None


def test_a_missing_object_is_damage_and_not_a_crash(home):
    head = history(home, "1\n")[0]
    object_file(home, home.repository.commit(head).tree).unlink()
    found = scene.opened(home.path).repository
    with pytest.raises(StoreDamaged):
        list(trees.files(found, found.commit(head).tree))
    with pytest.raises(StoreDamaged):
        found.commit(NO_OBJECT)


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "cut"])
def test_a_corrupt_object_is_damage_and_not_a_crash(home, damage):
    head = history(home, "1\n")[0]
    path = object_file(home, head)
    data = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(data[: len(data) // 2] if damage is None else damage)
    with pytest.raises(StoreDamaged):
        scene.opened(home.path).repository.record(head)


@pytest.mark.parametrize("text", ["", "garbage\n", f"{NO_OBJECT}\n", "ref: refs/heads/main\n"])
def test_a_damaged_head_is_damage_and_not_a_crash(home, text):
    history(home, "1\n")
    (home.git_dir / "refs/heads/main").write_text(text)
    found = scene.opened(home.path).repository
    with pytest.raises(StoreDamaged):
        found.record(found.head() or NO_OBJECT)


def test_a_folder_that_is_no_repository_is_damage(tmp_path):
    with pytest.raises(StoreDamaged):
        Repository(tmp_path).head()


def test_objects_in_quarantine_are_read_and_stay_there(home, tmp_path):
    head = history(home, "1\n")[0]
    other = scene.made(tmp_path / "other")
    subprocess.run(["cp", "-a", str(home.git_dir / "objects") + "/.", str(other.git_dir / "objects")], check=True)
    new = scene.written(other, {"a.yaml": "2\n"}, on=head)
    with_quarantine = Repository(home.git_dir, quarantine=other.git_dir / "objects")
    assert with_quarantine.commit(new).parents == (head,)
    assert not Repository(home.git_dir).has(new)
