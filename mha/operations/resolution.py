"""Resolving: a collision ends with one revision that follows all diverged heads.

The files of one side are kept; the others' revisions stay in the history, below the resolution. The server where it is
made is Active from then on, or the one that is named; all others fast-forward. Nothing moves anywhere before `main`
moves here.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from mha.core import record as records
from mha.core.changes import Change
from mha.core.record import Record
from mha.errors import HeadMoved, NoCollision, NoSide, UnknownServer
from mha.operations import collision, objects, replication, sighting
from mha.operations import tip as tips
from mha.operations.admission import Judge
from mha.operations.collision import CollisionReport, Side
from mha.operations.settling import Settled, settle, settle_after
from mha.operations.sighting import PeerReport
from mha.operations.tip import Tip, require_listed
from mha.store import lock, trees
from mha.store.author import Author
from mha.store.clock import now
from mha.store.git import Progress, silent
from mha.store.home import Home

if TYPE_CHECKING:
    from mha.core.model.differences import ObjectChange

_SHORTEST_PREFIX = 4


class Lost(NamedTuple):
    """What a side has and the resolution has not: its revisions stay, its files do not."""

    side: str  # as `mha resolve` takes it
    changes: tuple[Change, ...]  # from that side to the result
    objects: "tuple[ObjectChange, ...]" = ()


class Resolved(NamedTuple):
    """What a resolution came to, or with `dry_run` would come to."""

    kept: str  # the side whose files are kept
    active: str
    revision: int
    epoch: int
    lost: tuple[Lost, ...]
    plan: tuple[str, ...]
    id: str | None = None
    peers: tuple[PeerReport, ...] = ()
    kept_draft: str | None = None
    put_aside: str | None = None
    dry_run: bool = True
    fault: str = ""


class _Made(NamedTuple):
    tree: str
    record: Record
    message: str
    author: Author


def resolve(
    home: Home,
    *,
    keep: str,
    author: Author,
    active: str | None = None,
    reason: str = "",
    dry_run: bool = False,
    progress: Progress = silent,
) -> Resolved:
    """End a collision with the files of one side, named by a server or by the beginning of its head.

    Raises NoCollision, NoSide, UnknownServer where `active` is not listed there, and HeadMoved where another command
    worked here meanwhile.
    """
    reason = records.cleaned(reason, "reason")
    report = collision.collision(home, progress=progress)
    here = tips.tip(home)
    require_listed(here)
    if not report.exists:
        with lock.held(home.git_dir):  # it may have ended here in a command that was killed
            settle_after(home)
        raise NoCollision
    side = _chosen(report, keep)
    listed = tips.cluster_at(home, side.head).servers
    if (new_active := active or home.name) not in listed:
        raise UnknownServer(new_active, listed)
    record = records.resolution([each.record for each in report.sides], active=new_active, server=home.name)
    lost = tuple(_lost(here, each, side) for each in report.sides if each is not side)
    plan = _plan(home, side, record)
    planned = Resolved(
        kept=side.name, active=new_active, revision=record.revision, epoch=record.epoch, lost=lost, plan=plan
    )  # fmt: skip
    if dry_run:
        return planned
    text = f"Resolution: the files of {side.name} are kept"
    made = _Made(home.repository.commit(side.head).tree, record, f"{text}\n\n{reason}" if reason else text, author)
    with lock.held(home.git_dir):
        settle(home)
        if tips.tip(home).id != report.sides[0].head:
            raise HeadMoved(report.sides[0].head)
        oid = _commit(here, report.sides, made)
        home.repository.advance(expected=here.id, to=oid)
        settled = settle_after(home)
    return _told(home, planned._replace(id=oid, dry_run=False), settled)


def _chosen(report: CollisionReport, keep: str) -> Side:
    of_head = [side for side in report.sides if len(keep) >= _SHORTEST_PREFIX and side.head.startswith(keep.lower())]
    of_server = [side for side in report.sides if keep in side.servers]
    of_active = [side for side in report.sides if keep == side.record.active]
    found = of_server or of_active or of_head
    if len(found) != 1:
        raise NoSide(keep, sorted({name for side in report.sides for name in (side.name, *side.servers)}))
    return found[0]


def _lost(here: Tip, side: Side, kept: Side) -> Lost:
    repository = here.home.repository
    deltas = trees.deltas(repository, repository.commit(side.head).tree, repository.commit(kept.head).tree)
    return Lost(side.name, tuple(sorted(delta.change for delta in deltas)), objects.of_deltas(here, deltas))


def _commit(here: Tip, sides: Sequence[Side], made: _Made) -> str:
    """Store the resolution, and judge it as every other server will."""
    heads, repository = [side.head for side in sides], here.home.repository  # this server's own is the first
    oid = repository.write_commit(
        tree=made.tree,
        parents=heads,
        message=records.compose(made.message, made.record),
        author=made.author,
        committer=made.author,
        time=now(),
    )
    Judge(repository, here.home.introduction() or here.id).admit(oid, known=heads)
    return oid


def _told(home: Home, resolved: Resolved, settled: Settled) -> Resolved:
    """Tell the others. The collision has ended here: what fails now is only reported."""
    here = tips.tip(home)
    views = replication.give(here, replication.look(here))
    return resolved._replace(
        peers=tuple(sighting.report(here, view) for view in views),
        kept_draft=settled.kept_draft,
        put_aside=settled.put_aside,
        fault=settled.fault,
    )


def _plan(home: Home, side: Side, record: Record) -> tuple[str, ...]:
    return (
        f"Make revision {record.revision} here, with the files of {side.name}; it follows all sides.",
        f"{record.active} is Active from then on, at epoch {record.epoch}. A draft on {home.name} is kept.",
        "Synchronize the other servers.",
    )
