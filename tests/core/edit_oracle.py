"""What edits of YAML files are compared with: the reader's values changed one by one, and libyaml's own marks.

Nothing here knows places, quotes, cuts or commas.
"""

import copy
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mha.core.edit_tree import Edit, Emptied, Remove, Replace
from mha.core.edits import edited
from mha.core.places import Place
from mha.core.reader import plain, read

Way = tuple[str | int, ...]
Tree = Any
GONE = object()


def values(data: bytes) -> list[Tree]:
    return [plain(document) for document in read(data)]


def ways(tree: Tree, above: Way = ()) -> Iterator[Way]:
    """The way to each entry and each item below a value."""
    for step, below in steps(tree):
        yield (*above, step)
        yield from ways(below, (*above, step))


def steps(tree: Tree) -> list[tuple[str | int, Tree]]:
    if isinstance(tree, dict):
        return list(tree.items())
    return list(enumerate(tree)) if isinstance(tree, list) else []


def at(tree: Tree, way: Way) -> Tree:
    for step in way:
        tree = tree[step]
    return tree


def changed(trees: list[Tree], edits: list[Edit], emptied: Emptied = Emptied.STAYS) -> list[Tree]:
    """The documents after the edits: the deepest first, so that no way changes under the next one."""
    root = copy.deepcopy(trees)
    for edit in sorted(edits, key=lambda edit: (len(edit.place.path), not edit.place.is_key), reverse=True):
        *above, step = edit.place.document, *edit.place.path
        parent = at(root, tuple(above))
        if isinstance(edit, Remove):
            parent[step] = GONE
        elif edit.place.is_key:
            entries = [(edit.text if key == step else key, value) for key, value in parent.items()]
            parent.clear()
            parent.update(entries)
        elif parent[step] is not GONE:
            parent[step] = edit.text
    return [pruned for tree in root if (pruned := _pruned(tree, emptied)) is not GONE]


def _pruned(tree: Tree, emptied: Emptied) -> Tree:
    if not isinstance(tree, dict | list) or not tree:
        return tree
    left = [(step, kept) for step, value in steps(tree) if (kept := _pruned(value, emptied)) is not GONE]
    if not left and emptied is Emptied.GOES:
        return GONE
    return dict(left) if isinstance(tree, dict) else [value for _, value in left]


@dataclass
class Marked:
    """A node as libyaml marks it."""

    start: int
    end: int  # of a block collection, of its last scalar
    column: int
    is_flow: bool = False
    is_empty: bool = False
    children: "dict[str, tuple[Marked, Marked]]" = field(default_factory=dict)  # key (or item) and value (or item)


def marked(data: bytes) -> list[Marked]:
    """The documents of a file."""
    events = iter(yaml.parse(data.decode(), Loader=yaml.CSafeLoader))
    return [_marked(next(events), events) for event in events if isinstance(event, yaml.DocumentStartEvent)]


def _marked(event: Any, events: Iterator[Any]) -> Marked:
    start, end, column = event.start_mark.index, event.end_mark.index, event.start_mark.column
    if not isinstance(event, yaml.CollectionStartEvent):
        return Marked(start, end, column, is_empty=start == end)
    node = Marked(start, end, column, bool(event.flow_style))
    while not _closes(inner := next(events)):
        child = _marked(inner, events)
        if isinstance(event, yaml.MappingStartEvent):
            is_number = not inner.style and re.fullmatch(r"[-+]?[0-9]+", inner.value)
            node.children[str(int(inner.value)) if is_number else inner.value] = child, _marked(next(events), events)
        else:
            node.children[str(len(node.children))] = child, child
        node.end = max(node.end, next(reversed(node.children.values()))[1].end)
    node.end = inner.end_mark.index if event.flow_style else node.end
    return node


def _closes(event: Any) -> bool:
    return isinstance(event, yaml.CollectionEndEvent)


def at_place(documents: list[Marked], place: Place) -> tuple[Marked, Marked, Marked]:
    """What holds the place; and the key, or the item, and the value that stand there."""
    parent = key = node = documents[place.document]
    for step in place.path:
        parent, (key, node) = node, node.children[str(step)]
    return parent, key, node


