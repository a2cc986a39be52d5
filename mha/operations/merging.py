"""Merging the sides of a collision by object: what comes out, and what a person decides about.

Rule: the server's own side is the first one; nothing is moved here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mha.core.changes import is_yaml
from mha.core.merge import marks
from mha.core.merge.files import Reading
from mha.core.merge.marks import Mark
from mha.core.merge.several import Apart, Together, merge_all
from mha.core.merge.sides import ABSENT, Subject
from mha.core.model.contested import Held
from mha.errors import UnknownConflict
from mha.operations.model import Model
from mha.operations.tip import Tip
from mha.store import lock, trees
from mha.store.trees import Blob

Sides = Sequence[tuple[str, str]]  # of each its name and the id of its tree; this server's first


class Conflict(NamedTuple):
    """Something that sides changed differently, and how it is called where a side is taken for it."""

    subject: str  # KIND/NAME, or the path of a file
    paths: tuple[str, ...]
    field: str  # "": all of it
    reason: str
    base: Held
    values: tuple[Held, ...]  # of the two that do not go together


class Merged(NamedTuple):
    """What came out: a tree, as far as nothing conflicts; where something does, it is as the first of them has it."""

    tree: str
    conflicts: tuple[Conflict, ...]
    texts: Mapping[str, bytes | None]  # of the files in which it differs from this server's side


class Marked(NamedTuple):
    """What came out, with a mark in the files for each conflict that is left."""

    tree: str
    conflicts: tuple[Conflict, ...]
    unmarked: tuple[Conflict, ...]  # of which no file could be marked


def merged(here: Tip, base: str, sides: Sides, taken: Mapping[str, str]) -> Merged:
    """Merge sides that come from the tree `base`.

    `taken` says by a conflict's subject whose value holds; raises UnknownConflict where one settles nothing.
    """
    files = _Files(here, base, sides)
    found = _together(Model(here), files, base, sides, taken)
    with lock.held(here.home.git_dir):  # it writes trees
        return Merged(files.stored(found.files), _conflicts(found.conflicts, sides), found.files)


def marked(here: Tip, base: str, sides: Sides, taken: Mapping[str, str]) -> Marked:
    """Merge sides as `merged` does, for a person who settles the conflicts in the files."""
    files, model = _Files(here, base, sides), Model(here)
    found = _together(model, files, base, sides, taken, to_the_end=True)
    texts: dict[str, bytes | None] = {**files.texts(sides[0][1]), **found.files}
    of_path: dict[str | None, list[Apart]] = defaultdict(list)
    for each in found.conflicts:
        of_path[next((p for p in each.conflict.paths if is_yaml(p) and texts.get(p) is not None), None)].append(each)
    unmarked, changed = of_path.pop(None, []), dict(found.files)
    for path, every in of_path.items():
        assert path is not None
        named = [Mark(each.conflict, sides[0][0], sides[each.theirs][0]) for each in every]
        text = marks.marked(path, texts[path] or b"", named, model.rules.kinds)
        if text is None:
            unmarked += every
        else:
            changed[path] = text
    with lock.held(here.home.git_dir):
        return Marked(files.stored(changed), _conflicts(found.conflicts, sides), _conflicts(unmarked, sides))


def conflicts(here: Tip, base: str, sides: Sides) -> tuple[Conflict, ...]:
    """What a person would decide about if sides were merged; nothing is stored."""
    return _conflicts(_together(Model(here), _Files(here, base, sides), base, sides, {}).conflicts, sides)


def _together(
    model: Model, files: "_Files", base: str, sides: Sides, taken: Mapping[str, str], *, to_the_end: bool = False
) -> Together:
    names = [name for name, _ in sides]

    def holds_objects(path: str) -> bool:
        return is_yaml(path) and model.rules.holds_objects(path)

    reading = Reading(model.rules.kinds, holds_objects, lambda: files.others(holds_objects))
    subjects = {text: _subject(text, model.rules.kinds.by_name) for text in taken}
    wanted = {subjects[text]: names.index(side) for text, side in taken.items()}
    texts = [files.texts(tree) for _, tree in sides]
    found = merge_all(files.texts(base), texts, reading, wanted, to_the_end=to_the_end)
    if missed := [text for text, subject in subjects.items() if subject not in found.settled]:
        raise UnknownConflict(missed[0], [conflict.subject for conflict in _conflicts(found.conflicts, sides)])
    return found


def _subject(text: str, kinds: Mapping[str, Any]) -> Subject:
    """What `KIND/NAME` or a path means; `./` before it makes it a path."""
    kind, _, name = text.partition("/")
    return Subject(kind, name) if name and kind in kinds else Subject("", text.removeprefix("./"))


def _conflicts(found: Iterable[Apart], sides: Sides) -> tuple[Conflict, ...]:
    return tuple(
        Conflict(
            subject=f"{each.subject.kind}/{each.subject.name}" if each.subject.kind else each.subject.name,
            paths=each.paths,
            field=".".join(map(str, each.field)),
            reason=each.reason,
            base=_value("", each.base),
            values=(_value(sides[0][0], each.ours), _value(sides[theirs][0], each.theirs)),
        )
        for theirs, each in found
    )


def _value(side: str, value: Any) -> Held:
    if value is ABSENT:
        return Held(side, exists=False)
    return Held(side, True, "(a file)" if isinstance(value, bytes) else value)


class _Files:
    """The files that are not the same on all sides."""

    def __init__(self, here: Tip, base: str, sides: Sides) -> None:
        self._repository = here.home.repository
        self._base, self._sides = base, [tree for _, tree in sides]
        self._blobs: dict[str, dict[str, Blob | None]] = {base: {}}
        paths: set[str] = set()
        for tree in dict.fromkeys(self._sides):
            deltas = {delta.path.decode(): delta for delta in trees.deltas(self._repository, base, tree)}
            self._blobs[tree] = self._blobs.get(tree, {}) | {path: delta.new for path, delta in deltas.items()}
            self._blobs[base] |= {path: delta.old for path, delta in deltas.items() if tree != base}
            paths |= deltas.keys()
        for tree, blobs in self._blobs.items():
            self._blobs[tree] = {path: blobs.get(path, self._blobs[base][path]) for path in sorted(paths)}

    def texts(self, tree: str) -> dict[str, bytes]:
        blobs = self._blobs[tree]
        return {path: trees.read(self._repository, blob) for path, blob in blobs.items() if blob is not None}

    def others(self, holds_objects: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """Files of objects that all sides have the same."""
        for path, blob in trees.files(self._repository, self._base):
            if path not in self._blobs[self._base] and holds_objects(path):
                yield path, trees.read(self._repository, blob)

    def stored(self, changed: Mapping[str, bytes | None]) -> str:
        """The tree of the first side with some files changed, each as executable as the sides made it."""
        files: dict[str, Blob | None] = {path: self._blobs[self._sides[0]][path] for path in self._blobs[self._base]}
        for path, data in changed.items():
            files[path] = None if data is None else Blob(trees.write(self._repository, data))
        wanted = {p: blob and blob._replace(executable=self._is_executable(p)) for p, blob in files.items()}
        return trees.edited(self._repository, self._sides[0], wanted)

    def _is_executable(self, path: str) -> bool:
        """What a side changed; where nothing stood before, whether any side has it so."""
        base = self._blobs[self._base][path]
        there = {blob.executable for tree in self._sides if (blob := self._blobs[tree][path]) is not None}
        before = base is not None and base.executable
        return not before if (not before) in there else before
