"""Places: a tree of the reader's shape and values, in which each thing stands where it is written."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings

from mha.core import places
from mha.core.places import Mapping, Node, Place, Sequence, Text
from mha.core.reader import plain, read
from mha.core.scalars import Unreadable
from tests.core.yaml_texts import texts

SAMPLE = sorted((Path(__file__).parents[2] / "sample-repo").rglob("*.yaml"))


def value(node: Node):
    match node:
        case Text():
            return node.value
        case Mapping():
            return {key.value: value(below) for key, below in node.entries}
        case Sequence():
            return [value(item) for item in node.items]


def of(text):
    return places.of(text.encode(), text)


def at(text, *path, document=0, is_key=False):
    """What is written at a place."""
    node = places.found(of(text), Place(document, path, is_key))
    return text[node.start : node.end]


def entries(text, *path):
    """What is written for each entry of a collection."""
    node = places.found(of(text), Place(0, path))
    assert not isinstance(node, Text)
    return [text[start:end] for start, end in places.spans(text, node)]


WRITTEN = {
    "a plain scalar": ("a: b c  # d\n", ("a",), "b c"),
    "a plain scalar over two lines": ("a: b\n  c\nd: e\n", ("a",), "b\n  c"),
    "quotes": ("a: 'b'\n", ("a",), "'b'"),
    "quotes over two lines": ('a: ["b\n  c", d]\n', ("a", 0), '"b\n  c"'),
    "what stands behind letters of two bytes": ("ü: [ä, b]\n", ("ü", 1), "b"),
    "an anchor": ("a: &b 'c'\n", ("a",), "&b 'c'"),
    "an alias": ("a: &b 'c'\nd: [*b , e]\n", ("d", 0), "*b"),
    "no value": ("a:  # b\nc: d\n", ("a",), ""),
    "block text": ("a: |\n  b\n\n  c\nd: e\n", ("a",), "|\n  b\n\n  c"),
    "block text, without the blank lines behind it": ("a: >-\n  b\n\n\n# c\n", ("a",), ">-\n  b"),
    "block text, with the blank lines that it keeps": ("a: |+\n  b\n\n\nd: e\n", ("a",), "|+\n  b\n\n"),
    "block text with CRLF": ("a: |\r\n  b\r\n\r\nc: d\r\n", ("a",), "|\r\n  b"),
    "block text at the end of the file": ("a: |\n  b", ("a",), "|\n  b"),
    "block text without a line": ("a: |  # b\nc: d\n", ("a",), "|  # b"),
    "a block mapping, without what stands behind it": ("a:\n  b: c  # d\n  # e\n\nf: g\n", ("a",), "b: c"),
    "a block sequence, from its first dash on": ("a:\n- b\n-  c\nd: e\n", ("a",), "- b\n-  c"),
    "brackets": ("a: [b, c,  ]  # d\n", ("a",), "[b, c,  ]"),
    "a pair in a list": ("a: [b: c, d]\n", ("a", 0), "b: c"),
}


@pytest.mark.parametrize(("text", "path", "written"), WRITTEN.values(), ids=WRITTEN)
def test_a_value_stands_where_it_is_written(text, path, written):
    assert at(text, *path) == written


def test_a_key_has_a_place_of_its_own():
    assert at("a:\n  - ? 'b c'\n    : d\n", "a", 0, "b c", is_key=True) == "'b c'"


def test_an_anchor_is_told_from_what_it_names():
    node = places.found(of("a: &b  # c\n  'd'\n"), Place(0, ("a",)))
    assert isinstance(node, Text)
    assert (node.start, node.text_start, node.name, node.style) == (3, 13, "b", "'")


ENTRIES = {
    "a block mapping": ("a:\n  b: 1  # x\n\n  # c\n  'd' :\n    - 2\n", ("a",), ["b: 1", "'d' :\n    - 2"]),
    "explicit keys": ("? a\n: b\n? c\n", (), ["? a\n: b", "? c"]),
    "a question mark that is no indicator": ("a: b?\nc: d  # e?\nf: g\n", (), ["a: b?", "c: d", "f: g"]),
    "anchored keys": ("&x a: b\n&y c: d\n", (), ["&x a: b", "&y c: d"]),
    "a block sequence": ("- a\n-   - b\n    - c\n-\n- d\n", (), ["- a", "-   - b\n    - c", "-", "- d"]),
    "a sequence in a sequence": ("- - a\n  - b\n", (0,), ["- a", "- b"]),
    "dashes above their items": ("-  # -\n\n  a: b\n-\n # -\n  c: d\n", (), ["-  # -\n\n  a: b", "-\n # -\n  c: d"]),
    "a dash in a comment": ("- a  # - x\n# - y\n- b\n", (), ["- a", "- b"]),
    "a dash in text": ("- a - b\n- 'c\n  - d'\n- |\n  - e\n", (), ["- a - b", "- 'c\n  - d'", "- |\n  - e"]),
    "brackets": ("[a , &x b,\n c: d, ? e]\n", (), ["a", "&x b", "c: d", "? e"]),
    "braces": ("{a: b , c, d: , ? e : f}\n", (), ["a: b", "c", "d:", "? e : f"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_is_whole(text, path, expected):
    assert entries(text, *path) == expected


DOCUMENTS = {
    "one": ("# a\nb: c\n# d\n", ["b: c"]),
    "several": ("# a\n---\nb: c\n# d\n---  # e\n- f\n\n", ["---\nb: c", "---  # e\n- f"]),
    "with an end": ("a: b\n...\n---\nc: d\n... # e\n", ["a: b\n...", "---\nc: d\n..."]),
    "without content": ("---\n---  # a\n\n--- b\n", ["---", "---", "--- b"]),
}


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_whole(text, expected):
    assert [text[document.start : document.end] for document in of(text)] == expected


@pytest.mark.parametrize(
    "place",
    [Place(1), Place(0, ("b",)), Place(0, ("a", 2)), Place(0, ("a", -1)), Place(0, ("a", 0, "c")), Place(0, (), True)],
)
def test_a_place_that_is_not_there_is_an_error(place):
    with pytest.raises(LookupError):
        places.found(of("a: [b, c]\n"), place)


@pytest.mark.parametrize("text", ["a: [b\n", "a: no\n", "[a]: b\n", "[" * 100 + "]" * 100])
def test_what_the_reader_would_refuse_has_no_places(text):
    with pytest.raises(Unreadable):
        of(text)


def assert_a_tree_of_the_readers_shape(text):
    documents = of(text)
    assert repr([value(document.node) for document in documents]) == repr([plain(node) for node in read(text.encode())])
    for document in documents:
        assert_entries_do_not_overlap(text, document.node)


def assert_entries_do_not_overlap(text, node):
    if isinstance(node, Text):
        assert node.start <= node.text_start <= node.end
        return
    edges = [node.start, *itertools.chain(*places.spans(text, node)), node.end]
    assert edges == sorted(edges)
    for key, below in places.children(node).values():
        assert key is None or key.end <= below.start
        assert_entries_do_not_overlap(text, below)


@settings(deadline=None, max_examples=150)
@given(texts())
def test_the_tree_has_the_readers_shape_and_values(text):
    try:
        read(text.encode())
    except Unreadable:
        return
    assert_a_tree_of_the_readers_shape(text)


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.name)
def test_the_tree_of_a_sample_file_has_the_readers_shape_and_values(path):
    assert_a_tree_of_the_readers_shape(path.read_text())
