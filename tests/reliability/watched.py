"""Stories of servers on machines of their own, each told in a network of its own, with the invariants checked.

What a command may take, by mha/store/peers.py: a new connection 5 s; an answer 10 s; a transfer over a dead link 20 s
(ssh asks every 5 s, and gives up after the third question without an answer); a transfer to a peer that stands still
30 s, and up to 64 s more where megabytes may be on their way; then 10 s for the question what became of it.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.reliability.namespaces import Network

ASK = 10.0
LOST = ASK + 20.0 + ASK  # the peers are asked; the transfer dies with its link; the peer is asked again
STILL = ASK + 30.0 + ASK  # the same, where the peer stands still
SLACK = 60.0  # what a busy machine may add
AT_ONCE = 6


@dataclass
class Watched:
    """A network whose invariants are checked: what was acknowledged, and every head that was seen."""

    net: Network
    acknowledged: list[str] = field(default_factory=list)
    heads: dict[str, list[str]] = field(default_factory=dict)

    def see(self) -> None:
        """Note where each server's `main` is now."""
        for name, host in self.net.servers.items():
            if (head := host.home.repository.head()) is not None:
                self.heads.setdefault(name, []).append(head)

    def publish(self, name: str, number: int = 0) -> None:
        """Publish something small, which must succeed."""
        host = self.net[name]
        host.edit(f"objects/of-{name}-{number}.yaml", f"x-number: {number}\n")
        done = host.mha("publish", "-m", "Something small")
        assert done.returncode == 0, done.stderr
        self.acknowledged.append(host.head)
        self.see()

    def refused(self, name: str, code: int) -> None:
        """A publish must be refused with this exit code, and move nothing."""
        host, before = self.net[name], self.net[name].head
        done = host.mha("publish", "-m", "Not allowed")
        assert (done.returncode, host.head) == (code, before), done.stderr

    def check(self) -> None:
        """`main` never moved back, nothing acknowledged is lost, and one server published in each epoch."""
        self.see()
        publishers: dict[int, set[str]] = {}
        for name, host in self.net.servers.items():
            repository, seen = host.home.repository, self.heads.get(name, [])
            for earlier, later in pairwise(seen):
                assert repository.contains(later, earlier), f"main of {name} moved back"
            lines = [*repository.refs("refs/mha/keep/").values(), *seen[-1:]]
            for commit in (commit for line in lines for commit in repository.walk(line)):
                record = commit.record
                if record is not None and record.active == record.server and len(commit.parents) < 2:
                    publishers.setdefault(record.epoch, set()).add(record.server)
        assert all(len(servers) == 1 for servers in publishers.values()), publishers

    def converges(self, name: str) -> None:
        """One `mha sync`, on one server: all hold and serve the same, and all that was acknowledged is part of it."""
        self.net.heal()
        done = self.net[name].mha("sync")
        assert done.returncode == 0, done.stdout + done.stderr
        self.check()
        heads = {host.head for host in self.net.servers.values()}
        assert heads == {self.net[name].head}
        repository = self.net[name].home.repository
        assert all(repository.contains(self.net[name].head, oid) for oid in self.acknowledged)
        served = [host.served() for host in self.net.servers.values()]
        assert all(files == served[0] for files in served)


@contextmanager
def begun(net: Network, name: str, *arguments: str, seconds: float = LOST) -> Iterator["Ended"]:
    """A command that goes on while the block runs; afterwards it must end within its deadline."""
    process, ended = net[name].begin(*arguments), Ended()
    try:
        yield ended
        ended.out, ended.err = process.communicate(timeout=seconds + SLACK)
        ended.code = process.returncode
    finally:
        process.kill()
        process.wait()


@dataclass
class Ended:
    """How a command ended."""

    code: int = -1
    out: str = ""
    err: str = ""


def result_is_unknown(done: Ended) -> bool:
    said = "Error: The result on fw-a is not known: no answer came.\nHint: Ask again with `mha status`.\n"
    assert (done.code, done.err) == (6, said)
    return True


@dataclass(frozen=True)
class Case:
    """One story, and the network that it is told in."""

    name: str
    story: Callable[[Watched], None]
    servers: Sequence[str] = ("fw-a", "fw-b")
    joined: bool = True


def failures(cases: Sequence[Case], root: Path) -> list[str]:
    """Tell stories side by side, since they wait more than they work; returns what went wrong."""
    roots = [root / str(number) for number in range(len(cases))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [failure for failure in pool.map(_told, cases, roots) if failure]


def _told(case: Case, root: Path) -> str:
    try:
        with Network.built(root, case.servers, joined=case.joined) as net:
            watched = Watched(net)
            watched.see()
            case.story(watched)
    except (AssertionError, subprocess.SubprocessError) as error:
        return f"{case.name}: {type(error).__name__}: {error}"
    return ""
