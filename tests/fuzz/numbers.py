"""Harnesses for what addresses, services, times and dates mean, and for patterns of paths."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from functools import cache

from mha.core.model import addresses, ip, patterns, services, times, values
from mha.core.model.spans import NotUnderstood, Spans, union

_MOST = 40  # lines, and characters of a path


def numbers(data: bytes) -> None:
    """What is a value is one everywhere and means the same, and what numbers are called is those numbers."""
    lines = [line for line in data.decode("utf-8", "replace").split("\n")[:_MOST] if line]
    for line in lines:
        _assert_addresses_agree(line)
        _assert_ports_agree(line)
        _assert_a_day_of_the_calendar(line)
    for read, shown, every in (
        (addresses.numbers, addresses.text, addresses.EVERY),
        (_service, services.text, services.EVERY),
        (_window, times.text, times.EVERY),
    ):
        found = [spans for line in lines if (spans := _understood(read, line)) is not None]
        for spans in [*found, union(found)]:
            _assert_sound(spans, every)
            assert _read_again(shown(spans), read, every) == spans


def path_patterns(data: bytes) -> None:
    """A pattern stands for the paths that a dumb reading says, and its words for parts of their folders."""
    pattern, *paths = data.decode("utf-8", "replace").split("\n")
    try:
        patterns.compiled(pattern)
    except re.error:
        assert max(Counter(re.findall(r"\{([a-z]+)\}", pattern)).values()) > 1
        return
    for path in paths[:_MOST]:
        found = patterns.words(pattern, path)
        if len(path) <= _MOST and patterns._wildcards(pattern) <= 3:
            assert patterns._read(pattern, path) == found
        if len(path) <= _MOST and len(pattern) <= _MOST:
            assert (found is not None) == _stands_for(pattern, path)
        assert patterns.matches([pattern], path) == (found is not None)
        for word in (found or {}).values():
            assert word
            assert "/" not in word
            assert word in path


def _assert_addresses_agree(text: str) -> None:
    spans = _understood(addresses.numbers, text)
    is_plain = spans is not None and "/" not in text and "-" not in text
    assert (values.address(text) is None) == is_plain
    assert (values.network(text) is None) == (spans is not None and "/" in text)
    assert (values.address_or_network(text) is None) == (spans is not None and (is_plain or "/" in text))
    known = ip.address(text)
    assert (known is not None) == is_plain
    if known is not None:
        number = known[1] + (addresses.IPV6[0][0] if known[0] == 6 else 0)
        assert spans == ((number, number),)
    first, dash, last = text.partition("-")
    if dash and values.address(first) is values.address(last) is None:
        assert (values.backwards(first, last) is None) == (spans is not None)
    host, slash, _ = text.partition("/")
    if values.interface(text) is None:
        assert slash
        assert values.address(host) is None
    assert values.network(text) is not None or values.interface(text) is None


def _assert_ports_agree(text: str) -> None:
    if values.ports(text) is None:
        first, _, last = map(str, text.partition("-"))
        assert services.numbers(f"tcp/{text}") == ((6 << 16 | int(first), 6 << 16 | int(last)),)


def _assert_a_day_of_the_calendar(text: str) -> None:
    try:
        is_day = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and bool(dt.date.fromisoformat(text))
    except ValueError:
        is_day = False
    assert (values.date(text) is None) == is_day


def _assert_sound(spans: Spans, every: tuple[int, int]) -> None:
    assert spans == union([spans])
    if spans:
        assert every[0] <= spans[0][0] <= spans[-1][1] <= every[1]


def _understood(read: Callable[[str], Spans], text: str) -> Spans | None:
    try:
        return read(text)
    except NotUnderstood as error:
        said = error
    assert said.problem.endswith(".")
    assert said.hint.endswith(".")
    return None


def _read_again(text: str, read: Callable[[str], Spans], every: tuple[int, int]) -> Spans:
    if text == "any":
        return (every,)
    return union(read(part) for part in text.split(", ")) if text != "nothing" else ()


def _service(text: str) -> Spans:
    if protocols := re.fullmatch(r"protocols ([0-9]+)-([0-9]+)", text):
        return union(services.of_protocol(number) for number in range(int(protocols[1]), int(protocols[2]) + 1))
    if types := re.fullmatch(r"(icmp|icmpv6)/([0-9]+)-([0-9]+)", text):
        return services.of_protocol(types[1], range(int(types[2]), int(types[3]) + 1))
    return services.numbers(text)


def _window(text: str) -> Spans:
    """`mon 06:30-18:30`, or `mon 06:30 to wed 18:30`; days may be several: `mon,tue`."""
    over_days = re.fullmatch(r"(\w+) (\S+) to (\w+) (\S+)", text)
    if over_days is None:
        days, _, clocks = text.partition(" ")
        start, _, end = clocks.partition("-")
        return times.numbers(days.split(","), start or "00:00", end or "24:00")
    start, end = over_days[2], over_days[4]
    [(first, _), *_] = times.numbers([over_days[1]], start)
    on_last_day = times.numbers([over_days[3]], "00:00", end)
    last = on_last_day[0][1] if end != "00:00" else on_last_day[0][0]
    return ((first, last),) if first <= last else ((0, last), (first, times.EVERY[1]))


def _stands_for(pattern: str, path: str) -> bool:
    """The same in words of its own: piece by piece, with every way that a piece can go tried."""
    pieces = re.findall(r"\*\*/|\*\*|\*|\?|\{[a-z]+\}|.", pattern, re.DOTALL)

    @cache
    def fits(piece: int, at: int) -> bool:
        if piece == len(pieces):
            return at == len(path)
        match pieces[piece]:
            case "**/":
                ends = [
                    end + 1 for end in range(at, len(path)) if path[end] == "/" and "//" not in f"/{path[at : end + 1]}"
                ]
                return any(fits(piece + 1, end) for end in [at, *ends])
            case "**":
                return any(fits(piece + 1, end) for end in range(at, len(path) + 1))
            case "*" | "?" as wild:
                most = path.find("/", at) if "/" in path[at:] else len(path)
                ends = [*range(at, most + 1)] if wild == "*" else [at + 1] if at < most else []
                return any(fits(piece + 1, end) for end in ends)
            case word if len(word) > 1:
                most = path.find("/", at) if "/" in path[at:] else len(path)
                return any(fits(piece + 1, end) for end in range(at + 1, most + 1))
            case character:
                return path.startswith(character, at) and fits(piece + 1, at + 1)

    return fits(0, 0)
