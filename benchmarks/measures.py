"""The rows of the benchmark: each yields pairs of seconds, ours and the reference's, measured in turn.

Rule: what is measured is what a user would run, ended when the user is told or
the readers see it. What is made ready for it is not measured.
"""

import gc
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.servers import AUTHOR, timed
from benchmarks.stage import ENV, MHA, Stage, mha, run
from mha.core import names
from mha.core.names import Peer
from mha.operations import changeover, publication, replication, servers, settling, setup
from mha.operations import tip as tips
from mha.store import glance, lock, peers
from mha.store.files import remove_tree
from mha.store.home import Home, open_home
from tests.sshd import Sshd

Pair = tuple[float, float]
_PYTHON = sys.executable


def help_(_stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha --help` against a Python that does nothing."""
    for _ in range(rounds):
        yield timed(lambda: mha("--help")), timed(lambda: run(_PYTHON, "-c", "pass"))


def offline(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha status --offline` against a Python that does nothing."""
    home = stage.active()
    for _ in range(rounds):
        yield timed(lambda: mha("--home", home.path, "status", "--offline")), timed(lambda: run(_PYTHON, "-c", "pass"))


def publish_bare(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha publish` against a Python that only imports what it needs."""
    _fill(stage)
    for _ in range(rounds):
        yield _published(stage), timed(lambda: run(_PYTHON, "-c", "import pygit2, typer"))


def publish(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha publish` against `git add -A && git commit`; half a minute is between two of them."""
    _fill(stage)
    stage.plain()
    for _ in range(rounds):
        yield _published(stage), timed(stage.commit)


def publish_known(stage: Stage, rounds: int) -> Iterator[Pair]:
    """A publish from Python, where the changed path is known."""
    _fill(stage)
    stage.plain()
    for _ in range(rounds):
        stage.settle_grace()
        path = stage.edit(stage.active().work)
        home = open_home(stage.active().path)
        ours = timed(lambda: publication.publish(home, message="x", author=AUTHOR, paths=(path,)))  # noqa: B023
        yield ours, timed(stage.commit)


def burst(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha publish` again and again without a pause: all old releases may still be read."""
    _fill(stage)
    stage.plain()
    for _ in range(rounds):
        stage.edit(stage.active().work)
        yield timed(lambda: mha("--home", stage.active().path, "publish", "-m", "x")), timed(stage.commit)


def length(stage: Stage, rounds: int) -> Iterator[Pair]:
    """Publish so often from one process that stays; the last revisions against those around the 100th.

    Each publish knows its path, opens the home anew, and synchronizes each hundredth time, which packs.
    """
    _fill(stage)
    gc.collect()
    for number in range(1, rounds + 1):
        stage.settle_grace()
        path = stage.edit(stage.active().work)
        home = open_home(stage.active().path)
        stage.series.append(timed(lambda: publication.publish(home, message="x", author=AUTHOR, paths=(path,))))  # noqa: B023
        if number % 100 == 0:
            replication.sync(open_home(home.path))
            stage.resident[number] = _resident()
    early, late = stage.series[89:110], stage.series[-21:]
    yield from zip(late, early, strict=True)


def memory(stage: Stage, _rounds: int) -> Iterator[Pair]:
    """What the process of `length` took at its end and early on, in GiB: shown as if it were seconds."""
    yield max(stage.resident.items())[1] / (1 << 20), min(stage.resident.items())[1] / (1 << 20)


def take(stage: Stage, rounds: int) -> Iterator[Pair]:
    """A server takes a revision that has arrived, and serves it; git brings a checkout to the same state."""
    _fill(stage)
    source = stage.active()
    standby = _standby_by_path(stage)
    plain = stage.plain()
    for _ in range(rounds):
        stage.settle_grace()
        stage.publish(known=True)
        peers.fetch(standby, Peer("fw-a", names.url(str(source.path))))
        head = source.repository.head()
        assert head is not None
        ours = timed(lambda: _take(standby, head))  # noqa: B023
        before = _id(plain)
        stage.commit()
        after = _id(plain)
        run("git", "reset", "-q", "--hard", before, cwd=plain)
        yield ours, timed(lambda: run("git", "read-tree", "-m", "-u", before, after, cwd=plain))  # noqa: B023
        run("git", "reset", "-q", "--hard", after, cwd=plain)


def import_(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha init --from` a folder against the first commit of the same files, made as durable."""
    for number in range(rounds):
        path, plain = stage.root / f"import-{number}", stage.root / f"imported-{number}"
        shutil.copytree(stage.root / "files", plain)
        run("git", "init", "-q", "-b", "main", plain)
        run("git", "config", "core.fsync", "all", cwd=plain)
        ours = timed(lambda: mha("init", path, "--name", "fw-x", "--from", stage.root / "files"))  # noqa: B023
        yield ours, timed(lambda: _first_commit(plain))  # noqa: B023
        remove_tree(path)
        shutil.rmtree(plain)


def join(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha join` over ssh against a clone of the same repository over the same ssh, checkout included."""
    with Sshd.started(stage.root / "sshd-join") as sshd, _ssh_for_git(stage, sshd, "join") as env:
        active = stage.active()
        for number in range(rounds):
            name, path, clone = f"fw-j{number}", stage.root / f"join-{number}", stage.root / f"clone-{number}"
            setup.key(path, name=name)
            home = open_home(path)
            sshd.allow(name, home.public_key(), active.path)
            (home.state / "known_hosts").write_text(sshd.known_hosts_line())
            servers.add(active, name=name, url=str(path), key=home.public_key(), author=AUTHOR)
            ours = timed(lambda: mha("join", sshd.url(active.path), path, "--name", name))  # noqa: B023
            yield ours, timed(lambda: run("git", "clone", "-q", f"{sshd.url(active.git_dir)}", clone, env=env))  # noqa: B023
            servers.remove(open_home(active.path), name=name, author=AUTHOR)
            remove_tree(path)
            shutil.rmtree(clone)


def serve(stage: Stage, rounds: int) -> Iterator[Pair]:
    """Publish until two Standbys serve it, against a commit and two pushes in turn over fresh connections."""
    with _sshds(stage, "serve", 2) as (sshd, other), _ssh_for_git(stage, sshd, "serve") as env:
        standbys = [stage.standby("fw-b", sshd), stage.standby("fw-c", other)]
        _fill(stage)
        plain = stage.plain()
        for number in range(2):
            bare = stage.root / f"bare-{number}.git"
            run("git", "clone", "-q", "--bare", plain, bare)
            run("git", "remote", "add", f"peer-{number}", sshd.url(bare), cwd=plain)
        for _ in range(rounds):
            ours = _published(stage)
            head = stage.active().repository.head()
            for home in standbys:
                assert os.readlink(home.current) == f"releases/{head}"
            yield ours, timed(lambda: _commit_and_push(stage, env))
        _leave(stage, standbys)


def status(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha status` with four peers over ssh, against one `git ls-remote` over a fresh connection."""
    with _sshds(stage, "status", 4) as started, _ssh_for_git(stage, started[0], "status") as env:
        standbys = [stage.standby(f"fw-{letter}", sshd) for letter, sshd in zip("bcde", started, strict=True)]
        active = stage.active()
        replication.sync(active)  # those that joined first lack the others
        for _ in range(rounds):
            ours = timed(lambda: mha("--home", active.path, "status"))
            yield (
                ours,
                timed(lambda: run("git", "ls-remote", started[0].url(active.git_dir), "refs/heads/main", env=env)),
            )
        _leave(stage, standbys)


def promote(stage: Stage, rounds: int) -> Iterator[Pair]:
    """A planned changeover over ssh, until both servers know, against one push over a fresh connection.

    Half a minute is between two of them, and both servers have been used for a while. That the new Active opens its
    draft comes after it, and is not measured.
    """
    with Sshd.started(stage.root / "sshd-promote") as sshd, _ssh_for_git(stage, sshd, "promote") as env:
        standby, active = stage.standby("fw-b", sshd), stage.active()
        _reachable(stage, sshd)
        for _ in range(9):
            stage.publish(known=True)
        plain, bare = stage.plain(), stage.root / "promoted.git"
        run("git", "clone", "-q", "--bare", plain, bare)
        for _ in range(rounds):
            stage.settle_grace()
            ours = _until_both_know(standby, active)
            for home in (active, standby):
                assert tips.tip(open_home(home.path)).record.active == "fw-b"
            changeover.promote(open_home(active.path), author=AUTHOR)
            stage.commit()
            yield ours, timed(lambda: run("git", "push", "-q", sshd.url(bare), "main", cwd=plain, env=env))
        _leave(stage, [standby])


def backup(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha backup` against `git bundle create --all` of the same home; ten revisions, as they lie after an import."""
    _fill(stage)
    ours, reference = _backups(stage)
    home = stage.active()
    for _ in range(rounds):
        yield (
            timed(lambda: mha("--home", home.path, "backup", ours, "--force")),
            timed(lambda: run("git", "bundle", "create", "-q", reference, "--all", cwd=home.git_dir)),
        )


def backup_size(stage: Stage, _rounds: int) -> Iterator[Pair]:
    """The sizes of the files that `backup` left, in GiB: shown as if they were seconds."""
    ours, reference = (path.stat().st_size / (1 << 30) for path in _backups(stage))
    yield ours, reference


def _backups(stage: Stage) -> tuple[Path, Path]:
    return stage.root / "ours.bundle", stage.root / "reference.bundle"


def _until_both_know(standby: Home, active: Home) -> float:
    """Seconds from the start of `mha promote` until `main` of both is the changeover; the command ends afterwards."""
    before, start = glance.head(active.path), time.perf_counter()
    with subprocess.Popen([MHA, "--home", standby.path, "promote"], env=ENV, stdout=subprocess.DEVNULL) as promoting:
        while not (before != glance.head(active.path) == glance.head(standby.path)):
            assert promoting.poll() in (None, 0)
            time.sleep(0.002)
        seconds = time.perf_counter() - start
    assert promoting.returncode == 0
    return seconds


def _published(stage: Stage) -> float:
    stage.settle_grace()
    stage.edit(stage.active().work)
    return timed(lambda: mha("--home", stage.active().path, "publish", "-m", "a change"))


def _fill(stage: Stage) -> None:
    """Publish until the pool of releases is full, as it is on a server that has been used for a while."""
    home = stage.active()
    while len(list(home.releases.iterdir())) < 9:
        stage.publish(known=True)
    stage.settle_grace()


def _resident() -> int:
    """KiB of memory that this process holds."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])  # type: ignore[index]


def _take(home: Home, head: str) -> None:
    with lock.held(home.git_dir):
        here = tips.tip(home)
        home.repository.advance(expected=here.id, to=head)
        settling.settle(home)


def _standby_by_path(stage: Stage) -> Home:
    active, path = stage.active(), stage.root / "fw-p"
    servers.add(active, name="fw-p", url=str(path), key=None, author=AUTHOR)
    setup.join(str(active.path), path, name="fw-p")
    home = open_home(path)
    for _ in range(9):  # its pool as well
        stage.publish(known=True)
    stage.made["fw-p"] = home
    servers.remove(active, name="fw-p", author=AUTHOR)  # what is published from now on is not pushed to it
    peers.fetch(home, Peer("fw-a", names.url(str(active.path))))
    head = active.repository.head()
    assert head is not None
    _take(home, head)
    return home


def _reachable(stage: Stage, sshd: Sshd) -> None:
    """Let the first server be reached by ssh as well: its address is changed, and published."""
    active = stage.active()
    file = active.work / "mha.yaml"
    file.write_text(file.read_text().replace(f'"{active.path}"', f'"{sshd.url(active.path)}"'))
    publication.publish(open_home(active.path), message="by ssh", author=AUTHOR)


def _leave(stage: Stage, standbys: list[Home]) -> None:
    """Take servers off the list again, so that later rows are not slowed down by them."""
    for home in standbys:
        servers.remove(open_home(stage.active().path), name=home.name, author=AUTHOR)
        stage.made.pop(home.name)
        remove_tree(home.path)


def _first_commit(plain: Path) -> None:
    run("git", "add", "-A", cwd=plain)
    run("git", "commit", "-qm", "first", cwd=plain)


def _commit_and_push(stage: Stage, env: dict[str, str]) -> None:
    stage.commit()
    for number in range(2):
        run("git", "push", "-q", f"peer-{number}", "main", cwd=stage.plain(), env=env)


@contextmanager
def _sshds(stage: Stage, name: str, count: int) -> Iterator[list[Sshd]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Sshd.started(stage.root / f"sshd-{name}-{n}")) for n in range(count)]


@contextmanager
def _ssh_for_git(stage: Stage, sshd: Sshd, name: str) -> Iterator[dict[str, str]]:
    """What plain git needs to reach the same sshd: a key that may run anything, a fresh connection each time."""
    key, known = stage.root / f"key-{name}", stage.root / f"known-{name}"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    with (sshd.folder / "authorized_keys").open("a") as file:
        file.write(key.with_suffix(".pub").read_text())
    known.write_text(sshd.known_hosts_line())
    ssh = f"ssh -i {key} -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile={known} -o LogLevel=ERROR"
    yield {"GIT_SSH_COMMAND": ssh}


def _id(repository: Path) -> str:
    done = subprocess.run(["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, check=True)
    return done.stdout.decode().strip()
