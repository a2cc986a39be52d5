"""Which revisions may follow which: a table, and all combinations against rules that are spelled out a second time."""

from itertools import product

import pytest

from mha.core.record import Record
from mha.core.succession import Kind, Refusal, Revision, judge

ABC = frozenset("abc")


def revision(number, epoch, active, server, *, files="tree 1", servers=ABC):
    return Revision(Record(number, epoch, active, server), files, frozenset(servers))


A_IS = revision(5, 3, "a", "a")  # a is Active
NONE_IS = revision(5, 3, None, "a")  # a has given the mode up
UNLISTED = "d would be Active, but mha.yaml does not list it."
ELSEWHERE = "A publish does not move the Active mode: that takes a changeover."
NOBODY = "No server is Active since revision 5: nobody may publish."
MOVES = "A changeover moves the Active mode."
NOT_ITS_OWN = "may hand over only what it has, and take over only for itself."
AFTER_ONE = {
    # what happens: before, then (number, epoch, Active, made by), the verdict
    "the Active publishes": (A_IS, revision(6, 3, "a", "a", files="tree 2"), Kind.PUBLISH),
    "the Active publishes the same files": (A_IS, revision(6, 3, "a", "a"), Kind.PUBLISH),
    "the Active removes a server": (A_IS, revision(6, 3, "a", "a", files="tree 2", servers="ab"), Kind.PUBLISH),
    "the Active removes itself": (
        A_IS,
        revision(6, 3, "a", "a", files="tree 2", servers="bc"),
        "a would be Active, but mha.yaml does not list it.",
    ),
    "a Standby publishes": (A_IS, revision(6, 3, "a", "b"), "b may not publish: a is Active at epoch 3."),
    "a Standby publishes as if Active": (A_IS, revision(6, 3, "b", "b"), "b may not publish: a is Active at epoch 3."),
    "a publish names another Active": (A_IS, revision(6, 3, "b", "a", files="tree 2"), ELSEWHERE),
    "a publish leaves nobody Active": (A_IS, revision(6, 3, None, "a", files="tree 2"), ELSEWHERE),
    "a publish skips a number": (A_IS, revision(7, 3, "a", "a"), "Revision 6 comes next, not 7."),
    "a publish repeats a number": (A_IS, revision(5, 3, "a", "a"), "Revision 6 comes next, not 5."),
    "somebody publishes while nobody is Active": (NONE_IS, revision(6, 3, None, "a"), NOBODY),
    "who gave the mode up publishes": (NONE_IS, revision(6, 3, "a", "a"), NOBODY),
    "the Active hands over": (A_IS, revision(6, 4, "b", "a"), Kind.CHANGEOVER),
    "the Active gives the mode up": (A_IS, revision(6, 4, None, "a"), Kind.CHANGEOVER),
    "a Standby takes over": (A_IS, revision(6, 4, "b", "b"), Kind.CHANGEOVER),
    "who gave the mode up takes it again": (NONE_IS, revision(6, 4, "a", "a"), Kind.CHANGEOVER),
    "any listed server takes what nobody has": (NONE_IS, revision(6, 4, "c", "c"), Kind.CHANGEOVER),
    "the Active takes over from itself": (A_IS, revision(6, 4, "a", "a"), MOVES),
    "what nobody has is given up": (NONE_IS, revision(6, 4, None, "a"), MOVES),
    "a changeover changes files": (A_IS, revision(6, 4, "b", "b", files="tree 2"), "A changeover changes no file."),
    "a third server moves the mode": (A_IS, revision(6, 4, "b", "c"), f"c {NOT_ITS_OWN}"),
    "a Standby ends the Active's mode": (A_IS, revision(6, 4, None, "b"), f"b {NOT_ITS_OWN}"),
    "what nobody has is handed over": (NONE_IS, revision(6, 4, "b", "a"), f"a {NOT_ITS_OWN}"),
    "the mode goes to a server that is not listed": (A_IS, revision(6, 4, "d", "a"), UNLISTED),
    "a server that is not listed takes over": (A_IS, revision(6, 4, "d", "d"), UNLISTED),
    "a stranger ends the mode": (A_IS, revision(6, 4, None, "d"), "d is not a server of this cluster."),
    "a changeover skips a number": (A_IS, revision(7, 4, "b", "b"), "Revision 6 comes next, not 7."),
    "a changeover skips an epoch": (A_IS, revision(6, 5, "b", "b"), "Epoch 3 or 4 comes next, not 5."),
    "an epoch comes back": (A_IS, revision(6, 2, "a", "a"), "Epoch 3 or 4 comes next, not 2."),
}


