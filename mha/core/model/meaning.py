"""What the values of mha's own kinds mean: addresses and services as numbers, dates.

Rule: a value that is not valid has no meaning; what is wrong with it was said where the file was read.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from mha.core.model import addresses, ip, services, times
from mha.core.model.facts import Definition, Value
from mha.core.model.spans import EMPTY, NotUnderstood, Spans, union


def numbers(kind: str, value: Value) -> Spans:
    """The addresses that an object certainly has; none where they are not known here."""
    try:
        match kind:
            case "host" | "network" | "external":
                return union(map(addresses.numbers, listed(value.get("address"))))
            case "range":
                return addresses.numbers(f"{value['first']}-{value['last']}")
    except (NotUnderstood, KeyError, TypeError):
        return EMPTY
    return EMPTY


def traffic(value: Value) -> Spans:
    """The protocols and ports of a service."""
    try:
        return services.of_protocol(value["protocol"], listed(value.get("port", value.get("type"))))
    except (NotUnderstood, KeyError, TypeError):
        return EMPTY


def minutes(value: Value) -> Spans:
    """The minutes of the week of a time."""
    try:
        return times.numbers(
            value.get("days", times.DAYS), str(value.get("start", "00:00")), str(value.get("end", "24:00"))
        )
    except (NotUnderstood, TypeError):
        return EMPTY


def listed(value: Any) -> list[Any]:
    """A field that takes one value or a list of them, as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def sameness(kind: str, value: Value) -> str:
    """What two objects of one meaning have in common, and no other two; empty where that is not asked."""
    match kind:
        case "host" | "network" | "range":
            found = numbers(kind, value)
            return f"addresses {found}" if found else ""
        case "fqdn":
            return f"fqdn {str(value.get('fqdn')).casefold().rstrip('.')}"
        case "service":
            found = traffic(value)
            extra = {key: value[key] for key in ("source-port", "code") if key in value}
            return f"services {found} {sorted(extra.items())}" if found else ""
    return ""


def stretches(value: Value) -> Iterator[str]:
    """The networks of a network object as bits, so that one that lies within another begins as that does."""
    for text in listed(value.get("address")):
        try:
            spans = addresses.numbers(text)
        except (NotUnderstood, TypeError):
            continue
        yield from map(_bits, spans)


def _bits(span: tuple[int, int]) -> str:
    first, last = span
    version = 6 if first >= addresses.IPV6[0][0] else 4
    start = first - addresses.IPV6[0][0] if version == 6 else first
    length = ip.BITS[version] - (last - first).bit_length()
    return f"{version}{start >> (ip.BITS[version] - length):0{length}b}" if length else str(version)


def contained(kind: str, value: Value) -> list[str]:
    """The names of what a group has as members, or of the layers that a layer calls."""
    match kind:
        case "group" | "service-group":
            return [str(name) for name in [*listed(value.get("include")), *listed(value.get("except"))]]
        case "layer":
            actions = [str(rule.get("action", "")) for rule in rules(value)]
            return [action.removeprefix("layer:") for action in actions if action.startswith("layer:")]
    return []


def rules(value: Value) -> list[Value]:
    """The rules of a layer, with the titles between them."""
    return [rule for rule in listed(value.get("rules")) if isinstance(rule, dict)]


def dates(definition: Definition) -> Iterable[str]:
    """The last days that an object names: its own and those of its rules."""
    assert definition.value is not None
    value = definition.value
    if definition.kind in ("layer", "nat"):
        return {str(rule["expires"]) for rule in rules(value) if "expires" in rule}
    return [str(value["expires"])] if "expires" in value and definition.kind in ("user", "time") else []
