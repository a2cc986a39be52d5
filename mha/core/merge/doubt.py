"""Doubt: what each side may do alone, and both together may not.

One side took an object away, and the other has come to use it; or both gave one name of a space to different objects.
Neither shows where only one place is looked at, so it is looked for in what came out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mha.core.merge.sides import Reason, Subject
from mha.core.model import facts
from mha.core.model.facts import Definition, Facts
from mha.core.model.kinds import Kinds

_Names = dict[tuple[str, str], list[Definition]]  # by space, and name without regard to case
_Files = Mapping[str, bytes]


def found(before: Sequence[_Files], came_out: _Files, kinds: Kinds) -> dict[Subject, Reason]:
    """The objects whose fate a person must decide; `before` has the changed files of the three sides."""
    read = {file: facts.of_file(*file, kinds) for files in (*before, came_out) for file in files.items()}
    base, *changed, after = ([read[file] for file in files.items()] for files in (*before, came_out))
    known, sides, merged = _names(base), [_names(side) for side in changed], _names(after)
    clashing = {
        _subject(each): Reason.CLASH
        for name, every in merged.items()
        if len({_subject(each) for each in every}) > max(1, *(len(side.get(name, [])) for side in sides))
        for each in every
    }
    uses = [_used(side) for side in changed]
    gone = {
        _subject(each): Reason.USED
        for name in known.keys() & _used(after) - merged.keys()
        for each in known[name]
        if any(name not in side and name not in used for side, used in zip(sides, uses, strict=True))
    }
    return {**clashing, **gone}


def _names(files: list[Facts]) -> _Names:
    names: _Names = defaultdict(list)
    for each in (definition for file in files for definition in file.definitions if definition.value is not None):
        names[each.space, each.name.casefold()].append(each)
    return names


def _used(files: list[Facts]) -> set[tuple[str, str]]:
    """The names that must be there; a name that may be in one of several spaces counts for each."""
    return {
        (space, reference.name.casefold())
        for file in files
        for reference in file.references
        if reference.needed
        for space, _ in reference.wanted
    }


def _subject(each: Definition) -> Subject:
    return Subject(each.kind, each.name)
