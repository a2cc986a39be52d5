r"""The strict reader of YAML: bytes in, nodes with line numbers out.

Rule 1: a file has one meaning. What YAML 1.1, YAML 1.2 and the common readers
do not read alike is refused, with its line and what to write instead.
Rule 2: the file's size bounds time and memory, whatever the file says.
Rule 3: no disk is read, and no schema known, here or in what this file imports.

Refused: duplicate keys, merge keys, keys that are not text or whole numbers,
anchors on collections, tags, directives, plain values that readers dispute,
tabs outside quoted text, block text and comments, block text whose start is
unclear, question marks in plain text in brackets, colons without a space in
lists in brackets, bytes that are not UTF-8, and characters that hide: control
characters, byte order marks, bidi controls, line breaks other than LF and CRLF.
A character that is spelled as an escape ("\u202e") is in plain sight, and
accepted. Dates are text.
"""

from mha.core import flat
from mha.core.nodes import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, Mapping, Node, Scalar, Sequence, plain

__all__ = ["MAX_ALIASES", "MAX_BYTES", "MAX_DEPTH", "Mapping", "Node", "Scalar", "Sequence", "plain", "read"]


def read(data: bytes) -> list[Node]:
    """The documents of a file; none if it has only comments. Raises Unreadable."""
    if len(data) <= MAX_BYTES and (found := flat.entries(data)):
        lines = enumerate(found, 1)
        return [Mapping(tuple((Scalar(key, line), Scalar(value, line)) for line, (key, value) in lines), 1)]

    from mha.core import parsing  # libyaml, which takes a while to come

    return parsing.documents(data)
