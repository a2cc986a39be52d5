"""Forms: the same thing in brackets, in lines, or in its short form, brought into one form to be merged.

Rule: what cannot be brought into another form without a doubt stays as it is, and None is the answer.
"""

from typing import NamedTuple

from mha.core.merge.scopes import Order, Scope
from mha.core.merge.trees import Block, Entry, Flow, Leaf, Tree, shown


class Three(NamedTuple):
    """What is merged."""

    base: Entry
    ours: Entry
    theirs: Entry


def form(entry: Entry) -> tuple[object, ...]:
    """What must be the same for entries to be merged part by part."""
    match entry.value:
        case Leaf():
            return ("leaf",)
        case Block(is_mapping, _, is_joined):
            return "block", is_mapping, is_joined
        case Flow(is_mapping):
            return ("flow", is_mapping, "#" in shown(entry.value))


_COMMENTED_LIST, _COMMENTED_MAPPING = ("flow", False, True), ("flow", True, True)


def are_alike(three: Three) -> bool:
    """Whether entries can be merged part by part."""
    first, *others = (form(entry) for entry in three)
    return all(other == first for other in others) and first not in {_COMMENTED_LIST, _COMMENTED_MAPPING}


def unified(three: Three, scope: Scope) -> Three | None:
    """The same entries in one form: that of a side which has lines, or else brackets."""
    is_mapping = any(_is(entry.value, is_mapping=True) for entry in three)
    if not is_mapping and not (scope.order is Order.NONE or _into(scope)):
        return None
    lists = any(_is(entry.value, is_mapping=False) for entry in three)
    if not (is_mapping or lists):
        return None
    model = next((e for e in (three.ours, three.theirs, three.base) if _is_block(e.value, is_mapping)), None)
    found = [_in_form(entry, is_mapping, model, scope) for entry in three]
    if any(entry is None for entry in found):
        return None
    return Three(*(entry for entry in found if entry is not None))


def emptied(entry: Entry) -> Entry:
    """An entry without what stands in its collection."""
    assert not isinstance(entry.value, Leaf)
    return entry._replace(value=entry.value._replace(entries=()))


def filled(three: Three) -> Three | None:
    """Entries of which some hold a mapping in lines and the others nothing, as if those had such lines."""
    model = next((entry for entry in three if isinstance(entry.value, Block) and entry.value.is_mapping), None)
    if model is None or not all(form(entry) == form(model) or _is_nothing(entry) for entry in three):
        return None
    assert isinstance(model.value, Block)
    lines = model.value._replace(entries=())
    found = (e._replace(head=model.head, value=lines, tail=model.tail) if _is_nothing(e) else e for e in three)
    return Three(*found)


def _is_nothing(entry: Entry) -> bool:
    return isinstance(entry.value, Leaf) and entry.value.value is None and "#" not in entry.tail


def _is(tree: Tree, *, is_mapping: bool) -> bool:
    return not isinstance(tree, Leaf) and tree.is_mapping is is_mapping


def _is_block(tree: Tree, is_mapping: bool) -> bool:  # noqa: FBT001 - as the trees have it
    return isinstance(tree, Block) and tree.is_mapping is is_mapping


def _into(scope: Scope) -> str | None:
    short = scope.kind.short if scope.kind and scope.is_object else None
    return short.into if short else None


def _in_form(entry: Entry, is_mapping: bool, model: Entry | None, scope: Scope) -> Entry | None:  # noqa: FBT001
    """An entry whose value has lines as the model's has; in brackets, where there is no model."""
    tree = entry.value
    if isinstance(tree, Block) and tree.is_mapping is is_mapping:
        return entry if model is None or form(entry) == form(model) else None
    if "\n" in shown(tree) or "#" in shown(tree):
        return None
    if not _is(tree, is_mapping=is_mapping):
        wrapped = _wrapped(tree, is_mapping, scope)
        if wrapped is None:
            return None
        tree = wrapped
    if model is None:
        return entry._replace(value=tree)
    assert isinstance(model.value, Block)
    if entry.tail.strip() or not isinstance(tree, Flow):
        return None
    lines = tuple(_line(each) for each in tree.entries)
    return entry._replace(head=model.head, value=model.value._replace(entries=lines), tail="")


def _wrapped(tree: Tree, is_mapping: bool, scope: Scope) -> Flow | None:  # noqa: FBT001
    """What stands alone, as the only entry of a collection."""
    if is_mapping:
        into = _into(scope)
        return Flow(True, (Entry("", f"{into}: ", tree, "", into),), "}") if into else None
    return Flow(False, (Entry("", "", tree, ""),), "]") if isinstance(tree, Leaf) and tree.text else None


def _line(entry: Entry) -> Entry:
    head = entry.head if entry.key is not None else "- "
    return Entry("", head, entry.value, "\n", entry.key)
