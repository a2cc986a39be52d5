"""Which rules match an element of a cell, in one dimension and whatever the symbols turn out to be.

A rule *holds* an element if the element's possible numbers lie in the rule's certain ones, or if the rule lists the
same symbol. What a negated cell leaves over is one element, and a negated cell that lists less leaves over more. A set
of rules is the bits of a number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from mha.core.model.cells import Cell, Element
from mha.core.model.kinship import families, leaving_over, listing
from mha.core.model.line import Line, Nodes
from mha.core.model.occupancy import Occupancy


class Matching:
    """The elements of all cells, and the rules that match them."""

    def __init__(self, users: Mapping[Cell, int], line: Line) -> None:
        """`users` tells which rules have which cell."""
        self._line = line
        self.users: dict[Element, int] = defaultdict(int)
        for cell, rules in users.items():
            for part in line.parts[cell]:
                self.users[part] |= rules
        self.unknown = {part: rules for part, rules in self.users.items() if part in line.unknown}
        certain = ((line.certain[part], rules) for part, rules in self.users.items())
        uncertain = ((line.possible[part], rules) for part, rules in self.unknown.items())
        self._certain = Occupancy(line.atoms, certain)
        self._uncertain = Occupancy(line.atoms, uncertain)
        self._kin = self._kin_of(users)

    def holding(self, element: Element) -> int:
        """The rules that match all of the element."""
        return self._certain.of_all(self._line.possible[element]) | self._kin.get(element, 0)

    def meeting(self, element: Element) -> int:
        """The rules that match some of what the element matches in any case."""
        return self._certain.of_some(self._line.certain[element])

    def doubting(self, element: Element) -> int:
        """The rules that may match some of the element; those that meet it may be missing."""
        nodes = self._line.possible[element]
        doubting = self._uncertain.of_some(nodes)
        return doubting | self._certain.of_some(nodes) if element in self.unknown else doubting

    def of_all(self, nodes: Nodes) -> int:
        """The rules that match all numbers of the nodes."""
        return self._certain.of_all(nodes)

    def together(self, elements: Iterable[Element], among: int) -> int | None:
        """Few rules of `among` that match all of the elements between them; None if all of `among` do not."""
        chosen = 0
        for element in elements:
            kin = self._kin.get(element, 0) & among
            found = kin & -kin or self._certain.together(self._line.possible[element], among)
            if found is None:
                return None
            chosen |= found
        return chosen

    def _kin_of(self, users: Mapping[Cell, int]) -> dict[Element, int]:
        """By unknown element: the rules that hold it because they list the same symbol."""
        listed, negated = families(users, negated=False), families(users, negated=True)
        kin = {element: listing(element, listed) for members in listed.values() for element in members}
        for cell, rules in users.items():
            for rest in self.unknown.keys() & self._line.parts[cell] if cell.negated else ():
                as_much = self._uncertain.of_all(self._line.possible[rest])
                kin[rest] = leaving_over(cell, rules, as_much, negated)
        return kin
