"""Names in objects: all of them are found, with their places, and nothing else is taken for one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.model import references, schemas
from mha.core.model.references import Mark, Sense, Target
from tests.core.model.known import KINDS, one

ADDRESSES, SERVICES = Target("addresses"), Target("services")
ROLES, LAYERS = Target("identities", ("role",)), Target("policies", ("layer",))


def found(thing):
    return {(name.path, name.text, name.mark.targets) for name in references.names(thing.kind.names, thing.value)}


FOUND = {
    "a host is in a zone": (
        "hosts: {a: {address: 10.1.0.1, zone: dmz, comment: web-01}}",
        {(("zone",), "dmz", (Target("addresses", ("zone",)),))},
    ),
    "an address is no name": ("hosts: {a: 10.1.0.1}", set()),
    "the members of a group, in the short form": (
        "groups: {a: [b, c]}",
        {(("include", 0), "b", (ADDRESSES,)), (("include", 1), "c", (ADDRESSES,))},
    ),
    "one member, without a list": (
        "groups: {a: {include: b, except: [c]}}",
        {(("include",), "b", (ADDRESSES,)), (("except", 0), "c", (ADDRESSES,))},
    ),
    "a role": (
        "roles: {a: {users: [jana, admins], networks: any}}",
        {
            (("users", n), name, (Target("identities", ("user", "user-group")),))
            for n, name in ((0, "jana"), (1, "admins"))
        },
    ),
    "an interface": (
        "gateways: {a: {addresses: b, interfaces: {eth0: {address: 10.1.0.1/24, zone: dmz}, x-eth: {zone: old}}}}",
        {
            (("addresses",), "b", (Target("addresses", ("host",)),)),
            (("interfaces", "eth0", "zone"), "dmz", (Target("addresses", ("zone",)),)),
        },
    ),
    "a translation": (
        "kind: nat\nname: a\nrules: [{section: dmz}, {name: b, from: any, to: c, service: d, translate: {source: e}}]",
        {
            (("rules", 1, "to"), "c", (ADDRESSES,)),
            (("rules", 1, "service"), "d", (SERVICES,)),
            (("rules", 1, "translate", "source"), "e", (ADDRESSES,)),
        },
    ),
}


@pytest.mark.parametrize(("text", "expected"), FOUND.values(), ids=FOUND)
def test_the_names_in_an_object_are_found_with_their_places(text, expected):
    assert found(one(text)) == expected


def test_a_setting_mentions_objects_and_does_not_demand_them():
    thing = one("kind: setting\nname: a\nvalue: {servers: [dc-01, 5], key: vault:x, x-old: dc-02, deep: {to: jana}}\n")
    names = references.names(thing.kind.names, thing.value)
    assert {name.mark.sense for name in names} == {Sense.MENTIONS}
    assert [name.text for name in names] == ["dc-01", "5", "jana"]


def test_the_id_of_a_rule_makes_itself_known():
    thing = one("kind: layer\nname: a\nrules: [{name: b, id: r-1, from: any, to: any, service: any, action: drop}]\n")
    [name] = references.names(thing.kind.names, thing.value)
    assert (name.text, name.path, name.mark) == ("r-1", ("rules", 0, "id"), Mark(Sense.DEFINES, (Target("rule-ids"),)))


WORDS = st.sampled_from(["web-01", "any-host", "not", "layer", "accept", "x", "Any"])


@st.composite
def cell(draw, field, targets):
    """A cell of a rule, and the names that were put into it."""
    form = draw(st.sampled_from(["any", "one", "several", "not one", "not several"]))
    names = [draw(WORDS)] if "one" in form else draw(st.lists(WORDS, min_size=1, max_size=3))
    value, path = (names[0] if "one" in form else names), (field, "not") if "not" in form else (field,)
    places = [path] if "one" in form else [(*path, n) for n in range(len(names))]
    expected = {(*place, name, targets) for place, name in zip(places, names, strict=True)}
    if form == "any":
        return draw(st.sampled_from(["any", ["any"]])), set()
    return ({"not": value} if "not" in form else value), expected


@given(
    source=cell("from", (ADDRESSES, ROLES)),
    target=cell("to", (ADDRESSES,)),
    service=cell("service", (SERVICES,)),
    action=WORDS | st.just("drop"),
    call=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_each_name_that_was_put_into_a_rule_is_found_and_no_other(source, target, service, action, call):
    rule = {"name": "web-01", "from": source[0], "to": target[0], "service": service[0], "ticket": "web-01"}
    rule["action"] = f"layer:{action}" if call else "drop"
    calls = {("action", action, (LAYERS,))} if call else set()
    value = {"rules": [{"section": "web-01"}, rule], "comment": "web-01"}

    names = references.names(KINDS.by_name["layer"].names, value)

    assert {name.path[:2] for name in names} <= {("rules", 1)}
    assert {(*name.path[2:], name.text, name.mark.targets) for name in names} == {
        *source[1], *target[1], *service[1], *calls,
    }  # fmt: skip


REFERS = {"type": "string", "x-mha": {"refers-to": [{"space": "addresses"}]}}
FOLLOWED = {
    "a reference into $defs": ({"$ref": "#/$defs/name"}, "a", {("a", ())}),
    "every item": ({"items": REFERS}, ["a", "b"], {("a", (0,)), ("b", (1,))}),
    "the first items": ({"prefixItems": [True, REFERS]}, ["a", "b", "c"], {("b", (1,))}),
    "the items after the first": ({"prefixItems": [True], "items": REFERS}, ["a", "b"], {("b", (1,))}),
    "a property": ({"properties": {"p": REFERS}}, {"p": "a", "q": "b"}, {("a", ("p",))}),
    "properties by a pattern": ({"patternProperties": {"^p$": REFERS}}, {"p": "a", "p\n": "b"}, {("a", ("p",))}),
    "other properties": (
        {"properties": {"p": True}, "patternProperties": {"^x": True}, "additionalProperties": REFERS},
        {"p": "a", "x": "b", "q": "c"}, {("c", ("q",))},
    ),
    "keys": ({"propertyNames": REFERS}, {"a": "b"}, {("a", ("a",))}),
    "all of": ({"allOf": [{"properties": {"p": REFERS}}, {"properties": {"q": REFERS}}]}, {"p": "a", "q": "b"},
               {("a", ("p",)), ("b", ("q",))}),
    "text or list": ({"anyOf": [REFERS, {"type": "array", "items": REFERS}]}, ["a"], {("a", (0,))}),
    "a number that is a login": ({**REFERS, "type": "integer"}, 5, {("5", ())}),
    "a truth is no name": (REFERS, True, set()),
    "a tree": ({"$ref": "#/$defs/tree"}, {"name": "a", "below": [{"name": "b", "below": [{"name": "c"}]}]},
               {("a", ("name",)), ("b", ("below", 0, "name")), ("c", ("below", 0, "below", 0, "name"))}),
    "a schema that is only itself": ({"$ref": "#/$defs/loop"}, "a", {("a", ())}),
    "no marks": ({"properties": {"p": {"type": "string"}}}, {"p": "a"}, set()),
    "not below `not`": ({"not": REFERS}, "a", set()),
}  # fmt: skip
DEFINITIONS = {
    "name": REFERS,
    "tree": {
        "properties": {"name": {"$ref": "#/$defs/name"}, "below": {"items": {"$ref": "#/$defs/tree"}}},
    },
    "loop": {"anyOf": [{"$ref": "#/$defs/loop"}, REFERS]},
}


@pytest.mark.parametrize(("schema", "value", "expected"), FOLLOWED.values(), ids=FOLLOWED)
def test_a_schema_is_followed_to_each_name(schema, value, expected):
    names = references.names(references.plan({**schema, "$defs": DEFINITIONS}), value)
    assert {(name.text, name.path) for name in names} == expected
    assert {name.is_key for name in names} <= {schema.keys() == {"propertyNames"}}


def record(sort, mark):
    return {"properties": {"sort": {"const": sort}, "of": mark}, "required": ["sort"]}


USER = {"x-mha": {"refers-to": [{"space": "identities"}]}}
TEXT = {"type": "string"}
DECIDED = {
    "any of two records": {"anyOf": [record("host", REFERS), record("user", USER), record("text", TEXT)]},
    "one of two records": {"oneOf": [record("host", REFERS), record("user", USER), record("text", TEXT)]},
    "if, then, else": {
        "if": record("host", True),
        "then": {"properties": {"of": REFERS}},
        "else": {"if": record("user", True), "then": {"properties": {"of": USER}}, "else": {"not": REFERS}},
    },
    "with definitions": {"anyOf": [{"$ref": "#/$defs/host"}, record("user", USER), record("text", TEXT)]},
}


@pytest.mark.parametrize("schema", DECIDED.values(), ids=DECIDED)
@pytest.mark.parametrize(("sort", "space"), [("host", "addresses"), ("user", "identities"), ("text", None)])
def test_the_value_decides_which_branch_speaks_about_it(schema, sort, space):
    plan = references.plan({**schema, "$defs": {"host": record("host", {"$ref": "#/$defs/name"}), "name": REFERS}})
    names = references.names(plan, {"sort": sort, "of": "a"})
    assert [name.mark.targets[0].space for name in names] == ([] if space is None else [space])


def test_words_and_what_lacks_the_prefix_are_no_names():
    mark = {"refers-to": [{"space": "a"}], "words": ["any", "ref:none"], "prefix": "ref:"}
    plan = references.plan({"items": {"x-mha": mark}})
    names = references.names(plan, ["any", "ref:none", "b", "ref:c", "ref:any", "REF:d"])
    assert [name.text for name in names] == ["c", "any"]


def test_types_are_known_as_far_as_they_are_plain():
    root = {"$defs": {"a": {"type": "string"}, "loop": {"$ref": "#/$defs/loop"}}}
    cases: list[tuple[dict[str, Any], Any]] = [
        ({}, schemas.TYPES),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"enum": ["a", 1]}, {"string", "integer"}),
        ({"const": None}, {"null"}),
        ({"$ref": "#/$defs/a"}, {"string"}),
        ({"$ref": "#/$defs/loop"}, schemas.TYPES),
        ({"anyOf": [{"type": "array"}, {"$ref": "#/$defs/a"}]}, {"array", "string"}),
        ({"type": ["array", "null"], "anyOf": [{"type": "array"}, {"type": "string"}]}, {"array"}),
    ]
    assert [schemas.types(root, schema) for schema, _ in cases] == [set(expected) for _, expected in cases]


@pytest.mark.parametrize("reference", ["other.json", "#/$defs/nobody", "#/$defs/a/type", "#/$defs/a/enum/9"])
def test_a_reference_that_leads_nowhere_is_refused(reference):
    with pytest.raises(ValueError, match="lead"):
        schemas.resolved({"$defs": {"a": {"type": "string", "enum": ["x"]}}}, reference)
