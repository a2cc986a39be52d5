"""Kinds that a store adds: which schemas become one, and what is said about the others."""

import json
from typing import Any

import pytest

from mha.core import reader
from mha.core.model import custom, facts, kinds, references
from mha.core.model.codes import CODES
from mha.core.model.kinds import Kinds
from mha.core.model.spelling import spelled
from mha.core.model.validity import problems
from mha.store import kind_files
from tests.core.model.known import KINDS, NAMES

LAMP: dict[str, Any] = {
    "title": "a lamp",
    "x-mha": {"kind": "lamp", "section": "lamps", "space": "lamps", "short": {"into": "host", "example": "web-01"}},
    "type": "object",
    "properties": {
        "host": {"$ref": "#/$defs/host"},
        "watts": {"title": "a number of watts", "type": "integer", "maximum": 100},
    },
    "additionalProperties": False,
    "$defs": {"host": {"type": "string", "x-mha": {"refers-to": [{"space": "addresses", "kinds": ["host"]}]}}},
}


def read(schema, known=KINDS):
    return custom.read(json.dumps(schema).encode(), known)


def test_a_kind_of_a_store_is_treated_as_one_of_mhas_own():
    lamp, found = read(LAMP)
    assert found == []
    assert lamp is not None
    file = b"hosts: {web-01: 10.1.0.1}\nlamps:\n  a: web-01\n  b: {watts: 500}\n  c: {host: x, wats: 5}\n"
    objects = spelled(reader.read(file), kinds.together([*KINDS.by_name.values(), lamp])).objects
    assert [thing.subject for thing in objects] == ["host web-01", "lamp a", "lamp b", "lamp c"]
    assert [name.text for thing in objects for name in references.names(thing.kind.names, thing.value)] == [
        "web-01",
        "x",
    ]
    assert [(problem.line, problem.message, problem.hint) for thing in objects for problem in problems(thing)] == [
        (4, "`500` in `watts` is not a number of watts.", "Allowed is at most 100."),
        (5, "`wats` is no field of a lamp.", "Did you mean `watts`?"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_mhas_own_kinds_would_be_taken_from_a_store(name):
    found, said = custom.read((kind_files.FOLDER / f"{name}.json").read_bytes(), Kinds({}))
    assert said == []
    assert found is not None
    assert found.schema == KINDS.by_name[name].schema


def test_a_schema_may_be_written_as_yaml():
    text = b"x-mha: {kind: lamp, section: lamps, space: lamps}\ntype: object\n"
    found, said = custom.read(text, KINDS)
    assert (said, found and found.section) == ([], "lamps")


def test_digits_of_a_short_form_are_a_number_only_where_the_field_takes_one():
    short = {"pattern": "(?P<host>[0-9]+)/(?P<watts>[0-9]+)"}
    found, _ = read(saying(short=short))
    assert found is not None
    assert found.short is not None
    assert repr(found.short.long("no 10/40")) == repr({"host": "10", "watts": 40})


def changed(**parts):
    return {key: value for key, value in {**LAMP, **parts}.items() if value is not None}


def saying(**parts):
    said = {**LAMP["x-mha"], **parts}
    return changed(**{"x-mha": {key: value for key, value in said.items() if value is not None}})


def field(schema):
    return changed(properties={**LAMP["properties"], "f": schema})


TWO_FORMS = "A short form has more than one of `into` or `pattern`."
WHERE = '"x-mha": {'
FAULTY = {
    "no schema of JSON": (changed(type="objekt"), '"type"', "This part is no JSON Schema of 2020-12."),
    "a pattern with lookahead": (field({"pattern": "(?=a)"}), '"pattern"', "This part is no JSON Schema of 2020-12."),
    "a reference to nothing": (field({"$ref": "#/$defs/nobody"}), "{", "This part is no JSON Schema of 2020-12."),
    "a reference to the web": (field({"$ref": "https://a.org"}), "{", "This part is no JSON Schema of 2020-12."),
    "a reference to a property": (
        field({"$ref": "#/properties/host"}), '"$ref": "#/p', "`#/properties/host` does not lead into `$defs`.",
    ),
    "a reference to nothing at all": (field({"$ref": ""}), '"$ref": ""', "`` does not lead into `$defs`."),
    "a reference to a part of a definition": (
        field({"$ref": "#/$defs/host/x-mha"}), '"$ref": "#/$defs/host/x',
        "`#/$defs/host/x-mha` does not lead into `$defs`.",
    ),
    "a reference to whatever there is": (
        {**field({"$ref": "#/$defs/all"}), "$defs": {**LAMP["$defs"], "all": True}}, '"$ref": "#/$defs/all',
        "`#/$defs/all` leads to no mapping.",
    ),
    "a part with a reference of its own": (field({"$id": "https://a.org"}), '"$id"', "`$id` is not followed."),
    "an anchor": (field({"$dynamicAnchor": "a"}), '"$dynamicAnchor"', "`$dynamicAnchor` is not followed."),
    "an empty x-mha": ({**LAMP, "x-mha": None}, '"x-mha": null', "An empty value is not a kind."),
    "an empty mark": (field({"x-mha": None}), '"x-mha": null', "An empty value is not what is said of a text."),
    "a schema of no kind": (changed(**{"x-mha": None}), "{", "The schema does not say which kind it is."),
    "no name of the kind": (saying(kind=None), WHERE, "A kind needs `kind`."),
    "neither a section nor files": (saying(section=None), WHERE, "A kind needs `section` or `files`."),
    "a word that is not known": (saying(sections="x"), '"sections"', "`sections` is no field of a kind."),
    "a section that begins with x-": (
        saying(section="x-a"), '"section"', "`x-a` in `section` is not a word of small letters, digits and hyphens.",
    ),
    "a section called kind": (
        saying(section="kind"), '"section"', "`kind` in `section` is not a word of small letters, digits and hyphens.",
    ),
    "a kind that exists": (saying(kind="host"), '"kind"', "There is a kind `host` already."),
    "a section that exists": (saying(section="hosts"), '"section"', "There is a section `hosts` already."),
    "a field called name": (
        changed(properties={**LAMP["properties"], "name": {}}), '"name"', "A field cannot be called `name`.",
    ),
    "a short form into nothing": (saying(short={"into": "hots"}), WHERE, "`hots` is no field of the kind."),
    "a short form with a strange group": (
        saying(short={"pattern": "^(?P<hots>a)$"}), WHERE, "`hots` is no field of the kind.",
    ),
    "a short form in Python's dialect": (
        saying(short={"pattern": r"^(?P<host>\w+)$"}), '"pattern"', r"`^(?P<host>\w+)$` is read otherwise elsewhere.",
    ),
    "a short form that is no pattern": (
        saying(short={"pattern": "(("}), '"pattern"', "`((` is no regular expression.",
    ),
    "a short form that would take too much memory": (
        saying(short={"pattern": "((a{999}){999}){999}"}), '"pattern"',
        "`((a{999}){999}){999}` is no regular expression.",
    ),
    "a bracket in a class": (saying(short={"pattern": "[[a]"}), '"pattern"', "`[[a]` is read otherwise elsewhere."),
    "a dollar in a class": (saying(short={"pattern": "[$|]"}), '"pattern"', "`[$|]` is read otherwise elsewhere."),
    "a dollar that is no end": (saying(short={"pattern": "a$b"}), '"pattern"', "`a$b` is read otherwise elsewhere."),
    "an intersection of classes": (
        saying(short={"pattern": "[a&&b]"}), '"pattern"', "`[a&&b]` is read otherwise elsewhere.",
    ),
    "a repetition that gives nothing back": (
        saying(short={"pattern": "a*+"}), '"pattern"', "`a*+` is read otherwise elsewhere.",
    ),
    "two short forms": (
        saying(short={"into": "host", "pattern": "a"}), '"short"',
        TWO_FORMS,
    ),
    "keys in Python's dialect": (
        field({"patternProperties": {r"^\d$": True}}), r'"^\\d$"', r"`^\d$` is read otherwise elsewhere.",
    ),
    "a mark that says nothing": (
        field({"x-mha": {"words": ["any"]}}), '"x-mha": {\n        "words"',
        "What is said of a text needs `refers-to`, `mentions`, `defines` or `secret`.",
    ),
    "a mark without a space": (field({"x-mha": {"defines": {}}}), '"defines"', "A name space needs `space`."),
    "a mark where nobody looks": (
        field({"contains": {"x-mha": {"defines": {"space": "a"}}}}), '"x-mha": {\n          "defines"',
        "No name is looked for in this part.",
    ),
    "a scope without a path": (
        field({"x-mha": {"defines": {"space": "a", "scope": "org"}}}), '"x-mha": {\n        "defines"',
        "The scope `org` is no word of the paths in `files`.",
    ),
    "a scope that one path lacks": (
        {**field({"x-mha": {"defines": {"space": "a", "scope": "org"}}}),
         "x-mha": {"kind": "lamp", "space": "lamps", "files": ["{org}/a", "b"]}},
        '"x-mha": {\n        "defines"', "The scope `org` is no word of the paths in `files`.",
    ),
    "a path with a word twice": (
        saying(files=["a", "{org}/{org}"]), '"{org}/{org}"', "`{org}/{org}` has a word in braces twice.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "place", "message"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_schema_is_told_what_is_wrong_and_where(schema, place, message):
    text = json.dumps(schema, indent=2)
    kind, said = custom.read(text.encode(), KINDS)
    assert kind is None
    assert message in [problem.message for problem in said]
    [line] = {problem.line for problem in said if problem.message == message}
    assert line == text.count("\n", 0, text.index(place)) + 1
    assert {problem.code for problem in said} <= CODES.keys()
    assert all(problem.hint for problem in said)


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (b"", 1, "invalid-kind"),
        (b"[]", 1, "invalid-kind"),
        (b"{}\n---\n{}\n", 1, "invalid-kind"),
        (b'{\n"a": 1,\n"a": 2}', 3, "unreadable"),
        (b"{", 1, "unreadable"),
    ],
)
def test_a_file_that_is_no_schema_is_told_so(data, line, code):
    kind, [problem] = custom.read(data, KINDS)
    assert (kind, problem.line, problem.code) == (None, line, code)


@pytest.mark.parametrize("name", ["enum", "$ref", "properties", "default", "x-mha"])
def test_a_field_may_be_called_like_a_word_of_json_schema(name):
    found, said = read(changed(properties={"host": {"$ref": "#/$defs/host"}, name: {"$ref": "#/$defs/host"}}))
    assert (said, found and found.fields) == ([], ("host", name))


def test_a_schema_that_leads_round_in_a_circle_ends():
    found, said = read(changed(properties={"host": {"$ref": "#/$defs/a"}}, **{"$defs": {
        "a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]},
    }}))  # fmt: skip
    assert (said, found and found.names) == ([], None)


def test_what_stands_below_a_word_that_means_nothing_is_no_schema():
    _, said = read(field({"like": {"patternProperties": 5, "$ref": "#/$defs/host"}}))
    assert said == []


SHARED = [
    (".", "\n\r\u2028\u2029", "a\x0b]"),
    (r"^\\$", "", "\\"),
    (r"^[\$|]$", "\n", "$|"),
]


@pytest.mark.parametrize(("pattern", "no", "yes"), SHARED)
def test_a_short_form_means_the_same_in_python(pattern, no, yes):
    found, said = read(saying(short={"pattern": pattern}))
    assert (said, found is not None) == ([], True)
    assert found is not None
    assert found.short is not None
    assert [text for text in no if found.short.long(text) is not None] == []
    assert [text for text in yes if found.short.long(text) is None] == []
    assert found.short.long("\\\n") is None or pattern == "."


def test_a_short_form_that_could_be_read_in_many_ways_takes_no_time():
    found, said = read(saying(short={"pattern": "^(?:a+)+$"}))
    assert said == []
    assert found is not None
    assert found.short is not None
    assert found.short.long("a" * 1000 + "b") is None


def test_a_key_that_could_be_read_in_many_ways_takes_no_time():
    found, said = read(field({"patternProperties": {"^(?:a+)+$": {"x-mha": {"defines": {"space": "a"}}}}}))
    assert said == []
    assert found is not None
    assert references.names(found.names, {"f": {"a" * 1000 + "b": "x"}}) == []


def bare(**parts):
    said = {"kind": "lamp", "section": "lamps", "space": "lamps", **parts.pop("said", {})}
    return {"x-mha": said, **parts}


ENDS = {"short": {"pattern": "^(?P<first>[a-z0-9]+)-(?P<last>[a-z0-9]+)$"}, "ascending": ["first", "last"]}
SECRET = {"type": "string", "pattern": "^vault:", "examples": [], "x-mha": {"secret": True}}
ASK = "`mha schema` and the kind prints what it takes."
READ = {
    # a schema, an object, and what is said about it
    "a kind without fields, in a short form": (
        bare(), "b", [("A lamp has no short form.", "Write a mapping below `a`.")],
    ),
    "a kind whose short form has no example": (
        bare(said={"short": {"pattern": "^b$"}}), "c",
        [("`c` is not the short form of a lamp.", "Write a mapping below the name.")],
    ),
    "a field that may be anything, in a short form": (
        bare(said={"short": {"pattern": "^(?P<f>[0-9]+)$"}}, properties={"f": True}), "5", [],
    ),
    "a field that may not be": (
        bare(properties={"f": False}), {"f": 1}, [("`f` does not belong here.", ASK)],
    ),
    "a missing field that may be anything": (
        bare(required=["f"], properties={"f": True}), {}, [("This needs `f`.", "Write `f:` and what is taken here.")],
    ),
    "a range without its end": (bare(said=ENDS, properties={"first": True, "last": True}), {"first": "10.1.0.1"}, []),
    "a range of numbers": (bare(said=ENDS, properties={"first": True, "last": True}), {"first": 1, "last": 0}, []),
    "nothing to choose from": (
        bare(properties={"f": {"enum": []}}), {"f": 1},
        [("`1` in `f` is not what is taken here.", "Take the field out.")],
    ),
    "no fields to choose from": (
        bare(oneOf=[{"required": []}, {"required": []}]), {}, [("A mapping is not a lamp.", ASK)],
    ),
    "an empty description": (
        bare(properties={"f": {"description": "", "type": "object"}}), {"f": 1},
        [("`1` in `f` is not a mapping.", ASK)],
    ),
    "a secret without examples": (
        bare(properties={"f": SECRET}), {"f": "a"},
        [("`f` takes a reference to a secret, and this is none.", "Write where it is kept, like `vault:name`.")],
    ),
    "a pattern beside a format that takes the value": (
        bare(properties={"f": {"title": "an address of ours", "format": "mha-address", "pattern": "^10[.]"}}),
        {"f": "192.0.2.1"}, [("`192.0.2.1` in `f` is not an address of ours.", ASK)],
    ),
    "a pattern that only the validator knows, beside a format": (
        bare(properties={"f": {"format": "mha-date", "pattern": r"^\p{L}"}}), {"f": "a"},
        [("`a` in `f` is not a date.", 'Write year, month and day: "2028-06-30".')],
    ),
    "a field that is called like a number": (
        bare(properties={"1": {"type": "string"}}), {"1": 5}, [("`5` is not a text.", 'Put it in quotes: "5".')],
    ),
    "a field without a name": (
        bare(properties={"": {"items": {"type": "string"}}}), {"": [5]}, [("`5` is not what is taken here.", ASK)],
    ),
    "rules that are names": (
        bare(properties={"rules": {"items": {"type": "string", "x-mha": {"refers-to": [{"space": "lamps"}]}}}}),
        {"rules": ["a"]}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "expected"), READ.values(), ids=READ)
def test_an_object_of_any_kind_is_read_and_what_is_wrong_with_it_is_said(schema, value, expected):
    kind, said = read({"title": "a lamp", **schema} if "required" not in schema else schema)
    assert said == []
    assert kind is not None

    found = facts.of_file("objects/a.yaml", json.dumps({"lamps": {"a": value}}).encode(), kinds.together([kind]))

    assert [(finding.message, finding.hint) for finding in found.findings] == expected
