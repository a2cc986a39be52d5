"""Reading addresses, against Python's own ipaddress; and that what is valid is what has a meaning."""

import ipaddress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core.model import addresses, ip, values
from mha.core.model.spans import NotUnderstood
from tests.core.model import instances

ADDRESSES = {
    "0.0.0.0": (4, 0),
    "10.1.0.10": (4, 0x0A01000A),
    "::1": (6, 1),
    "2001:DB8::0001": (6, (0x20010DB8 << 96) + 1),
    "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255": (6, 2**128 - 1),  # the longest there is
    "10.1.0.010": None,
    "10.1.0.10/32": None,
    "fe80::1%eth0": None,
}


@pytest.mark.parametrize(("text", "number"), ADDRESSES.items(), ids=ADDRESSES)
def test_the_number_of_an_address(text, number):
    assert ip.address(text) == number


@given(address=st.ip_addresses(), data=st.data())
def test_an_address_and_its_network_are_what_pythons_library_says(address, data):
    length = data.draw(st.integers(0, address.max_prefixlen))
    network = ipaddress.ip_network((address, length), strict=False)
    found = ip.interface(f"{address}/{length}")
    assert found == (address.version, int(address), length)
    assert ip.network(found) == (int(network[0]), int(network[-1]))
    assert ip.shown(address.version, int(address)) == str(address)


@given(text=instances.NEARLY_ADDRESSES)
def test_what_pythons_library_takes_for_no_address_is_none(text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        assert ip.address(text) is None
    else:
        assert ip.address(text) == (None if "%" in text else (address.version, int(address)))


def is_understood(text):
    try:
        return bool(addresses.numbers(text))
    except NotUnderstood:
        return False


@given(text=instances.NEARLY_ADDRESSES)
@example(text="10.1.0.0/24/24")
@example(text="10.1.0.0/")
@example(text="/24")
@settings(deadline=None, max_examples=600)
def test_what_is_valid_has_a_meaning_and_nothing_else_has(text):
    if "/" in text or "-" not in text:
        assert (values.address_or_network(text) is None) == is_understood(text)


@given(first=instances.NEARLY_ADDRESSES, last=instances.NEARLY_ADDRESSES)
@example(first="10.1.0.9", last="10.1.0.10")
@example(first="10.1.0.9", last="::1")
@example(first="::2", last="::1")
@settings(deadline=None, max_examples=600)
def test_a_valid_range_has_a_meaning_and_no_other_has(first, last):
    if not {*"/-"}.isdisjoint(first + last) or first.strip() != first or last.strip() != last:
        return
    complaints = (values.address(first), values.address(last), values.backwards(first, last))
    assert (complaints == (None, None, None)) == is_understood(f"{first}-{last}")