@pytest.mark.parametrize(("before", "after", "expected"), AFTER_ONE.values(), ids=AFTER_ONE)
def test_what_may_follow_one_revision(before, after, expected):
    verdict = judge([before], after, diverged=True)
    assert verdict == (expected if isinstance(expected, Kind) else Refusal(expected))


BEGINNINGS = {
    "the first server is Active": (revision(1, 1, "a", "a"), Kind.INIT),
    "it is the only one": (revision(1, 1, "a", "a", servers="a"), Kind.INIT),
    "another is Active": (revision(1, 1, "a", "b"), "The server that makes the first revision is Active."),
    "nobody is Active": (revision(1, 1, None, "a"), "The server that makes the first revision is Active."),
    "revision 2": (revision(2, 1, "a", "a"), "A history begins with revision 1 at epoch 1, not 2 at 1."),
    "epoch 2": (revision(1, 2, "a", "a"), "A history begins with revision 1 at epoch 1, not 1 at 2."),
    "the server is not listed": (revision(1, 1, "d", "d"), UNLISTED),
}


@pytest.mark.parametrize(("beginning", "expected"), BEGINNINGS.values(), ids=BEGINNINGS)
def test_what_may_begin_a_history(beginning, expected):
    verdict = judge([], beginning, diverged=True)
    assert verdict == (expected if isinstance(expected, Kind) else Refusal(expected))


# A collision: a published revision 8 at epoch 3; b took over at epoch 4, is at revision 7, and does not list c.
A_SIDE, B_SIDE = revision(8, 3, "a", "a"), revision(7, 4, "b", "b", files="tree 2", servers="ab")
RESOLUTIONS = {
    "a keeps its side": (revision(9, 5, "a", "a"), Kind.RESOLUTION),
    "a keeps b's side": (revision(9, 5, "b", "a", files="tree 2", servers="ab"), Kind.RESOLUTION),
    "c, listed on one side, merges": (revision(9, 5, "b", "c", files="tree 3"), Kind.RESOLUTION),
    "c keeps the side without it": (revision(9, 5, "b", "c", files="tree 2", servers="ab"), Kind.RESOLUTION),
    "c makes d Active": (revision(9, 5, "d", "c", files="tree 2", servers="ab"), UNLISTED),
    "nobody becomes Active": (revision(9, 5, None, "b", files="tree 2", servers="ab"), Kind.RESOLUTION),
    "a stranger lists itself": (revision(9, 5, "d", "d", servers="abcd"), "d is not a server of this cluster."),
    "the epoch stays": (revision(9, 4, "a", "a"), "A resolution raises the epoch to 5, not 4."),
    "the epoch jumps": (revision(9, 6, "a", "a"), "A resolution raises the epoch to 5, not 6."),
    "the number is that after the shorter side": (revision(8, 5, "b", "b"), "Revision 9 comes next, not 8."),
}


@pytest.mark.parametrize(("after", "expected"), RESOLUTIONS.values(), ids=RESOLUTIONS)
@pytest.mark.parametrize("sides", [[A_SIDE, B_SIDE], [B_SIDE, A_SIDE]], ids=["a first", "b first"])
def test_what_may_follow_diverged_heads(sides, after, expected):
    verdict = judge(sides, after, diverged=True)
    assert verdict == (expected if isinstance(expected, Kind) else Refusal(expected))


def test_a_merge_of_heads_that_did_not_diverge_is_no_resolution():
    verdict = judge([revision(8, 3, "a", "a"), revision(7, 3, "a", "a")], revision(9, 4, "b", "b"), diverged=False)
    assert verdict == Refusal("A resolution merges heads that diverged, and these did not.")


