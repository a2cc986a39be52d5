"""Identities: which items of three lists are the same one.

A rule is known by its id, else by its name where that is unique in the list, else by what it says; so is any other
mapping in a list. A title is known by its text, and a single value by itself.

Rule: an item is the same as another where no other could be; else it is a new one, and a change of it a removal and an
addition.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from mha.core.merge.trees import Tree, meant, plain

Keys = list[Hashable]


class Mark(NamedTuple):
    """What an item may be known by, before and after; None where it has no such mark. Only what has it alone counts."""

    before: Callable[[Tree], Hashable]
    after: Callable[[Tree], Hashable]
    is_numbered: bool = False  # of several that are alike, the first is the first, the second the second


def alike(mark: Callable[[Tree], Hashable], *, is_numbered: bool = False) -> Mark:
    """A mark that is the same before and after."""
    return Mark(mark, mark, is_numbered)


def items(sides: Sequence[Sequence[Tree]]) -> tuple[Keys, Keys, Keys]:
    """A key for each item of a list, the same for those that are the same."""
    got_id, lost_id = Mark(_name, _name_beside_id), Mark(_name_beside_id, _name)
    return keys(sides, (alike(_id), alike(_name), got_id, lost_id, WHOLE))


WHOLE = alike(meant, is_numbered=True)


def keys(sides: Sequence[Sequence[Tree]], marks: Sequence[Mark]) -> tuple[Keys, Keys, Keys]:
    """The same by any marks, of which an earlier one counts more."""
    base, ours, theirs = sides
    known: Keys = [("base", place) for place in range(len(base))]
    found_ours = _matched(base, known, ours, marks)
    found_theirs = _matched(base, known, theirs, marks)
    new_ours = [place for place, key in enumerate(found_ours) if key is None]
    new_theirs = [place for place, key in enumerate(found_theirs) if key is None]
    for place in new_ours:
        found_ours[place] = ("ours", place)
    names = [found_ours[place] for place in new_ours]
    same = _matched([ours[place] for place in new_ours], names, [theirs[place] for place in new_theirs], marks)
    for place, key in zip(new_theirs, same, strict=True):
        found_theirs[place] = ("theirs", place) if key is None else key
    return known, found_ours, found_theirs


def _matched(before: Sequence[Tree], known: Keys, after: Sequence[Tree], marks: Sequence[Mark]) -> Keys:
    """For each item after, the key of the one before that it is; None where there is none."""
    found: Keys = [None] * len(after)
    left = set(range(len(before)))
    for mark in marks:
        new = [place for place, key in enumerate(found) if key is None]
        old = {said: place for place, said in _said(mark.before, before, sorted(left), mark) if said is not None}
        for place, said in _said(mark.after, after, new, mark):
            if said in old:
                found[place] = known[old[said]]
                left.discard(old[said])
    return found


def _said(
    mark: Callable[[Tree], Hashable], every: Sequence[Tree], places: Iterable[int], how: Mark
) -> list[tuple[int, Hashable]]:
    """Some places of a list, each with its mark."""
    if not how.is_numbered:
        marks = [mark(item) for item in every]
        counts = Counter(marks)
        return [(place, marks[place] if counts[marks[place]] == 1 else None) for place in places]
    numbers: Counter[Hashable] = Counter()
    found: list[tuple[int, Hashable]] = []
    for place in places:
        said = mark(every[place])
        numbers[said] += 1
        found.append((place, (said, numbers[said])))
    return found


def _fields(item: Tree) -> dict[str, Any]:
    value = plain(item)
    return value if isinstance(value, dict) else {}


def _id(item: Tree) -> Hashable:
    return _marked("id", _fields(item).get("id"))


def _name(item: Tree) -> Hashable:
    """The name of what has no id, and the text of a title."""
    fields = _fields(item)
    return None if "id" in fields else _marked("name", fields.get("name")) or _marked("section", fields.get("section"))


def _name_beside_id(item: Tree) -> Hashable:
    fields = _fields(item)
    return _marked("name", fields.get("name")) if "id" in fields else None


def _marked(field: str, value: Any) -> Hashable:
    return None if value is None or isinstance(value, dict | list) else (field, repr(value))
