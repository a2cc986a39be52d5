"""What is wrong with a list of rules: rules that never match, that contradict each other, or that nobody needs.

Rule 1: a verdict holds whatever the unknown symbols turn out to be, and names the rules that cause it.
Rule 2: disabled and expired rules cause nothing, and a rule that expires causes nothing for one that lasts longer.
Rule 3: the date is given.

The words are those of Al-Shaer and Hamed, "Discovery of Policy Anomalies in Distributed Firewalls" (2004). What they
call a generalization, a rule below an exception to it, is how exceptions are written, and no anomaly here.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from mha.core.model import addresses, bits
from mha.core.model.comparison import Comparison
from mha.core.model.coverage import Coverage
from mha.core.model.rules import Dimension, Rule

MOST_CAUSES = 10  # that a verdict lists


class Anomaly(StrEnum):
    """What is said about a rule."""

    SHADOWED = "shadowed"  # an earlier rule with another action matches all that it matches
    REDUNDANT = "redundant"  # a rule with the same action does, and nothing would change without this one
    COVERED_TOGETHER = "covered-together"  # several earlier rules do between them
    MATCHES_NOTHING = "matches-nothing"  # in one of its dimensions
    EXPIRED = "expired"
    CORRELATED = "correlated"  # it and an earlier rule match the same, and one accepts what the other one denies
    ANY_ANY_ACCEPT = "any-any-accept"
    NO_CLEANUP = "no-cleanup"  # the last rule in use does not drop or reject everything


class Verdict(NamedTuple):
    """A finding about a rule. Rules are told by their places in the list."""

    anomaly: Anomaly
    rule: int | None  # None: the list as a whole
    causes: tuple[int, ...] = ()  # other rules, in order
    unlisted: int = 0  # further causes
    dimension: Dimension | None = None  # in which it is so, if one is to be named


def judge(rules: Sequence[Rule], *, today: str) -> list[Verdict]:
    """The verdicts on an ordered list of rules, in its order. `today` is YYYY-MM-DD."""
    layer = _Layer(rules, Coverage(rules, today=today))
    enabled = list(bits.places(layer.coverage.enabled))
    idle = {place: verdict for place in enabled if (verdict := _idle(layer, place))}
    useful = layer.coverage.live & ~bits.having(place in idle for place in range(len(rules)))

    others = (_needless(layer, place, useful) or _correlated(layer, place, useful) for place in bits.places(useful))
    verdicts = [
        *idle.values(),
        *(verdict for verdict in others if verdict is not None),
        *(Verdict(Anomaly.ANY_ANY_ACCEPT, place) for place in bits.places(layer.any_any_accepts)),
    ]
    return [*sorted(verdicts, key=attrgetter("rule")), *_no_cleanup(layer)]


class _Layer:
    """The rules by what they decide, as sets."""

    def __init__(self, rules: Sequence[Rule], coverage: Coverage) -> None:
        source, destination, service, time, gateways = (coverage.dimensions[dimension] for dimension in Dimension)
        from_any, to_any, any_service = source.unlimited, destination.unlimited, service.unlimited
        accepting = bits.having(rule.action == "accept" for rule in rules)

        self.coverage = coverage
        self.accepting = accepting & coverage.live
        self.denying = bits.having(rule.action in ("drop", "reject") for rule in rules) & coverage.live
        self.same_action = bits.alike(rule.action for rule in rules)
        self.same_effect = bits.alike((rule.action, rule.track) for rule in rules)
        self.any_any = from_any & to_any & any_service
        self.any_any_accepts = self.accepting & any_service & _wide(source) & _wide(destination)
        self.cleanups = self.denying & self.any_any & time.unlimited & gateways.unlimited
        self.cleanups &= bits.having(rule.expires is None for rule in rules)
        self.barriers = self.denying & (from_any & to_any | from_any & any_service | to_any & any_service)


def _wide(dimension: Comparison) -> int:
    """The rules that match every address, or list all of IPv4 or all of IPv6."""
    families = dimension.matching(addresses.IPV4) | dimension.matching(addresses.IPV6)
    return dimension.unlimited | families & ~dimension.negated


def _idle(layer: _Layer, place: int) -> Verdict | None:
    """Why the rule never matches."""
    coverage = layer.coverage
    if coverage.expired >> place & 1:
        return Verdict(Anomaly.EXPIRED, place)
    for dimension, comparison in coverage.dimensions.items():
        if comparison.empty >> place & 1:
            return Verdict(Anomaly.MATCHES_NOTHING, place, dimension=dimension)
    if earlier := coverage.covering[place] & bits.below(place):
        first = next(bits.places(earlier))  # it takes all packets that reach it, so no other cause matters
        same = layer.same_action[place] >> first & 1
        return Verdict(Anomaly.REDUNDANT if same else Anomaly.SHADOWED, place, (first,))
    if found := coverage.together(place):
        return _verdict(Anomaly.COVERED_TOGETHER, place, found[1], dimension=found[0])
    return None


def _needless(layer: _Layer, place: int, useful: int) -> Verdict | None:
    """Whether what the rule matches would go on to a later rule that does the same, and to nothing else before it."""
    same, later = layer.same_effect[place], ~bits.below(place + 1)
    following = layer.coverage.covering[place] & later & same & useful
    if not following:
        return None
    heir = next(bits.places(following))
    between = later & bits.below(heir) & ~same
    return None if layer.coverage.touching(place, between) else Verdict(Anomaly.REDUNDANT, place, (heir,))


def _correlated(layer: _Layer, place: int, useful: int) -> Verdict | None:
    """Which earlier rules decide the opposite of a part of what the rule matches.

    A drop of everything from or to somewhere is meant to come before others, and a cleanup rule after them.
    """
    accepts, denies = layer.accepting >> place & 1, layer.denying >> place & 1
    opposed = layer.denying & ~layer.barriers if accepts else layer.accepting if denies else 0
    if denies and layer.any_any >> place & 1:
        return None
    found = layer.coverage.overlapping(place, opposed & useful & bits.below(place) & ~layer.coverage.covered[place])
    return _verdict(Anomaly.CORRELATED, place, found) if found else None


def _no_cleanup(layer: _Layer) -> list[Verdict]:
    live = layer.coverage.live
    if not live:
        return [Verdict(Anomaly.NO_CLEANUP, None)]
    last = live.bit_length() - 1
    return [] if layer.cleanups >> last & 1 else [Verdict(Anomaly.NO_CLEANUP, None, (last,))]


def _verdict(anomaly: Anomaly, place: int, causes: int, dimension: Dimension | None = None) -> Verdict:
    listed = tuple(islice(bits.places(causes), MOST_CAUSES))
    return Verdict(anomaly, place, listed, causes.bit_count() - len(listed), dimension)
