"""Reverting: one new revision takes back what an earlier one changed, or several in a row.

Rule 1: what is taken back is what differs from before the first of them to after the last; what came and went between
them is nothing.
Rule 2: later changes stay. Where they changed the same lines, nothing is published, and they are named.
Rule 3: no resolution is taken back: it follows several sides, and has no one opposite.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from mha.core.record import subject
from mha.errors import CannotRevert, InvalidRange, Later, NotOfThisSide, Overlap, ResolutionReverted
from mha.ids import short
from mha.operations import history, objects, publication
from mha.operations import tip as tips
from mha.operations.publication import Published
from mha.operations.tip import Tip, require_active
from mha.store import lock, merging, trees
from mha.store.author import Author
from mha.store.home import Home
from mha.store.repository import Commit

_MOST_READ = 100  # later revisions of a file: reading a large one takes a second


class _Span(NamedTuple):
    """Revisions in a row, each the only parent of the next."""

    first: Commit
    last: Commit
    before: str | None  # the tree that the first one changed; None: there was none
    words: str  # how it is called


def revert(
    home: Home,
    text: str,
    *,
    message: str,
    author: Author,
    wait: int | None = None,
    dry_run: bool = False,
    lines: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> Published:
    """Publish the opposite of a revision, or of `FIRST..LAST`, both included.

    Raises CannotRevert where later revisions changed the same lines, InvalidRange, ResolutionReverted, NotOfThisSide,
    and what a publish raises.
    """
    message = publication.worded(message)
    accepted = {code: publication.worded(reason) for code, reason in accepted.items()}
    here = tips.tip(home)
    require_active(here)
    span = _span(here, text)

    with lock.held(home.git_dir):  # it writes trees
        merged = merging.reverted(home.repository, before=span.before, after=span.last.tree, onto=here.tree)
    if merged.conflicts:
        raise CannotRevert(span.words, _overlaps(here, span, merged.conflicts))
    deltas = trees.deltas(home.repository, here.tree, merged.tree)
    if not deltas:
        return Published(None, None, ())

    done = publication.publish_files(
        here,
        {delta.path.decode(): delta.new for delta in deltas},
        message=message,
        author=author,
        what=f"Reverting {span.words}",
        wait=wait,
        accepted=accepted,
        dry_run=dry_run,
    )
    return done._replace(lines=trees.patch_of(home.repository, deltas) if lines else "")


def _span(here: Tip, text: str) -> _Span:
    """What was typed: a revision, or two with dots between them."""
    start, dots, end = (part.strip() for part in text.partition(".."))
    if dots and not (start and end):
        raise InvalidRange(text, "it needs a first and a last revision")
    last = history.find(here.home, end if dots else start)
    first = history.find(here.home, start) if dots else last
    numbers = [here.home.repository.record(commit.id).revision for commit in (first, last)]
    if not here.home.repository.contains(here.id, last.id):
        raise NotOfThisSide(numbers[1])
    _require_row(here, first, last, text)
    before = here.home.repository.commit(first.parents[0]).tree if first.parents else None
    return _Span(first, last, before, "..".join(map(str, numbers[:1] if first == last else numbers)))


def _require_row(here: Tip, first: Commit, last: Commit, text: str) -> None:
    """Each revision of a range has one parent, and they lead from the last to the first."""
    repository = here.home.repository
    lowest, commit = repository.record(first.id).revision, last
    while True:
        number = repository.record(commit.id).revision
        if number < lowest:
            highest = repository.record(last.id).revision
            raise InvalidRange(text, f"revision {highest} ({short(last.id)}) does not follow {lowest}")
        if len(commit.parents) > 1:
            raise ResolutionReverted(number, [short(parent) for parent in commit.parents])
        if commit.id == first.id:
            return
        commit = repository.commit(commit.parents[0])


def _overlaps(here: Tip, span: _Span, paths: Sequence[str]) -> list[Overlap]:
    """The files that cannot be taken back, what they are about, and who changed that again."""
    later = _later(here, span, paths)
    return [_overlap(here, span, path, later[path]) for path in paths]


def _overlap(here: Tip, span: _Span, path: str, later: list[Commit]) -> Overlap:
    """The objects that were changed again, and who did that; where only lines are shared, all who changed the file."""
    then, since = (_changed(here, old, span.last.tree, path) for old in (span.before, here.tree))
    again = [each for each in then if each in since]
    read = later if again and len(later) <= _MOST_READ else ()
    who = [commit for commit in read if _touches(here, commit, path, again)]
    return Overlap(path, tuple(again or then), tuple(_named(here, commit) for commit in who or later))


def _touches(here: Tip, commit: Commit, path: str, subjects: Sequence[str]) -> bool:
    """Whether a revision changed some of these objects in a file, as seen from one of its parents."""
    olds = [here.home.repository.commit(parent).tree for parent in commit.parents]
    return any(each in subjects for old in olds for each in _changed(here, old, commit.tree, path))


def _changed(here: Tip, old: str | None, new: str, path: str) -> tuple[str, ...]:
    deltas = [delta for delta in trees.deltas(here.home.repository, old, new) if delta.path == path.encode()]
    return tuple(change.subject for change in objects.of_deltas(here, deltas))


def _later(here: Tip, span: _Span, paths: Sequence[str]) -> dict[str, list[Commit]]:
    """The revisions after a span that led to what files are now, the newest first, by path.

    A resolution that has a file as one of its sides leads on to that side alone; it counts itself where it took another
    side's file in place of what followed the span.
    """
    repository = here.home.repository
    found: dict[str, list[Commit]] = {path: [] for path in paths}
    wanted = {path: {here.id} for path in paths}
    for commit in repository.walk(here.id, hide=[span.last.id]):
        differing = {parent: _differing(here, parent, commit) for parent in commit.parents}
        for path in paths:
            if commit.id not in wanted[path]:
                continue
            changed = [parent for parent in commit.parents if path in differing[parent]]
            wanted[path].update([parent for parent in commit.parents if parent not in changed] or changed)
            single = len(commit.parents) == 1
            if any(single or repository.contains(parent, span.last.id) for parent in changed):
                found[path].append(commit)
    return found


def _differing(here: Tip, parent: str, commit: Commit) -> set[str]:
    repository = here.home.repository
    deltas = trees.deltas(repository, repository.commit(parent).tree, commit.tree)
    return {delta.path.decode("utf-8", "surrogateescape") for delta in deltas}


def _named(here: Tip, commit: Commit) -> Later:
    person = commit.author.partition(" <")[0]
    return Later(here.home.repository.record(commit.id).revision, short(commit.id), person, subject(commit.message))
