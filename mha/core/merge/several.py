"""The merge of several heads: one after the other, each with what came out before.

Rule: a head that conflicts ends it: what follows would be merged with what nobody has decided. Only where people edit
what came out do the others follow, and then each conflict is as the first of the two has it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mha.core.merge.files import Files, Reading, merge
from mha.core.merge.sides import Conflict, Side, Subject


class Apart(NamedTuple):
    """A conflict, and the place of the side that conflicts with those before it."""

    theirs: int
    conflict: Conflict


class Together(NamedTuple):
    """What came out."""

    files: dict[str, bytes | None]  # that differ from the first side
    conflicts: list[Apart]
    settled: frozenset[Subject] = frozenset()  # what conflicted, and a side was taken for


def merge_all(
    base: Files, sides: Sequence[Files], reading: Reading, taken: Mapping[Subject, int], *, to_the_end: bool = False
) -> Together:
    """The changes of all sides as one configuration; `taken` has the place of the side that holds for a subject.

    Files are left out as in `files.merge`. `to_the_end`: what conflicts ends nothing.
    """
    first, files, settled = sides[0], dict(sides[0]), frozenset[Subject]()
    conflicts: list[Apart] = []
    for place, side in enumerate(sides[1:], 1):
        chosen = {subject: Side.THEIRS if of == place else Side.OURS for subject, of in taken.items()}
        merged = merge(base, files, side, reading, chosen)
        settled |= merged.settled
        for path, data in merged.files.items():
            files.pop(path, None)
            if data is not None:
                files[path] = data
        conflicts += [Apart(place, conflict) for conflict in merged.conflicts]
        if conflicts and not to_the_end:
            break
    changed = {
        path: files.get(path) for path in sorted(first.keys() | files.keys()) if files.get(path) != first.get(path)
    }
    return Together(changed, conflicts, settled)
