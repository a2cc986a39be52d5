"""Outcomes: whether a file that was edited holds what it should."""

from typing import Any

from mha.core.reader import plain, read
from mha.core.scalars import Unreadable


def difference(data: bytes, expected: list[Any]) -> str | None:
    """What is wrong with a file whose documents should have these plain values; None if nothing is."""
    try:
        documents = read(data)
    except Unreadable as error:
        return f"After this edit the file could not be read. {error.problem}"
    if repr([plain(document) for document in documents]) == repr(expected):  # repr tells 1 from True and from 1.0
        return None
    return "After this edit the file would hold something else than it should."
