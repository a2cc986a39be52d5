"""IP: the one reading of addresses, as numbers. What is said about a text that is none is left to whoever reads it.

Rule: a text is taken only where no two products read it differently: no octet with a leading zero, no netmask for a
prefix length, no zone behind an address.
"""

import re
from ipaddress import IPv4Address, IPv6Address

Address = tuple[int, int]  # the version of IP, and the address as a whole number
Interface = tuple[int, int, int]  # the same, and the length of its prefix

BITS = {4: 32, 6: 128}
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_LONGEST = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")

is_ipv4 = _IPV4.fullmatch  # almost every address is one, and this takes a third of the time of its number


def address(text: str) -> Address | None:
    """The number of an address, None where the text is none."""
    if _IPV4.fullmatch(text):
        a, b, c, d = map(int, text.split("."))
        return 4, a << 24 | b << 16 | c << 8 | d
    if ":" not in text or "%" in text or len(text) > _LONGEST:
        return None
    try:
        return 6, int(IPv6Address(text))
    except ValueError:
        return None


def interface(text: str) -> Interface | None:
    """The numbers of an address and its prefix, None where the text is none."""
    start, _, length = text.partition("/")
    found = address(start)
    if found is None or not _LENGTH.fullmatch(length) or int(length) > BITS[found[0]]:
        return None
    return *found, int(length)


def network(interface: Interface) -> tuple[int, int]:
    """The first and the last address of the network in which an address lies."""
    version, number, length = interface
    hosts = (1 << BITS[version] - length) - 1
    return number & ~hosts, number | hosts


def shown(version: int, number: int) -> str:
    """An address as text."""
    return str(IPv4Address(number) if version == 4 else IPv6Address(number))
