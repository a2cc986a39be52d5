"""Services as numbers: each of the 256 IP protocols has 65,536 numbers of its own.

In tcp, udp, sctp, dccp and udplite a number is a destination port, in icmp and icmpv6 a type. All numbers of a
protocol are the protocol itself, whatever it carries.
"""

from collections.abc import Iterable
from itertools import pairwise

from mha.core.model.spans import NotUnderstood, Span, Spans, spans

PROTOCOLS = {  # IANA's protocol numbers, by the names that administrators write
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17, "dccp": 33, "ipv6": 41, "rsvp": 46, "gre": 47,
    "esp": 50, "ah": 51, "icmpv6": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132,
    "udplite": 136,
}  # fmt: skip
ICMP_TYPES = {  # RFC 792, 950 and 1256
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
ICMPV6_TYPES = {  # RFC 4443, 2710, 4861 and 3810
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
    "echo-request": 128, "echo-reply": 129, "listener-query": 130, "listener-report": 131, "listener-done": 132,
    "router-solicitation": 133, "router-advertisement": 134, "neighbor-solicitation": 135,
    "neighbor-advertisement": 136, "redirect": 137, "listener-report-v2": 143,
}  # fmt: skip
EVERY: Span = (0, 256 * 65536 - 1)

_LAST = 65535
_TYPES = {"icmp": ICMP_TYPES, "icmpv6": ICMPV6_TYPES}
_WITH_PORTS = ("tcp", "udp", "sctp", "dccp", "udplite")
_PROTOCOL_NAMES = {number: name for name, number in PROTOCOLS.items()}
_TYPE_NAMES = {kind: {number: name for name, number in types.items()} for kind, types in _TYPES.items()}


def numbers(text: str) -> Spans:
    """The numbers of `tcp/443`, `udp/5246-5247`, `icmp/echo-request` or `esp`; raises NotUnderstood."""
    protocol, slash, value = text.partition("/")
    return of_protocol(protocol, [value] if slash else [])


def of_protocol(protocol: str | int, values: Iterable[str | int] = ()) -> Spans:
    """The numbers of a protocol: of these ports or types, or all if none are given; raises NotUnderstood."""
    number = _protocol(str(protocol))
    parts = [_value(_name(number), str(value)) for value in values] or [(0, _LAST)]
    return spans((number << 16 | first, number << 16 | last) for first, last in parts)


def _protocol(text: str) -> int:
    number = PROTOCOLS.get(text, _whole(text, 255))
    if number is None:
        raise NotUnderstood(f"`{text}` is not a protocol.", "Write tcp, udp, icmp, icmpv6, esp, or a number up to 255.")
    return number


def _name(protocol: int) -> str:
    return _PROTOCOL_NAMES.get(protocol, str(protocol))


def _value(protocol: str, text: str) -> Span:
    if protocol in _WITH_PORTS:
        return _ports(text)
    if protocol in _TYPES:
        return _type(text, _TYPES[protocol])
    raise NotUnderstood(f"{protocol} has no ports, so `{text}` says nothing.", f"Write {protocol} alone.")


def _ports(text: str) -> Span:
    first, dash, last = text.partition("-")
    begin, end = _whole(first, _LAST), _whole(last if dash else first, _LAST)
    if begin is None or end is None:
        raise NotUnderstood(f"`{text}` is not a port.", 'Write 443, or "5246-5247", with ports up to 65535.')
    if begin > end:
        raise NotUnderstood(f"`{text}` ends before it begins.", f'Write "{last}-{first}".')
    return begin, end


def _type(text: str, types: dict[str, int]) -> Span:
    number = types.get(text, _whole(text, 255))
    if number is None:
        raise NotUnderstood(f"`{text}` is not a type.", f"Write a number up to 255, or one of {', '.join(types)}.")
    return number, number


def _whole(text: str, most: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= most else None


def text(numbers: Spans) -> str:
    """`tcp/443, udp/5246-5247, icmp/echo-request, esp`; `any` and `nothing` where it is so."""
    if numbers == (EVERY,):
        return "any"
    return ", ".join(_shown(piece) for span in numbers for piece in _pieces(span)) or "nothing"


def _pieces(span: Span) -> list[Span]:
    """The end of one protocol, whole protocols, and the beginning of another: as far as the span has them."""
    first, end = span[0], span[1] + 1
    whole = -(-first >> 16) << 16, end >> 16 << 16
    cuts = sorted({first, *whole, end}) if whole[0] <= whole[1] else [first, end]
    return [(begin, following - 1) for begin, following in pairwise(cuts)]


def _shown(piece: Span) -> str:
    (first, low), (last, high) = (divmod(number, 65536) for number in piece)
    if first < last:
        return f"protocols {first}-{last}"
    name = _name(first)
    if (low, high) == (0, _LAST):
        return name
    return f"{name}/{_TYPE_NAMES.get(name, {}).get(low, low)}" if low == high else f"{name}/{low}-{high}"
