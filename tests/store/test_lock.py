"""The lock of a home: one writer at a time, and no stale lock file of git stops the next one."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mha.errors import HomeBusy, HomeOfAnother
from mha.store import lock
from mha.store.home import Home
from tests import faults
from tests.store import scene


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


def test_a_second_writer_is_refused_and_told_who_writes(home):
    with (
        lock.held(home.git_dir),
        pytest.raises(HomeBusy, match=f"process {os.getpid()}"),
        lock.held(home.git_dir, wait_seconds=0),
    ):
        pass
    with lock.held(home.git_dir, wait_seconds=0):
        pass


def test_a_writer_that_is_stopped_is_named_with_the_way_out(home):
    script = f"""
import os, pathlib, signal
from mha.store import lock
with lock.held(pathlib.Path({str(home.git_dir)!r})):
    print("held", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(HomeBusy) as caught, lock.held(home.git_dir, wait_seconds=0.5):
            pass
        holder.kill()

    assert caught.value.message == f"This home is in use by process {holder.pid}, which is stopped."
    assert f"`kill -KILL {holder.pid}` ends it, and loses nothing" in caught.value.hint
    with lock.held(home.git_dir, wait_seconds=0):
        pass


def test_a_second_process_is_refused(home):
    with lock.held(home.git_dir):
        said = faults.run(hold, home.path, 0).said
    assert said.startswith("HomeBusy: ")
    assert faults.run(hold, home.path, 0).said == ""


def hold(path: Path, seconds: float) -> None:
    with lock.held(path / "mha.git", wait_seconds=seconds):
        pass


def test_a_second_writer_waits_for_the_first(home):
    order: list[str] = []
    refused = threading.Event()

    def profile(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_exception" and function.__name__ == "flock":
            refused.set()

    def second() -> None:
        sys.setprofile(profile)
        with lock.held(home.git_dir, wait_seconds=60):
            order.append("second")

    with lock.held(home.git_dir):
        thread = threading.Thread(target=second)
        thread.start()
        assert refused.wait(30), "the second never asked for the lock"
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_the_lock_is_free_again_after_an_error(home):
    with pytest.raises(RuntimeError), lock.held(home.git_dir):
        raise RuntimeError
    with lock.held(home.git_dir, wait_seconds=0):
        pass


STALE = [
    "refs/heads/main.lock",
    "refs/mha/current.lock",
    "refs/mha/keep/1234567890123456789012345678901234567890.lock",
    "refs/mha/drafts/1.lock",
    "packed-refs.lock",
    "config.lock",
    "HEAD.lock",
    "worktrees/work/index.lock",
    "worktrees/work/HEAD.lock",
]


@pytest.mark.parametrize("name", STALE)
def test_trap_stale_lock_files_of_a_killed_writer_are_removed_by_the_next(home, name):
    stale = home.git_dir / name
    stale.parent.mkdir(parents=True, exist_ok=True)
    stale.touch()
    assert lock.stale(home.git_dir) == [name]

    with lock.held(home.git_dir):
        oid = scene.revised(home, {"a.yaml": "1\n"})
        home.repository.set_ref("refs/mha/current", oid)

    assert not stale.exists()
    assert lock.stale(home.git_dir) == []


def test_lock_files_are_not_removed_while_somebody_else_writes(home):
    with lock.held(home.git_dir):
        stale = home.git_dir / "refs/heads/main.lock"
        stale.touch()
        with pytest.raises(HomeBusy), lock.held(home.git_dir, wait_seconds=0):
            pass
        assert stale.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_the_lock_of_another_account_is_said_to_be_that(home):
    home.state.chmod(0o700)
    said = faults.run(hold_as_nobody, home.path).said
    assert said.startswith(HomeOfAnother.__name__)


def hold_as_nobody(path: Path) -> None:
    for folder in path.parents:
        if folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    os.setuid(65534)
    hold(path, 0)
