"""May the Active mode move now, and what could be lost by it: tables, and all combinations of them."""

from itertools import combinations_with_replacement, permutations, product

import pytest

from mha.core.changeover import Other, can_be_asked, reasons_against, risks
from mha.core.record import Record
from mha.core.standing import Sync

A_ACTIVE = Record(42, 3, "fw-a", "fw-a")
NONE_ACTIVE = Record(42, 4, None, "fw-a")  # fw-a gave the mode up
B_GAVE_UP = Record(42, 4, None, "fw-b")
SEEN = "2026-11-23T10:00:00+00:00"

# fw-b is to become the Active. What each other server, by how it stands, has against it:
#                          fw-a, which must accept      fw-c, known as seen last    fw-c, seen with unknown revisions
AGAINST = """
    synchronized         | nothing                   | nothing                    | nothing
    lagging              | nothing                   | nothing                    | nothing
    advanced             | has revisions             | has revisions              | has revisions
    collision            | is a collision            | is a collision             | is a collision
    never synchronized   | cannot be reached         | nothing                    | nothing
    not communicating    | cannot be reached         | nothing                    | which is not known here
    sync error           | answers with an error     | nothing                    | which is not known here
    excluded             | cannot be reached         | nothing                    | nothing
"""
COLUMNS = [("fw-a", True), ("fw-c", True), ("fw-c", False)]
TABLE = {
    (Sync(state), name, known): "" if words == "nothing" else words
    for state, *cells in ([cell.strip() for cell in line.split("|")] for line in AGAINST.split("\n") if line.strip())
    for (name, known), words in zip(COLUMNS, cells, strict=True)
}


def other(name, sync, *, known=True):
    return Other(name, sync, detail="disk full", last_revision=41, last_seen=SEEN, last_known_here=known)


@pytest.mark.parametrize(("sync", "name", "known"), TABLE)
def test_what_one_server_has_against_a_planned_changeover(sync, name, known):
    others = [other("fw-a", Sync.SYNCHRONIZED), other("fw-c", Sync.SYNCHRONIZED)]
    others[name == "fw-c"] = other(name, sync, known=known)

    found = reasons_against("fw-b", A_ACTIVE, others)

    words = TABLE[sync, name, known]
    assert len(found) == bool(words)
    assert all(words in reason and reason.startswith(f"{name} ") and reason.endswith(".") for reason in found)


def test_every_server_gives_its_own_reason():
    for a_state, c_state, known in product(Sync, Sync, [True, False]):
        one, two = TABLE[a_state, "fw-a", True], TABLE[c_state, "fw-c", known]
        found = reasons_against("fw-b", A_ACTIVE, [other("fw-a", a_state), other("fw-c", c_state, known=known)])
        assert len(found) == bool(one) + bool(two), (a_state, c_state, known)


REASONS = {
    "the Active is silent": (
        other("fw-a", Sync.SILENT), "fw-a must accept, but it cannot be reached: disk full."
    ),
    "the Active never answered": (
        Other("fw-a", Sync.NEVER), "fw-a must accept, but it cannot be reached: it has no home yet."
    ),
    "the Active answers with an error": (
        other("fw-a", Sync.ERROR), "fw-a must accept, but it answers with an error: disk full."
    ),
    "the Active has diverged": (
        other("fw-a", Sync.COLLISION), "fw-a has published on top of an older revision: that is a collision."
    ),
    "the Active has more": (
        other("fw-a", Sync.ADVANCED), "fw-a has revisions that could not be taken from it."
    ),
}  # fmt: skip


@pytest.mark.parametrize(("active", "reason"), REASONS.values(), ids=REASONS)
def test_the_reasons_are_sentences(active, reason):
    assert reasons_against("fw-b", A_ACTIVE, [active]) == [reason]


def test_the_reason_of_a_server_with_unknown_revisions_names_the_last_that_it_was_seen_at():
    others = [other("fw-a", Sync.SYNCHRONIZED), other("fw-c", Sync.SILENT, known=False)]
    assert reasons_against("fw-b", A_ACTIVE, others) == ["fw-c was last seen at revision 41, which is not known here."]


def test_where_nobody_is_active_the_server_that_gave_the_mode_up_must_accept():
    others = [other("fw-a", Sync.SILENT), other("fw-c", Sync.SYNCHRONIZED)]
    assert reasons_against("fw-b", NONE_ACTIVE, others) == ["fw-a must accept, but it cannot be reached: disk full."]


