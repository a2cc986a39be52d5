"""The laws of merging, over configurations that are made and changed at random."""

import re
from collections import Counter
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core.merge.files import Files, Merged, Reading, merge
from mha.core.merge.sides import Reason, Side, Subject
from mha.core.model import facts
from tests.core.merge.configurations import Author, Configuration, Name, Value
from tests.core.merge.oracle import check, plain
from tests.core.model.known import KINDS

READING = Reading(KINDS, lambda path: path.startswith(("objects/", "policies/")))


Triple = tuple[Configuration, Configuration, Configuration]


def made(seed: int) -> Triple:
    """A configuration, and two that came of it by a few changes each."""
    random = Random(seed)
    base = Author(random, "b").configuration()
    sides = []
    for sign in "ot":
        author, side = Author(random, sign), base.copy()
        for _ in range(random.randint(1, 4)):
            author.change(side)
        sides.append(side)
    return base, sides[0], sides[1]


TRIPLES = st.integers(0, 2**32).map(made)


def after(ours: Files, came_out: Merged) -> Files:
    files = {**ours, **came_out.files}
    return {path: data for path, data in files.items() if data is not None}


def values(files: Files) -> dict[Name, Value]:
    """The objects of files by mha's reader, which stand once each."""
    found = [each for path, data in files.items() for each in facts.of_file(path, data, KINDS).definitions]
    objects = [each for each in found if each.value is not None]
    names = Counter((each.kind, each.name) for each in objects)
    assert set(names.values()) <= {1}
    return {(each.kind, each.name): each.value or {} for each in objects}


def words(files: Files) -> dict[str, list[list[bytes]]]:
    """What stands in the lines of files, in any order: members and lines may be in another one."""
    return {
        path: sorted(sorted(re.findall(rb"[^\s,[\]]+", line)) for line in data.splitlines())
        for path, data in files.items()
    }


def readable(files: Files) -> bool:
    findings = [each for path, data in files.items() for each in facts.of_file(path, data, KINDS).findings]
    return not any(finding.code in {"unreadable", "misspelt"} for finding in findings)


@settings(deadline=None, max_examples=200)
@given(TRIPLES)
def test_what_one_side_changed_alone_is_that_side_to_the_byte(triple):
    base, side, _ = (each.written() for each in triple)
    assert merge(base, side, base, READING) == Merged({}, [])
    assert merge(base, side, side, READING) == Merged({}, [])
    came_out = merge(base, base, side, READING)
    assert (after(base, came_out), came_out.conflicts) == (side, [])


@settings(deadline=None, max_examples=600)
@given(TRIPLES)
def test_no_change_is_lost_and_none_is_doubled(triple):
    base, ours, theirs = (each.written() for each in triple)
    came_out = merge(base, ours, theirs, READING)
    assert readable(after(ours, came_out))
    if not came_out.conflicts:
        before, one, other = (plain(each.values) for each in triple)
        check(before, one, other, values(after(ours, came_out)))


@settings(deadline=None, max_examples=300)
@given(TRIPLES)
@example(made(6372))  # one of the rules in question stands in a file that one side alone has
def test_what_is_merged_is_the_same_whichever_side_is_ours_but_for_the_order_of_additions(triple):
    base, ours, theirs = (each.written() for each in triple)
    one, other = merge(base, ours, theirs, READING), merge(base, theirs, ours, READING)
    assert {each.subject for each in one.conflicts} == {each.subject for each in other.conflicts}
    if not one.conflicts:
        assert words(after(ours, one)) == words(after(theirs, other))


@settings(deadline=None, max_examples=300)
@given(TRIPLES)
def test_changes_of_other_objects_do_not_conflict(triple):
    base, ours, theirs = triple
    came_out = merge(base.written(), ours.written(), theirs.written(), READING)
    touched = ours.touched & theirs.touched
    strange = [each for each in came_out.conflicts if tuple(each.subject) not in touched]
    assert [each for each in strange if each.reason not in {Reason.USED, Reason.CLASH}] == []


@settings(deadline=None, max_examples=300)
@given(TRIPLES, st.sampled_from(Side))
def test_every_conflict_is_settled_by_taking_a_side(triple, side):
    base, ours, theirs = (each.written() for each in triple)
    taken: dict[Subject, Side] = {}
    for _ in range(3):  # what is kept may be used by what conflicts then
        came_out = merge(base, ours, theirs, READING, taken)
        taken |= {each.subject: side for each in came_out.conflicts}
    assert came_out.conflicts == []
    assert readable(after(ours, came_out))
    values(after(ours, came_out))


_NOTE = re.compile(rb"# (\S+)")


@settings(deadline=None, max_examples=300)
@given(TRIPLES)
def test_no_comment_is_lost_or_doubled(triple):
    base, ours, theirs = (each.written() for each in triple)
    came_out = merge(base, ours, theirs, READING)
    if came_out.conflicts:
        return
    before, one, other, found = (
        Counter(note for data in files.values() for note in _NOTE.findall(data))
        for files in (base, ours, theirs, after(ours, came_out))
    )
    for note in {*before, *one, *other, *found}:
        if note.startswith(b"heading"):  # it stays where one side deleted the file, and the other put something into it
            assert min(one[note], other[note]) <= found[note] <= max(one[note], other[note]), note
        else:
            assert found[note] == (other[note] if one[note] == before[note] else one[note]), note
