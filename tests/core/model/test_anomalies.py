"""Verdicts on lists of rules that administrators know, as tables.

A rule is written as source, destination, service, action, and what else it has. `!` before a cell is its negation.
"""

import pytest

from mha.core.model import addresses, services, times
from mha.core.model.anomalies import MOST_CAUSES, Anomaly, Verdict, judge
from mha.core.model.cells import ANY, Cell, Element, exactly
from mha.core.model.rules import Dimension, Rule
from mha.core.model.spans import EMPTY, union

EVERYWHERE = (addresses.EVERY,)
NAMES = {
    "updates": Element(EMPTY, EVERYWHERE, "updates"),  # a DNS name
    "bank": Element(EMPTY, EVERYWHERE, "bank"),
    "dmz": Element(addresses.numbers("10.9.0.0/24"), EVERYWHERE, "dmz"),  # a zone with one known network
    "admins": Element(EMPTY, addresses.numbers("10.1.0.0/24"), "admins"),  # people at a network
    "nobody": Element(EMPTY, EMPTY, "nobody"),
    "everything": exactly(EVERYWHERE),
}
WHEN = {
    "office": times.numbers(["mon", "tue", "wed", "thu", "fri"], "06:30", "18:30"),
    "monday": times.numbers(["mon"]),
    "monday-morning": times.numbers(["mon"], "07:00", "12:00"),
    "other-days": times.numbers(["tue", "wed", "thu", "fri", "sat", "sun"]),
    "sunday-night": times.numbers(["sun"], "22:00", "05:00"),
    "early-on-monday": times.numbers(["mon"], "00:00", "05:00"),
    "never": EMPTY,
}


def cell(text, numbers, names=()):
    if text == "any":
        return ANY
    listed = [name for name in text.removeprefix("!").split(",") if name]
    elements = [names[name] if name in names else exactly(numbers(name)) for name in listed]
    return Cell(frozenset(elements), negated=text.startswith("!"))


def rule(text):
    source, destination, service, action, *options = text.split()
    chosen = dict(option.partition("=")[::2] for option in options)
    return Rule(
        source=cell(source, addresses.numbers, NAMES),
        destination=cell(destination, addresses.numbers, NAMES),
        service=cell(service, services.numbers),
        action=action,
        time=cell(chosen.get("when", "any"), WHEN.__getitem__),
        gateways=frozenset(chosen["on"].split(",")) if "on" in chosen else None,
        track=chosen.get("track", ""),
        enabled="disabled" not in chosen,
        expires=chosen.get("until"),
    )


def verdicts(*rules, today="2026-06-01"):
    return judge([rule(text) for text in rules], today=today)


CLEANUP = "any any any drop track=log"


def above_cleanup(*rules):
    """The verdicts on rules, told as short lines."""
    return [told(verdict) for verdict in verdicts(*rules, CLEANUP)]


def told(verdict):
    causes = " and ".join(map(str, verdict.causes))
    return f"{verdict.rule} {verdict.anomaly}" + (f" by {causes}" if causes else "")


