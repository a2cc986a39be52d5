"""Marks: what shows a person where two sides do not go together."""

import pytest

from mha.core import reader
from mha.core.merge.files import Reading, merge
from mha.core.merge.marks import Mark, left, marked
from tests.core.merge.test_laws import READING as LAWFUL
from tests.core.merge.test_laws import made
from tests.core.model.known import KINDS

READING = Reading(KINDS, lambda path: path.startswith("objects/"))
PATH = "objects/a.yaml"
HOSTS = b"hosts:\n  # the first\n  web: 10.0.0.1\n  db: {address: 10.0.0.2, comment: x}\n"
LAYER = b"""kind: layer
name: edge
rules:
  - {name: web, from: any, to: any, service: any, action: accept}
  - name: end
    from: any
    to: any
    service: any
    action: drop
"""


def marks_of(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Our side with the marks of what conflicts."""
    found = merge({PATH: base}, {PATH: ours}, {PATH: theirs}, READING).conflicts
    assert found != []
    return marked(PATH, ours, [Mark(conflict, "fw-a", "fw-b") for conflict in found], KINDS)


def test_a_mark_stands_above_its_object_and_says_what_each_side_has():
    ours, theirs = HOSTS.replace(b"0.1\n", b"0.8\n"), HOSTS.replace(b"0.1\n", b"0.9\n")
    text = marks_of(HOSTS, ours, theirs)
    assert text is not None
    assert text.decode() == (
        "hosts:\n"
        "  # the first\n"
        "  # CONFLICT host/web: changed differently\n"
        '  # CONFLICT   before: "10.0.0.1"\n'
        '  # CONFLICT   fw-a: "10.0.0.8", as below\n'
        '  # CONFLICT   fw-b: "10.0.0.9"\n'
        "  web: 10.0.0.8\n"
        "  db: {address: 10.0.0.2, comment: x}\n"
    )
    assert left(text) == [(3, "host/web: changed differently")]
    assert left(ours) == []


def test_the_mark_of_a_rule_stands_above_the_rule():
    text = marks_of(LAYER, LAYER.replace(b"action: drop", b"action: reject"), LAYER.replace(b"drop", b"accept"))
    assert text is not None
    assert text.split(b"\n")[4:6] == [
        b"  # CONFLICT layer/edge: rules.end.action: changed differently",
        b'  # CONFLICT   before: "drop"',
    ]


def test_what_stands_nowhere_is_marked_at_the_top():
    ours, theirs = HOSTS.replace(b"  web: 10.0.0.1\n", b""), HOSTS.replace(b"0.1\n", b"0.9\n")
    text = marks_of(HOSTS, ours, theirs)
    assert text is not None
    assert text.startswith(b"# CONFLICT host/web: deleted and changed\n# CONFLICT   before: ")
    assert b"# CONFLICT   fw-a: not there, as below\n" in text


@pytest.mark.parametrize(
    "ours",
    [
        b"hosts: {web: 10.0.0.8, db: {address: 10.0.0.2, comment: x}}\n",
        HOSTS.replace(b"0.1\n", b"0.8\n").replace(b"\n", b"\r\n"),
        b"---\n" + HOSTS.replace(b"0.1\n", b"0.8\n"),
        b"hosts:\n  db: {address: 10.0.0.2, comment: 'x\n\n    y', name: db}\n  web: 10.0.0.8",
        b"hosts:\n  db:\n    address: 10.0.0.2\n    comment: |+\n      x\n\n  web: 10.0.0.8\n",
        b"hosts:\n  db: {address: 10.0.0.2, comment: 'x\n    y'}\n  web: {address: 10.0.0.8, comment: 'a\n    b'}\n",
    ],
)
def test_marks_change_nothing_that_a_file_says_and_go_with_their_lines(ours):
    theirs = HOSTS.replace(b"0.1\n", b"0.9\n").replace(b"0.2", b"0.99")
    text = marks_of(HOSTS, ours, theirs)
    assert text is not None
    assert [reader.plain(each) for each in reader.read(text)] == [reader.plain(each) for each in reader.read(ours)]
    assert b"\n".join(line for line in text.split(b"\n") if b"# CONFLICT " not in line) == ours
    assert [what.rpartition(": ")[2] for _, what in left(text)] == ["changed differently"]
    assert text.count(b"\r\n") == (text.count(b"\n") if b"\r" in ours else 0)


def test_lines_of_a_mark_that_lost_its_first_one_still_count():
    text = (
        b"a: 1\n  # CONFLICT   fw-a: 1, as below\n  # CONFLICT   fw-b: 2\n# CONFLICT host/b: deleted and used\nb: 1\n"
    )
    assert left(text) == [(2, "fw-a: 1, as below"), (4, "host/b: deleted and used")]


@pytest.mark.parametrize(
    "written", [b"# CONFLICT with the DNS team", b"x: 1  # CONFLICT host/a: deleted and used", b"# CONFLICTS"]
)
def test_what_people_write_about_conflicts_is_no_mark(written):
    assert left(b"a: 1\n" + written + b"\nb: 2\n") == []


def test_what_cannot_be_read_is_not_marked():
    [conflict] = merge({PATH: HOSTS}, {PATH: b"hosts: [\n"}, {PATH: HOSTS + b"  c: 10.0.0.3\n"}, READING).conflicts
    assert marked(PATH, b"hosts: [\n", [Mark(conflict, "fw-a", "fw-b")], KINDS) is None


def test_marks_say_nothing_that_would_end_their_lines():
    ours, theirs = (HOSTS.replace(b"comment: x", b'comment: "a\\n%b\\u2028\\x9b"' % sign) for sign in (b"o", b"t"))
    text = marks_of(HOSTS, ours, theirs)
    assert text is not None
    assert [line.isprintable() for line in text.decode().split("\n")] == [True] * (HOSTS.count(b"\n") + 5)


def test_every_conflict_of_configurations_made_at_random_can_be_marked():
    marks = 0
    for seed in range(400):
        base, ours, theirs = (each.written() for each in made(seed))
        came_out = merge(base, ours, theirs, LAWFUL)
        files = ours | came_out.files
        for conflict in came_out.conflicts:
            path = next((path for path in conflict.paths if files.get(path)), None)
            if path is not None:
                text = marked(path, files[path] or b"", [Mark(conflict, "fw-a", "fw-b")], KINDS)
                assert text is not None
                assert len(left(text)) == 1
                marks += 1
    assert marks > 30
