"""Servers on machines of their own: each in a network namespace, with a real sshd, behind one router.

    fw-a ──10.77.1.0/30──┐
    fw-b ──10.77.2.0/30──┤ router: forwards, or drops without a word what goes from one server to another
    fw-c ──10.77.3.0/30──┘

A cut is made in the router, in one direction or in both, so that neither end is told: packets are lost, as with
a firewall that was misconfigured or a line that broke far away. Connections that stand stay open on both sides.
"""

import contextlib
import fcntl
import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mha.operations import setup
from tests.cluster import FILES, JANA, Server, mha, write_files
from tests.sshd import Sshd, reason_against_sshd

_numbers = itertools.count(1)


@functools.cache
def reason_against_namespaces() -> str | None:
    """Why no servers can be put into network namespaces here, or None."""
    if os.getuid() != 0:
        return "only root can make network namespaces"
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "there is no ip or tc here: apt install iproute2"
    probe = f"mha-{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        try:
            _ip("-n", probe, "rule", "add", "from", "10.1.1.1", "to", "10.1.1.2", "blackhole")
        finally:
            _ip("netns", "del", probe)
    except subprocess.CalledProcessError as error:
        return f"this kernel makes no network namespaces with routing rules: {error.stderr.strip()}"
    return reason_against_sshd()


@dataclass
class Host(Server):
    """A server on a machine of its own; its commands run there."""

    namespace: str
    address: str

    @property
    def within(self) -> list[str]:
        """What the command line of whatever runs there begins with."""
        return ["ip", "netns", "exec", self.namespace]

    def mha(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        return mha("--home", str(self.path), *arguments, within=self.within, **options)

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the real command line there, and go on."""
        return subprocess.Popen(
            [*self.within, sys.executable, "-m", "mha", "--home", str(self.path), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def processes(self, *words: str) -> list[int]:
        """The processes on this machine whose command line holds all these words."""
        there = (Path("/run/netns") / self.namespace).stat().st_ino
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "ns" / "net").stat().st_ino != there:
                    continue
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if all(word in line for word in words):
                found.append(int(process.name))
        return sorted(found)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Hold this home's lock for the length of the block, so that whoever wants it next waits at that point."""
        with (self.path / "mha.git/mha/lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def wanting_lock(self, *words: str) -> list[int]:
        """The processes here, of those whose command line holds these words, that have the home's lock file open."""
        lock = self.path / "mha.git/mha/lock"
        return [process for process in self.processes(*words) if lock in _open_files(process)]

    def lock_text(self) -> str:
        """What the last who took this home's lock wrote into it."""
        file = self.path / "mha.git/mha/lock"
        return file.read_text() if file.exists() else ""

    def freeze_holder(self) -> int:
        """Stop whoever takes this home's lock next, while it has it; returns the process."""
        before, deadline = self.lock_text(), time.monotonic() + 60
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # this thread alone: it must not come too late
        try:
            while (text := self.lock_text()) in (before, ""):
                assert time.monotonic() < deadline, "nobody took the lock"
                time.sleep(0.001)
            process = int(text.removeprefix("process "))
            os.kill(process, signal.SIGSTOP)
        finally:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        return process

    def quarantine(self) -> int:
        """How many bytes of a push lie here, received and not yet accepted."""
        files = (self.path / "mha.git/objects").glob("tmp_objdir-incoming-*/**/*")
        size = 0
        for file in files:
            with contextlib.suppress(OSError):  # it is moved, or taken away, meanwhile
                size += file.stat().st_size
        return size


@dataclass
class Network:
    """Servers, each in a namespace, and the router between them."""

    root: Path
    router: str
    servers: dict[str, Host]
    sshds: dict[str, Sshd]

    def __getitem__(self, name: str) -> Host:
        return self.servers[name]

    @classmethod
    @contextmanager
    def built(cls, root: Path, names: Sequence[str], *, joined: bool = True) -> Iterator["Network"]:
        """A cluster over ssh; the first server is Active, and with `joined` the others are its Standbys."""
        prefix = f"mha-{os.getpid()}-{next(_numbers)}"
        with ExitStack() as stack:
            stack.enter_context(_namespace(f"{prefix}-router"))
            hosts: dict[str, Host] = {}
            sshds: dict[str, Sshd] = {}
            for number, name in enumerate(names, 1):
                stack.enter_context(_namespace(f"{prefix}-{name}"))
                hosts[name] = Host(root / name, f"{prefix}-{name}", f"10.77.{number}.2")
                _wire(f"{prefix}-router", hosts[name], number)
                sshds[name] = stack.enter_context(
                    Sshd.started(root / f"sshd-{name}", address=hosts[name].address, port=22, within=hosts[name].within)
                )
            network = cls(root, f"{prefix}-router", hosts, sshds)
            network._found()
            if joined:
                network.join(*list(hosts)[1:])
            yield network

    def url(self, name: str) -> str:
        """The address of a server's home."""
        return self.sshds[name].url(self[name].path)

    def join(self, *names: str) -> None:
        """Let servers join, each by its own command."""
        first = next(iter(self.servers))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.joining(name, first).check_returncode(), names))
        if names:
            self[first].mha("sync", check=True)

    def joining(self, name: str, source: str) -> subprocess.CompletedProcess[str]:
        """Run `mha join` on a server."""
        return mha(
            "join", self.url(source), str(self[name].path), "--name", name, within=self[name].within, timeout=300
        )

    def cut_one_way(self, source: str, target: str) -> None:
        """Lose what one server sends to another, from now on."""
        self._rule("add", source, target)

    def cut(self, one: str, other: str) -> None:
        """Lose what two servers send to each other."""
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def heal(self) -> None:
        """Let everything through again."""
        for source, target in itertools.permutations(self.servers, 2):
            while self._rule("del", source, target, check=False) == 0:
                pass
        for name in self.servers:
            self.plug(name)

    def lose(self, addresses: str) -> None:
        """Lose whatever is sent to some addresses, without a word."""
        _ip("-n", self.router, "route", "add", "blackhole", addresses)

    def pull(self, name: str) -> None:
        """Pull a server's cable: nothing leaves it or comes to it, and its own network card knows."""
        _ip("-n", self.router, "link", "set", self._port(name), "down")

    def plug(self, name: str) -> None:
        """Plug a server's cable in."""
        _ip("-n", self.router, "link", "set", self._port(name), "up")

    def slow(self, name: str, rate: str) -> None:
        """Make a server's line slow, in both directions: "2mbit"."""
        limit = ("root", "tbf", "rate", rate, "burst", "16kb", "latency", "500ms")
        for namespace, device in ((self.router, self._port(name)), (self[name].namespace, "eth0")):
            _tc("-n", namespace, "qdisc", "replace", "dev", device, *limit)

    def _rule(self, verb: str, source: str, target: str, *, check: bool = True) -> int:
        way = ("from", self[source].address, "to", self[target].address, "blackhole")
        return _ip("-n", self.router, "rule", verb, *way, check=check)

    def _port(self, name: str) -> str:
        return f"port{list(self.servers).index(name) + 1}"

    def _found(self) -> None:
        """Make the first server, list the others with their keys, and let every server trust every other."""
        names = list(self.servers)
        first = self[names[0]]
        origin = write_files(self.root / "origin", FILES)
        setup.init(
            first.path, name=names[0], author=JANA, url=self.url(names[0]), cluster_name="acme", source=str(origin)
        )
        for name in names[1:]:
            setup.key(self[name].path, name=name)
        listed = "".join(
            f'  {name}: {{url: "{self.url(name)}", key: {self[name].home.public_key()}, role: secondary}}\n'
            for name in names[1:]
        )
        text = first.served()["mha.yaml"].decode()
        first.publish_edit("mha.yaml", text.replace("settings:", f"{listed}settings:", 1))
        known = "".join(sshd.known_hosts_line() for sshd in self.sshds.values())
        for name, other in itertools.permutations(names, 2):
            self.sshds[name].allow(other, self[other].home.public_key(), self[name].path)
        for name in names:
            (self[name].home.state / "known_hosts").write_text(known)


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    """Wait for a condition, however slow this machine is now."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


@contextmanager
def frozen(*processes: int) -> Iterator[None]:
    """Stop processes for the length of the block."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        thaw(*processes)