COVERED_BY_ONE = {
    # one rule, another below it: what is said of the latter
    "a drop above an accept": ("any 10.0.0.0/8 any drop", "any 10.1.0.5 tcp/443 accept", "shadowed"),
    "an accept above a drop": ("10.1.0.0/24 any any accept", "10.1.0.5 any tcp/25 drop", "shadowed"),
    "a reject above a drop": ("any any tcp/25 reject", "10.1.0.5 any tcp/25 drop", "shadowed"),
    "a layer above an accept": ("any 10.9.0.0/24 any layer:dmz", "any 10.9.0.5 tcp/443 accept", "shadowed"),
    "a layer above another": ("any 10.9.0.0/24 any layer:dmz", "any 10.9.0.5 any layer:web", "shadowed"),
    "a layer above the same": ("any 10.9.0.0/24 any layer:dmz", "any 10.9.0.5 any layer:dmz", "redundant"),
    "the same twice": ("10.1.0.5 any tcp/22 accept", "10.1.0.5 any tcp/22 accept", "redundant"),
    "the same, tracked otherwise": ("10.1.0.5 any tcp/22 accept track=log", "10.1.0.5 any tcp/22 accept", "redundant"),
    "a network above its host": ("10.1.0.0/24 any tcp/22 accept", "10.1.0.5 any tcp/22 accept", "redundant"),
    "a host above its network": ("10.1.0.5 any tcp/22 drop", "10.1.0.0/24 any tcp/22 accept", None),
    "halves in one rule": ("10.1.0.0/25,10.1.0.128/25 any tcp/22 drop", "10.1.0.0/24 any tcp/22 accept", "shadowed"),
    "a range of ports above a port": ("any 10.9.0.5 tcp/1-1023 drop", "any 10.9.0.5 tcp/443 accept", "shadowed"),
    "tcp above a tcp port": ("any 10.9.0.5 tcp drop", "any 10.9.0.5 tcp/443 accept", "shadowed"),
    "the same port in udp": ("any 10.9.0.5 tcp/53 drop", "any 10.9.0.5 udp/53 accept", None),
    "icmp above a type": ("any any icmp accept", "10.1.0.5 any icmp/echo-request accept", "redundant"),
    "icmp is not icmpv6": ("any any icmp accept", "10.1.0.5 any icmpv6/echo-request accept", None),
    "all of IPv4 above any": ("0.0.0.0/0 10.9.0.5 any drop", "any 10.9.0.5 any accept", None),
    "all of both above any": ("0.0.0.0/0,::/0 10.9.0.5 any drop", "any 10.9.0.5 any accept", "shadowed"),
    "another source": ("10.1.0.5 any tcp/22 drop", "10.1.0.6 any tcp/22 accept", None),
    # names that nobody knows the numbers of
    "the same DNS name": ("any updates any drop", "10.1.0.5 updates tcp/443 accept", "shadowed"),
    "another DNS name": ("any updates any drop", "10.1.0.5 bank tcp/443 accept", None),
    "a network above a DNS name": ("any 10.0.0.0/8 any drop", "10.1.0.5 updates tcp/443 accept", None),
    "any above a DNS name": ("10.1.0.0/24 any any drop", "10.1.0.5 updates tcp/443 accept", "shadowed"),
    "everything above a DNS name": ("10.1.0.0/24 everything any drop", "10.1.0.5 updates tcp/443 accept", "shadowed"),
    "a DNS name above a host": ("any updates any drop", "any 10.9.0.5 tcp/443 accept", None),
    "a list with the DNS name": ("any updates,bank any drop", "any bank tcp/443 accept", "shadowed"),
    "a part of the list": ("any bank any drop", "any updates,bank tcp/443 accept", None),
    "a zone above its network": ("any dmz any drop", "any 10.9.0.5 tcp/443 accept", "shadowed"),
    "a network above its zone": ("any 10.9.0.0/24 any drop", "any dmz tcp/443 accept", None),
    "a network above its people": ("10.1.0.0/24 any any drop", "admins any tcp/22 accept", "shadowed"),
    "people above their network": ("admins any any drop", "10.1.0.0/24 any tcp/22 accept", None),
    "people above themselves": ("admins,10.2.0.5 any any drop", "admins any tcp/22 accept", "shadowed"),
    # negations
    "all but a host, above another": ("!10.1.0.5 any tcp/25 drop", "10.1.0.6 any tcp/25 accept", "shadowed"),
    "all but a host, above the host": ("!10.1.0.5 any tcp/25 drop", "10.1.0.5 any tcp/25 accept", None),
    "all but a host, above any": ("!10.1.0.5 any tcp/25 drop", "any any tcp/25 accept", None),
    "all but more, above all but less": ("!10.1.0.0/24 any tcp/25 drop", "!10.1.0.5 any tcp/25 accept", None),
    "all but less, above all but more": ("!10.1.0.5 any tcp/25 drop", "!10.1.0.0/24 any tcp/25 accept", "shadowed"),
    "all but a zone, twice": ("!dmz any tcp/25 drop", "!dmz any tcp/25 accept", "shadowed"),
    "all but a zone, and more": ("!dmz any tcp/25 drop", "!dmz,10.1.0.5 any tcp/25 accept", "shadowed"),
    "all but a zone, and less": ("!dmz,10.1.0.5 any tcp/25 drop", "!dmz any tcp/25 accept", None),
    "all but two names, above all but one": ("!updates,bank any tcp/25 drop", "!updates any tcp/25 accept", None),
    "all but one name, above all but two": ("!bank any tcp/25 drop", "!updates,bank any tcp/25 accept", "shadowed"),
    "all but a zone, above a host": ("!dmz any tcp/25 drop", "10.1.0.5 any tcp/25 accept", None),
    "all but people, above another network": ("!admins any tcp/22 drop", "10.2.0.0/24 any tcp/22 accept", "shadowed"),
    "all but people, above their network": ("!admins any tcp/22 drop", "10.1.0.5 any tcp/22 accept", None),
    "any above a negation": ("any any tcp/25 drop", "!dmz any tcp/25 accept", "shadowed"),
    "all but one service": ("any 10.9.0.5 !tcp/443 drop", "any 10.9.0.5 tcp/22 accept", "shadowed"),
    "all but nothing": ("! any tcp/25 drop", "any any tcp/25 accept", "shadowed"),
    # rules that are limited, or out of use
    "a disabled rule": ("any any tcp/25 drop disabled", "10.1.0.5 any tcp/25 accept", None),
    "the same gateways": ("any any tcp/25 drop on=fw-a,fw-b", "10.1.0.5 any tcp/25 accept on=fw-a", "shadowed"),
    "one gateway above all": ("any any tcp/25 drop on=fw-a", "10.1.0.5 any tcp/25 accept", None),
    "all gateways above one": ("any any tcp/25 drop", "10.1.0.5 any tcp/25 accept on=fw-a", "shadowed"),
    "another gateway": ("any any tcp/25 drop on=fw-a", "10.1.0.5 any tcp/25 accept on=fw-b", None),
    "a time above always": ("any any tcp/25 drop when=office", "10.1.0.5 any tcp/25 accept", None),
    "a time above its part": (
        "any any tcp/25 drop when=office", "any any tcp/25 accept when=monday-morning", "shadowed"
    ),
    "past midnight, into Monday": (
        "any any tcp/25 drop when=sunday-night", "any any tcp/25 accept when=early-on-monday", "shadowed"
    ),
    "a rule that ends earlier": ("any any tcp/25 drop until=2026-07-01", "10.1.0.5 any tcp/25 accept", None),
    "a rule that ends as early": (
        "any any tcp/25 drop until=2026-07-01", "10.1.0.5 any tcp/25 accept until=2026-07-01", "shadowed"
    ),
    "a rule that ends later": (
        "any any tcp/25 drop until=2026-07-02", "10.1.0.5 any tcp/25 accept until=2026-07-01", "shadowed"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("upper", "lower", "expected"), COVERED_BY_ONE.values(), ids=COVERED_BY_ONE)
def test_a_rule_under_one_that_covers_it(upper, lower, expected):
    found = [line for line in above_cleanup(upper, lower) if "shadowed" in line or "redundant" in line]
    assert found == ([f"1 {expected} by 0"] if expected else [])


def test_an_expired_rule_covers_nothing():
    rules = "any any tcp/25 drop until=2026-05-31", "10.1.0.5 any tcp/25 accept"
    assert above_cleanup(*rules) == ["0 expired"]


def test_a_rule_matches_on_its_last_day():
    line = "any 10.9.0.5 tcp/25 drop until=2026-05-31"
    found = {day: verdicts(line, CLEANUP, today=day) for day in ["2026-05-30", "2026-05-31", "2026-06-01"]}
    assert found == {"2026-05-30": [], "2026-05-31": [], "2026-06-01": [Verdict(Anomaly.EXPIRED, 0)]}


def test_the_first_rule_that_covers_another_is_named():
    rules = "any 10.9.0.0/24 any accept", "any 10.9.0.0/25 any drop track=alert", "any 10.9.0.5 tcp/22 drop"
    assert above_cleanup(*rules) == ["1 shadowed by 0", "2 shadowed by 0"]


NOT_NEEDED = {
    # rules, one of which does what a later one does as well
    "a host above its network": (["10.1.0.5 any tcp/22 accept", "10.1.0.0/24 any tcp/22 accept"], ["0 redundant by 1"]),
    "tracked otherwise": (["10.1.0.5 any tcp/22 accept track=log", "10.1.0.0/24 any tcp/22 accept"], []),
    "another action": (["10.1.0.5 any tcp/22 drop", "10.1.0.0/24 any tcp/22 accept"], []),
    "the later one ends": (["10.1.0.5 any tcp/22 accept", "10.1.0.0/24 any tcp/22 accept until=2026-07-01"], []),
    "an exception between them": (
        ["10.1.0.5 any tcp/22 accept", "10.1.0.0/28 any any drop", "10.1.0.0/24 any tcp/22 accept"], []
    ),
    "an exception that is not known": (
        ["10.1.0.5 any tcp/22 accept", "any bank any drop", "10.1.0.0/24 any tcp/22 accept"], []
    ),
    "an exception elsewhere": (
        ["10.1.0.5 any tcp/22 accept", "any any tcp/25 drop", "10.1.0.0/24 any tcp/22 accept"], ["0 redundant by 2"]
    ),
    "a disabled exception": (
        ["10.1.0.5 any tcp/22 accept", "10.1.0.5 any any drop disabled", "10.1.0.0/24 any tcp/22 accept"],
        ["0 redundant by 2"],
    ),
    "two that are the same": (
        ["10.1.0.5 any tcp/22 accept", "10.1.0.5 any tcp/22 accept"], ["1 redundant by 0"]
    ),
    "a drop above the cleanup rule": (["any 10.1.0.5 tcp/22 drop track=log"], ["0 redundant by 1"]),
    "an alert above the cleanup rule": (["any 10.1.0.5 tcp/22 drop track=alert"], []),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "expected"), NOT_NEEDED.values(), ids=NOT_NEEDED)
