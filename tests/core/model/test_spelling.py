"""How objects are spelled, and what is said where a file is no spelling of any."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core import reader
from mha.core.model.kinds import NAME_RULE
from mha.core.model.spelling import MAX_PROBLEMS, line_of, plain, spelled
from tests.core.model.known import KINDS


def spell(text):
    return spelled(reader.read(text.encode()), KINDS)


def objects(text):
    found = spell(text)
    assert found.problems == []
    return [(thing.subject, thing.value, thing.line) for thing in found.objects]


WEB = ("host web-01", {"address": "10.1.0.10"})
SPELLED = {
    "the short form": ("hosts:\n  web-01: 10.1.0.10\n", [(*WEB, 2)]),
    "the long form": ("hosts:\n  web-01: {address: 10.1.0.10}\n", [(*WEB, 2)]),
    "the long form below": ("hosts:\n  web-01:\n    address: 10.1.0.10\n", [(*WEB, 2)]),
    "one object in a document": ("kind: host\nname: web-01\naddress: 10.1.0.10\n", [(*WEB, 2)]),
    "the name may come last": ("address: 10.1.0.10\nkind: host\nname: web-01\n", [(*WEB, 3)]),
    "several documents": (
        "---\nkind: zone\nname: a\n---\nhosts: {web-01: 10.1.0.10}\n---\n# none\n---\nkind: zone\nname: b\n",
        [("zone a", {}, 3), (*WEB, 5), ("zone b", {}, 10)],
    ),
    "several sections": (
        "zones:\n  a:\n  b: {}\nhosts: {web-01: 10.1.0.10}\n",
        [("zone a", {}, 2), ("zone b", {}, 3), (*WEB, 4)],
    ),
    "an empty section": ("hosts:\nzones: {}\n", []),
    "an empty file": ("# nothing\n", []),
    "notes of one's own": ("x-note: [1]\nzones:\n  x-template: {a: 1}\n  a: {x-b: 1}\n", [("zone a", {"x-b": 1}, 4)]),
    "a field called as a section": (
        "kind: role\nname: a\nusers: [b]\nnetworks: [c]\n",
        [("role a", {"users": ["b"], "networks": ["c"]}, 2)],
    ),
    "a list is the short form of a group": ("groups:\n  a: [b, c]\n", [("group a", {"include": ["b", "c"]}, 2)]),
    "a short form by a pattern": (
        "ranges: {a: 10.1.0.1-10.1.0.9}\nservices: {b: tcp/443}\n",
        [
            ("range a", {"first": "10.1.0.1", "last": "10.1.0.9"}, 1),
            ("service b", {"protocol": "tcp", "port": 443}, 2),
        ],
    ),
    "a name in quotes": ("zones: {'10': {}, \"no\": {}}\n", [("zone 10", {}, 1), ("zone no", {}, 1)]),
    "names as people have them": (
        "users: {jana.huber: {}, jana+ops@example.org: {}, _a: {}, 10.1.0.1: {}}\n",
        [(f"user {name}", {}, 1) for name in ("jana.huber", "jana+ops@example.org", "_a", "10.1.0.1")],
    ),
    "keys are texts, and 1.0 is 1": (
        "kind: setting\nname: a\nvalue: {1: 2.0, b: [0.5]}\n",
        [("setting a", {"value": {"1": 2, "b": [0.5]}}, 2)],
    ),
}


@pytest.mark.parametrize(("text", "expected"), SPELLED.values(), ids=SPELLED)
def test_each_spelling_becomes_the_long_form(text, expected):
    assert repr(objects(text)) == repr(expected)  # repr tells 1 from 1.0


SECTIONS_OR_KIND = "Write sections such as `hosts:`, or `kind:` and `name:`."
OPAQUE = "A file that holds no objects is kept out of `model.interpret` in mha.yaml."
MISSPELT = {
    "a list": ("- a\n", 1, "This document is no mapping.", SECTIONS_OR_KIND),
    "a text": ("# x\nhello\n", 2, "This document is no mapping.", SECTIONS_OR_KIND),
    "a section by a slip": ("x-a: 1\nhost:\n  a: 10.1.0.1\n", 2, "`host` is no section.", "Did you mean `hosts`?"),
    "a section with another hyphen": (
        "user_groups: {}\n", 1, "`user_groups` is no section.", "Did you mean `user-groups`?",
    ),
    "a section that nobody has": ("apiVersion: v1\n", 1, "`apiVersion` is no section.", OPAQUE),
    "a section that is a number": ("1: 2\n", 1, "`1` is no section.", OPAQUE),
    "an object without a kind": (
        "name: a\n", 1, "`name` is no section.", "Write `kind:` in this document, with the kind of the object.",
    ),
    "a kind by a slip": ("name: a\nkind: hots\n", 2, "`hots` is no kind.", "Did you mean `host`?"),
    "a kind that is a section": ("kind: hosts\nname: a\n", 1, "`hosts` is no kind.", "Did you mean `host`?"),
    "a kind that nobody has": (
        "kind: Deployment\nname: a\n", 1, "`Deployment` is no kind.",
        "Kinds are " + ", ".join(f"`{name}`" for name in sorted(KINDS.by_name)[:-1]) + " or `zone`.",
    ),
    "a kind that is no text": (
        "kind:\nname: a\n", 1, "An empty value is no kind.",
        "Kinds are " + ", ".join(f"`{name}`" for name in sorted(KINDS.by_name)[:-1]) + " or `zone`.",
    ),
    "an object without a name": (
        "---\nkind: host\naddress: 10.1.0.1\n", 2, "This document is a host without a name.",
        "Write `name:` below `kind:`.",
    ),
    "both spellings in one document": (
        "kind: host\nname: a\naddress: 10.1.0.1\nzones:\n  b:\n", 4,
        "The section `zones` stands in a document that is a host.",
        "Put a line `---` before it, or write it in a file of its own.",
    ),
    "a section that is a list": (
        "hosts:\n  - a\n", 2, "The section `hosts` is no mapping.", "Write `name: value` lines below it.",
    ),
    "a name that is a number": (
        "hosts:\n  10: 10.1.0.1\n", 2, "`10` is no name for a host.",
        'YAML does not read it as text. Write "10", here and wherever it is named.',
    ),
    "a name that is a truth": (
        "kind: zone\nname: true\n", 2, "`true` is no name for a zone.",
        'YAML does not read it as text. Write "true", here and wherever it is named.',
    ),
    "a name that is a list": ("kind: zone\nname: [a]\n", 2, "A list is no name for a zone.", NAME_RULE),
    "no name at all": ("kind: zone\nname:\n", 2, "An empty value is no name for a zone.", NAME_RULE),
    "a name with a space": ("zones:\n  a b:\n", 2, "`a b` is no name for a zone.", NAME_RULE),
    "a name with a slash": ("zones:\n  a/b:\n", 2, "`a/b` is no name for a zone.", NAME_RULE),
    "a name that begins with a hyphen": ("zones:\n  -a:\n", 2, "`-a` is no name for a zone.", NAME_RULE),
    "a name with another alphabet": ("zones:\n  büro:\n", 2, "`büro` is no name for a zone.", NAME_RULE),
    "a name that ends in a line break": ('zones:\n  "a\\n":\n', 2, "`a\\x0a` is no name for a zone.", NAME_RULE),
    "a name that is too long": (f"zones:\n  {'a' * 101}:\n", 2, f"`{'a' * 40}…` is no name for a zone.", NAME_RULE),
    "a name that means everything": (
        "zones:\n  any:\n", 2, "`any` is no name for a zone.",
        "`any` has a meaning of its own where names stand; choose another.",
    ),
    "a name that begins with x-": (
        "kind: zone\nname: x-a\n", 2, "`x-a` is no name for a zone.",
        "What begins with x- is no object; choose another name.",
    ),
    "a short form that the kind does not have": (
        "zones:\n  a: everything\n", 2, "A zone has no short form.",
        "Write fields below `a`, such as `comment` or `tags`.",
    ),
    "a short form of another form": (
        "ranges:\n  a: 10.1.0.1\n", 2, "`10.1.0.1` is not the short form of a range.",
        "Write it as `10.1.0.1-10.1.0.9`, or write `first` or `last` below the name.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "hint"), MISSPELT.values(), ids=MISSPELT)
def test_what_is_misspelt_is_said_with_its_line_and_what_to_write(text, line, message, hint):
    [problem] = spell(text).problems
    assert (problem.line, problem.code, problem.message, problem.hint) == (line, "misspelt", message, hint)


def test_the_rest_of_a_file_is_read_all_the_same():
    found = spell("hosst: {a: 10.1.0.1}\nhosts: {any: 10.1.0.2, b: 10.1.0.3}\n---\nkind: hots\n---\nzones: {c: }\n")
    assert [problem.line for problem in found.problems] == [1, 2, 4]
    assert [thing.subject for thing in found.objects] == ["host any", "host b", "zone c"]


def test_a_flood_of_mistakes_is_cut():
    assert len(spell("".join(f"section-{n}: 1\n" for n in range(1000))).problems) == MAX_PROBLEMS
    assert len(spell("---\nname: a\n" * 1000).problems) == MAX_PROBLEMS


LINES = """\
kind: layer
name: a
rules:
  - section: First

  - name: b
    from:
      not:
        - c

        - d
    to: any
    comment: >
      long
  - {name: e,
     from: [any],
     action: drop}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("rules",), 3),
        (("rules", 0), 4),
        (("rules", 0, "section"), 4),
        (("rules", 1), 6),
        (("rules", 1, "from"), 7),
        (("rules", 1, "from", "not"), 8),
        (("rules", 1, "from", "not", 0), 9),
        (("rules", 1, "from", "not", 1), 11),
        (("rules", 1, "comment"), 13),
        (("rules", 2, "from", 0), 16),
        (("rules", 2, "action"), 17),
        (("rules", 2, "to"), 15),
        (("rules", 9), 3),
        (("rules", "name"), 3),
        (("nothing", 0), 2),
    ],
)
def test_each_part_of_an_object_has_a_line(path, line):
    [thing] = spell(LINES).objects
    assert thing.line_of(path) == line


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("hosts:\n  a:\n    10.1.0.1\n", ("address",), 3),
        ("groups:\n  a: [b,\n    c]\n", ("include", 1), 3),
        ("groups:\n  a:\n    - b\n", ("include",), 3),
        ("groups:\n  a:\n    - b\n", (), 2),
        ("ranges:\n  a:\n    10.1.0.1-10.1.0.9\n", ("last",), 3),
        ("zones:\n  a:\n", ("comment",), 2),
    ],
)
def test_a_part_of_a_short_form_has_the_line_on_which_it_stands(text, path, line):
    [thing] = spell(text).objects
    assert thing.line_of(path) == line


JSON = st.recursive(
    st.integers(0, 99) | st.sampled_from(["a", "b c", True, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["p", "q", "r"]), inner, max_size=3),
    max_leaves=8,
)


def node(value, lines):
    line = next(lines)
    match value:
        case dict():
            entries = ((reader.Scalar(key, next(lines)), node(part, lines)) for key, part in value.items())
            return reader.Mapping(tuple(entries), line)
        case list():
            return reader.Sequence(tuple(node(part, lines) for part in value), line)
    return reader.Scalar(value, line)


@given(value=JSON)
@settings(deadline=None, max_examples=200)
def test_plain_values_are_what_was_read_and_lines_grow_with_the_path(value):
    found = node(value, iter(range(1, 1000)))
    assert plain(found) == value

    def check(part, path, above):
        line = line_of(found, path, found.line)
        assert line >= above
        inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for step, below in inner:
            check(below, (*path, step), line)

    check(value, (), 0)
