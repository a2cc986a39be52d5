"""Replay a history on three real servers, revision by revision, and compare what they hold with it.

Each revision of HISTORY (a git repository or bundle) is written to work/ of the
Active and published; one Standby is reached by path and one through an sshd on
loopback. The Active mode moves on in turn, and once by force, while the old
Active is cut off. Ends with 1 if anything is not as it must be.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import comparison, figures
from benchmarks.figures import Figures, Spread
from benchmarks.history import History, Source, copied
from benchmarks.servers import Server, Trio, Watch, timed
from mha.cli.progress import shown
from mha.errors import InvalidConfiguration, InvalidModel, MhaError
from mha.operations.publication import Published
from tests.sshd import Sshd, reason_against_sshd

Counter = Callable[[int, int], None]


class Move(StrEnum):
    """What happens to the cluster between two revisions."""

    PLANNED = "a planned changeover"
    FORCED = "the Active is cut off, and another takes over by force"
    HEALED = "the one that was cut off is back"


class WentWrong(Exception):
    """The replay cannot go on."""


@dataclass
class Replay:
    """A replay under way."""

    history: History
    trio: Trio
    watch: Watch
    figures: Figures
    skip: bool
    published: dict[str, str] = field(default_factory=dict)  # revision -> its source's tree, in order
    samples: dict[str, list[float]] = field(default_factory=dict)
    cut_off: Server | None = None

    def run(self, todo: Sequence[Source], moves: Mapping[int, Move], *, before: str | None, counted: Counter) -> None:
        """Publish all revisions on top of one whose files are those of the tree `before`."""
        start = time.perf_counter()
        tree = before
        for done, revision in enumerate(todo, 1):
            if self._publish(revision, tree):
                tree = revision.tree
            if done in moves:
                self._move(moves[done])
            counted(done, len(todo))
        self.figures.seconds = time.perf_counter() - start
        self.figures.publish = {name: Spread.of(found) for name, found in self.samples.items() if found}

    def _publish(self, revision: Source, before: str | None) -> bool:
        """Publish one revision on top of the files of the tree `before`; returns whether its files are published."""
        work = self.trio.active.path / "work"
        self.history.write(before, revision.tree, work)
        start = time.perf_counter()
        try:
            done = self.trio.active.publish(_message(revision))
        except (InvalidConfiguration, InvalidModel) as error:
            self._refused(revision, error)
            self.history.write(revision.tree, before or self.history.empty(), work)
            return False
        if done.revision is None:
            if revision.tree != before:
                raise WentWrong(f"{revision.id} changes files, and yet there was nothing to publish.")
            self.figures.empty += 1
            return True
        self._measured(revision, done, start, time.perf_counter())
        return True

    def _refused(self, revision: Source, error: MhaError) -> None:
        if not self.skip:
            raise WentWrong(f"{revision.id} is refused; --skip passes over it.\n{error.message}") from error
        self.figures.refused.append(f"{revision.id[:12]} {' '.join(error.message.split())}")

    def _measured(self, revision: Source, done: Published, start: float, end: float) -> None:
        assert done.id is not None
        self.figures.published += 1
        self.published[done.id] = revision.tree
        self._note("whole", end - start)
        for server in self.trio.servers:
            if server == self.cut_off:
                continue
            moment = self.watch.moment(server, done.id) or self._late(server, done, revision)
            self._note("local" if server == self.trio.active else server.transport, moment - start)

    def _late(self, server: Server, done: Published, revision: Source) -> float:
        """When a server that missed the publish's deadline serves the revision: after one `sync`, or never."""
        self.figures.late.append(f"{server.name} at {revision.id[:12]}: {_why(done)}")
        self.trio.active.sync()
        moment = self.watch.moment(server, done.id or "")
        if moment is None:
            raise WentWrong(f"{server.name} does not serve {revision.id}: {_why(done)}")
        return moment

    def _note(self, what: str, seconds: float) -> None:
        self.samples.setdefault(what, []).append(seconds)

    def _move(self, move: Move) -> None:
        match move:
            case Move.PLANNED:
                self.figures.planned.append(self.trio.change_over())
                self.figures.synced += [timed(server.sync) for server in self.trio.servers]  # as their agents would
            case Move.FORCED:
                self.cut_off = self.trio.active
                self.trio.cut_off(self.cut_off)
                self.figures.forced.append(self.trio.change_over(force=True))
            case Move.HEALED:
                assert self.cut_off is not None
                self.trio.heal(self.cut_off)
                if not self.cut_off.sync().complete:
                    raise WentWrong(f"{self.cut_off.name} does not come back after it was cut off.")
                self.cut_off = None
        self.figures.problems += comparison.differing_heads([s for s in self.trio.servers if s != self.cut_off])


