"""Three real servers for a replay: two reached by path, one by an sshd on loopback.

Whatever is done here is done by mha's own operations, each on a home that is
opened anew, as a command would.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mha.core.names import Url
from mha.operations import changeover, publication, replication, servers, setup
from mha.operations import tip as tips
from mha.store.author import Author
from mha.store.home import Home, open_home
from tests.sshd import Sshd

AUTHOR = Author("Replay", "replay@example.org")
POLL_SECONDS = 0.001
NOTED_SECONDS = 10.0


@dataclass(frozen=True)
class Server:
    """One of the three."""

    name: str
    path: Path
    transport: str  # how its peers reach it: path or ssh

    @property
    def home(self) -> Home:
        return open_home(self.path)

    def publish(self, message: str) -> publication.Published:
        return publication.publish(self.home, message=message, author=AUTHOR, as_is=True)  # histories hold empty files

    def promote(self, *, force: bool = False) -> changeover.ChangedOver:
        return changeover.promote(self.home, author=AUTHOR, force=force)

    def sync(self) -> replication.Synced:
        return replication.sync(self.home)


@dataclass
class Trio:
    """Three servers of one cluster, and which of them is Active."""

    servers: Sequence[Server]
    active: Server
    times: dict[str, float]  # seconds that init and each join took

    @classmethod
    def built(cls, root: Path, sshd: Sshd, *, source: str | None) -> Self:
        """Make the three from a source of files, or without any."""
        first = Server("fw-a", root / "fw-a", "path")
        second = Server("fw-b", root / "fw-b", "path")
        third = Server("fw-c", root / "fw-c", "ssh")
        init = timed(lambda: setup.init(first.path, name="fw-a", author=AUTHOR, cluster_name="replay", source=source))
        for server in (second, third):
            setup.key(server.path, name=server.name)
        sshd.allow("fw-c", third.home.public_key(), first.path)  # fw-c joins through ssh as well
        for peer in (first, second):
            sshd.allow(peer.name, peer.home.public_key(), third.path)
        for server in (first, second, third):
            (server.home.state / "known_hosts").write_text(sshd.known_hosts_line())
        for server, url in ((second, str(second.path)), (third, sshd.url(third.path))):
            servers.add(first.home, name=server.name, url=url, key=server.home.public_key(), author=AUTHOR)
        by_path = timed(lambda: setup.join(str(first.path), second.path, name="fw-b"))
        by_ssh = timed(lambda: setup.join(sshd.url(first.path), third.path, name="fw-c"))
        first.sync()
        second.sync()
        return cls((first, second, third), first, {"init": init, "join by path": by_path, "join by ssh": by_ssh})

    def others(self) -> list[Server]:
        """The Standbys."""
        return [server for server in self.servers if server != self.active]

    def change_over(self, *, force: bool = False) -> float:
        """Make the next server in turn the Active; returns how many seconds that took."""
        turn = list(self.servers).index(self.active) + 1
        successor = self.servers[turn % len(self.servers)]
        took = timed(lambda: successor.promote(force=force))
        self.active = successor
        return took

    def cut_off(self, server: Server) -> None:
        """Cut the links between a server and all others, in both directions."""
        for here, there in self._links(server):
            url = self._url(there).text
            _config(here, f"url./cut/{there.name}.insteadOf", url)

    def heal(self, server: Server) -> None:
        """Restore the links of a server that was cut off."""
        for here, there in self._links(server):
            _config(here, "--unset-all", f"url./cut/{there.name}.insteadOf")

    def _links(self, server: Server) -> list[tuple[Server, Server]]:
        others = [other for other in self.servers if other != server]
        return [(server, other) for other in others] + [(other, server) for other in others]

    def _url(self, server: Server) -> Url:
        return tips.tip(server.home).cluster.servers[server.name].url


class Watch:
    """Sees at which moment each server's current/ begins to serve a revision."""

    def __init__(self, servers: Sequence[Server]) -> None:
        self._links = {server.name: server.path / "current" for server in servers}
        self._seen: dict[tuple[str, str], float] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def moment(self, server: Server, oid: str) -> float | None:
        """When a server began to serve a revision, on the clock of time.perf_counter(); None if it does not.

        What was seen may be noted later: on a busy machine the looking thread waits for its turn.
        """
        deadline = time.monotonic() + NOTED_SECONDS
        while (found := self._seen.get((server.name, oid))) is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return found

    def _look(self) -> None:
        last = dict.fromkeys(self._links, "")
        while not self._end.wait(POLL_SECONDS):
            for name, link in self._links.items():
                target = os.readlink(link)
                if target != last[name]:
                    last[name] = target
                    self._seen[name, Path(target).name] = time.perf_counter()


def timed(act: Callable[[], object]) -> float:
    """How many seconds something takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _config(server: Server, *arguments: str) -> None:
    subprocess.run(["git", "config", "--file", str(server.home.git_dir / "config"), *arguments], check=True)
