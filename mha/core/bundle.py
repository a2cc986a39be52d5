"""The head of a backup: what a git bundle says before its pack.

Rule 1: only the form that every git writes for its usual ids is understood, and only references that a home has.
Rule 2: a name is compared with literals. A file with any other one is refused as a whole.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from mha.core import names
from mha.ids import is_id

MOST_BYTES = 4 << 20  # of a head; sixty thousand kept drafts
MOST_SIDES = 100  # each is judged by itself; a collision has two or three
END = b"\n\n"

_SIGNATURE = "# v2 git bundle"
_MAIN = "refs/heads/main"
_SERVER, _KEEP, _DRAFTS = "refs/mha/server/", "refs/mha/keep/", "refs/mha/drafts/"
_HEAD = "HEAD"  # which `git clone` wants
_DERIVED = {_HEAD, "refs/mha/current", "refs/mha/offered", "worktrees/work/HEAD"}  # git lists them, nobody needs them
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class Malformed(ValueError):
    """A head that no mha writes; says why, as a clause."""


class Contents(NamedTuple):
    """What a backup holds, by its head."""

    main: str
    server: str | None = None  # which made it
    introduction: str | None = None  # the cluster's first revision
    sides: tuple[str, ...] = ()  # kept ones
    drafts: tuple[tuple[str, str], ...] = ()  # number and id
    since: tuple[str, ...] = ()  # the revisions that it continues; none: it is a full one

    @property
    def tips(self) -> list[str]:
        """The ids of all that is in it, with what they reach."""
        return [self.main, *self.sides, *(oid for _, oid in self.drafts)]


def compose(contents: Contents) -> bytes:
    """The head of a bundle, up to the pack."""
    references = [(_HEAD, contents.main), (_MAIN, contents.main)]
    if contents.server is not None and contents.introduction is not None:
        references.append((f"{_SERVER}{contents.server}", contents.introduction))
    references += [(f"{_KEEP}{oid}", oid) for oid in contents.sides]
    references += [(f"{_DRAFTS}{name}", oid) for name, oid in contents.drafts]
    lines = [_SIGNATURE, *(f"-{oid} " for oid in contents.since), *(f"{oid} {name}" for name, oid in references)]
    return "\n".join(lines).encode() + END


def head_of(beginning: bytes) -> bytes:
    """The head, from the first bytes of a file; raises Malformed where it has no end."""
    head, end, _ = beginning.partition(END)
    if not end:
        raise Malformed("its head has no end")
    return head + end


def parse(head: bytes) -> Contents:
    """What the head of a bundle says, the empty line at its end included; raises Malformed."""
    signature, *lines = head.removesuffix(END).decode("utf-8", "replace").split("\n")
    if signature != _SIGNATURE:
        raise Malformed("it does not begin as a git bundle of the second form does")
    since = tuple(line[1:].partition(" ")[0] for line in lines if line.startswith("-"))
    references = _references([line for line in lines if not line.startswith("-")])
    if not all(map(is_id, since)):
        raise Malformed("what it continues is named by no id")
    if _MAIN not in references:
        raise Malformed("it holds no main")
    if references.get(_HEAD, references[_MAIN]) != references[_MAIN]:
        raise Malformed("its HEAD is not its main")
    servers = {name.removeprefix(_SERVER): oid for name, oid in references.items() if name.startswith(_SERVER)}
    if len(servers) > 1:
        raise Malformed("it says of more than one server that it made it")
    server, introduction = next(iter(servers.items()), (None, None))
    sides = tuple(oid for name, oid in references.items() if name.startswith(_KEEP))
    if len(sides) > MOST_SIDES:
        raise Malformed(f"it holds more than {MOST_SIDES} kept sides")
    drafts = {name.removeprefix(_DRAFTS): oid for name, oid in references.items() if name.startswith(_DRAFTS)}
    return Contents(references[_MAIN], server, introduction, sides, tuple(drafts.items()), since)


def drafts_of(files: Sequence[Contents]) -> dict[str, str]:
    """The drafts in several backups, the oldest first, by number: of each server what its last one has.

    Numbers are those of the last file; where servers have the same, the others get the next free one.
    """
    found = dict(files[-1].drafts)
    latest = {contents.server: contents for contents in files}
    for name, oid in (draft for contents in latest.values() for draft in contents.drafts):
        if oid not in found.values():
            found[name if name not in found else str(max(map(int, found)) + 1)] = oid
    return found


def _references(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        oid, _, name = line.partition(" ")
        if not is_id(oid) or not _is_known(name, oid):
            raise Malformed(f"it holds a reference that no backup has: {line[:100]!r}")
        if name in found:
            raise Malformed(f"it holds {name} twice")
        found[name] = oid
    return found


def _is_known(name: str, oid: str) -> bool:
    if name in (_MAIN, f"{_KEEP}{oid}") or name in _DERIVED:
        return True
    if name.startswith(_DRAFTS):
        return _NUMBER.fullmatch(name.removeprefix(_DRAFTS)) is not None
    return name.startswith(_SERVER) and names.is_name(name.removeprefix(_SERVER))