def test_a_rule_above_one_that_does_the_same(rules, expected):
    assert [line for line in above_cleanup(*rules) if "redundant" in line] == expected


TOGETHER = {
    # rules that cover the last one between them, and in what they differ
    "two halves of a network": (
        ["10.1.0.0/25 any any drop", "10.1.0.128/25 any any accept", "10.1.0.0/24 any tcp/22 accept"],
        [0, 1], Dimension.SOURCE,
    ),
    "a half is missing": (["10.1.0.0/25 any any drop", "10.1.0.0/24 any tcp/22 accept"], [], None),
    "an address is missing": (
        ["10.1.0.0/25 any any drop", "10.1.0.129-10.1.0.255 any any drop", "10.1.0.0/24 any tcp/22 accept"], [], None
    ),
    "one that is not needed for it": (
        ["10.1.0.7 any any drop", "10.1.0.0/25 any any drop", "10.1.0.128/25 any tcp drop", "10.1.0.0/24 any tcp drop"],
        [1, 2], Dimension.SOURCE,
    ),
    "a zone and a network": (
        ["any dmz tcp/22 drop", "any 10.1.0.0/24 any drop", "any dmz,10.1.0.5 tcp/22 accept"],
        [0, 1], Dimension.DESTINATION,
    ),
    "a network, and all but the network": (
        ["any 10.0.0.0/8 tcp/25 drop", "any !10.0.0.0/8 tcp/25 reject", "any any tcp/25 accept"],
        [0, 1], Dimension.DESTINATION,
    ),
    "both families": (
        ["0.0.0.0/0 any tcp/25 drop", "::/0 any tcp/25 drop", "any any tcp/25 accept"], [0, 1], Dimension.SOURCE
    ),
    "ports": (
        ["any 10.9.0.5 tcp/1-1023 drop", "any 10.9.0.5 tcp/1024-65535 drop", "any 10.9.0.5 tcp/443,tcp/8443 accept"],
        [0, 1], Dimension.SERVICE,
    ),
    "the days of a week": (
        ["any any tcp/25 drop when=monday", "any any tcp/25 drop when=other-days", "any any tcp/25 accept"],
        [0, 1], Dimension.TIME,
    ),
    "the gateways that are named": (
        ["any any tcp/25 drop on=fw-a", "any any tcp/25 drop on=fw-b", "any any tcp/25 accept on=fw-a,fw-b"],
        [0, 1], Dimension.GATEWAYS,
    ),
    "there may be other gateways": (
        ["any any tcp/25 drop on=fw-a", "any any tcp/25 drop on=fw-b", "any any tcp/25 accept"], [], None
    ),
    "a half ends earlier": (
        ["10.1.0.0/25 any any drop until=2026-07-01", "10.1.0.128/25 any any drop", "10.1.0.0/24 any any accept"],
        [], None,
    ),
    "they differ in two dimensions": (
        [
            "10.1.0.0/25 any tcp drop",
            "10.1.0.128/25 any tcp drop",
            "10.1.0.0/24 any udp drop",
            "10.1.0.0/24 any tcp/22,udp/53 accept",
        ],
        [], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "causes", "dimension"), TOGETHER.values(), ids=TOGETHER)
