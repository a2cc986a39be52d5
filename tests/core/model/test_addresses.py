"""Addresses as numbers, against Python's own ipaddress, and what is refused."""

from ipaddress import ip_address, ip_network, summarize_address_range

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core.model import addresses
from mha.core.model.spans import EMPTY, NotUnderstood, contains, union

V6 = 2**32  # where IPv6 begins

NUMBERS = {
    "0.0.0.0": (0, 0),
    "10.1.0.10": (0x0A01000A, 0x0A01000A),
    "255.255.255.255": (V6 - 1, V6 - 1),
    "10.1.0.0/24": (0x0A010000, 0x0A0100FF),
    "10.1.0.10/32": (0x0A01000A, 0x0A01000A),
    "0.0.0.0/0": (0, V6 - 1),
    "10.1.0.10-10.1.0.19": (0x0A01000A, 0x0A010013),
    "10.1.0.10 - 10.1.0.10": (0x0A01000A, 0x0A01000A),
    "::": (V6, V6),
    "::/0": (V6, V6 + 2**128 - 1),
    "2001:db8::/126": (V6 + (0x20010DB8 << 96), V6 + (0x20010DB8 << 96) + 3),
    "2001:DB8::0001": (V6 + (0x20010DB8 << 96) + 1, V6 + (0x20010DB8 << 96) + 1),
    "::1-::ff": (V6 + 1, V6 + 255),
    "::ffff:10.1.0.10": (V6 + 0xFFFF0A01000A, V6 + 0xFFFF0A01000A),
}


@pytest.mark.parametrize(("text", "span"), NUMBERS.items(), ids=NUMBERS)
def test_the_numbers_of_an_address_a_network_and_a_range(text, span):
    assert addresses.numbers(text) == (span,)


REFUSED = {
    # the problem, and the hint
    "10.1.0.256": ("`10.1.0.256` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "10.1.0": ("`10.1.0` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "010.1.0.10": ("`010.1.0.10` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "": ("`` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "web-01": ("`web` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "fe80::1%eth0": ("`fe80::1%eth0` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "10.1.0.\u0661": ("`10.1.0.\u0661` is not an address.", "Write 10.1.0.10 or 2001:db8::10."),
    "10.1.0.5/24": (
        "`10.1.0.5/24` is not a network: 10.1.0.5 is one of its hosts.",
        "Write 10.1.0.0/24 for the network, or 10.1.0.5 for the host.",
    ),
    "2001:db8::5/64": (
        "`2001:db8::5/64` is not a network: 2001:db8::5 is one of its hosts.",
        "Write 2001:db8::/64 for the network, or 2001:db8::5 for the host.",
    ),
    "10.1.0.0/33": (
        "`10.1.0.0/33` is not a network: the length of an IPv4 network is 0 to 32.",
        "Write 10.1.0.0/24 or 2001:db8::/64.",
    ),
    "10.1.0.0/255.255.255.0": (
        "`10.1.0.0/255.255.255.0` is not a network: the length of an IPv4 network is 0 to 32.",
        "Write 10.1.0.0/24 or 2001:db8::/64.",
    ),
    "10.1.0.0/024": (
        "`10.1.0.0/024` is not a network: the length of an IPv4 network is 0 to 32.",
        "Write 10.1.0.0/24 or 2001:db8::/64.",
    ),
    "::/129": (
        "`::/129` is not a network: the length of an IPv6 network is 0 to 128.",
        "Write 10.1.0.0/24 or 2001:db8::/64.",
    ),
    "10.1.0.9-10.1.0.1": ("`10.1.0.9-10.1.0.1` ends before it begins.", "Write 10.1.0.1-10.1.0.9."),
    "10.1.0.9-::1": (
        "`10.1.0.9-::1` begins in one family of addresses and ends in the other.",
        "Write the first and the last address, both IPv4 or both IPv6: 10.1.0.10-10.1.0.19.",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.items(), ids=REFUSED)
def test_what_is_not_plainly_an_address_is_refused_with_what_to_write(text, words):
    with pytest.raises(NotUnderstood) as caught:
        addresses.numbers(text)
    assert (caught.value.problem, caught.value.hint) == words


TEXTS = {
    "nothing": [],
    "any": ["0.0.0.0/0", "::/0"],
    "0.0.0.0/0": ["0.0.0.0/0"],
    "::/0": ["::/0"],
    "10.1.0.0/24, 10.1.2.5": ["10.1.2.5", "10.1.0.128/25", "10.1.0.0/25"],
    "10.1.0.10-10.1.0.19": ["10.1.0.10-10.1.0.19"],
    "10.1.0.1-10.1.0.2": ["10.1.0.1", "10.1.0.2"],  # as many as a network has, but not at its place
    "255.255.255.0/24, ::/120": ["255.255.255.0/24", "::/120"],  # neighbours as numbers, not as addresses
    "2001:db8::/64, 2001:db8:1::1": ["2001:db8::/64", "2001:db8:1::1"],
}


@pytest.mark.parametrize(("text", "parts"), TEXTS.items(), ids=TEXTS)
def test_numbers_become_text_that_people_read(text, parts):
    assert addresses.text(union(map(addresses.numbers, parts))) == text


addresses_ = st.builds(ip_address, st.integers(0, 2**32 - 1)) | st.ip_addresses(v=6)


def network(address, hosts):
    return ip_network((address, max(0, address.max_prefixlen - hosts)), strict=False)


networks = st.builds(network, addresses_, st.integers(0, 130))


@given(network=networks, address=addresses_)
def test_a_network_contains_the_addresses_that_ipaddress_says(network, address):
    ((number, _),) = addresses.numbers(str(address))
    assert contains(addresses.numbers(str(network)), number) == (address in network)


def named(text):
    """The numbers that a text names."""
    whole = {"nothing": EMPTY, "any": (addresses.EVERY,)}
    return whole[text] if text in whole else union(map(addresses.numbers, text.split(", ")))


@given(parts=st.lists(networks, max_size=4))
def test_the_text_of_numbers_names_the_same_numbers(parts):
    numbers = union(addresses.numbers(str(part)) for part in parts)
    assert named(addresses.text(numbers)) == numbers


@given(first=addresses_, length=st.integers(0, 2**20))
def test_a_stretch_of_addresses_is_shown_as_a_network_where_it_is_one(first, length):
    last = type(first)(min(int(first) + length, 2**first.max_prefixlen - 1))
    networks = [*summarize_address_range(first, last)]
    expected = f"{first}" if first == last else f"{networks[0]}" if len(networks) == 1 else f"{first}-{last}"
    assert addresses.text(addresses.numbers(f"{first}-{last}")) == expected
