"""Patterns for paths, as `mha.yaml` and the schemas of kinds write them.

`*` and `?` stay within a folder's name, `**` stands for any number of folders, and `{name}` for one folder or a part of
a name, which is then known by that word: `config/{org}/**/teams.yaml`.

Rule: whether a pattern stands for a path is told in time that grows with both only. A regular expression tries all that
each of its wildcards could stand for, so that one with many of them is never asked.
"""

import re
from collections.abc import Iterable, Iterator
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
    if _wildcards(pattern) > _FEW or len(path) > _SHORT:
        return _read(pattern, path)
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


def _read(pattern: str, path: str) -> dict[str, str] | None:
    """The same, with each piece as long as it can be.

    For each piece, from the last on, it is worked out from where it and what follows it can be read to the end.
    """
    pieces = list(_PIECE.finditer(pattern))
    places = [{len(path)}]
    for piece in reversed(pieces):
        places.append(_starts(piece, path, places[-1]))
    if 0 not in places.pop():
        return None
    at, found = 0, {}
    for piece in pieces:
        start, at = at, _end(piece, path, at, places.pop())
        if piece["word"]:
            found[piece["word"]] = path[start:at]
    return found


def _starts(piece: "re.Match[str]", path: str, ends: set[int]) -> set[int]:
    """From where a piece can be read up to one of these ends."""
    match piece.group():
        case "**/":
            return _before_folders(path, ends)
        case "**":
            return set(range(max(ends, default=-1) + 1))
        case "*":
            return ends | _within_name(path, ends)
        case "?":
            return {end - 1 for end in ends if path[end - 1 : end] not in ("", "/")}
        case _ if piece["word"]:
            return _within_name(path, ends)
        case text:
            return {end - len(text) for end in ends if path.endswith(text, 0, end)}


def _within_name(path: str, ends: set[int]) -> set[int]:
    """From where one or more characters of a name lead to one of these ends."""
    found, is_inside = set(), False
    for at in reversed(range(len(path))):
        is_inside = path[at] != "/" and (is_inside or at + 1 in ends)
        if is_inside:
            found.add(at)
    return found


def _before_folders(path: str, ends: set[int]) -> set[int]:
    """From where any number of folders lead to one of these ends."""
    found, is_inside = set(ends), False
    for at in reversed(range(len(path))):
        if path[at] == "/":
            is_inside = at + 1 in found
        elif is_inside:
            found.add(at)
    return found


def _end(piece: "re.Match[str]", path: str, at: int, ends: set[int]) -> int:
    """The last of these ends up to which a piece can be read from a place."""
    match piece.group():
        case "**/":
            return max(end for end in _folder_ends(path, at) if end in ends)
        case "**":
            return max(ends)
        case text if text == "*" or piece["word"]:
            slash = path.find("/", at)
            return max(end for end in ends if at <= end <= (len(path) if slash < 0 else slash))
        case text:
            return at + len(text)


def _folder_ends(path: str, at: int) -> Iterator[int]:
    yield at
    while (slash := path.find("/", at)) > at:
        at = slash + 1
        yield at
