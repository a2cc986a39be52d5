"""What a YAML file says, with the line of each part."""

from typing import Any, NamedTuple

from mha.core.scalars import Value

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 24  # collections within collections
MAX_ALIASES = 100  # in a file


class Scalar(NamedTuple):  # made for each value: a tuple is made in a third of a dataclass's time
    value: Value
    line: int


class Mapping(NamedTuple):
    entries: "tuple[tuple[Scalar, Node], ...]"  # each key's value is text or a whole number, and stands once
    line: int


class Sequence(NamedTuple):
    items: "tuple[Node, ...]"
    line: int


Node = Scalar | Mapping | Sequence


def plain(node: Node) -> Any:
    """The node as dicts, lists and scalars."""
    match node:
        case Mapping():
            return {key.value: plain(value) for key, value in node.entries}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.value
