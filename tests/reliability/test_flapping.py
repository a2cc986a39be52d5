"""A link that comes and goes every few seconds: nothing is lost, nothing grows without bound, each status is true."""

import json
import os
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mha.operations import verification
from mha.store import releases
from mha.store.repository import DRAFTS, KEEP
from tests.reliability.namespaces import Host, Network, require_namespaces, wait_until
from tests.reliability.stories import unfinished
from tests.reliability.watched import SLACK, Watched

A, B = "fw-a", "fw-b"
MOST_PROCESSES = 80  # on one machine; a command takes about eight
MOST_SOCKETS = 6  # of shared connections: two homes, and a new name every ten minutes
MOST_RELEASES = releases.KEPT + releases.POOL + 40  # each stays for half a minute after it was current
MOST_MIB = 250  # of an agent
HEALED_SECONDS = 90.0


@dataclass
class Flapping:
    """Two servers with their agents, the link between them, and what was seen."""

    watched: Watched
    seconds: float
    flaps: int = 0
    said: Counter[str] = field(default_factory=Counter)  # by statuses of peers
    wrong: list[str] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)  # of processes, sockets, releases, MiB of an agent

    @property
    def net(self) -> Network:
        return self.watched.net

    def run(self) -> None:
        """Let the link flap, and publish and ask meanwhile."""
        ended = threading.Event()
        with ExitStack() as stack:
            agents = [stack.enter_context(agent(self.net[name])) for name in (A, B)]
            threads = [threading.Thread(target=each, args=(ended,)) for each in (self.flap, self.ask)]
            for thread in threads:
                thread.start()
            deadline = time.monotonic() + self.seconds
            try:
                for number in range(1_000_000):
                    if time.monotonic() >= deadline:
                        break
                    self.publish(number)
                    self.measure([process.pid for process in agents])
            finally:
                ended.set()
                for thread in threads:
                    thread.join()
            self.net.heal()
            wait_until(self.is_synchronized, "all have all", seconds=HEALED_SECONDS + SLACK)

    def flap(self, ended: threading.Event) -> None:
        ways: list[Callable[[], None]] = [
            lambda: self.net.cut(A, B), lambda: self.net.cut_one_way(A, B),
            lambda: self.net.cut_one_way(B, A), lambda: self.net.pull(B),
        ]  # fmt: skip
        while not ended.wait(random.uniform(0.5, 3)):
            random.choice(ways)()
            self.flaps += 1
            is_long = self.seconds > 60 and random.random() < 0.1  # so that connections are given up
            ended.wait(random.uniform(12, 25) if is_long else random.uniform(0.5, 4))
            self.net.heal()

    def publish(self, number: int) -> None:
        host = self.net[A]
        host.edit(f"objects/of-{number % 20}.yaml", f"x-number: {number}\n")
        done = host.mha("publish", "-m", f"Change {number}", "--json", timeout=300)
        if done.returncode != 0:
            self.wrong.append(f"publish {number}: {done.returncode}, {done.stderr}")
            return
        answer = json.loads(done.stdout)
        self.watched.acknowledged.append(answer["id"])
        for peer in answer["peers"]:
            self.said[f"publish: {peer['sync']}"] += 1
            if peer["sync"] == "synchronized" and not holds(self.net[peer["name"]], answer["id"]):
                self.wrong.append(f"publish {number} says that {peer['name']} holds it")
        self.watched.see()

    def ask(self, ended: threading.Event) -> None:
        while not ended.is_set():
            for name, other in ((A, B), (B, A)):
                here, there = self.net[name], self.net[other]
                before = here.head, there.head
                done = here.mha("status", "--json", timeout=300)
                self.judge(name, json.loads(done.stdout), before, (here.head, there.head))

    def judge(self, name: str, said: dict[str, Any], before: tuple[str, str], after: tuple[str, str]) -> None:
        """Compare a status with what both servers held right before and right after it."""
        repository, own, [peer] = self.net[name].home.repository, said["server"]["head"], said["peers"]
        self.said[f"status: {peer['sync']}"] += 1
        claims = [(name, own, before[0], after[0])]
        if peer["sync"] in ("synchronized", "lagging", "advanced"):
            claims.append((peer["name"], peer["head"], before[1], after[1]))
        for whose, head, earlier, later in claims:
            keeper = self.net[whose].home.repository
            if not (keeper.contains(later, head) and keeper.contains(head, earlier)):
                self.wrong.append(f"{name} says that the head of {whose} is {head}, and it went {earlier} to {later}")
        true = {
            "synchronized": peer["head"] == own,
            "lagging": peer["behind"] > 0 and repository.ahead_behind(own, peer["head"]) == (0, peer["behind"]),
            "advanced": peer["ahead"] > 0 and repository.ahead_behind(own, peer["head"]) == (peer["ahead"], 0),
            "not communicating": peer["head"] is None or holds(self.net[peer["name"]], peer["head"]),
        }
        everything = said["message"] == "Successfully synchronized"
        if not true.get(peer["sync"], peer["sync"] == "sync error") or (everything and peer["sync"] != "synchronized"):
            self.wrong.append(f"{name}: {said}")

    def measure(self, agents: list[int]) -> None:
        sockets = Path(os.environ["XDG_RUNTIME_DIR"]) / f"mha-{os.getuid()}"
        found = {"sockets": len(list(sockets.glob("*"))), "MiB of an agent": max(map(memory_mib, agents))}
        for host in self.net.servers.values():
            found["processes"] = max(found.get("processes", 0), len(host.processes()))
            found["releases"] = max(found.get("releases", 0), len(releases.folders(host.home)))
        self.most |= Counter(found)

    def is_synchronized(self) -> bool:
        return len({host.head for host in self.net.servers.values()}) == 1

    def check_bounds(self) -> None:
        """Nothing is left of it, and what is there is what a quiet day leaves as well."""
        assert self.most["processes"] <= MOST_PROCESSES
        assert self.most["sockets"] <= MOST_SOCKETS
        assert self.most["releases"] <= MOST_RELEASES
        assert self.most["MiB of an agent"] <= MOST_MIB
        for host in self.net.servers.values():
            assert verification.verify(host.home, deep=True).findings == ()
            assert unfinished(host) == []
            assert host.home.repository.refs(KEEP) == host.home.repository.refs(DRAFTS) == {}
            assert len(list((host.home.state / "contacts").iterdir())) == 1
            names = {path.name for path in host.path.iterdir()}
            assert names == {"current", "mha.git", "releases"} | ({"work"} if host.name == A else set())


