"""The six invariants of the design, as far as pure decisions can keep or break them.

Each is a law over all combinations, or over any that Hypothesis finds, against
sets of revisions, names and files that know nothing of the rules.
"""

import unicodedata
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.changeover import Other, can_be_asked, reasons_against, risks
from mha.core.changes import Entry, FileType, problems, twins
from mha.core.reception import Update, refusal
from mha.core.record import Record, first
from mha.core.standing import Memory, Mode, Sight, Sync, judge, mode_of
from mha.core.succession import Kind, Refusal, Revision
from mha.core.succession import judge as judge_succession

SERVERS = frozenset("abc")


def followers(*parents):
    """All revisions near some parents, right and wrong, that are admitted after them."""
    number, epoch = (max(getattr(p.record, name) for p in parents) for name in ("revision", "epoch"))
    for step, rise, active, server, files in product(range(-1, 3), range(-1, 3), [*"abcd", None], "abcd", ["1", "2"]):
        child = Revision(Record(number + step, epoch + rise, active, server), files, SERVERS)
        verdict = judge_succession(parents, child, diverged=True)
        if not isinstance(verdict, Refusal):
            yield child, verdict


HEADS = [Revision(Record(5, 3, active, server), "1", SERVERS) for active, server in product([*"abc", None], "abc")]


def test_invariant_1_main_only_ever_moves_forward():
    for one, other in product(HEADS, repeat=2):
        further = other._replace(record=other.record._replace(revision=7))
        for parents in ([one], [one, further]):
            for child, _ in followers(*parents):
                assert child.record.revision > max(parent.record.revision for parent in parents)
                assert child.record.epoch >= max(parent.record.epoch for parent in parents)


def test_invariant_1_no_peer_deletes_or_moves_anything_but_main():
    ids = ["0" * 40, "a" * 40, "b" * 40]
    names = ["refs/heads/main", "refs/mha/keep/", "refs/mha/current", "refs/mha/drafts/1", "refs/heads/x", "HEAD"]
    updates = [Update(old, new, name + end) for old, new, name, end in product(ids, ids, names, ["", *ids])]
    admitted = [update for update in updates if refusal(update) is None]
    moved = {update.name for update in admitted if update.old != "0" * 40}
    made = {update.name for update in admitted if update.old == "0" * 40}
    assert moved == {"refs/heads/main"}
    assert made == {"refs/heads/main", f"refs/mha/keep/{'a' * 40}", f"refs/mha/keep/{'b' * 40}"}
    assert all(update.new != "0" * 40 for update in admitted)


def test_invariant_2_only_the_server_that_its_own_head_names_active_publishes():
    for head in HEADS:
        publishers = {child.record.server for child, kind in followers(head) if kind is Kind.PUBLISH}
        assert publishers == {name for name in "abcd" if mode_of(name, head.record) is Mode.ACTIVE}
        assert len(publishers) == (head.record.active is not None)


