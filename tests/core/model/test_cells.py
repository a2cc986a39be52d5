"""Groups, and what they leave out."""

from mha.core.model.cells import ANY, Cell, Element, bounds, exactly, excepting, group
from mha.core.model.spans import EMPTY

EVERY = (0, 99)
LOW, HIGH, MIDDLE = exactly(((0, 49),)), exactly(((50, 99),)), exactly(((40, 59),))
ZONE = Element(((10, 19),), (EVERY,), "zone")
ROLE = Element(EMPTY, ((40, 59),), "role")


def content(elements):
    return {(element.certain, element.possible, element.symbol) for element in elements}


def test_a_group_has_one_element_for_all_that_is_known():
    assert content(group([LOW, MIDDLE, ZONE, ROLE])) == {
        (((0, 59),), ((0, 59),), None),
        (ZONE.certain, ZONE.possible, "zone"),
        (ROLE.certain, ROLE.possible, "role"),
    }


def test_a_group_of_groups_keeps_the_unknown_elements_as_they_are():
    assert {ZONE, ROLE} < group([*group([LOW, ZONE]), *group([ROLE, ZONE])])


def test_an_empty_group_has_no_elements():
    assert group([]) == frozenset()


def test_known_numbers_are_taken_out_of_each_element():
    assert content(excepting([LOW, ZONE], [MIDDLE], symbol="rest")) == {
        (((0, 39),), ((0, 39),), None),
        (((10, 19),), ((0, 39), (60, 99)), "zone"),
    }


def test_what_is_taken_out_of_a_symbol_leaves_a_part_of_the_symbol():
    (less,) = excepting([ZONE], [MIDDLE], symbol="rest")
    assert less.within(ZONE)
    assert not ZONE.within(less)


def test_a_difference_that_is_not_known_is_a_set_of_its_own():
    assert content(excepting([LOW], [ZONE], symbol="rest")) == {(EMPTY, ((0, 9), (20, 49)), "rest")}
    assert content(excepting([HIGH], [ROLE], symbol="rest")) == {(((60, 99),), ((50, 99),), "rest")}
    assert content(excepting([ROLE, HIGH], [ZONE], symbol="rest")) == {(EMPTY, ((40, 99),), "rest")}


def test_an_unknown_set_that_lies_elsewhere_takes_nothing_out():
    low = exactly(((0, 9),))
    assert content(excepting([low], [ROLE], symbol="rest")) == {(((0, 9),), ((0, 9),), None)}


def test_nothing_is_left_of_what_is_all_taken_out():
    assert excepting([MIDDLE, ROLE], [LOW, HIGH], symbol="rest") == frozenset()


def test_a_symbol_says_nothing_about_another():
    assert not ROLE.within(ZONE)
    assert not LOW.within(exactly(((0, 99),)))
    assert LOW.within(LOW)


def test_the_bounds_of_elements():
    assert bounds([LOW, ROLE]) == (((0, 49),), ((0, 59),))
    assert bounds([]) == (EMPTY, EMPTY)


def test_a_cell_is_the_union_of_its_parts():
    elements = frozenset([LOW, ROLE])
    assert Cell(elements).parts(EVERY) == elements
    assert content(Cell(elements, negated=True).parts(EVERY)) == {(((60, 99),), ((50, 99),), None)}
    assert content(Cell(frozenset([LOW]), negated=True).parts(EVERY)) == {(((50, 99),), ((50, 99),), None)}
    assert content(ANY.parts(EVERY)) == {((EVERY,), (EVERY,), None)}