def kinds_spelled_out(parents, child, diverged):
    """The same rules once more: a revision is of each kind of which everything holds."""
    new = child.record
    [number, epoch, active] = [[getattr(p.record, name) for p in parents] for name in ("revision", "epoch", "active")]
    listed = {name for parent in parents for name in parent.servers}
    rules = {
        Kind.INIT: [
            len(parents) == 0,
            new.revision == new.epoch == 1,
            new.server == new.active,
        ],
        Kind.PUBLISH: [
            len(parents) == 1,
            [new.revision - 1] == number,
            [new.epoch] == epoch,
            [new.server] == [new.active] == active,
        ],
        Kind.CHANGEOVER: [
            len(parents) == 1,
            [new.revision - 1] == number,
            [new.epoch - 1] == epoch,
            [child.files] == [parent.files for parent in parents],
            [new.active] != active,
            new.server in listed,
            new.server in [new.active, *active],
        ],
        Kind.RESOLUTION: [
            len(parents) >= 2,
            diverged,
            new.revision - 1 == max([0, *number]),
            new.epoch - 1 == max([0, *epoch]),
            new.server in listed,
        ],
    }
    return {kind for kind, rule in rules.items() if all(rule) and new.active in {*child.servers, None}}


def kinds_judged(families, children, diverged):
    """Judge all combinations, compare each verdict with the rules above, and return the kinds that came up."""
    seen: set[Kind | None] = set()
    for parents, child, apart in product(families, children, diverged):
        verdict, expected = judge(parents, child, diverged=apart), kinds_spelled_out(parents, child, apart)
        assert ({verdict} & set(Kind)) == expected, (parents, child, apart)
        if isinstance(verdict, Refusal):
            assert verdict.reason.endswith(".")
            assert "None" not in verdict.reason
        seen |= expected or {None}
    return seen


def revisions(*, numbers, epochs, actives, servers, files=("tree 1",), lists):
    return [
        Revision(Record(number, epoch, active, server), tree, frozenset(listed))
        for number, epoch, active, server, tree, listed in product(numbers, epochs, actives, servers, files, lists)
    ]


def test_all_single_parents_and_children_are_judged_as_spelled_out():
    parents = revisions(numbers=[5], epochs=[3], actives=["a", "b", None], servers="ab", lists=["ab", "abc"])
    children = revisions(
        numbers=[4, 5, 6, 7],
        epochs=[2, 3, 4, 5],
        actives=["a", "b", "c", None],
        servers="abc",
        files=["tree 1", "tree 2"],
        lists=["ab", "abc", "bc"],
    )
    assert kinds_judged([[parent] for parent in parents], children, [True]) == {Kind.PUBLISH, Kind.CHANGEOVER, None}


def test_all_beginnings_are_judged_as_spelled_out():
    children = revisions(numbers=[1, 2], epochs=[1, 2], actives=["a", "b", None], servers="ab", lists=["a", "ab"])
    assert kinds_judged([[]], children, [True, False]) == {Kind.INIT, None}


def test_all_merges_are_judged_as_spelled_out():
    sides = revisions(numbers=[5, 7], epochs=[3, 4], actives=["a", None], servers="a", lists=["ab", "ac"])
    children = revisions(
        numbers=[6, 7, 8], epochs=[4, 5], actives=["a", "b", None], servers="abcd", lists=["ab", "abc"]
    )
    families = [*map(list, product(sides, repeat=2)), sides[::5]]
    assert kinds_judged(families, children, [True, False]) == {Kind.RESOLUTION, None}


def test_the_words_for_kinds_are_a_contract_with_scripts():
    assert [*Kind] == ["init", "publish", "changeover", "resolution"]


@pytest.mark.parametrize("before", [A_IS, NONE_IS, revision(9, 9, "c", "b")])
def test_what_the_verbs_make_is_admitted(before):
    record = before.record
    publishes = [record.publish()] if record.active else []
    handovers = [record.changeover(active=to, server=record.active) for to in (*ABC, None) if record.active]
    takeovers = [record.changeover(active=name, server=name) for name in ABC]
    moves = [made for made in [*handovers, *takeovers] if made.active != record.active]

    kinds = [judge([before], Revision(made, before.files, ABC), diverged=True) for made in [*publishes, *moves]]

    assert kinds == [Kind.PUBLISH] * len(publishes) + [Kind.CHANGEOVER] * len(moves)
