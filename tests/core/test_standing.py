"""How a peer stands, the banner and the next step: tables, and all combinations against sets of revisions."""

import re
from itertools import chain, combinations_with_replacement, product

import pytest

from mha.core.record import Record
from mha.core.standing import (
    Banner,
    Memory,
    Mode,
    PeerStanding,
    Sight,
    Sync,
    banner,
    judge,
    mode_of,
    next_step,
    unheard,
)

HEAD = "1" * 40
KNOWN = Memory(head=HEAD, revision=5)
STANDINGS = {
    # what was seen                                             and remembered  is called
    "equal heads": (Sight(True, head=HEAD), Memory(), Sync.SYNCHRONIZED),
    "it lacks two revisions": (Sight(True, head=HEAD, behind=2), Memory(), Sync.LAGGING),
    "it has two more": (Sight(True, head=HEAD, ahead=2), Memory(), Sync.ADVANCED),
    "each has what the other lacks": (Sight(True, head=HEAD, ahead=1, behind=2), Memory(), Sync.COLLISION),
    "it holds nothing": (Sight(True), Memory(), Sync.NEVER),
    "it holds nothing any more": (Sight(True), KNOWN, Sync.NEVER),
    "no answer, and none before": (Sight(False, fault="no route"), Memory(), Sync.NEVER),
    "no answer, but one before": (Sight(False, fault="no route"), KNOWN, Sync.SILENT),
    "its history is refused": (Sight(True, fault="It begins another history.", head=HEAD), KNOWN, Sync.ERROR),
    "another answers in its place": (Sight(True, fault="fw-x answers there"), Memory(), Sync.ERROR),
    "it is excluded": (Sight(False, fault="its disk is replaced", excluded=True), KNOWN, Sync.EXCLUDED),
    "a fault outweighs what was counted": (Sight(True, fault="?", head=HEAD, ahead=1, behind=1), KNOWN, Sync.ERROR),
}


@pytest.mark.parametrize(("sight", "memory", "expected"), STANDINGS.values(), ids=STANDINGS)
def test_how_a_peer_stands(sight, memory, expected):
    assert judge(sight, memory) == expected


# Six revisions: 3a and 3b were published on top of 2, and 5 resolves that collision.
PARENTS = {"1": (), "2": ("1",), "3a": ("2",), "3b": ("2",), "4a": ("3a",), "5": ("4a", "3b")}


def history(head):
    """The revisions that a head reaches."""
    return {head}.union(*map(history, PARENTS[head]))


@pytest.mark.parametrize(("ours", "theirs"), [*product(PARENTS, repeat=2)])
def test_a_standing_is_a_relation_of_two_sets_of_revisions(ours, theirs):
    we, they = history(ours), history(theirs)
    sight = Sight(True, head=theirs, ahead=len(they - we), behind=len(we - they))

    relation = {
        Sync.SYNCHRONIZED: they == we,
        Sync.LAGGING: they < we,
        Sync.ADVANCED: they > we,
        Sync.COLLISION: not they <= we and not they >= we,
    }

    assert [sync for sync, holds in relation.items() if holds] == [judge(sight, Memory())]


@pytest.mark.parametrize(("sight", "memory", "expected"), STANDINGS.values(), ids=STANDINGS)
def test_what_is_done_about_a_peer_follows_from_how_it_stands(sight, memory, expected):
    done = (sight.equal, sight.wanting, sight.further, sight.diverged)
    assert done == tuple(expected is sync for sync in (Sync.SYNCHRONIZED, Sync.LAGGING, Sync.ADVANCED, Sync.COLLISION))


def test_a_peer_that_does_not_serve_its_head_wants_a_push():
    assert Sight(True, head=HEAD, current="2" * 40).wanting
    assert not Sight(True, head=HEAD, current="2" * 40, ahead=1).wanting


