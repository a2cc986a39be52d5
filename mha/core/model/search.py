"""Searching: the objects and rules that hold a text, or an address."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mha.core.model import addresses, catalog, meaning
from mha.core.model.catalog import Rows
from mha.core.model.cells import Cell, Element
from mha.core.model.facts import Definition
from mha.core.model.resolution import Resolver
from mha.core.model.spans import Spans, is_subset

_LOOKS_LIKE_ONE = re.compile(r"[0-9]+(?:\.[0-9]+){3}(?:[-/][0-9.]*)?|(?=.*:.*:)[0-9A-Fa-f:.]+(?:[-/][0-9A-Fa-f:.]*)?")
_SPACES = {  # kinds that have addresses, and where their names are looked up
    **dict.fromkeys(["host", "network", "range", "external", "group", "zone"], "addresses"), "role": "identities",
}  # fmt: skip


class Hit(NamedTuple):
    """An object or a rule that holds what was searched."""

    path: str
    line: int
    subject: str
    why: str = ""  # which part of it does


def address(text: str) -> Spans | None:
    """The numbers of an address, a network or a range; None where the text does not look like one.

    Raises NotUnderstood where it looks like one, and is none.
    """
    return addresses.numbers(text) if _LOOKS_LIKE_ONE.fullmatch(text) else None


def by_address(rows: Rows, numbers: Spans) -> Iterator[Hit]:
    """The objects that contain all of these addresses for certain, and the rules that match them."""
    resolver = Resolver(rows)
    for definition in _objects(rows):
        space = _SPACES.get(definition.kind)
        if space is not None and _contains(resolver.cell(space, definition.name), numbers):
            yield Hit(definition.path, definition.line, definition.subject)
        if definition.kind in ("layer", "nat"):
            yield from _rules(definition, resolver, numbers)


def by_text(rows: Rows, text: str) -> Iterator[Hit]:
    """The objects that hold a text, in their names or anywhere in them, without regard to case."""
    wanted = text.casefold()
    for definition in _objects(rows):
        if wanted in definition.name.casefold():
            yield Hit(definition.path, definition.line, definition.subject)
        elif definition.kind in ("layer", "nat"):
            yield from _rules_with(definition, wanted)
        elif wanted in json.dumps(definition.value, ensure_ascii=False).casefold():
            yield Hit(definition.path, definition.line, definition.subject, _field(definition, wanted))


def _objects(rows: Rows) -> Iterator[Definition]:
    for _, row in rows.beginning(catalog.SEPARATOR.join(("defined", ""))):
        if isinstance(row, Definition) and row.value is not None:
            yield row


def _rules(layer: Definition, resolver: Resolver, numbers: Spans) -> Iterator[Hit]:
    for place, rule in enumerate(meaning.rules(layer.value or {})):
        if "section" in rule:
            continue
        cells = {"from": resolver.cell("source", rule.get("from")), "to": resolver.cell("addresses", rule.get("to"))}
        sides = [side for side, cell in cells.items() if _contains(cell, numbers)]
        if sides:
            yield Hit(layer.path, _line(layer, place), _called(layer, place, rule), " and ".join(sides))


def _rules_with(layer: Definition, wanted: str) -> Iterator[Hit]:
    for place, rule in enumerate(meaning.rules(layer.value or {})):
        if "section" not in rule and wanted in json.dumps(rule, ensure_ascii=False).casefold():
            yield Hit(layer.path, _line(layer, place), _called(layer, place, rule))


def _contains(cell: Cell, numbers: Spans) -> bool:
    """Whether a cell holds all of the numbers: for certain, or for those people who have an access role."""
    return any(is_subset(numbers, part.possible if _is_role(part) else part.certain) for part in _parts(cell))


def _parts(cell: Cell) -> Iterable[Element]:
    return cell.parts(addresses.EVERY)


def _is_role(part: Element) -> bool:
    return (part.symbol or "").startswith("role ")


def _field(definition: Definition, wanted: str) -> str:
    fields = (definition.value or {}).items()
    return next((key for key, value in fields if wanted in json.dumps(value, ensure_ascii=False).casefold()), "")


def _line(layer: Definition, place: int) -> int:
    return layer.lines[place] if place < len(layer.lines) else layer.line


def _called(layer: Definition, place: int, rule: dict[str, object]) -> str:
    return f"rule {rule.get('id') or rule.get('name') or f'#{place + 1}'} of {layer.subject}"
