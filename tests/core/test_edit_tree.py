"""What a file should hold after its edits, as plain values."""

import pytest

from mha.core import places
from mha.core.edit_tree import Emptied, Remove, Replace, expected, gathered
from mha.core.places import Place

TEXT = "a: [1, {b: 2, c: 3}]\nd: {e: [4]}\n---\n[]\n"
VALUES = [{"a": [1, {"b": 2, "c": 3}], "d": {"e": [4]}}, []]


def after(*edits):
    return expected(VALUES, gathered(places.of(TEXT.encode(), TEXT), edits))


def place(*path, document=0, is_key=False):
    return Place(document, path, is_key)


GOES = Emptied.GOES
OUTCOMES = {
    "nothing is asked for": ([], VALUES),
    "a value": ([Replace(place("a", 0), "x")], [{"a": ["x", {"b": 2, "c": 3}], "d": {"e": [4]}}, []]),
    "a key, in its place": (
        [Replace(place("a", is_key=True), "x")],
        [{"x": [1, {"b": 2, "c": 3}], "d": {"e": [4]}}, []],
    ),
    "a key and what is below it": (
        [Replace(place("d", "e", 0), "y"), Replace(place("d", is_key=True), "x")],
        [{"a": [1, {"b": 2, "c": 3}], "x": {"e": ["y"]}}, []],
    ),
    "two entries go": ([Remove(place("a", 0)), Remove(place("a", 1, "b"))], [{"a": [{"c": 3}], "d": {"e": [4]}}, []]),
    "an emptied collection stays": ([Remove(place("d", "e", 0))], [{"a": [1, {"b": 2, "c": 3}], "d": {"e": []}}, []]),
    "an emptied collection goes": ([Remove(place("d", "e", 0), GOES)], [{"a": [1, {"b": 2, "c": 3}]}, []]),
    "one who wants it to stay is enough": (
        [Remove(place("a", 1, "b"), GOES), Remove(place("a", 1, "c"))],
        [{"a": [1, {}], "d": {"e": [4]}}, []],
    ),
    "so is one who says so for the same entry": (
        [Remove(place("d", "e", 0), GOES), Remove(place("d", "e", 0))],
        [{"a": [1, {"b": 2, "c": 3}], "d": {"e": []}}, []],
    ),
    "what is removed need not be replaced": (
        [Replace(place("d", "e", 0), "x"), Remove(place("d"))],
        [{"a": [1, {"b": 2, "c": 3}]}, []],
    ),
    "a document goes": ([Remove(place())], [[]]),
    "the last document goes": ([Remove(place()), Remove(place(document=1))], []),
}


@pytest.mark.parametrize(("edits", "values"), OUTCOMES.values(), ids=OUTCOMES)
def test_what_is_expected(edits, values):
    assert repr(after(*edits)) == repr(after(*reversed(edits))) == repr(values)


ABSENT = [
    Replace(place("x"), "y"),
    Replace(place("a", 2), "y"),
    Replace(place("a", "0"), "y"),
    Replace(place("a", 0, "b"), "y"),
    Replace(place(document=2), "y"),
    Replace(place("a"), "y"),
    Replace(place("a", 0, is_key=True), "y"),
    Replace(place(is_key=True), "y"),
    Remove(place("d", "f")),
    Remove(place(document=2)),
]


@pytest.mark.parametrize("edit", ABSENT)
def test_an_edit_of_what_is_not_there_is_an_error(edit):
    with pytest.raises(LookupError):
        after(edit)


def test_two_texts_for_one_value_are_an_error():
    with pytest.raises(AssertionError):
        after(Replace(place("a", 0), "x"), Replace(place("a", 0), "y"))
