"""Small policies, and a dumb oracle: it lists every packet that a rule matches, in every world that is possible.

The addresses are three blocks, the services and the times two each, and there are three days. A world says for each
unknown symbol which blocks it has. A packet is one block of each kind, one gateway and one day.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import chain, combinations, product
from typing import Any

from hypothesis import strategies as st

from mha.core.model import addresses, services, times
from mha.core.model.cells import Cell, Element, exactly, excepting, group
from mha.core.model.rules import Rule
from mha.core.model.spans import Spans, union

Blocks = frozenset[int]
World = dict[str, Blocks]
Packet = tuple[int | str, ...]

MIDDLE = 2**31
ADDRESS_BLOCKS: list[Spans] = [
    ((0, MIDDLE - 1),),
    ((MIDDLE, addresses.IPV4[0][1]),),
    addresses.IPV6,
]  # the first two are all IPv4
SERVICE_BLOCKS: list[Spans] = [services.numbers("tcp"), ((0, 6 * 65536 - 1), (7 * 65536, services.EVERY[1]))]
TIME_BLOCKS = [times.numbers(["mon"]), times.numbers(times.DAYS[1:])]
DAYS = ["2026-06-01", "2026-06-02", "2026-06-03"]  # no rule expires on the last one: it stands for all that follow
TODAY = DAYS[0]

BOUNDS = {  # of each symbol: the blocks that it has in any case, and at most
    "U": ("", "01"),  # a role: people at IPv4 networks
    "V": ("", "1"),
    "Z": ("0", "012"),  # a zone with one known network
    "F": ("", "012"),  # a DNS name
}


def blocks(text: str) -> Blocks:
    return frozenset(map(int, text))


@dataclass(frozen=True)
class Name:
    """What may stand in a cell: the elements it becomes, and what each of them is in a world."""

    elements: frozenset[Element]
    sets: tuple[Callable[[World], Blocks], ...]
    symbols: frozenset[str] = frozenset()


def numbers(line: list[Spans], text: str) -> Spans:
    return union(line[block] for block in blocks(text))


def known(line: list[Spans], text: str) -> Name:
    return Name(frozenset([exactly(numbers(line, text))]), (lambda _: blocks(text),))


def unknown(symbol: str) -> Name:
    certain, possible = (numbers(ADDRESS_BLOCKS, text) for text in BOUNDS[symbol])
    return Name(frozenset([Element(certain, possible, symbol)]), (lambda world: world[symbol],), frozenset([symbol]))


def both(*names: Name) -> Name:
    elements = group(element for name in names for element in name.elements)
    sets = tuple(chain.from_iterable(name.sets for name in names))
    return Name(elements, sets, frozenset().union(*(name.symbols for name in names)))


def without_known(name: Name, out: Name) -> Name:
    """Takes numbers out: every element stays what it is, less them."""
    elements = excepting(name.elements, out.elements, symbol="not used")
    return Name(elements, tuple(_less(own, _union(out)) for own in name.sets), name.symbols | out.symbols)


def without_unknown(name: Name, out: Name, symbol: str) -> Name:
    """Takes an unknown set out: the rest is a set of its own."""
    elements = excepting(name.elements, out.elements, symbol=symbol)
    return Name(elements, (_less(_union(name), _union(out)),), name.symbols | out.symbols)


def _union(name: Name) -> Callable[[World], Blocks]:
    return lambda world: frozenset().union(*(own(world) for own in name.sets))


def _less(left: Callable[[World], Blocks], right: Callable[[World], Blocks]) -> Callable[[World], Blocks]:
    return lambda world: left(world) - right(world)


KNOWN = {text: known(ADDRESS_BLOCKS, text) for text in ["0", "1", "2", "01", "12", "012", ""]}
U, V, Z, F = map(unknown, "UVZF")
UNKNOWN = {
    "U": U,
    "V": V,
    "Z": Z,
    "F": F,
    "2, U": both(KNOWN["2"], U),
    "U, V": both(U, V),
    "U less 0": without_known(U, KNOWN["0"]),
    "Z less 12": without_known(Z, KNOWN["12"]),
    "2, U less 1": without_known(both(KNOWN["2"], U), KNOWN["1"]),
    "01 less Z": without_unknown(KNOWN["01"], Z, "01 less Z"),
    "2, U less Z": without_unknown(both(KNOWN["2"], U), Z, "2, U less Z"),
    "12 less V": without_unknown(KNOWN["12"], V, "12 less V"),
}
ADDRESSES = KNOWN | UNKNOWN
SERVICES = {text: known(SERVICE_BLOCKS, text) for text in ["0", "1", "01"]}
TIMES = {text: known(TIME_BLOCKS, text) for text in ["0", "1", ""]}


@dataclass(frozen=True)
class Listed:
    """A cell as somebody writes it."""

    names: frozenset[str]
    negated: bool = False

    def cell(self, names: dict[str, Name]) -> Cell:
        return Cell(frozenset().union(*(names[name].elements for name in self.names)), self.negated)

    def blocks(self, names: dict[str, Name], world: World, every: Blocks) -> Blocks:
        found = frozenset().union(*(own(world) for name in self.names for own in names[name].sets))
        return every - found if self.negated else found

    def is_full(self, names: dict[str, Name], world: World, every: Blocks) -> bool:
        """Whether each thing that somebody listed matches something, as far as it can."""
        if self.negated:
            return bool(self.blocks(names, world, every))
        return all(own(world) for name in self.names if name for own in names[name].sets)


ANYTHING = Listed(frozenset(), negated=True)


@dataclass(frozen=True)
class Line:
    """A rule as somebody writes it."""

    source: Listed = ANYTHING
    destination: Listed = ANYTHING
    service: Listed = ANYTHING
    time: Listed = ANYTHING
    gateways: frozenset[str] | None = None
    action: str = "accept"
    track: str = ""
    enabled: bool = True
    expires: str | None = None

    def rule(self) -> Rule:
        return Rule(
            source=self.source.cell(ADDRESSES),
            destination=self.destination.cell(ADDRESSES),
            service=self.service.cell(SERVICES),
            time=self.time.cell(TIMES),
            gateways=self.gateways,
            action=self.action,
            track=self.track,
            enabled=self.enabled,
            expires=self.expires,
        )

    def dimensions(self, world: World) -> list[frozenset[Any]]:
        """What the rule matches in each dimension."""
        return [
            self.source.blocks(ADDRESSES, world, blocks("012")),
            self.destination.blocks(ADDRESSES, world, blocks("012")),
            self.service.blocks(SERVICES, world, blocks("01")),
            self.time.blocks(TIMES, world, blocks("01")),
            self.gateways if self.gateways is not None else frozenset(["fw-a", "fw-b", "another"]),
            frozenset(day for day in DAYS if self.expires is None or day <= self.expires),
        ]

    def packets(self, world: World) -> frozenset[Packet]:
        return frozenset(product(*self.dimensions(world))) if self.enabled else frozenset()

    def is_full(self, world: World) -> bool:
        """Whether each thing that somebody listed matches something, as far as it can."""
        addresses_ = [one.is_full(ADDRESSES, world, blocks("012")) for one in (self.source, self.destination)]
        return all(addresses_) and all(self.dimensions(world))

    def symbols(self) -> frozenset[str]:
        names = self.source.names | self.destination.names
        return frozenset().union(*(ADDRESSES[name].symbols for name in names))


def worlds(lines: list[Line]) -> list[World]:
    """Every way in which the symbols may turn out."""
    return worlds_of(frozenset().union(*(line.symbols() for line in lines)))


def worlds_of(symbols: frozenset[str]) -> list[World]:
    names = sorted(symbols)
    return [dict(zip(names, chosen, strict=True)) for chosen in product(*map(_choices, names))]


def _choices(symbol: str) -> list[Blocks]:
    certain, possible = map(blocks, BOUNDS[symbol])
    open_blocks = possible - certain
    return [certain | set(more) for count in range(len(open_blocks) + 1) for more in combinations(open_blocks, count)]


FIELDS = [*["source", "destination", "action"] * 3, "service", *(field.name for field in fields(Line)[2:])]


def cells(names: list[str], negated: tuple[bool, ...] = (False, False, False, True)):
    one = st.builds(Listed, st.frozensets(st.sampled_from(names), min_size=1, max_size=2), st.sampled_from(negated))
    return st.sampled_from(range(6)).flatmap(lambda number: one if number else st.just(ANYTHING))


@st.composite
def policies(draw, names: list[str]):
    """Lists of rules that have something to do with each other: each is the same rule but for a few fields."""
    lines = st.builds(
        Line,
        source=cells(names),
        destination=cells(names),
        service=cells([*SERVICES]),
        time=st.just(ANYTHING) | cells([*TIMES]),
        gateways=st.sampled_from([None, None, frozenset(["fw-a"]), frozenset(["fw-a", "fw-b"]), frozenset()]),
        action=st.sampled_from(["accept", "accept", "accept", "drop", "drop", "reject", "layer:x"]),
        track=st.sampled_from(["", "", "log"]),
        enabled=st.sampled_from([True, True, True, False]),
        expires=st.sampled_from([None, "2026-05-31", *DAYS[:2]]),
    )
    first = replace(draw(lines), time=ANYTHING, gateways=None, enabled=True, expires=None)
    changes = draw(st.lists(st.tuples(st.sets(st.sampled_from(FIELDS), min_size=1, max_size=3), lines), max_size=7))
    others = [{field: getattr(line, field) for field in changed} for changed, line in changes]
    return [first, *(replace(first, **other) for other in others)]


def policies_with_few_symbols():
    """Policies in which not all is known. Few symbols in each, or there are too many worlds."""
    palettes = st.lists(st.sampled_from([*UNKNOWN]), min_size=1, max_size=2)
    return palettes.flatmap(lambda names: policies([*names, "0", "01", "12"]))


def known_policies():
    return policies([*KNOWN])
