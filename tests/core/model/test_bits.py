"""Sets as bits, against Python's own sets."""

from hypothesis import given
from hypothesis import strategies as st

from mha.core.model import bits

sets = st.frozensets(st.integers(0, 300))


def number(places):
    return sum(1 << place for place in places)


@given(numbers=sets)
def test_the_places_of_bits_come_in_order(numbers):
    assert [*bits.places(number(numbers))] == sorted(numbers)


@given(flags=st.lists(st.booleans()))
def test_the_places_that_are_true(flags):
    assert bits.having(flags) == number(place for place, flag in enumerate(flags) if flag)


@given(keys=st.lists(st.sampled_from("abc")))
def test_the_places_with_the_same_key(keys):
    assert bits.alike(keys) == [number(i for i, other in enumerate(keys) if other == key) for key in keys]


def test_the_places_below_one():
    assert [bits.below(place) for place in range(4)] == [0b0, 0b1, 0b11, 0b111]


squares = st.integers(0, 70).flatmap(
    lambda side: st.lists(st.integers(0, (1 << side) - 1), min_size=side, max_size=side)
)


@given(rows=squares)
def test_a_transposed_square_has_its_rows_as_columns(rows):
    columns = [number(i for i, row in enumerate(rows) if row >> place & 1) for place in range(len(rows))]
    assert bits.transposed(rows) == columns
