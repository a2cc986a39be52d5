"""The schema of a whole file, for editors: sections or one object in each document, short forms included.

Rule: what mha takes, an editor takes. An editor may take more: it does not count the days of a month.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mha.core.model import schemas
from mha.core.model.kinds import NAME, Kind, Kinds

_BASE = "https://json-schema.org/draft/2020-12/schema"


def file_schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of a document in a file of objects."""
    known = list(kinds.by_section.values())
    return {
        "$schema": _BASE,
        "title": "objects of mha",
        "if": {"type": "object", "required": ["kind"]},
        "then": {
            "required": ["name"],
            "properties": {"kind": {"enum": [kind.name for kind in known]}},
            "allOf": [_if_kind(kind) for kind in known],
        },
        "else": {
            "type": ["object", "null"],
            "properties": {str(kind.section): _section(kind) for kind in known},
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        },
        "$defs": {kind.name: _moved(kind.schema, kind.name) for kind in known},
    }


def _if_kind(kind: Kind) -> dict[str, Any]:
    return {
        "if": {"properties": {"kind": {"const": kind.name}}},
        "then": {
            **_without_definitions(kind),
            "properties": {
                "kind": {"const": kind.name},
                "name": {"type": "string", "pattern": NAME},
                **{field: _reference(kind, field) for field in kind.fields},
            },
        },
    }


def _without_definitions(kind: Kind) -> dict[str, Any]:
    moved = _moved(kind.schema, kind.name)
    return {key: value for key, value in moved.items() if key != "$defs"}


def _section(kind: Kind) -> dict[str, Any]:
    forms: list[dict[str, Any]] = [{"$ref": f"#/$defs/{kind.name}"}]
    if not kind.schema.get("required"):
        forms.append({"type": "null"})
    if kind.short is not None:
        forms.append(_short(kind))
    return {
        "description": kind.schema.get("description", ""),
        "type": ["object", "null"],
        "propertyNames": {"pattern": NAME},
        "patternProperties": {"^x-": True},
        "additionalProperties": forms[0] if len(forms) == 1 else {"anyOf": forms},
    }


def _short(kind: Kind) -> dict[str, Any]:
    pattern = kind.schema["x-mha"]["short"].get("pattern")
    if pattern is not None:
        return {"type": "string", "pattern": re.sub(r"\(\?P<[a-z]+>", "(", pattern)}
    assert kind.short is not None
    assert kind.short.into is not None
    return {"type": sorted(schemas.TYPES - {"object", "null"}), **_reference(kind, kind.short.into)}


def _moved(part: Any, name: str) -> Any:
    """A part of a kind's schema as it stands below `$defs` of another schema."""
    if isinstance(part, Mapping):
        return {key: _under(key, value, name) for key, value in part.items() if key not in ("$schema", "$id", "x-mha")}
    return [_moved(item, name) for item in part] if isinstance(part, list) else part


def _under(key: str, value: Any, name: str) -> Any:
    """What a keyword holds, moved."""
    if key == "$ref" and isinstance(value, str):
        return f"#/$defs/{name}{value[1:]}"
    if key in schemas.NAMED and isinstance(value, Mapping):
        return {named: _moved(inner, name) for named, inner in value.items()}
    return value if key in schemas.DATA else _moved(value, name)


def _reference(kind: Kind, field: str) -> dict[str, str]:
    step = quote(field.replace("~", "~0").replace("/", "~1"), safe="~")
    return {"$ref": f"#/$defs/{kind.name}/properties/{step}"}
