"""What all texts share: colour on a terminal only, aligned columns, times in words, JSON."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any

from mha.core.changes import Action, Change, escaped
from mha.errors import AnswerLost

_PERIODS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_LETTERS = {Action.ADDED: "A", Action.MODIFIED: "M", Action.DELETED: "D"}


class Colour(StrEnum):
    """The few colours that mean something here."""

    GOOD = "32"
    BAD = "31"
    WARN = "33"
    STRONG = "1"
    FAINT = "2"


def say(text: str = "") -> None:
    """Print a line of the answer; raises AnswerLost."""
    try:
        print(text)
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        raise AnswerLost(f"{error.strerror}.") from error


def remark(text: str) -> None:
    """Print a line beside the answer, behind what was answered so far."""
    with suppress(OSError):  # said at the end
        sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def give_json(value: Any) -> None:
    """Print the answer as JSON; in ASCII where the locale cannot say more."""
    import json as json_format

    ascii_only = sys.stdout.encoding.lower() != "utf-8"
    say(json_format.dumps(plain(value), indent=2, ensure_ascii=ascii_only))


def plain(value: Any) -> Any:
    """A report as JSON has it."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value


def coloured(text: str, colour: Colour) -> str:
    """`text` in a colour where a person looks at a terminal that wants colours."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their cells aligned to the left."""
    if not rows:
        return []
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def ago(iso: str | None, now: str) -> str:
    """A time in words, as seen from now; a clock that went back is said, not hidden."""
    if not iso:
        return "never"
    seconds = int((datetime.fromisoformat(now) - datetime.fromisoformat(iso)).total_seconds())
    return _words(seconds)


def changes(listed: Sequence[Change]) -> None:
    """Print changed files, one a line, with a letter for what happened to each."""
    colours = {Action.ADDED: Colour.GOOD, Action.MODIFIED: Colour.WARN, Action.DELETED: Colour.BAD}
    for change in listed:
        say(f"  {coloured(_LETTERS[change.action], colours[change.action])} {change.path}")


def detail_of(detail: str) -> str:
    """A detail in brackets, behind a word; nothing where there is none."""
    return f" ({detail})" if detail else ""


def summary(listed: Sequence[Change]) -> str:
    """How many files were added, modified and deleted, in words."""
    counts = [(sum(change.action is action for change in listed), action) for action in Action]
    return ", ".join(f"{count} {action}" for count, action in counts if count) or "no files changed"


def lines(text: str) -> None:
    """Print the lines of a unified diff."""
    starts = {"+": Colour.GOOD, "-": Colour.BAD, "@": Colour.FAINT}
    for line in text.splitlines():
        colour = Colour.STRONG if line.startswith(("+++", "---", "diff ")) else starts.get(line[:1])
        shown = "\t".join(escaped(part) for part in line.split("\t"))
        say(coloured(shown, colour) if colour else shown)


def count(number: int, noun: str) -> str:
    """A number and its noun: `1 revision`, `2 revisions`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _words(seconds: int) -> str:
    if seconds < 0:
        return "in the future"
    for length, name in _PERIODS:
        if seconds >= length:
            return f"{count(seconds // length, name)} ago"
    return "just now"
