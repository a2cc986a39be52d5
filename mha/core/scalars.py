"""Scalars: what a plain value of YAML is to every reader, or why readers do not agree.

Rule: nothing is imported for it, so that whoever only asks whether a name is text need not wait for a parser.
"""

import math
import re

MAX_DIGITS = 18  # fits 64 bits, and int() is slow for thousands

Value = str | int | float | bool | None


class Unreadable(ValueError):
    """The file is not YAML that every reader understands alike."""

    def __init__(self, line: int, problem: str, hint: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line
        self.problem = problem
        self.hint = hint


def line_of(text: str, index: int) -> int:
    """The line in which a character stands, from 1 on."""
    return text.count("\n", 0, index) + 1


def shown(text: str) -> str:
    """Text as a problem quotes it."""
    return text if len(text) <= 40 else f"{text[:40]}…"


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
_DISPUTED_WORDS = {  # what each is in YAML 1.1, and what says so in 1.2 too
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"], ("true", "true")),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "off", "Off", "OFF"], ("false", "false")),
    "<<": ("a merge key", "the merged entries"),
    "=": ("a default key", "another key"),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?[0-9]+\.[0-9]+(?:[eE][-+][0-9]+)?")
_DISPUTED_NUMBER = re.compile(
    r"""[-+]?(?: 0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-f_]+            # other bases
               | [0-9_]+(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?          # 022, 1_000, 1e3, 1.
               | \.[0-9_]+(?:e[-+]?[0-9]+)?                      # .5
               | [1-9][0-9_]*(?::[0-5]?[0-9])+                   # 22:22: base 60
               | [0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*          # 08:30.5: base 60
               | \.inf | \.nan )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


def value(text: str, line: int) -> Value:
    """What all readers take a plain scalar for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        return _number(text, line)
    if text in _DISPUTED_WORDS:
        meaning, instead = _DISPUTED_WORDS[text]
        problem = f"`{text}` is {meaning} to some YAML readers and text to others."
        raise Unreadable(line, problem, f'Write "{text}" or {instead}.')
    return text


def _number(text: str, line: int) -> str | int | float:
    if text.count(".") > 1 or "/" in text:  # an address, as almost always: told ten times as fast
        return text
    # The 1.1 specification's pattern for fractions matches 10.0.0.1 and 1.2.3: an erratum that no reader follows.
    if _INTEGER.fullmatch(text):
        return int(_bounded(text, line))
    if _FRACTION.fullmatch(text):
        return float(_bounded(text, line))
    if _DISPUTED_NUMBER.fullmatch(text):
        problem = f"`{shown(text)}` is not the same value to all YAML readers."
        raise Unreadable(line, problem, f'Write "{shown(text)}" if it is text, or a decimal number such as 31 or 0.5.')
    return text


def _bounded(text: str, line: int) -> str:
    if sum(map(str.isdigit, text)) > MAX_DIGITS or math.isinf(float(text)):
        problem = f"The number {shown(text)} is too large, or has more than {MAX_DIGITS} digits."
        raise Unreadable(line, problem, "Put it in quotes if it is text.")
    return text
