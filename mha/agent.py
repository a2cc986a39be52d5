"""The agent: a period passed or `main` moved -> synchronize. It decides nothing.

It also lets `current/` and `work/` follow, which every synchronization does, has
kept what the checks know, so that the first publish after a changeover need not
judge everything, and outlives whatever goes wrong in one round. A home is opened
anew for each: what libgit2 once did not find, a repository that stays open does
not look for again.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NoReturn

from mha.core.changes import escaped
from mha.core.record import Record
from mha.errors import MhaError, sentence
from mha.operations import replication, validation
from mha.operations import tip as tips
from mha.operations.replication import Synced
from mha.operations.sighting import PeerReport
from mha.store import lock
from mha.store.clock import in_utc, now
from mha.store.git import Progress
from mha.store.home import Home, open_home
from mha.store.learner import Learner

Say = Callable[[str], None]
_LOOK_SECONDS = 1
_SELDOM_SECONDS = 10


def run(home: Home, *, say: Say) -> None:
    """Synchronize until interrupted, in the middle of a round as well; raises AgentRuns."""
    try:
        with lock.alone(home.git_dir):
            say(f"{home.name}: the agent watches {home.path}.")
            _go_on(home, say)
    except KeyboardInterrupt:
        say(f"{home.name}: the agent has stopped.")


def _go_on(home: Home, say: Say) -> NoReturn:
    said, seen, due = "", None, 0.0
    moments = _moments(home)
    with Learner(home.path) as learner:
        while True:
            # what moved while nothing was watched, or within the round itself, is seen here
            if (head := _head(home)) != seen or time.monotonic() >= due:
                said, seen = _round(home, said, say), head
                _learn(home, learner)
                due = time.monotonic() + _interval(home)
            next(moments)


def _learn(home: Home, learner: Learner) -> None:
    with suppress(MhaError, OSError):  # it is only a cache: a publish works without it
        if not validation.is_learnt(open_home(home.path)):
            learner.start()


def _moments(home: Home) -> Iterator[object]:
    """When to look: as soon as `main` may have moved, and each second at least, whatever becomes of the folder."""
    from watchfiles import watch

    heads = home.git_dir / "refs" / "heads"
    while True:
        with suppress(OSError):  # there is nothing to watch now
            yield from watch(
                heads, rust_timeout=_LOOK_SECONDS * 1000, yield_on_timeout=True, debounce=200, raise_interrupt=True
            )
        time.sleep(_LOOK_SECONDS)
        yield None


def _round(home: Home, last: str, say: Say) -> str:
    """Synchronize once, and say how things stand when that is new; returns what was said."""
    try:
        home = open_home(home.path)
        done = replication.sync(home, progress=_seldom(home, say))
        text = _sentence(done, tips.tip(home).record)
    except (MhaError, OSError) as error:
        text = sentence(error)
    if text != last:
        say(f"{in_utc(now())} {home.name}: {text}")
    return text


def _seldom(home: Home, say: Say) -> Progress:
    """How far a long synchronization is, every ten seconds; of a short one, nothing."""
    last = time.monotonic()

    def progress(line: str) -> None:
        nonlocal last
        if line and time.monotonic() - last >= _SELDOM_SECONDS:
            last = time.monotonic()
            say(f"{in_utc(now())} {home.name}: synchronizing: {escaped(line[:100])}")

    return progress


def _sentence(done: Synced, record: Record) -> str:
    standing = ", ".join(_standing(peer) for peer in done.peers) or "no peers"
    taken = f", took {done.taken}" if done.taken else ""
    kept = f", draft kept as {done.settled.kept_draft}" if done.settled.kept_draft else ""
    mixed = f", edited here and changed by a newer revision: {', '.join(done.settled.in_the_way)}"
    fault = f", but the files here do not follow yet: {done.settled.fault}"
    here = f"{mixed if done.settled.in_the_way else ''}{fault if done.settled.fault else ''}"
    return f"revision {record.revision}, {record.active or 'no server'} is Active: {standing}{taken}{kept}{here}"


def _standing(peer: PeerReport) -> str:
    return f"{peer.name} {peer.sync}" + (f" ({peer.detail})" if peer.detail else "")


def _head(home: Home) -> str | None:
    try:
        return open_home(home.path).repository.head()
    except (MhaError, OSError):
        return None


def _interval(home: Home) -> int:
    """The setting `sync-interval`, in seconds; a minute where it cannot be read."""
    try:
        return tips.tip(open_home(home.path)).cluster.settings.sync_interval_seconds
    except (MhaError, OSError):
        return 60
