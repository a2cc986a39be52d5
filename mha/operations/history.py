"""Looking at revisions: the log, one revision, and what differs between two, or between one and the draft."""

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mha.core.changes import Change, printable
from mha.core.record import MalformedRecord, Record, accepted, words
from mha.core.succession import Kind
from mha.errors import AmbiguousRevision, MhaError, ReadOnlyServer, UnknownRevision
from mha.ids import is_beginning
from mha.operations import editing, objects, verdicts
from mha.operations import tip as tips
from mha.operations.tip import Tip
from mha.store import draft, trees
from mha.store.home import Home
from mha.store.repository import KEEP, Commit

if TYPE_CHECKING:
    from mha.core.model.differences import ObjectChange

_SHORTEST_PREFIX = 4


class Entry(NamedTuple):
    """One revision, as the log shows it."""

    revision: int
    id: str
    epoch: int
    active: str | None
    server: str
    author: str
    time: datetime
    message: str
    kind: Kind


class Difference(NamedTuple):
    """The files that differ, the objects in them, and on request the lines."""

    changes: tuple[Change, ...]
    objects: "tuple[ObjectChange, ...]" = ()
    lines: str = ""


class Shown(NamedTuple):
    """One revision and what it changed."""

    entry: Entry
    difference: Difference
    accepted: tuple[str, ...] = ()  # over which findings it was published, and why


def log(home: Home, *, limit: int | None = None) -> Iterator[Entry]:
    """The revisions, the newest first."""
    here = tips.tip(home)
    for commit in islice(recorded(home, here.id), limit):
        yield entry(home, commit)


def show(home: Home, text: str, *, lines: bool = False) -> Shown:
    """One revision, by number, id or id prefix, and its changes."""
    commit = find(home, text)
    old = home.repository.commit(commit.parents[0]).tree if commit.parents else None
    return Shown(entry(home, commit), _between(tips.tip(home), old, commit.tree, lines=lines), accepted(commit.message))


def diff(home: Home, old: str | None = None, new: str | None = None, *, lines: bool = False) -> Difference:
    """What differs from `old` to `new`: by default from the head to the draft; `new` is by default the head."""
    here = tips.tip(home)
    if old is None:
        return _draft_difference(here, lines=lines)
    right = find(home, new).tree if new is not None else here.tree
    return _between(here, find(home, old).tree, right, lines=lines)


def find(home: Home, text: str) -> Commit:
    """The revision that a number, `#number`, id or id prefix names; raises UnknownRevision or AmbiguousRevision."""
    wanted = text.strip().removeprefix("#").lower()
    starts = [tips.tip(home).id, *home.repository.refs(KEEP).values()]
    if home.repository.has_commit(wanted):
        found = {wanted: home.repository.commit(wanted)} if _is_revision(home, wanted) else {}
    else:
        found = {commit.id: commit for start in starts for commit in recorded(home, start) if _matches(commit, wanted)}
    if wanted.isdecimal() and any(_numbered(commit, wanted) for commit in found.values()):
        found = {oid: commit for oid, commit in found.items() if _numbered(commit, wanted)}
    if not found:
        of_id = is_beginning(wanted) and not wanted.isdecimal()
        raise UnknownRevision(printable(text.encode()), too_short=of_id and len(wanted) < _SHORTEST_PREFIX)
    if len(found) > 1:
        raise AmbiguousRevision(text, [oid[:12] for oid in found])
    return next(iter(found.values()))


def recorded(home: Home, start: str) -> Iterator[Commit]:
    """The revisions that a head reaches, the newest first, without the history from before mha.

    Each is read when it is asked for: a revision's number is higher than its parents', so none comes too early.
    """
    introduction = home.introduction()
    ahead = [(-home.repository.record(start).revision, start)]
    known = {start}
    while ahead:
        commit = home.repository.commit(heappop(ahead)[1])
        yield commit
        for parent in commit.parents if commit.id != introduction else ():
            if parent not in known:
                known.add(parent)
                heappush(ahead, (-home.repository.record(parent).revision, parent))


def entry(home: Home, commit: Commit) -> Entry:
    """A revision as the log shows it."""
    record = home.repository.record(commit.id)
    return Entry(
        revision=record.revision,
        id=commit.id,
        epoch=record.epoch,
        active=record.active,
        server=record.server,
        author=commit.author,
        time=commit.time,
        message=words(commit.message),
        kind=_kind(home, commit, record),
    )


def _kind(home: Home, commit: Commit, record: Record) -> Kind:
    if commit.id == home.introduction():
        return Kind.INIT
    if len(commit.parents) > 1:
        return Kind.RESOLUTION
    return Kind.PUBLISH if home.repository.record(commit.parents[0]).epoch == record.epoch else Kind.CHANGEOVER


def _is_revision(home: Home, oid: str) -> bool:
    """Whether a commit is one of this cluster's: no draft, and no history from before mha, whatever it says."""
    introduction = home.introduction()
    try:
        return home.repository.contains(oid, introduction or oid) and home.repository.commit(oid).record is not None
    except MalformedRecord:
        return False


def _matches(commit: Commit, wanted: str) -> bool:
    return _numbered(commit, wanted) or (len(wanted) >= _SHORTEST_PREFIX and commit.id.startswith(wanted))


def _numbered(commit: Commit, wanted: str) -> bool:
    return commit.record is not None and str(commit.record.revision) == wanted


def _draft_difference(here: Tip, *, lines: bool) -> Difference:
    tree = draft.of(here.home)
    if tree is None and here.record.active == here.home.name:
        raise MhaError("work/ is missing although this server is Active.", "`mha repair` makes it anew.")
    if tree is None:
        raise ReadOnlyServer(here.home.name, here.record.active or "no server", "have a draft")
    edits = tree.edits(here.id)
    text = editing.patch(here, tree, edits) if lines else ""
    texts = verdicts.texts(tree, edits)
    return Difference(tuple(edit.change for edit in edits), objects.of_draft(here, texts), text)


def _between(here: Tip, old: str | None, new: str, *, lines: bool) -> Difference:
    deltas = trees.deltas(here.home.repository, old, new)
    text = trees.patch_of(here.home.repository, deltas) if lines else ""
    return Difference(tuple(sorted(delta.change for delta in deltas)), objects.of_deltas(here, deltas), text)