def moves_of(count: int, every: int) -> dict[int, Move]:
    """After which revision what happens: a planned changeover each `every`, and one by force near the middle."""
    moves = dict.fromkeys(range(every, count + 1, every), Move.PLANNED)
    start = count // 2 // every * every
    forced = start + max(1, min(every, count - start) // 2)
    healed = forced + max(1, min(5, every // 4))
    if healed <= count and not {forced, healed} & moves.keys():
        moves |= {forced: Move.FORCED, healed: Move.HEALED}
    return dict(sorted(moves.items()))


def replay(
    source: str,
    folder: Path,
    *,
    branch: str | None = None,
    limit: int | None = None,
    adopt: int | None = None,
    every: int = 250,
    skip: bool = False,
    counted: Counter = lambda _done, _total: None,
) -> Figures:
    """Replay the first `limit` revisions of a history, or, with `adopt`, the last so many on top of the others."""
    history = copied(source, folder / "source.git", branch=branch)
    revisions = history.revisions
    adopted = len(revisions) - adopt if adopt is not None else 0
    todo = revisions[adopted:][:limit]
    if adopt is not None:
        history.truncate(adopted)
    found = Figures(Path(source).name, revisions=len(todo), adopted=adopted)
    with Sshd.started(folder / "sshd") as sshd:
        trio = Trio.built(folder, sshd, source=str(history.git_dir) if adopted else None)
        found.setup = trio.times
        with Watch(trio.servers) as watch:
            run = Replay(history, trio, watch, found, skip)
            before = revisions[adopted - 1].tree if adopted else None
            run.run(todo, moves_of(len(todo), every), before=before, counted=counted)
        found.memory_mib = figures.memory()
        _compare(run, before, folder)
    return found


def _compare(run: Replay, before: str | None, folder: Path) -> None:
    """Hold what the three servers have against the source."""
    found, servers = run.figures, run.trio.servers
    checkout = folder / "checkout"
    last = [*([before] if before else []), *run.published.values()][-1]
    run.history.check_out(last, checkout)
    found.problems += comparison.differing_heads(servers)
    for server in servers:
        found.problems += comparison.differing_revisions(server, run.history, run.published)
        found.problems += comparison.differing_files(server, checkout)
        start = time.perf_counter()
        found.problems += comparison.unverified(server)
        found.verify[server.name] = time.perf_counter() - start
        found.stores[server.name] = figures.store(server.home.git_dir)
    counted = found.published + found.empty + len(found.refused)
    if counted != found.revisions:
        found.problems.append(f"{found.revisions - counted} revisions are unaccounted for")


def _why(done: Published) -> str:
    """What a publish said about servers that lack the revision, in words."""
    lacking = ", ".join(
        f"{peer.name} is {peer.sync}" + f" ({peer.detail})" * bool(peer.detail) for peer in done.lacking
    )
    return done.fault or lacking or "nobody said why."


def _message(revision: Source) -> str:
    return "".join(c if c.isprintable() else " " for c in revision.subject).strip() or "(without a subject)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay what the command line names; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("history", metavar="HISTORY", help="a git repository or bundle")
    parser.add_argument("--branch", help="which branch; else HEAD's, main, master, or the only one")
    parser.add_argument("--limit", type=int, metavar="N", help="stop after N revisions")
    parser.add_argument("--adopt", type=int, metavar="N", help="adopt the history, and replay its last N revisions")
    parser.add_argument("--every", type=int, default=250, metavar="N", help="a planned changeover each N (250)")
    parser.add_argument("--skip", action="store_true", help="pass over revisions that mha refuses, and count them")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the servers in this new folder")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    reason = reason_against_sshd()
    if reason:
        parser.error(reason)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the sshd ends, and the folder goes
    if chosen.keep is not None:
        chosen.keep.mkdir(parents=True)
        return _run(chosen, chosen.keep.resolve())
    with tempfile.TemporaryDirectory(prefix="mha-replay-") as folder:
        return _run(chosen, Path(folder))


def _run(chosen: argparse.Namespace, folder: Path) -> int:
    with shown("Replaying") as progress:
        try:
            found = replay(
                chosen.history, folder, branch=chosen.branch, limit=chosen.limit, adopt=chosen.adopt,
                every=chosen.every, skip=chosen.skip, counted=progress.counted,
            )  # fmt: skip
        except WentWrong as error:
            sys.stderr.write(f"\nError: {error}\n")
            return 1
    print(json.dumps(found.json(), indent=2) if chosen.json else found.text())
    return int(bool(found.problems))


if __name__ == "__main__":
    sys.exit(main())
