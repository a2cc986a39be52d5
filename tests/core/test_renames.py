"""Renames by their looks: the same bytes as an edit by places, or none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.edit_tree import Edit, Remove, Replace
from mha.core.edits import edited
from mha.core.places import Place
from mha.core.reader import read
from mha.core.renames import guessed
from mha.core.scalars import Unreadable
from tests.core.edit_oracle import at, values, ways
from tests.core.yaml_texts import texts


def renamed(text: str, *paths: tuple[str | int, ...], new: str = "web-02") -> bytes | None:
    data = text.encode()
    return guessed(data, read(data), [Replace(Place(0, path), new) for path in paths])


PLAIN = {
    "one place": ("a: web-01  # b\n", [("a",)], "a: web-02  # b\n"),
    "several": ("a: [web-01, 'web-01']\r\n", [("a", 0), ("a", 1)], "a: [web-02, 'web-02']\r\n"),
    "block text": ("a: >-\n  web-01\n", [("a",)], "a: >-\n  web-02\n"),
    "beside longer names": ("[web-01, web-011, my-web-01]\n", [(0,)], "[web-02, web-011, my-web-01]\n"),
    "beside a key": ("a: web-01\nweb-01: b\n", [("a",)], "a: web-02\nweb-01: b\n"),
    "asked for twice": ("a: web-01\n", [("a",), ("a",)], "a: web-02\n"),
}


@pytest.mark.parametrize(("before", "paths", "after"), PLAIN.values(), ids=PLAIN)
def test_a_plain_rename_is_seen(before, paths, after):
    assert renamed(before, *paths) == after.encode()


NOT_PLAIN = {
    "a comment has the name, too": ("a: web-01  # web-01\n", [("a",)]),
    "a comment has it instead": ('a: "web\\x2d01"  # web-01\n', [("a",)]),
    "another value has it, too": ("a: web-01\nb: web-01\n", [("a",)]),
    "another value has it instead": ('a: "web\\x2d01"\nb: web-01\n', [("a",)]),
    "an alias stands for it": ("a: &x web-01\nb: *x\n# web-01\n", [("a",), ("b",)]),
    "it is asked for twice, and a comment has it, too": ("a: web-01  # web-01\n", [("a",), ("a",)]),
    "a part of a longer text": ("a: see web-01\n", [("a",)]),
    "a number": ("a: 12\n", [("a",)]),
    "no such place": ("a: [web-01]\n", [("a", -1)]),
    "a whole document": ("web-01\n", [()]),
    "nothing to do": ("a: web-01\n", []),
}


@pytest.mark.parametrize(("before", "paths"), NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_a_rename_that_is_not_plain_is_left_alone(before, paths):
    assert renamed(before, *paths) is None


@pytest.mark.parametrize("new", ["no", "1.5", "a b", "", "it's", "web-02\n"])
def test_a_name_that_cannot_be_plain_is_left_alone(new):
    assert renamed("a: web-01\n", ("a",), new=new) is None


def test_two_renames_removals_and_keys_are_left_alone():
    data = b"a: web-01\nb: web-03\n"
    one, other = Replace(Place(0, ("a",)), "web-02"), Replace(Place(0, ("b",)), "web-04")
    key = Replace(Place(0, ("a",), is_key=True), "web-02")
    tries: list[list[Edit]] = [[one, other], [one, Remove(Place(0, ("b",)))], [key]]
    for edits in tries:
        assert guessed(data, read(data), edits) is None


@settings(deadline=None, max_examples=300)
@given(texts(), st.sampled_from(["web-01", "a", "true", "10"]), st.sampled_from(["web-02", "c", "no", "x:y", "7"]))
def test_with_what_is_known_the_same_bytes_come_out(text, old, new):
    data = text.encode()
    try:
        known = read(data)
    except Unreadable:
        return
    documents = values(data)
    edits: list[Edit] = [
        Replace(Place(index, way), new)
        for index, document in enumerate(documents)
        for way in ways(document)
        if at(document, way) == old
    ]
    assert edited(data, edits, known) == edited(data, edits)