@pytest.mark.parametrize(("ours", "theirs"), [*product(PARENTS, repeat=2)])
def test_two_servers_that_see_each_other_agree(ours, theirs):
    we, they = history(ours), history(theirs)
    mirrored = {Sync.LAGGING: Sync.ADVANCED, Sync.ADVANCED: Sync.LAGGING}
    from_here = judge(Sight(True, head=theirs, ahead=len(they - we), behind=len(we - they)), Memory())
    from_there = judge(Sight(True, head=ours, ahead=len(we - they), behind=len(they - we)), Memory())
    assert from_there == mirrored.get(from_here, from_here)


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("fw-a", Record(5, 3, "fw-a", "fw-b"), Mode.ACTIVE),
        ("fw-b", Record(5, 3, "fw-a", "fw-b"), Mode.STANDBY),
        ("fw-b", Record(5, 3, None, "fw-b"), Mode.STANDBY),
        ("fw-a", None, Mode.UNKNOWN),
    ],
)
def test_a_server_has_the_mode_that_its_own_head_gives_it(name, record, expected):
    assert mode_of(name, record) == expected


def test_the_words_for_modes_and_standings_are_a_contract_with_scripts():
    assert [*Mode] == ["active", "standby", "unknown"]
    assert [*Sync] == [
        *["synchronized", "lagging", "advanced", "collision"],
        *["never synchronized", "not communicating", "sync error", "excluded"],
    ]


BANNERS = {
    # how the peers stand                                   Active  own fault  kept sides  the banner
    "all is well": ([Sync.SYNCHRONIZED], "a", False, False, Banner.DONE),
    "a server alone": ([], "a", False, False, Banner.DONE),
    "nobody is Active": ([Sync.SYNCHRONIZED], None, False, False, Banner.NO_ACTIVE),
    "one lags, and nobody is Active": ([Sync.LAGGING], None, False, False, Banner.LAGGING),
    "one has more": ([Sync.ADVANCED, Sync.SYNCHRONIZED], "a", False, False, Banner.LAGGING),
    "one of two is silent": ([Sync.SILENT, Sync.SYNCHRONIZED], "a", False, False, Banner.LAGGING),
    "all are silent": ([Sync.SILENT, Sync.SILENT], "a", False, False, Banner.SILENT),
    "all that ever joined are silent": ([Sync.SILENT, Sync.NEVER], "a", False, False, Banner.SILENT),
    "none has joined yet": ([Sync.NEVER], "a", False, False, Banner.LAGGING),
    "one answers with an error": ([Sync.SILENT, Sync.ERROR], "a", False, False, Banner.LAGGING),
    "a fault here, and all are silent": ([Sync.SILENT], "a", True, False, Banner.FAULT),
    "a collision, and a fault here": ([Sync.COLLISION], "a", True, False, Banner.COLLISION),
    "a collision with one that is silent now": ([Sync.SILENT], "a", False, True, Banner.COLLISION),
    "one is excluded": ([Sync.EXCLUDED, Sync.SYNCHRONIZED], "a", False, False, Banner.DONE),
    "the only peer is excluded": ([Sync.EXCLUDED], "a", False, False, Banner.LAGGING),
    "all that take part are silent": ([Sync.EXCLUDED, Sync.SILENT], "a", False, False, Banner.SILENT),
    "a collision among others": ([Sync.SYNCHRONIZED, Sync.COLLISION], "a", False, False, Banner.COLLISION),
}


def test_a_peer_whose_readers_lag_behind_its_head_is_no_success():
    assert banner([Sync.SYNCHRONIZED], active="fw-a", unserved=True) == Banner.LAGGING
    assert banner([Sync.COLLISION], active="fw-a", unserved=True) == Banner.COLLISION
    found = next_step(
        name="fw-a",
        record=Record(3, 1, "fw-a", "fw-a"),
        peers=[PeerStanding("fw-b", Sync.SYNCHRONIZED, serving=False)],
        found=Banner.LAGGING,
        draft_changes=0,
    )
    assert found == "Run `mha sync`: fw-b holds the head but does not serve it. If it stays so, `mha repair` there."


@pytest.mark.parametrize(("syncs", "active", "own_fault", "kept_sides", "expected"), BANNERS.values(), ids=BANNERS)
def test_the_banner(syncs, active, own_fault, kept_sides, expected):
    assert banner(syncs, active=active, own_fault=own_fault, kept_sides=kept_sides) == expected


def test_a_banner_needs_no_more_than_the_peers_and_the_active():
    assert banner([Sync.SYNCHRONIZED], active="fw-a") == Banner.DONE


SITUATIONS = [  # all sets of up to three peers, in all standings
    (list(syncs), active, own_fault, kept_sides)
    for syncs in chain.from_iterable(combinations_with_replacement(Sync, count) for count in range(4))
    for active, own_fault, kept_sides in product(["a", None], [False, True], [False, True])
]


