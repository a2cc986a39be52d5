"""Renaming and removing objects: which places of a file change, and to what.

Rule: only what must change is named; how it is written stays with `edits`.
"""

from collections.abc import Iterable

from mha.core import places
from mha.core.edit_tree import Edit, Emptied, Remove, Replace
from mha.core.model import whereabouts
from mha.core.model.facts import Definition, Reference
from mha.core.model.kinds import Kinds
from mha.core.model.whereabouts import Whereabouts
from mha.core.places import Place, Text


def edits(
    data: bytes,
    kinds: Kinds,
    path: str,
    *,
    references: Iterable[Reference] = (),
    new: str = "",
    named: Iterable[Definition] = (),
    removed: Iterable[Definition] = (),
) -> list[Edit]:
    """The edits of a file: references get the name `new`, and so do the `named` objects; others are `removed`."""
    known: dict[tuple[str, str], list[Whereabouts]] = {}
    for each in whereabouts.objects(data, kinds, path):
        known.setdefault((each.found.kind.name, each.found.name), []).append(each)
    documents = places.of(data, data.decode())
    gone = {_defined(known[each.kind, each.name], each).whole for each in removed}
    found: list[Edit] = [Remove(place, Emptied.GOES) for place in sorted(gone, key=repr)]
    found += [Replace(_defined(known[each.kind, each.name], each).name, new) for each in named]
    for reference in references:
        owner = _owner(known[reference.kind, reference.owner], reference)
        if owner.whole not in gone:
            place = owner.place(reference.at, is_key=reference.is_key)
            is_itself = reference.owner == new and _may_be_meant(kinds.by_name[reference.kind].space, reference)
            stands = is_itself or new in _beside(documents, place)
            found.append(Remove(place) if stands else Replace(place, _with(documents, place, reference, new)))
    return found


def _may_be_meant(space: str, reference: Reference) -> bool:
    """Whether a reference can lead to objects of a space; if its owner is one, nothing contains itself."""
    return any(space == wanted for wanted, _ in reference.wanted)


def _defined(same: list[Whereabouts], definition: Definition) -> Whereabouts:
    """Of the objects with one name, the one that is defined so."""
    return next(each for each in same if each.found.line == definition.line)


def _owner(same: list[Whereabouts], reference: Reference) -> Whereabouts:
    """Of the objects with one name, the one in which a reference stands."""
    return next(each for each in same if each.found.line_of(reference.at) == reference.line)


def _beside(documents: list[places.Document], place: Place) -> list[object]:
    """The other values of the list in which a value stands."""
    if place.is_key or not place.path or not isinstance(place.path[-1], int):
        return []
    around = places.found(documents, Place(place.document, place.path[:-1]))
    return [item.value for item in getattr(around, "items", ()) if isinstance(item, Text)]


def _with(documents: list[places.Document], place: Place, reference: Reference, new: str) -> str:
    """The text at a place with another name: what stands before the name stays."""
    node = places.found(documents, place)
    written = str(node.value) if isinstance(node, Text) else reference.name
    return written[: len(written) - len(reference.name)] + new
