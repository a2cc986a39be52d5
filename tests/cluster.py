"""Real servers in a folder: `cluster["fw-a"].publish("why")`; links between them can be cut and healed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mha.operations import changeover, publication, replication, servers, setup, status
from mha.operations import tip as tips
from mha.store.author import Author
from mha.store.files import remove_tree
from mha.store.home import Home, open_home

JANA = Author("Jana Doe", "jana@example.org")
FILES = {
    "objects/hosts.yaml": "hosts:\n  web-01: 10.1.0.10\n  web-02: 10.1.0.11\n",
    "objects/networks.yaml": "networks:\n  dmz: 10.1.0.0/24\n",
    "policies/main.yaml": (
        "kind: layer\nname: main\nrules:\n  - {name: rest, from: any, to: any, service: any, action: drop}\n"
    ),
}


@dataclass
class Server:
    """One server of a test's cluster."""

    path: Path

    @property
    def home(self) -> Home:
        """Opened anew at each use, as each command does."""
        return open_home(self.path)

    @property
    def name(self) -> str:
        return self.home.name

    @property
    def head(self) -> str:
        head = self.home.repository.head()
        assert head is not None
        return head

    @property
    def record(self):
        return tips.tip(self.home).record

    def edit(self, path: str, text: str | bytes | None) -> None:
        """Write a file of the draft, or with None delete it."""
        file = self.path / "work" / path
        if text is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def publish(self, message: str = "A change", **options) -> publication.Published:
        return publication.publish(self.home, message=message, author=JANA, **options)

    def publish_edit(self, path: str, text: str | None, message: str = "A change") -> publication.Published:
        self.edit(path, text)
        return self.publish(message)

    def sync(self) -> replication.Synced:
        return replication.sync(self.home)

    def promote(self, **options) -> changeover.ChangedOver:
        return changeover.promote(self.home, author=JANA, **options)

    def demote(self, to: str | None = None, **options) -> changeover.ChangedOver:
        return changeover.demote(self.home, author=JANA, to=to, **options)

    def status(self, **options) -> status.StatusReport:
        return status.status(self.home, **options)

    def served(self) -> dict[str, bytes]:
        """The files that a reader of current/ finds, by path."""
        return files_below(self.path / "current")

    def draft(self) -> dict[str, bytes]:
        """The files in work/, by path."""
        return {path: data for path, data in files_below(self.path / "work").items() if path != ".git"}

    def revisions(self) -> set[str]:
        """The ids of all commits that main reaches."""
        return {commit.id for commit in self.home.repository.walk(self.head)}

    def mha(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Run the real command line on this home."""
        return mha("--home", str(self.path), *arguments, **options)


@dataclass
class Stock:
    """Clusters that are built once, and copied for each test that wants one like it.

    All stand in the same folder, one after the other, because their servers know each other by path.
    """

    root: Path

    @property
    def live(self) -> Path:
        """Where the present one stands."""
        return self.root / "cluster"

    def copy(self, names: Sequence[str]) -> "Cluster":
        """A cluster as it is on its first day, at the time that the test has."""
        assert not self.live.exists(), "a test has one cluster; `Cluster.build` makes another, elsewhere"
        kept = self.root / "_".join([*names, os.environ.get("MHA_NOW", "")])
        if not kept.exists():
            Cluster.build(self.live, names)
            self.live.rename(kept)
        subprocess.run(["cp", "-a", kept, self.live], check=True)
        return Cluster(self.live, {name: Server(self.live / name) for name in names})


@dataclass
class Cluster:
    """Several servers, reached by path."""

    root: Path
    servers: dict[str, Server] = field(default_factory=dict)

    @classmethod
    def build(cls, root: Path, names: Sequence[str], *, source: Path | None = None) -> "Cluster":
        """Make the first server with some files, and let the others join."""
        cluster = cls(root)
        first, *others = names
        origin = source or write_files(root / "origin", FILES)
        setup.init(root / first, name=first, author=JANA, cluster_name="acme", source=str(origin))
        cluster.servers[first] = Server(root / first)
        cluster.add(*others)
        return cluster

    def add(self, *names: str) -> None:
        """Add servers, and let them join."""
        active = next(server for server in self.servers.values() if server.record.active == server.name)
        for name in names:
            servers.add(active.home, name=name, url=str(self.root / name), key=None, author=JANA)
        for name in names:
            setup.join(str(active.path), self.root / name, name=name)
            self.servers[name] = Server(self.root / name)
        for server in self.servers.values():
            server.sync()

    def __getitem__(self, name: str) -> Server:
        return self.servers[name]

    def cut(self, one: str, other: str) -> None:
        """Cut the link between two servers, in both directions."""
        for here, there in ((one, other), (other, one)):
            self.cut_one_way(here, there)

    def cut_one_way(self, here: str, there: str) -> None:
        """Let `here` no longer reach `there`."""
        self._git(here, f"url./cut/{there}.insteadOf", str(self.root / there))

    def heal(self, one: str, other: str) -> None:
        """Restore the link between two servers."""
        for here, there in ((one, other), (other, one)):
            self._git(here, "--unset-all", f"url./cut/{there}.insteadOf", missing_is_fine=True)

    def heal_all(self) -> None:
        for one in self.servers:
            for other in self.servers:
                if one != other:
                    self.heal(one, other)

    def isolate(self, name: str) -> None:
        """Cut a server off from all others."""
        for other in self.servers:
            if other != name:
                self.cut(name, other)

    def _git(self, name: str, *arguments: str, missing_is_fine: bool = False) -> None:
        config = str(self.root / name / "mha.git" / "config")
        done = subprocess.run(["git", "config", "--file", config, *arguments], check=False)
        assert done.returncode == 0 or (missing_is_fine and done.returncode == 5), arguments


@dataclass
class Whole:
    """A cluster as it was before something happened to it, to be put back."""

    cluster: Cluster
    kept: Path

    def __post_init__(self) -> None:
        subprocess.run(["cp", "-a", self.cluster.root, self.kept], check=True)

    def restore(self) -> None:
        remove_tree(self.cluster.root)
        subprocess.run(["cp", "-a", self.kept, self.cluster.root], check=True)


def mha(
    *arguments: str, check: bool = False, within: Sequence[str] = (), **options
) -> subprocess.CompletedProcess[str]:
    """Run the real command line, in a process of its own; `within` is what its command line begins with."""
    options.setdefault("env", dict(os.environ))
    options.setdefault("timeout", 120)
    return subprocess.run(
        [*within, sys.executable, "-m", "mha", *arguments],
        check=check,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )


def write_files(root: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def files_below(root: Path) -> dict[str, bytes]:
    """All files below a folder, by path; the folder is resolved once, as a careful reader does."""
    resolved = root.resolve(strict=True)
    return {str(path.relative_to(resolved)): path.read_bytes() for path in resolved.rglob("*") if path.is_file()}
