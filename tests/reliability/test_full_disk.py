"""A small disk with some room left, at 20 levels: a clear error, and with room the next command works."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mha.store.files import remove_tree
from tests.cluster import mha
from tests.reliability.stories import Scene, clear
from tests.reliability.syscalls import Ran

LEVELS = 20
PLENTY = 64 << 20  # bytes
DISKS = [("publish", "fw-a", 7), ("receive", "fw-b", 9), ("join", "fw-c", 12), ("promote", "fw-b", 5)]


@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize(("name", "server", "level"), DISKS, ids=[name for name, _, _ in DISKS])
def test_a_full_disk_is_told_of_and_loses_nothing(
    stage: Callable[[str], Scene], tally: Callable[[str, int], None], name: str, server: str, level: int, *, full: bool
):
    scene = stage(name)
    need = used_by(scene, server)

    codes = [at_level(scene, server, need * i // (LEVELS - 3)) for i in (range(LEVELS) if full else [level])]

    if full:
        assert codes[0] != 0 or name == "receive"  # a publish that a Standby cannot take is done all the same
        assert codes[-1] == 0
    tally(f"{name}: a disk of {server} with little room left", len(codes))


def at_level(scene: Scene, server: str, room: int) -> int:
    """One case, with so many bytes left on a server's disk; returns the exit code."""
    scene.restore()
    with small_disk(scene.cluster.root / server) as resize:
        resize(room)
        ran = told(scene)
        assert clear(ran), ran
        scene.look(ran)
        resize(PLENTY)
        scene.follow(ran)
    return ran.code


def used_by(scene: Scene, server: str) -> int:
    """How many bytes the disk of a server must have for the command to succeed, the unfinished files of it included."""
    scene.restore()
    with small_disk(scene.cluster.root / server):
        before = used(scene.cluster.root / server)
        assert told(scene).code == 0
        return used(scene.cluster.root / server) - before


def told(scene: Scene) -> Ran:
    done = mha(*scene.words)
    return Ran(done.returncode, done.stdout, done.stderr, [])


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A disk of its own for a server, with what stands there; the yielded function sets how much room is left."""
    contents = folder.with_name(f"{folder.name}-contents")
    if folder.exists():
        folder.rename(contents)
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PLENTY}", "mha-small-disk", str(folder)], check=True)
    try:
        if contents.exists():
            subprocess.run(["cp", "-a", f"{contents}/.", str(folder)], check=True)
            remove_tree(contents)

        def resize(room: int) -> None:
            size = used(folder) + room
            subprocess.run(["mount", "-o", f"remount,size={max(size, 4096)}", str(folder)], check=True)

        yield resize
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def used(folder: Path) -> int:
    """How many bytes of the disk at a folder are in use."""
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize
