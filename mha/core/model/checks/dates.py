"""Dates: what has ended, and what ends soon."""

from collections.abc import Iterator
from typing import NamedTuple

from mha.core.model.facts import Definition
from mha.core.model.findings import Finding


class Days(NamedTuple):
    """Days as YYYY-MM-DD, which are in the order of their texts."""

    today: str
    soon: str  # what ends up to this day ends soon


def judge(definition: Definition, days: Days) -> Iterator[Finding]:
    """Whether a user or a time has ended."""
    value = definition.value or {}
    if definition.kind in ("user", "time") and isinstance(value.get("expires"), str):
        yield from about(definition, definition.line, definition.subject, value["expires"], days)


def about(definition: Definition, line: int, subject: str, last: str, days: Days) -> Iterator[Finding]:
    """Whether what has a last day has ended, or ends soon."""
    if last < days.today:
        yield Finding(
            "expired", definition.path, line, subject, f"Its last day was {last}.", "Remove it, or prolong it."
        )
    elif last <= days.soon:
        yield Finding(
            "expires-soon",
            definition.path,
            line,
            subject,
            f"Its last day is {last}.",
            "Ask whether it is still needed.",
        )
