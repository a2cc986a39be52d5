"""Quotes: how a new text is written where another one stands.

Rule 1: the style stays if the text can be written in it: plain, single quotes, double quotes, block text.
Rule 2: plain stays plain only if the reader takes it for the same text at such a place. Otherwise it gets double
quotes, or single ones if it has double quotes or backslashes in it.
Rule 3: text over several lines that is not block text is written on one line. An alias becomes its value.
"""

import re
from typing import NamedTuple

from mha.core import scalars
from mha.core.disputes import BLOCK_STYLES
from mha.core.places import Text
from mha.core.reader import plain, read
from mha.core.scalars import Unreadable


class Surroundings(NamedTuple):
    """What decides, beside the text, whether it can be plain."""

    is_key: bool
    is_flow: bool  # within brackets
    is_top: bool  # the whole document


def written(new: str, old: Text, source: str, around: Surroundings) -> str:
    """What to write from `old.text_start` to `old.end` in the source, so that `new` is read there."""
    if old.style in BLOCK_STYLES:
        return _block(new, source[old.text_start : old.end], has_break=old.end < len(source))
    if old.style == '"':
        return _double(new)
    if old.style == "'":
        return _single(new)
    quoted = new if _is_plain(new, around) else _quoted(new)
    if old.style == "?":
        return f": {quoted}"
    is_joined = old.text_start == old.end and source[old.end - 1 : old.end] not in {"", " ", "\n"}
    return f" {quoted}" if is_joined else quoted  # `a:` without a value


_EVERYWHERE_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._/-]+[A-Za-z0-9]+)*")


def _is_plain(new: str, around: Surroundings) -> bool:
    if not new.isprintable():
        return False
    if _EVERYWHERE_PLAIN.fullmatch(new):  # almost every name, and told at once
        return _is_text(new)
    before, after, expected = _probe(new, around)
    try:
        documents = read(f"{before}{new}{after}".encode())
    except Unreadable:
        return False
    return len(documents) == 1 and bool(plain(documents[0]) == expected)


def _is_text(new: str) -> bool:
    try:
        return scalars.value(new, 1) == new
    except Unreadable:
        return False


def _probe(new: str, around: Surroundings) -> tuple[str, str, object]:
    """The shortest document in which a scalar stands so; and what is read if it is the same text there."""
    match around:
        case Surroundings(is_top=True):
            return "", "\n", new
        case Surroundings(is_key=True, is_flow=True):
            return "{", ": k}\n", {new: "k"}
        case Surroundings(is_key=True):
            return "", ": k\n", {new: "k"}
        case Surroundings(is_flow=True):
            return "[", ", k]\n", [new, "k"]
        case _:
            return "k: ", "\n", {"k": new}


def _quoted(new: str) -> str:
    return _single(new) if '"' in new or "\\" in new else _double(new)


def _single(new: str) -> str:
    doubled = new.replace("'", "''")
    return f"'{doubled}'" if new.isprintable() else _double(new)


_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r", "\0": r"\0", "\x1b": r"\e"}


def _double(new: str) -> str:
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(ord(c))) for c in new) + '"'


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_BLOCK = re.compile(r"(?P<style>[|>])(?P<chomping>[-+]?)(?P<behind>\r?|[ \t][^\n]*)\n(?:[ \r]*\n)*(?P<indent> +)[^ ]")


def _block(new: str, old: str, *, has_break: bool) -> str:
    """Block text with other lines below the same header; in double quotes if it cannot be written so."""
    match = _BLOCK.match(old)
    lines = new.rstrip("\n").split("\n")
    if match is None or not _suits_block(lines, match["style"]):
        comment = re.match(r"[|>][-+0-9]*([^\n\r]*)", old)
        return _double(new) + (comment[1].rstrip() if comment else "")
    if match["style"] == ">":
        lines = re.sub("\n+", r"\g<0>\n", "\n".join(lines)).split("\n")
    ending = len(new) - len(new.rstrip("\n"))
    stays = match["chomping"] == "+" if ending else not has_break  # the end of the file has no break to chomp
    chomping = match["chomping"] if stays else "-+"[ending > 1] if ending != 1 else ""
    newline = "\r\n" if match["behind"].endswith("\r") else "\n"
    header = match["style"] + chomping + match["behind"].rstrip("\r")
    indented = [f"{match['indent']}{line}" if line else "" for line in lines] + [""] * max(ending - 1, 0)
    return newline.join([header, *indented]) + ("" if has_break or not ending else newline)


def _suits_block(lines: list[str], style: str) -> bool:
    """Whether these lines can stand in block text: what starts with a space would be folded or indented otherwise."""
    spaced = [line for line in lines if line.startswith(" ")]
    return (
        all(line.isprintable() and (line == "" or line.strip(" ") != "") for line in lines)
        and lines[0] != ""
        and (not spaced if style == ">" else lines[0] not in spaced)
    )
