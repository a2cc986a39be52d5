"""Changeovers: may the Active mode move now, and what could be lost by it?

Rule 1: a planned changeover has a switch point, the one server whose acceptance
moves the mode: the Active, or where none is Active, the server that made the
head. A forced one asks it where it answers, and goes on without it.
Rule 2: this file knows no git, no clock and no network.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mha.core.record import Record
from mha.core.standing import Sync
from mha.errors import ended


class Other(NamedTuple):
    """Another server, as a changeover looks at it."""

    name: str
    sync: Sync
    detail: str = ""
    last_revision: int | None = None  # the last that it was seen to hold
    last_seen: str = ""  # when; shown only
    last_known_here: bool = True  # whether what it was last seen to hold is part of our history


def reasons_against(name: str, record: Record, others: Sequence[Other]) -> list[str]:
    """Why a planned changeover to `name` could lose something; one sentence for each peer, none if it may go on."""
    decisive = record.switch_point
    found = [reason for other in others if (reason := _reason(other, decisive=other.name == decisive))]
    listed = {other.name for other in others} | {name}
    if decisive not in listed:
        found.append(f"{decisive} must accept, but it is not a server of this cluster any more.")
    return found


def can_be_asked(record: Record, others: Sequence[Other]) -> bool:
    """Whether the switch point is another server that answers, and holds nothing that is not here.

    Then a forced changeover asks it too: what it publishes meanwhile is no collision.
    """
    return any(
        other.name == record.switch_point and other.sync in (Sync.SYNCHRONIZED, Sync.LAGGING) for other in others
    )


def risks(name: str, record: Record, others: Sequence[Other]) -> list[str]:
    """What a forced changeover to `name` puts at risk, as far as it is known: a sentence for each server."""
    apart = [(other, other.name == record.active) for other in others if other.name != name]
    return [_risk(other, active=active) for other, active in apart if _is_out(other, active=active)]


def _reason(other: Other, *, decisive: bool) -> str | None:
    match other.sync:
        case Sync.COLLISION:
            return f"{other.name} has published on top of an older revision: that is a collision."
        case Sync.ADVANCED:
            return f"{other.name} has revisions that could not be taken from it."
        case Sync.ERROR if decisive:
            return f"{other.name} must accept, but it answers with an error: {ended(other.detail)}"
        case Sync.SILENT | Sync.NEVER | Sync.EXCLUDED if decisive:
            return f"{other.name} must accept, but it cannot be reached: {ended(other.detail or 'it has no home yet')}"
        case Sync.SILENT | Sync.ERROR if not other.last_known_here:
            return f"{other.name} was last seen at revision {other.last_revision}, which is not known here."
        case _:
            return None


def _is_out(other: Other, *, active: bool) -> bool:
    """Whether what a server may hold cannot be known, or cannot be taken; a Standby that never joined holds nothing."""
    unknown = other.sync in (Sync.SILENT, Sync.ERROR) or (active and other.sync in (Sync.NEVER, Sync.EXCLUDED))
    return unknown or other.sync in (Sync.COLLISION, Sync.ADVANCED)


def _risk(other: Other, *, active: bool) -> str:
    if other.sync is Sync.COLLISION:
        return f"{other.name} has diverged: its side is kept, and remains a collision."
    who = f"{other.name} (Active)" if active else other.name
    seen = f"revision {other.last_revision}" if other.last_revision is not None else "no revision"
    when = f" at {other.last_seen}" if other.last_seen else ""
    after = "what it published since" if active else "what it may hold beyond that"
    return f"{who} was last seen at {seen}{when}: {after} is not here, and would be a collision."
