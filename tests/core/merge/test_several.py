"""Merging several heads: each with what came out before."""

from itertools import permutations

from mha.core.merge.files import Reading
from mha.core.merge.several import merge_all
from mha.core.merge.sides import Subject
from tests.core.model.known import KINDS

READING = Reading(KINDS, lambda path: path.startswith("objects/"))
PATH = "objects/a.yaml"
BASE = b"hosts:\n  a: 10.0.0.1\n  b: 10.0.0.2\n  c: 10.0.0.3\n"
SIDES = [BASE.replace(b"0.1\n", b"0.11\n"), BASE.replace(b"0.2\n", b"0.22\n"), BASE.replace(b"0.3\n", b"0.33\n")]


def test_the_changes_of_three_sides_come_together_in_whatever_order_they_stand():
    for sides in permutations(SIDES):
        together = merge_all({PATH: BASE}, [{PATH: side} for side in sides], READING, {})
        assert (together.files, together.conflicts) == (
            {PATH: b"hosts:\n  a: 10.0.0.11\n  b: 10.0.0.22\n  c: 10.0.0.33\n"},
            [],
        )


def test_the_side_that_conflicts_is_told_and_what_is_taken_is_that_side_s_alone():
    sides = [{PATH: text} for text in (SIDES[0], SIDES[1], BASE.replace(b"0.1\n", b"0.12\n"))]
    subject = Subject("host", "a")

    together = merge_all({PATH: BASE}, sides, READING, {})
    assert [(each.theirs, each.conflict.subject) for each in together.conflicts] == [(2, subject)]

    for place, address in ((0, b"10.0.0.11"), (2, b"10.0.0.12")):
        settled = merge_all({PATH: BASE}, sides, READING, {subject: place})
        assert settled.files[PATH] == b"hosts:\n  a: %b\n  b: 10.0.0.22\n  c: 10.0.0.3\n" % address
        assert settled.settled == {subject}


def test_a_file_where_another_has_its_folder_is_a_conflict_that_a_side_settles():
    sides = [{"a": b"file"}, {"a/b.txt": b"in a folder"}]

    assert [each.conflict.subject for each in merge_all({}, sides, READING, {}).conflicts] == [Subject("", "a")]
    assert merge_all({}, sides, READING, {Subject("", "a"): 0}).files == {}
    assert merge_all({}, sides, READING, {Subject("", "a"): 1}).files == {"a": None, "a/b.txt": b"in a folder"}


def test_what_conflicts_ends_nothing_where_people_edit_what_comes_out():
    texts = (b"0.11\n", b"0.12\n", b"0.13\n")
    sides = [{PATH: BASE.replace(b"0.1\n", text)} for text in texts]
    sides[2][PATH] = sides[2][PATH].replace(b"0.3\n", b"0.33\n")

    together = merge_all({PATH: BASE}, sides, READING, {}, to_the_end=True)

    found = [(each.theirs, each.conflict.ours, each.conflict.theirs) for each in together.conflicts]
    assert found == [(1, "10.0.0.11", "10.0.0.12"), (2, "10.0.0.11", "10.0.0.13")]
    assert together.files == {PATH: b"hosts:\n  a: 10.0.0.11\n  b: 10.0.0.2\n  c: 10.0.0.33\n"}
