"""Renaming and removing objects in the draft: only what must change of each file changes."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from mha.core import edits
from mha.core.changes import Action, Change, printable
from mha.core.edits import ByHand
from mha.core.model import renaming, uses
from mha.core.model.checks import links, names
from mha.core.model.facts import Definition, Reference
from mha.core.model.kinds import NAME, NAME_RULE, Kinds
from mha.core.model.problems import meant
from mha.errors import CannotEdit, InvalidObjectName, NameTaken, ObjectInUse, UnknownKind, UnknownObject, UsesUnknown
from mha.operations import verdicts
from mha.operations.editing import Desk, at_desk
from mha.operations.model import Judged, Model
from mha.store.home import Home


class Refactored(NamedTuple):
    """What became of the draft."""

    changes: tuple[Change, ...]
    places: int  # at which a name changed


class Asked(NamedTuple):
    """What is to be changed in the draft."""

    kinds: Kinds
    used: list[Reference]  # that get another name
    new: str  # that name
    named: Definition | None = None  # the object that gets it
    removed: Definition | None = None  # the object that goes


def rename(home: Home, what: str, new: str) -> Refactored:
    """Give an object another name, here and wherever it is named; raises NameTaken, CannotEdit and others."""

    def asked(judged: Judged) -> Asked:
        _require_read(judged)
        found = _object(judged, what)
        _require_free(judged, found, new)
        return Asked(judged.rules.kinds, uses.direct(judged.book, found), new, named=found)

    return _refactored(home, asked)


def remove(home: Home, what: str, *, replacement: str | None = None) -> Refactored:
    """Take an object out, and put another in its place wherever it is named; raises ObjectInUse without one."""

    def asked(judged: Judged) -> Asked:
        _require_read(judged)
        found = _object(judged, what)
        used = [use for use in uses.direct(judged.book, found) if (use.kind, use.owner) != (found.kind, found.name)]
        if used and replacement is None:
            raise ObjectInUse(found.subject, [f"{use.path}:{use.line}: {use.subject}" for use in used], what)
        for use in used:
            if not links.targets(judged.book, use._replace(name=replacement or "")):
                raise UnknownObject(replacement or "", f"It must be one that can stand in {use.path}:{use.line}.")
        return Asked(judged.rules.kinds, used, replacement or "", removed=found)

    return _refactored(home, asked)


def _refactored(home: Home, ask: Callable[[Judged], Asked]) -> Refactored:
    with at_desk(home, "edit the draft") as desk:
        texts = verdicts.texts(desk.tree, desk.tree.edits(desk.here.id))
        return _apply(desk, Model(desk.here).answer(texts, ask))


def _require_read(judged: Judged) -> None:
    """What an unreadable file names cannot follow."""
    if unread := judged.unread():
        raise UsesUnknown(unread)


def _object(judged: Judged, what: str) -> Definition:
    kind, _, name = what.partition("/")
    known = judged.rules.kinds.by_name
    if kind not in known:
        raise UnknownKind(kind, meant(kind, known))
    found = [each for each in names.definitions(judged.book, known[kind].space, name) if each.kind == kind]
    if not found:
        raise UnknownObject(what, "`mha search TEXT` finds objects by a part of their names.")
    return found[0]


def _require_free(judged: Judged, found: Definition, new: str) -> None:
    if not re.fullmatch(NAME, new) or new in judged.rules.kinds.words or new.startswith("x-"):
        raise InvalidObjectName(new, NAME_RULE)
    taken = [each for each in names.definitions(judged.book, found.space, new) if each != found]
    if taken:
        raise NameTaken(new, taken[0].subject, f"{taken[0].path}:{taken[0].line}")


def _apply(desk: Desk, asked: Asked) -> Refactored:
    by_path: dict[str, list[Reference]] = defaultdict(list)
    for use in asked.used:
        by_path[use.path].append(use)
    for definition in filter(None, (asked.named, asked.removed)):
        by_path.setdefault(definition.path, [])
    written: dict[str, bytes] = {}
    by_hand: list[str] = []
    for path, references in sorted(by_path.items()):
        data = (desk.tree.folder / path).read_bytes()
        named, removed = (
            [each] if each is not None and each.path == path else [] for each in (asked.named, asked.removed)
        )
        changes = renaming.edits(
            data, asked.kinds, path, references=references, new=asked.new, named=named, removed=removed
        )
        match edits.edited(data, changes):
            case ByHand(line=line, problem=problem):
                by_hand.append(f"{path}:{line}: {problem}")
            case result:
                written[path] = result
    if by_hand:
        raise CannotEdit(by_hand)
    desk.tree.write(written)
    done = tuple(Change(printable(path.encode()), _action(data)) for path, data in written.items())
    return Refactored(done, len(asked.used) + (asked.named is not None))


def _action(data: bytes) -> Action:
    return Action.MODIFIED if data else Action.DELETED
