"""What killed programs left: found, and removed by the next writer, unless something arrives at that moment."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from mha.errors import HomeBusy
from mha.store import fsck, leftovers, lock
from mha.store.home import Home
from tests.store import scene

LEFTOVERS = [
    "objects/incoming-Ab12Cd/pack/tmp_pack_x",
    "objects/tmp_objdir-incoming-Ab12/x",
    "objects/tmp_object_git2_Ab12",
    "objects/pack/tmp_pack_Ab12",
    "objects/pack/.tmp-1234-pack-x.pack",
    "objects/pack/pack-1234.keep",
    "fast_import_crash_1234",
    ".config.1234",
    "info/.attributes.1234",
    "hooks/.pre-receive.1234",
    "mha/.releases.json.1234",
    "mha/contacts/.fw-b.json.999999999",
    "mha/packing/pack-x.pack",
    "worktrees/work/.HEAD.1234",
]
LOOSE = "objects/aa/tmp_obj_Ab12"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = scene.made(tmp_path / "fw-a")
    scene.revised(home, {"a.yaml": "1\n"})
    return home


def left(home, name):
    path = home.git_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize("name", [*LEFTOVERS, LOOSE])
def test_what_a_killed_program_left_behind_is_found_and_removed(home, name):
    path = left(home, name)

    found = leftovers.found(home.git_dir)
    leftovers.clear(home.git_dir, thorough=True)

    assert len(found) == 1
    assert name.startswith(found[0])
    assert not path.exists()
    assert leftovers.found(home.git_dir) == []
    assert fsck.check(home.git_dir, deep=True) == []
    assert (home.state / "name").exists()


@pytest.mark.parametrize("name", LEFTOVERS)
def test_the_next_writer_removes_it(home, name):
    path = left(home, name)
    with lock.held(home.git_dir):
        assert not path.exists()


def test_unfinished_loose_objects_are_looked_for_by_the_first_writer_after_a_fetch(home):
    path = left(home, LOOSE)
    with lock.held(home.git_dir):
        assert path.exists()
    with leftovers.arriving(home.git_dir, unpacks=True):
        pass
    with lock.held(home.git_dir):
        assert not path.exists()
    path.touch()
    with lock.held(home.git_dir):
        assert path.exists()


def test_a_writer_leaves_what_arrives_at_that_moment_alone(home):
    path = left(home, "objects/tmp_objdir-incoming-Ab12/x")
    with leftovers.arriving(home.git_dir), leftovers.arriving(home.git_dir):
        with lock.held(home.git_dir):
            leftovers.clear(home.git_dir, thorough=True)
            assert leftovers.found(home.git_dir) == []
        assert path.exists()
    with lock.held(home.git_dir):
        assert not path.exists()


def test_what_a_git_writes_that_outlives_its_mha_is_left_alone(home):
    path = left(home, "objects/pack/tmp_pack_Ab12")
    with leftovers.arriving(home.git_dir) as shared:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(shared,))
    with lock.held(home.git_dir):
        assert path.exists()
    child.communicate()
    with lock.held(home.git_dir):
        assert not path.exists()


def test_the_note_that_a_running_command_writes_about_a_peer_is_left_alone(home):
    path = left(home, f"mha/contacts/.fw-b.json.{os.getpid()}")
    with lock.held(home.git_dir):
        assert path.exists()


def test_the_note_of_a_process_that_is_dead_and_still_listed_is_cleared(home):
    child = subprocess.Popen(["true"])
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    path = left(home, f"mha/contacts/.fw-b.json.{child.pid}")
    with lock.held(home.git_dir):
        assert not path.exists()
    child.wait()


def test_what_arrives_waits_for_whoever_clears_and_not_for_ever(home, monkeypatch):
    with leftovers._alone(home.git_dir) as descriptor:
        assert descriptor is not None
        monkeypatch.setattr(leftovers, "WAIT_SECONDS", 0.0)
        with pytest.raises(HomeBusy), leftovers.arriving(home.git_dir):
            pass
        monkeypatch.undo()
        arrived = threading.Event()

        def arrive() -> None:
            with leftovers.arriving(home.git_dir):
                arrived.set()

        waiting = threading.Thread(target=arrive)
        waiting.start()
        assert not arrived.wait(0.1)
    waiting.join(10)
    assert arrived.is_set()
