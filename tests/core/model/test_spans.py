"""Sets of numbers as spans, against Python's own sets."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core.model.spans import (
    EMPTY,
    complement,
    contains,
    difference,
    intersection,
    is_subset,
    size,
    spans,
    union,
)

UNIVERSE = (0, 20)
EVERY = frozenset(range(21))
sets = st.frozensets(st.integers(*UNIVERSE))


def from_set(numbers):
    return spans((number, number) for number in numbers)


def to_set(numbers):
    return frozenset(number for first, last in numbers for number in range(first, last + 1))


@given(ours=sets, theirs=sets)
def test_the_operations_are_those_of_sets(ours, theirs):
    one, other = from_set(ours), from_set(theirs)
    assert union([one, other]) == from_set(ours | theirs)
    assert intersection(one, other) == from_set(ours & theirs)
    assert difference(one, other) == from_set(ours - theirs)
    assert complement(one, UNIVERSE) == from_set(EVERY - ours)
    assert is_subset(one, other) == (ours <= theirs)
    assert [contains(one, number) for number in range(21)] == [number in ours for number in range(21)]
    assert size(one) == len(ours)


@given(pairs=st.lists(st.tuples(st.integers(*UNIVERSE), st.integers(0, 5)).map(lambda pair: (pair[0], sum(pair)))))
def test_spans_are_sorted_and_neither_overlap_nor_touch(pairs):
    found = spans(pairs)
    assert to_set(found) == to_set(pairs)
    assert all(first <= last for first, last in found)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], EMPTY),
        ([(3, 5), (1, 2)], ((1, 5),)),
        ([(1, 9), (2, 3)], ((1, 9),)),
        ([(1, 2), (4, 5)], ((1, 2), (4, 5))),
        ([(7, 7), (7, 7)], ((7, 7),)),
    ],
)
def test_pairs_in_any_order_become_spans(pairs, expected):
    assert spans(pairs) == expected
