"""Schemas: what a kind takes, for people, editors and other programs."""

import json
from typing import Any

from mha.core.model import editor
from mha.core.model.problems import meant
from mha.errors import UnknownKind
from mha.operations import model
from mha.operations import tip as tips
from mha.operations.model import Rules
from mha.store.files import exchange
from mha.store.home import Home

_FILE = "schema.json"


def of_kind(home: Home | None, name: str) -> dict[str, Any]:
    """The JSON Schema of a kind, of mha's own or of the published ones of a store; raises UnknownKind."""
    known = _rules(home).kinds.by_name
    if name not in known:
        raise UnknownKind(name, meant(name, known))
    return dict(known[name].schema)


def of_files(home: Home | None) -> dict[str, Any]:
    """The JSON Schema of a whole file of objects."""
    return editor.file_schema(_rules(home).kinds)


def for_editor(home: Home) -> dict[str, Any]:
    """The settings of VS Code and of editors that read the same, by which it checks the files of `work/`.

    The schema is written into the home, where they lead to.
    """
    rules = _rules(home)
    path = home.state / _FILE
    exchange(path, json.dumps(editor.file_schema(rules.kinds)).encode(), synced=False)
    return {"yaml.schemas": {path.as_uri(): list(rules.said.interpret)}}


def _rules(home: Home | None) -> Rules:
    return model.Model(tips.tip(home)).rules if home is not None else model.shipped_rules()
