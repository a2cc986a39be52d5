"""What the strict reader takes, what it refuses and where, and that other readers agree with it."""

import math

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor

from mha.core import flat
from mha.core.reader import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, Mapping, Scalar, Sequence, plain, read
from mha.core.scalars import Unreadable


def values(data):
    return [plain(document) for document in read(data)]


def refusal(data):
    with pytest.raises(Unreadable) as caught:
        read(data)
    return caught.value


ACCEPTED = {
    "an empty file has no document": (b"", []),
    "comments alone are no document": (b"# nothing\n\n  # here\n", []),
    "an empty document is null": (b"---\n", [None]),
    "a scalar is a document": (b"text\n", ["text"]),
    "block collections": (b"a:\n  - b\n  - c: 1\ng:\n- h", [{"a": ["b", {"c": 1}], "g": ["h"]}]),
    "flow collections": (b"a: [b, {c: d, 'e': [f]}, []]\n", [{"a": ["b", {"c": "d", "e": ["f"]}, []]}]),
    "flow collections over several lines": (b"{a: [b,\n  c],\n d: e}\n", [{"a": ["b", "c"], "d": "e"}]),
    "JSON": (b'{"a": [1, -2.5, true, null, "x"]}', [{"a": [1, -2.5, True, None, "x"]}]),
    "several documents": (b"a: 1\n---\n- b\n...\n---\n", [{"a": 1}, ["b"], None]),
    "CRLF": (b"a: 1\r\nb: |\r\n  c\r\n  d\r\ne: 'f\r\n  g'\r\n", [{"a": 1, "b": "c\nd\n", "e": "f g"}]),
    "no line break at the end": (b"a: b", [{"a": "b"}]),
    "comments anywhere": (b"# a\na: # b\n  # c\n  - d # e\n# f\n", [{"a": ["d"]}]),
    "UTF-8": ("ä: 日本 😀\n".encode(), [{"ä": "日本 😀"}]),
    "quoted scalars are text": (b"""['1', "true", 'no', "~", '']""", [["1", "true", "no", "~", ""]]),
    "block scalars are text": (b"- |\n  12\n- >-\n  true\n  no\n- |2-\n    b\n", [["12\n", "true no", "  b"]]),
    "block scalars keep their last lines": (b"- |+\n  a\n\n- |\n  b\n\n", [["a\n\n", "b\n"]]),
    "a block scalar is a document": (b"|\n  a\n", ["a\n"]),
    "a comment follows a block indicator": (b"a: | # b\n  c\n", [{"a": "c\n"}]),
    "empty block text": (b"a: |\nb: >-\n", [{"a": "", "b": ""}]),
    "escapes are in plain sight": (b'"a\\0\\t\\x1b\\u202e\\U0001F600\\N"\n', ["a\0\t\x1b\u202e😀\x85"]),
    "plain text over several lines": (b"a: b\n  c\n\n  d\n", [{"a": "b c\nd"}]),
    "an explicit key": (b"? a\n: b\n", [{"a": "b"}]),
    "whole numbers are keys": (b"1: a\n-2: b\n", [{1: "a", -2: "b"}]),
    "quoted merge and template keys are text": (b"'<<': '{{ a }}'\n", [{"<<": "{{ a }}"}]),
    "a date is a key as text": (b"2026-01-31: a\n", [{"2026-01-31": "a"}]),
    "scalar anchors and aliases": (b"a: &x 1\nb: [*x, &y 'c', *y]\n&z d: *x\n", [{"a": 1, "b": [1, "c", "c"], "d": 1}]),
    "anchors are free again in the next document": (b"- &a 1\n- *a\n---\n- &a 2\n- *a\n", [[1, 1], [2, 2]]),
    "a block scalar is anchored": (b"- &a |\n  b\n- *a\n", [["b\n", "b\n"]]),
    "tabs in quoted text and comments": (b"a: 'b\tc' #\td\n#\te\nf: \"\tg\"\n", [{"a": "b\tc", "f": "\tg"}]),
    "tabs in block text": (b"a: |\n  b\t\n  \tc\n", [{"a": "b\t\n\tc\n"}]),
    "percent signs in text": (b"a: 100%\nb: |\n  %c\n", [{"a": "100%", "b": "%c\n"}]),
    "question marks in block style": (b"a: really?\nb: 'c?'\n", [{"a": "really?", "b": "c?"}]),
}  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_all_readers_understand_is_accepted(data, expected):
    assert repr(values(data)) == repr(expected)  # repr tells 1 from True and 1.0


