"""Sets of whole numbers, as closed intervals.

Rule 1: a set is sorted, and its spans neither overlap nor touch. So equal sets are equal tuples.
Rule 2: this file does not know what the numbers stand for: addresses.py, services.py and times.py do.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain, pairwise

Span = tuple[int, int]  # the first and the last
Spans = tuple[Span, ...]

EMPTY: Spans = ()


class NotUnderstood(ValueError):
    """A text that names no numbers. The caller knows the line."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


def spans(pairs: Iterable[Span]) -> Spans:
    """The set of the numbers in `pairs`, which may stand in any order, overlap and touch."""
    joined: list[Span] = []
    for first, last in sorted(pairs):
        if joined and first <= joined[-1][1] + 1:
            if last > joined[-1][1]:
                joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def union(sets: Iterable[Spans]) -> Spans:
    return spans(chain.from_iterable(sets))


def intersection(ours: Spans, theirs: Spans) -> Spans:
    common, our, their = [], 0, 0
    while our < len(ours) and their < len(theirs):
        first = max(ours[our][0], theirs[their][0])
        last = min(ours[our][1], theirs[their][1])
        if first <= last:
            common.append((first, last))
        if ours[our][1] < theirs[their][1]:
            our += 1
        else:
            their += 1
    return tuple(common)


def complement(numbers: Spans, universe: Span) -> Spans:
    """The numbers of `universe` that are not in `numbers`, which must lie in it."""
    edges = [(universe[0] - 1, universe[0] - 1), *numbers, (universe[1] + 1, universe[1] + 1)]
    return tuple((before + 1, after - 1) for (_, before), (after, _) in pairwise(edges) if before + 1 < after)


def difference(numbers: Spans, removed: Spans) -> Spans:
    if not numbers or not removed:
        return numbers
    universe = (min(numbers[0][0], removed[0][0]), max(numbers[-1][1], removed[-1][1]))
    return intersection(numbers, complement(removed, universe))


def is_subset(inner: Spans, outer: Spans) -> bool:
    return all(_lies_in(span, outer) for span in inner)


def _lies_in(span: Span, outer: Spans) -> bool:
    place = bisect_right(outer, span[0], key=_first) - 1  # outer's spans do not touch: only one can hold it whole
    return place >= 0 and span[1] <= outer[place][1]


def _first(span: Span) -> int:
    return span[0]


def contains(numbers: Spans, number: int) -> bool:
    return _lies_in((number, number), numbers)


def size(numbers: Spans) -> int:
    """How many numbers the set has."""
    return sum(last - first + 1 for first, last in numbers)
