"""Addresses, networks, ports and dates: what is one, and what is said about what is none."""

import datetime as dt
import ipaddress
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core.model import schemas, values
from tests.core.model import instances
from tests.core.model.known import KINDS

ADDRESSES = "Write an address such as `10.1.0.10` or `2001:db8::10`."
OCTETS = "The four numbers are 0 to 255, without a 0 before them."
NETWORKS = "Write an address and its prefix, such as `10.1.0.0/24` or `2001:db8::/64`."
DATES = 'Write year, month and day: "2028-06-30".'

RIGHT = {
    "mha-address": ["0.0.0.0", "255.255.255.255", "10.1.0.10", "::", "2001:db8::10", "2001:DB8::A", "::ffff:10.0.0.1"],
    "mha-interface": ["10.1.0.1/24", "10.1.0.1/0", "10.1.0.1/32", "2001:db8::1/64", "::1/128"],
    "mha-network": ["10.1.0.0/24", "0.0.0.0/0", "10.1.0.7/32", "::/0", "2001:db8::/64", "2001:db8::7/128"],
    "mha-address-or-network": ["10.1.0.10", "10.1.0.0/24", "2001:db8::10", "2001:db8::/64"],
    "mha-ports": ["1-65535", "80-80", "3200-3201"],
    "mha-date": ["2028-06-30", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_a_right_value_is_taken(name, text):
    assert values.FORMATS[name](text) is None


WRONG = [
    ("mha-address", "10.1.0.256", "is not an IPv4 or IPv6 address", OCTETS),
    ("mha-address", "010.1.0.1", "is not an IPv4 or IPv6 address", OCTETS),
    ("mha-address", "10.1.0", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "10.1.0.10\n", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "١٠.1.0.1", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "1::2::3", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "fe80::1%eth0", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "web-01", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-address", "10.1.0.1/24", "has a prefix, and one address is expected", "Write `10.1.0.1`."),
    ("mha-interface", "10.1.0.1", "is not an address with its prefix",
     "Write an address and its prefix, such as `10.1.0.1/24` or `2001:db8::1/64`."),
    ("mha-network", "10.1.0.0", "is not an address with its prefix", NETWORKS),
    ("mha-network", "10.1.0.0/33", "has no prefix that fits", NETWORKS),
    ("mha-network", "10.1.0.0/024", "has no prefix that fits", NETWORKS),
    ("mha-network", "10.1.0.0/255.255.255.0", "has no prefix that fits", NETWORKS),
    ("mha-network", "2001:db8::/129", "has no prefix that fits", NETWORKS),
    ("mha-network", "10.1.0.300/24", "is not an address with its prefix", OCTETS),
    ("mha-network", "10.1.0.7/24", "has bits set behind its prefix of 24", "Did you mean `10.1.0.0/24`?"),
    ("mha-network", "2001:db8::7/64", "has bits set behind its prefix of 64", "Did you mean `2001:db8::/64`?"),
    ("mha-address-or-network", "10.1.0.7/24", "has bits set behind its prefix of 24", "Did you mean `10.1.0.0/24`?"),
    ("mha-address-or-network", "10.1.0", "is not an IPv4 or IPv6 address", ADDRESSES),
    ("mha-ports", "80", "is not a range of ports", 'Write `443`, or a range in quotes: "3200-3201".'),
    ("mha-ports", "90-80", "runs backwards", 'Write "80-90".'),
    ("mha-ports", "0-80", "has a port that does not exist", "Ports are 1 to 65535."),
    ("mha-ports", "80-65536", "has a port that does not exist", "Ports are 1 to 65535."),
    ("mha-ports", "080-90", "has a port that begins with 0", 'Write "80-90".'),
    ("mha-date", "2028-6-30", "is not a date", DATES),
    ("mha-date", "30.06.2028", "is not a date", DATES),
    ("mha-date", "2027-02-29", "is not a day of the calendar", DATES),
    ("mha-date", "1900-02-29", "is not a day of the calendar", DATES),
    ("mha-date", "2028-04-31", "is not a day of the calendar", DATES),
    ("mha-date", "2028-13-01", "is not a day of the calendar", DATES),
    ("mha-date", "0000-01-01", "is not a day of the calendar", DATES),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "problem", "hint"), WRONG)
def test_a_wrong_value_is_told_what_it_is_and_what_to_write(name, text, problem, hint):
    assert values.FORMATS[name](text) == (problem, hint)


@pytest.mark.parametrize(
    ("first", "last", "complaint"),
    [
        ("10.1.0.1", "10.1.0.9", None),
        ("10.1.0.9", "10.1.0.9", None),
        ("10.1.0.9", "10.1.0.10", None),
        ("2001:db8::1", "2001:db8::ff", None),
        ("10.1.0.9", "10.1.0.1", ("runs backwards", "Begin with `10.1.0.1` and end with `10.1.0.9`.")),
        ("::2", "::1", ("runs backwards", "Begin with `::1` and end with `::2`.")),
        ("10.1.0.1", "::1", ("mixes IPv4 and IPv6", "Write a range for each.")),
        ("a", "10.1.0.1", None),
    ],
)
def test_a_range_runs_forwards_within_one_version(first, last, complaint):
    assert values.backwards(first, last) == complaint


def _or_none(read: Any, text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return None


@given(text=instances.NEARLY_ADDRESSES)
@example(text="1.2.3.4/")
@example(text="::1.2.3.4")
@settings(deadline=None, max_examples=600)
def test_addresses_and_networks_are_what_pythons_library_takes_them_for(text):
    address = None if "%" in text else _or_none(ipaddress.ip_address, text)
    assert (values.address(text) is None) == (address is not None)

    plain = re.search(r"/(0|[1-9][0-9]*)\Z", text) and "%" not in text  # it also takes netmasks and /024
    network, interface = _or_none(ipaddress.ip_network, text), _or_none(ipaddress.ip_interface, text)
    assert (values.network(text) is None) == bool(plain and network)
    assert (values.interface(text) is None) == bool(plain and interface)


@given(text=st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z") | st.dates().map(str) | st.sampled_from(instances.NEARLY))
@settings(deadline=None, max_examples=300)
def test_dates_are_what_pythons_library_takes_them_for(text):
    found = re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and _or_none(dt.date.fromisoformat, text)
    assert (values.date(text) is None) == bool(found)


@given(text=instances.NEARLY_ADDRESSES | st.dates().map(str) | st.from_regex(r"[0-9]{1,5}-[0-9]{1,5}\Z"))
@settings(deadline=None, max_examples=400)
def test_the_pattern_beside_a_format_refuses_nothing_that_the_format_takes(text):
    for kind in KINDS.by_name.values():
        for part in schemas.every(kind.schema):
            check = values.FORMATS.get(part.get("format", ""))
            if check and check(text) is None:
                assert re.search(part["pattern"].replace("$", r"\Z"), text)
