"""Faults on real systems: each test counts its cases, and has a short profile for CI and a long one for `--full`."""

from collections.abc import Callable

import pytest


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