def test_the_banner_is_the_first_in_the_documented_order_that_applies():
    for syncs, active, own_fault, kept_sides in SITUATIONS:
        asked = [sync for sync in syncs if sync != "excluded"]
        unheard = [sync for sync in asked if sync in ("not communicating", "never synchronized")]
        applies = {
            "Collision or HA conflict": "collision" in syncs or kept_sides,
            "Communication Problem": own_fault,
            "Not communicating": asked == unheard and "not communicating" in syncs,
            "Some servers could not be synchronized": set(syncs) - {"synchronized", "excluded"}
            or (syncs and set(syncs) == {"excluded"}),
            "No server is Active": active is None,
            "Successfully synchronized": True,
        }
        expected = next(words for words, holds in applies.items() if holds)
        assert banner(syncs, active=active, own_fault=own_fault, kept_sides=kept_sides) == expected, (syncs, active)


def test_the_order_of_the_peers_does_not_matter():
    for syncs, active, own_fault, kept_sides in SITUATIONS:
        one = banner(syncs, active=active, own_fault=own_fault, kept_sides=kept_sides)
        assert banner(syncs[::-1], active=active, own_fault=own_fault, kept_sides=kept_sides) == one


A, B, C = "fw-a", "fw-b", "fw-c"
A_ACTIVE, NONE_ACTIVE = Record(5, 3, A, A), Record(6, 4, None, A)
FINE, SILENT, NEVER = Sync.SYNCHRONIZED, Sync.SILENT, Sync.NEVER


def step(name, record, syncs, *, draft_changes=0, fault="", kept_sides=False):
    """The next step on a server, as its status would name it."""
    peers = [PeerStanding(peer, sync) for peer, sync in syncs.items()]
    found = banner(list(syncs.values()), active=record.active, own_fault=bool(fault), kept_sides=kept_sides)
    return next_step(name=name, record=record, peers=peers, found=found, draft_changes=draft_changes, fault=fault)


FORCE = "fw-a, the Active, does not answer. If it is down, run `mha promote --force` here."
ALONE = "No peer answers: see to the network. Publish only if no other server was made Active meanwhile."
PROMOTE = "No server is Active: run `mha promote` on the server that shall be."
COLLISION = "Both sides are kept. `mha collision` shows them, `mha resolve` ends it."
STEPS = {
    # seen from, its head, how the peers stand: what to do
    "all is well, on the Active": (A, A_ACTIVE, {B: FINE}, "Edit the files in work/, then `mha publish`."),
    "all is well, on a Standby": (B, A_ACTIVE, {A: FINE}, "Edit and publish on fw-a."),
    "a Standby lags": (A, A_ACTIVE, {B: Sync.LAGGING, C: SILENT}, "Run `mha sync`."),
    "another server has more": (A, A_ACTIVE, {B: Sync.ADVANCED, C: Sync.ERROR}, "Run `mha sync`."),
    "an error": (A, A_ACTIVE, {B: Sync.ERROR, C: SILENT}, "See to fw-b: the detail says what is wrong."),
    "the only Standby is silent": (A, A_ACTIVE, {C: SILENT}, ALONE),
    "all Standbys are silent": (A, A_ACTIVE, {B: SILENT, C: SILENT}, ALONE),
    "one of the Standbys is silent": (
        A, A_ACTIVE, {B: FINE, C: SILENT}, "See to fw-c and the link there, then run `mha sync`."
    ),
    "servers have not joined": (
        A, A_ACTIVE, {B: NEVER, C: NEVER}, "Run `mha join` on fw-b, fw-c, or see to the link where that is done."
    ),
    "the Active is silent": (B, A_ACTIVE, {A: SILENT, C: FINE}, FORCE),
    "the Active is silent, and all others": (B, A_ACTIVE, {A: SILENT, C: SILENT}, FORCE),
    "the Active was never heard here": (B, A_ACTIVE, {A: NEVER, C: FINE}, FORCE),
    "nobody is Active": (
        B, NONE_ACTIVE, {A: FINE, C: FINE}, "Run `mha promote` on the server that shall be Active."
    ),
    "nobody is Active, and a Standby is silent": (B, NONE_ACTIVE, {A: FINE, C: SILENT}, PROMOTE),
    "nobody is Active, seen by who gave the mode up": (A, NONE_ACTIVE, {B: SILENT}, PROMOTE),
    "nobody is Active, and who gave the mode up is off": (B, NONE_ACTIVE, {A: SILENT, C: FINE}, (
        "No server is Active, and fw-a, which made the last revision, does not answer. "
        "If it is down, run `mha promote --force` on the server that shall be."
    )),
    "a collision": (B, A_ACTIVE, {A: Sync.COLLISION, C: SILENT}, COLLISION),
}  # fmt: skip


