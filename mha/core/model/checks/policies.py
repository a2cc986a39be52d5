"""Policies: the rules of a layer, each by itself and against the others."""

from collections.abc import Iterator, Mapping

from mha.core.model import anomalies, meaning
from mha.core.model.anomalies import Anomaly, Verdict
from mha.core.model.checks import dates, risks
from mha.core.model.checks.dates import Days
from mha.core.model.codes import CODES
from mha.core.model.facts import Definition, Value
from mha.core.model.findings import Finding, waived
from mha.core.model.resolution import Resolver
from mha.core.model.rules import Rule

_CODES = {  # what has expired is said with what expires soon
    Anomaly.SHADOWED: "shadowed", Anomaly.REDUNDANT: "redundant", Anomaly.COVERED_TOGETHER: "inoperative",
    Anomaly.MATCHES_NOTHING: "inoperative", Anomaly.CORRELATED: "correlated", Anomaly.ANY_ANY_ACCEPT: "any-any-accept",
    Anomaly.NO_CLEANUP: "no-cleanup",
}  # fmt: skip


def judge(layer: Definition, resolver: Resolver, days: Days) -> list[Finding]:
    """What is wrong with the rules of a layer; what a rule allows is marked so."""
    return _Layer(layer, resolver).findings(days)


class _Layer:
    def __init__(self, layer: Definition, resolver: Resolver) -> None:
        self._layer = layer
        found = meaning.rules(layer.value or {})
        lines = dict(enumerate(layer.lines))
        places = [place for place, rule in enumerate(found) if "section" not in rule]
        self._values = [found[place] for place in places]
        self._lines = [lines.get(place, layer.line) for place in places]
        self._rules = [resolver.rule(value) for value in self._values]

    def findings(self, days: Days) -> list[Finding]:
        """All findings, and those of waivers that nothing needs."""
        if not self._values:
            return []
        verdicts = anomalies.judge(self._rules, today=days.today)
        idle = {each.rule for each in verdicts if each.anomaly in (Anomaly.MATCHES_NOTHING, Anomaly.EXPIRED)}
        told = [each for each in verdicts if each.anomaly in _CODES]
        told = [each for each in told if each.anomaly is not Anomaly.ANY_ANY_ACCEPT or each.rule not in idle]
        found = [(each.rule, self._verdict(each)) for each in told]
        for place, (rule, value) in enumerate(zip(self._rules, self._values, strict=True)):
            found += [(place, each) for each in self._dated(place, value, days)]
            found += [(place, each) for each in (self._risky(place, rule) if place not in idle else ())]
        allowed = [(place, waived(each, self._waivers(place))) for place, each in found]
        return [each for _, each in allowed] + list(self._unneeded({(place, each.code) for place, each in found}))

    def _dated(self, place: int, value: Value, days: Days) -> Iterator[Finding]:
        if isinstance(value.get("expires"), str):
            yield from dates.about(self._layer, self._lines[place], self._subject(place), value["expires"], days)

    def _risky(self, place: int, rule: Rule) -> Iterator[Finding]:
        if rule.enabled and (risk := risks.of(rule)):
            yield Finding("risky-service", self._layer.path, self._lines[place], self._subject(place), *risk)

    def _verdict(self, verdict: Verdict) -> Finding:
        message, hint = _said(verdict, ", ".join(map(self._named, verdict.causes)))
        line = self._layer.line if verdict.rule is None else self._lines[verdict.rule]
        subject = self._layer.subject if verdict.rule is None else self._subject(verdict.rule)
        return Finding(_CODES[verdict.anomaly], self._layer.path, line, subject, message, hint)

    def _waivers(self, place: int | None) -> Mapping[str, str]:
        allowed = {} if place is None else self._values[place].get("allow")
        return {str(code): str(why) for code, why in allowed.items()} if isinstance(allowed, dict) else {}

    def _unneeded(self, found: set[tuple[int | None, str]]) -> Iterator[Finding]:
        for place in range(len(self._values)):
            for code in self._waivers(place):
                if (place, code) not in found:
                    message = (
                        f"It allows {code}, which no check finds."
                        if code in CODES
                        else f"It allows {code}, which is no check."
                    )
                    yield Finding(
                        "unneeded-waiver", self._layer.path, self._lines[place], self._subject(place), message,
                        "Take it out of `allow`.",
                    )  # fmt: skip

    def _subject(self, place: int) -> str:
        return f"rule {self._name(place)} of {self._layer.subject}"

    def _named(self, place: int) -> str:
        return f"{self._name(place)} (line {self._lines[place]})"

    def _name(self, place: int) -> str:
        value = self._values[place]
        return str(value.get("id") or value.get("name") or f"#{place + 1}")


def _said(verdict: Verdict, causes: str) -> tuple[str, str]:
    more = f" and {verdict.unlisted} more" if verdict.unlisted else ""
    match verdict.anomaly:
        case Anomaly.SHADOWED:
            return (
                f"It is never reached: {causes}{more} matches all of it, with another action.",
                "Move it above that rule, or remove it.",
            )
        case Anomaly.REDUNDANT:
            return f"It adds nothing: {causes}{more} matches all of it, with the same action.", "Remove it."
        case Anomaly.COVERED_TOGETHER:
            return f"It is never reached: {causes}{more} together match all of it.", "Move it above them, or remove it."
        case Anomaly.MATCHES_NOTHING:
            return (
                f"It matches nothing: its {verdict.dimension} is empty.",
                "Name something that is not empty, or remove the rule.",
            )
        case Anomaly.CORRELATED:
            return (
                f"Its order against {causes}{more} decides about what both match.",
                "Look at it once more; swapping them changes what is accepted.",
            )
        case Anomaly.ANY_ANY_ACCEPT:
            return "It accepts everything from everywhere to everywhere.", "Name what is needed."
    return (
        "It does not end with a rule that drops the rest.",
        "Add one: from any, to any, service any, action drop, track log.",
    )
