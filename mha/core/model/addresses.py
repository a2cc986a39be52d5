"""Addresses as numbers: IPv4 and IPv6 on one line, IPv4 first.

An address, a network and a range become spans, and spans become text again. What two readers could take for
different addresses is refused: leading zeros, host bits in a network, a netmask for a prefix length, an IPv6 zone.
"""

from ipaddress import IPv4Address, IPv6Address

from mha.core.model.spans import NotUnderstood, Span, Spans, intersection

IPV4: Spans = ((0, 2**32 - 1),)
IPV6: Spans = ((2**32, 2**32 + 2**128 - 1),)
EVERY: Span = (IPV4[0][0], IPV6[0][1])

_LENGTHS = [str(length) for length in range(129)]
_AN_ADDRESS = "Write 10.1.0.10 or 2001:db8::10."
_A_RANGE = "Write the first and the last address, both IPv4 or both IPv6: 10.1.0.10-10.1.0.19."


def numbers(text: str) -> Spans:
    """The numbers of `10.1.0.10`, `10.1.0.0/24` or `10.1.0.10-10.1.0.19`; raises NotUnderstood."""
    if "/" in text:
        return _network(text)
    if "-" in text:
        return _range(text)
    number = _number(_address(text))
    return ((number, number),)


def _address(text: str) -> IPv4Address | IPv6Address:
    try:  # an address with a zone (fe80::1%eth0) is no IPv4 address either
        return IPv6Address(text) if ":" in text and "%" not in text else IPv4Address(text)
    except ValueError as error:
        raise NotUnderstood(f"`{text}` is not an address.", _AN_ADDRESS) from error


def _number(address: IPv4Address | IPv6Address) -> int:
    return int(address) if address.version == 4 else int(address) + IPV6[0][0]


def _network(text: str) -> Spans:
    start, _, length = text.partition("/")
    address = _address(start)
    if length not in _LENGTHS[: address.max_prefixlen + 1]:
        problem = f"`{text}` is not a network: the length of an IPv{address.version} network is 0 to"
        raise NotUnderstood(f"{problem} {address.max_prefixlen}.", "Write 10.1.0.0/24 or 2001:db8::/64.")
    hosts = (1 << address.max_prefixlen - int(length)) - 1
    if int(address) & hosts:
        network = type(address)(int(address) & ~hosts)
        problem = f"`{text}` is not a network: {address} is one of its hosts."
        raise NotUnderstood(problem, f"Write {network}/{length} for the network, or {address} for the host.")
    return ((_number(address), _number(address) + hosts),)


def _range(text: str) -> Spans:
    first, last = (_address(end.strip()) for end in text.split("-", 1))
    if first.version != last.version:
        raise NotUnderstood(f"`{text}` begins in one family of addresses and ends in the other.", _A_RANGE)
    if _number(first) > _number(last):
        raise NotUnderstood(f"`{text}` ends before it begins.", f"Write {last}-{first}.")
    return ((_number(first), _number(last)),)


def text(numbers: Spans) -> str:
    """`10.1.0.0/24, 10.1.1.5, 10.1.1.10-10.1.1.19`; `any` and `nothing` where it is so."""
    if numbers == (EVERY,):
        return "any"
    stretches = (*intersection(numbers, IPV4), *intersection(numbers, IPV6))
    return ", ".join(map(_stretch, stretches)) or "nothing"


def _stretch(stretch: Span) -> str:
    first, last = map(_shown, stretch)
    hosts = stretch[1] - stretch[0]
    if hosts == 0:
        return str(first)
    if hosts & (hosts + 1) == 0 and int(first) & hosts == 0:
        return f"{first}/{first.max_prefixlen - hosts.bit_length()}"
    return f"{first}-{last}"


def _shown(number: int) -> IPv4Address | IPv6Address:
    return IPv4Address(number) if number <= IPV4[0][1] else IPv6Address(number - IPV6[0][0])
