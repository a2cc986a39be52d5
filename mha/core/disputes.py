"""Disputes: what libyaml reads and other YAML readers refuse, or read as something else.

Rule: the text is YAML to libyaml already; here its tokens are looked at once more.
"""

import re
from collections.abc import Iterator

import yaml

from mha.core.scalars import line_of, shown

BLOCK_STYLES = frozenset("|>")
TAB = ("A tab stands where only spaces may.", "Indent and separate with spaces.")
_TAB = re.compile(r"^(?:[^#\n]|(?<=\S)#)*\t", re.MULTILINE)  # not in a comment: its # follows a space, or nothing
_TIGHT = re.compile(r"""["'][ \t]*:\S""")

Dispute = tuple[int, str, str]  # line, problem, hint


def first(text: str) -> Dispute | None:
    """The first dispute, or None."""
    found = _tab(text) if "\t" in text else None
    if found is None and ("?" in text or _TIGHT.search(text)):
        return _in_brackets(text)
    return found


def _in_brackets(text: str) -> Dispute | None:
    """A question mark in plain text, a key's mark to PyYAML; a pair of a list that ruamel.yaml refuses."""
    brackets = ""
    for token in yaml.scan(text, Loader=yaml.CLoader):
        line = token.start_mark.line + 1
        match token:
            case yaml.FlowSequenceStartToken() | yaml.FlowMappingStartToken():
                brackets += text[token.start_mark.index]
            case yaml.FlowSequenceEndToken() | yaml.FlowMappingEndToken():
                brackets = brackets[:-1]
            case yaml.ScalarToken(plain=True, value=value) if brackets and "?" in value:
                problem = f"`{shown(value)}` has a question mark, which ends it to some readers."
                return line, problem, "Put text with a question mark in quotes."
            case yaml.ValueToken() if brackets.endswith("[") and not text[token.end_mark.index].isspace():
                return (
                    line,
                    "A colon in [ ] has no space after it, which some readers refuse.",
                    "Write a space after it.",
                )
    return None


def _tab(text: str) -> Dispute | None:
    end = 0
    for start, stop in [*_quoted_texts(text), (len(text), len(text))]:
        if found := _TAB.search(text[end:start]):
            return line_of(text, end + found.start()), *TAB
        end = stop
    return None


def _quoted_texts(text: str) -> Iterator[tuple[int, int]]:
    """Where quoted text and block text start and stop."""
    for token in yaml.scan(text, Loader=yaml.CLoader):
        if isinstance(token, yaml.ScalarToken) and not token.plain:
            start, stop = token.start_mark.index, token.end_mark.index
            if token.style in BLOCK_STYLES:  # the line of | or > is no text yet
                start += len(text[start:stop].partition("\n")[0])
            yield start, stop
