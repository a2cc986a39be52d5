"""Harnesses for the model: schemas of a store's own kinds, and files of objects."""

import json
import re
from collections.abc import Iterator
from typing import Any

from mha.core import reader
from mha.core.model import catalog, custom, editor, facts, kinds, memory, references, schemas, spelling, validators
from mha.core.model.checks.dates import Days
from mha.core.model.codes import CODES
from mha.core.model.facts import Facts
from mha.core.model.kinds import Kind, Kinds
from mha.store import kind_files

KINDS = kind_files.built_in()
DAYS = Days("2026-01-01", "2026-01-31")
SEPARATOR = b"\n=====\n"  # between a schema and a file of its objects: no YAML has it
FILE = "objects/a.yaml"
_SAMPLES: tuple[Any, ...] = (
    None,
    True,
    1,
    1.5,
    "",
    "a",
    "2-1",
    "10.1.0.1",
    [],
    ["a", 1, ["a"]],
    {},
    {"a": "a"},
    {"rules": ["a", {}]},
)


def kind_schema(data: bytes) -> None:
    """A schema is refused with a line, a sentence and a hint, or its kind can do all that mha's own kinds can."""
    text, _, file = data.partition(SEPARATOR)
    found, said = custom.read(text, KINDS)
    assert (found is None) == bool(said)
    for problem in said:
        assert 1 <= problem.line <= text.count(b"\n") + 1
        assert problem.code in ("unreadable", "invalid-kind")
        assert problem.message.endswith(".")
        assert problem.hint.endswith((".", "?"))
    if found is None:
        return
    known = kinds.together([KINDS.by_name["host"], found])
    editors = validators.compiled(editor.file_schema(known))
    for path, content in [(path, file) for path in _paths(found)[:1]] + list(_files(found)):
        assert_facts_are_sound(path, content, known)
        assert_an_editor_takes_what_mha_takes(path, content, known, editors)
    _assert_read_alike(found, data.decode("utf-8", "replace"))


def objects_file(data: bytes) -> None:
    """Whatever a file holds, its facts lie in it, are the same each time, and can be kept and judged."""
    assert_facts_are_sound(FILE, data, KINDS)


def assert_facts_are_sound(path: str, data: bytes, known: Kinds) -> Facts:
    found = facts.of_file(path, data, known)
    assert repr(facts.of_file(path, data, known)) == repr(found)
    last = data.count(b"\n") + 1
    for finding in found.findings:
        assert 1 <= finding.line <= last
        assert finding.code in CODES
        assert finding.message.endswith(".")
        assert finding.hint
    said_about = {finding.subject for finding in found.findings}
    for definition in found.definitions:
        if definition.value is not None and not known.by_name[definition.kind].validator.is_valid(definition.value):
            assert definition.subject in said_about
        assert all(1 <= line <= last for line in (definition.line, *definition.lines))
        assert repr(json.loads(json.dumps(definition.value, allow_nan=False))) == repr(definition.value)
    for reference in found.references:
        assert 1 <= reference.line <= last
    assert len(list(catalog.rows(found))) >= len(found.definitions) + len(found.references)
    if known is KINDS:
        memory.judged({path: found}, DAYS)
    return found


def assert_an_editor_takes_what_mha_takes(path: str, data: bytes, known: Kinds, editors: Any) -> None:
    if known.of_file(path) is not None or facts.of_file(path, data, known).findings:
        return
    for document in reader.read(data):
        assert editors.is_valid(spelling.plain(document)), data


def _paths(kind: Kind) -> list[str]:
    """Paths of files in which objects of the kind may stand."""
    whole = [re.sub(r"\{[a-z]+\}|[*?]+", "x", pattern) for pattern in kind.files]
    return [*([FILE] if kind.section else []), *whole]


def _files(kind: Kind) -> Iterator[tuple[str, bytes]]:
    """Files with one object of the kind each, in the short form and in the long one."""
    fields = kind.fields[:4]
    values: list[Any] = [*_SAMPLES]
    values += [{field: sample} for field in fields for sample in _SAMPLES]
    values += [dict.fromkeys(fields, sample) for sample in _SAMPLES]
    for path in _paths(kind)[:2]:
        is_whole = path != FILE
        for value in values:
            yield path, json.dumps(value if is_whole else {kind.section: {"a": value}}).encode()


def _assert_read_alike(kind: Kind, text: str) -> None:
    """The patterns by which the walk goes mean the same to the validator, for whatever texts."""
    patterns = {pattern for part in schemas.every(kind.schema) for pattern in part.get("patternProperties", ())} | {
        kind.schema["x-mha"].get("short", {}).get("pattern", "")
    }
    texts = {"", "a", "\n", "a\n", "a\r", "\u2028", "]", "-", "[", *re.split(r"[^\w.$^&~|-]+", text)[:20]}
    for pattern in patterns:
        walk = re.compile(references.anchored(pattern))
        validator = validators.compiled({"pattern": re.sub(r"\(\?P<[a-z]+>", "(", pattern)})
        for one in texts:
            assert (walk.search(one) is not None) == validator.is_valid(one), (pattern, one)
