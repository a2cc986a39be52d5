"""Which rules match which stretches of a line. A set of rules is the bits of a whole number.

Each node of the line's tree knows which rules match all atoms below it, and which match some. A question therefore
costs the logarithm of the number of atoms, and nothing that depends on the number of rules but the width of the bits.
"""

from collections.abc import Iterable
from functools import reduce
from operator import and_, or_

from mha.core.model.line import Nodes


class Occupancy:
    """The rules along a line of `atoms` atoms."""

    def __init__(self, atoms: int, matches: Iterable[tuple[Nodes, int]]) -> None:
        self._atoms = atoms
        self._some = some = _spread(atoms, matches)
        self._all = every = some[:]
        self._everywhere = some[1]  # in many rules a cell is any: their bits stay out of the tree
        for node in range(atoms - 1, 0, -1):
            some[node] = some[2 * node] | some[2 * node + 1]
            every[node] = every[2 * node] & every[2 * node + 1]

    def of_all(self, nodes: Nodes) -> int:
        """The rules that match all of the nodes, of which there must be one."""
        return reduce(and_, map(self._all.__getitem__, nodes)) | self._everywhere

    def of_some(self, nodes: Nodes) -> int:
        """The rules that match some of the nodes."""
        return reduce(or_, map(self._some.__getitem__, nodes), self._everywhere)

    def together(self, nodes: Nodes, among: int) -> int | None:
        """Few rules of `among` that match all of the nodes between them; None if all of `among` do not."""
        if everywhere := self._everywhere & among:
            return everywhere & -everywhere
        chosen, unmatched = 0, nodes[:]
        while unmatched:
            node = unmatched.pop()
            if whole := self._all[node] & among:
                if not whole & chosen:
                    chosen |= whole & -whole
            elif node >= self._atoms or not self._some[node] & among:
                return None
            else:
                unmatched += (2 * node, 2 * node + 1)
        return chosen


def _spread(atoms: int, matches: Iterable[tuple[Nodes, int]]) -> list[int]:
    """By node: the rules that match it whole, or a node above it other than the root."""
    tree = [0] * (2 * atoms)
    for nodes, rules in matches:
        for node in nodes:
            tree[node] |= rules
    for node in range(2, atoms):
        if rules := tree[node]:
            tree[2 * node] |= rules
            tree[2 * node + 1] |= rules
    return tree
