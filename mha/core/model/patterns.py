"""Patterns for paths, as `mha.yaml` and the schemas of kinds write them.

`*` and `?` stay within a folder's name, `**` stands for any number of folders, and `{name}` for one folder or a part of
a name, which is then known by that word: `config/{org}/**/teams.yaml`.

Rule: whether a pattern stands for a path is told in time that grows with both only. A regular expression tries all that
each of its wildcards could stand for, so that one with many of them is asked only where it fits.
"""

import re
from collections.abc import Iterable
from functools import cache

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\{(?P<word>[a-z]+)\}|[^*?{]+|\{")
_FEW = 3  # wildcards of any length
_SHORT = 255  # characters of a path


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern, for whole paths; its groups are the words in braces.

    Raises re.error where a word stands twice.
    """
    return re.compile("".join(map(_translated, _PIECE.finditer(pattern))), re.DOTALL)


def matches(patterns: Iterable[str], path: str) -> bool:
    """Whether any of the patterns stands for the path."""
    return any(words(pattern, path) is not None for pattern in patterns)


def words(pattern: str, path: str) -> dict[str, str] | None:
    """What the words in braces are in a path; None where the pattern does not stand for it."""
    if (_wildcards(pattern) > _FEW or len(path) > _SHORT) and not _fits(pattern, path):
        return None
    found = compiled(pattern).fullmatch(path)
    return None if found is None else found.groupdict()


@cache
def _wildcards(pattern: str) -> int:
    return sum(bool(piece["word"]) or piece.group() in ("**/", "**", "*") for piece in _PIECE.finditer(pattern))


def _translated(piece: "re.Match[str]") -> str:
    match piece.group():
        case "**/":
            return "(?:[^/]+/)*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case text if word := piece["word"]:
            return f"(?P<{word}>[^/]+)" if text else ""
        case text:
            return re.escape(text)


def _fits(pattern: str, path: str) -> bool:
    """The same without words: piece by piece, all places up to which the path can be read."""
    places = {0}
    for piece in _PIECE.finditer(pattern):
        match piece.group():
            case "**/":
                places = _behind_folders(places, path)
            case "**":
                places = set(range(min(places, default=len(path) + 1), len(path) + 1))
            case "*":
                places |= _within_name(places, path)
            case "?":
                places = {at + 1 for at in places if path[at : at + 1] not in ("", "/")}
            case _ if piece["word"]:
                places = _within_name(places, path)
            case text:
                places = {at + len(text) for at in places if path.startswith(text, at)}
    return len(path) in places


def _within_name(places: set[int], path: str) -> set[int]:
    """The places behind one or more characters of a name."""
    found, is_inside = set(), False
    for at, character in enumerate(path):
        is_inside = character != "/" and (is_inside or at in places)
        if is_inside:
            found.add(at + 1)
    return found


def _behind_folders(places: set[int], path: str) -> set[int]:
    """The places behind any number of folders."""
    found, is_inside = set(places), False
    for at, character in enumerate(path):
        if character == "/" and is_inside:
            found.add(at + 1)
        is_inside = character != "/" and (is_inside or at in found)
    return found
