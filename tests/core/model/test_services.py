"""Services as numbers, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core.model import services
from mha.core.model.spans import EMPTY, NotUnderstood, complement, intersection, is_subset, spans, union

NUMBERS = {
    "tcp/443": ((6, 443), (6, 443)),
    "udp/5246-5247": ((17, 5246), (17, 5247)),
    "tcp/0": ((6, 0), (6, 0)),
    "tcp/65535": ((6, 65535), (6, 65535)),
    "tcp": ((6, 0), (6, 65535)),
    "esp": ((50, 0), (50, 65535)),
    "icmp/echo-request": ((1, 8), (1, 8)),
    "icmp/8": ((1, 8), (1, 8)),
    "icmpv6/echo-request": ((58, 128), (58, 128)),
    "sctp/2905": ((132, 2905), (132, 2905)),
    "6/443": ((6, 443), (6, 443)),
    "255": ((255, 0), (255, 65535)),
}


@pytest.mark.parametrize(("text", "ends"), NUMBERS.items(), ids=NUMBERS)
def test_a_protocol_has_65536_numbers(text, ends):
    (first, low), (last, high) = ends
    assert services.numbers(text) == ((first * 65536 + low, last * 65536 + high),)


def test_several_ports_are_one_service():
    assert services.of_protocol("tcp", [636, 3269, "637-640"]) == union(
        map(services.numbers, ["tcp/636-640", "tcp/3269"])
    )


def test_no_ports_are_all_ports():
    assert services.of_protocol("udp") == services.numbers("udp")


A_PORT = 'Write 443, or "5246-5247", with ports up to 65535.'
REFUSED = {
    "tcp/65536": ("`65536` is not a port.", A_PORT),
    "tcp/": ("`` is not a port.", A_PORT),
    "tcp/-1": ("`-1` is not a port.", A_PORT),
    "tcp/80-": ("`80-` is not a port.", A_PORT),
    "tcp/80-90-100": ("`80-90-100` is not a port.", A_PORT),
    "tcp/http": ("`http` is not a port.", A_PORT),
    "tcp/\u0661": ("`\u0661` is not a port.", A_PORT),
    "tcp/90-80": ("`90-80` ends before it begins.", 'Write "80-90".'),
    "tpc/80": ("`tpc` is not a protocol.", "Write tcp, udp, icmp, icmpv6, esp, or a number up to 255."),
    "256": ("`256` is not a protocol.", "Write tcp, udp, icmp, icmpv6, esp, or a number up to 255."),
    "": ("`` is not a protocol.", "Write tcp, udp, icmp, icmpv6, esp, or a number up to 255."),
    "esp/80": ("esp has no ports, so `80` says nothing.", "Write esp alone."),
    "99/80": ("99 has no ports, so `80` says nothing.", "Write 99 alone."),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items(), ids=REFUSED)
def test_what_is_no_service_is_refused_with_what_to_write(text, words):
    with pytest.raises(NotUnderstood) as caught:
        services.numbers(text)
    assert (caught.value.problem, caught.value.hint) == words


def test_a_type_of_the_other_icmp_is_refused():
    with pytest.raises(NotUnderstood, match="`packet-too-big` is not a type"):
        services.numbers("icmp/packet-too-big")


EVERYTHING_BUT_HTTPS = complement(services.numbers("tcp/443"), services.EVERY)
TEXTS = {
    "nothing": EMPTY,
    "any": (services.EVERY,),
    "icmp/echo-request, tcp/80, tcp/443, udp/5246-5247, esp": union(
        map(services.numbers, ["esp", "udp/5246-5247", "tcp/443", "tcp/80", "icmp/8"])
    ),
    "icmp/77": services.numbers("icmp/77"),
    "tcp": services.numbers("tcp"),
    "99": services.numbers("99"),
    "protocols 50-51": union(map(services.numbers, ["esp", "ah"])),
    "protocols 0-5, tcp/0-442, tcp/444-65535, protocols 7-255": EVERYTHING_BUT_HTTPS,
}


@pytest.mark.parametrize(("text", "numbers"), TEXTS.items(), ids=TEXTS)
def test_numbers_become_text_that_people_read(text, numbers):
    assert services.text(numbers) == text


def again(text):
    """The numbers that a text names."""
    if text.startswith("protocols "):
        first, last = map(int, text.removeprefix("protocols ").split("-"))
        return union(services.of_protocol(number) for number in range(first, last + 1))
    return services.numbers(text)


ends = st.builds(lambda protocol, port: protocol * 65536 + port, st.integers(0, 255), st.integers(0, 65535))
known_ports = union(map(services.numbers, ["tcp", "udp", "sctp"]))


@given(pairs=st.lists(st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair))), min_size=1, max_size=3))
def test_the_text_of_numbers_names_the_same_numbers(pairs):
    numbers = intersection(spans(pairs), known_ports)
    text = services.text(numbers)
    assert text == "nothing" if numbers == EMPTY else union(map(again, text.split(", "))) == numbers


@given(pair=st.tuples(ends, ends))
def test_any_stretch_has_a_text_with_all_whole_protocols_in_it(pair):
    numbers = spans([(min(pair), max(pair))])
    whole = [number for number in range(256) if is_subset(services.of_protocol(number), numbers)]
    named = [part for part in services.text(numbers).split(", ") if "/" not in part and part != "any"]
    assert union(map(again, named)) == union(map(services.of_protocol, whole)) or numbers == (services.EVERY,)
