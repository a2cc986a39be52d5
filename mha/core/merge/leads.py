"""Leads: the blank lines and comments above entries.

Rule: a comment is never lost because both sides changed what stands around it, and does not stand twice because both
put something between it and the entry below.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from mha.core.merge import orders
from mha.core.merge.trees import Entry


def merged(base: str, ours: str, theirs: str) -> str:
    """Lines of comments that both sides may have changed; of what both added, ours is first."""
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    before, one, other = _numbered(base), _numbered(ours), _numbered(theirs)
    both = set(one) & set(other)
    kept = both | (set(one) ^ set(other)) - set(before)
    keys = orders.merged(before, one, other, kept).keys
    return "".join(line for line, _ in keys)


def _numbered(text: str) -> list[tuple[str, int]]:
    """The lines, and how many of the same stand above each."""
    counts: Counter[str] = Counter()
    lines = []
    for line in text.splitlines(keepends=True):
        counts[line] += 1
        lines.append((line, counts[line]))
    return lines


def without_twins(entries: Iterable[Entry], ours: Sequence[Entry], theirs: Sequence[Entry]) -> list[Entry]:
    """The entries, where a comment that stands above two of them stood above one on both sides, above the first."""
    most = Counter(map(_comment, ours)) | Counter(map(_comment, theirs))
    seen: Counter[tuple[str, ...]] = Counter()
    result = []
    for entry in entries:
        comment = _comment(entry)
        seen[comment] += 1
        is_twin = comment != () and seen[comment] > most[comment] > 0
        result.append(entry._replace(lead="") if is_twin else entry)
    return result


def lost(entries: Sequence[Entry], ours: Sequence[Entry], theirs: Sequence[Entry]) -> bool:
    """Whether a comment that both sides have above their entries stands above none any more."""
    both = _lines(ours) & _lines(theirs)
    return bool(both - _lines(entries))


def _comment(entry: Entry) -> tuple[str, ...]:
    return tuple(re.findall(r"#[^\n]*", entry.lead))


def _lines(entries: Iterable[Entry]) -> Counter[str]:
    return Counter(line.rstrip() for entry in entries for line in _comment(entry))
