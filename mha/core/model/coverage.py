"""How the rules of a layer stand to each other in all dimensions together.

A rule covers another one if it matches all that the other matches, and for as long. A set of rules is the bits of a
number; a rule is told by its place.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import accumulate
from operator import and_, or_

from mha.core.model import bits
from mha.core.model.rules import Dimension, Rule, compare


class Coverage:
    """Which rules cover, overlap and touch which, themselves among them. A rule that is not live does none of it."""

    def __init__(self, rules: Sequence[Rule], *, today: str) -> None:
        self.dimensions = compare(rules)
        self.enabled = bits.having(rule.enabled for rule in rules)
        self.expired = bits.having(rule.expires is not None and rule.expires < today for rule in rules)
        self.empty = reduce(or_, (dimension.empty for dimension in self.dimensions.values()))
        self.live = self.enabled & ~self.expired & ~self.empty
        self._cheapest_first = [*self.dimensions.values()][::-1]  # there are more addresses than services and times
        self._lasting = _lasting([rule.expires for rule in rules])
        self.covering = [self._covering(place) for place in range(len(rules))]  # for each rule: those that cover it
        self.covered = bits.transposed(self.covering)  # for each rule: those that it covers

    def overlapping(self, place: int, among: int) -> int:
        """Those of `among` that match some of what the rule matches, in any case."""
        return _narrowed(among & self.live, place, (dimension.overlapping for dimension in self._cheapest_first))

    def touching(self, place: int, among: int) -> int:
        """Those of `among` that may match some of what the rule matches."""
        return _narrowed(among & self.live, place, (dimension.touching for dimension in self._cheapest_first))

    def together(self, place: int) -> tuple[Dimension, int] | None:
        """Few earlier rules that cover the rule between them, and the one dimension in which none does so alone.

        None if there are none, and if they differ in more dimensions: that is not looked for.
        """
        columns = [*self.dimensions.items()]
        earlier = self._candidates(place) & bits.below(place)
        after = [*accumulate((comparison.holding[place] for _, comparison in reversed(columns)), and_, initial=-1)]
        before = accumulate((comparison.holding[place] for _, comparison in columns), and_, initial=earlier)
        for (dimension, comparison), left, right in zip(columns, before, after[-2::-1], strict=False):
            among = left & right  # these hold it in all other dimensions
            if among & (among - 1) and (found := comparison.together(place, among)):
                return dimension, found
        return None

    def _covering(self, place: int) -> int:
        holding = (dimension.holding[place] for dimension in self.dimensions.values())
        return reduce(and_, holding, self._candidates(place))

    def _candidates(self, place: int) -> int:
        return self.live & self._lasting[place]


def _narrowed(among: int, place: int, relations: Iterable[Callable[[int], int]]) -> int:
    for relation in relations:
        if not among:
            break
        among &= relation(place)
    return among


def _lasting(expiries: Sequence[str | None]) -> list[int]:
    """By place: the rules that expire no earlier."""
    expiring = dict(zip(expiries, bits.alike(expiries), strict=True))
    days = sorted((day for day in expiring if day is not None), reverse=True)
    from_longest = [None, *days]
    so_far = accumulate((expiring.get(day, 0) for day in from_longest), or_)
    lasting = dict(zip(from_longest, so_far, strict=True))
    return [lasting[day] for day in expiries]
