"""Stories: Markdown whose console blocks are run, and whose output is compared as a whole.

A block looks as a terminal does: `fw-a$ ` is the prompt in the folder fw-a, `$ ` the one in the story's own folder,
`> ` continues a command. Output follows, and `[exit 3]` where a command ends so. A line `Servers: fw-a, fw-b.` stands
for servers that are there from the beginning, the first of them Active.

Nothing of the output is masked. Each story has a fixed folder, keys made from the servers' names, and a clock that
moves on by a minute with each command.
"""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mha.operations import replication, servers, setup
from mha.store.files import remove_tree
from mha.store.home import open_home
from tests.cluster import FILES, JANA, write_files

NAMES = ("fw-a", "fw-b", "fw-c")
_BEGIN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_SOURCE = Path(__file__).parent.parent
_SHELL = Path(__file__).parent / "scenarios" / "shell.sh"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_MARK = ".made-by-the-tests"
_PROMPT = re.compile(r"(?P<folder>[a-z0-9/-]*)\$ (?P<command>.*)")
_SERVERS = re.compile(r"^Servers: (.*)\.$", re.MULTILINE)


@dataclass
class Stage:
    """The folder in which a story is played, and the time there."""

    root: Path
    minutes: int = 0

    def now(self) -> str:
        """The time in the story."""
        return (_BEGIN + timedelta(minutes=self.minutes)).isoformat()

    def run(self, folder: str, command: str) -> str:
        """Run one command as the story prints it, and return what a terminal shows."""
        self.minutes += 1
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root / folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        out = done.stdout.decode()
        if out and not out.endswith("\n"):
            out += "\n"
        return out + (f"[exit {done.returncode}]\n" if done.returncode else "")

    def _environment(self) -> dict[str, str]:
        person = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in self._person()}
        return {
            **os.environ,
            **person,
            "GIT_CONFIG_NOSYSTEM": "1",
            "MHA_NOW": self.now(),
            "BASH_ENV": str(_SHELL),
            "PYTHON": sys.executable,
            "PYTHONUNBUFFERED": "1",  # so that stdout and stderr come as on a terminal
            "ROOT": str(self.root),
            "SOURCE": str(_SOURCE),
            "LC_ALL": "C",
            "TZ": "UTC",
        }

    def _person(self) -> list[tuple[str, str]]:
        return [("NAME", JANA.name), ("EMAIL", JANA.email), ("DATE", self.now())]


def play(text: str, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> str:
    """The story as it happens now: `text` with each command's output replaced by the real one."""
    listed = _SERVERS.search(text)
    if listed:
        monkeypatch.setenv("MHA_NOW", stage.now())
        _begin(stage.root, listed[1].split(", "))
    happened = _BLOCK.sub(lambda block: _played(block[0], stage), text)
    assert "This is a mistake in mha" not in happened, happened  # no story is to be rewritten with that in it
    return happened


@contextmanager
def stage(root: Path) -> Iterator[Stage]:
    """An empty folder of a fixed name with the servers' keys in it, for one story at a time; it goes afterwards.

    Nothing is removed that no story has made: a folder without the mark stays as it is.
    """
    with _locked(root):
        mine = (root / _MARK).exists()
        assert mine or not any(root.iterdir()), f"{root} holds what no test has made; move it away"
        _clear(root)
        (root / _MARK).touch()
        (root / "keys").mkdir()
        for name in NAMES:
            write_key(root / "keys" / name, name)
        yield Stage(root)
        _clear(root)
        root.rmdir()


def prepare(root: Path, *names: str) -> None:
    """Give servers their keys before a story begins in which they seem to make new ones."""
    for name in names:
        setup.key(root / name, name=name, source=root / "keys" / name)


def write_key(path: Path, name: str) -> None:
    """A server's private key, made from its name, so that it is the same in each run."""
    key = Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)


def _played(block: str, stage: Stage) -> str:
    lines, shown = block.splitlines(), ""
    while lines:
        line = lines.pop(0)
        prompt = _PROMPT.fullmatch(line)
        if prompt is None:  # output of the last run
            continue
        shown += f"{line}\n"
        command = prompt["command"]
        while lines and lines[0].startswith("> "):
            shown += f"{lines[0]}\n"
            command += "\n" + lines.pop(0).removeprefix("> ")
        shown += stage.run(prompt["folder"], command)
    return shown


def _begin(root: Path, names: list[str]) -> None:
    """Make the servers that a story begins with; nothing of this is subject of the story."""
    first, *others = names
    origin = write_files(root / "origin", FILES)
    key = root / "keys" / first
    setup.init(root / first, name=first, author=JANA, cluster_name="acme", source=str(origin), key=key)
    for name in others:
        prepare(root, name)
        servers.add(open_home(root / first), name=name, url=str(root / name), key=None, author=JANA)
        setup.join(str(root / first), root / name, name=name)
    for name in names:
        replication.sync(open_home(root / name))
    remove_tree(origin)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """The folder, locked; another run that ends meanwhile takes its folder away, so it is looked at again."""
    while True:
        root.mkdir(mode=0o700, exist_ok=True)
        assert root.stat().st_uid == os.getuid(), f"{root} belongs to somebody else; remove it"
        descriptor = os.open(root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if root.exists() and root.stat().st_ino == os.fstat(descriptor).st_ino:
                yield
                return
        finally:
            os.close(descriptor)


def _clear(root: Path) -> None:
    """Remove all that is in a folder, the mark last."""
    for entry in sorted(root.iterdir(), key=lambda entry: entry.name == _MARK):
        remove_tree(entry)
