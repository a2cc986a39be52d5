"""Edits of a YAML file that change only the characters that must change.

Rule 1: comments, quotes, blank lines and line breaks stay as they are written; quotes.py, cuts.py and commas.py say
what is written and what goes.
Rule 2: the edits of a file are made in one pass, and their order does not matter. What is removed need not be replaced.
Rule 3: the result is read again. It is handed out only if it holds what the file held, with these changes and no
other; otherwise a person edits by hand.
Rule 4: the value of an anchor changes only together with all its aliases, which then stay aliases.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from mha.core import edit_tree, places, reader, renames
from mha.core.commas import Brackets, of_flow
from mha.core.cuts import Block, Cut, of_block, of_documents
from mha.core.edit_tree import Asked, Edit, Emptied, Remove, Replace
from mha.core.outcomes import difference
from mha.core.places import Document, Mapping, Node, Place, Sequence, Text
from mha.core.quotes import Surroundings, written
from mha.core.scalars import line_of


class ByHand(NamedTuple):
    """Why an edit is left to a person, and the line of the file where it is to be made."""

    line: int
    problem: str


def mentions(data: bytes, name: str) -> bool:
    """Whether a file may hold this text as a value or a key: a first test, far faster than reading.

    A text can also be spelled with escapes, be folded at its spaces, and have its single quotes doubled.
    """
    return name.encode() in data or b"\\" in data or " " in name or "'" in name or not name.isprintable()


def replaced(data: bytes, place: Place, text: str) -> bytes | ByHand:
    """The file with another text as one of its values or keys."""
    return edited(data, [Replace(place, text)])


def removed(data: bytes, place: Place, emptied: Emptied = Emptied.STAYS) -> bytes | ByHand:
    """The file without one entry or document."""
    return edited(data, [Remove(place, emptied)])


def edited(data: bytes, edits: Iterable[Edit], known: list[reader.Node] | None = None) -> bytes | ByHand:
    """The file with all these edits; `b""` if no document is left, for the file to be deleted.

    `known` is what reader.read gave for it, if that is at hand: then a plain rename takes half the time.
    Raises Unreadable if the file has become unreadable, and LookupError if a place is not in it.
    """
    wanted = list(edits)
    if known is not None and (result := renames.guessed(data, known, wanted)) is not None:
        return result
    text = data.decode()
    documents = places.of(data, text)
    asked = edit_tree.gathered(documents, wanted)
    expected = edit_tree.expected([_value(document.node) for document in documents], asked)
    if not expected:
        return b""
    outcome = _Pass(text, documents).made(asked)
    if isinstance(outcome, ByHand):
        return outcome
    result = outcome.encode()
    problem = difference(result, expected)
    return result if problem is None else _blamed(data, text, documents, wanted, problem)


def _value(node: Node) -> Any:
    match node:
        case Text():
            return node.value
        case Mapping():
            return {key.value: _value(value) for key, value in node.entries}
        case Sequence():
            return [_value(item) for item in node.items]


def _blamed(data: bytes, text: str, documents: list[Document], edits: list[Edit], problem: str) -> ByHand:
    """What a person is told: about an edit that cannot be made alone, or about one of some that cannot be together."""
    in_order = sorted(edits, key=repr)  # so that whoever asks in another order is told the same
    middle = len(edits) // 2
    for half in (in_order[:middle], in_order[middle:]) if middle else ():
        if isinstance(outcome := edited(data, half), ByHand):
            return outcome
    return ByHand(line_of(text, places.found(documents, in_order[0].place).start), problem)


class _Pass:
    """Collects what changes in a text."""

    def __init__(self, text: str, documents: list[Document]) -> None:
        self._text = text
        self._documents = documents
        self._cuts: list[Cut] = []
        self._written: dict[int, tuple[str, Cut]] = {}  # by the scalar's start: its new text, as it is written

    def made(self, edits: dict[int, Asked]) -> str | ByHand:
        removed = [index for index, asked in edits.items() if asked.removed is not None]
        self._cuts += of_documents(self._text, self._documents, removed)
        for index, asked in edits.items():
            if asked.removed is None:
                self._change(self._documents[index].node, asked, is_flow=False, holder=None)
        if "&" in self._text:
            for index in edits:
                if problem := self._problem_of_anchors(self._documents[index].node):
                    return problem
        return _spliced(self._text, [*self._cuts, *(cut for _, cut in self._written.values())])

    def _change(self, node: Node, asked: Asked, *, is_flow: bool, holder: int | None) -> None:
        """A value and what is below it; at the top of a document, nothing holds it."""
        if isinstance(node, Text):
            if asked.text is not None:
                self._write(node, asked.text, Surroundings(is_key=False, is_flow=is_flow, is_top=holder is None))
            return
        there = places.children(node)
        if asked.removed_below():
            self._remove(node, [i for i, step in enumerate(there) if asked.is_removed(step)], holder)
        is_flow = is_flow or node.is_flow
        for step, below in asked.below.items():
            if below.removed is not None:
                continue
            key, value = there[step]
            if key is not None and below.key is not None:
                self._write(key, below.key, Surroundings(is_key=True, is_flow=is_flow, is_top=False))
            has_holder = below.below and not is_flow
            holder = places.holder(self._text, node, step, key) if has_holder else 0
            self._change(value, below, is_flow=is_flow, holder=holder)

    def _write(self, node: Text, new: str, around: Surroundings) -> None:
        if node.name is not None or node.value != new:
            self._written[node.start] = new, Cut(node.text_start, node.end, written(new, node, self._text, around))

    def _remove(self, node: Mapping | Sequence, removed: list[int], holder: int | None) -> None:
        spans, empty = places.spans(self._text, node), "{}" if isinstance(node, Mapping) else "[]"
        if node.is_flow:
            self._cuts += of_flow(self._text, Brackets(node.start, node.end, spans, empty), removed)
        else:
            values = [value for _, value in places.children(node).values()]
            keeping = {
                index - 1 for index in removed if index and places.keeps_blank_lines(self._text, values[index - 1])
            }
            self._cuts += of_block(self._text, Block(spans, keeping, holder, empty), removed)

    def _problem_of_anchors(self, top: Node) -> ByHand | None:
        """Aliases keep their values: what became of the values they repeat, and of the aliases themselves."""
        named = [node for node in places.texts(top) if node.name is not None]
        anchors = {node.name: node for node in named if node.style != "*"}
        for alias in (node for node in named if node.style == "*" and not self._is_gone(node)):
            anchor = anchors[alias.name]
            new, alias_new = self._written.get(anchor.start), self._written.get(alias.start)
            if alias_new is None and (new is not None or self._is_gone(anchor)):
                line = line_of(self._text, alias.start)
                problem = f"The value with the anchor &{alias.name} is used in line {line} too."
                return ByHand(line_of(self._text, anchor.start), problem)
            if new is not None and alias_new is not None and new[0] == alias_new[0]:
                del self._written[alias.start]
        return None

    def _is_gone(self, node: Text) -> bool:
        return any(cut.start <= node.start < cut.end for cut in self._cuts)


def _spliced(text: str, cuts: list[Cut]) -> str:
    parts: list[str] = []
    at = 0
    for cut in sorted(cuts):
        parts += text[at : max(at, cut.start)], cut.new
        at = max(at, cut.end)
    return "".join([*parts, text[at:]])
