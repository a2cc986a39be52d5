"""What a peer's head means, seen from here.

Rule 1: every judgement about modes, epochs and heads lives in core/.
Rule 2: this file knows no git, no clock and no network; whoever calls it has
already looked, and passes what was seen.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from mha.core.record import Record


class Mode(StrEnum):
    """A server's mode now."""

    ACTIVE = "active"
    STANDBY = "standby"
    UNKNOWN = "unknown"


class Sync(StrEnum):
    """How a peer stands to this server."""

    SYNCHRONIZED = "synchronized"
    LAGGING = "lagging"  # the peer lacks revisions that we have
    ADVANCED = "advanced"  # the peer has revisions that we lack
    COLLISION = "collision"  # each has revisions that the other lacks
    NEVER = "never synchronized"
    SILENT = "not communicating"
    ERROR = "sync error"  # it answers, but what it says or holds cannot be used
    EXCLUDED = "excluded"  # it is not asked, because the administrators want it so

    @property
    def is_as_wanted(self) -> bool:
        """Whether a synchronization has nothing left to do."""
        return self in (Sync.SYNCHRONIZED, Sync.EXCLUDED)


class Sight(NamedTuple):
    """What was seen of a peer at one moment."""

    answered: bool
    fault: str = ""  # why it did not answer, or why its answer cannot be used
    head: str | None = None  # the id at its main; None: it holds nothing yet
    current: str | None = None  # the id that its current/ serves
    record: Record | None = None  # of its head
    ahead: int = 0  # revisions that it has and we lack
    behind: int = 0  # revisions that we have and it lacks
    kept: tuple[str, ...] = ()  # the heads of other sides that it keeps and we lack
    unseen: bool = False  # with a fault: it holds revisions that it does not give
    excluded: bool = False  # it was not asked; the fault says why

    @property
    def serving(self) -> bool:
        """Whether its readers see what it holds, as far as it said."""
        return self.current in (None, self.head)

    @property
    def usable(self) -> bool:
        """Whether its head is known and belongs to this cluster."""
        return self.head is not None and not self.fault

    @property
    def diverged(self) -> bool:
        """Whether each of us has revisions that the other lacks."""
        return self.usable and self.ahead > 0 and self.behind > 0

    @property
    def further(self) -> bool:
        """Whether it continues what we have."""
        return self.usable and self.ahead > 0 and self.behind == 0

    @property
    def equal(self) -> bool:
        """Whether it has what we have, and nothing else."""
        return self.usable and self.ahead == 0 and self.behind == 0

    @property
    def wanting(self) -> bool:
        """Whether a push helps it: it lacks revisions, or does not serve yet what it holds."""
        return self.usable and self.ahead == 0 and (self.behind > 0 or not self.serving)


class Memory(NamedTuple):
    """What was last known of a peer, from earlier contacts."""

    url: str = ""
    head: str | None = None
    revision: int | None = None
    seen: str = ""  # ISO time of the last answer; shown, never compared
    synchronized: str = ""  # ISO time when it last held all that we have


def judge(sight: Sight, memory: Memory) -> Sync:
    """How a peer stands to this server, from what was seen now and before."""
    match sight:
        case Sight(excluded=True):
            return Sync.EXCLUDED
        case Sight(answered=False):
            return Sync.SILENT if memory.head else Sync.NEVER
        case Sight(fault=fault) if fault:
            return Sync.ERROR
        case Sight(head=None):
            return Sync.NEVER
        case Sight(ahead=0, behind=0):
            return Sync.SYNCHRONIZED
        case Sight(ahead=0):
            return Sync.LAGGING
        case Sight(behind=0):
            return Sync.ADVANCED
        case _:
            return Sync.COLLISION


def unheard(sight: Sight, memory: Memory, *, restored: bool) -> bool:
    """Whether a peer that may know of a changeover does not tell its head now.

    One that was never seen to hold anything knows of none, and is awaited by nobody; a restored server has seen nobody.
    """
    return not sight.usable and not sight.excluded and (memory.head is not None or restored)


def mode_of(name: str, record: Record | None) -> Mode:
    """The mode of a server whose own head carries `record`; unknown where its head is."""
    if record is None:
        return Mode.UNKNOWN
    return Mode.ACTIVE if record.active == name else Mode.STANDBY


class Banner(StrEnum):
    """The first line of the High Availability Status."""

    COLLISION = "Collision or HA conflict"
    FAULT = "Communication Problem"
    SILENT = "Not communicating"
    LAGGING = "Some servers could not be synchronized"
    NO_ACTIVE = "No server is Active"
    DONE = "Successfully synchronized"


