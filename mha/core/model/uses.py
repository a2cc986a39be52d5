"""Uses: where an object is named, directly and through groups and roles."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mha.core.model.catalog import Rows
from mha.core.model.checks import links, names
from mha.core.model.differences import ObjectChange
from mha.core.model.facts import Definition, Reference
from mha.core.model.kinds import Kinds

_SPACES = {"group": "addresses", "service-group": "services", "role": "identities"}  # whose users use what is in them


class Use(NamedTuple):
    """A place where an object is named, or something that contains it."""

    reference: Reference
    through: tuple[str, ...] = ()  # the names of what contains it, from the object outwards


def direct(rows: Rows, definition: Definition) -> list[Reference]:
    """The places where an object is named, by itself."""
    return [
        reference
        for reference in names.uses(rows, definition.name)
        if any(found == definition for found in links.targets(rows, reference))
    ]


def all_of(rows: Rows, definition: Definition) -> Iterator[Use]:
    """The places where an object, or what contains it, is named; what is nearest comes first."""
    waiting: list[tuple[Definition, tuple[str, ...]]] = [(definition, ())]
    seen = {(definition.kind, definition.name.casefold())}
    for inner, through in waiting:
        for reference in direct(rows, inner):
            yield Use(reference, through)
            outer = _container(rows, reference)
            if outer is not None and (outer.kind, outer.name.casefold()) not in seen:
                seen.add((outer.kind, outer.name.casefold()))
                waiting.append((outer, (*through, outer.name)))


def rules(rows: Rows, definition: Definition) -> int:
    """How many rules use an object, directly or not."""
    found = (use.reference for use in all_of(rows, definition))
    return len({(each.kind, each.owner, each.rule, each.line) for each in found if each.rule})


def counted(rows: Rows, changes: Iterable[ObjectChange], kinds: Kinds) -> Iterator[ObjectChange]:
    """Changes of objects with the number of rules that use each."""
    for change in changes:
        found = names.definitions(rows, kinds.by_name[change.kind].space, change.name)
        known = next((each for each in found if each.kind == change.kind), None)
        yield change if known is None else change._replace(rules=rules(rows, known))


def _container(rows: Rows, reference: Reference) -> Definition | None:
    space = _SPACES.get(reference.kind)
    found = names.definitions(rows, space, reference.owner) if space else []
    return next((each for each in found if each.kind == reference.kind), None)
