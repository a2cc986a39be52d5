"""Verdicts against a dumb oracle that lists packets: none is false in any world; where all is known none is missing."""

from hypothesis import given, settings

from mha.core.model.anomalies import Anomaly, Verdict, judge
from mha.core.model.rules import Dimension
from tests.core.model.policies import TODAY, Line, blocks, known_policies, policies_with_few_symbols, worlds

DENY = ("drop", "reject")
IPV4, IPV6, ALL_SERVICES = blocks("01"), blocks("2"), blocks("01")


def judged(lines: list[Line]) -> list[Verdict]:
    return judge([line.rule() for line in lines], today=TODAY)


class Packets:
    """What each rule matches in each world."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.worlds = worlds(lines)
        self.matched = [[line.packets(world) for line in lines] for world in self.worlds]

    def covered(self, rule: int, others: tuple[int, ...]) -> bool:
        return all(matched[rule] <= frozenset().union(*(matched[i] for i in others)) for matched in self.matched)

    def meet(self, rule: int, other: int) -> bool:
        """Whether both match a packet in every world in which nothing that they list is empty."""
        full = [all(self.lines[place].is_full(world) for place in (rule, other)) for world in self.worlds]
        return all(
            matched[rule] & matched[other] for matched, is_full in zip(self.matched, full, strict=True) if is_full
        )

    def same_without(self, rule: int) -> bool:
        """Whether every packet has the same effect without the rule."""
        return all(
            self._effect(matched, packet, None) == self._effect(matched, packet, rule)
            for matched in self.matched
            for packet in matched[rule]
        )

    def _effect(self, matched, packet, skipped):
        taking = (line for place, line in enumerate(self.lines) if packet in matched[place] and place != skipped)
        return next(((line.action, line.track) for line in taking), None)


def is_true(verdict: Verdict, lines: list[Line], packets: Packets) -> bool:
    rule, causes = verdict.rule, verdict.causes
    if rule is None:
        return verdict.anomaly == Anomaly.NO_CLEANUP
    line, earlier = lines[rule], all(cause < rule for cause in causes)
    match verdict.anomaly:
        case Anomaly.SHADOWED:
            return earlier and packets.covered(rule, causes) and lines[causes[0]].action != line.action
        case Anomaly.REDUNDANT if earlier:
            return packets.covered(rule, causes) and lines[causes[0]].action == line.action
        case Anomaly.REDUNDANT:
            return packets.covered(rule, causes) and packets.same_without(rule)
        case Anomaly.COVERED_TOGETHER:
            return earlier and packets.covered(rule, causes) and len(causes) > 1
        case Anomaly.MATCHES_NOTHING:
            return not any(line.dimensions(world)[[*Dimension].index(verdict.dimension)] for world in packets.worlds)
        case Anomaly.EXPIRED:
            return line.expires is not None and line.expires < TODAY
        case Anomaly.CORRELATED:
            opposed = all(
                (lines[i].action in DENY, line.action in DENY) in [(True, False), (False, True)] for i in causes
            )
            return earlier and opposed and all(packets.meet(rule, cause) for cause in causes)
        case Anomaly.ANY_ANY_ACCEPT:
            return line.action == "accept"
    return False


@given(lines=policies_with_few_symbols())
@settings(deadline=None, max_examples=300)
def test_no_verdict_is_false_in_any_world(lines):
    packets = Packets(lines)
    verdicts = judged(lines)
    assert [verdict for verdict in verdicts if not is_true(verdict, lines, packets)] == []
    assert all(lines[cause].enabled for verdict in verdicts for cause in verdict.causes)


def by_definition(lines: list[Line]) -> list[Verdict]:
    """The verdicts on rules without unknown symbols, from pairs of rules and sets of packets."""
    packets = [line.packets({}) for line in lines]
    idle = {place: why for place, line in enumerate(lines) if line.enabled and (why := idle_why(lines, packets, place))}
    useful = [place for place in range(len(lines)) if packets[place] and place not in idle]
    others = [needless(lines, packets, place, useful) or correlated(lines, packets, place, useful) for place in useful]
    any_any = [Verdict(Anomaly.ANY_ANY_ACCEPT, place) for place in range(len(lines)) if is_any_any_accept(lines[place])]
    found = [*idle.values(), *(verdict for verdict in others if verdict), *any_any]
    return [*sorted(found, key=lambda verdict: verdict.rule), *no_cleanup(lines, packets)]


def idle_why(lines, packets, rule):
    line, own = lines[rule], packets[rule]
    if line.expires is not None and line.expires < TODAY:
        return Verdict(Anomaly.EXPIRED, rule)
    if not own:
        empty = [dimension for dimension, found in zip(Dimension, line.dimensions({}), strict=False) if not found]
        return Verdict(Anomaly.MATCHES_NOTHING, rule, dimension=empty[0])
    for earlier in range(rule):
        if own <= packets[earlier]:
            same = lines[earlier].action == line.action
            return Verdict(Anomaly.REDUNDANT if same else Anomaly.SHADOWED, rule, (earlier,))
    for number, dimension in enumerate(Dimension):
        among = [place for place in range(rule) if lines[place].enabled and agree(line, lines[place], number)]
        if own <= frozenset().union(*(packets[place] for place in among)):
            return Verdict(Anomaly.COVERED_TOGETHER, rule, dimension=dimension)
    return None


def agree(line, other, besides):
    """Whether the other one covers the rule in all dimensions but one."""
    pairs = zip(line.dimensions({}), other.dimensions({}), strict=True)
    return all(ours <= theirs for number, (ours, theirs) in enumerate(pairs) if number != besides)


def needless(lines, packets, rule, useful):
    effect = (lines[rule].action, lines[rule].track)
    for later in range(rule + 1, len(lines)):
        same = (lines[later].action, lines[later].track) == effect
        if packets[later] & packets[rule] and not same:
            return None
        if same and later in useful and packets[rule] <= packets[later]:
            return Verdict(Anomaly.REDUNDANT, rule, (later,))
    return None


def correlated(lines, packets, rule, useful):
    causes = tuple(
        earlier
        for earlier in useful
        if earlier < rule
        and {kind(lines[earlier]), kind(lines[rule])} == {"accepts", "denies"}
        and packets[earlier] & packets[rule]
        and not packets[earlier] <= packets[rule]
        and not (kind(lines[earlier]) == "denies" and unlimited(lines[earlier]) >= 2)
        and not (kind(lines[rule]) == "denies" and unlimited(lines[rule]) == 3)
    )
    return Verdict(Anomaly.CORRELATED, rule, causes) if causes else None


def kind(line):
    return {"accept": "accepts", "drop": "denies", "reject": "denies"}.get(line.action)


def unlimited(line):
    """In how many of source, destination and service the rule is not limited."""
    source, destination, service, *_ = line.dimensions({})
    return (source == IPV4 | IPV6) + (destination == IPV4 | IPV6) + (service == ALL_SERVICES)


def is_any_any_accept(line):
    source, destination, service, *_ = line.dimensions({})
    wide = is_wide(line.source, source) and is_wide(line.destination, destination)
    return line.action == "accept" and wide and service == ALL_SERVICES and line.packets({}) != frozenset()


def is_wide(listed, found):
    return found == IPV4 | IPV6 or (not listed.negated and (found >= IPV4 or found >= IPV6))


def no_cleanup(lines, packets):
    last = max((place for place in range(len(lines)) if packets[place]), default=None)
    if last is None:
        return [Verdict(Anomaly.NO_CLEANUP, None)]
    line = lines[last]
    everywhere = unlimited(line) == 3 and line.dimensions({})[3:] == Line().dimensions({})[3:] and not line.expires
    return [] if everywhere and line.action in DENY else [Verdict(Anomaly.NO_CLEANUP, None, (last,))]


@given(lines=known_policies())
@settings(deadline=None, max_examples=300)
def test_where_all_is_known_the_verdicts_are_those_of_the_definition(lines):
    found = [v._replace(causes=()) if v.anomaly == Anomaly.COVERED_TOGETHER else v for v in judged(lines)]
    assert found == by_definition(lines)


@given(lines=known_policies())
@settings(deadline=None, max_examples=200)
def test_the_rules_that_cover_one_together_are_enough_for_it(lines):
    packets = Packets(lines)
    covered = [verdict for verdict in judged(lines) if verdict.anomaly == Anomaly.COVERED_TOGETHER]
    assert [verdict for verdict in covered if not is_true(verdict, lines, packets)] == []
