"""The schema of a whole file, as editors use it: another library takes with it what mha takes."""

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from mha.core import reader
from mha.core.model import custom, editor, kinds
from mha.core.model.spelling import plain, spelled
from mha.core.model.validity import problems
from mha.core.scalars import Unreadable
from tests.conftest import SAMPLE
from tests.core.model import instances
from tests.core.model.known import KINDS, NAMES

SCHEMA = json.loads(json.dumps(editor.file_schema(KINDS)))
EDITOR = Draft202012Validator(SCHEMA)
FILES = sorted(SAMPLE.rglob("*.yaml"))


def editor_takes(document: Any) -> bool:
    return bool(EDITOR.is_valid(document))


def mha_takes(text: str) -> bool:
    try:
        found = spelled(reader.read(text.encode()), KINDS)
    except Unreadable:  # characters that hide
        return False
    return not found.problems and not any(problems(thing) for thing in found.objects)


def test_it_is_a_schema_that_needs_no_other_file():
    Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    assert "?P<" not in text
    assert all(part.startswith("#/$defs/") for part in text.split('"$ref": "')[1:])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLE)))
def test_an_editor_takes_every_sample_file(path):
    documents = list(yaml.safe_load_all(path.read_bytes()))
    assert documents
    assert [error.message for document in documents for error in EDITOR.iter_errors(document)] == []


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_takes_the_example_of_each_kind(name):
    for document in yaml.safe_load_all(KINDS.by_name[name].example):
        assert editor_takes(document)


BAD = {
    "an unknown section": "hosst: {a: 10.1.0.1}\n",
    "an unknown kind": "kind: hots\nname: a\n",
    "no name": "kind: host\naddress: 10.1.0.1\n",
    "a bad name": "kind: host\nname: a b\naddress: 10.1.0.1\n",
    "a bad name in a section": "hosts: {a/b: 10.1.0.1}\n",
    "an unknown field": "hosts: {a: {adress: 10.1.0.1}}\n",
    "an unknown field of one object": "kind: host\nname: a\naddress: 10.1.0.1\nadress: 10.1.0.2\n",
    "a section in one object": "kind: host\nname: a\naddress: 10.1.0.1\nzones: {}\n",
    "a missing field": "kind: host\nname: a\n",
    "an object without what it needs": "hosts: {a: }\n",
    "a short form where there is none": "zones: {a: b}\n",
    "a short form of another form": "ranges: {a: 10.1.0.1}\n",
    "a wrong short form": "hosts: {a: {b: c}}\n",
    "a field of another kind": "kind: zone\nname: a\nvlan: 5\n",
    "a list": "- a\n",
    "an unknown action": "kind: layer\nname: a\nrules: [{name: b, from: any, to: any, service: any, action: acept}]\n",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_neither_an_editor_nor_mha_takes_what_is_wrong(text):
    assert (editor_takes(yaml.safe_load(text)), mha_takes(text)) == (False, False)


@pytest.mark.parametrize("text", ["", "x-note: 1\n", "hosts:\n", "zones: {a: , x-b: 1}\n", "externals: {a: }\n"])
def test_both_take_what_is_nearly_nothing(text):
    assert (editor_takes(yaml.safe_load(text)), mha_takes(text)) == (True, True)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data(), form=st.sampled_from(["section", "document"]))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_what_mha_takes_an_editor_takes(name, data, form):
    kind = KINDS.by_name[name]
    value = data.draw(instances.nearly_valid(kind.schema))
    document: dict[Any, Any] = {kind.section: {"a": value}}
    if form == "document" and isinstance(value, dict):
        document = {"kind": name, "name": "a", **copy.deepcopy(value)}
    if mha_takes(json.dumps(document, ensure_ascii=False)):
        assert editor_takes(document)


def test_the_sample_is_read_alike_for_both():
    for path in FILES:
        assert [plain(node) for node in reader.read(path.read_bytes())] == list(yaml.safe_load_all(path.read_bytes()))


def test_an_editor_knows_fields_of_any_name():
    fields = ["x-mha", "$schema", "$ref", "a b", "a/b", "a~b", "%41", "ü"]
    schema = {
        "$id": "https://example.org/lamp",
        "x-mha": {"kind": "lamp", "section": "lamps", "space": "lamps", "short": {"into": "a b"}},
        "properties": {field: {"const": {"x-mha": {"$ref": "#"}}} for field in fields},
        "additionalProperties": False,
    }
    lamp, said = custom.read(json.dumps(schema).encode(), KINDS)
    assert said == []
    assert lamp is not None
    takes = Draft202012Validator(editor.file_schema(kinds.together([lamp]))).is_valid
    value = {field: {"x-mha": {"$ref": "#"}} for field in fields}
    assert takes({"lamps": {"a": value}})
    assert takes({"kind": "lamp", "name": "a", **value})
    assert not takes({"lamps": {"a": value | {"a b": 1}}})
    assert not takes({"kind": "lamp", "name": "a", **value, "a/b": 1})
