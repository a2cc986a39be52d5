"""The rules of a layer as the checks see them, and how they stand to each other.

The first rule that matches decides. A rule matches in all its dimensions at once, if it is enabled and not expired.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from mha.core.model import addresses, services, times
from mha.core.model.cells import ANY, Cell, exactly
from mha.core.model.comparison import Comparison
from mha.core.model.line import Line
from mha.core.model.spans import Span


class Rule(NamedTuple):
    """A rule, with every name resolved."""

    source: Cell
    destination: Cell
    service: Cell
    action: str  # accept, drop, reject, or layer:NAME
    time: Cell = ANY
    gateways: frozenset[str] | None = None  # None: all that install the layer
    track: str = ""
    enabled: bool = True
    expires: str | None = None  # the last day on which it matches: YYYY-MM-DD


class Dimension(StrEnum):
    """In what a rule matches."""

    SOURCE = "source"
    DESTINATION = "destination"
    SERVICE = "service"
    TIME = "time"
    GATEWAYS = "gateways"


def compare(rules: Sequence[Rule]) -> Mapping[Dimension, Comparison]:
    """How the rules stand to each other in each dimension."""
    sources, destinations = [rule.source for rule in rules], [rule.destination for rule in rules]
    on_addresses = Line(addresses.EVERY, sources + destinations, also=addresses.IPV4)
    return {
        Dimension.SOURCE: Comparison(sources, on_addresses),
        Dimension.DESTINATION: Comparison(destinations, on_addresses),
        Dimension.SERVICE: _alone([rule.service for rule in rules], services.EVERY),
        Dimension.TIME: _alone([rule.time for rule in rules], times.EVERY),
        Dimension.GATEWAYS: _gateways([rule.gateways for rule in rules]),
    }


def _alone(cells: Sequence[Cell], universe: Span) -> Comparison:
    return Comparison(cells, Line(universe, cells))


def _gateways(cells: Sequence[frozenset[str] | None]) -> Comparison:
    """A gateway is a number, and one that no rule names is the number after them."""
    names = sorted({name for cell in cells for name in cell or ()})
    elements = {name: exactly(((number, number),)) for number, name in enumerate(names)}
    listed = [ANY if cell is None else Cell(frozenset(elements[name] for name in cell)) for cell in cells]
    return _alone(listed, (0, len(names)))
