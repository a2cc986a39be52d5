"""The normal form of a file: it means the same, has the same comments, and stays as it is."""

import pytest
from hypothesis import given, settings

from mha.core.edits import ByHand
from mha.core.scalars import Unreadable
from mha.store.formatting import _difference, formatted
from tests import corpora
from tests.core.edit_oracle import comments, marked, values
from tests.core.yaml_texts import texts

FORMS = {
    "lists are indented below their keys": ("a:\n- b\n-   c: 1\n    d: 2\n", "a:\n  - b\n  - c: 1\n    d: 2\n"),
    "a list at the top is not": ("- a\n-  b:\n   - c\n", "- a\n- b:\n    - c\n"),
    "two spaces a level": ("a:\n      b:\n         c: 1\n", "a:\n  b:\n    c: 1\n"),
    "comments come along": (
        "# 1\na:\n    # 2\n    b: 1   # 3\n    # 4\n# 5\n\nc:\n- d # 6\n",
        "# 1\na:\n  # 2\n  b: 1   # 3\n  # 4\n# 5\n\nc:\n  - d # 6\n",
    ),
    "comments behind entries stay below each other": (
        "a:\n    b: 1    # x\n    cde: 2  # y\n",
        "a:\n  b: 1    # x\n  cde: 2  # y\n",
    ),
    "a comment behind a key stays behind it": ("a:  # x\n    b: 1\n", "a:  # x\n  b: 1\n"),
    "spaces go": ("a:   b   \nc :  d\ne: [f,   g ,h]\n", "a: b\nc: d\ne: [f, g, h]\n"),
    "quotes stay": ("a: 'b'\n'c': \"d\"\ne: \"\\u00e9\"\n", "a: 'b'\n'c': \"d\"\ne: \"é\"\n"),
    "numbers and words stay as they are written": (
        "a: 1.50\nb: ~\nc: +17\nd: True\ne: 2026-13-45\nf:\ng: null\n",
        "a: 1.50\nb: ~\nc: +17\nd: True\ne: 2026-13-45\nf:\ng: null\n",
    ),
    "anchors stay": ("a: &x  b\nc: *x\nd: [*x ]\n", "a: &x b\nc: *x\nd: [*x]\n"),
    "block text stays": ("a: |\n     b\n\n      c\nd: >-\n    e\n    f\n", "a: |\n  b\n\n   c\nd: >-\n  e\n  f\n"),
    "text over lines becomes one line": ("a: b\n  c\nd: 'e\n  f'\n", "a: b c\nd: 'e f'\n"),
    "brackets over lines become one line": ("a: [\n  b,\n  c,\n]\n", "a: [b, c]\n"),
    "long lines stay": (f"a: {'b ' * 200}c\n", f"a: {'b ' * 200}c\n"),
    "long keys stay": (f"{'a' * 300}: b\n", f"{'a' * 300}: b\n"),
    "CRLF becomes LF": ("a: 1\r\nb: |\r\n  c\r\n", "a: 1\nb: |\n  c\n"),
    "the last line ends": ("a: 1", "a: 1\n"),
    "blank lines at the end go": ("a: 1\n\n\n", "a: 1\n"),
    "blank lines that belong to text stay": ("a: |+\n  b\n\n", "a: |+\n  b\n\n"),
    "blank lines between stay": ("a: 1\n\n\nb: 2\n", "a: 1\n\n\nb: 2\n"),
    "documents start where they started": (
        "# 1  \n---   # 2\na:\n- b\n# 3\n---\n\n# 4\nc: 1\n...\n# 5\n---\nd: 1\n",
        "# 1\n---   # 2\na:\n  - b\n# 3\n---\n# 4\nc: 1\n...\n# 5\n---\nd: 1\n",
    ),
    "a document that is one value stays": ("--- 'a'\n---\n|\n b\n--- {c:   d}\n",) * 2,
    "comments alone": ("# a  \n\n# b", "# a\n\n# b\n"),
    "nothing": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), FORMS.values(), ids=FORMS)
def test_a_file_is_brought_into_its_normal_form(before, after):
    assert formatted(before.encode()) == after.encode()
    assert formatted(after.encode()) == after.encode()


@pytest.mark.parametrize("name", [name for name, _ in corpora.sample()])
def test_the_sample_is_in_its_normal_form(name):
    data = dict(corpora.sample())[name]
    assert formatted(data) == data


REFUSED = {
    "a comment in brackets": ("a: 1\nb: [c, # x\n  d]\n", 2, "would lose or move the comment"),
    "a comment that it would move": ("- # x\n  - b\n", 1, "would lose or move the comment"),
    "what would hide": ('a: "\\u202e"\n', 1, "cannot write this file anew"),
}


@pytest.mark.parametrize(("text", "line", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_would_lose_something_has_no_normal_form(text, line, problem):
    outcome = formatted(text.encode())
    assert isinstance(outcome, ByHand)
    assert (outcome.line, problem in outcome.problem) == (line, True), outcome


@pytest.mark.parametrize(
    "after", ["a: b  # c\n", "---\na: 'b'  # c\n", "a: 'd'  # c\n", "a: 'b'\n", "a: 'b'  # c\n# d\n"]
)
def test_a_change_of_quotes_starts_values_or_comments_is_noticed_in_the_proof_itself(after):
    assert _difference("a: 'b'  # c\n", "a:   'b'  # c\n") is None
    assert isinstance(_difference("a: 'b'  # c\n", after), ByHand)


def test_a_file_that_is_refused_is_not_formatted():
    with pytest.raises(Unreadable):
        formatted(b"a: no\n")


@settings(deadline=None, max_examples=150)
@given(texts())
def test_the_normal_form_means_the_same_and_has_the_same_comments(text):
    data = text.encode()
    try:
        outcome = formatted(data)
    except Unreadable:
        return
    if isinstance(outcome, ByHand):
        assert 1 <= outcome.line <= text.count("\n") + 1
        return
    assert repr(values(outcome)) == repr(values(data))
    assert comments(outcome.decode(), marked(outcome)) == comments(text, marked(data))
    assert formatted(outcome) == outcome
    assert b"\r" not in outcome
