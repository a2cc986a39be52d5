"""Trees: a YAML file as the entries that it is written in, with every character in one of them.

An entry has the blank lines and comments above it (its lead), what stands before its value (its head: a key, a dash),
its value, and what stands behind it (its tail: a comment, the line break, comments indented deeper).

Rule 1: written(parsed(text)) is the text, to the character.
Rule 2: a tree can be moved to another column; nothing else about it changes.
Rule 3: what has a form that is not known here stays whole: a leaf.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mha.core import places
from mha.core.cuts import with_deeper_comments
from mha.core.places import line_end, line_start
from mha.core.reader import read


class Leaf(NamedTuple):
    """A single value, or what is taken for one."""

    text: str
    value: Any


class Entry(NamedTuple):
    """An entry of a mapping, an item of a list, or a document."""

    lead: str
    head: str
    value: "Tree"
    tail: str
    key: Any = None  # of a mapping's entry


class Block(NamedTuple):
    """A collection whose entries have lines of their own."""

    is_mapping: bool
    column: int
    is_joined: bool  # its first entry stands in the line of what holds it: behind a dash
    entries: tuple[Entry, ...]


class Flow(NamedTuple):
    """A collection in brackets. The lead of an entry is what stands between it and the one before."""

    is_mapping: bool
    entries: tuple[Entry, ...]
    close: str  # what stands behind the last entry, with the bracket


Tree = Leaf | Block | Flow


class File(NamedTuple):
    """The documents of a file, and what stands below the last one."""

    documents: tuple[Entry, ...] = ()
    tail: str = ""


class Odd(ValueError):
    """The file is written in a form that is not known here."""


def parsed(text: str) -> File:
    """The tree of a text whose lines all end; raises Unreadable, and Odd."""
    data = text.encode()
    read(data)
    file = _Reader(text).file(places.of(data, text))
    if written(file) != text:
        raise Odd
    return file


def written(file: File) -> str:
    """The text of a file."""
    return "".join(entry.lead + entry.head + shown(entry.value) + entry.tail for entry in file.documents) + file.tail


def shown(tree: Tree) -> str:
    """The text of a tree."""
    match tree:
        case Leaf(text):
            return text
        case Flow(is_mapping, entries, close):
            return "[{"[is_mapping] + "".join(e.lead + e.head + shown(e.value) + e.tail for e in entries) + close
    indent = " " * tree.column
    parts = [e.lead + indent + e.head + shown(e.value) + e.tail for e in tree.entries]
    return "".join(parts)[len(indent) * tree.is_joined :]


def plain(tree: Tree) -> Any:
    """The tree as dicts, lists and scalars."""
    if isinstance(tree, Leaf):
        return tree.value
    if tree.is_mapping:
        return {entry.key: plain(entry.value) for entry in tree.entries}
    return [plain(entry.value) for entry in tree.entries]


def meant(tree: Tree) -> str:
    """What a tree says, however it is written: 1 is not true, not 1.0 and not "1", and 1.10 is not 1.1."""
    match tree:
        case Leaf(text, float()):
            return f"float {text}"
        case Leaf(text, dict() | list() as value):
            return f"{value!r} {text if 'float' in _types(value) else ''}"
        case Leaf(_, value):
            return repr(value)
    if tree.is_mapping:
        return "{" + ", ".join(sorted(f"{entry.key!r}: {meant(entry.value)}" for entry in tree.entries)) + "}"
    return "[" + ", ".join(meant(entry.value) for entry in tree.entries) + "]"


def _types(value: Any) -> set[str]:
    if isinstance(value, dict | list):
        return {name for item in (value.values() if isinstance(value, dict) else value) for name in _types(item)}
    return {type(value).__name__}


def moved(tree: Tree, by: int) -> Tree:
    """The tree some columns further in, or out."""
    match tree:
        case Leaf(text, value):
            return Leaf(indented(text, by), value)
        case Flow(is_mapping, entries, close):
            return Flow(is_mapping, tuple(moved_entry(entry, by) for entry in entries), indented(close, by))
    return moved_block(tree, by)


def moved_block(block: Block, by: int) -> Block:
    """The same of a collection with lines."""
    entries = tuple(moved_entry(entry, by) for entry in block.entries)
    return block._replace(column=block.column + by, entries=entries)


def moved_entry(entry: Entry, by: int) -> Entry:
    """An entry some columns further in, or out."""
    if by == 0:
        return entry
    has_lines = entry.lead.endswith("\n")  # and what stands between brackets has not
    lead = indented("\n" + entry.lead, by)[1:] if has_lines else indented(entry.lead, by)
    head, tail = indented(entry.head, by), indented(entry.tail, by)
    return Entry(lead, head, moved(entry.value, by), tail, entry.key)


def indented(text: str, by: int) -> str:
    """A text whose lines, but for the first, start some columns further in, or out."""
    if by < 0:
        return re.sub(rf"\n {{1,{-by}}}", "\n", text)
    return re.sub(r"\n(?=[^\r\n])", "\n" + " " * by, text)


_COMMENT = re.compile(r"(?<!\S)#[^\n]*")


def comments(entry: Entry) -> list[str]:
    """The comments of an entry, without those above it."""
    found = _COMMENT.findall(entry.tail)
    if not isinstance(entry.value, Leaf):
        found += _COMMENT.findall(entry.head) if isinstance(entry.value, Block) else []
        found += (c for e in entry.value.entries for c in [*_COMMENT.findall(e.lead), *comments(e)])
    return [comment.rstrip() for comment in found]


class _Reader:
    """One walk over the places of a text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def file(self, documents: Iterable[places.Document]) -> File:
        found: list[Entry] = []
        at = 0
        for document in documents:
            start = self._top(document, at)
            entry, end = self._document(document, start)
            found.append(entry._replace(lead=self._text[at:start]))
            at = end
        return File(tuple(found), self._text[at:])

    def _top(self, document: places.Document, floor: int) -> int:
        """Where a document starts; a comment that stands at its first entry is part of that."""
        start = line_start(self._text, document.start)
        while not document.is_marked and _is_block(document.node) and start > floor:
            above = line_start(self._text, start - 1)
            if not self._text.startswith("#", above):
                break
            start = above
        return start

    def _document(self, document: places.Document, start: int) -> tuple[Entry, int]:
        node, text = document.node, self._text
        if not _is_block(node):
            end = line_end(text, document.end)
            return Entry("", text[start : node.start], self._brackets(node), text[node.end : end]), end
        top = line_end(text, start) if document.is_marked else start
        value, end = self._block(node, top)
        last = line_end(text, document.end) if document.end > end else end
        return Entry("", text[start:top], value, text[end:last]), last

    def _block(self, node: places.Node, at: int) -> tuple[Block, int]:
        """A collection without brackets, whose first lines start at a place; and where its last line ends."""
        text = self._text
        assert not isinstance(node, places.Text)
        spans = places.spans(text, node)
        first = spans[0][0]
        column, is_joined = first - line_start(text, first), at == first and line_start(text, first) != first
        entries: list[Entry] = []
        for index, ((start, _), (step, (key, value))) in enumerate(
            zip(spans, places.children(node).items(), strict=True)
        ):
            line = start if is_joined and index == 0 else line_start(text, start)
            if text[line:start].strip(" "):
                raise Odd
            holder = places.holder(text, node, step, key) if _is_block(value) else 0
            entry, end = self._entry(start, column, value, holder)
            entries.append(entry._replace(lead=text[at:line], key=None if key is None else key.value))
            at = end
        return Block(isinstance(node, places.Mapping), column, is_joined, tuple(entries)), at

    def _entry(self, start: int, column: int, value: places.Node, holder: int) -> tuple[Entry, int]:
        text = self._text
        if not _is_block(value):
            end = with_deeper_comments(text, line_end(text, value.end), column)
            behind = text[value.end : line_end(text, value.end)].strip()
            if behind and not behind.startswith("#"):
                raise Odd
            return Entry("", text[start : value.start], self._brackets(value), text[value.end : end]), end
        first = places.spans(text, value)[0][0]  # type: ignore[arg-type]
        line = line_start(text, first)
        top = first if text[line:first].strip() else line_end(text, holder)
        tree, inner = self._block(value, top)
        end = with_deeper_comments(text, inner, column)
        return Entry("", text[start:top], tree, text[inner:end]), end

    def _brackets(self, node: places.Node) -> Tree:
        text = self._text[node.start : node.end]
        if isinstance(node, places.Text):
            return Leaf(text, node.value)
        value = _value(node)
        if text[:1] + text[-1:] not in {"[]", "{}"} or not places.children(node):
            return Leaf(text, value)
        entries: list[Entry] = []
        at = node.start + 1
        for (start, end), (key, child) in zip(
            places.spans(self._text, node), places.children(node).values(), strict=True
        ):
            head = self._text[start : child.start]
            name = None if key is None else key.value
            entries.append(Entry(self._text[at:start], head, self._brackets(child), "", name))
            at = end
        return Flow(isinstance(node, places.Mapping), tuple(entries), self._text[at : node.end])


def _is_block(node: places.Node) -> bool:
    return not isinstance(node, places.Text) and not node.is_flow


def _value(node: places.Node) -> Any:
    if isinstance(node, places.Text):
        return node.value
    if isinstance(node, places.Mapping):
        return {key.value: _value(value) for key, value in node.entries}
    return [_value(item) for item in node.items]
