"""Parsing: libyaml's events become nodes, or it is said what readers do not agree on.

Rule: `reader` says what is refused; here it is found.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml._yaml import CParser

from mha.core import disputes
from mha.core.disputes import BLOCK_STYLES
from mha.core.nodes import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, Mapping, Node, Scalar, Sequence
from mha.core.scalars import Unreadable, line_of, shown, value


def documents(data: bytes) -> list[Node]:
    """The documents of a file. Raises Unreadable."""
    text = _decode(data)
    try:
        found = _Reader(data, text).documents()
        if dispute := disputes.first(text):
            raise Unreadable(*dispute)
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, text) from error
    return found


# translate() is ten times as fast as a search, and leaves nothing of almost every file.
_ORDINARY_BYTES = bytes([*b"\t\n", *range(0x20, 0x7F), *range(0x80, 0x100)])

_HIDDEN = re.compile(
    r"(?P<mark>\ufeff)"
    r"|(?P<bidi>[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069])"
    r"|(?P<break>\r(?!\n)|[\x85\u2028\u2029])"
    r"|(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff])"
)
_HIDDEN_KINDS = {
    "mark": "a byte order mark",
    "bidi": "a bidi control: what is shown is not what is read",
    "break": "a line break to some readers only",
    "control": "a control character",
}


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Unreadable(1, "The file is larger than 1 MiB.", "Split it into several files.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "The file is not UTF-8.", "Save it as UTF-8, without a byte order mark.") from error
    if data.translate(None, _ORDINARY_BYTES) or not data.isascii():
        _refuse_hidden(text)
    if text.startswith("%") or "\n%" in text:
        _refuse_directive(text)
    return text


def _refuse_hidden(text: str) -> None:
    if found := _HIDDEN.search(text):
        name = f"U+{ord(found.group()):04X}"
        problem = f"The character {name} is {_HIDDEN_KINDS[str(found.lastgroup)]}."
        raise Unreadable(line_of(text, found.start()), problem, "Remove it, or write it as an escape in double quotes.")


def _refuse_directive(text: str) -> None:
    # Before libyaml sees it: its time for directives grows with the square of their number.
    line = line_of(text, f"\n{text}".index("\n%"))
    raise Unreadable(line, "A line that starts with % is a directive.", "Remove the line, or indent it if it is text.")


# Not `|#`: only to libyaml is that a comment. Nothing in the first column: `#`, `---` and `...` are text there to some
# readers. No line of spaces alone: to some readers its length is the indentation.
_CLEAR_START = re.compile(
    r"(?:&[0-9A-Za-z_-]+ +)?[|>][-+0-9]*(?:[ \t]*|[ \t]+#[^\n]*)"
    r"(?:\Z|\r?\n(?!(?:\r?\n)*(?:#|---|\.\.\.| +\r?\n)))"
)
_ANOTHER_END = re.compile(r"(?:\s|#[^\n]*\n)*\.\.\.")  # ruamel.yaml cannot read it
_ENDS_OF_NAME = frozenset({"", " ", "\r", "\n", ",", "]", "}"})


class _Reader:
    """One pass over libyaml's events. The depth of the calls is bounded by MAX_DEPTH."""

    def __init__(self, data: bytes, text: str) -> None:
        self._text = text
        self._next: Callable[[], Any] = CParser(data).get_event
        self._anchors: dict[str, Scalar] = {}
        self._aliases = 0

    def documents(self) -> list[Node]:
        documents = []
        self._next()  # the stream's start
        while isinstance(self._next(), yaml.DocumentStartEvent):
            self._anchors.clear()
            documents.append(self._node(self._next(), 0))
            self._require_one_end(self._next())
        return documents

    def _require_one_end(self, event: Any) -> None:
        if event.explicit and _ANOTHER_END.match(self._text, event.end_mark.index):
            problem = "The document that ends here ends a second time."
            raise Unreadable(event.start_mark.line + 1, problem, "Remove all but one of the `...` lines.")

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        return self._collection(event, depth + 1)

    def _scalar(self, event: Any) -> Scalar:
        line = event.start_mark.line + 1
        if event.tag is not None:
            raise _tag(event.tag, line)
        if event.style in BLOCK_STYLES and not _CLEAR_START.match(self._text, event.start_mark.index):
            problem = "Readers do not agree on where this block text starts."
            raise Unreadable(line, problem, "Start it in the next line, indented, and not with # in column 1.")
        scalar = Scalar(event.value if event.style else value(event.value, line), line)
        if event.anchor is not None:
            self._define(event, scalar)
        return scalar

    def _define(self, event: Any, scalar: Scalar) -> None:
        self._require_end_of_name(event)
        if event.anchor in self._anchors:
            problem = f"The anchor &{shown(event.anchor)} stands twice in this document."
            raise Unreadable(scalar.line, problem, "Give each anchor a name of its own.")
        self._anchors[event.anchor] = scalar

    def _alias(self, event: Any) -> Scalar:
        line = event.start_mark.line + 1
        self._require_end_of_name(event)
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise Unreadable(line, f"The file has more than {MAX_ALIASES} aliases.", "Write the values out.")
        if event.anchor not in self._anchors:
            problem = f"The alias *{shown(event.anchor)} has no anchor above it in this document."
            raise Unreadable(line, problem, "Write & and its name before the value that it repeats.")
        return Scalar(self._anchors[event.anchor].value, line)

    def _require_end_of_name(self, event: Any) -> None:
        # `&a:b` is the anchor "a" to libyaml and "a:b" to YAML 1.2.
        end = event.start_mark.index + 1 + len(event.anchor)
        if self._text[end : end + 1] not in _ENDS_OF_NAME:
            problem = f"Readers do not agree on where the name {shown(event.anchor)} ends."
            raise Unreadable(event.start_mark.line + 1, problem, "Write a space after it.")

    def _collection(self, event: Any, depth: int) -> Mapping | Sequence:
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise Unreadable(line, f"The nesting is deeper than {MAX_DEPTH} levels.", "Write it with fewer levels.")
        if event.tag is not None:
            raise _tag(event.tag, line)
        if event.anchor is not None:
            problem = f"The anchor &{shown(event.anchor)} names a collection."
            raise Unreadable(line, problem, "Anchor single values only, and write collections out.")
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(self._entries(depth), line)
        return Sequence(self._items(depth), line)

    def _entries(self, depth: int) -> tuple[tuple[Scalar, Node], ...]:
        entries: list[tuple[Scalar, Node]] = []
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event)
            name = str(key.value)  # 1 and "1" are twins too: JSON has only one of them
            if name in lines:
                problem = f"The key {shown(name)} is a duplicate: it stands in line {lines[name]} already."
                raise Unreadable(key.line, problem, "Keep one of the two.")
            lines[name] = key.line
            entries.append((key, self._node(self._next(), depth)))
        return tuple(entries)

    def _key(self, event: Any) -> Scalar:
        if isinstance(event, yaml.ScalarEvent):
            key = self._scalar(event)
            if type(key.value) is str or type(key.value) is int:
                return key
        raise _bad_key(event)

    def _items(self, depth: int) -> tuple[Node, ...]:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth))
        return tuple(items)


