"""Succession: may this revision follow its parents?

Rule 1: each revision was allowed by its parent; who is Active is read from there.
Rule 2: this file knows no git and no clock. Whoever calls it has read the
revisions, and passes what they say.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from mha.core.record import Record


class Kind(StrEnum):
    """What a revision is, told from its record and its parents' records."""

    INIT = "init"
    PUBLISH = "publish"
    CHANGEOVER = "changeover"
    RESOLUTION = "resolution"  # a merge of diverged heads


class Revision(NamedTuple):
    """The facts of one revision that succession is judged by."""

    record: Record
    files: str  # the id of its tree: equal ids, equal files
    servers: frozenset[str]  # as its own mha.yaml lists them


class Refusal(NamedTuple):
    """Why a revision may not follow its parents, as a sentence."""

    reason: str


def judge(parents: Sequence[Revision], child: Revision, *, diverged: bool) -> Kind | Refusal:
    """What `child` is when it follows `parents`, or why it may not.

    `parents` are those that carry a record: history from before mha is not among them.
    `diverged`: none of several parents is part of another's history.
    """
    record = child.record
    if record.active is not None and record.active not in child.servers:
        return Refusal(f"{record.active} would be Active, but mha.yaml does not list it.")
    match list(parents):
        case []:
            return _first(child)
        case [parent] if record.epoch == parent.record.epoch:
            return _publish(parent, child)
        case [parent]:
            return _changeover(parent, child)
        case _ if not diverged:
            return Refusal("A resolution merges heads that diverged, and these did not.")
        case several:
            return _resolution(several, child)


def _first(child: Revision) -> Kind | Refusal:
    record = child.record
    if (record.revision, record.epoch) != (1, 1):
        return Refusal(f"A history begins with revision 1 at epoch 1, not {record.revision} at {record.epoch}.")
    if record.active != record.server:
        return Refusal("The server that makes the first revision is Active.")
    return Kind.INIT


def _publish(parent: Revision, child: Revision) -> Kind | Refusal:
    before, record = parent.record, child.record
    if record.revision != before.revision + 1:
        return Refusal(f"Revision {before.revision + 1} comes next, not {record.revision}.")
    if before.active is None:
        return Refusal(f"No server is Active since revision {before.revision}: nobody may publish.")
    if record.server != before.active:
        return Refusal(f"{record.server} may not publish: {before.active} is Active at epoch {before.epoch}.")
    if record.active != before.active:
        return Refusal("A publish does not move the Active mode: that takes a changeover.")
    return Kind.PUBLISH


def _changeover(parent: Revision, child: Revision) -> Kind | Refusal:
    before, record = parent.record, child.record
    if record.epoch != before.epoch + 1:
        return Refusal(f"Epoch {before.epoch} or {before.epoch + 1} comes next, not {record.epoch}.")
    if record.revision != before.revision + 1:
        return Refusal(f"Revision {before.revision + 1} comes next, not {record.revision}.")
    if record.active == before.active:
        return Refusal("A changeover moves the Active mode.")
    if child.files != parent.files:
        return Refusal("A changeover changes no file.")
    if record.server not in parent.servers:
        return Refusal(f"{record.server} is not a server of this cluster.")
    if record.server not in (before.active, record.active):
        return Refusal(f"{record.server} may hand over only what it has, and take over only for itself.")
    return Kind.CHANGEOVER


def _resolution(parents: Sequence[Revision], child: Revision) -> Kind | Refusal:
    record = child.record
    revision = max(parent.record.revision for parent in parents) + 1
    epoch = max(parent.record.epoch for parent in parents) + 1
    if record.revision != revision:
        return Refusal(f"Revision {revision} comes next, not {record.revision}.")
    if record.epoch != epoch:
        return Refusal(f"A resolution raises the epoch to {epoch}, not {record.epoch}.")
    if not any(record.server in parent.servers for parent in parents):
        return Refusal(f"{record.server} is not a server of this cluster.")
    return Kind.RESOLUTION
