"""Renames by their looks: the old name is found as text, and what comes of it is proved by reading the result.

Rule 1: nothing is parsed to find the places. If the old name stands in the file as often as it should change, each
time is one of those places; if it were not, the file would not be read as it should.
Rule 2: that holds without aliases alone, because with them one text stands for several values.
Rule 3: whatever is not that plain is no matter of this file.
"""

import re
from collections.abc import Iterable
from typing import Any

from mha.core.edit_tree import Edit, Replace
from mha.core.outcomes import difference
from mha.core.places import Step
from mha.core.reader import Node, plain

_NAME = re.compile(r"[A-Za-z0-9][\w.:/-]*", re.ASCII)


def guessed(data: bytes, documents: list[Node], edits: Iterable[Edit]) -> bytes | None:
    """The file with one name instead of another one, if that is all; None if it takes more than this."""
    if b"&" in data:
        return None
    expected: list[Any] = [plain(document) for document in documents]
    changes = [_changed(expected, edit) for edit in dict.fromkeys(edits)]
    names = changes[0] if len(set(changes)) == 1 else None
    if names is None or not all(map(_NAME.fullmatch, names)):
        return None
    old, new = (name.encode() for name in names)
    result, count = re.subn(rb"(?<![\w.:/-])%b(?![\w.:/-])" % re.escape(old), new, data)
    return result if count == len(changes) and difference(result, expected) is None else None


def _changed(expected: Any, edit: Edit) -> tuple[str, str] | None:
    """Make an edit among plain values: the old and the new text, if one is replaced that is there."""
    if not isinstance(edit, Replace) or edit.place.is_key or not edit.place.path:
        return None
    above: Any = None
    value: Any = expected
    for step in (edit.place.document, *edit.place.path):
        if not _has(value, step):
            return None
        above, value = value, value[step]
    above[edit.place.path[-1]] = edit.text
    return (value, edit.text) if isinstance(value, str) else None


def _has(value: Any, step: Step) -> bool:
    return step in range(len(value)) if isinstance(value, list) else isinstance(value, dict) and step in value