def test_rules_that_cover_one_between_them(rules, causes, dimension):
    found = [verdict for verdict in verdicts(*rules, CLEANUP) if verdict.anomaly == Anomaly.COVERED_TOGETHER]
    covered = [Verdict(Anomaly.COVERED_TOGETHER, len(rules) - 1, tuple(causes), dimension=dimension)]
    assert found == (covered if causes else [])


EMPTY_RULES = {
    "nothing is listed": ("any any , accept", Dimension.SERVICE),
    "a role without networks": ("nobody any any accept", Dimension.SOURCE),
    "all but everything": ("any !everything tcp/22 accept", Dimension.DESTINATION),
    "no day": ("any 10.9.0.5 tcp/22 accept when=never", Dimension.TIME),
}


@pytest.mark.parametrize(("text", "dimension"), EMPTY_RULES.values(), ids=EMPTY_RULES)
def test_a_rule_that_matches_nothing_does_nothing_to_others(text, dimension):
    same = text.replace("accept", "drop")
    found = [Verdict(Anomaly.MATCHES_NOTHING, place, dimension=dimension) for place in (0, 1)]
    assert verdicts(text, same, CLEANUP) == found


CORRELATED = {
    # rules of which the last one contradicts earlier ones in a part of what it matches
    "from here, and to there": (["10.1.0.0/24 any tcp accept", "any 10.9.0.5 tcp/22 drop"], ["1 correlated by 0"]),
    "a drop first": (["10.1.0.0/24 10.9.0.0/24 any drop", "any 10.9.0.5 tcp/22 accept"], ["1 correlated by 0"]),
    "an exception above its rule": (["10.1.0.5 any tcp/22 drop", "10.1.0.0/24 any tcp accept"], []),
    "nothing in common": (["10.1.0.0/24 any tcp/22 accept", "any 10.9.0.5 tcp/23 drop"], []),
    "the same action": (["10.1.0.0/24 any tcp/22 accept", "any 10.9.0.5 tcp accept"], []),
    "drop and reject": (["10.1.0.0/24 10.9.0.0/24 any drop", "any 10.9.0.5 tcp/22 reject"], []),
    "what a layer decides is not looked at": (["10.1.0.0/24 any tcp/22 layer:x", "any 10.9.0.5 tcp drop"], []),
    "a quarantine that comes too late": (
        ["10.1.0.0/24 10.9.0.5 tcp/22 accept", "10.1.0.5 any any drop"], ["1 correlated by 0"]
    ),
    "a quarantine in its place": (["10.1.0.5 any any drop", "10.1.0.0/24 10.9.0.5 tcp/22 accept"], []),
    "a service that is dropped for all": (["any any udp/443 drop", "10.1.0.0/24 any udp accept"], []),
    "a drop of all on one gateway": (["10.1.0.0/24 any any accept", "any any any drop on=fw-a"], []),
    "not certain": (["10.1.0.0/24 bank tcp/22 accept", "any 10.9.0.5 tcp drop"], []),
    "the same DNS name": (["10.1.0.0/24 bank tcp/22 accept", "any bank tcp/1-22 drop"], []),
    "the same DNS name, and more": (["10.1.0.0/24 bank tcp accept", "any bank tcp/22 drop"], ["1 correlated by 0"]),
    "people, and their network": (["admins any tcp accept", "10.1.0.0/24 10.9.0.5 tcp/22 drop"], ["1 correlated by 0"]),
    "a network, and its people": (["10.1.0.0/24 10.9.0.5 tcp/22 accept", "admins any tcp drop"], ["1 correlated by 0"]),
    "a zone, and a host in it": (["10.1.0.0/24 10.9.0.5 tcp accept", "any dmz tcp/22 drop"], ["1 correlated by 0"]),
    "at other times": (["10.1.0.0/24 any tcp accept when=monday", "any 10.9.0.5 tcp/22 drop when=other-days"], []),
    "on other gateways": (["10.1.0.0/24 any tcp accept on=fw-a", "any 10.9.0.5 tcp/22 drop on=fw-b"], []),
    "several": (
        ["10.1.0.0/24 any tcp accept", "10.2.0.0/24 any tcp accept", "any 10.9.0.5 tcp/22 drop"],
        ["2 correlated by 0 and 1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "expected"), CORRELATED.values(), ids=CORRELATED)
def test_rules_of_which_the_order_decides(rules, expected):
    assert above_cleanup(*rules) == expected


def test_a_verdict_lists_a_few_causes_and_counts_the_others():
    rules = [f"10.1.{number}.0/24 any tcp accept" for number in range(MOST_CAUSES + 5)]
    found = verdicts(*rules, "any 10.9.0.5 tcp/22 drop", CLEANUP)
    assert found == [Verdict(Anomaly.CORRELATED, MOST_CAUSES + 5, tuple(range(MOST_CAUSES)), unlisted=5)]


ANY_ANY = {
    "any, any, any": ("any any any accept", True),
    "written as networks": ("0.0.0.0/0 ::/0,0.0.0.0/0 any accept", True),
    "all of IPv6": ("::/0 ::/0 any accept", True),
    "at times": ("any any any accept when=office", True),
    "on one gateway": ("any any any accept on=fw-a", True),
    "from everywhere with one service": ("any any tcp/443 accept", False),
    "from a network": ("10.0.0.0/8 any any accept", False),
    "to a network": ("any 10.0.0.0/8 any accept", False),
    "to all of IPv4": ("any 0.0.0.0/0 any accept", True),
    "from all but a host": ("!10.1.0.5 any any accept", False),
    "another layer": ("any any any layer:x", False),
    "disabled": ("any any any accept disabled", False),
    "expired": ("any any any accept until=2026-05-31", False),
}


@pytest.mark.parametrize(("text", "expected"), ANY_ANY.values(), ids=ANY_ANY)
def test_an_accept_of_everything(text, expected):
    assert ("0 any-any-accept" in above_cleanup(text)) == expected


CLEANUPS = {
    # the last rules of a list, and the one that is named if there is no cleanup rule
    "drop": (["any any any drop"], None),
    "reject": (["any any any reject"], None),
    "a disabled rule follows": (["any any any drop", "any any any accept disabled"], None),
    "an expired rule follows": (["any any any drop", "any any any accept until=2026-05-31"], None),
    "a rule that matches nothing follows": (["any any any drop", "nobody any any accept"], None),
    "another rule follows": (["any any any drop", "10.1.0.5 any any accept"], 1),
    "both families": (["0.0.0.0/0,::/0 any any drop"], None),
    "not all addresses": (["0.0.0.0/0 any any drop"], 0),
    "not all services": (["any any tcp drop"], 0),
    "not always": (["any any any drop when=office"], 0),
    "not for ever": (["any any any drop until=2030-01-01"], 0),
    "not on all gateways": (["any any any drop on=fw-a"], 0),
    "accept": (["any any any accept"], 0),
    "a layer": (["any any any layer:x"], 0),
    "disabled": (["10.1.0.5 any any drop", "any any any drop disabled"], 0),
}


@pytest.mark.parametrize(("rules", "last"), CLEANUPS.values(), ids=CLEANUPS)
def test_what_the_last_rule_must_be(rules, last):
    found = [verdict for verdict in verdicts(*rules) if verdict.anomaly == Anomaly.NO_CLEANUP]
    assert found == ([] if last is None else [Verdict(Anomaly.NO_CLEANUP, None, (last,))])


@pytest.mark.parametrize("rules", [[], ["any any any drop disabled"]])
def test_a_list_without_a_rule_in_use_has_no_cleanup_rule(rules):
    assert verdicts(*rules) == [Verdict(Anomaly.NO_CLEANUP, None)]


def test_verdicts_come_in_the_order_of_the_rules():
    rules = "any any any accept", "10.1.0.5 any tcp/22 drop", "any 10.9.0.5 any drop until=2026-01-01"
    assert [told(verdict) for verdict in verdicts(*rules)] == [
        "0 any-any-accept",
        "1 shadowed by 0",
        "2 expired",
        "None no-cleanup by 1",
    ]


def test_equal_cells_need_not_be_one_object():
    two = [exactly(union([addresses.numbers("10.1.0.5")])) for _ in range(2)]
    assert two[0] != two[1]
    rules = [
        Rule(Cell(frozenset([element])), ANY, ANY, action)
        for element, action in zip(two, ["drop", "accept"], strict=True)
    ]
    assert judge(rules, today="2026-06-01")[0] == Verdict(Anomaly.SHADOWED, 1, (0,))
