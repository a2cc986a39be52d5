"""Places: where each value of a YAML file is written, to the character.

Rule 1: the tree has the shape of what reader.read gives for the file, and the same values.
Rule 2: offsets count the characters of the decoded text. A place ends with the last character of its own:
blanks, comments and the line break behind it are not part of it.
Rule 3: what the reader refuses is no matter of this file. It expects a file that was read.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml
from yaml import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent
from yaml._yaml import CParser

from mha.core import scalars
from mha.core.disputes import BLOCK_STYLES
from mha.core.reader import MAX_DEPTH
from mha.core.scalars import Unreadable, Value

Step = str | int


class Place(NamedTuple):
    """One value of a file, by its way from the top: Place(0, ("hosts", "web-01", 0)); or the last key of the way."""

    document: int
    path: tuple[Step, ...] = ()
    is_key: bool = False


# Tuples: a file has thousands of them, and a frozen dataclass takes three times as long to make.
class Text(NamedTuple):
    """A scalar, or the alias of one."""

    start: int  # of its anchor, if it has one
    text_start: int
    end: int
    style: str  # "" if plain, "?" if even the colon is missing, and otherwise what it starts with: ' " | > *
    name: str | None  # its anchor's, or the alias's
    value: Value


class Mapping(NamedTuple):
    start: int
    end: int
    is_flow: bool
    entries: "tuple[tuple[Text, Node], ...]"


class Sequence(NamedTuple):
    start: int  # in block style, of the first dash
    end: int
    is_flow: bool
    items: "tuple[Node, ...]"


Node = Text | Mapping | Sequence


class Document(NamedTuple):
    start: int  # of its `---`, or of its content if it has none
    end: int  # with its `...`, if it has one
    is_marked: bool  # it starts with `---`
    node: Node


def of(data: bytes, text: str) -> list[Document]:
    """The places in a file, whose decoded text comes along; raises Unreadable where there are none."""
    try:
        return _Walk(data, text).documents()
    except yaml.MarkedYAMLError as error:
        raise Unreadable(1, "The file is not what it was when it was read.", "Read it again.") from error


def found(documents: list[Document], place: Place) -> Node:
    """The node at a place; raises LookupError."""
    node: Node = documents[place.document].node
    key: Text | None = None
    for step in place.path:
        key, node = children(node)[step]
    if not place.is_key:
        return node
    if key is None:
        raise LookupError(place)
    return key


def children(node: Node) -> dict[Step, tuple[Text | None, Node]]:
    """What stands one step below a node, in its order; each with its key if the node is a mapping."""
    if isinstance(node, Mapping):
        return {key.value: (key, value) for key, value in node.entries if isinstance(key.value, Step)}
    return {index: (None, item) for index, item in enumerate(node.items)} if isinstance(node, Sequence) else {}


def texts(node: Node) -> Iterator[Text]:
    """All scalars of a node, keys too, in their order."""
    if isinstance(node, Text):
        yield node
    for key, value in children(node).values():
        if key is not None:
            yield key
        yield from texts(value)


def spans(text: str, node: Mapping | Sequence) -> list[tuple[int, int]]:
    """Where each entry of a collection starts and ends: with its dash or question mark, its anchor, its key."""
    result: list[tuple[int, int]] = []
    before = node.start
    for key, value in children(node).values():
        if key is None and not node.is_flow:
            start = _dash(text, node.start, before, value.start)
        else:
            start = _question_mark(text, before, key.start if key else value.start)
        result.append((start, value.end))
        before = value.end
    return result


def _dash(text: str, first: int, before: int, start: int) -> int:
    if before == first:
        return first
    if "#" not in text[before:start]:
        return text.index("-", before, start)
    column = first - line_start(text, first)  # all dashes stand below each other, and no comment starts with one
    match = re.compile(f"^ {{{column}}}-", re.MULTILINE).search(text, before)
    assert match is not None
    return match.end() - 1


def _question_mark(text: str, before: int, start: int) -> int:
    gap = text[before:start].rstrip(" ")
    return before + len(gap) - 1 if gap.endswith("?") else start


def holder(text: str, parent: Mapping | Sequence, step: Step, key: Text | None) -> int:
    """Where the colon or the dash ends that stands before the value of an entry of a block collection."""
    if isinstance(parent, Sequence):
        index = int(step)
        before = parent.items[index - 1].end if index else parent.start
        return _dash(text, parent.start, before, parent.items[index].start) + 1
    assert key is not None
    match = _COLON.match(text, key.end)
    assert match is not None
    return match.end()


def keeps_blank_lines(text: str, node: Node) -> bool:
    """Whether a node ends in block text to which the blank lines behind it belong."""
    while not isinstance(node, Text):
        below = children(node)
        if node.is_flow or not below:
            return False
        _, node = next(reversed(below.values()))
    return node.style in BLOCK_STYLES and _KEEPS.match(text, node.text_start) is not None


def line_start(text: str, index: int) -> int:
    """Where the line starts in which a character stands."""
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Where that line ends: behind its line break, or at the end of the text."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


_BLANK_OR_COMMENT = re.compile(r"(?:\s|#[^\n]*\n)*")
_KEEPS = re.compile(r"[|>][0-9]*\+")
_COLON = re.compile(r"(?:\s|#[^\n]*\n)*:")


class _Walk:
    """One pass over libyaml's events, whose marks count characters."""

    def __init__(self, data: bytes, text: str) -> None:
        self._text = text
        self._next: Callable[[], Any] = CParser(data).get_event
        self._values: dict[str, Value] = {}  # by the anchor's name

    def documents(self) -> list[Document]:
        documents: list[Document] = []
        self._next()  # the stream's start
        while isinstance(event := self._next(), yaml.DocumentStartEvent):
            documents.append(self._document(event))
        return documents

    def _document(self, event: Any) -> Document:
        self._values.clear()
        start, is_marked = event.start_mark.index, event.explicit
        node = self._node(self._next(), 0)
        if is_marked and _is_empty(node):
            node = _moved(node, start + len("---"))
        event = self._next()
        return Document(start, event.end_mark.index if event.explicit else node.end, is_marked, node)

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if depth == MAX_DEPTH:
            raise _unexpected(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, depth + 1)
        return self._sequence(event, depth + 1)

    def _scalar(self, event: Any) -> Text:
        mark, end, style, name = event.start_mark, event.end_mark.index, event.style or "", event.anchor
        value = event.value if style else scalars.value(event.value, mark.line + 1)
        start = mark.index
        if name is None and style not in BLOCK_STYLES:  # almost always
            return Text(start, start, end, style, None, value)
        text_start = start
        if name is not None:
            self._values[name] = value
            text_start += len(f"&{name}")
            if style or event.value:
                text_start = _behind(_BLANK_OR_COMMENT, self._text, text_start, end) or text_start
        if style in BLOCK_STYLES:
            end = _end_of_block(self._text, text_start, end)
        return Text(start, text_start, end, style, name, value)

    def _alias(self, event: Any) -> Text:
        start, end = event.start_mark.index, event.end_mark.index
        return Text(start, start, end, "*", event.anchor, self._values.get(event.anchor))

    def _mapping(self, event: Any, depth: int) -> Mapping:
        start, is_flow = event.start_mark.index, event.flow_style
        entries: list[tuple[Text, Node]] = []
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _unexpected(event)
            key, value = self._scalar(event), self._node(self._next(), depth)
            if _is_empty(value):  # libyaml places it as far behind as the next token
                colon = _behind(_COLON, self._text, key.end, value.end)
                value = _moved(value, colon) if colon else _moved(value, key.end)._replace(style="?")
            entries.append((key, value))
        return Mapping(start, _end(event, entries[-1][1] if entries else None), is_flow, tuple(entries))

    def _sequence(self, event: Any, depth: int) -> Sequence:
        start, is_flow = event.start_mark.index, event.flow_style
        items: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._node(event, depth))
        return Sequence(start, _end(event, items[-1] if items else None), is_flow, tuple(items))


def _unexpected(event: Any) -> Unreadable:
    problem, hint = "The file is not what it was when it was read.", "Read it again."
    return Unreadable(event.start_mark.line + 1, problem, hint)


def _behind(pattern: re.Pattern[str], text: str, start: int, end: int) -> int | None:
    match = pattern.match(text, start, end)
    return match.end() if match else None


def _end(event: Any, last: Node | None) -> int:
    """Where a collection ends: block style has no closing mark, so that there it is where the last entry ends."""
    is_closed = event.end_mark.index > event.start_mark.index
    return int(event.end_mark.index) if is_closed or last is None else last.end


def _is_empty(node: Node) -> bool:
    return node.start == node.end


def _moved(node: Node, index: int) -> Text:
    assert isinstance(node, Text)
    return node._replace(start=index, text_start=index, end=index)


def _end_of_block(text: str, start: int, end: int) -> int:
    """Where block text ends, of which libyaml says where the next token may start."""
    if not _KEEPS.match(text, start):  # blank lines behind it are no part of it
        content = text[start:end].rstrip()
        end = line_end(text, start + len(content))
    if text[end - 1] == "\n":
        end -= 2 if text[end - 2] == "\r" else 1
    return end
