"""Two servers on disks whose power can be cut, what they promised, and what must hold after the boot."""

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.cluster import Cluster, Server, files_below
from tests.faults import ROOT
from tests.reliability.loop import Cut, Disk, disks

A, B = "fw-a", "fw-b"
_PATIENCE_SECONDS = 120


@dataclass
class Site:
    """fw-a, Active, and fw-b, each on a disk of its own."""

    cluster: Cluster
    disks: dict[str, Disk]
    held: dict[str, set[str]] = field(default_factory=lambda: {A: set(), B: set()})  # what each acknowledged
    served: dict[str, set[str]] = field(default_factory=lambda: {A: set(), B: set()})  # and said that it serves
    at_risk: set[str] = field(default_factory=set)  # the files that are edited and not published

    @classmethod
    @contextmanager
    def built(cls, kind: str, root: Path) -> "Iterator[Site]":
        """The two servers; their disks go with the block."""
        with disks(kind, root, (A, B)) as made:
            yield cls(Cluster.build(root, (A, B)), made)

    def __getitem__(self, name: str) -> Server:
        return self.cluster[name]

    def publish(self, path: str, chance: random.Random) -> "subprocess.CompletedProcess[str]":
        """Edit a file and publish from the command line, until fw-b holds it as well."""
        self[A].edit(path, f"x-moment: {chance.randrange(10**9)}\n")
        done = self[A].mha("publish", "-m", "By hand", "--wait", "1", "--json")
        if done.returncode == 0:
            self.note([{"id": json.loads(done.stdout)["id"], "held": [A, B], "served": [A, B]}])
        return done

    def cut(self, victims: Sequence[str], how: Cut) -> None:
        """Cut the power of some servers."""
        for name in victims:
            self.disks[name].cut(how)

    def boot(self, victims: Sequence[str]) -> None:
        """Start them again."""
        for name in victims:
            self.disks[name].boot()

    def note(self, said: Sequence[dict[str, Any]]) -> None:
        """Remember what an editor was promised, and what it was about to publish."""
        for words in said:
            if "editing" in words:
                self.at_risk.add(words["editing"])
                continue
            self.at_risk.clear()
            for name in words["held"]:
                self.held[name].add(words["id"])
            for name in words["served"]:
                self.served[name].add(words["id"])


@dataclass
class Editor:
    """The process that edits and publishes on fw-a, and what it has said so far."""

    process: "subprocess.Popen[str]"
    complaints: Path
    said: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    @contextmanager
    def started(cls, site: Site, seed: str) -> "Iterator[Editor]":
        """An editor; at the end of the block it finishes what it does, if it lives, and the site knows all it said."""
        complaints = site.cluster.root.with_name("complaints")
        command = [sys.executable, "-m", "tests.reliability.editor", str(site[A].path), seed]
        environment = os.environ | site.disks[A].environment
        with complaints.open("w") as file:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        assert process.stdin is not None
        assert process.stdout is not None
        editor = cls(process, complaints)
        listener = threading.Thread(target=editor._listen, args=(process.stdout,))
        listener.start()
        try:
            yield editor
        finally:
            process.stdin.close()
            process.wait(timeout=_PATIENCE_SECONDS)
            listener.join()
            process.stdout.close()
            site.note(editor.said)

    def wait_for_both(self) -> float:
        """Until it has published something that fw-b holds as well; returns the seconds that this took."""
        start = time.monotonic()
        while not any(B in words.get("held", ()) for words in list(self.said)):
            assert self.process.poll() is None, self.complaints.read_text()
            assert time.monotonic() - start < _PATIENCE_SECONDS, self.said
            time.sleep(0.001)
        return time.monotonic() - start

    def _listen(self, lines: IO[str]) -> None:
        for line in lines:
            self.said.append(json.loads(line))


def losses(site: Site) -> list[str]:
    """All that is not as it was promised, as sentences; looked at with git alone, right after a boot."""
    found = []
    for name, server in site.cluster.servers.items():
        history = _history(server, "main")
        found += [f"{name} lost {oid}" for oid in site.held[name] - history]
        found += [f"{name}: {line}" for line in _fsck(server)]
        served = os.readlink(server.path / "current").removeprefix("releases/")
        found += [f"{name} no longer serves {oid}" for oid in site.served[name] - _history(server, served)]
        found += [f"{name} serves {path} wrong" for path in differing(server, served, server.path / "current")]
    found += [f"{B} got {oid}, which {A} lost" for oid in _history(site[B], "main") - _history(site[A], "main")]
    drafted = set(differing(site[A], "main", site[A].path / "work"))
    published = site[A].head not in site.held[A]  # the last edits are, although nobody was told so any more
    found += [
        f"{path} was published, and work/ lost it" for path in sorted(drafted - (set() if published else site.at_risk))
    ]
    return found


def differing(server: Server, revision: str, folder: Path) -> list[str]:
    """The files of a folder that differ from a revision, missing and extra ones too."""
    listed = _git(server, "ls-tree", "-r", "-z", revision).split("\0")[:-1]
    wanted = {path: about.split(" ")[2] for about, path in (line.split("\t", 1) for line in listed)}
    found = {path: _blob(data) for path, data in files_below(folder).items() if _is_published(path)}
    return sorted(path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))


def _is_published(path: str) -> bool:
    return path != ".git" and not path.endswith("~")


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()


def _history(server: Server, revision: str) -> set[str]:
    return set(_git(server, "rev-list", revision).split())


def _fsck(server: Server) -> list[str]:
    done = _run_git(server, "fsck", "--full", "--no-dangling", "--no-progress")
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("notice:")]
    return lines or ([f"git fsck ends with {done.returncode}"] if done.returncode else [])


def _git(server: Server, *arguments: str) -> str:
    done = _run_git(server, *arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def _run_git(server: Server, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["git", "--git-dir", str(server.path / "mha.git"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