def holds(host: Host, oid: str) -> bool:
    return host.home.repository.contains(host.head, oid)


def memory_mib(process: int) -> int:
    text = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS:")) >> 10


@contextmanager
def agent(host: Host) -> "Iterator[subprocess.Popen[str]]":
    """An agent on its machine; it goes on while the block runs."""
    process = host.begin("agent")
    heard = threading.Thread(target=process.communicate)  # else its words fill the pipe
    heard.start()
    try:
        yield process
    finally:
        process.terminate()
        heard.join()


@pytest.mark.timeout(7200)
def test_a_link_that_flaps_costs_time_and_nothing_else(full, tally, tmp_path):
    require_namespaces()
    with Network.built(tmp_path, (A, B)) as net:
        text = net[A].served()["mha.yaml"].decode()
        net[A].publish_edit("mha.yaml", text.replace("sync-interval: 60s", "sync-interval: 2s"))
        assert net[A].mha("sync").returncode == 0
        flapping = Flapping(Watched(net), 3600.0 if full else 20.0)
        flapping.run()
        assert flapping.wrong == []
        flapping.watched.converges(A)
        flapping.check_bounds()
        assert flapping.flaps > flapping.seconds / 10
        figures = ", ".join(f"{number} {what}" for what, number in sorted(flapping.most.items()))
        statuses = ", ".join(f"{number} {what}" for what, number in sorted(flapping.said.items()))
        tally(f"flaps of a link in {flapping.seconds:.0f} s; at most {figures}; {statuses}", flapping.flaps)
