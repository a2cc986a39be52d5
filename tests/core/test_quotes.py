"""Quotes: another text is written as the old one was, if it can be, and is read as that text in any case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.edits import replaced
from mha.core.places import Place
from tests.core.edit_oracle import values

STAYS = {
    "plain": ("a: b  # c\n", ("a",), "web-02", "a: web-02  # c\n"),
    "plain with a space": ("a: b\n", ("a",), "two words", "a: two words\n"),
    "plain with a colon": ("a: b\n", ("a",), "layer:dmz", "a: layer:dmz\n"),
    "plain with a comma, outside of brackets": ("a: b\n", ("a",), "b, c", "a: b, c\n"),
    "plain, an address": ("a: b\n", ("a",), "10.0.0.1", "a: 10.0.0.1\n"),
    "plain, a date": ("a: b\n", ("a",), "2026-01-31", "a: 2026-01-31\n"),
    "plain with letters of other scripts": ("a: b\n", ("a",), "Bürö 日本", "a: Bürö 日本\n"),
    "plain over two lines": ("a: b\n  c  # d\n", ("a",), "e", "a: e  # d\n"),
    "single quotes": ("a: 'b'\n", ("a",), "c", "a: 'c'\n"),
    "single quotes around a single quote": ("a: 'b'\n", ("a",), "it's", "a: 'it''s'\n"),
    "single quotes over two lines": ("a: ['b\n  c' , d]\n", ("a", 0), "e", "a: ['e' , d]\n"),
    "double quotes": ('a: "b"\n', ("a",), "10", 'a: "10"\n'),
    "double quotes around what needs escapes": ('a: "b"\n', ("a",), 'c"\\\n\u202e', 'a: "c\\"\\\\\\n\\u202e"\n'),
    "block text": ("a: |  # b\n   c\n   d\n\ne: f\n", ("a",), "g\n\n h\n", "a: |  # b\n   g\n\n    h\n\ne: f\n"),
    "block text with CRLF": ("a: |\r\n  b\r\nc: d\r\n", ("a",), "e\nf\n", "a: |\r\n  e\r\n  f\r\nc: d\r\n"),
    "block text, whose end is no line break now": ("a: |\n  b\nc: d\n", ("a",), "e", "a: |-\n  e\nc: d\n"),
    "block text, whose end is a line break now": ("a: |-\n  b\nc: d\n", ("a",), "e\n", "a: |\n  e\nc: d\n"),
    "block text that keeps its end": ("a: |+\n  b\n\nc: d\n", ("a",), "e\n", "a: |+\n  e\nc: d\n"),
    "block text that keeps its end now": ("a: |\n  b\nc: d\n", ("a",), "e\n\n", "a: |+\n  e\n\nc: d\n"),
    "block text whose end is that of the file": ("a: |+\n  b", ("a",), "c", "a: |+\n  c"),
    "block text at the end of a file without a line break": ("a: |-\n  b", ("a",), "c\n", "a: |\n  c\n"),
    "folded text": ("a: >-\n  b\n  c\nd: e\n", ("a",), "f g\nh", "a: >-\n  f g\n\n  h\nd: e\n"),
    "an anchor that nobody repeats": ("a: &x b\n", ("a",), "c", "a: &x c\n"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "path", "text", "after"), STAYS.values(), ids=STAYS)
def test_the_style_stays(before, path, text, after):
    assert replaced(before.encode(), Place(0, path), text) == after.encode()


CHANGES = {
    "a word that readers dispute": ("a: b\n", ("a",), "no", 'a: "no"\n'),
    "a word that is no text": ("a: b\n", ("a",), "null", 'a: "null"\n'),
    "no text": ("a: b\n", ("a",), "", 'a: ""\n'),
    "a number": ("a: b\n", ("a",), "443", 'a: "443"\n'),
    "a number that readers dispute": ("a: b\n", ("a",), "022", 'a: "022"\n'),
    "a number of base 60": ("a: b\n", ("a",), "22:22", 'a: "22:22"\n'),
    "a number becomes a text": ("a: 443\n", ("a",), "80", 'a: "80"\n'),
    "a colon and a space": ("a: b\n", ("a",), "b: c", 'a: "b: c"\n'),
    "a comment": ("a: b\n", ("a",), "b #c", 'a: "b #c"\n'),
    "a comma in brackets": ("a: [b]\n", ("a", 0), "b, c", 'a: ["b, c"]\n'),
    "a question mark in brackets": ("a: [b]\n", ("a", 0), "b?", 'a: ["b?"]\n'),
    "a dash in front": ("a: b\n", ("a",), "- b", 'a: "- b"\n'),
    "a star in front": ("a: b\n", ("a",), "*b", 'a: "*b"\n'),
    "spaces at the ends": ("a: b\n", ("a",), " b ", 'a: " b "\n'),
    "a double quote in front": ("a: b\n", ("a",), '"b" c', "a: '\"b\" c'\n"),
    "a line break": ("a: b\n", ("a",), "b\nc", 'a: "b\\nc"\n'),
    "a line break in single quotes": ("a: 'b'\n", ("a",), "b\nc", 'a: "b\\nc"\n'),
    "a whole document that would start one": ("b\n", (), "--- c", '"--- c"\n'),
    "block text that would hide": ("a: |  # b\n  c\nd: e\n", ("a",), "f\u202e", 'a: "f\\u202e"  # b\nd: e\n'),
    "block text that starts with a space": ("a: |\n  c\nd: e\n", ("a",), " f\n", 'a: " f\\n"\nd: e\n'),
    "block text with an indentation of its own": ("a: |1\n  c\nd: e\n", ("a",), "f", 'a: "f"\nd: e\n'),
    "folded text with a line behind a space": ("a: >\n  c\nd: e\n", ("a",), "f\n g\n", 'a: "f\\n g\\n"\nd: e\n'),
    "an alias": ("a: &x b\nc: [*x , d]\n", ("c", 0), "e", "a: &x b\nc: [e , d]\n"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "path", "text", "after"), CHANGES.values(), ids=CHANGES)
def test_the_style_changes_only_where_it_must(before, path, text, after):
    assert replaced(before.encode(), Place(0, path), text) == after.encode()


NOTHING = {
    "behind a colon": ("a:\nb: c\n", ("a",), "a: d\nb: c\n"),
    "before a comment": ("a: # x\nb: c\n", ("a",), "a: d # x\nb: c\n"),
    "behind a dash": ("a:\n-\n- b\n", ("a", 0), "a:\n- d\n- b\n"),
    "behind an anchor": ("a: &x\nb: c\n", ("a",), "a: &x d\nb: c\n"),
    "in brackets": ("{a: , b: c}\n", ("a",), "{a: d , b: c}\n"),
    "in brackets, without a colon": ("{a, b: c}\n", ("a",), "{a: d, b: c}\n"),
    "in a document of its own": ("---\n---  # x\n", (), "--- d\n---  # x\n"),
    "written out": ("a: ~\n", ("a",), "a: d\n"),
}


@pytest.mark.parametrize(("before", "path", "after"), NOTHING.values(), ids=NOTHING)
def test_a_text_is_put_where_nothing_is(before, path, after):
    assert replaced(before.encode(), Place(0, path), "d") == after.encode()


KEYS = {
    "plain": ("a: b\n", "c", "c: b\n"),
    "quoted": ("'a' : b\n", "c d", "'c d' : b\n"),
    "explicit": ("? a\n: b\n", "c", "? c\n: b\n"),
    "in brackets": ("{a: b}\n", "c,d", '{"c,d": b}\n'),
    "a number": ("a: b\n", "12", '"12": b\n'),
    "a text instead of a number": ("7: b\n", "c", "c: b\n"),
    "with an anchor": ("&x a: b\n", "c", "&x c: b\n"),
    "what starts a document": ("a: b\n", "--- c", '"--- c": b\n'),
}


@pytest.mark.parametrize(("before", "text", "after"), KEYS.values(), ids=KEYS)
def test_a_key_is_replaced_in_its_style(before, text, after):
    step = values(before.encode())[0].popitem()[0]
    assert replaced(before.encode(), Place(0, (step,), is_key=True), text) == after.encode()


FORMS = [
    "a: b\n",
    "a: 'b'\n",
    'a: "b"\n',
    "a: |\n  b\n",
    "a: >-\n  b\nc: d\n",
    "a:\n",
    "a: b\n  c",
    "{a: b}\n",
    "{a}\n",
]


@settings(deadline=None, max_examples=400)
@given(
    st.text(max_size=20) | st.text(" -:#'\"\\,[]{}?|>&*!%@`ab1\n\t\r\u202e\ufeff", max_size=8), st.sampled_from(FORMS)
)
def test_any_text_can_be_written_in_any_form(text, form):
    outcome = replaced(form.encode(), Place(0, ("a",)), text)
    assert isinstance(outcome, bytes)
    assert values(outcome)[0]["a"] == text