def test_the_server_that_gave_the_mode_up_takes_it_again_without_asking():
    others = [other("fw-a", Sync.SILENT), other("fw-c", Sync.NEVER)]
    assert reasons_against("fw-b", B_GAVE_UP, others) == []
    assert not can_be_asked(B_GAVE_UP, others)


def test_a_server_that_must_accept_but_is_not_listed_any_more_is_a_reason():
    assert reasons_against("fw-b", A_ACTIVE, [other("fw-c", Sync.SYNCHRONIZED)]) == [
        "fw-a must accept, but it is not a server of this cluster any more."
    ]


def test_a_planned_changeover_always_has_a_server_that_can_be_asked_or_decides_itself():
    for record, syncs in product([A_ACTIVE, NONE_ACTIVE, B_GAVE_UP], product(Sync, repeat=2)):
        others = [other(name, sync) for name, sync in zip(["fw-a", "fw-c"], syncs, strict=True)]
        if not reasons_against("fw-b", record, others):
            assert can_be_asked(record, others) != (record.switch_point == "fw-b")


def test_a_silent_server_of_which_nothing_is_known_is_no_reason():
    assert reasons_against("fw-b", A_ACTIVE, [other("fw-a", Sync.LAGGING), Other("fw-c", Sync.SILENT)]) == []


@pytest.mark.parametrize("sync", Sync)
def test_the_switch_point_is_asked_when_it_answers_and_holds_nothing_more(sync):
    others = [other("fw-a", sync), other("fw-c", Sync.SYNCHRONIZED)]
    assert can_be_asked(A_ACTIVE, others) == (sync in (Sync.SYNCHRONIZED, Sync.LAGGING))


SINCE = "what it published since is not here, and would be a collision."
BEYOND = "what it may hold beyond that is not here, and would be a collision."
RISKS = {
    "the Active is silent": (
        other("fw-a", Sync.SILENT), f"fw-a (Active) was last seen at revision 41 at {SEEN}: {SINCE}"
    ),
    "the Active answers with an error": (
        other("fw-a", Sync.ERROR), f"fw-a (Active) was last seen at revision 41 at {SEEN}: {SINCE}"
    ),
    "the Active was never heard here": (
        Other("fw-a", Sync.NEVER), f"fw-a (Active) was last seen at no revision: {SINCE}"
    ),
    "a Standby is silent": (
        other("fw-c", Sync.SILENT), f"fw-c was last seen at revision 41 at {SEEN}: {BEYOND}"
    ),
    "a Standby has more": (
        other("fw-c", Sync.ADVANCED), f"fw-c was last seen at revision 41 at {SEEN}: {BEYOND}"
    ),
    "a server has diverged": (
        other("fw-a", Sync.COLLISION), "fw-a has diverged: its side is kept, and remains a collision."
    ),
}  # fmt: skip


@pytest.mark.parametrize(("out", "risk"), RISKS.values(), ids=RISKS)
def test_what_a_forced_changeover_puts_at_risk(out, risk):
    assert risks("fw-b", A_ACTIVE, [out, other("fw-d", Sync.SYNCHRONIZED)]) == [risk]


def test_nothing_is_at_risk_with_servers_whose_revisions_are_all_here():
    others = [other("fw-a", Sync.LAGGING), other("fw-c", Sync.SYNCHRONIZED), other("fw-d", Sync.NEVER)]
    assert risks("fw-b", A_ACTIVE, others) == []


def test_a_reason_to_refuse_is_a_known_risk_of_forcing_it():
    for a_state, c_state, known in product(Sync, Sync, [True, False]):
        others = [other("fw-a", a_state), other("fw-c", c_state, known=known)]
        refused = {reason.split()[0] for reason in reasons_against("fw-b", A_ACTIVE, others)}
        assert refused <= {risk.split()[0] for risk in risks("fw-b", A_ACTIVE, others)}


def test_the_order_of_the_servers_changes_nothing_but_the_order_of_the_sentences():
    for states in combinations_with_replacement(Sync, 3):
        others = [other(name, sync) for name, sync in zip(["fw-a", "fw-c", "fw-d"], states, strict=True)]
        for shuffled in permutations(others):
            for decide in (reasons_against, risks):
                assert sorted(decide("fw-b", A_ACTIVE, shuffled)) == sorted(decide("fw-b", A_ACTIVE, others))
