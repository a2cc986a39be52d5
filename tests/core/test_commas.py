"""Commas: an entry in brackets goes with one comma, and what is left looks as if it had been written so."""

import pytest

from mha.core.edit_tree import Remove
from mha.core.edits import edited
from mha.core.places import Place

REMOVED = {
    "the first": ("[a, b, c]", [0], "[b, c]"),
    "one between": ("[a, b, c]", [1], "[a, c]"),
    "the last": ("[a, b, c]", [2], "[a, b]"),
    "the first two": ("[a, b, c]", [0, 1], "[c]"),
    "the last two": ("[a, b, c]", [1, 2], "[a]"),
    "the first and the last": ("[a, b, c]", [0, 2], "[b]"),
    "every other one": ("[a, b, c, d, e]", [1, 3], "[a, c, e]"),
    "all": ("[a, b]", [0, 1], "[]"),
    "all, with spaces": ("[ a, b, ]", [0, 1], "[]"),
    "with spaces at the brackets": ("[ a, b ]", [1], "[ a ]"),
    "with spaces before the comma": ("[a , b , c]", [1], "[a , c]"),
    "without spaces": ("[a,b,c]", [1], "[a,c]"),
    "a comma at the end stays": ("[a, b,]", [1], "[a,]"),
    "a comma and a space at the end stay": ("[a, b, ]", [1], "[a, ]"),
    "a comma at the end stays behind the first": ("[a, b, ]", [0], "[b, ]"),
    "quotes with commas": ("['a, b', \"c, d\", e]", [1], "['a, b', e]"),
    "brackets": ("[[a], {b: c}, [d, e]]", [1], "[[a], [d, e]]"),
    "a pair": ("[a: b, c]", [0], "[c]"),
    "an anchor": ("[&x a, b]", [0], "[b]"),
    "an alias": ("[&x a, *x , b]", [1], "[&x a, b]"),
    "at the end of a line": ("[a, b,\n  c, d]", [1], "[a,\n  c, d]"),
    "at the start of a line": ("[a, b,\n  c, d]", [2], "[a, b,\n  d]"),
    "alone in the last line": ("[a, b,\n  c]", [2], "[a, b]"),
    "alone in the first line": ("[a,\n  b, c]", [0], "[b, c]"),
    "a line each": ("[\n  a,\n  b,\n  c\n  ]", [1], "[\n  a,\n  c\n  ]"),
    "a line each, the last": ("[\n  a,\n  b\n  ]", [1], "[\n  a\n  ]"),
    "a line each, a comma at the end": ("[\n  a,\n  b,\n  ]", [1], "[\n  a,\n  ]"),
    "a line each, all": ("[\n  a,\n  b,\n  ]", [0, 1], "[]"),
    "commas in front": ("[ a\n  , b\n  , c ]", [1], "[ a\n  , c ]"),
    "with the comment behind it": ("[\n  a, # 1\n  b, # 2\n  c # 3\n  ]", [1], "[\n  a, # 1\n  c # 3\n  ]"),
    "the last, with the comment behind it": ("[\n  a, # 1\n  b # 2\n  ]", [1], "[\n  a # 1\n  ]"),
    "below a comment that stays": ("[\n  a,\n  # x\n  b,\n  c]", [1], "[\n  a,\n  # x\n  c]"),
    "before a comment on what is left in the line": ("[a, b, # x\n  c]", [1], "[a, # x\n  c]"),
    "behind the bracket, before a comment": ("[a, # x\n  b]", [0], "[ # x\n  b]"),
    "all, but for a comment that stays": ("[\n  # x\n  a,\n  b # y\n  ]", [0, 1], "[\n  # x\n  ]"),
    "all, with the comments behind them": ("[\n  a, # x\n  b # y\n  ]", [0, 1], "[]"),
    "a comment before a comma": ("[a # x\n  , b]", [0], "[ # x\n   b]"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "gone", "after"), REMOVED.values(), ids=REMOVED)
def test_items_go_from_a_list_in_brackets(before, gone, after):
    edits = [Remove(Place(0, ("k", index))) for index in gone]
    assert edited(f"k: {before}  # z\n".encode(), edits) == f"k: {after}  # z\n".encode()


ENTRIES = {
    "the first": ("{a: 1, b: 2}", ["a"], "{b: 2}"),
    "the last": ("{a: 1, b: 2}", ["b"], "{a: 1}"),
    "all": ("{ a: 1, b: 2 }", ["a", "b"], "{}"),
    "one without a value": ("{a, b: 2}", ["a"], "{b: 2}"),
    "one behind an entry without a value": ("{a: , b: 2}", ["b"], "{a: }"),
    "an explicit key": ("{? a : 1, ? b : 2, c: 3}", ["b"], "{? a : 1, c: 3}"),
    "over lines": ("{a: 1,\n  b: 2,\n  c: 3}", ["b"], "{a: 1,\n  c: 3}"),
}


@pytest.mark.parametrize(("before", "gone", "after"), ENTRIES.values(), ids=ENTRIES)
def test_entries_go_from_a_mapping_in_brackets(before, gone, after):
    edits = [Remove(Place(0, ("k", key))) for key in gone]
    assert edited(f"k: {before}\n".encode(), edits) == f"k: {after}\n".encode()


def test_the_entry_of_a_pair_in_a_list_leaves_an_empty_mapping():
    assert edited(b"[a: b, c]\n", [Remove(Place(0, (0, "a")))]) == b"[{}, c]\n"
