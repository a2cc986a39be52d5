"""What every revision's message says about authority: made and read, whatever people write above it."""

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core.record import MalformedRecord, Record, cleaned, compose, first, parse, subject, words
from mha.errors import ControlCharacters, NotUtf8

RECORD = Record(revision=42, epoch=3, active="fw-a", server="fw-b")
WHOLE = "Mha-Revision: 42\nMha-Epoch: 3\nMha-Active: fw-a\nMha-Server: fw-b\n"


def test_the_record_is_a_paragraph_of_its_own_at_the_end():
    assert compose("Open HTTPS", RECORD) == f"Open HTTPS\n\n{WHOLE}"


def test_no_active_server_is_written_as_none():
    assert "Mha-Active: none\n" in compose("Demote", Record(7, 2, None, "fw-a"))


READ = {
    "a composed message": (f"Why\n\n{WHOLE}", RECORD),
    "the record alone": (WHOLE, RECORD),
    "no words": (f"\n\n{WHOLE}", RECORD),
    "no line break at the end": (f"Why\n\n{WHOLE}".rstrip(), RECORD),
    "more line breaks at the end": (f"Why\n\n{WHOLE}\n\n\n", RECORD),
    "more line breaks before it": (f"Why\n\n\n\n{WHOLE}", RECORD),
    "the trailers in another order": (
        "Mha-Server: fw-b\nMha-Active: fw-a\nMha-Epoch: 3\nMha-Revision: 42\n",
        RECORD,
    ),
    "a trailer of a newer mha among them": (
        f"Why\n\nMha-Signed-By: x\n{WHOLE}Mha-Witness: y\nMha-Witness: z\n",
        RECORD,
    ),
    "other people's trailers among them": (f"Why\n\n{WHOLE}Signed-off-by: Jana Doe <jana@example.org>\n", RECORD),
    "nobody Active": (f"Why\n\n{WHOLE}".replace("Active: fw-a", "Active: none"), Record(42, 3, None, "fw-b")),
    "another record in the words": (f"Why\n\n{WHOLE.replace('42', '7')}\n{WHOLE}", RECORD),
    "no trailer": ("Why\n\nBecause of this.\n", None),
    "an empty message": ("", None),
    "trailers in the words only": (f"Why\n\n{WHOLE}\nAnd more words.\n", None),
    "a word that only looks like a trailer": ("Why\n\nMha-Revision:42\n mha-epoch: 3\nMha-Active fw-a\n", None),
    "only trailers of a newer mha": ("Why\n\nMha-Witness: y\n", None),
}


@pytest.mark.parametrize(("message", "expected"), READ.values(), ids=READ)
def test_a_record_is_read_from_the_last_paragraph_alone(message, expected):
    assert parse(message) == expected


MALFORMED = {
    "no revision": WHOLE.replace("Mha-Revision: 42\n", ""),
    "no epoch": WHOLE.replace("Mha-Epoch: 3\n", ""),
    "no Active": WHOLE.replace("Mha-Active: fw-a\n", ""),
    "no server": WHOLE.replace("Mha-Server: fw-b\n", ""),
    "one trailer alone": "Mha-Server: fw-b\n",
    "a revision twice": WHOLE + "Mha-Revision: 42\n",
    "two Actives": WHOLE + "Mha-Active: fw-c\n",
    "an empty value": WHOLE.replace("fw-a", ""),
    "a blank value": WHOLE.replace("fw-a", "  "),
    "revision 0": WHOLE.replace("42", "0"),
    "a negative revision": WHOLE.replace("42", "-1"),
    "a padded number": WHOLE.replace("42", "042"),
    "a fraction": WHOLE.replace("42", "4.2"),
    "another script's digits": WHOLE.replace("42", "٤٢"),
    "a number beyond 64 bits": WHOLE.replace("42", "9" * 19),
    "a space after the number": WHOLE.replace("42", "42 "),
    "two names": WHOLE.replace("fw-a", "fw-a fw-b"),
    "a no-break space in a name": WHOLE.replace("fw-a", "fw-a\xa0"),
    "CRLF line ends": WHOLE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("record", MALFORMED.values(), ids=MALFORMED)
def test_a_record_that_is_not_whole_is_malformed(record):
    with pytest.raises(MalformedRecord):
        parse(f"Why\n\n{record}")


WORDS = {
    "Mha-Epoch is not a number: ''.": WHOLE.replace("Mha-Epoch: 3\n", ""),
    "Mha-Epoch is not a number: '03'.": WHOLE.replace("3", "03"),
    "Mha-Server is not a server's name: ''.": WHOLE.replace("Mha-Server: fw-b\n", ""),
    "Mha-Server stands twice.": WHOLE + "Mha-Server: fw-b\n",
}


@pytest.mark.parametrize(("words", "record"), WORDS.items())
def test_a_malformed_record_says_which_trailer_is_wrong(words, record):
    with pytest.raises(MalformedRecord) as caught:
        parse(record)
    assert str(caught.value) == words


def test_git_reads_the_record_as_trailers_too():
    message = compose("Why\n\nMha-Revision: 7\n\nMore: words", RECORD)
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"], input=message, capture_output=True, text=True, check=True
    )
    assert done.stdout == WHOLE