PLAIN = [
    (None, ["", "~", "null", "Null", "NULL"]),
    (True, ["true", "True", "TRUE"]),
    (False, ["false", "False", "FALSE"]),
    (0, ["0", "+0", "-0"]),
    (17, ["17", "+17"]),
    (-17, ["-17"]),
    (999999999999999999, ["9" * 18]),
    (0.5, ["0.5", "+0.5", "00.50", "5.0e-1", "5.00E-01"]),
    (-1500.0, ["-1500.0", "-1.5e+3"]),
]


@pytest.mark.parametrize(("value", "text"), [(value, text) for value, texts in PLAIN for text in texts])
def test_a_plain_scalar_is_what_all_readers_take_it_for(value, text):
    assert repr(values(f"a: {text}\n".encode())) == repr([{"a": value}])


WORDS = """
    a tRue nO nil none nullable inf NaN _ _1 x1 1a 10m 1Gi 1,000 0b12e4 0o8 0xg e3 -e3 1e 1.5. ~a yes! 100%
    2026-01-31 2026-13-45 2026-01-31T22:22:22Z 08:30 80:90 8000-8080 10.0.0.1 10.0.0.0/24 1.2.3
    00:11:22:33:44:55 fe80::1 ::1 1:2:ab . .. + -- -a < == <<a http://a/?b#c \u0663
"""
TEXTS = [*WORDS.split(), "2001-12-14 21:59:43.10 -5", "a b"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_plain_scalar_that_no_reader_takes_for_more_is_text(text):
    assert values(f"a: {text}\n".encode()) == [{"a": text}]


DISPUTED = {
    "y Y yes Yes YES on On ON": ("is true to some YAML readers and text to others", 'Write "{}" or true.'),
    "n N no No NO off Off OFF": ("is false to some YAML readers and text to others", 'Write "{}" or false.'),
    "<<": ("is a merge key to some", 'Write "{}" or the merged entries.'),
    "=": ("is a default key to some", 'Write "{}" or another key.'),
    "00 022 -022 08 1_000 1_ 0_ -_1": ("is not the same value to all", 'Write "{}" if'),
    "0o17 -0o17 0O17 0x1F 0X1f -0x1F 0x_ 0b1": ("is not the same value to all", 'Write "{}" if'),
    "1e3 1E3 1e+3 1.5e3 1. -1. .5 -.5 ._5 1_0.5 1.5_0 .5e3": ("is not the same value to all", 'Write "{}" if'),
    "22:22 1:0 10:11:22:33:44:55 1:30.5 08:30.5 -1:30": ("is not the same value to all", 'Write "{}" if'),
    ".inf -.inf +.Inf .INF .nan .NaN .NAN": ("is not the same value to all", 'Write "{}" if'),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [(text, problem, hint) for texts, (problem, hint) in DISPUTED.items() for text in texts.split()],
)
def test_a_plain_scalar_that_readers_dispute_is_refused_with_what_to_write(text, problem, hint):
    refused = refusal(f"a: 1\nb: {text}\n".encode())
    assert refused.line == 2
    assert refused.problem.startswith(f"`{text}` {problem}")
    assert refused.hint.startswith(hint.format(text))


HAZARDS = {
    "a duplicate key, at its second line": (b"a: 1\nb: 2\na: 3\n", 3, "The key a is a duplicate: it stands in line 1"),
    "a duplicate key in quotes": (b"a: 1\n'a': 2\n", 2, "duplicate"),
    "a duplicate key within": (b"a:\n  - b: 1\n    c: 2\n    b: 3\n", 4, "duplicate"),
    "a duplicate key in brackets": (b"a: {b: 1, c: 2,\n  b: 3}\n", 2, "duplicate"),
    "twin keys, text and number": (b"1: a\n'1': b\n", 2, "duplicate"),
    "twin keys, two spellings of a number": (b"1: a\n+1: b\n", 2, "duplicate"),
    "a duplicate key, by its escape": (b'a: 1\n"\\x61": 2\n', 2, "duplicate"),
    "a merge key": (b"a: &b c\nd:\n  <<: *b\n", 3, "merge key"),
    "an anchor on a mapping": (b"a: &b\n  c: d\n", 1, "The anchor &b names a collection"),
    "an anchor on a sequence": (b"a: 1\nb: &c [d]\n", 2, "The anchor &c names a collection"),
    "a recursive alias": (b"a: &b [*b]\n", 1, "names a collection"),
    "an undefined alias": (b"a: 1\nb: *c\n", 2, "The alias *c has no anchor above it"),
    "an alias to another document": (b"- &a 1\n---\n- *a\n", 3, "The alias *a has no anchor above it in this document"),
    "an alias as a key": (b"a: &b c\n*b : d\n", 2, "A key is neither"),
    "an anchor that stands twice": (b"- &a 1\n- &a 2\n", 2, "The anchor &a stands twice"),
    "an anchor with a colon": (b"- &a:b c\n", 1, "where the name a ends"),
    "an alias with a colon": (b"- &a 1\n- {b: *a:c }\n", 2, "where the name a ends"),
    "a tag": (b"a: 1\nb: !!str 2\n", 2, "The tag tag:yaml.org,2002:str is refused"),
    "a local tag": (b"a: !vault |\n  b\n", 1, "The tag !vault is refused"),
    "a tag for code": (b"!!python/object/apply:os.system ['id']\n", 1, "is refused"),
    "a tag on a mapping": (b"a: !!omap\n  b: c\n", 1, "is refused"),
    "a bare tag": (b"a: ! 12\n", 1, "The tag ! is refused"),
    "a bare tag on a quoted scalar": (b"a: ! '12'\n", 1, "The tag ! is refused"),
    "the directive %YAML": (b"%YAML 1.1\n---\na: no\n", 1, "directive"),
    "the directive %TAG": (b"# a\n%TAG ! tag:b,2000:\n---\nc: d\n", 2, "directive"),
    "a directive that nobody knows": (b"a: 1\n...\n%A\n---\n", 3, "directive"),
    "a tab as indentation": (b"a:\n\tb: 1\n", 2, "A tab stands where only spaces may."),
    "a tab in indentation": (b"a:\n  - b\n \t- c\n", 3, "A tab"),
    "a tab before block text": (b"a: |\n\tb\n", 2, "A tab"),
    "a tab after a colon": (b"a: 1\nb:\tc\n", 2, "A tab"),
    "a tab after a dash": (b"- a\n-\tb\n", 2, "A tab"),
    "a tab before a comment": (b"a: 'b'\t# c\n", 1, "A tab"),
    "a tab in plain text": (b"a: b\tc\n", 1, "A tab"),
    "a tab in plain text after #": (b"a: b#\tc\n", 1, "A tab"),
    "a tab in brackets": (b"a: ['b',\n\t'c']\n", 2, "A tab"),
    "a tab at the end of a line": (b"a: 1\nb: 'c'\t\n", 2, "A tab"),
    "a tab in an empty line": (b"a: 1\n\t\nb: 2\n", 2, "A tab"),
    "a tab after a block indicator": (b"a: 1\nb: |\t\n  c\n", 2, "A tab"),
    "a tab between anchor and text": (b"a: &b\t'c'\n", 1, "where the name b ends"),
    "a key without text": (b"a: 1\n~: b\n", 2, "A key is neither text nor a whole number"),
    "a boolean key": (b"true: b\n", 1, "A key is neither"),
    "a fraction as a key": (b"1.5: b\n", 1, "A key is neither"),
    "a disputed key": (b"name: x\non: push\n", 2, "`on` is true to some"),
    "a sequence as a key": (b"a: 1\n[b]: c\n", 2, "A key is neither"),
    "a block mapping as a key": (b"? a: b\n: c\n", 1, "A key is neither"),
    "a template": (b"a: 1\nb: {{ c }}\n", 2, "A key is neither"),
    "a 19-digit number": (b"a: 1000000000000000000\n", 1, "more than 18 digits"),
    "a 5,000-digit number": (b"a: " + b"9" * 5000, 1, "more than 18 digits"),
    "a 5,000-digit fraction": (b"a: 0." + b"9" * 5000, 1, "more than 18 digits"),
    "a fraction beyond floats": (b"a: 1.0e+400\n", 1, "too large"),
    "a long disputed number": (b"a: " + b"1_" * 5000, 1, "`" + "1_" * 20 + "…` is not the same"),
    "a comment on the heels of a block indicator": (b"a: |#b\n  c\n", 1, "where this block text starts"),
    "block text at the margin, a comment to some": (b"|\n\n#a\n", 1, "where this block text starts"),
    "block text at the margin, a document to some": (b"|\n--- a\n", 1, "where this block text starts"),
    "block text at the margin, the end to some": (b">\n...\n", 1, "where this block text starts"),
    "block text below a line of spaces": (b"a: |\n   \n  # b\nc: d\n", 1, "where this block text starts"),
    "a question mark in brackets": (b"a:\n- [http://b/?c=d]\n", 2, "question mark"),
    "a document that ends twice": (b"a\n...\n# b\n...\n", 2, "ends a second time"),
    "Latin-1": (b"a: 1\nb: \xe4\n", 2, "not UTF-8"),
    "UTF-8 of a surrogate": (b"a: \xed\xa0\x80\n", 1, "not UTF-8"),
    "UTF-16 with a mark": ("a: b\n".encode("utf-16"), 1, "not UTF-8"),
    "UTF-16 without a mark": ("a: b\n".encode("utf-16-le"), 1, "U+0000 is a control character"),
    "UTF-32": ("a: b\n".encode("utf-32-be"), 1, "U+0000 is a control character"),
    "a carriage return that hides a line": (b"# a\rb: c\n", 1, "U+000D is a line break to some readers only"),
    "a hidden character in a comment": (b"a: 1\n# b \xe2\x80\xae\n", 2, "U+202E is a bidi control"),
    "a hidden character in quotes": (b"a: 'b\x1b[2J'\n", 1, "U+001B is a control character"),
    "an escape of a surrogate": (b'a: "\\ud800"\n', 1, "not YAML"),
}  # fmt: skip


@pytest.mark.timeout(10)
@pytest.mark.parametrize(("data", "line", "problem"), HAZARDS.values(), ids=HAZARDS)
def test_a_hazard_is_refused_with_its_line(data, line, problem):
    refused = refusal(data)
    assert (refused.line, problem in refused.problem) == (line, True), refused


NOT_YAML = {
    "an open quote, where it opens": (b"a: 1\nb: 'c\nd: e\n", 2, "Close the quotes."),
    "an open bracket, where it opens": (b"a: 1\nb: [c,\n  d\n\n", 2, "Close the bracket"),
    "a missing comma": (b"a: [\n  'b'\n  'c'\n]\n", 3, "Close the bracket"),
    "a missing colon": (b"a: 1\nb\nc: 2\n", 2, "Write `key: value`"),
    "no space after the colon": (b"a: 1\nb:2\nc: 3\n", 2, "Write `key: value`"),
    "a colon in plain text": (b"a: 1\nb: c: d\n", 2, 'Put text that contains ": " in quotes'),
    "wrong indentation": (b"a:\n  - b\n c: d\n", 3, "Compare the indentation"),
    "text that starts with an at sign": (b"a: @b\n", 1, "Put text that starts with %, @ or `"),
    "text that starts with a star": (b"a: *.example.org\n", 1, "Put text that starts with * or &"),
    "a single backslash": (b'a: "C:\\d"\n', 1, "Write \\\\ for a backslash"),
    "a template statement": (b"a:\n  {% if b %}\n  c: d\n", 2, "Templates are not YAML"),
    "two texts": (b"'a'\n'b'\n", 2, "Start another document"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "line", "hint"), NOT_YAML.values(), ids=NOT_YAML)
def test_what_is_not_yaml_is_refused_with_a_hint(data, line, hint):
    refused = refusal(data)
    assert refused.problem.startswith("This is not YAML: ")
    assert (refused.line, refused.hint.startswith(hint)) == (line, True), refused


def test_a_template_is_refused_with_the_advice_to_quote_it():
    assert refusal(b"a: {{ b }}\n").hint == 'Put a template in quotes: "{{ … }}".'


HIDDEN = [
    *range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F,
    *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF,
]  # fmt: skip


@pytest.mark.parametrize("place", ["{}a: b\n", "a: b{}c\n", "a: 'b{}c'\n", "a: |\n  b{}c\n", "a: b # {}\n", "a: b\n{}"])
def test_a_character_that_hides_is_refused_everywhere(place):
    accepted = [hex(code) for code in HIDDEN if not _refused(place.format(chr(code)))]
    assert accepted == []


def _refused(text):
    try:
        read(text.encode())
    except Unreadable as refused:
        return "The character U+" in refused.problem
    return False


def test_every_other_character_is_accepted_in_quotes():
    hidden = {*HIDDEN, *range(0xD800, 0xE000), ord("\n"), ord("\r"), ord("'")}
    text = "".join(chr(code) for code in range(0x2FFFF) if code not in hidden)
    assert values(f"'{text}'".encode()) == [text]


@pytest.mark.parametrize(("opening", "closing"), ["[]", ("{a: ", "}")])
def test_the_deepest_nesting_is_accepted_and_the_next_level_refused(opening, closing):
    read((opening * MAX_DEPTH + closing * MAX_DEPTH).encode())
    assert "deeper than 24" in refusal((opening * (MAX_DEPTH + 1) + closing * (MAX_DEPTH + 1)).encode()).problem


def test_too_deep_a_nesting_is_refused_at_its_line():
    assert refusal(b"".join(b" " * level + b"a:\n" for level in range(100))).line == MAX_DEPTH + 1


HOSTILE = [
    "[",
    "{",
    "- ",
    "? ",
    "[\n",
    "{a: ",
    "[a: [",
    "%TAG ! a\n",
    "a:",
    "&",
    "*",
    "!",
    '"a',
    "|\n",
    "\t",
    "a\n...\n#\n",
]
LARGE = ["- a\n", "---\n", "- '\t'\n", "- a?\n", "- |\n", "\n", "a ", "- &a\n---\n"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_file_is_refused_in_bounded_time(piece):
    assert refusal(piece.encode() * (MAX_BYTES // len(piece))).line


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", LARGE)
def test_a_large_file_is_read_in_bounded_time(piece):
    read(piece.encode() * (MAX_BYTES // len(piece)))


def test_the_largest_file_is_accepted_and_one_byte_more_refused():
    assert values(b"a" * MAX_BYTES) == ["a" * MAX_BYTES]
    assert refusal(b"a" * (MAX_BYTES + 1)).problem == "The file is larger than 1 MiB."


def test_a_hundred_aliases_are_accepted_in_a_file_and_the_next_is_refused():
    documents = b"- &a b\n" + b"- *a\n" * 60 + b"---\n- &a c\n"
    assert values(documents + b"- *a\n" * (MAX_ALIASES - 60)) == [["b"] * 61, ["c"] * 41]
    assert refusal(documents + b"- *a\n" * (MAX_ALIASES - 59)).line == 62 + 1 + MAX_ALIASES - 59


def test_each_node_knows_its_line():
    document = read(b"# a\nb: 1\nc:\n  - |\n    d\n  - &e f\n  - [g,\n     *e]\n")
    assert document == [
        Mapping(
            (
                (Scalar("b", 2), Scalar(1, 2)),
                (
                    Scalar("c", 3),
                    Sequence(
                        (Scalar("d\n", 4), Scalar("f", 6), Sequence((Scalar("g", 7), Scalar("f", 8)), 7)),
                        4,
                    ),
                ),
            ),
            2,
        )
    ]


def test_lines_are_counted_alike_with_crlf():
    data = b"a: |\n  b\n\nc: 'd\n  e'\nf: no\n"
    assert refusal(data).line == refusal(data.replace(b"\n", b"\r\n")).line == 6


def test_a_refusal_names_its_line():
    assert str(refusal(b"a: 1\na: 2\n")) == "line 2: The key a is a duplicate: it stands in line 1 already."


class Yaml11(yaml.SafeLoader):
    """PyYAML's safe loader, with dates as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class Yaml12Constructor(SafeConstructor):
    """ruamel.yaml's safe constructor, with dates as text."""


Yaml12Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def yaml_12(data):
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = Yaml12Constructor
    return list(reader.load_all(data))


def assert_every_reader_agrees(data):
    try:
        ours = values(data)
    except Unreadable:
        return
    assert repr(ours) == repr(yaml_12(data)) == repr(list(yaml.load_all(data, Yaml11)))


FRAGMENTS = st.sampled_from(
    [
        *"ab1:-,[]{}#'\"?|>&*!%@`\\~<=_.+é \n\t", "a: ", "b: ", "a: b\n", "- ", "- a\n", "? ", ": ", "\n  ", "\n ",
        "|\n", ">-\n", "|+\n", ">\n  ", "|2\n", "&a ", "*a", "*a ", "---\n", "\n---", "\n...\n", "#a", " # a\n", "'b'",
        '"a"', "\\n", "\\\n", "\r\n", "\n\n", "<<", "022", "1.5", "2026-01-31", "no", "[a, ", "{a: b, ",
    ]
)  # fmt: skip
SCALARS = st.text("0123456789+-._:eExobanifyTZ ", max_size=12) | st.sampled_from([*TEXTS, *" ".join(DISPUTED).split()])
PLAIN_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=20)
TREES = st.recursive(
    PLAIN_VALUES,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8) | st.integers(), below, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=1000)
@given(st.lists(FRAGMENTS, max_size=12).map("".join))
@example("|\n#a")
@example("- &a?b")
@example("[a?]")
@example('["a":b]')
@example("['a' :]")
def test_what_is_accepted_means_the_same_to_every_reader(text):
    assert_every_reader_agrees(text.encode())


@settings(deadline=None, max_examples=500)
@given(SCALARS, st.sampled_from(["- {}", "a: {}\n", "{}: a", "[{}, {}]"]))
def test_a_plain_scalar_that_is_accepted_means_the_same_to_every_reader(scalar, place):
    assert_every_reader_agrees(place.replace("{}", scalar).encode())


@settings(deadline=None, max_examples=300)
@given(st.lists(TREES, max_size=2), st.sampled_from([None, "'", '"', "|", ">"]), st.booleans(), st.booleans())
def test_what_a_yaml_writer_writes_means_the_same_to_every_reader(trees, style, flow, unicode):
    text = yaml.safe_dump_all(trees, default_style=style, default_flow_style=flow, allow_unicode=unicode, width=20)
    assert_every_reader_agrees(text.encode())


@given(st.binary(max_size=60) | st.lists(FRAGMENTS, max_size=12).map("".join).map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_line_a_sentence_and_a_hint(data):
    try:
        read(data)
    except Unreadable as error:
        refused = error
    else:
        return
    assert 1 <= refused.line <= data.count(b"\n") + 1
    assert refused.problem.endswith(".")
    assert refused.hint.endswith(".")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_keeps_its_value(number):
    try:
        (value,) = values(repr(number).encode())
    except Unreadable:
        return
    assert value == number
    assert math.copysign(1, value) == math.copysign(1, number)


FLAT_KEYS = st.sampled_from(["kind", "no", "on", "y", "null", "true", "name", "a-b", "x-1", "a" * 61, "A", "1", ""])
FLAT_VALUES = st.text("ab019 .:-_/@#?,x", max_size=6) | st.sampled_from(
    ["10.1.0.10", "yes", "0x1F", "1e3", "~", "022", "x" * 99]
)
FLAT_LINES = st.builds(
    "{}{}{}{}".format,
    FLAT_KEYS,
    st.sampled_from([": ", ":", ":  "]),
    FLAT_VALUES,
    st.sampled_from(["\n", " \n", "\r\n"]),
)


def outcome(data):
    try:
        return read(data)
    except Unreadable as error:
        return error.line, error.problem, error.hint


@settings(max_examples=500)
@given(st.lists(FLAT_LINES, min_size=1, max_size=4).map("".join))
def test_a_flat_file_is_read_as_the_parser_reads_it(text):
    assert outcome(text.encode()) == outcome(f"{text}#\n".encode())  # a comment makes it another file


def test_a_flat_file_needs_no_parser():
    assert flat.entries(b"kind: host\nport: 22\non-site: 1.5\n") == [("kind", "host"), ("port", 22), ("on-site", 1.5)]
