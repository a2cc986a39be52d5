"""Values: whether a text that has the form of an address, a range of ports or a date is one.

Rule 1: a format says alone what is right. The pattern that stands beside it in a schema is for editors, and refuses
nothing that the format takes.
Rule 2: a value has one spelling that no two products read differently: what an address is, ip.py says, and a network
has no bits behind its prefix.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial

from mha.core.model import ip

Complaint = tuple[str, str]  # what the text is, and what to write instead

_PORTS = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_WRITE_ADDRESS = "Write an address such as `10.1.0.10` or `2001:db8::10`."
_WRITE_PREFIX = "Write an address and its prefix, such as `{}` or `{}`."
_WRITE_DATE = 'Write year, month and day: "2028-06-30".'


def address(text: str) -> Complaint | None:
    """What is wrong with an address."""
    if ip.is_ipv4(text) or ip.address(text):
        return None
    if "/" in text and ip.address(text.partition("/")[0]):
        return "has a prefix, and one address is expected", f"Write `{text.partition('/')[0]}`."
    return "is not an IPv4 or IPv6 address", _octets(text) or _WRITE_ADDRESS


def interface(text: str) -> Complaint | None:
    """What is wrong with an address and its prefix."""
    return None if ip.interface(text) else _no_prefix(text, ("10.1.0.1/24", "2001:db8::1/64"))


def network(text: str) -> Complaint | None:
    """What is wrong with a network."""
    found = ip.interface(text)
    if found is None:
        return _no_prefix(text, ("10.1.0.0/24", "2001:db8::/64"))
    version, number, length = found
    first, _ = ip.network(found)
    if first == number:
        return None
    return f"has bits set behind its prefix of {length}", f"Did you mean `{ip.shown(version, first)}/{length}`?"


def address_or_network(text: str) -> Complaint | None:
    """What is wrong with an address or a network."""
    return network(text) if "/" in text else address(text)


def ports(text: str) -> Complaint | None:
    """What is wrong with a range of ports."""
    match = _PORTS.fullmatch(text)
    if match is None:
        return "is not a range of ports", 'Write `443`, or a range in quotes: "3200-3201".'
    first, last = map(int, match.groups())
    if min(first, last) < 1 or max(first, last) > 65535:
        return "has a port that does not exist", "Ports are 1 to 65535."
    if str(first) != match[1] or str(last) != match[2]:
        return "has a port that begins with 0", f'Write "{first}-{last}".'
    return ("runs backwards", f'Write "{last}-{first}".') if first > last else None


def date(text: str) -> Complaint | None:
    """What is wrong with a date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return "is not a date", _WRITE_DATE
    year, month, day = map(int, match.groups())
    if year > 0 and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] + (month == 2 and _is_leap(year)):
        return None
    return "is not a day of the calendar", _WRITE_DATE


def backwards(first: str, last: str) -> Complaint | None:
    """What is wrong with a range from one address to another."""
    start, end = ip.address(first), ip.address(last)
    if start is None or end is None:
        return None  # what is no address is complained about as such
    if start[0] != end[0]:
        return "mixes IPv4 and IPv6", "Write a range for each."
    return ("runs backwards", f"Begin with `{last}` and end with `{first}`.") if start > end else None


FORMATS: Mapping[str, Callable[[str], Complaint | None]] = {
    "mha-address": address,
    "mha-interface": interface,
    "mha-network": network,
    "mha-address-or-network": address_or_network,
    "mha-ports": ports,
    "mha-date": date,
}


def _is_right(complaint: Callable[[str], Complaint | None], value: object) -> bool:
    return not isinstance(value, str) or complaint(value) is None


CHECKS: Mapping[str, Callable[[object], bool]] = {
    name: partial(_is_right, complaint) for name, complaint in FORMATS.items()
}


def _no_prefix(text: str, examples: tuple[str, str]) -> Complaint:
    plain, slash, _ = text.partition("/")
    hint = _octets(plain) or _WRITE_PREFIX.format(*examples)
    return ("has no prefix that fits" if slash and ip.address(plain) else "is not an address with its prefix"), hint


def _octets(text: str) -> str | None:
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+){3}", text) or ip.is_ipv4(text):
        return None
    return "The four numbers are 0 to 255, without a 0 before them."


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
