"""Scopes: what a part of a file is, as far as it decides how two changes of it are merged."""

from enum import StrEnum
from typing import Any, NamedTuple

from mha.core.cluster import FILE
from mha.core.merge.sides import Field, Subject
from mha.core.merge.trees import Tree, plain
from mha.core.model import schemas
from mha.core.model.kinds import Kind, Kinds


class Level(StrEnum):
    """What the entries of a mapping are."""

    SECTIONS = "sections"
    OBJECTS = "objects"  # or whatever stands in a section, each for itself
    FIELDS = "fields"


class Order(StrEnum):
    """What the order of a list means."""

    NONE = "none"  # it is a set
    SOME = "some"
    RULES = "rules"  # the first that matches decides


class Scope(NamedTuple):
    """Where something stands."""

    path: str  # of its file
    subject: Subject
    level: Level = Level.FIELDS
    field: Field = ()
    kind: Kind | None = None  # of the object in which it stands, or of those that stand in it
    kinds: Kinds | None = None  # of a file that is interpreted

    def below(self, key: Any) -> "Scope":
        """Where an entry of it stands."""
        step = key if isinstance(key, int) else str(key)
        match self.level:
            case Level.SECTIONS:
                kind = self.kinds.by_section.get(str(key)) if self.kinds else None
                is_note = self.kinds is not None and kind is None
                level = Level.FIELDS if is_note else Level.OBJECTS
                return self._replace(level=level, kind=kind, field=(*self.field, step))
            case Level.OBJECTS if self.kind is not None and not str(key).startswith("x-"):
                return self._replace(level=Level.FIELDS, subject=Subject(self.kind.name, str(key)), field=())
        return self._replace(level=Level.FIELDS, field=(*self.field, step))

    @property
    def is_object(self) -> bool:
        """Whether it is a whole object."""
        return self.subject.kind != "" and self.field == ()

    @property
    def order(self) -> Order:
        """What the order means, if it is a list."""
        if self.kind is None or self.subject.kind == "":
            return Order.SOME
        if self.kind.name in _RULES and self.field == ("rules",):
            return Order.RULES
        if self.field == ("tags",) or (self.field[-1:] == ("tags",) and self.kind.name in _RULES):
            return Order.NONE
        into = self.kind.short.into if self.kind.short and self.is_object else None
        names = [into] if into else [step for step in self.field if step != "not"]
        if self.kind.name in _SETS:
            return Order.NONE if names and names[-1] in _SETS[self.kind.name] else Order.SOME
        return Order.NONE if _is_unique(self.kind.schema, self.field) else Order.SOME


def of_file(path: str, kinds: Kinds | None) -> Scope:
    """Where a file stands; in one that is not interpreted no kinds are known."""
    return Scope(path, Subject("", path), kinds=kinds)


def document(top: Scope, tree: Tree) -> Scope:
    """Where a document of a file stands."""
    if top.path == FILE:
        return top._replace(level=Level.SECTIONS)
    if top.kinds is None:
        return top
    value, whole = plain(tree), top.kinds.of_file(top.path)
    if whole is not None:
        return top._replace(subject=Subject(whole[0].name, whole[1]), kind=whole[0])
    if not isinstance(value, dict) or "kind" not in value:
        return top._replace(level=Level.SECTIONS)
    kind, name = value["kind"], value.get("name")
    known = top.kinds.by_name.get(kind) if isinstance(kind, str) else None
    return top._replace(subject=Subject(known.name, str(name)), kind=known) if known else top


_RULES = {"layer", "nat"}
_SETS = {
    "group": {"include", "except"},
    "host": {"address"},
    "network": {"address"},
    "external": {"address"},
    "service": {"port", "source-port"},
    "service-group": {"include"},
    "role": {"users", "networks"},
    "user": {"groups"},
    "time": {"days"},
    "gateway": {"addresses", "address"},
    "layer": {"from", "to", "service", "install-on"},
    "nat": {"from", "to", "service", "install-on"},
    "package": {"install-on"},
    "vpn": {"networks"},
    "setting": set(),
}


def _is_unique(root: schemas.Schema, field: Field) -> bool:
    """Whether the schema of a store's own kind says of a list that each item stands once: that it is a set."""
    parts = [root]
    for step in field:
        parts = [child for part in _same(root, parts) for child in _child(part, step)]
    return any(part.get("uniqueItems") is True for part in _same(root, parts))


def _same(root: schemas.Schema, parts: list[schemas.Schema]) -> list[schemas.Schema]:
    found: list[schemas.Schema] = []
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if not any(part is other for other in found):
            found.append(part)
            waiting += schemas.about_same(root, part)
    return found


def _child(part: schemas.Schema, step: str | int) -> list[schemas.Schema]:
    properties = part.get("properties", {})
    if step in properties:
        return [properties[step]]
    return [each for each in (part.get("items"), part.get("additionalProperties")) if isinstance(each, dict)]
