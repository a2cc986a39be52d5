"""Marks: lines of comment that show, in a merged file, what a person decides about.

    # CONFLICT host/web-01: address: changed differently
    # CONFLICT   before: "10.1.0.10"
    # CONFLICT   fw-a: "10.1.0.11", as below
    # CONFLICT   fw-b: "10.1.0.12"
    web-01: 10.1.0.11

Rule 1: a conflict counts as settled once its marks are gone, whatever stands there then: only people know.
Rule 2: a file with marks says what it said without them.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from mha.core import outcomes, reader
from mha.core.changes import escaped
from mha.core.merge.sides import ABSENT, Conflict, Reason
from mha.core.model import facts
from mha.core.model.facts import Definition
from mha.core.model.kinds import Kinds
from mha.core.scalars import Unreadable

_LINE = re.compile(  # what a person wrote about a conflict is no mark
    rf"[ \t]*# CONFLICT (?P<what>(?P<more>  ).*|.*: (?:{'|'.join(map(re.escape, Reason))}))\r?"
)


class Mark(NamedTuple):
    """A conflict, and who the two are that do not go together."""

    conflict: Conflict
    ours: str
    theirs: str

    @property
    def lines(self) -> list[str]:
        """What is written above the object."""
        conflict = self.conflict
        subject = "/".join(part for part in conflict.subject if part)
        field = ".".join(map(str, conflict.field))
        held = (
            ("before", conflict.base, ""),
            (self.ours, conflict.ours, ", as below"),
            (self.theirs, conflict.theirs, ""),
        )
        return [
            f"{subject}: {field}: {conflict.reason}" if field else f"{subject}: {conflict.reason}",
            *(f"  {name}: {_shown(value)}{note}" for name, value, note in held),
        ]


def marked(path: str, data: bytes, marks: Sequence[Mark], kinds: Kinds) -> bytes | None:
    """A file with its marks: above each object or rule, else at the top; None where it cannot be marked."""
    try:
        expected = [reader.plain(document) for document in reader.read(data)]
    except Unreadable:
        return None
    found = facts.of_file(path, data, kinds).definitions
    for places in ([_line(found, mark.conflict) for mark in marks], [1 for _ in marks]):
        text = _written(data, marks, places)
        if outcomes.difference(text, expected) is None:
            return text
    return None


def left(data: bytes) -> list[tuple[int, str]]:
    """The conflicts whose marks stand in a file: the number of the line, and what it is about."""
    found, is_open = [], False
    for number, line in enumerate(data.decode(errors="replace").split("\n"), 1):
        mark = _LINE.fullmatch(line)
        if mark is not None and not (is_open and mark["more"]):
            found.append((number, mark["what"].strip()))
        is_open = mark is not None
    return found


def _written(data: bytes, marks: Sequence[Mark], places: Sequence[int]) -> bytes:
    lines = data.decode().split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    for place, mark in sorted(zip(places, marks, strict=True), key=lambda pair: -pair[0]):
        below = lines[place - 1] if place <= len(lines) else ""
        indent = below[: len(below) - len(below.lstrip(" "))]
        lines[place - 1 : place - 1] = [f"{indent}# CONFLICT {line}{end}" for line in mark.lines]
    return "\n".join(lines).encode()


def _line(found: Sequence[Definition], conflict: Conflict) -> int:
    """Where the object or the rule begins that a conflict is about; the first line, where it stands nowhere."""
    each = next((each for each in found if (each.kind, each.name) == conflict.subject and each.value is not None), None)
    if each is None:
        return 1
    if len(conflict.field) > 1 and conflict.field[0] == "rules":
        rules = (each.value or {}).get("rules", [])
        for rule, line in zip(rules, each.lines, strict=False):
            if isinstance(rule, dict) and str(conflict.field[1]) in (str(rule.get("id")), str(rule.get("name"))):
                return line
    return each.line


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "not there"
    if isinstance(value, bytes):
        return "(a file)"
    return escaped(json.dumps(value, ensure_ascii=False))
