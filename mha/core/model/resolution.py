"""Resolution: the names in a rule become what they match.

Rule: a name that leads to nothing matches something that nobody knows; that it dangles is said elsewhere.
"""

from typing import Any

from mha.core.model import addresses, catalog, meaning, services, times
from mha.core.model.catalog import Rows, folded
from mha.core.model.cells import ANY, Cell, Element, bounds, exactly, excepting, group
from mha.core.model.checks import names
from mha.core.model.facts import Definition, Value
from mha.core.model.rules import Rule
from mha.core.model.spans import EMPTY, Spans, union

Elements = frozenset[Element]


class Resolver:
    """What names match, worked out once each."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: dict[tuple[str, str], Elements] = {}
        self._cells: dict[tuple[str, bool, tuple[str, ...]], Cell] = {}

    def rule(self, value: Value) -> Rule:
        """A rule of a layer, with every name resolved."""
        when = value.get("when")
        gateways = frozenset(map(str, meaning.listed(value.get("install-on"))))
        return Rule(
            source=self.cell("source", value.get("from")),
            destination=self.cell("addresses", value.get("to")),
            service=self.cell("services", value.get("service")),
            action=str(value.get("action", "")),
            time=ANY if when is None else self.cell("times", when),
            gateways=gateways or None,
            track=str(value.get("track", "")),
            enabled=value.get("enabled") is not False,
            expires=value["expires"] if isinstance(value.get("expires"), str) else None,
        )

    def cell(self, space: str, written: Any) -> Cell:
        """What stands in a cell: a name, a list of them, what is not one of them, or any."""
        negated = isinstance(written, dict)
        listed = tuple(map(str, meaning.listed(written["not"] if negated and "not" in written else written)))
        if "any" in listed:
            return Cell(frozenset()) if negated else ANY
        key = (space, negated, listed)
        if key not in self._cells:
            self._cells[key] = Cell(group(each for name in listed for each in self.elements(space, name)), negated)
        return self._cells[key]

    def elements(self, space: str, name: str) -> Elements:
        """What a name matches."""
        key = (space, folded(name))
        if key not in self._known:
            for each in self._below(space, name):  # what is innermost first, however deep groups stand in groups
                self._known.setdefault(key, frozenset())  # what contains itself ends here
                self._known[space, folded(each)] = self._resolved(space, each)
        return self._known[key]

    def _below(self, space: str, name: str) -> list[str]:
        """The groups in a group that are not known yet, each behind those in it; the group itself is the last."""
        done: list[str] = []
        seen: set[str] = set()
        waiting = [(name, False)]
        while waiting:
            each, is_after = waiting.pop()
            if is_after:
                done.append(each)
            elif folded(each) not in seen and (space, folded(each)) not in self._known:
                seen.add(folded(each))
                waiting.append((each, True))
                waiting += [(inner, False) for inner in self._groups(space, each)]
        return done

    def _groups(self, space: str, name: str) -> list[str]:
        found = names.definitions(self._rows, space, name)[:1]
        return [inner for one in found for inner in meaning.contained(one.kind, one.value or {})]

    def _resolved(self, space: str, name: str) -> Elements:
        spaces = ("addresses", "identities") if space == "source" else (space,)
        found = [each for where in spaces for each in names.definitions(self._rows, where, name)[:1]]
        if not found:
            return frozenset([_unknown("missing", name, space)])
        definition = found[0]
        value = definition.value or {}
        match definition.kind:
            case "group":
                return self._group(definition, value)
            case "service-group":
                return self._all("services", value.get("include"))
            case "zone":
                return frozenset([self._zone(definition)])
            case "role":
                return frozenset([self._role(definition, value)])
            case "service":
                return _known(meaning.traffic(value), definition, space)
            case "time":
                return _known(meaning.minutes(value), definition, space)
            case kind:
                return _known(meaning.numbers(kind, value), definition, space)

    def _all(self, space: str, written: Any) -> Elements:
        return group(each for name in meaning.listed(written) for each in self.elements(space, str(name)))

    def _group(self, definition: Definition, value: Value) -> Elements:
        members = self._all("addresses", value.get("include"))
        if "except" not in value:
            return members
        excepted = self._all("addresses", value["except"])
        return excepting(members, excepted, symbol=definition.subject)

    def _zone(self, definition: Definition) -> Element:
        rows = self._rows.under(catalog.zoned(definition.name))
        networks = [row for row in rows if isinstance(row, Definition)]
        certain = union(meaning.numbers(each.kind, each.value or {}) for each in networks)
        return Element(certain, (addresses.EVERY,), definition.subject)

    def _role(self, definition: Definition, value: Value) -> Element:
        if "networks" not in value or "any" in meaning.listed(value["networks"]):
            return Element(EMPTY, (addresses.EVERY,), definition.subject)
        _, possible = bounds(self._all("addresses", value["networks"]))
        return Element(EMPTY, possible, definition.subject)


def _known(numbers: Spans, definition: Definition, space: str) -> Elements:
    return frozenset([exactly(numbers) if numbers else _unknown(definition.kind, definition.name, space)])


def _unknown(kind: str, name: str, space: str) -> Element:
    everything = {"services": services.EVERY, "times": times.EVERY}.get(space, addresses.EVERY)
    return Element(EMPTY, (everything,), f"{kind} {name.casefold()}")
