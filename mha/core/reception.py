"""Reception: which commands a peer may run here, which references it may touch, and what it is told at the end.

Rule: what is wanted is compared with literals. Whatever is not one of them is refused.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from mha.ids import LENGTH, is_id

MOST_UPDATES = 100  # of one push; mha itself moves one reference at a time
_ZERO = "0" * LENGTH
_MAIN = "refs/heads/main"
_KEEP = "refs/mha/keep/"
_OUTCOME = re.compile(r"mha: main ([0-9a-f]{40}), current ([0-9a-f]{40})\.")


class Command(StrEnum):
    """What a peer may have git do."""

    SEND = "upload-pack"  # ls-remote and fetch
    RECEIVE = "receive-pack"  # push


class Update(NamedTuple):
    """One reference that a push wants to move."""

    old: str
    new: str
    name: str


def command(wanted: str, home: str) -> Command | None:
    """The command that `SSH_ORIGINAL_COMMAND` asks for, if it is one of those allowed for this home.

    `home` is the absolute path of the home; a trailing slash and the path of its
    repository mean the same.
    """
    for allowed in Command:
        for path in (f"{home}/mha.git", f"{home}/mha.git/"):
            if wanted in (f"git-{allowed} '{path}'", f"git {allowed} '{path}'"):
                return allowed
    return None


def updates(lines: Sequence[str]) -> list[Update] | None:
    """The updates that git's pre-receive hook lists; None where a line is not of that form."""
    found = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or not is_id(parts[0]) or not is_id(parts[1]):
            return None
        found.append(Update(*parts))
    return found


def refusal(update: Update) -> str | None:
    """Why a reference may not be moved so, judged by its name alone; None where it may."""
    if update.new == _ZERO:
        return "Nothing is ever deleted here."
    if update.name == _MAIN:
        return None
    if update.name == f"{_KEEP}{update.new}" and update.old == _ZERO:
        return None
    if update.name.startswith(_KEEP):
        return "A kept side is named by its own id, and never moves."
    return "Only main and kept sides are received."


def judged(done: int, total: int) -> str:
    """How a receiver says, while a push waits for its verdict, how far it is."""
    return f"Judged {done} of {total} revisions"


def outcome(head: str, current: str) -> str:
    """How a receiver says, after a push, what its `main` is and what it serves."""
    return f"mha: main {head}, current {current}."


def outcome_in(text: str) -> tuple[str, str] | None:
    """The head and what is served, from what a receiver wrote; None where its word did not arrive."""
    found = _OUTCOME.findall(text)
    return (str(found[-1][0]), str(found[-1][1])) if found else None
