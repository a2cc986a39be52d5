"""Cuts: what goes with an entry of a block collection, or with a document, and what stays."""

import pytest

from mha.core.edit_tree import Emptied, Remove
from mha.core.edits import edited, removed
from mha.core.places import Place


def without(text, *path, document=0, emptied=Emptied.STAYS):
    outcome = removed(text.encode(), Place(document, path), emptied)
    assert isinstance(outcome, bytes), outcome
    return outcome.decode()


HOSTS = """\
hosts:
  # Milling
  mill-01: 10.0.0.1
  mill-02: 10.0.0.2   # with a coolant pump

  # The measuring room has no DHCP
  # (NET-0840)
  cmm-01:
    address: 10.0.0.3
    # was 10.0.0.4 until 2025

  # Turning
  lathe-01: 10.0.0.5
zones: {}
"""

LINES = {
    "the comment behind it goes": (HOSTS, ("hosts", "mill-02"), "  mill-02: 10.0.0.2   # with a coolant pump\n"),
    "a heading over several entries stays": (HOSTS, ("hosts", "mill-01"), "  mill-01: 10.0.0.1\n"),
    "a paragraph goes, with its comment and its blank line": (
        HOSTS,
        ("hosts", "cmm-01"),
        HOSTS[HOSTS.index("  # The measuring") : HOSTS.index("  # Turning")],
    ),
    "the last paragraph goes, with the blank line above it": (
        HOSTS,
        ("hosts", "lathe-01"),
        "\n  # Turning\n  lathe-01: 10.0.0.5\n",
    ),
    "an item": ("- a\n- b  # c\n- d\n", (1,), "- b  # c\n"),
    "an item of several lines": ("- a\n- b: c\n  d:\n    - e\n  # f\n- g\n", (1,), "- b: c\n  d:\n    - e\n  # f\n"),
    "an item whose dash is far above it": ("- a\n-  # x\n\n  # y\n  b: c\n- d\n", (1,), "-  # x\n\n  # y\n  b: c\n"),
    "a deeper comment behind a blank line goes": ("a: 1\nb: 2\n\n  # x\nc: 3\n", ("b",), "b: 2\n\n  # x\n"),
    "a comment below at its own indentation stays": ("a: 1\nb: 2\n# x\nc: 3\n", ("b",), "b: 2\n"),
    "a comment between two entries stays": ("a: 1\n# x\nb: 2\nc: 3\n", ("b",), "b: 2\n"),
    "a comment over one entry of a paragraph stays": ("a: 1\n\n# x\nb: 2\nc: 3\n", ("b",), "b: 2\n"),
    "a comment below the entry above stays": ("a: 1\n# x\nb: 2\n\nc: 3\n", ("b",), "b: 2\n"),
    "a comment that another one stands below stays": ("a: 1\n\n# x\nb: 2\n# y\n\nc: 3\n", ("b",), "b: 2\n"),
    "a comment of another indentation stays": ("a:\n  b: 1\n\n # x\n  c: 2\n", ("a", "c"), "  c: 2\n"),
    "the comment that starts a file stays": ("# x\na: 1\n\nb: 2\n", ("a",), "a: 1\n"),
    "a comment behind the one that starts a file goes": ("# x\n\n# y\na: 1\n\nb: 2\n", ("a",), "# y\na: 1\n\n"),
    "the comment over a first entry goes": ("a:\n  # x\n  b: 1\n\n  c: 2\n", ("a", "b"), "  # x\n  b: 1\n\n"),
    "block text": ("a: |\n  b\n  # c\n\nd: e\n", ("a",), "a: |\n  b\n  # c\n\n"),
    "block text that keeps its blank lines": ("a: |+\n  b\n\nc: d\n", ("a",), "a: |+\n  b\n\n"),
    "a list at its key's indentation": ("a:\n- b\n# x\n- c\nd: e\n", ("a",), "a:\n- b\n# x\n- c\n"),
    "an item of such a list": ("a:\n- b\n# x\n- c\nd: e\n", ("a", 0), "- b\n"),
    "an explicit key": ("? a\n: b\n? c\n: d\n", ("c",), "? c\n: d\n"),
    "CRLF": ("a: 1\r\n\r\n# x\r\nb: 2\r\n\r\nc: 3\r\n", ("b",), "# x\r\nb: 2\r\n\r\n"),
    "the end of a file without a line break": ("a: 1\nb: 2", ("b",), "b: 2"),
    "the blank lines at the end of a file": ("a: 1\n\nb: 2\n\n\n", ("b",), "\nb: 2\n\n\n"),
    "the blank line that starts a file": ("a: 1\n\nb: 2\n", ("a",), "a: 1\n\n"),
    "blank lines that would belong to the text above": ("a: |+\n  b\nc: 1\n\nd: 2\n", ("c",), "c: 1\n\n"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "gone"), LINES.values(), ids=LINES)
def test_an_entry_goes_with_what_belongs_to_it(text, path, gone):
    assert text.count(gone) == 1
    assert without(text, *path) == text.replace(gone, "")


def test_a_heading_goes_with_all_the_entries_below_it():
    edits = [Remove(Place(0, ("hosts", name))) for name in ("mill-01", "mill-02")]
    gone = HOSTS[HOSTS.index("  # Milling") : HOSTS.index("  # The measuring")]
    assert edited(HOSTS.encode(), edits) == HOSTS.replace(gone, "").encode()


