"""The merge of files: two heads that diverged, and the revision that both come from, become one configuration.

    merged = merge(base, ours, theirs, reading)
    merged.files        what differs from ours: path to bytes, or to None where the file goes
    merged.conflicts    what a person decides about; until then it is in `files` as ours has it

A conflict names its subject (an object, or a file), the field and the three values, and is settled by merging again
with `taken={conflict.subject: Side.THEIRS}`: where this subject conflicts, and only there, that side holds.

The three mappings hold every file, or at least every one that is not the same in all of them; what they leave out is
taken to be the same. Several heads are merged one after the other (`several`).

Rule 1: an object is its kind and name, wherever it stands; a rule is its id, name or content. What only one side
changed is as that side has it, what none changed keeps its bytes, and what both changed differently is a conflict.
Rule 2: what comes out is read again. If it does not say what it should, the file is a conflict.
Rule 3: when in doubt, a conflict.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from mha.core import outcomes
from mha.core.changes import is_yaml
from mha.core.merge import documents, doubt, objects, scopes, swaps, texts, trees
from mha.core.merge.joining import Joiner
from mha.core.merge.objects import Found, Standing
from mha.core.merge.sides import ABSENT, Conflict, Reason, Side, Subject
from mha.core.merge.swaps import Swaps
from mha.core.merge.texts import Text
from mha.core.merge.trees import Entry, File, Odd
from mha.core.model.facts import Definition
from mha.core.model.kinds import Kinds
from mha.core.scalars import Unreadable

Files = Mapping[str, bytes]


class Reading(NamedTuple):
    """How files are read."""

    kinds: Kinds
    interprets: Callable[[str], bool]  # whether the file at a path holds objects
    others: Callable[[], Iterable[tuple[str, bytes]]] = tuple  # of these, those that are the same on all sides


class Merged(NamedTuple):
    """What came out."""

    files: dict[str, bytes | None]  # that differ from ours
    conflicts: list[Conflict]
    settled: frozenset[Subject] = frozenset()  # what conflicted, and a side was taken for


def merge(
    base: Files, ours: Files, theirs: Files, reading: Reading, taken: Mapping[Subject, Side] | None = None
) -> Merged:
    """Both changes of a configuration as one; ours, where they do not go together."""
    sides = (base, ours, theirs)
    paths = sorted({path for side in sides for path in side if len({each.get(path) for each in sides}) > 1})
    swap = Swaps(lambda: _definitions(sides, reading)).decide_the_same
    run = _Run(Joiner(taken or {}, swap, {}), reading, sides)
    files = run.files(paths)
    of_objects = [path for path in paths if is_yaml(path) and reading.interprets(path)]
    held = [{path: side[path] for path in of_objects if path in side} for side in sides]
    came_out = {path: data for path in of_objects if (data := files[path]) is not None}
    if doubts := doubt.found(held, came_out, reading.kinds):
        run = _Run(Joiner(taken or {}, swap, doubts), reading, sides)
        files = run.files(paths)
    run.refuse_folders(files)
    changed = {path: data for path, data in files.items() if data != ours.get(path)}
    return Merged(changed, run.joiner.conflicts, frozenset(run.joiner.settled))


def _definitions(sides: Sequence[Files], reading: Reading) -> list[Definition]:
    files = ((path, side[path]) for side in sides for path in side if reading.interprets(path))
    return swaps.definitions(chain(reading.others(), files), reading.kinds)


class _Run:
    """One merge: the files of the three sides, and those of them that are read."""

    def __init__(self, joiner: Joiner, reading: Reading, sides: Sequence[Files]) -> None:
        self.joiner = joiner
        self._reading = reading
        self._sides = sides
        self._texts: dict[str, list[Text]] = {}

    def files(self, paths: list[str]) -> dict[str, bytes | None]:
        """What becomes of the files that are not the same on all sides."""
        self._texts = {path: self._read(path) for path in paths if is_yaml(path)}
        interpreted = [path for path in paths if self._texts.get(path) and self._reading.interprets(path)]
        standing = [self._standing({path: self._texts[path][side].file for path in interpreted}) for side in range(3)]
        stale = self._settle(standing)
        doubtful = (found for side in standing for subject in self.joiner.doubts for found in side.get(subject, []))
        stale |= {(found.where.path, side) for found in doubtful for side in (1, 2)}
        result = {path: self._file(path, stale) for path in paths}
        self._refuse_twins({path: result[path] for path in interpreted}, standing)
        return result

    def refuse_folders(self, files: dict[str, bytes | None]) -> None:
        """No file stands where another one has its folder."""
        for path in sorted(files):
            for place, letter in enumerate(path):
                above = path[:place]
                if letter == "/" and files[path] is not None and files.get(above) is not None:
                    values = (side.get(above, ABSENT) for side in self._sides)
                    side = self.joiner.side(scopes.of_file(above, None), Reason.CLASH, *values)
                    is_file = above in self._sides[1 if side is Side.OURS else 2]
                    files[path if is_file else above] = None

    def _standing(self, files: Mapping[str, File]) -> Standing:
        return objects.standing(files, self._reading.kinds)

    def _read(self, path: str) -> list[Text]:
        """A file on all sides; none of them, where it cannot be read on one."""
        try:
            return [texts.read(side.get(path)) for side in self._sides]
        except (Unreadable, Odd):
            return []

    def _settle(self, standing: Sequence[Standing]) -> set[tuple[str, int]]:
        """Bring objects that moved to where they end up; and which files of which sides have them otherwise."""
        stale: set[tuple[str, int]] = set()
        for subject in objects.relocated(*standing):
            found = [next(iter(side.get(subject, [])), None) for side in standing]
            where, entry = objects.settled(self.joiner, *found, subject=subject, kinds=self._reading.kinds)
            for side, each in enumerate(found):
                if each is not None:
                    self._put(side, each, subject, entry if each.where == where else None)
                if each is not None and (each.where, each.entry) != (where, entry):
                    stale.add((each.where.path, side))
                if where is not None and (each is None or each.where != where):
                    stale.add((where.path, side))
        return stale

    def _put(self, side: int, found: Found, subject: Subject, entry: Entry | None) -> None:
        sides = self._texts[found.where.path]
        file = objects.replaced(sides[side].file, subject, found.where, entry, self._reading.kinds)
        sides[side] = sides[side]._replace(file=file)

    def _file(self, path: str, stale: set[tuple[str, int]]) -> bytes | None:
        base, ours, theirs = (side.get(path) for side in self._sides)
        if theirs in (base, ours) and (path, 1) not in stale:
            return ours
        if ours == base and (path, 2) not in stale:
            return theirs
        if not self._texts.get(path):
            return self._whole(path, Reason.UNREADABLE if is_yaml(path) else Reason.CHANGED)
        found = self._texts[path]
        top = scopes.of_file(path, self._reading.kinds if self._reading.interprets(path) else None)
        merged = documents.joined(self.joiner, [text.file for text in found], top)
        if not merged.documents and (ours is None or theirs is None):
            return None
        data = texts.written(merged, found)
        if outcomes.difference(data, [trees.plain(entry.value) for entry in merged.documents]) is None:
            return data
        return self._whole(path, Reason.FORM)

    def _whole(self, path: str, reason: Reason) -> bytes | None:
        """The file of one side."""
        base, ours, theirs = (side.get(path) for side in self._sides)
        values = (ABSENT if data is None else data for data in (base, ours, theirs))
        return ours if self.joiner.side(scopes.of_file(path, None), reason, *values) is Side.OURS else theirs

    def _refuse_twins(self, files: Mapping[str, bytes | None], standing: Sequence[Standing]) -> None:
        """No object stands twice that stands once on each side."""
        try:
            found = self._standing({path: texts.read(data).file for path, data in files.items()})
        except (Unreadable, Odd):
            return  # a side's own file, which conflicts already
        for subject, every in found.items():
            if len(every) > max(1, *(len(side.get(subject, [])) for side in standing)):
                paths = tuple(sorted({each.where.path for each in every}))
                self.joiner.conflicts.append(Conflict(subject, paths, (), Reason.CLASH))
