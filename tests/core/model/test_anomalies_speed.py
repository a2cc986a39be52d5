"""Thousands of rules are judged in the time that a comparison of each rule with each other one would not have.

The bounds are wide, so that a busy machine does not break them; two million pairs would.
"""

import random
import time
import tracemalloc
from functools import cache

import pytest

from mha.core.model import addresses, services
from mha.core.model.anomalies import MOST_CAUSES, judge
from mha.core.model.cells import ANY, Cell, Element, exactly, group
from mha.core.model.rules import Rule

RULES, HOSTS = 2000, 10000
SECONDS = 3
MEGABYTES = 150
TODAY = "2026-06-01"


def span(first, last):
    return exactly(((first, last),))


def cell(*elements):
    return Cell(frozenset(elements))


@cache
def realistic():
    """Rules over 10,000 hosts: groups of hundreds, networks, single hosts, any, negations, zones and DNS names."""
    chance = random.Random(1)
    hosts = [span(3 * number, 3 * number) for number in range(HOSTS)]
    networks = [span(64 * number, 64 * number + 63) for number in range(HOSTS * 3 // 64)]
    groups = [group(chance.sample(hosts, chance.randint(100, 500))) for _ in range(200)]
    unknown = [Element((), (addresses.EVERY,), f"name {number}") for number in range(100)]
    ports = [exactly(services.of_protocol("tcp", [port])) for port in range(300)]

    def some():
        kind = chance.choices(["any", "hosts", "group", "networks", "unknown", "all but"], [12, 40, 25, 13, 5, 5])[0]
        return {
            "any": ANY,
            "hosts": cell(*chance.sample(hosts, 3)),
            "group": Cell(chance.choice(groups)),
            "networks": cell(*chance.sample(networks, 2)),
            "unknown": cell(chance.choice(unknown)),
            "all but": Cell(chance.choice([*groups, frozenset(chance.sample(networks, 5))]), negated=True),
        }[kind]

    def rule():
        action = chance.choice(["accept", "accept", "accept", "drop", "layer:x"])
        return Rule(some(), some(), cell(*chance.sample(ports, chance.randint(1, 5))), action)

    return [rule() for _ in range(RULES)]


def alternating(cells):
    return [Rule(one, ANY, ANY, ["accept", "drop"][number % 2]) for number, one in enumerate(cells)]


WORST = {
    "all overlap": lambda: alternating(cell(span(number, number + 5000)) for number in range(RULES)),
    "each in the next": lambda: alternating(cell(span(RULES - number, RULES + number)) for number in range(RULES)),
    "each around the next": lambda: alternating(cell(span(number, 9000 - number)) for number in range(RULES)),
    "all the same": lambda: alternating([ANY] * RULES),
    "covered by all before them": lambda: alternating(
        cell(span(number, number)) if number < RULES // 2 else cell(span(0, number % 500)) for number in range(RULES)
    ),
    "a symbol for each": lambda: alternating(
        cell(Element((), (addresses.EVERY,), f"name {number}"), span(0, 0)) for number in range(RULES)
    ),
    "all but a symbol for each": lambda: alternating(
        Cell(frozenset([Element((), (addresses.EVERY,), f"name {number}")]), negated=True) for number in range(RULES)
    ),
}


def seconds(rules):
    started = time.process_time()
    judge(rules, today=TODAY)
    return time.process_time() - started


def test_a_realistic_policy_is_judged_quickly():
    assert seconds(realistic()) < SECONDS


def test_a_realistic_policy_is_judged_in_little_memory():
    rules = realistic()
    tracemalloc.start()
    judge(rules, today=TODAY)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEGABYTES * 1024 * 1024


@pytest.mark.parametrize("rules", WORST.values(), ids=WORST)
def test_the_worst_policies_are_judged_quickly(rules):
    assert seconds(rules()) < SECONDS


def test_the_verdicts_on_rules_that_all_overlap_are_few():
    found = judge(WORST["all overlap"](), today=TODAY)
    assert len(found) <= 2 * RULES
    assert max(len(verdict.causes) for verdict in found) == MOST_CAUSES
