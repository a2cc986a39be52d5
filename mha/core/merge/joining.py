"""Joining: the three-way merge of trees.

What one side left as it was is the other side's. What both changed is taken apart; where it has no parts, the two
changes conflict, and the side that was taken for the subject holds, or ours.

Rule 1: nothing is decided by how a value is written, as long as it says the same.
Rule 2: what is not certain is a conflict.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from mha.core.merge import forms, identities, leads, orders
from mha.core.merge.forms import Three
from mha.core.merge.scopes import Level, Order, Scope
from mha.core.merge.sides import ABSENT, Conflict, Reason, Side, Subject
from mha.core.merge.trees import Block, Entry, Flow, Leaf, Tree, comments, meant, moved_block, plain

Entries = Mapping[Hashable, Entry]
Swap = Callable[[Any, Any], bool]  # whether two rules decide the same in either order


class Joiner:
    """One merge: what was taken, and the conflicts that are left."""

    def __init__(self, taken: Mapping[Subject, Side], swap: Swap, doubts: Mapping[Subject, Reason]) -> None:
        """`doubts`: the objects of which nobody should say that only one side changed them."""
        self.conflicts: list[Conflict] = []
        self.settled: set[Subject] = set()
        self._taken = taken
        self._swap = swap
        self.doubts = doubts

    def side(self, scope: Scope, reason: Reason, base: Any, ours: Any, theirs: Any) -> Side:
        """Whose value holds, where two do not go together."""
        taken = self._taken.get(scope.subject)
        if taken is None:
            self.conflicts.append(Conflict(scope.subject, (scope.path,), scope.field, reason, base, ours, theirs))
            return Side.OURS
        self.settled.add(scope.subject)
        return taken

    def one(self, base: Entry | None, ours: Entry | None, theirs: Entry | None, scope: Scope) -> Entry | None:
        """An entry that some have; None where it goes."""
        if ours is not None and theirs is not None:
            return self._added(ours, theirs, scope) if base is None else self.entry(Three(base, ours, theirs), scope)
        left = theirs if ours is None else ours
        if left is None:
            return None
        if self._is_to_be_opened(base, left, scope):
            gone = forms.emptied(left)
            before = gone if base is None else base
            three = Three(before, gone if ours is None else left, gone if theirs is None else left)
            entry = self.entry(three, scope)
            return entry if plain(entry.value) else None
        doubt = self.doubts.get(scope.subject) if scope.is_object else None
        if doubt is None and base is None:
            return left
        if doubt is None and base is not None and not is_changed(base, left):
            return None
        values = (ABSENT if entry is None else plain(entry.value) for entry in (base, ours, theirs))
        return ours if self.side(scope, doubt or Reason.DELETED, *values) is Side.OURS else theirs

    def _is_to_be_opened(self, base: Entry | None, left: Entry, scope: Scope) -> bool:
        """Whether what only one side has is no object itself, so that each thing in it is asked about."""
        if scope.level is Level.FIELDS or not _has_entries(left.value):
            return False
        if base is None:
            return bool(self.doubts)
        return forms.form(base) == forms.form(left) and (bool(self.doubts) or is_changed(base, left))

    def _is_doubtful(self, scope: Scope) -> bool:
        return bool(self.doubts) and scope.level is not Level.FIELDS

    def entry(self, three: Three, scope: Scope) -> Entry:
        """An entry that all have."""
        base, ours, theirs = three
        if not self._is_doubtful(scope):
            if theirs in (base, ours):
                return ours
            if ours == base:
                return theirs
        lead = leads.merged(base.lead, ours.lead, theirs.lead)
        return self._body(three, scope)._replace(lead=lead)

    def _body(self, three: Three, scope: Scope) -> Entry:
        base, ours, theirs = (entry._replace(lead="") for entry in three)
        is_to_be_opened = self._is_doubtful(scope) and _has_entries(ours.value) and forms.are_alike(three)
        if not is_to_be_opened:
            if theirs in (base, ours):
                return ours
            if ours == base:
                return theirs
        if not forms.are_alike(three):
            return self._in_other_forms(three, scope)
        if isinstance(base.value, Leaf):
            return self._leaf(three, scope)
        value = self.collection([entry.value for entry in three if not isinstance(entry.value, Leaf)], scope)
        if isinstance(value, Leaf) and value.text.startswith(("[", "{")):
            return ours._replace(value=value)  # cannot happen where lines are joined
        head = self._text([entry.head for entry in three], scope)
        return ours._replace(head=head, value=value, tail=self._text([entry.tail for entry in three], scope))

    def _leaf(self, three: Three, scope: Scope) -> Entry:
        chosen = self._chosen(three, scope)
        return chosen._replace(tail=self._text([entry.tail for entry in three], scope))

    def _chosen(self, three: Three, scope: Scope) -> Entry:
        _, ours, theirs = three
        written = [(entry.head, entry.value) for entry in three]
        if written[2] in written[:2]:
            return ours
        if written[1] == written[0]:
            return theirs
        said = [meant(entry.value) for entry in three]
        if said[1] == said[2] or said[2] == said[0]:
            return ours
        if said[1] == said[0]:
            return theirs
        side = self.side(scope, Reason.CHANGED, *(plain(entry.value) for entry in three))
        return ours if side is Side.OURS else theirs

    def _text(self, texts: list[str], scope: Scope) -> str:
        """What stands beside a value: blanks and a comment."""
        base, ours, theirs = texts
        if theirs in (base, ours):
            return ours
        if ours == base:
            return theirs
        if not any("#" in text for text in texts):
            return ours
        side = self.side(scope, Reason.COMMENT, *(text.strip() for text in texts))
        return ours if side is Side.OURS else theirs

    def _in_other_forms(self, three: Three, scope: Scope) -> Entry:
        if scope.level is not Level.FIELDS and (filled := forms.filled(three)):
            return self._body(filled, scope)
        said = [meant(entry.value) for entry in three]
        if said[1] == said[2] or said[0] in said[1:]:
            chosen, other = (three.ours, three.theirs) if said[1] != said[0] else (three.theirs, three.ours)
            if set(comments(other)) <= {*comments(three.base), *comments(chosen)}:
                return chosen
            values = ("\n".join(comments(entry)) for entry in three)
            return three.ours if self.side(scope, Reason.COMMENT, *values) is Side.OURS else three.theirs
        same = forms.unified(three, scope)
        if same is not None and forms.are_alike(same):
            return self._body(same, scope)
        side = self.side(scope, Reason.CHANGED, *(plain(entry.value) for entry in three))
        return three.ours if side is Side.OURS else three.theirs

    def _added(self, ours: Entry, theirs: Entry, scope: Scope) -> Entry:
        values = [plain(entry.value) for entry in (ours, theirs)]
        if meant(ours.value) == meant(theirs.value):
            if set(comments(theirs)) <= set(comments(ours)):
                return ours if ours.lead.strip() or not theirs.lead.strip() else theirs
            if set(comments(ours)) <= set(comments(theirs)):
                return theirs
            reason = Reason.COMMENT
        elif scope.level is not Level.FIELDS and all(_has_entries(entry.value) for entry in (ours, theirs)):
            three = Three(forms.emptied(ours), ours, theirs)
            if forms.are_alike(three):
                return self.entry(three, scope)
            reason = Reason.FORM
        else:
            reason = Reason.ADDED
        return ours if self.side(scope, reason, ABSENT, *values) is Side.OURS else theirs

    def collection(self, trees: Sequence[Block | Flow], scope: Scope) -> Tree:
        """A collection that all have in the same form."""
        trees = _in_one_column(trees)
        sides = [list(tree.entries) for tree in trees]
        if trees[0].is_mapping:
            found: list[dict[Any, Entry]] = [{entry.key: entry for entry in entries} for entries in sides]
            merged = self.ordered(found, scope, Order.NONE, scope.below)
        else:
            keys = identities.items([[entry.value for entry in entries] for entries in sides])
            found = [dict(zip(known, entries, strict=True)) for known, entries in zip(keys, sides, strict=True)]
            labels = {key: _label(e.value, place) for side in found for place, (key, e) in enumerate(side.items())}
            merged = self.ordered(found, scope, scope.order, lambda key: scope.below(labels[key]))
        return self._gathered(merged, trees, scope)

    def ordered(
        self, found: Sequence[Entries], scope: Scope, order: Order, below: Callable[[Any], Scope]
    ) -> list[Entry]:
        """The merged entries of a collection, in order."""
        base, ours, theirs = found
        union = dict.fromkeys([*ours, *theirs])
        merged = {key: self.one(base.get(key), ours.get(key), theirs.get(key), below(key)) for key in union}
        kept = {key: entry for key, entry in merged.items() if entry is not None}
        came_out = orders.merged(list(base), list(ours), list(theirs), kept)
        keys = came_out.keys
        if order is not Order.NONE and (ties := [tie for tie in came_out.ties if self._matters(kept, tie, order)]):
            involved = {key for tie in ties for key in tie}
            values = ([_label(side[key].value, 0) for key in side if key in involved] for side in found)
            if self.side(scope, Reason.ORDER, *values) is Side.THEIRS:
                keys = orders.merged(list(base), list(theirs), list(ours), kept).keys
        entries = leads.without_twins([kept[key] for key in keys], list(ours.values()), list(theirs.values()))
        if leads.lost(entries, list(ours.values()), list(theirs.values())):
            self.side(scope, Reason.COMMENT, ABSENT, ABSENT, ABSENT)
        return entries

    def _matters(self, entries: Entries, tie: tuple[Hashable, Hashable], order: Order) -> bool:
        one, other = (plain(entries[key].value) for key in tie)
        return order is Order.SOME or tie[0] == tie[1] or not self._swap(one, other)

    def _gathered(self, entries: list[Entry], trees: Sequence[Block | Flow], scope: Scope) -> Tree:
        """The collection of merged entries."""
        base, ours, theirs = trees
        is_replaced = not base.is_mapping and base.entries and not _shares(entries, base)
        if is_replaced or (not entries and scope.level is Level.FIELDS):
            reason = Reason.CHANGED if entries else Reason.EMPTIED
            return ours if self.side(scope, reason, *map(plain, trees)) is Side.OURS else theirs
        if not entries:
            return Leaf("", None)
        if isinstance(ours, Flow):
            assert isinstance(base, Flow)
            assert isinstance(theirs, Flow)
            close = theirs.close if ours.close == base.close else ours.close
            return Flow(ours.is_mapping, _with_commas(entries, ours, theirs), close)
        if ours.is_joined and entries[0].lead.strip():
            return ours if self.side(scope, Reason.FORM, *map(plain, trees)) is Side.OURS else theirs
        if ours.is_joined:
            entries[0] = entries[0]._replace(lead="")
        return ours._replace(entries=tuple(entries))


def _in_one_column(trees: Sequence[Block | Flow]) -> Sequence[Block | Flow]:
    """Trees with lines that begin where those of the side do that moved them."""
    blocks = [tree for tree in trees if isinstance(tree, Block)]
    if len(blocks) < len(trees):
        return trees
    base, ours, theirs = (block.column for block in blocks)
    column = theirs if ours == base else ours
    return [moved_block(block, column - block.column) for block in blocks]


def _shares(entries: list[Entry], base: Block | Flow) -> bool:
    known = {meant(entry.value) for entry in base.entries}
    return any(meant(entry.value) in known or not isinstance(entry.value, Leaf) for entry in entries)


def _has_entries(tree: Tree) -> bool:
    return not isinstance(tree, Leaf) and tree.is_mapping


def is_changed(base: Entry, left: Entry) -> bool:
    """Whether more was done to an entry than to write it otherwise, or elsewhere."""
    if meant(base.value) != meant(left.value):
        return True
    known = {*comments(base), *(line.strip() for line in base.lead.splitlines())}
    attached = [line.strip() for line in left.lead.splitlines() if line.strip().startswith("#")]
    return not {*comments(left), *attached} <= known


def _label(tree: Tree, place: int) -> str | int:
    """What an item of a list is called."""
    value = plain(tree)
    if isinstance(value, dict):
        return next((str(value[key]) for key in ("id", "name", "section") if key in value), place)
    return place if isinstance(value, list) else str(value)


def _with_commas(entries: list[Entry], ours: Flow, theirs: Flow) -> tuple[Entry, ...]:
    """Entries between brackets, wherever they stood before."""
    first = ours.entries[0].lead if ours.entries else ""
    gaps = [entry.lead for flow in (ours, theirs) for entry in flow.entries if "," in entry.lead]
    gap = gaps[0] if gaps else ", "
    head = entries[0]._replace(lead=first if "," in entries[0].lead else entries[0].lead)
    return (head, *(entry if "," in entry.lead else entry._replace(lead=gap) for entry in entries[1:]))
