"""Documents: the three-way merge of the documents of a file.

A document that is an object is known by its kind and name; one with sections by the first or last object in it, or by
its sections; any other by what it says, by its kind and its metadata's name, or by its keys. An only one is the same.
"""

from collections.abc import Hashable, Sequence
from typing import Any

from mha.core.merge import identities, leads, scopes
from mha.core.merge.identities import WHOLE, alike
from mha.core.merge.joining import Joiner
from mha.core.merge.scopes import Order, Scope
from mha.core.merge.trees import Block, Entry, File, Tree, plain


def joined(joiner: Joiner, files: Sequence[File], top: Scope) -> File:
    """The merged documents of a file, of which `top` is where it stands."""
    marks = _INTERPRETED if top.kinds else _OPAQUE
    keys = identities.keys([[entry.value for entry in file.documents] for file in files], marks)
    found = [dict(zip(known, file.documents, strict=True)) for known, file in zip(keys, files, strict=True)]
    known = {key: scopes.document(top, entry.value) for side in found for key, entry in side.items()}
    order = Order.NONE if top.kinds else Order.SOME
    came_out = joiner.ordered(found, top, order, known.__getitem__)
    before = [entry for side in found for entry in side.values() if not isinstance(entry.value, Block)]
    entries: list[Entry] = []
    above = ""  # what stood above documents of which nothing is left
    for entry in came_out:
        if plain(entry.value) or entry in before:
            entries.append(entry._replace(lead=above + entry.lead))
            above = ""
        else:
            above += entry.lead
    first = [file.documents[0] for file in files if file.documents]
    return File(_separated(entries, first), above + leads.merged(*(file.tail for file in files)))


def _separated(entries: list[Entry], first: list[Entry]) -> tuple[Entry, ...]:
    """Documents with `---` between them; above the first, where one side has it so."""
    return tuple(
        _unmarked(entry, first) if index == 0 else entry if entry.head.startswith("---") else _marked(entry)
        for index, entry in enumerate(entries)
    )


def _unmarked(entry: Entry, first: list[Entry]) -> Entry:
    marked = [other.value for other in first if other.head.startswith("---")]
    is_meant = entry.value in marked or len(marked) == len(first)
    return entry if is_meant or entry.head != "---\n" else entry._replace(head="")


def _marked(entry: Entry) -> Entry:
    return entry._replace(lead=f"---\n{entry.lead}")


def _value(tree: Tree) -> dict[Any, Any]:
    value = plain(tree)
    return value if isinstance(value, dict) else {}


def _object(tree: Tree) -> Hashable:
    value = _value(tree)
    return repr((value["kind"], value["name"])) if "kind" in value and "name" in value else None


def _resource(tree: Tree) -> Hashable:
    value = _value(tree)
    data = value.get("metadata")
    return repr((value.get("kind"), data.get("namespace"), data.get("name"))) if isinstance(data, dict) else None


def _names(tree: Tree) -> list[str]:
    value = _value(tree)
    if "kind" in value:
        return []
    return [repr((section, name)) for section, body in value.items() if isinstance(body, dict) for name in body]


def _first(tree: Tree) -> Hashable:
    return next(iter(_names(tree)), None)


def _last(tree: Tree) -> Hashable:
    return next(reversed(_names(tree)), None)


def _keys(tree: Tree) -> Hashable:
    value = _value(tree)
    return repr(sorted(map(str, value))) if value else None


def _sections(tree: Tree) -> Hashable:
    return None if "kind" in _value(tree) else _keys(tree)


def _only_sections(tree: Tree) -> Hashable:
    return "only" if "kind" not in _value(tree) else None


def _only(_: Tree) -> Hashable:
    return "only"


_INTERPRETED = [alike(_object), WHOLE, *map(alike, (_first, _last, _sections, _only_sections))]
_OPAQUE = [WHOLE, *map(alike, (_resource, _keys, _only))]
