"""The edits of a file as a tree of the shape of its documents, and what the file should hold afterwards.

Rule: what is expected is worked out on plain values. No offset comes in here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from mha.core.places import Document, Node, Place, Step, Text, children


class Emptied(StrEnum):
    """What becomes of a collection that loses its last entry."""

    STAYS = "stays"  # as [] or {}
    GOES = "goes"  # its own entry goes too, and so on upwards; at the top, the document


class Replace(NamedTuple):
    place: Place  # of a scalar
    text: str


class Remove(NamedTuple):
    place: Place  # of an entry, or of a whole document
    emptied: Emptied = Emptied.STAYS


Edit = Replace | Remove


@dataclass(slots=True)
class Asked:
    """What is asked for at a value and below it."""

    key: str | None = None  # another text for its key
    text: str | None = None  # another text for itself
    removed: Emptied | None = None
    below: "dict[Step, Asked]" = field(default_factory=dict)

    def is_removed(self, step: Step) -> bool:
        return step in self.below and self.below[step].removed is not None

    def removed_below(self) -> "list[Asked]":
        return [asked for asked in self.below.values() if asked.removed is not None]


def gathered(documents: list[Document], edits: Iterable[Edit]) -> dict[int, Asked]:
    """The edits by document; raises LookupError if a place is not in the file, or has nothing to replace."""
    top = Asked()
    for edit in edits:
        _add(top, edit)
    for index, asked in top.below.items():
        assert isinstance(index, int)
        _settle(asked, None, documents[index].node)
    return {int(index): asked for index, asked in top.below.items()}


def _add(top: Asked, edit: Edit) -> None:
    asked = top
    for step in (edit.place.document, *edit.place.path):
        asked = asked.below.setdefault(step, Asked())
    match edit:
        case Remove():
            keeps = asked.removed is Emptied.STAYS or edit.emptied is Emptied.STAYS
            asked.removed = Emptied.STAYS if keeps else Emptied.GOES
        case Replace(place=Place(is_key=True), text=text):
            assert asked.key in (None, text), "two texts for one key"
            asked.key = text
        case Replace(text=text):
            assert asked.text in (None, text), "two texts for one value"
            asked.text = text


def _settle(asked: Asked, key: Text | None, node: Node) -> None:
    """Check that all is there, and let collections go that lose their last entry and should go then."""
    if (asked.key is not None and key is None) or (asked.text is not None and not isinstance(node, Text)):
        raise LookupError("only a key or a single value can be replaced")
    if not asked.below:
        return
    there = children(node)
    for step, below in asked.below.items():
        _settle(below, *there[step])
    removed = asked.removed_below()
    if len(removed) == len(there) and all(below.removed is Emptied.GOES for below in removed):
        asked.removed = asked.removed or Emptied.GOES


def expected(values: list[Any], edits: dict[int, Asked]) -> list[Any]:
    """The documents' plain values after these edits."""
    return [
        _changed(value, edits[index]) if index in edits else value
        for index, value in enumerate(values)
        if index not in edits or edits[index].removed is None
    ]


def _changed(value: Any, asked: Asked) -> Any:
    if asked.text is not None:
        return asked.text
    if isinstance(value, dict):
        return dict(_changed_entries(value, asked))
    if isinstance(value, list):
        return [item for _, item in _changed_entries(dict(enumerate(value)), asked)]
    return value


def _changed_entries(value: dict[Step, Any], asked: Asked) -> list[tuple[Step, Any]]:
    entries: list[tuple[Step, Any]] = []
    for step, item in value.items():
        below = asked.below.get(step)
        if below is None:
            entries.append((step, item))
        elif below.removed is None:
            entries.append((step if below.key is None else below.key, _changed(item, below)))
    return entries
