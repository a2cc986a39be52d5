"""Harnesses for edits of files, by their places and by what objects are called in them."""

import re
from collections.abc import Iterator

from mha.core import reader
from mha.core.edit_tree import Edit, Emptied, Remove, Replace
from mha.core.edits import ByHand, edited
from mha.core.model import facts, renaming, uses
from mha.core.model.catalog import folded
from mha.core.model.facts import Definition, Facts, Reference
from mha.core.model.kinds import NAME
from mha.core.model.memory import Memory
from mha.core.places import Place
from mha.core.scalars import Unreadable
from tests.core.edit_oracle import Tree, at_place, changed, comments, marked, steps, values
from tests.fuzz.models import FILE, KINDS

_PARTED = re.compile(r"(?P<verb>[a-z]*) (?P<number>[0-9]{1,4}) ?(?P<text>[^\n]*)\n(?P<file>.*)", re.DOTALL)


def edits(data: bytes) -> None:
    """Another text at a place, or one entry less: the file holds that and nothing else is written otherwise."""
    parted = _parted(data)
    if parted is None:
        return
    verb, number, text, file = parted
    places = [place for index, tree in enumerate(values(file)) for place in _places(tree, Place(index))]
    if not places:
        return
    place = places[number % len(places)]
    wanted: Edit = Replace(place, text.replace("\\n", "\n").replace("\\e", "\x1b"))
    if verb.startswith("r"):
        emptied = Emptied.GOES if verb == "rg" else Emptied.STAYS
        wanted = Remove(Place(place.document, place.path), emptied)
    elif not place.is_key and isinstance(_at(values(file), place), dict | list):
        return
    for known in (None, reader.read(file)):
        result = edited(file, [wanted], known)
        if isinstance(result, bytes):
            _assert_edited(file, [wanted], result)
        else:
            _assert_by_hand(result, file)


def refactoring(data: bytes) -> None:
    """An object gets another name, or goes: every use follows, and nothing else becomes another."""
    parted = _parted(data)
    if parted is None:
        return
    verb, number, new, file = parted
    before = facts.of_file(FILE, file, KINDS)
    rows = Memory([before])
    objects = [each for each in before.definitions if each.value is not None]
    if not objects or not re.fullmatch(NAME, new) or new in KINDS.words or new.startswith("x-"):
        return
    found = objects[number % len(objects)]
    used = uses.direct(rows, found)
    if verb.startswith("r"):
        used = [use for use in used if (use.kind, use.owner) != (found.kind, found.name)]
        wanted = renaming.edits(file, KINDS, FILE, references=used, new=new, removed=[found])
    elif any(folded(each.name) == folded(new) for each in objects if each.space == found.space and each != found):
        return
    else:
        wanted = renaming.edits(file, KINDS, FILE, references=used, new=new, named=[found])
    result = edited(file, wanted)
    if isinstance(result, ByHand):
        _assert_by_hand(result, file)
        return
    _assert_edited(file, wanted, result)
    after = facts.of_file(FILE, result, KINDS)
    has_dropped = any(isinstance(each, Remove) for each in wanted)
    assert verb.startswith("r") or not has_dropped or any(each.name == new for each in before.references)
    if verb.startswith("r") or not has_dropped:
        _assert_followed(before, after, found, used, "" if verb.startswith("r") else new)


def _parted(data: bytes) -> tuple[str, int, str, bytes] | None:
    """What is asked for in the first line, and a file that can be read."""
    match = _PARTED.fullmatch(data.decode("utf-8", "replace"))
    if match is None:
        return None
    file = match["file"].encode()
    try:
        reader.read(file)
    except Unreadable:
        return None
    return match["verb"], int(match["number"]), match["text"], file


def _places(tree: Tree, above: Place) -> Iterator[Place]:
    yield above
    for step, below in steps(tree):
        place = Place(above.document, (*above.path, step))
        if isinstance(tree, dict):
            yield Place(place.document, place.path, is_key=True)
        yield from _places(below, place)


def _at(trees: list[Tree], place: Place) -> Tree:
    found = trees[place.document]
    for step in place.path:
        found = found[step]
    return found


def _assert_by_hand(result: ByHand, file: bytes) -> None:
    """A person is asked with a line of the file and a sentence."""
    assert 1 <= result.line <= file.count(b"\n") + 1
    assert result.problem.endswith(".")


def _assert_edited(before: bytes, wanted: list[Edit], after: bytes) -> None:
    """The file holds what was asked for; comments, line breaks and all that stands elsewhere are as they were."""
    emptied = {edit.emptied for edit in wanted if isinstance(edit, Remove)}
    if len(emptied) < 2:
        assert repr(values(after)) == repr(changed(values(before), wanted, *emptied))
    if re.search(rb"(?<!\r)\n", before) is None:
        assert re.search(rb"(?<!\r)\n", after) is None
    documents = marked(before)
    lost = comments(before.decode(), documents)
    lost.subtract(comments(after.decode(), marked(after)))
    assert min(lost.values(), default=0) >= 0
    if emptied:
        return
    assert not any(lost.values())
    nodes = [at_place(documents, edit.place)[1 if edit.place.is_key else 2] for edit in wanted]
    if not any(node.is_empty for node in nodes):
        _assert_same_outside(before.decode(), sorted({(node.start, node.end) for node in nodes}), after.decode())


def _assert_same_outside(before: str, spans: list[tuple[int, int]], after: str) -> None:
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    head, *middle = [before[end:start] for end, start in zip([0, *ends], [*starts, len(before)], strict=True)]
    assert after.startswith(head)
    at = len(head)
    for piece in middle[:-1]:
        at = after.index(piece, at) + len(piece)
    assert after[at:].endswith(middle[-1]) if middle else after == before


def _assert_followed(before: Facts, after: Facts, found: Definition, used: list[Reference], new: str) -> None:
    """Objects and references are the same but for the object that got the name `new` (or went), and its users."""
    assert [(each.kind, each.name) for each in after.definitions if each.value is not None] == [
        (each.kind, new if each is found else each.name)
        for each in before.definitions
        if each.value is not None and (new or each is not found)
    ]
    if new:
        assert [(each.name, each.kind, each.rule, each.needed) for each in after.references] == [
            (new if each in used else each.name, each.kind, each.rule, each.needed) for each in before.references
        ]
