"""What a cell of a rule matches, as far as it is known here.

    host, network, range, service, time    certain = possible
    DNS name, other company's list         certain: nothing            possible: everything
    zone                                   certain: its networks       possible: everything
    access role                            certain: nothing            possible: its networks
    group                                  group(), excepting()

Of a DNS name, a zone or a role only these bounds are known, and that the same symbol has the same numbers wherever it
stands. A role stands for people at networks: nothing at a network is certain to be one of them. Whatever rules claim
about each other must hold however the symbols turn out.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mha.core.model.spans import EMPTY, Span, Spans, complement, difference, is_subset, union


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity: to hash a group of 10,000 hosts takes long
class Element:
    """What a name in a cell matches: of the symbol's set, what lies in `possible`."""

    certain: Spans  # what it matches in any case
    possible: Spans  # what it matches at most
    symbol: str | None = None  # None: the numbers say all, or nothing else has this set

    @property
    def exact(self) -> bool:
        return self.certain == self.possible

    @property
    def family(self) -> Hashable:
        """What it shares with the other elements of its symbol."""
        return self if self.symbol is None else self.symbol

    def within(self, other: "Element") -> bool:
        """Whether it is a part of `other` because both have the same symbol."""
        return self is other or (self.family == other.family and is_subset(self.possible, other.possible))


class Cell(NamedTuple):
    """The union of its elements, or all but that."""

    elements: frozenset[Element]
    negated: bool = False

    def parts(self, universe: Span) -> frozenset[Element]:
        """Elements whose union the cell is."""
        if not self.negated:
            return self.elements
        certain, possible = bounds(self.elements)
        if certain == possible:
            return frozenset([exactly(complement(certain, universe))])
        return frozenset([Element(complement(possible, universe), complement(certain, universe))])


ANY = Cell(frozenset(), negated=True)


def exactly(numbers: Spans) -> Element:
    """What matches these numbers and no other."""
    return Element(numbers, numbers)


def bounds(elements: Iterable[Element]) -> tuple[Spans, Spans]:
    """What the union of the elements matches in any case, and at most."""
    elements = tuple(elements)
    certain = union(element.certain for element in elements)
    exact = all(element.exact for element in elements)
    return certain, certain if exact else union(element.possible for element in elements)


def group(elements: Iterable[Element]) -> frozenset[Element]:
    """The elements, with all exact ones as one. To be done once for a group, however many rules use it."""
    elements = tuple(elements)
    numbers = union(element.certain for element in elements if element.exact)
    unknown = {element for element in elements if not element.exact}
    return frozenset([exactly(numbers)] if numbers else []) | unknown


def excepting(elements: Iterable[Element], excluded: Iterable[Element], *, symbol: str) -> frozenset[Element]:
    """The elements without the excluded ones.

    `symbol` names the difference, which is a set of its own if it is not known exactly what is excluded.
    """
    elements, excluded = tuple(elements), tuple(excluded)
    out_for_certain, out_at_most = bounds(excluded)
    if out_for_certain == out_at_most:
        rest = [_without(element, out_for_certain) for element in elements]
    else:
        certain, possible = bounds(elements)
        rest = [Element(difference(certain, out_at_most), difference(possible, out_for_certain), symbol)]
    return group(element for element in rest if element.possible != EMPTY)


def _without(element: Element, numbers: Spans) -> Element:
    return Element(difference(element.certain, numbers), difference(element.possible, numbers), element.symbol)