STEPS = st.tuples(
    st.sampled_from([1, 1, 1, 0, 2]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([*"abcd", None]),
    st.sampled_from("abcd"),
    st.sampled_from(["1", "2", "3"]),
)


@given(steps=st.lists(STEPS, max_size=60))
@settings(deadline=None)
def test_invariant_3_the_mode_moves_only_in_changeovers_and_files_change_only_between_them(steps):
    head = Revision(first("a"), "1", SERVERS)
    publishers: dict[int, set[str]] = {}
    for number, rise, active, server, files in steps:
        record = Record(head.record.revision + number, head.record.epoch + rise, active, server)
        child = Revision(record, files, SERVERS)
        verdict = judge_succession([head], child, diverged=True)
        if isinstance(verdict, Refusal):
            continue
        moved, changed = record.active != head.record.active, child.files != head.files
        assert (moved, verdict) == (record.epoch > head.record.epoch, Kind.CHANGEOVER if moved else Kind.PUBLISH)
        assert not (moved and changed)
        if not moved:
            publishers.setdefault(record.epoch, set()).add(record.server)
        head = child
    assert all(len(names) == 1 for names in publishers.values()), "one server publishes in an epoch"


# Revisions 3a and 3b were published on top of 2; 5 resolves that collision.
PARENTS = {"1": (), "2": ("1",), "3a": ("2",), "3b": ("2",), "4a": ("3a",), "5": ("4a", "3b")}
HISTORIES: dict[str, frozenset[str]] = {}
for _head, _parents in PARENTS.items():
    HISTORIES[_head] = frozenset({_head}).union(*(HISTORIES[parent] for parent in _parents))


def seen_from(ours, head, *, answered):
    """A peer at `head`, counted with sets."""
    if not answered:
        return Sight(answered=False)
    we, they = HISTORIES[ours], HISTORIES[head]
    return Sight(answered=True, head=head, ahead=len(they - we), behind=len(we - they))


def test_invariant_4_main_follows_a_peer_only_where_nothing_published_is_left_behind():
    for ours, theirs in product(PARENTS, repeat=2):
        sync = judge(seen_from(ours, theirs, answered=True), Memory())
        if sync is Sync.ADVANCED:  # main moves to their head
            assert HISTORIES[ours] < HISTORIES[theirs]
        elif sync in (Sync.SYNCHRONIZED, Sync.LAGGING):  # their head needs no pin here
            assert HISTORIES[theirs] <= HISTORIES[ours]
        else:
            assert sync is Sync.COLLISION


def worlds():
    """The Active a and the Standby c, each with a head, an earlier contact or none, and a link or none."""
    peers = [
        (head, seen, answered)
        for head, seen, answered in product(PARENTS, [None, *PARENTS], [True, False])
        if seen is None or HISTORIES[seen] <= HISTORIES[head]  # main moves only forward
    ]
    return product(PARENTS, peers, peers)


def test_invariant_4_a_planned_changeover_leaves_no_revision_behind_that_is_known_of():
    planned = 0
    for ours, *peers in worlds():
        others = [
            Other(
                name,
                judge(seen_from(ours, head, answered=answered), Memory(head=seen)),
                last_known_here=seen is None or seen in HISTORIES[ours],
            )
            for name, (head, seen, answered) in zip("ac", peers, strict=True)
        ]
        if reasons_against("b", Record(5, 3, "a", "a"), others):
            continue
        planned += 1
        (active_head, _, active_answered), _ = peers
        assert active_answered
        assert HISTORIES[active_head] <= HISTORIES[ours]
        for head, seen, answered in peers:
            known = head if answered else seen
            assert known is None or HISTORIES[known] <= HISTORIES[ours]
    assert planned > 100


def folded(path):
    """How a file system that knows neither case nor composition tells names apart."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


PATHS = st.lists(st.sampled_from(["a", "A", "é", "e\u0301", ".git", "..", "", "x\n"]), min_size=1, max_size=3).map(
    "/".join
)


@given(paths=st.sets(PATHS, max_size=6))
@settings(deadline=None, max_examples=300)
def test_invariant_5_every_file_of_a_revision_has_a_place_of_its_own_in_current_on_any_file_system(paths):
    kept = {path for path in paths if not problems([Entry(path.encode(), FileType.FILE, 1)])}
    kept = {path for path in kept if not any(other.startswith(f"{path}/") for other in kept)}  # so a tree is
    if twins(kept):
        return
    places = [folded(path) for path in kept]
    assert len(set(places)) == len(kept)
    assert not any(other.startswith(f"{place}/") for place, other in product(places, repeat=2))
    assert not any(part in ("", ".", "..", ".git") for place in places for part in place.split("/"))


TIMES = st.sampled_from(
    ["", "1970-01-01T00:00:00+00:00", "2026-11-23T10:00:00+00:00", "9999-12-31T23:59:59+14:00", "?"]
)


@given(times=st.lists(TIMES, min_size=6, max_size=6))
@settings(deadline=None, max_examples=30)
def test_invariant_6_no_time_that_was_noted_changes_a_decision(times):
    for answered, head, ahead, behind, known in product([True, False], ["2", None], [0, 1], [0, 1], ["2", None]):
        sight = Sight(answered, head=head, ahead=ahead, behind=behind)
        noted = [Memory("", known, 5, seen, synchronized) for seen, synchronized in zip(times, times[3:], strict=False)]
        assert {judge(sight, memory) for memory in noted} == {judge(sight, Memory("", known, 5))}
    record = Record(5, 3, "a", "a")
    for syncs in product(Sync, repeat=2):
        others = [Other(name, sync, last_revision=4) for name, sync in zip("ac", syncs, strict=True)]
        later = [other._replace(last_seen=time) for other, time in zip(others, times, strict=False)]
        assert reasons_against("b", record, later) == reasons_against("b", record, others)
        assert can_be_asked(record, later) == can_be_asked(record, others)
        assert len(risks("b", record, later)) == len(risks("b", record, others))