def thaw(*processes: int) -> None:
    """Let stopped processes go on, those that are still there."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    """A network namespace; whatever still runs in it is killed at the end."""
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True).stdout
        for pid in map(int, pids.split()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _ip("netns", "del", name)


def _wire(router: str, host: Host, number: int) -> None:
    """Lay a line between a server and the router."""
    there = ("peer", "name", f"port{number}", "netns", router)
    _ip("link", "add", "eth0", "netns", host.namespace, "type", "veth", *there)
    _ip("-n", router, "addr", "add", f"10.77.{number}.1/30", "dev", f"port{number}")
    _ip("-n", router, "link", "set", f"port{number}", "up")
    _ip("-n", host.namespace, "addr", "add", f"{host.address}/30", "dev", "eth0")
    _ip("-n", host.namespace, "link", "set", "eth0", "up")
    _ip("-n", host.namespace, "route", "add", "default", "via", f"10.77.{number}.1")
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    subprocess.run(["ip", "netns", "exec", router, "sh", "-c", forward], check=True)


def _ip(*arguments: str, check: bool = True) -> int:
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).returncode


def _tc(*arguments: str) -> None:
    subprocess.run(["tc", *arguments], check=True, capture_output=True, text=True)


def _open_files(process: int) -> list[Path]:
    try:
        return [entry.readlink() for entry in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return []


def require_namespaces() -> None:
    """Skip the test where no namespaces can be made, and say why."""
    reason = reason_against_namespaces()
    if reason:
        pytest.skip(reason)
