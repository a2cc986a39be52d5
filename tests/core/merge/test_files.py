"""Merging files: what is settled by taking a side, and what is not read."""

import pytest

from mha.core.merge.files import Merged, Reading, merge
from mha.core.merge.sides import ABSENT, Conflict, Reason, Side, Subject
from tests.core.model.known import KINDS

READING = Reading(KINDS, lambda path: path.startswith("objects/"))
PATH = "objects/a.yaml"
BASE = b"hosts:\n  a: 10.0.0.1\n  b: 10.0.0.2  # old\n  c: {address: 10.0.0.3, comment: x}\n"


def one(base: bytes, ours: bytes, theirs: bytes, taken: dict[Subject, Side] | None = None, path: str = PATH) -> Merged:
    return merge({path: base}, {path: ours}, {path: theirs}, READING, taken)


def test_a_conflict_names_the_object_the_field_and_the_three_values():
    ours, theirs = BASE.replace(b"0.3", b"0.4"), BASE.replace(b"0.3", b"0.5")
    assert one(BASE, ours, theirs).conflicts == [
        Conflict(Subject("host", "c"), (PATH,), ("address",), Reason.CHANGED, "10.0.0.3", "10.0.0.4", "10.0.0.5")
    ]


def test_a_side_that_is_taken_holds_where_the_subject_conflicts_and_only_there():
    ours = BASE.replace(b"0.3, comment: x", b"0.4, comment: y1").replace(b"0.1", b"0.11")
    theirs = BASE.replace(b"0.3", b"0.5").replace(b"# old", b"# new")
    settled = one(BASE, ours, theirs, {Subject("host", "c"): Side.THEIRS})
    text = b"hosts:\n  a: 10.0.0.11\n  b: 10.0.0.2  # new\n  c: {address: 10.0.0.5, comment: y1}\n"
    assert (settled.files, settled.conflicts) == ({PATH: text}, [])
    assert settled.settled == {Subject("host", "c")}


@pytest.mark.parametrize(("side", "is_there"), [(Side.OURS, False), (Side.THEIRS, True)])
def test_what_was_deleted_and_changed_goes_or_stays(side, is_there):
    ours, theirs = BASE.replace(b"  a: 10.0.0.1\n", b""), BASE.replace(b"0.1", b"0.9")
    [conflict] = one(BASE, ours, theirs).conflicts
    assert (conflict.reason, conflict.ours, conflict.theirs) == (Reason.DELETED, ABSENT, "10.0.0.9")
    settled = one(BASE, ours, theirs, {conflict.subject: side})
    assert settled.conflicts == []
    assert (b"10.0.0.9" in settled.files.get(PATH, ours)) == is_there  # type: ignore[operator]


def test_a_used_object_that_is_gone_comes_back_if_its_side_is_taken():
    base = BASE + b"groups:\n  g: [a]\n"
    ours, theirs = base.replace(b"  b: 10.0.0.2  # old\n", b""), base.replace(b"[a]", b"[a, b]")
    [conflict] = one(base, ours, theirs).conflicts
    assert (conflict.subject, conflict.reason) == (Subject("host", "b"), Reason.USED)
    assert one(base, ours, theirs, {conflict.subject: Side.THEIRS})[:2] == ({PATH: theirs}, [])


def test_line_breaks_that_one_side_changed_are_those_of_all_lines():
    crlf = BASE.replace(b"\n", b"\r\n")
    merged = one(BASE, crlf, BASE + b"  d: 10.0.0.4\n")
    assert merged == Merged({PATH: (BASE + b"  d: 10.0.0.4\n").replace(b"\n", b"\r\n")}, [])


@pytest.mark.parametrize("broken", [b"hosts: [\n", b"a: no\n", b"\xff\n"])
def test_what_cannot_be_read_conflicts_as_a_whole_if_both_changed_it(broken):
    theirs = BASE + b"  d: 10.0.0.4\n"
    [conflict] = one(BASE, broken, theirs).conflicts
    assert (conflict.subject, conflict.reason) == (Subject("", PATH), Reason.UNREADABLE)
    assert one(BASE, broken, theirs, {conflict.subject: Side.THEIRS}).files == {PATH: theirs}
    assert one(BASE, BASE, broken) == Merged({PATH: broken}, [])


def test_a_file_that_one_deleted_and_the_other_changed():
    merged = merge({"a.txt": b"1"}, {}, {"a.txt": b"2"}, READING)
    assert [(each.reason, each.ours) for each in merged.conflicts] == [(Reason.CHANGED, ABSENT)]
    assert merge({"a.txt": b"1"}, {"a.txt": b"1"}, {}, READING) == Merged({"a.txt": None}, [])


def test_two_items_at_one_place_of_a_list_conflict_where_its_order_may_mean_something():
    base = b"settings:\n  dns: {value: [a, b]}\n"
    merged = one(base, base.replace(b"b]", b"b, c]"), base.replace(b"b]", b"b, d]"))
    assert [each.reason for each in merged.conflicts] == [Reason.ORDER]


LAYER = b"layers:\n  edge:\n    rules:\n      - {name: z, from: any, to: any, service: any, action: drop}\n"
RULE = b"    rules:\n      - {name: %s, from: [%s], to: any, service: any, action: %s}\n"
WEB, MAIL = RULE % (b"web", b"web", b"accept"), RULE % (b"mail", b"mail", b"drop")


@pytest.mark.parametrize(("web", "conflicts"), [(b"10.0.0.1", 0), (b"10.0.0.2", 1)])
@pytest.mark.parametrize("turned", [False, True])
def test_whether_two_new_rules_meet_is_judged_by_what_either_side_says_of_their_objects(web, conflicts, turned):
    known = b"hosts: {web: 10.0.0.1, mail: 10.0.0.2}\n"
    base = {"objects/policy.yaml": LAYER, "objects/hosts.yaml": known}
    ours = {"objects/policy.yaml": LAYER.replace(b"    rules:\n", WEB)}
    ours["objects/more.yaml"] = known.replace(b"web: 10.0.0.1", b"web: " + web)  # a file that the other does not have
    theirs = base | {"objects/policy.yaml": LAYER.replace(b"    rules:\n", MAIL)}
    one, other = (theirs, ours) if turned else (ours, theirs)
    assert len(merge(base, one, other, READING).conflicts) == conflicts
