"""Readers of current/: each finds exactly one published revision, however many arrive meanwhile.

The readers are processes of their own that know nothing of mha: they open files.
What they find is compared with the revision's own tree, by git's ids of the files.
"""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from mha.store import releases, trees
from mha.store.home import Home
from tests.cluster import Cluster
from tests.store.test_releases_burst import age

REVISIONS = 200
NOBODY = 65534


def files_of(folder: int | Path) -> dict[str, str]:
    """The ids that git gives the files of a folder, by path; it is resolved once, and then only descended from."""
    found: dict[str, str] = {}
    top = folder if isinstance(folder, int) else os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for path, _, names, descriptor in os.fwalk(".", dir_fd=top):
        for name in names:
            with open(os.open(name, os.O_RDONLY, dir_fd=descriptor), "rb") as file:
                data = file.read()
            blob = b"blob %d\0" % len(data) + data
            found[os.path.normpath(f"{path}/{name}")] = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
    if not isinstance(folder, int):
        os.close(top)
    return found


def read_again_and_again(current: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Resolve the link, read everything below it, and once more."""
    while True:
        resolved = current.resolve(strict=True)
        yield resolved.name, files_of(resolved)


def read_one_and_keep_it(current: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Resolve the link once, hold a shared flock on the folder, and read the same revision for ever."""
    descriptor = os.open(current, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
    while True:
        yield name, files_of(descriptor)


READERS = {"loop": read_again_and_again, "keep": read_one_and_keep_it}


def main(kind: str, current: str, report: str) -> None:
    """A reader, until it is told to end; it writes down each revision that it found, with its files, and how often."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: ended.append(number))
    seen: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    rounds = 0
    reader = READERS[kind](Path(current))
    while not ended and not problems:
        try:
            name, files = next(reader)
        except OSError as error:
            problems.append(repr(error))
            break
        rounds += 1
        time.sleep(0.01)
        if seen.setdefault(name, files) != files:
            problems.append(f"{name} has other files than before")
        if rounds == 1:
            print("reading", flush=True)
    Path(report).write_text(json.dumps({"rounds": rounds, "seen": seen, "problems": problems}))


@contextmanager
def reader(kind: str, current: Path, report: Path) -> Iterator[None]:
    """A reader in a process of its own, that has begun to read."""
    command = [sys.executable, __file__, kind, str(current), str(report)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": _root()}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        yield
        process.terminate()


def _root() -> str:
    return str(Path(__file__).parent.parent)


def tree_of(home: Home, oid: str) -> dict[str, str]:
    return {path: blob.id for path, blob in trees.files(home.repository, home.repository.commit(oid).tree)}


def change(number: int) -> dict[str, str | None]:
    """Each revision changes a file that all share, adds one, deletes one, and turns a file into a folder and back."""
    turned: dict[str, str | None] = (
        {"turn": None, "turn/inner.yaml": f"{number}\n"}
        if number % 2
        else {"turn/inner.yaml": None, "turn": f"{number}\n"}
    )
    return {
        "objects/hosts.yaml": f"# {number}\n" * 200,
        "policies/main.yaml": f"x-revision: {number}\n",
        f"new/{number}.yaml": f"{number}\n",
        **({f"new/{number - 1}.yaml": None} if number else {}),
        **(turned if number else {"turn": "0\n"}),
    }


def publish(cluster: Cluster, number: int) -> str:
    active = cluster["fw-a"]
    for path, text in sorted(change(number).items(), key=lambda item: item[1] is not None):
        if text is None:
            (active.path / "work" / path).unlink()
            if path == "turn/inner.yaml":
                (active.path / "work/turn").rmdir()
        else:
            active.edit(path, text)
    done = active.publish(f"Revision {number}")
    assert done.id is not None
    assert not done.lacking
    return done.id


@pytest.mark.timeout(400)
def test_a_reader_sees_whole_revisions_while_two_hundred_arrive(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    first = publish(cluster, 0)
    standby = cluster["fw-b"].path / "current"
    started = time.monotonic()

    with reader("keep", standby, tmp_path / "keep"):
        with (
            reader("loop", standby, tmp_path / "loop"),
            reader("loop", cluster["fw-a"].path / "current", tmp_path / "active"),
        ):
            published = [first, *(publish(cluster, number) for number in range(1, REVISIONS + 1))]
        older_folders_go_but_for_the_one_that_is_held(cluster, published[0])

    home = cluster["fw-a"].home
    figures = {}
    for name in ("keep", "loop", "active"):
        found = json.loads((tmp_path / name).read_text())
        figures[name] = (found["rounds"], len(found["seen"]))
        assert found["problems"] == []
        assert found["seen"].keys() <= set(published)
        assert found["seen"] == {oid: tree_of(home, oid) for oid in found["seen"]}, "a reader found a mixture"
    print(f"{REVISIONS} revisions in {time.monotonic() - started:.0f} s; (readings, revisions seen) {figures}")
    assert figures["keep"][1] == 1, "it resolved the link once"
    assert figures["loop"][1] > REVISIONS / 10


def older_folders_go_but_for_the_one_that_is_held(cluster: Cluster, held: str) -> None:
    """Once their grace is over, one folder goes with each revision; one on which a reader has a lock stays."""
    standby, more = cluster["fw-b"], 5
    before = len(releases.folders(standby.home))
    for number in range(REVISIONS + 1, REVISIONS + 1 + more):
        age(standby)
        publish(cluster, number)
    left = releases.folders(standby.home)
    assert len(left) == max(before - more, releases.POOL + 2)  # the pool, the one that is held, and the current one
    assert held in left


EDITS = ("write", "append", "create", "delete", "rename")


def attempt_as_nobody(folder: Path, only: Sequence[str] = ()) -> list[str]:
    """What an ordinary user may do below a folder, tried for real in a process that has given up being root."""
    script = f"""
import os, pathlib
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
current = pathlib.Path({str(folder)!r})
file, inner = current / "objects/hosts.yaml", current / "objects"
tries = {{
    "read": lambda: file.read_text(),
    "list": lambda: os.listdir(inner),
    "write": lambda: file.write_text("mine"),
    "append": lambda: open(file, "a"),
    "create": lambda: (inner / "new.yaml").write_text("mine"),
    "delete": lambda: file.unlink(),
    "rename": lambda: file.rename(inner / "other.yaml"),
    "permissions": lambda: file.chmod(0o666),
    "folder permissions": lambda: inner.chmod(0o777),
    "replace the link": lambda: os.replace(current, str(current) + ".mine"),
    "delete the link": lambda: current.unlink(),
    "write beside": lambda: (current.parent / "mine").write_text("mine"),
    "look at local state": lambda: os.listdir(current.parent / "mha.git/mha"),
    "read the key": lambda: (current.parent / "mha.git/mha/key").read_bytes(),
    "move the head": lambda: (current.parent / "mha.git/refs/heads/main").write_text("mine"),
}}
for name, act in tries.items():
    if {tuple(only)!r} and name not in {tuple(only)!r}:
        continue
    try:
        act()
    except PermissionError:
        continue
    print(name)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def open_to_all(path: Path) -> None:
    """pytest keeps its folders for itself; a home in /srv is reached by everybody."""
    for folder in path.parents:
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("name", ["fw-a", "fw-b"])
def test_an_ordinary_user_reads_current_and_changes_nothing(make_cluster, name):
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit("objects/hosts.yaml", "hosts: {}\n")
    server = cluster[name]
    open_to_all(server.path / "current")
    before = server.served()

    assert attempt_as_nobody(server.path / "current") == ["read", "list"]

    assert server.served() == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_the_owner_too_is_refused_an_edit_by_mistake(make_cluster):
    """The account that a home belongs to is no root: an editor started in current/ cannot save."""
    cluster = make_cluster("fw-a")
    home = cluster["fw-a"].path
    subprocess.run(["chown", "-hR", f"{NOBODY}:{NOBODY}", str(home)], check=True)
    open_to_all(home / "current")
    assert attempt_as_nobody(home / "current", EDITS) == []


if __name__ == "__main__":
    main(*sys.argv[1:])
