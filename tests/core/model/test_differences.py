"""Differences: what a change of files does to objects, in words."""

import pytest

from mha.core.changes import Action
from mha.core.model import differences, facts
from mha.core.model.differences import ObjectChange
from mha.store import kind_files

KINDS = kind_files.built_in()
LAYER = """
kind: layer
name: main
rules:
- {name: web, id: r-1, from: any, to: web-01, service: https, action: accept}
- {name: ssh, from: jana, to: web-01, service: ssh, action: accept, track: log}
- {name: ssh, from: max, to: web-01, service: ssh, action: accept}
- {name: rest, from: any, to: any, service: any, action: drop}
"""
LINES = LAYER.split("\n")


def without(*numbers):
    return "\n".join(line for number, line in enumerate(LINES) if number not in numbers)


def in_order(*numbers):
    return "\n".join([*LINES[:4], *(LINES[number] for number in numbers), ""])


TABLE = {
    "another address": (
        "hosts: {web-01: 10.1.0.10}", "hosts: {web-01: 10.1.0.11}",
        [(Action.MODIFIED, "host web-01", ("address 10.1.0.10 → 10.1.0.11",))],
    ),
    "the long form of the same": ("hosts: {a: 10.1.0.1}", "kind: host\nname: a\naddress: 10.1.0.1\n", []),
    "an object more, and one less": (
        "hosts: {a: 10.1.0.1}", "hosts: {b: 10.1.0.1}",
        [(Action.DELETED, "host a", ()), (Action.ADDED, "host b", ("address 10.1.0.1",))],
    ),
    "members": (
        "groups: {g: [a, b]}", "groups: {g: [b, c, d]}",
        [(Action.MODIFIED, "group g", ("include + c, d - a",))],
    ),
    "the order of members": ("groups: {g: [a, b]}", "groups: {g: [b, a]}",
                             [(Action.MODIFIED, "group g", ("include in another order",))]),
    "a field more, and one less": (
        "hosts: {a: {address: 10.1.0.1, zone: dmz}}", "hosts: {a: {address: 10.1.0.1, comment: New}}",
        [(Action.MODIFIED, "host a", ("zone dmz removed", "comment New added"))],
    ),
    "a comment of the file": ("hosts: {a: 10.1.0.1}", "# New\nhosts: {a: 10.1.0.1}", []),
    "a rule less": (LAYER, without(4), [(Action.MODIFIED, "layer main", ("rule r-1 removed",))]),
    "the second of a name less": (LAYER, without(6), [(Action.MODIFIED, "layer main", ("rule ssh (2) removed",))]),
    "a rule in another place": (
        LAYER, in_order(5, 6, 4, 7), [(Action.MODIFIED, "layer main", ("rule r-1 moved to number 3",))],
    ),
    "a rule that changed": (
        LAYER, LAYER.replace("track: log", "track: alert"),
        [(Action.MODIFIED, "layer main", ("rule ssh: track log → alert",))],
    ),
    "a new layer": ("", LAYER, [(Action.ADDED, "layer main", ("4 rules",))]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), TABLE.values(), ids=TABLE)
def test_what_a_change_does_is_said_in_words(old, new, expected):
    files = [facts.of_file("objects/a.yaml", text.encode(), KINDS) for text in (old, new)]

    found = differences.between({"objects/a.yaml": (files[0], files[1])})

    assert [(change.action, change.subject, change.details) for change in found] == expected


def test_an_object_that_only_moved_to_another_file_says_so():
    here, there = (facts.of_file(path, b"hosts: {a: 10.1.0.1}", KINDS) for path in ("objects/a.yaml", "objects/b.yaml"))
    nothing = facts.Facts()

    found = differences.between({"objects/a.yaml": (here, nothing), "objects/b.yaml": (nothing, there)})

    assert found == [ObjectChange(Action.MODIFIED, "host", "a", ("moved from objects/a.yaml to objects/b.yaml",))]
