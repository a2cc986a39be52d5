"""Faults on real systems: each test counts its cases, and has a short profile for CI and a long one for `--full`."""

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from mha.store.files import remove_tree
from tests.cluster import Cluster
from tests.reliability.stories import STORIES, Scene, build, copy, staged


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long profile is wanted: `nox -s faults`."""
    return bool(request.config.getoption("--full"))


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Record how many cases of a fault were tried: `tally("publish, killed at a write", 214)`."""

    def record(what: str, cases: int) -> None:
        record_property("tally", (what, cases))

    return record


@pytest.fixture(scope="session")
def stage() -> Iterator[Callable[[str], Scene]]:
    """The scene of a story, by its name; in memory where that is possible: there is no power cut in it."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="mha-", dir=memory if memory.is_dir() else None))

    @cache
    def base() -> Cluster:
        cluster = build(folder)
        copy(cluster.root, folder / "kept")
        return cluster

    yield cache(lambda name: staged(base(), folder / "kept", STORIES[name]))
    remove_tree(folder)
