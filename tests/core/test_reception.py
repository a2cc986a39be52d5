"""What a peer may run here, and which references it may move: literals, and nothing near them."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.reception import Command, Update, command, outcome, outcome_in, refusal, updates

HOME = "/srv/mha"
ALLOWED = {
    "git-upload-pack '/srv/mha/mha.git'": Command.SEND,
    "git-upload-pack '/srv/mha/mha.git/'": Command.SEND,
    "git upload-pack '/srv/mha/mha.git'": Command.SEND,
    "git upload-pack '/srv/mha/mha.git/'": Command.SEND,
    "git-receive-pack '/srv/mha/mha.git'": Command.RECEIVE,
    "git-receive-pack '/srv/mha/mha.git/'": Command.RECEIVE,
    "git receive-pack '/srv/mha/mha.git'": Command.RECEIVE,
    "git receive-pack '/srv/mha/mha.git/'": Command.RECEIVE,
}


@pytest.mark.parametrize(("wanted", "expected"), ALLOWED.items())
def test_a_peer_may_fetch_and_push(wanted, expected):
    assert command(wanted, HOME) is expected


REFUSED = [
    "", "sh", "id", "git-upload-pack", "git-upload-archive '/srv/mha/mha.git'", "git-upload-pack /srv/mha/mha.git",
    "git-upload-pack '/srv/mha'", "git-upload-pack '/srv/other/mha.git'", "git-upload-pack '/srv/mha/mha.git/../x'",
    "git-upload-pack '/srv/mha/./mha.git'", "git-upload-pack '/srv//mha/mha.git'", "git-upload-pack 'mha.git'",
    "git-upload-pack --strict '/srv/mha/mha.git'", "git-upload-pack '/srv/mha/mha.git'; id",
    "git-upload-pack '/srv/mha/mha.git' && id", "id; git-upload-pack '/srv/mha/mha.git'",
    "git-upload-pack '/srv/mha/mha.git'\nid", " git-upload-pack '/srv/mha/mha.git'",
    "git  upload-pack '/srv/mha/mha.git'", 'git-upload-pack "/srv/mha/mha.git"', "GIT-UPLOAD-PACK '/srv/mha/mha.git'",
    "mha-upload-pack '/srv/mha/mha.git'", "git-upload-pack '/srv/mha/mha.git//'", "git-upload-pack '$HOME/mha.git'",
]  # fmt: skip


@pytest.mark.parametrize("wanted", REFUSED)
def test_nothing_else_is_run_for_a_peer(wanted):
    assert command(wanted, HOME) is None


def test_one_character_more_less_or_other_is_not_the_command():
    for allowed in ALLOWED:
        for place, other in product(range(len(allowed) + 1), ["", *" '\"`$;&|\n\t\0\\/-.ax"]):
            for rest in (allowed[place:], allowed[place + 1 :]):
                wanted = allowed[:place] + other + rest
                assert (command(wanted, HOME) is None) == (wanted not in ALLOWED), wanted


@given(wanted=st.text())
@settings(deadline=None)
def test_arbitrary_text_is_no_command(wanted):
    assert command(wanted, HOME) is None


A, B, ZERO = "a" * 40, "b" * 40, "0" * 40
LISTINGS = {
    "nothing": ([], []),
    "a move": ([f"{A} {B} refs/heads/main"], [Update(A, B, "refs/heads/main")]),
    "several": (
        [f"{A} {B} refs/heads/main", f"{ZERO} {B} refs/mha/keep/{B}"],
        [Update(A, B, "refs/heads/main"), Update(ZERO, B, f"refs/mha/keep/{B}")],
    ),
    "ids of all digits": (
        [f"{ZERO} {'0123456789abcdef' * 2}01234567 refs/heads/main"],
        [Update(ZERO, f"{'0123456789abcdef' * 2}01234567", "refs/heads/main")],
    ),
    "an empty line": ([""], None),
    "too few parts": ([f"{A} {B}"], None),
    "too many parts": ([f"{A} {B} refs/heads/main x"], None),
    "short ids": (["aa bb refs/heads/main"], None),
    "ids of another hash": ([f"{'a' * 64} {'b' * 64} refs/heads/main"], None),
    "ids in capitals": ([f"{A.upper()} {B} refs/heads/main"], None),
    "other digits": ([f"{A[:-1]}٣ {B} refs/heads/main"], None),
    "one bad line among good ones": ([f"{A} {B} refs/heads/main", "?"], None),
}


@pytest.mark.parametrize(("lines", "expected"), LISTINGS.values(), ids=LISTINGS)
def test_updates_are_read_as_git_lists_them_or_not_at_all(lines, expected):
    assert updates(lines) == expected


@given(lines=st.lists(st.text() | st.lists(st.sampled_from([A, B, ZERO, "x", ""]), max_size=4).map(" ".join)))
@settings(deadline=None)
def test_every_listing_that_is_read_says_what_its_lines_say(lines):
    found = updates(lines)
    assert found is None or [f"{one.old} {one.new} {one.name}" for one in found] == lines


DELETED, NEVER_MOVES, NOT_RECEIVED = (
    "Nothing is ever deleted here.",
    "A kept side is named by its own id, and never moves.",
    "Only main and kept sides are received.",
)
REFUSALS = {
    "main moves": (Update(A, B, "refs/heads/main"), None),
    "main is made": (Update(ZERO, B, "refs/heads/main"), None),
    "main is deleted": (Update(A, ZERO, "refs/heads/main"), DELETED),
    "a side is kept": (Update(ZERO, B, f"refs/mha/keep/{B}"), None),
    "a kept side moves": (Update(A, B, f"refs/mha/keep/{B}"), NEVER_MOVES),
    "a side is kept under another's name": (Update(ZERO, B, f"refs/mha/keep/{A}"), NEVER_MOVES),
    "a side is kept below another": (Update(ZERO, B, f"refs/mha/keep/{B}/x"), NEVER_MOVES),
    "a kept side is deleted": (Update(B, ZERO, f"refs/mha/keep/{B}"), DELETED),
    "another branch": (Update(ZERO, B, "refs/heads/other"), NOT_RECEIVED),
    "a branch below main": (Update(ZERO, B, "refs/heads/main/x"), NOT_RECEIVED),
    "main in capitals": (Update(ZERO, B, "refs/heads/Main"), NOT_RECEIVED),
    "a tag": (Update(ZERO, B, "refs/tags/v1"), NOT_RECEIVED),
    "what current/ serves": (Update(A, B, "refs/mha/current"), NOT_RECEIVED),
    "a draft": (Update(ZERO, B, "refs/mha/drafts/1"), NOT_RECEIVED),
    "who answers here": (Update(A, B, "refs/mha/server/fw-a"), NOT_RECEIVED),
    "HEAD": (Update(A, B, "HEAD"), NOT_RECEIVED),
}


@pytest.mark.parametrize(("update", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_which_references_a_peer_may_move(update, expected):
    assert refusal(update) == expected


ONE, OTHER = "1" * 40, "2" * 40


def test_a_receivers_word_is_heard_among_whatever_else_was_written():
    said = f"remote: Resolving deltas\rTo /srv/mha\n{outcome(ONE, OTHER)}\nerror: failed to push some refs\n"
    assert outcome_in(said) == (ONE, OTHER)


@pytest.mark.parametrize("end", range(1, len(outcome(ONE, OTHER))))
def test_a_receivers_word_that_was_cut_off_is_none(end):
    assert outcome_in(outcome(ONE, OTHER)[:end]) is None


def test_the_last_word_counts():
    assert outcome_in(outcome(ONE, ONE) + outcome(OTHER, OTHER)) == (OTHER, OTHER)
