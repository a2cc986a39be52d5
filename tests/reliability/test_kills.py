"""`kill -9` at each system call that writes: the old revision or the new one, and the next command works."""

from collections.abc import Callable

import pytest

from tests.reliability import syscalls
from tests.reliability.stories import Scene, moments
from tests.reliability.syscalls import Effect, Plan

SHORT = [  # one for each kind of call, where much depends on it
    ("publish", Plan(1, Effect.KILL_ALL, "rename", "refs/heads/main")),
    ("publish", Plan(2, Effect.KILL_ALL, "link", "mha.git/objects")),
    ("publish", Plan(1, Effect.KILL_ONE, "fsync", "index.lock")),
    ("receive", Plan(2, Effect.KILL_ALL, "mkdir", "tmp_objdir")),
    ("receive a pack", Plan(1, Effect.KILL_ONE, "openat", "pack/tmp_")),
    ("switch a release", Plan(1, Effect.KILL_ALL, "symlink")),
    ("promote", Plan(1, Effect.KILL_ALL, "rename", "fw-a/mha.git/refs/heads/main")),
    ("promote by force", Plan(1, Effect.KILL_ALL, "rename", ".work-new")),
    ("resolve", Plan(1, Effect.KILL_ALL, "rename", "fw-a/mha.git/refs/heads/main")),
    ("resolve", Plan(1, Effect.KILL_ALL, "mkdir", "fw-a/releases")),  # `main` has moved, and nothing followed
    ("merge", Plan(2, Effect.KILL_ALL, "link", "fw-a/mha.git/objects")),  # a part of what is merged is stored
    ("merge", Plan(1, Effect.KILL_ALL, "rename", "fw-a/mha.git/refs/heads/main")),
    ("edit a merge", Plan(1, Effect.KILL_ALL, "rename", "fw-a/work")),  # the draft is away, and not kept yet
    ("edit a merge", Plan(1, Effect.KILL_ALL, "rename", ".work-new")),
    ("continue", Plan(1, Effect.KILL_ALL, "rename", "fw-a/mha.git/refs/heads/main")),
    ("continue", Plan(1, Effect.KILL_ALL, "mkdir", "fw-a/releases")),
    ("abort", Plan(1, Effect.KILL_ALL, "rename", ".work-new")),
    ("abort", Plan(1, Effect.KILL_ALL, "unlink", "refs/mha/resolving")),
    ("join", Plan(1, Effect.KILL_ALL, "syncfs")),
    ("backup", Plan(1, Effect.KILL_ALL, "fsync", ".mha-backup-")),
    ("backup", Plan(1, Effect.KILL_ALL, "rename", "saved.bundle")),
    ("restore", Plan(1, Effect.KILL_ALL, "rename", "pack-")),
    ("restore", Plan(1, Effect.KILL_ALL, "link", "refs/heads/main")),
    ("restore", Plan(1, Effect.KILL_ALL, "mkdir", "fw-c/releases")),  # `main` is there, and nothing followed
    ("receive a file", Plan(1, Effect.KILL_ONE, "rename", "pack-")),
    ("receive a file", Plan(1, Effect.KILL_ALL, "rename", "refs/heads/main")),
    ("repair", Plan(1, Effect.KILL_ALL, "chmod", "releases")),
    ("rebuild", Plan(1, Effect.KILL_ALL, "renameat2", "mha.git")),
    ("rebuild", Plan(1, Effect.KILL_ALL, "unlink", ".mha-rebuilt/mha.git")),  # the old store goes
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    moments(metafunc, SHORT, [Plan(1, Effect.KILL_ALL), Plan(1, Effect.KILL_ONE)])


@pytest.mark.timeout(14_400)
@pytest.mark.skipif(bool(syscalls.reason_against()), reason=syscalls.reason_against() or "")
def test_after_a_kill_at_a_write_the_next_command_works(
    stage: Callable[[str], Scene], tally: Callable[[str, int], None], name: str, plan: Plan, *, each: bool
):
    scene = stage(name)
    if each:
        cases = sum(1 for _ in scene.sweep(lambda at: Plan(at, plan.effect)))
        assert cases > 50  # else it was not the command that was held
    else:
        cases = 1
        assert scene.case(plan).hit is not None
    tally(f"{name}: killed at a system call that writes, {plan.effect.value}", cases)
