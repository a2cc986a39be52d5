"""A collision: diverged sides, seen from any server that holds them."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from mha.core.changes import Change
from mha.core.record import Record
from mha.ids import short
from mha.operations import history, objects, replication
from mha.operations import tip as tips
from mha.operations.history import Entry
from mha.operations.tip import Tip
from mha.store import trees
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import Repository

if TYPE_CHECKING:
    from mha.core.model.contested import Contested
    from mha.core.model.differences import ObjectChange
    from mha.operations.merging import Conflict


class Side(NamedTuple):
    """One side: the revisions since the last common one, to one of the diverged heads."""

    head: str
    record: Record
    servers: tuple[str, ...]  # whose head it is, as far as was seen
    revisions: tuple[Entry, ...]  # since the last common one, the newest first
    changes: tuple[Change, ...]
    objects: "tuple[ObjectChange, ...]" = ()

    @property
    def name(self) -> str:
        """What it is called by where it is chosen: the server that is Active there, or its head."""
        active = self.record.active
        return active if active is not None and active in self.servers else short(self.head)


class CollisionReport(NamedTuple):
    """Both sides of a collision; no sides where there is none."""

    common: Entry | None
    sides: tuple[Side, ...]
    both: tuple[str, ...] = ()  # files that more than one side changed
    objects: "tuple[Contested, ...]" = ()  # that more than one side changed
    conflicts: "tuple[Conflict, ...]" = ()  # what a merge of the sides would leave to decide

    @property
    def exists(self) -> bool:
        return bool(self.sides)

    @property
    def higher_epoch(self) -> Side | None:
        """The side whose epoch is highest, if one is."""
        ordered = sorted(self.sides, key=lambda side: -side.record.epoch)
        return ordered[0] if len(ordered) > 1 and ordered[0].record.epoch > ordered[1].record.epoch else None


def collision(home: Home, *, progress: Progress = silent) -> CollisionReport:
    """Look at the peers, pin what diverged on both sides, and report the sides."""
    here = tips.tip(home)
    views = replication.look(here, progress=progress)
    replication.pin(here, views)
    replication.give(here, [view for view in views if view.sight.diverged])
    seen = {view.name: view.sight.head for view in views if view.sight.head} | {home.name: here.id}
    heads = _tips_only(here, tips.diverged_sides(home))
    if not heads:
        return CollisionReport(None, ())
    base = here.id
    for head in heads:
        base = _common(home.repository, base, head)
    shared_revisions = _shared(home.repository, [here.id, *heads], base)
    sides = tuple(_side(here, head, base, seen, shared_revisions) for head in [here.id, *heads])
    files = _in_several([change.path for change in side.changes] for side in sides)
    return CollisionReport(history.entry(home, home.repository.commit(base)), sides, files)


def examined(home: Home, *, progress: Progress = silent) -> CollisionReport:
    """As `collision`, with what each object was that several sides changed, and with what a merge would leave open."""
    from mha.operations import merging  # it needs a parser of YAML, and the schemas of all kinds

    report, here = collision(home, progress=progress), tips.tip(home)
    if report.common is None:
        return report
    repository = home.repository
    base = repository.commit(report.common.id).tree
    sides = [(side.name, repository.commit(side.head).tree) for side in report.sides]
    contested = objects.contested(here, {name: trees.deltas(repository, base, tree) for name, tree in sides})
    return report._replace(objects=contested, conflicts=merging.conflicts(here, base, sides))


def _common(repository: Repository, one: str, other: str) -> str:
    """The last revision from which all that two heads do not share goes out.

    Where two have ended a collision at once, each side has both lines: then it is the one from which these went out.
    """
    base = repository.merge_base(one, other)
    assert base is not None
    shared = _shared(repository, [one, other], base)
    followed = {parent for oid in shared for parent in repository.commit(oid).parents}
    for line in sorted(shared - followed):
        base = _common(repository, base, line)
    return base


def _shared(repository: Repository, heads: Iterable[str], base: str) -> frozenset[str]:
    """The revisions since `base` that all heads have."""
    lines = [frozenset(commit.id for commit in repository.walk(head, hide=[base])) for head in heads]
    return frozenset.intersection(*lines)


def _in_several(of_sides: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """What is found on more than one side."""
    counted = Counter(each for side in of_sides for each in set(side))
    return tuple(sorted(each for each, count in counted.items() if count > 1))


def _tips_only(here: Tip, heads: list[str]) -> list[str]:
    """The kept heads without those that another kept head already contains."""
    repository = here.home.repository
    return [oid for oid in heads if not any(o != oid and repository.contains(o, oid) for o in heads)]


def _side(here: Tip, head: str, base: str, seen: Mapping[str, str], shared: Container[str]) -> Side:
    home, repository = here.home, here.home.repository
    deltas = trees.deltas(repository, repository.commit(base).tree, repository.commit(head).tree)
    return Side(
        head=head,
        record=repository.record(head),
        servers=tuple(sorted(name for name, oid in seen.items() if oid == head)),
        revisions=tuple(
            history.entry(home, commit) for commit in repository.walk(head, hide=[base]) if commit.id not in shared
        ),
        changes=tuple(sorted(delta.change for delta in deltas)),
        objects=objects.of_deltas(here, deltas),
    )
