"""EIO and ENOSPC at each system call that writes to a file: a clear error, and what was acknowledged is kept."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.reliability import syscalls
from tests.reliability.stories import Scene, clear, moments
from tests.reliability.syscalls import Effect, Plan

SHORT = [
    ("publish", Plan(3, Effect.NO_SPACE, "write", "mha.git/objects", lasting=True)),
    ("publish", Plan(2, Effect.BROKEN, "fsync", "fw-a/mha.git/refs/heads")),  # right after `main` moved
    ("receive", Plan(1, Effect.BROKEN, "fsync", "fw-b/mha.git/refs")),
    ("promote", Plan(2, Effect.NO_SPACE, "openat", "fw-b/mha.git")),
    ("join", Plan(20, Effect.BROKEN, lasting=True)),
    ("backup", Plan(1, Effect.NO_SPACE, "openat", "mha.git/objects")),  # the draft is lost to it, and nothing else
    ("restore", Plan(1, Effect.NO_SPACE, "rename", "fw-c/current")),
    ("receive a file", Plan(1, Effect.BROKEN, "fsync", "fw-b/mha.git/refs")),
]
EFFECTS = [Plan(1, effect, lasting=lasting) for effect in (Effect.NO_SPACE, Effect.BROKEN) for lasting in (False, True)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    moments(metafunc, SHORT, EFFECTS)


@pytest.mark.timeout(14_400)
@pytest.mark.skipif(bool(syscalls.reason_against()), reason=syscalls.reason_against() or "")
def test_a_disk_that_fails_at_a_write_is_told_of_and_loses_nothing(
    stage: Callable[[str], Scene], tally: Callable[[str, int], None], name: str, plan: Plan, *, each: bool
):
    scene, cases = stage(name), 0
    on_disk = replace(plan, below=scene.cluster.root)
    for ran in scene.sweep(lambda at: replace(on_disk, at=at)) if each else [scene.case(on_disk)]:
        assert ran.hit is not None
        assert clear(ran), f"{ran.hit}: {ran.out}{ran.err}"
        cases += 1
    assert cases > 20 or not each
    tally(f"{name}: {plan.effect.name} at a system call that writes{', and at all later ones' * plan.lasting}", cases)
