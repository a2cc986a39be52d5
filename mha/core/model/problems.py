"""Problems: what is wrong in one file, at which line, and what to write instead."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from mha.core import scalars
from mha.core.changes import escaped

_LONGEST_NAME = 100  # nobody mistypes a longer one by a letter or two, and comparing takes time


class Problem(NamedTuple):
    """One thing that is wrong, by its code in `codes.CODES`."""

    line: int
    code: str
    message: str
    hint: str


def quoted(value: Any) -> str:
    """A value as a message shows it: as it stands in YAML, cut where it is long."""
    match value:
        case str():
            text = value
        case bool():
            text = str(value).lower()
        case None:
            return "An empty value"
        case dict():
            return "A mapping"
        case list():
            return "A list"
        case _:
            text = str(value)
    return f"`{escaped(scalars.shown(text))}`"


def meant(name: str, known: Iterable[str]) -> str | None:
    """Which of the known names was probably meant."""
    import difflib

    if len(name) > _LONGEST_NAME:
        return None
    folded = {_folded(other): other for other in known}
    found = difflib.get_close_matches(_folded(name), folded, n=1)
    return folded[found[0]] if found else None


def listed(words: Iterable[str]) -> str:
    """Words as a sentence lists them: `a`, `b` or `c`."""
    *others, last = [f"`{word}`" for word in words]
    return f"{', '.join(others)} or {last}" if others else last


def sentence(text: str) -> str:
    """Text with a capital letter and one period."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def _folded(name: str) -> str:
    return re.sub(r"[_ ]", "-", name.casefold())
