"""Which rules match which stretches of a line, against a walk over its atoms."""

from functools import reduce
from operator import and_, or_

from hypothesis import given
from hypothesis import strategies as st

from mha.core.model.cells import Cell, exactly
from mha.core.model.line import ROOT, Line
from mha.core.model.occupancy import Occupancy
from mha.core.model.spans import EMPTY, spans

LAST = 24
stretches = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(lambda pair: (min(pair), max(pair)))
sets = st.lists(stretches, max_size=3).map(spans)
some_sets = st.lists(sets, min_size=1, max_size=6)


def numbers(of):
    return {number for first, last in of for number in range(first, last + 1)}


def line(of):
    return Line((0, LAST), [Cell(frozenset([exactly(one)])) for one in of])


def rules_at(of, number):
    return sum(1 << rule for rule, one in enumerate(of) if number in numbers(one))


def occupancy(of):
    along = line(of)
    return along, Occupancy(along.atoms, [(along.nodes(one), 1 << rule) for rule, one in enumerate(of)])


@given(of=some_sets)
def test_the_rules_of_all_and_of_some_of_a_stretch(of):
    along, rules = occupancy(of)
    for one in [*filter(None, of), ((0, LAST),)]:
        at = [rules_at(of, number) for number in numbers(one)]
        assert rules.of_all(along.nodes(one)) == reduce(and_, at)
        assert rules.of_some(along.nodes(one)) == reduce(or_, at)


@given(of=some_sets, among=st.integers(0, 63))
def test_the_rules_that_match_a_stretch_together(of, among):
    along, rules = occupancy(of)
    for one in filter(None, of):
        found = rules.together(along.nodes(one), among)
        possible = all(rules_at(of, number) & among for number in numbers(one))
        assert (found is not None) == possible
        assert found is None or (found & ~among == 0 and all(rules_at(of, number) & found for number in numbers(one)))


@given(of=some_sets)
def test_the_root_is_the_whole_line(of):
    _, rules = occupancy(of)
    assert rules.of_all(ROOT) == reduce(and_, [rules_at(of, number) for number in range(LAST + 1)])


def test_a_line_is_cut_where_something_begins_or_ends():
    assert line([]).atoms == 1
    assert line([EMPTY]).atoms == 1
    assert line([((0, LAST),)]).atoms == 1
    assert line([((3, 5),), ((5, 9),)]).atoms == 5


def test_no_rule_is_added_for_what_a_chosen_one_matches():
    single, lower, upper = ((11, 11),), ((0, 5),), ((6, 11),)
    along, rules = occupancy([single, lower, upper])
    assert rules.together(along.nodes(((0, 11),)), 0b111) == 0b110
