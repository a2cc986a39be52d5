"""Patterns for paths, as `mha.yaml` and the schemas of kinds write them.

`*` and `?` stay within a folder's name, `**` stands for any number of folders, and `{name}` for one folder or a part of
a name, which is then known by that word: `config/{org}/**/teams.yaml`.
"""

import re
from collections.abc import Iterable
from functools import cache

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\{(?P<word>[a-z]+)\}|[^*?{]+|\{")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern, for whole paths; its groups are the words in braces."""
    return re.compile("".join(map(_translated, _PIECE.finditer(pattern))), re.DOTALL)


def matches(patterns: Iterable[str], path: str) -> bool:
    """Whether any of the patterns stands for the path."""
    return any(compiled(pattern).fullmatch(path) for pattern in patterns)


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
