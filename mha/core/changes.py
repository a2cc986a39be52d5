"""Which files a draft or a revision may hold, and what a change of a file is called.

Rule: paths and sizes come in as values; nothing here looks at a disk.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from mha.errors import UnknownPath

YAML_BYTES = 1 << 20  # a YAML file over 1 MiB is not read by anybody
FILE_BYTES = 16 << 20
PATH_BYTES = 1024
DEPTH = 32
REVISION_FILES = 250_000  # that one revision adds or changes
REVISION_BYTES = 4 << 30  # of the files that one revision adds or changes


_ORDINARY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


class Action(StrEnum):
    """What happened to a file between two revisions."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


class Change(NamedTuple):
    """One file that differs between two revisions, or between a revision and the draft."""

    path: str
    action: Action


class FileType(StrEnum):
    """What stands in a folder under a name."""

    FILE = "file"
    SYMLINK = "symbolic link"
    REPOSITORY = "nested repository"
    SPECIAL = "device, pipe or socket"


class Entry(NamedTuple):
    """One file of a draft or a tree, as far as the rules for files look at it."""

    path: bytes
    type: FileType
    size: int  # bytes


class Problem(NamedTuple):
    """Why a file may not be published, and what to do about it."""

    path: str
    problem: str
    hint: str

    def __str__(self) -> str:
        return f"{self.path} {self.problem}. {self.hint}"


def complaints(entries: Iterable[Entry]) -> list[str]:
    """What stands against publishing these files and what to do about it, a sentence for each file."""
    return [str(problem) for problem in problems(entries)]


def complaints_of_twins(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The same about paths that one file system takes for the same: names that differ in case or in Unicode form."""
    return [f"{one} and {other} are one name to some file systems. Rename one." for one, other in pairs]


def complaints_of_repositories(folders: Iterable[str]) -> list[str]:
    """The same about folders that git takes for repositories of their own: a home's holds its private key."""
    return [
        f"{escaped(folder)} is a git repository. Only plain files are published; move it away." for folder in folders
    ]


def problems(entries: Iterable[Entry]) -> list[Problem]:
    """What stands against publishing these files, each by itself."""
    return [problem for entry in entries if (problem := _problem(entry)) is not None]


def excess(files: int, size: int) -> str | None:
    """Why so many files, or bytes of them, are too much for one revision to add or change; None where they are not."""
    if files > REVISION_FILES:
        return f"{files:,} files are added or changed at once, and at most {REVISION_FILES:,} may be."
    if size > REVISION_BYTES:
        return f"{size >> 20:,} MiB are added or changed at once, and at most {REVISION_BYTES >> 20:,} may be."
    return None


def twins(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths that one file system takes for the same, and another does not."""
    seen: dict[str, str] = {}
    pairs: set[tuple[str, str]] = set()
    for path in sorted(paths):
        for part in _with_folders(path):
            other = seen.setdefault(_folded(part), part)
            if other != part:
                pairs.add((other, part))
    return sorted(pairs)


def repositories(paths: Iterable[str]) -> list[str]:
    """The folders that git takes for bare repositories, by what stands in them; the uppermost folder is `.`."""
    known = {folder for path in paths for folder in _with_folders(path)}
    heads = (path for path in known if path.rpartition("/")[2] == "HEAD")
    found = (head.removesuffix("HEAD") for head in heads)
    return sorted(top.rstrip("/") or "." for top in found if known & {f"{top}config", f"{top}objects"})


def is_yaml(path: str) -> bool:
    """Whether a file is YAML, by its name."""
    return path.lower().endswith((".yaml", ".yml"))


def chosen(files: Sequence[str], places: Iterable[str], *, listing: str = "mha diff") -> set[str]:
    """The files at or below some places, all of them where none is named; raises UnknownPath where one has none.

    `listing` is the command that shows which files there are.
    """
    found: set[str] = set()
    for place in places:
        top = place.rstrip("/")
        below = {file for file in files if file == top or file.startswith(f"{top}/")}
        if not below:
            raise UnknownPath(place, listing)
        found |= below
    return found or set(files)


def printable(path: bytes) -> str:
    """A path as it may be shown: what is not UTF-8 or would move the cursor is escaped."""
    return escaped(path.decode("utf-8", "backslashreplace"))


def escaped(text: str) -> str:
    """`text` without characters that control a terminal."""
    if text.isprintable():  # almost always, and told a hundred times as fast
        return text
    return "".join(c if _is_printable(c) else f"\\x{ord(c):02x}" for c in text)


def _problem(entry: Entry) -> Problem | None:
    shown = printable(entry.path)
    if entry.type is not FileType.FILE:
        return Problem(shown, f"is a {entry.type}", "Only plain files are published; move it out of work/.")
    try:
        path = entry.path.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(shown, "has a name that is not UTF-8", "Rename it.")
    complaint = _name_problem(path)
    if complaint is not None:
        return Problem(shown, complaint, "Rename it.")
    limit = YAML_BYTES if is_yaml(path) else FILE_BYTES
    if entry.size > limit:
        return Problem(shown, f"is larger than {limit >> 20} MiB", "Split it, or keep it elsewhere.")
    return None


def _name_problem(path: str) -> str | None:
    if len(path) < 256 and _ORDINARY.fullmatch(path) and path.count("/") < DEPTH:  # almost always, and told at once
        return None
    parts = path.split("/")
    if escaped(path) != path:
        return "has control characters in its name"
    if any(_is_git(part) for part in parts):
        return "is named like git's own folder"
    if any(part in ("", ".", "..") for part in parts):
        return "has a name that leads elsewhere"
    if len(path.encode()) > PATH_BYTES or len(parts) > DEPTH or any(len(part.encode()) > 255 for part in parts):
        return "has a name that is too long"
    return None


def _is_git(part: str) -> bool:
    # NTFS drops trailing dots and spaces, has short names and streams, and takes \ for /; HFS+ folds case.
    # git checks for all of them on every system, so that no peer would take such a file.
    return any(name.partition(":")[0].rstrip(". ") in {".git", "git~1"} for name in part.lower().split("\\"))


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _with_folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]