def banner(
    syncs: Sequence[Sync],
    *,
    active: str | None,
    own_fault: bool = False,
    kept_sides: bool = False,
    unserved: bool = False,
) -> Banner:
    """The one banner that applies first.

    `kept_sides`: this server holds a diverged side that is not yet part of `main`.
    `unserved`: a peer holds the head, but its readers do not see it yet.
    Excluded peers are passed over, unless there are no others: then nobody gets what is published.
    """
    asked = [sync for sync in syncs if sync is not Sync.EXCLUDED]
    if kept_sides or Sync.COLLISION in syncs:
        return Banner.COLLISION
    if own_fault:
        return Banner.FAULT
    if asked and all(sync in (Sync.SILENT, Sync.NEVER) for sync in asked) and Sync.SILENT in asked:
        return Banner.SILENT
    if unserved or any(sync is not Sync.SYNCHRONIZED for sync in asked or syncs):
        return Banner.LAGGING
    if active is None:
        return Banner.NO_ACTIVE
    return Banner.DONE


class PeerStanding(NamedTuple):
    """A peer as the next step is chosen from it."""

    name: str
    sync: Sync
    serving: bool = True  # whether its current/ is what its head says


_RESOLVING = "work/ holds the merged files: settle what is marked, then `mha resolve --continue`; or --abort."


def next_step(
    *,
    name: str,
    record: Record,
    peers: Sequence[PeerStanding],
    found: Banner,
    draft_changes: int,
    fault: str = "",
    listed: bool = True,
    paused: bool = False,
    resolving: bool = False,
    excluded: bool = False,
) -> str:
    """What the administrator does next, in one sentence.

    `listed`, `excluded`: whether this server is one of the cluster's, and does not take part, by its own head.
    """
    if not listed or (excluded and found is not Banner.COLLISION):
        return _aside(name, record, listed=listed)
    unheard = [peer.name for peer in peers if peer.sync in (Sync.SILENT, Sync.NEVER)]
    match found:
        case Banner.COLLISION:
            return (
                _RESOLVING if resolving else "Both sides are kept. `mha collision` shows them, `mha resolve` ends it."
            )
        case Banner.FAULT:
            return f"This server needs care: {fault} Run `mha verify`, then `mha repair`."
        case Banner.NO_ACTIVE:
            return "Run `mha promote` on the server that shall be Active."
        case Banner.SILENT | Banner.LAGGING if record.switch_point in unheard:
            return _without_switch_point(record)
        case Banner.SILENT | Banner.LAGGING if record.active is None:
            return "No server is Active: run `mha promote` on the server that shall be."
        case Banner.SILENT:
            return "No peer answers: see to the network. Publish only if no other server was made Active meanwhile."
        case Banner.LAGGING:
            return _towards_synchronized(peers)
        case Banner.DONE if not paused:
            return _work(name, record, draft_changes)
    return f"Publishes and changeovers are paused: `mha resume` on {record.active} lifts that."


def _aside(name: str, record: Record, *, listed: bool) -> str:
    """The step on a server that is none of the cluster's, or takes no part."""
    if listed:
        return f"{name} is excluded: `mha server include {name}` on {record.active or 'the Active'} lets it take part."
    again = f"`mha server add {name} …` on the Active lists it again"
    return f"{name} was removed from the cluster: delete its home, or {again}."


def _without_switch_point(record: Record) -> str:
    """The step while the server that a planned changeover needs does not answer; why it does not, only people know."""
    if record.active is None:
        there = f"No server is Active, and {record.server}, which made the last revision, does not answer."
        return f"{there} If it is down, run `mha promote --force` on the server that shall be."
    return f"{record.active}, the Active, does not answer. If it is down, run `mha promote --force` here."


def _towards_synchronized(peers: Sequence[PeerStanding]) -> str:
    """The step for the first that applies: what a sync mends, what must join, what must be seen to."""
    by_sync = {sync: ", ".join(peer.name for peer in peers if peer.sync is sync) for sync in Sync}
    if by_sync[Sync.LAGGING] or by_sync[Sync.ADVANCED]:
        return "Run `mha sync`."
    if by_sync[Sync.NEVER]:
        return f"Run `mha join` on {by_sync[Sync.NEVER]}, or see to the link where that is done."
    if by_sync[Sync.ERROR]:
        return f"See to {by_sync[Sync.ERROR]}: the detail says what is wrong."
    behind = ", ".join(peer.name for peer in peers if not peer.serving)
    if behind and not by_sync[Sync.SILENT]:
        return f"Run `mha sync`: {behind} holds the head but does not serve it. If it stays so, `mha repair` there."
    return f"See to {by_sync[Sync.SILENT]} and the link there, then run `mha sync`."


def _work(name: str, record: Record, draft_changes: int) -> str:
    if record.active != name:
        return f"Edit and publish on {record.active}."
    if draft_changes:
        return "Look at the draft with `mha diff`, then `mha publish`."
    return "Edit the files in work/, then `mha publish`."
