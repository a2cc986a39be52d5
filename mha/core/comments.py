"""Comments: where they stand in a YAML file, and how far in they belong when its lines are indented anew.

Rule: a comment on a line of its own belongs to the entry that stands in the same column below it, or else above it; or
else to the last one above that stands further out. A comment behind an entry belongs to that one.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from mha.core.disputes import BLOCK_STYLES
from mha.core.places import Document, Node, Text, children, line_start, spans, texts

_START = re.compile(r"(?<!\S)#[^\n]*")
_HEADER = re.compile(r"[|>][-+0-9]*")


class Comment(NamedTuple):
    start: int
    text: str
    column: int
    has_line: bool  # to itself


class Entry(NamedTuple):
    """The start of an entry of a block collection."""

    start: int
    column: int


def of(text: str, documents: Iterable[Document]) -> list[Comment]:
    """All comments of a text, in their order."""
    comments: list[Comment] = []
    at = 0
    for start, end in [*_scalars(text, documents), (len(text), len(text))]:
        comments += (_comment(text, match) for match in _START.finditer(text, at, start))
        at = max(at, end)
    return comments


def _comment(text: str, match: re.Match[str]) -> Comment:
    line = line_start(text, match.start())
    has_line = text[line : match.start()].strip() == ""
    return Comment(match.start(), match.group().rstrip(), match.start() - line, has_line)


def _scalars(text: str, documents: Iterable[Document]) -> Iterator[tuple[int, int]]:
    """What is no comment; behind the header of block text there may be one."""
    for node in (text_node for document in documents for text_node in texts(document.node)):
        header = _HEADER.match(text, node.text_start) if node.style in BLOCK_STYLES else None
        if header is None:
            yield node.text_start, node.end
        else:
            yield node.text_start, header.end()
            yield min(node.end, text.find("\n", header.end()) % (len(text) + 1)), node.end


def entries(text: str, node: Node) -> Iterator[Entry]:
    """The entries of all block collections of a node, in their order."""
    if isinstance(node, Text) or node.is_flow:
        return
    for (start, _), (_, value) in zip(spans(text, node), children(node).values(), strict=True):
        yield Entry(start, start - line_start(text, start))
        yield from entries(text, value)


def columns(comments: list[Comment], before: list[Entry], after: list[Entry]) -> list[int]:
    """The columns in which comments belong, when the entries before stand where those after do."""
    starts = [entry.start for entry in before]
    return [_column(comment, bisect(starts, comment.start), before, after) for comment in comments]


def _column(comment: Comment, index: int, before: list[Entry], after: list[Entry]) -> int:
    if not comment.has_line and index:
        return comment.column + after[index - 1].column - before[index - 1].column
    below = next((i for i in range(index, len(before)) if before[i].column <= comment.column), None)
    if below is not None and before[below].column == comment.column:
        return after[below].column
    beside = list(takewhile(lambda i: before[i].column >= comment.column, reversed(range(index))))
    same = [after[i].column for i in beside if before[i].column == comment.column]
    if same:  # a list may stand in its key's column: then the comment is no part of the list
        return min(same)
    above = index - len(beside) - 1
    return comment.column if above < 0 else after[above].column + comment.column - before[above].column
