"""Power cuts: a file system stops in the middle; after the boot, all that was acknowledged is there."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from mha.errors import ExitCode
from mha.store.files import sync_folder
from tests.cluster import Cluster
from tests.reliability import loop
from tests.reliability.editor import write
from tests.reliability.loop import Cut
from tests.reliability.site import A, B, Editor, Site, losses

BOTH = (A, B)
HOSTS = "objects/hosts.yaml"
LINES = b"".join(b"# web-%05d: 10.1.0.10\n" % number for number in range(1000))


class Moment(StrEnum):
    JOINED = "right after init and join"
    ACKNOWLEDGED = "right after the acknowledgement"
    RANDOM = "at a random moment of publishes and pushes"


@dataclass(frozen=True)
class Case:
    moment: Moment
    victims: tuple[str, ...]
    how: Cut


SHORT = {
    "ext4": [
        Case(Moment.JOINED, BOTH, Cut.NOTHING),
        Case(Moment.ACKNOWLEDGED, BOTH, Cut.NOTHING),
        Case(Moment.RANDOM, (A,), Cut.JOURNAL),
    ],
    "xfs": [
        Case(Moment.ACKNOWLEDGED, BOTH, Cut.JOURNAL),
        Case(Moment.RANDOM, (A,), Cut.NOTHING),
        Case(Moment.RANDOM, (B,), Cut.NOTHING),
    ],
}
EACH = [(victims, how) for victims in ((A,), (B,), BOTH) for how in Cut]
LONG = [
    Case(Moment.JOINED, BOTH, Cut.NOTHING),
    *(Case(Moment.ACKNOWLEDGED, *case) for case in EACH * 2),
    *(Case(Moment.RANDOM, *case) for case in EACH * 9),
]


@pytest.fixture(params=loop.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    reason = loop.reason_against_disks(request.param)
    if reason:
        pytest.skip(reason)
    return str(request.param)


@contextmanager
def chances() -> Iterator[random.Random]:
    """Randomness whose seed pytest prints with a failure."""
    seed = os.environ.get("TESTS_SEED") or str(random.SystemRandom().randrange(1 << 32))
    print(f"TESTS_SEED={seed}")
    yield random.Random(seed)


@pytest.mark.timeout(7200)
def test_what_was_acknowledged_survives_a_power_cut(kind, tmp_path, full, tally):
    cases = LONG if full else SHORT[kind]
    with chances() as chance, Site.built(kind, tmp_path / "cluster") as site:
        for number, case in enumerate(cases):
            print(number, case, flush=True)
            cut(site, case, chance)

            assert losses(site) == []
            assert no_damaged_draft_is_published(site)

        assert site.publish(HOSTS, chance).returncode == 0
        assert site[A].served() == site[B].served()
    for moment in Moment:
        if count := sum(case.moment is moment for case in cases):
            tally(f"power cut on {kind}, {moment}", count)


def cut(site: Site, case: Case, chance: random.Random) -> None:
    """Cut the power at the chosen moment, and boot.

    What is published up to then shows that the boot before left nothing to do by hand.
    """
    match case.moment:
        case Moment.JOINED:
            site.cut(case.victims, case.how)
        case Moment.ACKNOWLEDGED:
            done = site.publish(HOSTS, chance)
            site.cut(case.victims, case.how)
            assert done.returncode == 0, done
        case Moment.RANDOM:
            with Editor.started(site, str(chance.random())) as editor:
                seconds = editor.wait_for_both()
                time.sleep(chance.uniform(0, 2 * seconds))
                site.cut(case.victims, case.how)
    site.boot(case.victims)


def no_damaged_draft_is_published(site: Site) -> bool:
    """Whether a publish refuses what the cut left of files that were being edited; afterwards they are discarded."""
    work = site[A].path / "work"
    damaged = [path for path in sorted(site.at_risk) if (work / path).is_file() and is_damaged(work / path)]
    if damaged:
        done = site[A].mha("publish", "-m", "Not looked at")
        assert done.returncode == ExitCode.INVALID, done
        assert [path for path in damaged if path not in done.stderr] == []
        assert site[A].mha("discard", *damaged).returncode == 0
    return True


def is_damaged(path: Path) -> bool:
    """Every editor here ends its last line."""
    return not path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("how", Cut)
def test_a_draft_that_a_cut_took_is_not_published_without_a_word(kind, how, tmp_path, tally):
    """One editor syncs nothing, one syncs its first block; a new file and edited ones, in place and by rename."""
    with loop.disks(kind, tmp_path / "cluster", (A,)) as disks:
        server = Cluster.build(tmp_path / "cluster", (A,))[A]
        work, head = server.path / "work", server.head
        write(work / HOSTS, LINES, in_place=False, sync=False)
        write(work / "objects/new.yaml", LINES, in_place=True, sync=False)
        write(work / "objects/networks.yaml", LINES[:4096], in_place=True, sync=True)
        with (work / "objects/networks.yaml").open("ab") as file:
            file.write(LINES[4096:])
        sync_folder(work / "objects")
        disks[A].cut(how)
        disks[A].boot()
        found = server.draft()

        done = server.mha("publish", "-m", "Not looked at")

        damaged = [path for path, data in found.items() if data == b"" or (data in LINES and len(data) % 4096 == 0)]
        assert {"objects/networks.yaml", "objects/new.yaml"} <= set(damaged)
        assert (done.returncode, server.head) == (ExitCode.INVALID, head)
        assert [path for path in damaged if path not in done.stderr] == []
        assert server.mha("publish", "-m", "As it is", "--as-is").returncode == ExitCode.DONE
    tally(f"draft emptied by a power cut on {kind}, {how.name.lower()} flushed", 1)