@pytest.mark.parametrize(("name", "record", "syncs", "expected"), STEPS.values(), ids=STEPS)
def test_the_next_step(name, record, syncs, expected):
    assert step(name, record, syncs) == expected


def test_the_next_step_with_a_draft():
    assert step(A, A_ACTIVE, {B: FINE}, draft_changes=2) == "Look at the draft with `mha diff`, then `mha publish`."


def test_the_next_step_in_a_collision_that_no_peer_shows_now():
    assert step(A, A_ACTIVE, {B: SILENT}, kept_sides=True) == COLLISION


def test_the_next_step_where_the_store_here_is_damaged():
    found = step(A, A_ACTIVE, {B: SILENT}, fault="Object 123 is missing.")
    assert found == "This server needs care: Object 123 is missing. Run `mha verify`, then `mha repair`."


def outlooks():
    """All that one of up to four servers can see, and what it is told to do then."""
    for name, others in product([A, B, C], range(1, 4)):
        peers = [peer for peer in [A, B, C, "fw-d"] if peer != name][:others]
        for states, active, server in product(product(Sync, repeat=others), [A, B, None], [A, B]):
            if {active or name, server} <= {name, *peers}:
                record, syncs = Record(5, 3, active, server), dict(zip(peers, states, strict=True))
                yield name, record, syncs, step(name, record, syncs)


def test_the_next_step_is_a_sentence_and_names_only_servers_there_are():
    for name, _, syncs, sentence in outlooks():
        assert sentence.endswith(".")
        assert "None" not in sentence
        assert set(re.findall(r"fw-\w", sentence)) <= {name, *syncs}


def test_force_is_advised_only_while_the_server_that_decides_does_not_answer():
    for _, record, syncs, sentence in outlooks():
        if "--force" in sentence:
            assert syncs[record.active or record.server] in (SILENT, NEVER)
            assert "If it is down" in sentence


def test_publishing_is_advised_without_a_warning_only_on_the_active_and_when_all_is_well():
    for name, record, syncs, sentence in outlooks():
        if "`mha publish`" in sentence:
            assert record.active == name
            assert set(syncs.values()) <= {FINE, Sync.EXCLUDED}
            assert FINE in syncs.values()
        if "Edit and publish on" in sentence:
            assert sentence == f"Edit and publish on {record.active}."
            assert record.active != name


def test_a_look_and_nothing_else_is_advised_during_a_collision():
    for _, _, syncs, sentence in outlooks():
        assert (sentence == COLLISION) == (Sync.COLLISION in syncs.values())


def test_a_promotion_is_advised_while_nobody_is_active():
    for _, record, syncs, sentence in outlooks():
        if record.active is None and Sync.COLLISION not in syncs.values():
            assert "`mha promote" in sentence


def test_nobody_is_told_to_join_on_the_active():
    for _, record, _, sentence in outlooks():
        assert "`mha join`" not in sentence or str(record.active) not in sentence


@pytest.mark.parametrize(
    ("sight", "memory", "restored", "expected"),
    [
        (Sight(True, head="a" * 40), Memory(head="a" * 40), False, False),
        (Sight(False), Memory(head="a" * 40), False, True),
        (Sight(True, fault="refused", head="a" * 40), Memory(head="a" * 40), False, True),  # its answer is of no use
        (Sight(True), Memory(head="a" * 40), False, True),  # it has lost what it held
        (Sight(False), Memory(), False, False),  # it never joined: it knows of no changeover
        (Sight(False), Memory(), True, True),  # a restored server has seen nobody
        (Sight(True, head="a" * 40), Memory(), True, False),
    ],
)
def test_which_peers_do_not_tell_whether_this_server_was_superseded(sight, memory, restored, expected):
    assert unheard(sight, memory, restored=restored) is expected
