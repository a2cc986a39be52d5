"""Whereabouts: where in a file an object and the names in it are written."""

from collections.abc import Iterator
from typing import NamedTuple

from mha.core import reader
from mha.core.model import spelling
from mha.core.model.kinds import Kinds
from mha.core.model.references import Path
from mha.core.model.spelling import Object
from mha.core.places import Place


class Whereabouts(NamedTuple):
    """Where an object stands: its entry in a section, or its document."""

    document: int
    section: str | None  # None: the object is the document
    found: Object

    @property
    def name(self) -> Place:
        """The object's name: a value, or a key in its section."""
        if self.section is None:
            return Place(self.document, ("name",))
        return Place(self.document, (self.section, self.found.name), is_key=True)

    @property
    def whole(self) -> Place:
        """All that is written of the object."""
        return Place(self.document, () if self.section is None else (self.section, self.found.name))

    def place(self, at: Path, *, is_key: bool = False) -> Place:
        """A part of the object's long form, which may be written in the short form."""
        short = not isinstance(self.found.node, reader.Mapping)
        steps = at[1:] if short else at
        return Place(self.document, (*self.whole.path, *_as_written(self.found.node, steps)), is_key)


def _as_written(node: reader.Node, steps: Path) -> Iterator[str | int]:
    """The way to a part of a node, by its keys as YAML has them: 1, where JSON has "1"."""
    for step in steps:
        match node:
            case reader.Mapping(entries=entries):
                key, node = next((key.value, value) for key, value in entries if str(key.value) == step)
                assert isinstance(key, str | int)
                yield key
            case reader.Sequence(items=items):
                assert isinstance(step, int)
                node = items[step]
                yield step


def objects(data: bytes, kinds: Kinds, path: str) -> list[Whereabouts]:
    """Every object of a file that was read before, and where it stands."""
    documents = reader.read(data)
    found = spelling.spelled(documents, kinds, path=path).objects
    tops = {id(node): number for number, node in enumerate(documents)}
    entries = {id(body): (number, str(key.value)) for number, key, body in _entries(documents)}
    return [
        Whereabouts(tops[id(each.node)], None, each)
        if id(each.node) in tops
        else Whereabouts(*entries[id(each.node)], each)
        for each in found
    ]


def _entries(documents: list[reader.Node]) -> list[tuple[int, reader.Scalar, reader.Node]]:
    return [
        (number, section, body)
        for number, document in enumerate(documents)
        if isinstance(document, reader.Mapping)
        for section, inner in document.entries
        if isinstance(inner, reader.Mapping)
        for _, body in inner.entries
    ]
