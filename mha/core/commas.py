"""Commas: which characters go when entries of a collection in brackets go.

Rule 1: an entry goes with one comma. A comma before the closing bracket stays if there was one, and does not come
into being.
Rule 2: an entry that has its lines to itself goes with them, and with the comment behind it. Any other comment stays.
Rule 3: spaces go with the entry, so that what is left looks as if it had been written so.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from mha.core.cuts import Cut
from mha.core.places import line_end, line_start

_COMMA = re.compile(r"(?:\s|#[^\n]*\n)*,")


class Brackets(NamedTuple):
    """A collection in brackets, as far as its characters matter."""

    start: int
    end: int
    spans: list[tuple[int, int]]  # of its entries
    empty: str  # [] or {}


def of_flow(text: str, brackets: Brackets, removed: Collection[int]) -> Iterator[Cut]:
    """The cuts that take these entries out of a collection in brackets; the last of them leave `[]` or `{}` behind."""
    commas = [_comma(text, end) for _, end in brackets.spans]
    gone = sorted(removed)
    if len(gone) == len(brackets.spans):
        yield from _emptied(text, brackets, commas)
        return
    for first, last in _runs(gone):
        if "#" in _between(text, brackets, first, last):
            yield from _one_by_one(text, brackets, commas, first, last)
        else:
            yield _at_once(text, brackets, commas, first, last)


def _comma(text: str, end: int) -> int | None:
    """Where the comma ends that follows an entry; None if none does."""
    match = _COMMA.match(text, end)
    return match.end() if match else None


def _emptied(text: str, brackets: Brackets, commas: list[int | None]) -> list[Cut]:
    """The cuts of all entries. Brackets with a comment between them that stays are not closed up."""
    cuts = list(_one_by_one(text, brackets, commas, 0, len(commas) - 1))
    starts, ends = [cut.start for cut in cuts], [cut.end for cut in cuts]
    left = "".join(text[end:start] for end, start in zip([brackets.start, *ends], [*starts, brackets.end], strict=True))
    if "#" in left:
        return cuts
    return [Cut(brackets.start, brackets.end, brackets.empty)]  # also for `[a: b]`, a mapping without brackets


def _runs(gone: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in gone:
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def _gaps(text: str, spans: list[tuple[int, int]]) -> str:
    ends, starts = [end for _, end in spans[:-1]], [start for start, _ in spans[1:]]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _between(text: str, brackets: Brackets, first: int, last: int) -> str:
    """What stands between the entries from the one before the run to the one behind it."""
    spans = brackets.spans
    before = (0, spans[first - 1][1]) if first else (0, spans[0][0])
    behind = (
        (spans[last + 1][0], 0) if last + 1 < len(spans) else (min(line_end(text, spans[last][1]), brackets.end), 0)
    )
    return _gaps(text, [before, *spans[first : last + 1], behind])


def _at_once(text: str, brackets: Brackets, commas: list[int | None], first: int, last: int) -> Cut:
    """The cut of a run that no comment stands in or behind."""
    spans = brackets.spans
    start, end = spans[first][0], spans[last][1]
    before = spans[first - 1][1] if first else start
    space = " " if text[before - 1] == ":" else ""  # `a:` without a value, which needs a space behind it
    if last + 1 == len(spans):
        trailing = commas[last]
        if trailing is None:
            return Cut(before, end, space)
        return Cut((commas[first - 1] or before) if first else start, trailing)
    behind = spans[last + 1][0]
    if first and "\n" in text[end:behind] and "\n" not in text[before:start]:
        return Cut(before, end, space)
    return Cut(start, behind)


def _one_by_one(text: str, brackets: Brackets, commas: list[int | None], first: int, last: int) -> Iterator[Cut]:
    """The cuts of a run among comments: whole lines where an entry has them to itself."""
    for index in range(first, last + 1):
        start, end = brackets.spans[index][0], commas[index] or brackets.spans[index][1]
        line, rest = line_start(text, start), text[end : line_end(text, end)].strip()
        if text[line:start].strip() == "" and (rest == "" or rest.startswith("#")):
            yield Cut(line, line_end(text, end))
        elif "#" in text[brackets.spans[index][1] : end]:  # the comment between an entry and its comma
            yield from (Cut(*brackets.spans[index]), Cut(end - 1, end))
        else:
            yield Cut(start - len(text[line:start]) + len(text[line:start].rstrip(" ")), end)
    comma = commas[first - 1] if first else None
    if comma is not None and last + 1 == len(brackets.spans) and commas[last] is None:
        yield Cut(comma - 1, comma)
