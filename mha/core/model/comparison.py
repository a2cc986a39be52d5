"""How the rules stand to each other in one dimension, whatever the symbols turn out to be.

A rule *holds* another one if it matches all that the other matches. The two *overlap* if both match a number in any
case, or if one holds an element of the other: what somebody wrote into a cell is taken to match something. They
*touch* if they may have a number in common. Each element is looked up once; a set of rules is the bits of a number.
"""

from collections.abc import Sequence
from functools import cache, reduce
from operator import and_, or_

from mha.core.model import bits
from mha.core.model.cells import Cell
from mha.core.model.line import ROOT, Line
from mha.core.model.matching import Matching
from mha.core.model.spans import Spans


class Comparison:
    """All rules in one dimension, each told by its place in `cells`.

    `holding` has for each rule the rules that hold it, itself among them.
    """

    def __init__(self, cells: Sequence[Cell], line: Line) -> None:
        self._line = line
        self._alike = bits.alike(cells)
        self._parts = [line.parts[cell] for cell in cells]
        self._matching = Matching(dict(zip(cells, self._alike, strict=True)), line)
        self._holding, self._meeting, self._doubting = map(
            cache, (self._matching.holding, self._matching.meeting, self._matching.doubting)
        )
        self._around = self._users_of_what_is_held()
        self.holding = [reduce(and_, map(self._holding, parts), -1) for parts in self._parts]
        self.empty = bits.having(not parts for parts in self._parts)
        self.negated = bits.having(cell.negated for cell in cells)
        self.unlimited = self._matching.of_all(ROOT)

    def overlapping(self, place: int) -> int:
        """The rules that overlap the rule at `place`."""
        parts = self._parts[place]
        around = self._around[self._alike[place]]
        return reduce(or_, (*map(self._meeting, parts), *map(self._holding, parts)), around)

    def touching(self, place: int) -> int:
        """The rules that touch the rule at `place`."""
        parts = self._parts[place]
        return reduce(or_, (*map(self._meeting, parts), *map(self._doubting, parts)), 0)

    def together(self, place: int, among: int) -> int | None:
        """Few rules of `among` that hold the rule at `place` between them; None if all of `among` do not."""
        return self._matching.together(self._parts[place], among)

    def matching(self, numbers: Spans) -> int:
        """The rules that match all of a set of numbers, by which the line is cut."""
        return self._matching.of_all(self._line.nodes(numbers))

    def _users_of_what_is_held(self) -> dict[int, int]:
        """By rules that are alike: the rules that have an unknown element which these hold."""
        found = dict.fromkeys(self._alike, 0)
        one_of_each = reduce(or_, (rules & -rules for rules in found), 0)
        for element, users in self._matching.unknown.items():
            for place in bits.places(self._holding(element) & one_of_each):
                found[self._alike[place]] |= users
        return found