def test_the_records_of_a_history():
    began = first("fw-a")
    published = began.publish()
    moved = published.changeover(active="fw-b", server="fw-b")
    given_up = moved.changeover(active=None, server="fw-b")
    assert [began, published, moved, moved.publish(), given_up] == [
        Record(1, 1, "fw-a", "fw-a"),
        Record(2, 1, "fw-a", "fw-a"),
        Record(3, 2, "fw-b", "fw-b"),
        Record(4, 2, "fw-b", "fw-b"),
        Record(4, 3, None, "fw-b"),
    ]


def test_the_active_is_the_switch_point_else_the_server_that_made_the_head():
    assert (RECORD.switch_point, Record(7, 2, None, "fw-c").switch_point) == ("fw-a", "fw-c")


def test_the_subject_is_the_first_line_of_the_words():
    assert subject(compose("\n  Open HTTPS\nfor the shop\n\nAsked for by sales.\n", RECORD)) == "Open HTTPS"


def test_the_words_of_a_message_without_a_record_are_all_of_it():
    assert words("Why\n\nMha-Witness: y\n") == "Why\n\nMha-Witness: y"


# What people and programs write: any text, and lines that could be taken for the record or for its separator.
LINES = st.sampled_from(
    [*WHOLE.splitlines(), "", " ", "\r", "Mha-Revision: 7\r", "Mha-Epoch: x", "Mha-Active:", "-- ", "#", "Fixes: 1"]
)
TEXTS = st.text() | st.lists(LINES | st.text(max_size=8)).map("\n".join) | st.lists(LINES).map("\r\n".join)
NAMES = st.sampled_from(["a", "fw-a", "fw-b.example.org", "x" * 63])
RECORDS = st.builds(
    Record,
    revision=st.integers(1, 10**18 - 1),
    epoch=st.integers(1, 10**18 - 1),
    active=st.none() | NAMES,
    server=NAMES,
)


@given(text=TEXTS, record=RECORDS)
@example(text="Why\n\n" + WHOLE, record=RECORD)
@example(text=WHOLE.replace("\n", "\r\n"), record=RECORD)
@example(text="", record=RECORD)
@example(text="\x85Why\u2028\n\n \n\n", record=RECORD)
@settings(deadline=None)
def test_whatever_people_write_both_the_words_and_the_record_are_read_back(text, record):
    message = compose(text, record)
    assert (parse(message), words(message)) == (record, text.strip())


@given(message=TEXTS)
@settings(deadline=None, max_examples=300)
def test_any_message_has_a_record_or_none_or_a_malformed_one(message):
    try:
        found = parse(message)
    except MalformedRecord:
        return
    if found is None:
        assert words(message) == message.strip()
    else:
        assert set(compose("", found).split("\n")) <= {*message.split("\n"), ""}


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("why", "why"),
        ("  why\r\nbecause\r\n", "why\nbecause"),
        ("a\tb", "a\tb"),
        ("Größe → ändern", "Größe → ändern"),
        (" ", ""),
    ],
)
def test_words_are_recorded_with_plain_line_ends(typed, recorded):
    assert cleaned(typed, "message") == recorded


@pytest.mark.parametrize("typed", ["\x1b[2J", "a\0b", "\u202eabc", "bell\a"])
def test_words_that_would_control_a_terminal_are_refused(typed):
    with pytest.raises(ControlCharacters):
        cleaned(typed, "message")


def test_words_in_another_encoding_are_refused():
    with pytest.raises(NotUtf8, match=r"The message is not UTF-8\."):
        cleaned(b"Ren\xe9".decode("utf-8", "surrogateescape"), "message")
