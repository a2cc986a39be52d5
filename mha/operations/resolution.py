"""Resolving: a collision ends with one revision that follows all diverged heads.

The files of one side are kept, or those of all sides are merged; all revisions stay in the history, below the
resolution. The server where it is made is Active from then on, or the one that is named; all others fast-forward.
Nothing moves anywhere before `main` moves here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mha.core import record as records
from mha.core.changes import Change
from mha.core.cluster import FILE, complaints
from mha.core.record import Record
from mha.errors import (
    HeadMoved,
    InvalidConfiguration,
    InvalidModel,
    NoCollision,
    NoSide,
    RefusedHistory,
    UnfitMerge,
    UnknownServer,
)
from mha.operations import collision, objects, replication, sighting, verdicts
from mha.operations import tip as tips
from mha.operations.admission import Judge
from mha.operations.collision import CollisionReport, Side
from mha.operations.settling import Settled, settle, settle_after
from mha.operations.sighting import PeerReport
from mha.operations.tip import Tip, require_listed
from mha.operations.verdicts import Remark, Verdict
from mha.store import lock, trees
from mha.store.author import Author
from mha.store.clock import now
from mha.store.git import Progress, silent
from mha.store.home import Home

if TYPE_CHECKING:
    from mha.core.model.differences import ObjectChange
    from mha.operations.merging import Conflict, Sides

_SHORTEST_PREFIX = 4


class Lost(NamedTuple):
    """How the result differs from a side, of which all revisions stay."""

    side: str  # as `mha resolve` takes it
    changes: tuple[Change, ...]  # from that side to the result
    objects: "tuple[ObjectChange, ...]" = ()


class Resolved(NamedTuple):
    """What a resolution came to, or with `dry_run` or conflicts would come to."""

    kept: str | None  # the side whose files are kept; None: they are merged
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
    conflicts: "tuple[Conflict, ...]" = ()  # what nobody has decided yet: nothing was resolved
    remarks: tuple[Remark, ...] = ()  # what the checks find in it that no side has


class Wish(NamedTuple):
    """What an administrator wants to become of a collision."""

    keep: str | None = None  # the side whose files are kept, named by a server or by the beginning of its head
    taken: Mapping[str, str] = MappingProxyType({})  # where the sides are merged: by conflict, whose value holds
    active: str | None = None  # the server that is Active then; else this one
    reason: str = ""
    accepted: Mapping[str, str] = MappingProxyType({})  # codes of findings over which it is made, and why


class Result(NamedTuple):
    """What the files become."""

    tree: str
    title: str
    texts: Mapping[str, bytes | None]  # what differs from this server's side, and is to be judged
    conflicts: "tuple[Conflict, ...]" = ()


class _Made(NamedTuple):
    tree: str
    record: Record
    message: str
    author: Author
    accepted: Mapping[str, str]


def resolve(home: Home, wish: Wish, *, author: Author, dry_run: bool = False, progress: Progress = silent) -> Resolved:
    """End a collision; where sides that are merged conflict, nothing moves and the conflicts are reported.

    Raises NoCollision, NoSide, UnknownConflict, UnknownServer where the new Active is not listed in the result,
    InvalidConfiguration and UnfitMerge where the merged files would not do, and HeadMoved where another command
    worked here meanwhile.
    """
    records.cleaned(wish.reason, "reason")  # nobody waits for the peers to be told of that
    report = seen(home, progress=progress)
    here = tips.tip(home)
    side = None if wish.keep is None else _chosen(report, wish.keep)
    result = _merged(here, report, wish) if side is None else _kept(here, side)
    return conclude(here, report, result, wish, author=author, kept=side, dry_run=dry_run)


def seen(home: Home, *, progress: Progress = silent) -> CollisionReport:
    """The collision that is to be ended here; raises NoCollision."""
    report = collision.collision(home, progress=progress)
    require_listed(tips.tip(home))
    if not report.exists:
        with lock.held(home.git_dir):  # it may have ended here in a command that was killed
            settle_after(home)
        raise NoCollision
    return report


def conclude(
    here: Tip,
    report: CollisionReport,
    result: Result,
    wish: Wish,
    *,
    author: Author,
    kept: Side | None = None,
    dry_run: bool = False,
) -> Resolved:
    """End a collision with a result, or report what that would do, or what conflicts; raises what `resolve` does."""
    home = here.home
    reason = records.cleaned(wish.reason, "reason")
    new_active = wish.active or home.name
    record = records.resolution([each.record for each in report.sides], active=new_active, server=home.name)
    planned = Resolved(
        kept=kept and kept.name,
        active=new_active,
        revision=record.revision,
        epoch=record.epoch,
        lost=tuple(_lost(here, each, result.tree) for each in report.sides if each is not kept),
        plan=_plan(home, result.title, record),
        conflicts=result.conflicts,
        dry_run=dry_run,
    )
    if result.conflicts:
        return planned
    _require_cluster_file(here, result, new_active)
    with _judged(here, report, result, wish.accepted) as verdict:
        planned = planned._replace(remarks=verdict.remarks)
        if dry_run:
            return planned
        message = f"{result.title}\n\n{reason}" if reason else result.title
        made = _Made(result.tree, record, message, author, wish.accepted)
        with lock.held(home.git_dir):
            settle(home)
            if tips.tip(home).id != report.sides[0].head:
                raise HeadMoved(report.sides[0].head)
            oid = _commit(here, report.sides, made)
            home.repository.advance(expected=here.id, to=oid)
            settled = settle_after(home)
            verdict.keep(result.tree)
    return _told(home, planned._replace(id=oid), settled)


def _kept(here: Tip, side: Side) -> Result:
    tree = here.home.repository.commit(side.head).tree
    return Result(tree, f"Resolution: the files of {side.name} are kept", {})


def _merged(here: Tip, report: CollisionReport, wish: Wish) -> Result:
    from mha.operations import merging  # it needs a parser of YAML, and the schemas of all kinds

    found = merging.merged(here, *to_merge(here, report, wish))
    return Result(found.tree, "Resolution: all sides are merged", found.texts, found.conflicts)


def to_merge(here: Tip, report: CollisionReport, wish: Wish) -> "tuple[str, Sides, Mapping[str, str]]":
    """What is merged, as `merging` takes it: the tree that all come from, the sides, and whose value holds where."""
    assert report.common is not None
    repository = here.home.repository
    taken = {what: _chosen(report, whose).name for what, whose in wish.taken.items()}
    sides = [(side.name, repository.commit(side.head).tree) for side in report.sides]
    return repository.commit(report.common.id).tree, sides, taken


@contextmanager
def _judged(here: Tip, report: CollisionReport, result: Result, accepted: Mapping[str, str]) -> Iterator[Verdict]:
    """What the checks find in merged files that no side has already; raises UnfitMerge."""
    texts = {path: data for path, data in result.texts.items() if verdicts.concern(path)}
    if not texts:
        yield Verdict()
        return
    from mha.operations import validation

    repository, known = here.home.repository, Counter[tuple[str, str, str]]()
    for side in report.sides[1:]:
        deltas = trees.deltas(repository, here.tree, repository.commit(side.head).tree)
        files = verdicts.stored_texts(repository, {delta.path.decode(): delta.new for delta in deltas})
        known |= Counter(validation.added(here, files))
    try:
        with validation.judged(here, texts, accepted, known) as verdict:
            yield verdict
    except InvalidModel as error:
        raise UnfitMerge(error.findings, error.code) from error


def _require_cluster_file(here: Tip, result: Result, active: str) -> None:
    """What comes out must list the new Active, and be a cluster's file; raises UnknownServer, InvalidConfiguration."""
    blob = trees.find(here.home.repository, result.tree, FILE)
    hint = "Keep the files of one side: `mha resolve --keep SERVER`."
    new = tips.proposed_cluster(here, blob, hint)
    if active not in new.servers:
        raise UnknownServer(active, new.servers)
    if FILE in result.texts and (found := complaints(here.cluster, new, active=active)):
        raise InvalidConfiguration(found, hint)


