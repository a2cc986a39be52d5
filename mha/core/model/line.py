"""A line of numbers, cut into atoms wherever a cell begins or ends: a cell matches an atom whole or not at all.

A binary tree lies over the atoms. Its leaves are the nodes from `atoms` on, and below node n are the nodes 2n and
2n + 1. So any stretch of the line is a few nodes.
"""

from collections.abc import Iterable

from mha.core.model.cells import Cell
from mha.core.model.spans import EMPTY, Span, Spans

Nodes = list[int]
ROOT: Nodes = [1]  # the whole line


class Line:
    """The numbers of a dimension, and the cells along it."""

    def __init__(self, universe: Span, cells: Iterable[Cell], also: Spans = EMPTY) -> None:
        """`also` is one more set of numbers that will be asked for."""
        distinct = set(cells)
        cuts = {universe[0], universe[1] + 1}
        _cut(cuts, also)
        for element in {element for cell in distinct for element in cell.elements}:
            _cut(cuts, element.possible)
            if not element.exact:
                _cut(cuts, element.certain)
        self.atoms = len(cuts) - 1
        self._leaves = {cut: leaf for leaf, cut in enumerate(sorted(cuts), start=self.atoms)}

        self.parts = {cell: [part for part in cell.parts(universe) if part.possible] for cell in distinct}
        parts = {part for parts in self.parts.values() for part in parts}
        self.unknown = {part for part in parts if not part.exact}
        self.possible = {part: self.nodes(part.possible) for part in parts}
        self.certain = self.possible | {part: self.nodes(part.certain) for part in self.unknown}

    def nodes(self, numbers: Spans) -> Nodes:
        """The fewest nodes that hold a set of numbers by which the line is cut."""
        nodes: Nodes = []
        for first, last in numbers:
            left, right = self._leaves[first], self._leaves[last + 1]
            if right - left == 1:
                nodes.append(left)
            else:
                nodes += _between(left, right)
        return nodes


def _cut(cuts: set[int], numbers: Spans) -> None:
    for first, last in numbers:
        cuts.add(first)
        cuts.add(last + 1)


def _between(left: int, right: int) -> Nodes:
    """The fewest nodes above the leaves from `left` on and before `right`."""
    nodes = []
    while left < right:
        if left & 1:
            nodes.append(left)
            left += 1
        if right & 1:
            right -= 1
            nodes.append(right)
        left >>= 1
        right >>= 1
    return nodes
