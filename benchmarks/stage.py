"""What is measured on: stores of many files, a plain git repository of the same files, and an sshd on loopback."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from benchmarks.servers import AUTHOR
from mha.operations import publication, servers, setup
from mha.store import lock
from mha.store.home import Home, open_home
from tests.sshd import Sshd

EDITED = "objects/site-01/hosts-0/host-000001.yaml"
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MHA_", "SSH_"))},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": AUTHOR.name, "GIT_AUTHOR_EMAIL": AUTHOR.email,
    "GIT_COMMITTER_NAME": AUTHOR.name, "GIT_COMMITTER_EMAIL": AUTHOR.email,
    "MHA_AUTHOR": str(AUTHOR),
}  # fmt: skip


MHA = Path(sys.executable).with_name("mha")


def run(*command: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run a command that must succeed, and show nothing of it unless it does not."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=ENV | dict(env or {}),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def mha(*arguments: str | Path) -> None:
    """Run mha's command line in a process of its own."""
    run(MHA, *arguments)


def files(folder: Path, count: int) -> Path:
    """Small YAML files in a thousand folders at most."""
    for number in range(count):
        place = folder / "objects" / f"site-{number % 100:02}" / f"hosts-{number // 100 % 10}"
        if number < 1000:
            place.mkdir(parents=True, exist_ok=True)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        (place / f"host-{number:06}.yaml").write_text(
            f"kind: host\nname: host-{number}\naddress: {address}\ncomment: number {number}\n"
        )
    return folder


@dataclass
class Stage:
    """A folder in which all is made; `edits` counts, so that no two edits are the same."""

    root: Path
    count: int
    edits: int = 0
    made: dict[str, Home] = field(default_factory=dict)
    series: list[float] = field(default_factory=list)  # what a row leaves for the plot
    resident: dict[int, int] = field(default_factory=dict)  # KiB of memory of this process, by revision

    @classmethod
    def of(cls, root: Path, count: int) -> Self:
        """A stage with the files that everything else is made from."""
        root.mkdir()
        files(root / "files", count)
        return cls(root, count)

    def edit(self, work: Path) -> str:
        """Change one file below a folder; returns its path."""
        self.edits += 1
        (work / EDITED).write_text(f"kind: host\nname: host-1\naddress: 10.0.0.1\ncomment: edit {self.edits}\n")
        return EDITED

    def active(self) -> Home:
        """The first server, made once: a home of all the files."""
        if "fw-a" not in self.made:
            setup.init(
                self.root / "fw-a", name="fw-a", author=AUTHOR, cluster_name="bench", source=str(self.root / "files")
            )
            self.made["fw-a"] = open_home(self.root / "fw-a")
        return self.made["fw-a"]

    def standby(self, name: str, sshd: Sshd) -> Home:
        """One more server, reached by an sshd of its own: a key leads to one home."""
        if name not in self.made:
            active = self.active()
            path = self.root / name
            setup.key(path, name=name)
            home = open_home(path)
            sshd.allow("fw-a", active.public_key(), path)
            sshd.allow(name, home.public_key(), active.path)
            for one in (active, home):
                with (one.state / "known_hosts").open("a") as file:
                    file.write(sshd.known_hosts_line())
            servers.add(active, name=name, url=sshd.url(path), key=home.public_key(), author=AUTHOR)
            setup.join(str(active.path), path, name=name)
            self.made[name] = open_home(path)
        return self.made[name]

    def publish(self, *, known: bool = False) -> None:
        """Edit one file and publish it, from Python."""
        path = self.edit(self.active().work)
        publication.publish(
            open_home(self.active().path), message="a change", author=AUTHOR, paths=(path,) if known else ()
        )

    def plain(self) -> Path:
        """A git repository of the same files, with one commit, that makes all durable as mha does."""
        repository = self.root / "plain"
        if not repository.exists():
            shutil.copytree(self.root / "files", repository)
            run("git", "init", "-q", "-b", "main", repository)
            run("git", "config", "gc.auto", "0", cwd=repository)
            run("git", "add", "-A", cwd=repository)
            run("git", "commit", "-qm", "first", cwd=repository)
            run("git", "config", "core.fsync", "all", cwd=repository)
        return repository

    def commit(self) -> None:
        """Edit one file in the plain repository, and commit it."""
        self.edit(self.plain())
        run("git", "add", "-A", cwd=self.plain())
        run("git", "commit", "-qm", "a change", cwd=self.plain())

    def settle_grace(self) -> None:
        """Let the grace of all old releases be over, as after half a minute without a publish."""
        for home in self.made.values():
            notes = home.state / "releases.json"
            if notes.exists():
                with lock.held(home.git_dir):
                    old = [{**note, "seconds": 0.0} for note in json.loads(notes.read_text())]
                    notes.write_text(json.dumps(old))
