"""The agent: a period passed or `main` moved -> synchronize. It decides nothing.

It also lets `current/` and `work/` follow, which every synchronization does, and
it outlives whatever goes wrong in one round.
"""

import threading
from collections.abc import Callable

from mha.core.record import Record
from mha.errors import MhaError, sentence
from mha.operations import replication
from mha.operations import tip as tips
from mha.operations.replication import Synced
from mha.store.clock import in_utc, now
from mha.store.home import Home

Say = Callable[[str], None]


def run(home: Home, *, say: Say) -> None:
    """Synchronize until interrupted."""
    from watchfiles import watch

    say(f"{home.name}: the agent watches {home.path}.")
    stop = threading.Event()
    last = _round(home, "", say)
    try:
        heads = home.git_dir / "refs" / "heads"
        for _ in watch(
            heads,
            stop_event=stop,
            rust_timeout=_interval(home) * 1000,
            yield_on_timeout=True,
            debounce=200,
            raise_interrupt=True,
        ):
            last = _round(home, last, say)
    except KeyboardInterrupt:
        say(f"{home.name}: the agent has stopped.")


def _round(home: Home, last: str, say: Say) -> str:
    """Synchronize once, and say how things stand when that is new; returns what was said."""
    try:
        done = replication.sync(home)
        text = _sentence(done, tips.tip(home).record)
    except (MhaError, OSError) as error:
        text = sentence(error)
    if text != last:
        say(f"{in_utc(now())} {home.name}: {text}")
    return text


def _sentence(done: Synced, record: Record) -> str:
    standing = ", ".join(f"{peer.name} {peer.sync}" for peer in done.peers) or "no peers"
    taken = f", took {done.taken}" if done.taken else ""
    kept = f", draft kept as {done.settled.kept_draft}" if done.settled.kept_draft else ""
    mixed = f", edited here and changed by a newer revision: {', '.join(done.settled.in_the_way)}"
    fault = f", but the files here do not follow yet: {done.settled.fault}"
    here = f"{mixed if done.settled.in_the_way else ''}{fault if done.settled.fault else ''}"
    return f"revision {record.revision}, {record.active or 'no server'} is Active: {standing}{taken}{kept}{here}"


def _interval(home: Home) -> int:
    """The setting `sync-interval`, in seconds; a minute where it cannot be read."""
    try:
        return tips.tip(home).cluster.settings.sync_interval_seconds
    except MhaError:
        return 60
