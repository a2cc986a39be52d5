"""Cuts: which characters go when entries of a block collection, or whole documents, go.

Rule 1: whole lines go, with the comment behind the entry and the comments below it that are indented deeper.
Rule 2: a comment above goes along only if it stands over these entries alone: a paragraph, between blank lines or the
ends of the collection. A heading over several entries stays, and so does a comment that starts a document.
Rule 3: of the blank lines above and below what goes, one side stays.
Rule 4: a first entry that shares its line with a dash gives its place to the next one.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from mha.core.places import Document, line_end, line_start


class Cut(NamedTuple):
    """Characters that go, and what comes in their place."""

    start: int
    end: int
    new: str = ""


class Block(NamedTuple):
    """A block collection, as far as its lines matter."""

    spans: list[tuple[int, int]]  # of its entries
    keeping: Collection[int]  # the entries that end in block text which keeps the blank lines behind it
    holder: int | None  # where the colon or the dash ends behind which it stands; None for a whole document
    empty: str  # how it is written when it has no entries: [] or {}


class _Run(NamedTuple):
    """Entries that go together, because their lines follow each other."""

    start: int
    end: int
    first: int
    last: int


def of_block(text: str, block: Block, removed: Collection[int]) -> list[Cut]:
    """The cuts that take these entries out of a block collection; the last of them leave `[]` or `{}` behind."""
    runs = list(_runs(text, block, removed))
    start = block.spans[0][0]
    is_emptied, shares_line = len(removed) == len(block.spans), bool(text[line_start(text, start) : start].strip())
    if is_emptied and not shares_line and block.holder is not None:
        return [Cut(block.holder, block.holder, f" {block.empty}"), *(_widened(text, block, run) for run in runs)]
    if runs[0].first > 0 or not (is_emptied or shares_line):
        return [_widened(text, block, run) for run in runs]
    later = [_widened(text, block, run) for run in runs[1:]]
    if is_emptied:
        return [Cut(start, _without_break(text, runs[0].end), block.empty), *later]
    return [Cut(start, _next_in_its_place(text, runs[0].end, later)), *later]


def _next_in_its_place(text: str, end: int, cuts: list[Cut]) -> int:
    """Where the first character stands behind what goes from a line on that something else shares."""
    end = _first_character(text, end)
    for cut in cuts:
        if cut.start <= end < cut.end:
            end = _first_character(text, cut.end)
    return end


def _runs(text: str, block: Block, removed: Collection[int]) -> Iterator[_Run]:
    run: _Run | None = None
    for index in sorted(removed):
        start, end = block.spans[index]
        first, column = line_start(text, start), start - line_start(text, start)
        end = with_deeper_comments(text, line_end(text, end), column)
        if run and run.end == first:
            run = run._replace(end=end, last=index)
            continue
        if run:
            yield run
        run = _Run(first, end, index, index)
    if run:
        yield run


def with_deeper_comments(text: str, end: int, column: int) -> int:
    """The end of the last comment below a line that is indented deeper than the column, blank lines between or not."""
    last, start = end, end
    while start < len(text):
        end = line_end(text, start)
        content = text[start:end].lstrip(" ")
        if content.startswith("#") and end - start - len(content) > column:
            last = end
        elif content.strip():
            break
        start = end
    return last


def _widened(text: str, block: Block, run: _Run) -> Cut:
    """A run's lines, with the comments and the blank lines that go along."""
    start = _with_comments_above(text, block, run)
    above = _line_above(text, start)
    is_first, is_last = run.first == 0, run.last == len(block.spans) - 1
    floor = 0 if is_first else line_end(text, block.spans[run.first - 1][1])
    upper, lower = _blank_above(text, start, floor), _blank_below(text, run.end)
    if is_last and lower in (run.end, len(text)):
        return Cut(upper, lower)
    leads = is_first and not is_last and not _is_comment(above)
    if above.isspace() or leads or run.first - 1 in block.keeping:
        return Cut(start, lower)
    return Cut(start, run.end)


def _with_comments_above(text: str, block: Block, run: _Run) -> int:
    """Where the comments start that stand over a run alone; where the run starts if there are none."""
    indentation = " " * (block.spans[run.last][0] - line_start(text, block.spans[run.last][0]))
    below = text[run.end : line_end(text, run.end)]
    is_last = run.last == len(block.spans) - 1
    if below.strip() and (not is_last or below.startswith(f"{indentation}#")):
        return run.start
    top = run.start
    while top > 0 and _line_above(text, top).startswith(f"{indentation}#"):
        top = line_start(text, top - 1)
    above = _line_above(text, top)
    leads = run.first == 0 and block.holder is not None and not _is_comment(above)
    return top if above.isspace() or leads else run.start


def _line_above(text: str, start: int) -> str:
    return text[line_start(text, start - 1) : start] if start else ""


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _blank_above(text: str, start: int, floor: int) -> int:
    while start > floor and _line_above(text, start).isspace():
        start = line_start(text, start - 1)
    return start


def _blank_below(text: str, end: int) -> int:
    while end < len(text) and text[end : line_end(text, end)].isspace():
        end = line_end(text, end)
    return end


def _first_character(text: str, index: int) -> int:
    match = re.compile(r"\s*").match(text, index)
    return match.end() if match else index


def _without_break(text: str, end: int) -> int:
    end -= text.endswith("\n", 0, end)
    return end - text.endswith("\r", 0, end)


def of_documents(text: str, documents: list[Document], removed: Collection[int]) -> Iterator[Cut]:
    """The cuts that take whole documents out of a file that keeps at least one.

    Comments above the first document and unindented ones behind the last line of any stay.
    """
    for index in sorted(removed):
        document = documents[index]
        start = line_start(text, document.start)
        end = with_deeper_comments(text, line_end(text, document.end), 0)
        lower = _blank_below(text, end)
        if lower == len(text) and index:
            start = _blank_above(text, start, line_end(text, documents[index - 1].end))
        yield Cut(start, lower)
