"""Texts: files with their line breaks set aside, and given back.

Rule: what has line breaks of both sorts keeps each where it is.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from mha.core import reader
from mha.core.merge import trees
from mha.core.merge.trees import File

_T = TypeVar("_T")


class Text(NamedTuple):
    """A file on one side."""

    file: File
    newline: str | None  # None: it has no line, or is not there
    is_ended: bool | None  # with a line break


def read(data: bytes | None) -> Text:
    """The tree of a file; raises Unreadable, and Odd."""
    if not data:
        return Text(File(), None, None)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        reader.read(data)  # says so, with the line
        raise
    lines = text.count("\n")
    is_crlf = lines > 0 and text.count("\r\n") == lines
    if is_crlf:
        text = text.replace("\r\n", "\n")
    is_ended = text.endswith("\n")
    newline = ("\r\n" if is_crlf else "\n") if lines else None
    return Text(trees.parsed(text if is_ended else f"{text}\n"), newline, is_ended)


def written(file: File, texts: Sequence[Text]) -> bytes:
    """The merged file with the line breaks that its sides have: those of the side that changed them."""
    text = trees.written(file)
    if _picked([each.is_ended for each in texts]) is False and text.endswith("\n"):
        text = text[:-1]
    if _picked([each.newline for each in texts]) == "\r\n" and "\r\n" not in text:
        text = text.replace("\n", "\r\n")
    return text.encode()


def _picked(values: Sequence[_T]) -> _T:
    base, ours, theirs = values
    if theirs is None or theirs == base:
        return ours if ours is not None else theirs
    return theirs if ours is None or ours == base else ours