SHARED = {
    "the next entry takes its place": ("- a: 1  # x\n  b: 2\n", (0, "a"), "- b: 2\n"),
    "blank lines go": ("- a:\n    - 1\n\n  b: 2\n", (0, "a"), "- b: 2\n"),
    "a comment about the next one takes it": ("- a: 1\n  # x\n  b: 2\n", (0, "a"), "- # x\n  b: 2\n"),
    "in a list of lists": ("- - a\n  - b\n- c\n", (0, 0), "- - b\n- c\n"),
    "further down": ("- a: 1\n  b: 2\n", (0, "b"), "- a: 1\n"),
}


@pytest.mark.parametrize(("before", "path", "after"), SHARED.values(), ids=SHARED)
def test_an_entry_that_shares_its_line_with_a_dash_goes_alone(before, path, after):
    assert without(before, *path) == after


SEVERAL = {
    "one after the other": ("- a: 1\n  b: 2\n  c: 3\n", "- c: 3\n"),
    "with blank lines between": ("- a: 1\n\n  b: 2\n\n  c: 3\n", "- c: 3\n"),
    "with a comment that goes": ("- a: 1\n\n  # x\n  b: 2\n\n  c: 3\n", "- c: 3\n"),
    "with a comment that stays": ("- a: 1\n  # x\n  b: 2\n  c: 3\n", "- # x\n  c: 3\n"),
}


@pytest.mark.parametrize(("before", "after"), SEVERAL.values(), ids=SEVERAL)
def test_several_entries_go_from_a_line_that_a_dash_shares(before, after):
    assert edited(before.encode(), [Remove(Place(0, (0, key))) for key in "ab"]) == after.encode()


STAYS = {
    "behind a colon": ("a:  # x\n  # y\n\n  b: 1\nc: 2\n", ("a", "b"), "a: {}  # x\n  # y\nc: 2\n"),
    "behind a colon, a list": ("a:\n- b\nc: 2\n", ("a", 0), "a: []\nc: 2\n"),
    "behind a dash": ("-\n  a: 1\n- b\n", (0, "a"), "- {}\n- b\n"),
    "behind a dash in its line": ("- a: 1  # x\n- b\n", (0, "a"), "- {}\n- b\n"),
    "behind two dashes": ("- - a\n- b\n", (0, 0), "- []\n- b\n"),
    "behind an explicit key": ("? a\n:\n  - b\n", ("a", 0), "? a\n: []\n"),
    "a document": ("# x\n\na: 1  # y\n# z\n", ("a",), "# x\n\n{}\n# z\n"),
    "one of several documents": ("---\n- a\n---\nb: 1\n", (0,), "---\n[]\n---\nb: 1\n"),
}


@pytest.mark.parametrize(("before", "path", "after"), STAYS.values(), ids=STAYS)
def test_an_emptied_collection_stays_as_brackets(before, path, after):
    assert without(before, *path) == after


GOES = {
    "with its key": ("a:  # x\n  b: 1\nc: 2\n", ("a", "b"), "c: 2\n"),
    "with its dash": ("- - a\n- b\n", (0, 0), "- b\n"),
    "and so do those that it empties": ("a:\n  - b: [c]\nd: 1\n", ("a", 0, "b", 0), "d: 1\n"),
    "but no further": ("a:\n  - b: [c]\n  - e\nd: 1\n", ("a", 0, "b", 0), "a:\n  - e\nd: 1\n"),
    "with its document": ("---\na: 1\n---\nb: 1\n", ("a",), "---\nb: 1\n"),
    "with its file": ("# x\na: 1\n", ("a",), ""),
}


@pytest.mark.parametrize(("before", "path", "after"), GOES.values(), ids=GOES)
def test_an_emptied_collection_goes_if_it_should(before, path, after):
    assert without(before, *path, emptied=Emptied.GOES) == after


PARTNERS = """\
# Other companies
---
kind: external  # x
name: a
# y
---
# z
kind: external
name: b
  # w

---
kind: external
name: c
"""

DOCUMENTS = {
    "the first: the comment above stays": (PARTNERS, 0, "---\nkind: external  # x\nname: a\n"),
    "one between: what it holds goes": (PARTNERS, 1, "---\n# z\nkind: external\nname: b\n  # w\n\n"),
    "the last": (PARTNERS, 2, "\n---\nkind: external\nname: c\n"),
    "an unmarked first": ("# x\n\na: 1\n\n---\nb: 2\n", 0, "a: 1\n\n"),
    "an end": ("a: 1\n...\n---\nb: 2\n...\n", 1, "---\nb: 2\n...\n"),
    "an empty one": ("---\n---\na: 1\n", 0, "---\n"),
    "one behind text that keeps its blank lines": ("a: |+\n  b\n\n---\nc: d\n\n", 1, "---\nc: d\n\n"),
    "CRLF": ("a: 1\r\n---\r\nb: 2\r\n", 1, "---\r\nb: 2\r\n"),
}


@pytest.mark.parametrize(("text", "document", "gone"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_goes_with_its_line_of_dashes(text, document, gone):
    start = text.rindex(gone) if gone.startswith("\n") else text.index(gone)
    assert without(text, document=document) == text[:start] + text[start + len(gone) :]


def test_without_its_only_document_a_file_is_empty():
    assert without("# x\n---\na: 1\n# y\n") == ""
