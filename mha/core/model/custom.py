"""Kinds that a store adds: a schema below `kinds/` becomes a kind, or it is said what is wrong with it.

Rule: what is taken here means the same to the validator, to the walk for names and to an editor. Hence `$ref` leads
into `$defs` only, no mark stands where the walk does not come, and patterns keep to what Python and ECMA-262 share.
"""

import re
from collections.abc import Iterator
from typing import Any

from mha.core import reader
from mha.core.model import kinds, patterns, references, schemas, validators, wording
from mha.core.model.annotation import MARK, TOP
from mha.core.model.kinds import Kind, Kinds
from mha.core.model.problems import Problem, quoted
from mha.core.model.references import Path
from mha.core.model.schemas import Schema
from mha.core.model.spelling import line_of, plain
from mha.core.scalars import Unreadable

_UNFOLLOWED = ("$id", "$anchor", "$dynamicAnchor", "$dynamicRef")  # make `$ref` mean something else, or are another
_IN_DEFS = re.compile(r"#/\$defs/[^/%~]+")
_IN_CLASS = r"(?:(?!&&|~~|\|\|)(?:\\[^A-Za-z0-9]|[^\\\[\]$-]))"
# \d and \w know other alphabets in Python; `[`, `--` and `&&` in a class are not text to everybody.
_PARTS_SHARED = re.compile(
    rf"(?:\\[^A-Za-z0-9]|\[\^?-?(?:{_IN_CLASS}(?:-{_IN_CLASS})?)+-?\]"
    r"|\((?:\?:|\?P<[a-z]+>|(?!\?))|[)|^]|\$(?=\Z|[)|])"
    r"|(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??(?![*+?{])|[^\\\[\](){}*+?|^$])*"
)
_SHARED = "Use literals, [classes], (?:groups), |, *, +, ? and {1,9}; no \\d, \\w, \\s, \\b and no lookaround."
_Fault = tuple[Path, str, str]  # where, what, and what to write


def read(data: bytes, known: Kinds) -> tuple[Kind | None, list[Problem]]:
    """The kind that a file below `kinds/` describes, or what is wrong with it."""
    try:
        documents = reader.read(data)
    except Unreadable as error:
        return None, [Problem(error.line, "unreadable", error.problem, error.hint)]
    if len(documents) != 1 or not isinstance(documents[0], reader.Mapping):
        return None, [Problem(1, "invalid-kind", "This file is no JSON Schema.", "Write one, as JSON or YAML.")]
    schema = plain(documents[0])
    found = [
        Problem(line_of(documents[0], path), "invalid-kind", message, hint)
        for path, message, hint in _faults(schema, known)
    ]
    return (None, found) if found else (kinds.kind(schema), [])


def _faults(schema: Schema, known: Kinds) -> list[_Fault]:
    """What is wrong with a schema; each step needs that the ones before found nothing."""
    for step in (_no_schema, _bad_references, _bad_marks, lambda schema: _bad_kind(schema, known)):
        if found := list(step(schema)):
            return found
    return []


def _no_schema(schema: Schema) -> Iterator[_Fault]:
    import jsonschema_rs

    try:
        validators.compiled(schema)
    except jsonschema_rs.ValidationError as error:
        path = tuple(error.instance_path)
        hint = _SHARED if path[-1:] == ("pattern",) else "Compare it with `mha schema host`."
        yield path, "This part is no JSON Schema of 2020-12.", hint


def _bad_references(schema: Schema) -> Iterator[_Fault]:
    for path, part in _parts(schema, ()):
        for word in _UNFOLLOWED if path else ():
            if word in part:
                yield (*path, word), f"`{word}` is not followed.", 'Write "$ref": "#/$defs/NAME".'
        if "$ref" in part and (problem := _bad_reference(schema, part["$ref"])):
            yield (*path, "$ref"), problem, 'Write "#/$defs/NAME", and a mapping for it in `$defs`.'


def _bad_reference(schema: Schema, reference: Any) -> str | None:
    if not isinstance(reference, str) or not _IN_DEFS.fullmatch(reference):
        return f"{quoted(reference)} does not lead into `$defs`."
    try:
        schemas.resolved(schema, reference)
    except ValueError:
        return f"{quoted(reference)} leads to no mapping."
    return None


