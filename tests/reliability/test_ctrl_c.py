"""Ctrl-C right before any write of a command, or of who receives its push: the next one works, nothing is lost."""

import itertools
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.cli import main
from tests import faults
from tests.cluster import Cluster, Whole
from tests.faults import Ending
from tests.test_interrupted import HOSTS, MINE, SAID, UNTOLD, published_once
from tests.trouble import receivers, wait_for


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers; fw-a is Active at revision 2 and has an edit that is not published."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, MINE)
    return cluster


@pytest.mark.timeout(600)
def test_ctrl_c_before_any_write_of_a_publish_loses_nothing(pair, tmp_path, full, tally):
    whole, step = Whole(pair, tmp_path / "whole"), 1 if full else 13
    ends: Counter[Ending] = Counter()
    for number in itertools.count(1, step):
        pressed, said = tmp_path / f"pressed-{number}", tmp_path / f"said-{number}"
        arguments = ["--home", str(pair["fw-a"].path), "publish", "-m", "x"]
        ended = faults.run(press_ctrl_c, number, pressed, said, arguments)
        if not pressed.exists():
            break
        ends[ended.ending] += 1
        assert ended.ending in (Ending.DONE, Ending.INTERRUPTED), said.read_text()
        if said.read_text() == UNTOLD:
            assert pair["fw-a"].record.revision == 3
        else:
            assert said.read_text() == (SAID if ended.ending is Ending.INTERRUPTED else "")
        wait_for(lambda: not receivers(pair["fw-b"]))
        published_once(pair)
        whole.restore()

    assert ends[Ending.INTERRUPTED] >= 30 // step
    tally("Ctrl-C at a write of `mha publish`", ends.total())


@pytest.mark.timeout(600)
def test_ctrl_c_before_any_write_of_a_receiver_loses_nothing(pair, tmp_path, full, tally, monkeypatch):
    whole, step, cases, lacking = Whole(pair, tmp_path / "whole"), 1 if full else 10, 0, 0
    monkeypatch.setenv("PYTHONPATH", str(faults.ROOT / "tests" / "receiver"))
    for number in itertools.count(1, step):
        pressed = tmp_path / f"pressed-{number}"
        monkeypatch.setenv("TESTS_RECEIVER_INTERRUPTED_AT", str(number))
        monkeypatch.setenv("TESTS_PRESSED", str(pressed))
        done = pair["fw-a"].publish("x")
        monkeypatch.delenv("TESTS_RECEIVER_INTERRUPTED_AT")
        if not pressed.exists():
            assert not done.lacking
            break
        cases += 1
        lacking += bool(done.lacking)
        assert done.revision == 3
        wait_for(lambda: not receivers(pair["fw-b"]))
        assert bool(done.lacking) or pair["fw-b"].head == done.id
        published_once(pair)
        whole.restore()

    assert lacking >= 12 // step, "the receiver was interrupted too late each time"
    tally("Ctrl-C at a write of a receiver", cases)


def press_ctrl_c(number: int, pressed: Path, said: Path, arguments: list[str]) -> None:
    """A command line that is interrupted right before its n-th write; what it says on stderr goes into a file."""
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT), sys.stderr.fileno())
    sys.argv = ["mha", *arguments]
    faults.interrupt_before_write(number, pressed)
    main.main()