def _chosen(report: CollisionReport, keep: str) -> Side:
    of_head = [side for side in report.sides if len(keep) >= _SHORTEST_PREFIX and side.head.startswith(keep.lower())]
    of_server = [side for side in report.sides if keep in side.servers]
    of_active = [side for side in report.sides if keep == side.record.active]
    found = of_server or of_active or of_head
    if len(found) != 1:
        raise NoSide(keep, sorted({name for side in report.sides for name in (side.name, *side.servers)}))
    return found[0]


def _lost(here: Tip, side: Side, tree: str) -> Lost:
    repository = here.home.repository
    deltas = trees.deltas(repository, repository.commit(side.head).tree, tree)
    return Lost(side.name, tuple(sorted(delta.change for delta in deltas)), objects.of_deltas(here, deltas))


def _commit(here: Tip, sides: Sequence[Side], made: _Made) -> str:
    """Store the resolution, and judge it as every other server will."""
    heads, repository = [side.head for side in sides], here.home.repository  # this server's own is the first
    oid = repository.write_commit(
        tree=made.tree,
        parents=heads,
        message=records.compose(made.message, made.record, accepted=made.accepted),
        author=made.author,
        committer=made.author,
        time=now(),
    )
    try:
        Judge(repository, here.home.introduction() or here.id).admit(oid, known=heads)
    except RefusedHistory as error:
        raise InvalidConfiguration(
            [error.reason], "Every other server would refuse it; nothing was resolved."
        ) from error
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


def _plan(home: Home, title: str, record: Record) -> tuple[str, ...]:
    what = title.removeprefix("Resolution: ")
    return (
        f"Make revision {record.revision} here: {what}. It follows all sides.",
        f"{record.active} is Active from then on, at epoch {record.epoch}. A draft on {home.name} is kept.",
        "Synchronize the other servers.",
    )
