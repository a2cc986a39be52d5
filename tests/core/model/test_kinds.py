"""The kinds that mha has: what they are called, what they share, and their examples."""

import itertools
import json
import re

import pytest

from mha.core import reader
from mha.core.model import kinds, schemas
from mha.core.model.spelling import spelled
from mha.core.model.validity import problems
from mha.store import kind_files
from tests.core.model.known import KINDS, NAMES

TABLE = {
    "addresses": "host:hosts network:networks range:ranges fqdn:fqdns group:groups external:externals zone:zones",
    "services": "service:services service-group:service-groups",
    "identities": "user:users user-group:user-groups role:roles",
    "times": "time:times",
    "policies": "layer:layers nat:nats package:packages gateway:gateways vpn:vpns setting:settings",
}


def test_kinds_have_these_names_sections_and_spaces():
    expected = {(*pair.split(":"), space) for space, pairs in TABLE.items() for pair in pairs.split()}
    assert {(kind.name, kind.section, kind.space) for kind in KINDS.by_name.values()} == expected


def test_a_schema_has_the_name_of_its_kind():
    assert sorted(NAMES) == sorted(path.stem for path in kind_files.FOLDER.iterdir())


def test_no_object_is_called_any():
    assert KINDS.words == {"any"}


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_and_field_says_what_it_is_and_takes_notes_of_ones_own(name):
    schema = KINDS.by_name[name].schema
    assert re.fullmatch(r"an? [a-z ]+", schema["title"])
    assert schema["description"].endswith(".")
    for part in schemas.every(schema):
        if "additionalProperties" in part:
            assert part["title"]
            assert part["patternProperties"]["^x-"] is True
            assert [field for field, inner in part.get("properties", {}).items() if not inner.get("description")] == []


def test_kinds_agree_about_what_has_the_same_name():
    shared: dict[str, list[object]] = {}
    for kind, (name, part) in itertools.chain.from_iterable(
        ((kind, item) for item in kind.schema["$defs"].items()) for kind in KINDS.by_name.values()
    ):
        assert json.dumps(part) == json.dumps(shared.setdefault(name, part)), (kind.name, name)
    assert len(shared) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_is_used(name):
    schema = KINDS.by_name[name].schema
    followed = {id(part) for part in schemas.every(schema)}
    assert [key for key, part in schema["$defs"].items() if id(part) not in followed] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_a_valid_file_of_its_kind(name):
    found = spelled(reader.read(KINDS.by_name[name].example.encode()), KINDS)
    assert (found.problems, [problem for thing in found.objects for problem in problems(thing)]) == ([], [])
    assert {thing.kind.name for thing in found.objects} == {name}


@pytest.mark.parametrize(
    ("name", "value", "long"),
    [
        ("host", "10.1.0.1", {"address": "10.1.0.1"}),
        ("host", ["10.1.0.1", "::1"], {"address": ["10.1.0.1", "::1"]}),
        ("group", "a", {"include": "a"}),
        ("range", "10.1.0.1-10.1.0.9", {"first": "10.1.0.1", "last": "10.1.0.9"}),
        ("range", "::1-::9", {"first": "::1", "last": "::9"}),
        ("range", "10.1.0.1", None),
        ("range", "10.1.0.1-10.1.0.9\n", None),
        ("range", ["10.1.0.1-10.1.0.9"], None),
        ("service", "tcp/443", {"protocol": "tcp", "port": 443}),
        ("service", "udp/16384-17383", {"protocol": "udp", "port": "16384-17383"}),
        ("service", "tcp/443\n", None),
        ("service", "esp", None),
        ("service", 443, None),
    ],
)
def test_a_short_form_becomes_the_long_one(name, value, long):
    short = KINDS.by_name[name].short
    assert short is not None
    assert short.long(value) == long


def test_the_short_form_of_a_kind_is_like_its_example():
    for kind in KINDS.by_name.values():
        if kind.short is not None:
            value = reader.plain(reader.read(kind.short.example.encode())[0])
            assert kind.validator.is_valid(kind.short.long(value)), kind.name


def of_files(*files):
    schemas_ = [
        {"x-mha": {"kind": name, "space": name, "files": found}} for name, found in zip("abc", files, strict=False)
    ]
    return kinds.together(kinds.kind(schema) for schema in schemas_)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("config/acme/org.yaml", ("a", "acme", {"org": "acme"})),
        ("acme/org.yaml", ("a", "acme", {"org": "acme"})),
        ("acme/net/org.yaml", ("b", "acme/net/org.yaml", {"org": "acme"})),
        ("config/acme/net/lab/org.yaml", ("b", "config/acme/net/lab/org.yaml", {"org": "acme"})),
        ("sites/hq/fw/a.yaml", ("c", "hq/a", {"site": "hq", "box": "a"})),
        ("motd.yaml", ("c", "motd.yaml", {})),
        ("org.yaml", None),
        ("config/acme/org.yaml.bak", None),
    ],
)
def test_the_path_says_which_kind_a_whole_file_is_and_what_it_is_called(path, expected):
    found = of_files(
        ["config/{org}/org.yaml", "{org}/org.yaml"],
        ["config/{org}/*/**/org.yaml", "{org}/*/**/org.yaml"],
        ["sites/{site}/fw/{box}.yaml", "motd.yaml"],
    ).of_file(path)
    assert (found and (found[0].name, *found[1:])) == expected