def assert_replaced(data: bytes, documents: list[Marked], edit: Replace) -> None:
    """The tree is the same but for the new text, and so is every character outside the old one."""
    outcome = edited(data, [edit])
    assert isinstance(outcome, bytes), (outcome, edit)
    assert repr(values(outcome)) == repr(changed(values(data), [edit]))

    _, key, value = at_place(documents, edit.place)
    node = key if edit.place.is_key else value
    before, after = data.decode(), outcome.decode()
    if node.is_empty:  # libyaml's mark may be behind comments: something was put in, somewhere
        assert is_put_in(before, after)
    else:
        assert after.startswith(before[: node.start])
        assert after[node.start :].endswith(before[node.end :])


def is_put_in(before: str, after: str) -> bool:
    head = next(
        (index for index, pair in enumerate(zip(before, after, strict=False)) if len(set(pair)) > 1), len(before)
    )
    return after[head:].endswith(before[head:])


def assert_removed(data: bytes, documents: list[Marked], edit: Remove) -> None:
    """The tree is the same but for what was removed, and so is all that stands in its neighbours; comments stay."""
    outcome = edited(data, [edit])
    assert isinstance(outcome, bytes), (outcome, edit)
    assert repr(values(outcome)) == repr(changed(values(data), [edit], edit.emptied))

    parent, key, value = at_place(documents, edit.place)
    before, after = data.decode(), outcome.decode()
    entries = list(parent.children.values())
    index = entries.index((key, value))
    if index > 0:
        assert after.startswith(before[: entries[index - 1][1].end].rstrip())
    if index + 1 < len(entries):
        assert after.endswith(before[entries[index + 1][0].start :])
    lost = comments(before, documents) - comments(after, marked(outcome))
    assert comments(after, marked(outcome)) <= comments(before, documents)
    assert lost <= Counter(text for _, text in _belonging(before, documents, parent, key, value))


def comments(text: str, documents: list[Marked]) -> Counter[str]:
    return Counter(comment for _, comment in _comments(text, documents))


def _comments(text: str, documents: list[Marked]) -> list[tuple[int, str]]:
    """Where comments start: at a # behind a blank, outside of every scalar but for the headers of block text."""
    outside = bytearray(b"\1") * len(text)
    for start, end in (span for document in documents for span in _scalars(document)):
        header = re.compile(r"(?:&\S+\s+)?[|>][^\n]*").match(text, start, end)  # a comment may stand in it
        first = header.end() if header else start
        outside[first:end] = bytes(end - first)
    starts = (match.start() for match in re.finditer(r"(?<!\S)#", text) if outside[match.start()])
    return [(start, text[start:].partition("\n")[0].rstrip()) for start in starts]


def _scalars(node: Marked) -> Iterator[tuple[int, int]]:
    if not node.children and not node.is_flow and not node.is_empty:
        yield node.start, node.end
    for key, value in node.children.values():
        yield from _scalars(key)
        if value is not key:
            yield from _scalars(value)


def _belonging(
    text: str, documents: list[Marked], parent: Marked, key: Marked, value: Marked
) -> Iterator[tuple[int, str]]:
    """The comments that may go with an entry: in its lines, directly above them, and deeper directly below them."""
    start = key.start
    if key is value and not parent.is_flow:  # an item starts with its dash
        dashes = re.finditer(rf"^ {{{parent.column}}}-", text[: key.start], re.MULTILINE)
        start = max([parent.start, *(dash.start() for dash in dashes)])
    first = text.rfind("\n", 0, start) + 1
    last = (text.find("\n", len(text[: value.end].rstrip())) + 1) or len(text)
    for at, comment in _comments(text, documents):
        line = text.rfind("\n", 0, at) + 1
        above, below = text[line:first].splitlines(), [*text[last:line].splitlines(), text[line:at] + comment]
        is_above = line < first and all(row.startswith(" " * parent.column + "#") for row in above)
        is_below = at >= last and all(re.match(rf"\s*$| {{{parent.column + 1},}}#", row) for row in below)
        if start <= at < last or is_above or is_below:
            yield at, comment
