"""Rules in one dimension, against all worlds: what is certain must be so in each, what is possible in one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.model import addresses
from mha.core.model.comparison import Comparison
from mha.core.model.line import Line
from tests.core.model.policies import ADDRESSES, KNOWN, UNKNOWN, blocks, cells, worlds_of

EVERY = blocks("012")


class Sets:
    """What each cell is in each world."""

    def __init__(self, listed):
        self.worlds = worlds_of(frozenset().union(*(ADDRESSES[name].symbols for one in listed for name in one.names)))
        self.found = [[one.blocks(ADDRESSES, world, EVERY) for one in listed] for world in self.worlds]
        self.full = [all(one.is_full(ADDRESSES, world, EVERY) for one in listed) for world in self.worlds]

    def holds(self, others, place):
        return all(sets[place] <= frozenset().union(*(sets[other] for other in others)) for sets in self.found)

    def overlap(self, place, other):
        return all(sets[place] & sets[other] for sets, full in zip(self.found, self.full, strict=True) if full)

    def touch(self, place, other):
        return any(sets[place] & sets[other] for sets in self.found)


def compared(listed):
    found = [one.cell(ADDRESSES) for one in listed]
    return Comparison(found, Line(addresses.EVERY, found))


def pairs(listed):
    return [(place, other) for place in range(len(listed)) for other in range(len(listed))]


few_symbols = st.lists(st.sampled_from([*UNKNOWN]), min_size=1, max_size=3)
mixed = few_symbols.flatmap(lambda names: st.lists(cells([*names, "0", "01", "2"]), min_size=2, max_size=4))
one_symbol = st.sampled_from([["U", "U less 0"], ["Z", "Z less 12"], ["U", "2, U", "2, U less 1"], ["Z", "01 less Z"]])
alike = one_symbol.flatmap(lambda names: st.lists(cells([*names, "2"], (False, True)), min_size=2, max_size=4))
lists = mixed | alike
known_lists = st.lists(cells([*KNOWN]), min_size=1, max_size=5)


@given(listed=lists)
@settings(deadline=None, max_examples=400)
def test_what_is_said_is_so_in_every_world(listed):
    sets, rules = Sets(listed), compared(listed)
    for place, other in pairs(listed):
        assert not rules.holding[place] >> other & 1 or sets.holds([other], place)
        assert not rules.overlapping(place) >> other & 1 or sets.overlap(place, other)
        assert rules.touching(place) >> other & 1 or not sets.touch(place, other)


@given(listed=lists)
@settings(deadline=None, max_examples=200)
def test_those_that_hold_a_rule_together_do_so_in_every_world(listed):
    sets, rules = Sets(listed), compared(listed)
    for place in range(len(listed)):
        others = [other for other in range(len(listed)) if other != place]
        found = rules.together(place, sum(1 << other for other in others))
        assert found is None or sets.holds([other for other in others if found >> other & 1], place)


@given(listed=known_lists)
@settings(deadline=None, max_examples=200)
def test_where_all_is_known_nothing_is_left_unsaid(listed):
    (found,), rules = Sets(listed).found, compared(listed)
    for place, other in pairs(listed):
        assert bool(rules.holding[place] >> other & 1) == (found[place] <= found[other])
        assert bool(rules.overlapping(place) >> other & 1) == bool(found[place] & found[other])
        assert bool(rules.touching(place) >> other & 1) == bool(found[place] & found[other])
    assert [bool(rules.empty >> place & 1) for place in range(len(listed))] == [one == frozenset() for one in found]
    assert [bool(rules.unlimited >> place & 1) for place in range(len(listed))] == [one == EVERY for one in found]


@given(listed=known_lists, among=st.integers(0, 31))
@settings(deadline=None, max_examples=200)
def test_where_all_is_known_rules_hold_another_together_if_they_can(listed, among):
    sets, rules = Sets(listed), compared(listed)
    among &= (1 << len(listed)) - 1
    chosen = [place for place in range(len(listed)) if among >> place & 1]
    for place in range(len(listed)):
        assert (rules.together(place, among) is not None) == sets.holds(chosen, place)