def _bad_marks(schema: Schema) -> Iterator[_Fault]:
    top, mark = validators.compiled(TOP), validators.compiled(MARK)
    followed = {id(part) for part in schemas.every(schema)}
    if "x-mha" not in schema:
        yield (), "The schema does not say which kind it is.", 'Write "x-mha": {"kind": …, "section": …, "space": …}.'
    for path, part in _parts(schema, ()):
        is_marked, written = "x-mha" in part, part.get("x-mha")
        for error in (top if part is schema else mark).iter_errors(written) if is_marked else ():
            for said in wording.said(error, TOP if part is schema else MARK):
                yield (*path, "x-mha", *said.path), said.message, said.hint
        if is_marked and id(part) not in followed:
            yield (*path, "x-mha"), "No name is looked for in this part.", "Move it below `properties` or `items`."
        for pattern in part.get("patternProperties", ()) if id(part) in followed else ():
            yield from _bad_pattern((*path, "patternProperties", pattern), pattern)


def _bad_pattern(path: Path, pattern: str) -> Iterator[_Fault]:
    no_pattern = path, f"{quoted(pattern)} is no regular expression.", _SHARED
    try:
        validators.matcher(pattern)  # it bounds how deep and how large a pattern may be
    except ValueError:
        yield no_pattern
        return
    if not _PARTS_SHARED.fullmatch(pattern):
        yield path, f"{quoted(pattern)} is read otherwise elsewhere.", _SHARED
        return
    try:
        re.compile(references.anchored(pattern))
    except re.error:
        yield no_pattern


def _bad_kind(schema: Schema, known: Kinds) -> Iterator[_Fault]:
    said, fields = schema["x-mha"], schema.get("properties", {})
    here = ("x-mha",)
    if said["kind"] in known.by_name:
        yield (*here, "kind"), f"There is a kind {quoted(said['kind'])} already.", "Choose another name."
    if said.get("section") in known.by_section:
        yield (*here, "section"), f"There is a section {quoted(said['section'])} already.", "Choose another name."
    taken = [name for name in ("kind", "name") if name in fields and "section" in said]
    for name in taken:
        yield (
            ("properties", name),
            f"A field cannot be called `{name}`.",
            "It says what the object is; rename the field.",
        )
    short = said.get("short", {})
    if "pattern" in short:
        yield from _bad_pattern((*here, "short", "pattern"), short["pattern"])
    for name in _fields_named(said) - fields.keys():
        yield here, f"{quoted(name)} is no field of the kind.", "Write it below `properties`, or name another."
    yield from _bad_paths(schema)


def _fields_named(said: dict[str, Any]) -> set[str]:
    short = said.get("short", {})
    groups = re.findall(r"\(\?P<([a-z]+)>", short.get("pattern", ""))
    return {*groups, *said.get("ascending", ()), *([short["into"]] if "into" in short else ())}


def _bad_paths(schema: Schema) -> Iterator[_Fault]:
    words: list[set[str]] = []
    for index, pattern in enumerate(schema["x-mha"].get("files", ())):
        try:
            words.append(set(patterns.compiled(pattern).groupindex))
        except re.error:
            message = f"{quoted(pattern)} has a word in braces twice."
            yield ("x-mha", "files", index), message, "Give each a name of its own."
    known = set.intersection(*words) if words else set()
    for path, part in _parts(schema, ()):
        mark = references.mark(part)
        for target in mark.targets if mark else ():
            if target.scope is not None and target.scope not in known:
                message = f"The scope {quoted(target.scope)} is no word of the paths in `files`."
                yield (*path, "x-mha"), message, f"Write {{{target.scope}}} in each of them."


def _parts(schema: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every part of a schema that may be one itself, whether it is followed or not, and where it stands."""
    if isinstance(schema, dict):
        yield path, schema
        for key, part in schema.items():
            named = part.items() if key in schemas.NAMED and isinstance(part, dict) else ()
            for name, inner in named:
                yield from _parts(inner, (*path, key, name))
            if not named and key not in schemas.DATA:
                yield from _parts(part, (*path, key))
    elif isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _parts(part, (*path, index))