def _tag(tag: str, line: int) -> Unreadable:
    problem = f"The tag {shown(tag)} is refused."
    return Unreadable(line, problem, "Remove the tag, and put the value in quotes if it is text.")


def _bad_key(event: Any) -> Unreadable:
    match event:
        case yaml.ScalarEvent(value=text):
            hint = f'Write "{shown(text)}".'
        case yaml.MappingStartEvent(flow_style=True):
            hint = 'Put a template in quotes: "{{ … }}".'
        case _:
            hint = "Write the key out as text."
    return Unreadable(event.start_mark.line + 1, "A key is neither text nor a whole number.", hint)


_HINTS = {  # by a fragment of libyaml's words
    "mapping values are not allowed": 'Put text that contains ": " in quotes, and line up the keys of a mapping.',
    "could not find expected ':'": "Write `key: value`, with a space after the colon.",
    "cannot start any token": "Put text that starts with %, @ or ` in quotes.",
    "alphabetic or numeric": "Put text that starts with * or & in quotes.",
    "unexpected end of stream": "Close the quotes.",
    "escape": r"Write \\ for a backslash, or use single quotes.",
    "expected ',' or": "Close the bracket, and put commas between the entries.",
    "<document start>": "Start another document with a line `---`, and put a whole text in quotes or none of it.",
    "expected node content": "Close the bracket, and put commas between the entries.",
}


def _not_yaml(error: yaml.MarkedYAMLError, text: str) -> Unreadable:
    index, problem = _place(error, text), str(error.problem)
    line = line_of(text, index)
    if text.startswith("\t", index):
        return Unreadable(line, *disputes.TAB)
    if re.search(r"\{[{%]", text.split("\n")[line - 1]):
        hint = "Templates are not YAML: publish what they produce, or put {{ … }} in quotes."
    else:
        hints = (hint for fragment, hint in _HINTS.items() if fragment in problem)
        hint = next(hints, "Compare the indentation, the quotes and the brackets with the lines above.")
    return Unreadable(line, f"This is not YAML: {problem}.", hint)


def _place(error: Any, text: str) -> int:
    # What is not closed is noticed far below, often at the end of the file: its place is where it opens.
    at_end = error.problem_mark.index >= len(text.rstrip())
    unclosed = ["while scanning a quoted", "while scanning a simple key", *(["while parsing a flow"] if at_end else [])]
    mark = error.context_mark if str(error.context).startswith(tuple(unclosed)) else error.problem_mark
    return int(mark.index)
