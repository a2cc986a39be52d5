"""Many publishers, readers and peers at once, and clocks that jump: what was acknowledged is there, exactly once."""

import json
import multiprocessing
import os
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mha.errors import HomeBusy
from mha.operations import publication
from mha.store import trees
from mha.store.home import Home, open_home
from tests.cluster import JANA
from tests.test_readers import reader, tree_of

PUBLISHERS = 8
READERS = 4
YEARS = range(1975, 2100)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["mha.operations.publication", "tests.reliability.test_load"])


@dataclass(frozen=True)
class Publisher:
    """One of several who edit the same draft: each has a file of its own, and publishes whatever is there."""

    home: Path
    number: int
    report: Path
    steps: int

    def run(self) -> None:
        """Write, publish, note what was acknowledged; at each round the clock shows another year."""
        acknowledged, busy, chance = [], 0, random.Random(self.number)
        for step in range(1, self.steps + 1):
            moment = datetime(chance.choice(YEARS), 7, 1, tzinfo=UTC)
            os.environ["MHA_NOW"] = moment.isoformat()
            self._edit(step, moment.timestamp())
            while True:
                try:
                    publication.publish(open_home(self.home), message=f"{self.number}: {step}", author=JANA)
                except HomeBusy:  # said clearly, and nothing is lost: the publisher tries again
                    busy += 1
                else:
                    break
            acknowledged.append(step)
        self.report.write_text(json.dumps({"acknowledged": acknowledged, "busy": busy}))

    def _edit(self, step: int, moment: float) -> None:
        """Save as an editor does, with one rename; the file's own time is that of the clock that jumps."""
        scratch = self.report.with_suffix(".yaml")
        scratch.write_text(f"x-step: {step}\n")
        os.utime(scratch, (moment, moment))
        scratch.replace(self.home / "work" / file_of(self.number))


def file_of(number: int) -> str:
    return f"objects/of-{number}.yaml"


def published(home: Home) -> list[tuple[str, dict[int, int]]]:
    """The revisions in order: the id of each, and what each publisher's file says in it."""
    head, found = home.repository.head(), []
    assert head is not None
    for commit in home.repository.walk(head):
        steps = {}
        for number in range(PUBLISHERS):
            blob = trees.find(home.repository, commit.tree, file_of(number))
            if blob is not None:
                steps[number] = int(trees.read(home.repository, blob).removeprefix(b"x-step: "))
        found.append((commit.id, steps))
    return found[::-1]


def check_history(home: Home, reports: list[dict[str, list[int]]]) -> int:
    """Everything acknowledged is in the history exactly once, in the order of each publisher; returns its length."""
    revisions = published(home)
    records = [home.repository.record(oid) for oid, _ in revisions]
    assert [record.revision for record in records] == list(range(1, len(records) + 1))
    assert {(record.epoch, record.active, record.server) for record in records} == {(1, "fw-a", "fw-a")}
    for number, report in enumerate(reports):
        steps = [found.get(number, 0) for _, found in revisions]
        arrived = [now for before, now in zip([0, *steps], steps, strict=False) if now != before]
        assert arrived == sorted(set(arrived)), "a step came twice, or went back"
        assert set(report["acknowledged"]) <= set(arrived), "what was acknowledged is not there"
    return len(revisions)


@pytest.mark.timeout(900)
def test_eight_publishers_and_four_readers_with_a_clock_that_jumps(full, tally, make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b")
    active, standby = cluster["fw-a"], cluster["fw-b"]
    before = active.record.revision
    jobs = [Publisher(active.path, number, tmp_path / f"publisher-{number}", 100 if full else 2) for number in range(8)]
    began = time.monotonic()

    with ExitStack() as stack:
        for number in range(READERS):
            server = (active, standby)[number % 2]
            stack.enter_context(reader("loop", server.path / "current", tmp_path / f"reader-{number}"))
        processes = [PROCESSES.Process(target=job.run) for job in jobs]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    minutes = (time.monotonic() - began) / 60

    assert [process.exitcode for process in processes] == [0] * PUBLISHERS
    reports = [json.loads(job.report.read_text()) for job in jobs]
    revisions = check_history(active.home, reports)
    assert active.mha("sync").returncode == 0
    assert standby.head == active.head
    assert standby.served() == active.served()
    rounds = 0
    for number in range(READERS):
        found = json.loads((tmp_path / f"reader-{number}").read_text())
        assert found["problems"] == []
        assert found["seen"] == {oid: tree_of(active.home, oid) for oid in found["seen"]}, "a reader found a mixture"
        rounds += found["rounds"]
    busy = sum(report["busy"] for report in reports)
    rate = (revisions - before) / minutes
    tally(f"revisions by {PUBLISHERS} publishers at once, {rate:.0f} a minute, {busy} times busy", revisions - before)
    tally(f"readings of current/ by {READERS} readers meanwhile", rounds)


@pytest.mark.timeout(900)
def test_one_home_takes_five_hundred_revisions_a_minute(full, tally, make_cluster):
    """By one publisher with one process; what the command line adds is the start of Python."""
    server, revisions = make_cluster("fw-a")["fw-a"], 1000 if full else 20
    began = time.monotonic()
    for number in range(revisions):
        server.publish_edit("objects/hosts.yaml", f"x-number: {number}\n")
    rate = revisions / (time.monotonic() - began) * 60
    assert server.record.revision == revisions + 1
    assert rate > 500 or not full
    tally(f"revisions by one publisher without peers, {rate:.0f} a minute", revisions)
