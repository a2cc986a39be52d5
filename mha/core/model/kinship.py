"""Which rules match an unknown set, or all but it, because they list the same symbol. A set of rules is bits."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from functools import reduce
from operator import or_

from mha.core.model.cells import Cell, Element

Families = Mapping[Hashable, Mapping[Element, int]]  # by symbol: the unknown elements, and the rules that list them


def families(users: Mapping[Cell, int], *, negated: bool) -> Families:
    """The unknown elements that are listed in negated cells, or in the others."""
    found: dict[Hashable, dict[Element, int]] = defaultdict(lambda: defaultdict(int))
    for cell, rules in users.items():
        for element in cell.elements if cell.negated == negated else ():
            if not element.exact:
                found[element.family][element] |= rules
    return found


def listing(element: Element, listed: Families) -> int:
    """The rules that list the element, or more of its symbol."""
    return _any_of(rules for other, rules in listed[element.family].items() if element.within(other))


def leaving_over(cell: Cell, rules: int, among: int, listed: Families) -> int:
    """Those of `among` whose negated cells list nothing unknown that `cell`, which `rules` have, does not list."""
    own = {element.family for element in cell.elements}
    related = among & _any_of(users for family in own for users in listed.get(family, {}).values())
    if related == rules:
        return rules
    more = (
        users
        for family, members in listed.items()
        for element, users in members.items()
        if family not in own or not any(map(element.within, cell.elements))
    )
    return related & ~_any_of(more)


def _any_of(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
