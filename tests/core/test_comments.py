"""Comments: where they stand, and where they belong when the lines around them are indented anew."""

import pytest

from mha.core import comments, places

FOUND = {
    "none": ("a: b\n", []),
    "on a line of its own": ("# x\na: b\n  # y\n", [("# x", 0, True), ("# y", 2, True)]),
    "behind an entry": ("a: b  # x\n", [("# x", 6, False)]),
    "behind a key and behind a dash": ("a: # x\n  - # y\n    b: 1\n", [("# x", 3, False), ("# y", 4, False)]),
    "behind a line of dashes": ("---  # x\na: b\n", [("# x", 5, False)]),
    "in brackets": ("a: [b, # x\n  # y\n  c]\n", [("# x", 7, False), ("# y", 2, True)]),
    "behind an anchor": ("a: &b  # x\n  c\n", [("# x", 7, False)]),
    "behind the header of block text": ("a: |  # x\n  # b\n# y\n", [("# x", 6, False), ("# y", 0, True)]),
    "behind an empty block text": ("a: |  # x\nb: c\n", [("# x", 6, False)]),
    "with spaces behind it, and CRLF": ("a: b # x  \r\n", [("# x", 5, False)]),
    "not in quotes": ("a: 'b # c'\nd: \"e\n  # f\"\n", []),
    "not in plain text": ("a: b#c\n", []),
    "without a document": ("# x\n\n  # y", [("# x", 0, True), ("# y", 2, True)]),
}


@pytest.mark.parametrize(("text", "found"), FOUND.values(), ids=FOUND)
def test_comments_are_found_outside_of_values(text, found):
    listed = comments.of(text, places.of(text.encode(), text))
    assert [(comment.text, comment.column, comment.has_line) for comment in listed] == found
    assert all(text.startswith(comment.text, comment.start) for comment in listed)


WIDE = "a:\n    b:\n        - c\n    d: e\n"
NARROW = "a:\n  b:\n    - c\n  d: e\n"
BELONGS = {
    "above an entry": (3, "    # x\n", 2),
    "above an entry further down": (7, "    # x\n", 2),
    "above an item": (10, "        # x\n", 4),
    "below the last entry": (len(WIDE), "    # x\n", 2),
    "below all": (len(WIDE), "# x\n", 0),
    "further out than its neighbours": (10, "    # x\n", 2),
    "further in than its neighbours": (len(WIDE), "      # x\n", 4),
    "above all": (0, "  # x\n", 2),
}


@pytest.mark.parametrize(("at", "comment", "column"), BELONGS.values(), ids=BELONGS)
def test_a_comment_moves_with_what_it_belongs_to(at, comment, column):
    at = WIDE.find("\n", at - 1) + 1 if at else 0
    before = WIDE[:at] + comment + WIDE[at:]
    old, new = places.of(before.encode(), before), places.of(NARROW.encode(), NARROW)
    entries = [list(comments.entries(text, documents[0].node)) for text, documents in ((before, old), (NARROW, new))]
    assert comments.columns(comments.of(before, old), *entries) == [column]
