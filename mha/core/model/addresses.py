"""Addresses as numbers: IPv4 and IPv6 on one line, IPv4 first.

An address, a network and a range become spans, and spans become text again. What an address is, ip.py says; refused is
beside that a network with host bits.
"""

from mha.core.model import ip
from mha.core.model.spans import NotUnderstood, Span, Spans, intersection

IPV4: Spans = ((0, 2**32 - 1),)
IPV6: Spans = ((2**32, 2**32 + 2**128 - 1),)
EVERY: Span = (IPV4[0][0], IPV6[0][1])

_FIRST = {4: IPV4[0][0], 6: IPV6[0][0]}  # by the version of IP
_AN_ADDRESS = "Write 10.1.0.10 or 2001:db8::10."
_A_RANGE = "Write the first and the last address, both IPv4 or both IPv6: 10.1.0.10-10.1.0.19."


def numbers(text: str) -> Spans:
    """The numbers of `10.1.0.10`, `10.1.0.0/24` or `10.1.0.10-10.1.0.19`; raises NotUnderstood."""
    if "/" in text:
        return _network(text)
    if "-" in text:
        return _range(text)
    version, number = _address(text)
    return (_span(version, number, number),)


def _address(text: str) -> ip.Address:
    found = ip.address(text)
    if found is None:
        raise NotUnderstood(f"`{text}` is not an address.", _AN_ADDRESS)
    return found


def _span(version: int, first: int, last: int) -> Span:
    return _FIRST[version] + first, _FIRST[version] + last


def _network(text: str) -> Spans:
    found = ip.interface(text)
    if found is None:
        version, _ = _address(text.partition("/")[0])
        problem = f"`{text}` is not a network: the length of an IPv{version} network is 0 to {ip.BITS[version]}."
        raise NotUnderstood(problem, "Write 10.1.0.0/24 or 2001:db8::/64.")
    version, number, length = found
    first, last = ip.network(found)
    if first != number:
        network, host = ip.shown(version, first), ip.shown(version, number)
        problem = f"`{text}` is not a network: {host} is one of its hosts."
        raise NotUnderstood(problem, f"Write {network}/{length} for the network, or {host} for the host.")
    return (_span(version, first, last),)


def _range(text: str) -> Spans:
    (version, first), (other, last) = (_address(end.strip()) for end in text.split("-", 1))
    if version != other:
        raise NotUnderstood(f"`{text}` begins in one family of addresses and ends in the other.", _A_RANGE)
    if first > last:
        turned = f"{ip.shown(version, last)}-{ip.shown(version, first)}"
        raise NotUnderstood(f"`{text}` ends before it begins.", f"Write {turned}.")
    return (_span(version, first, last),)


def text(numbers: Spans) -> str:
    """`10.1.0.0/24, 10.1.1.5, 10.1.1.10-10.1.1.19`; `any` and `nothing` where it is so."""
    if numbers == (EVERY,):
        return "any"
    stretches = (*intersection(numbers, IPV4), *intersection(numbers, IPV6))
    return ", ".join(map(_stretch, stretches)) or "nothing"


def _stretch(stretch: Span) -> str:
    version = 4 if stretch[1] <= IPV4[0][1] else 6
    first, last = (number - _FIRST[version] for number in stretch)
    hosts, start = last - first, ip.shown(version, first)
    if hosts == 0:
        return start
    if hosts & (hosts + 1) == 0 and first & hosts == 0:
        return f"{start}/{ip.BITS[version] - hosts.bit_length()}"
    return f"{start}-{ip.shown(version, last)}"
