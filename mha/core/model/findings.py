"""Findings: what a check says about a place in the files.

Rule: a finding is known by what it says and about what, not by where it stands, so that a rule that
only moved down a line is not called a new mistake.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mha.core.model.codes import CODES
from mha.core.model.severity import Severity


class Finding(NamedTuple):
    """One thing that a check found; `subject` is what it is about: `host web-01`, or empty for a whole file."""

    code: str
    path: str
    line: int
    subject: str
    message: str
    hint: str = ""
    waiver: str = ""  # why the rule allows it

    @property
    def sentence(self) -> str:
        """What it says, and about what."""
        return f"{self.subject}: {self.message}" if self.subject else self.message

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same finding in another revision."""
        return self.code, self.subject or self.path, self.message


def severity(code: str, chosen: Mapping[str, Severity]) -> Severity:
    """How grave a code is: as `mha.yaml` says, else as the table of codes says."""
    return chosen.get(code, CODES[code].severity)


def waived(finding: Finding, allowed: Mapping[str, str]) -> Finding:
    """The finding with the reason of a waiver, where the rule that it is about has one for its code."""
    return finding._replace(waiver=allowed[finding.code]) if finding.code in allowed else finding


def added(old: Iterable[Finding], new: Iterable[Finding]) -> list[Finding]:
    """The findings that were not there before: as many of the same as there are more of them."""
    known = Counter(finding.identity for finding in old)
    found = []
    for finding in new:
        known[finding.identity] -= 1
        if known[finding.identity] < 0:
            found.append(finding)
    return found


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as they are listed: by file, line and code."""
    return sorted(
        findings, key=lambda finding: (finding.path, finding.line, finding.code, finding.subject, finding.message)
    )
