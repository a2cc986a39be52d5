"""The normal form of a YAML file, written by ruamel.yaml: two spaces a level, and lists indented below their keys.

Rule 1: what is read stays the same, and so do comments, quotes, anchors and the starts of documents. That is proved by
reading the result; where it is not so, there is no result.
Rule 2: what is in the normal form stays as it is, to the byte.
Rule 3: lines end in LF, and the last one, too. Long lines are not broken; a text that is broken over lines becomes one
line, unless it is block text. A document that is a single value, or in brackets, stays as it is written.
"""

import io
import re
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from mha.core import comments, places
from mha.core.edits import ByHand
from mha.core.places import Document, Sequence, Text
from mha.core.reader import plain, read
from mha.core.scalars import line_of

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_PASSES = 6  # ruamel.yaml moves some blank lines and comments more than once


def formatted(data: bytes) -> bytes | ByHand:
    """The file in its normal form, or why it has none; raises Unreadable."""
    read(data)
    text = data.decode().replace("\r\n", "\n")
    passes = [text]
    try:
        while len(passes) < 2 or (passes[-1] != passes[-2] and len(passes) < _PASSES):
            passes.append(_formatted(passes[-1]))
        problem = _difference(text, passes[-1])
    except Exception as error:  # noqa: BLE001  # whatever ruamel.yaml stumbles over: the file stays as it is
        return ByHand(1, f"ruamel.yaml cannot write this file anew: {type(error).__name__}.")
    if passes[-1] != passes[-2]:
        return ByHand(1, "ruamel.yaml finds no normal form of this file.")
    return problem or passes[-1].encode()


def _formatted(text: str) -> str:
    """The documents one by one: between them, ruamel.yaml loses comments."""
    parts: list[str] = []
    at = 0
    documents = places.of(text.encode(), text)
    for document, following in pairwise([*documents, None]):
        assert document is not None
        start = places.line_end(text, document.start) if document.is_marked else at
        has_end = document.end > document.node.end and text.startswith("...", document.end - 3)
        end = places.line_start(text, document.end) if has_end else following.start if following else len(text)
        body = text[start:end]
        parts += _trimmed(text[at:start]), _written(body) if _is_block(document) else body
        at = end
    joined = "".join([*parts, _trimmed(text[at:])])
    keeps = documents and places.keeps_blank_lines(text, documents[-1].node)
    return joined if keeps or not joined.strip() else joined.rstrip() + "\n"


def _is_block(document: Document) -> bool:
    return not isinstance(document.node, Text) and not document.node.is_flow


def _trimmed(text: str) -> str:
    """Comments, blank lines and dashes, without spaces at the ends of lines."""
    return re.sub(r" +$", "", text, flags=re.MULTILINE)


def _written(body: str) -> str:
    """One document, as ruamel.yaml writes it, its comments as far in as what they belong to."""
    written, yaml = io.StringIO(), _ruamel()
    yaml.dump(yaml.load(body), written)
    after = written.getvalue()
    if after.endswith("\n...\n"):  # behind text that keeps the blank lines at its end
        after = after.removesuffix("...\n")
    if isinstance(places.of(body.encode(), body)[0].node, Sequence):
        after = re.sub(r"^  ", "", after, flags=re.MULTILINE)
    return _aligned(body, after)


def _ruamel() -> "YAML":
    from ruamel.yaml import YAML
    from ruamel.yaml.emitter import Emitter

    class LongKeys(Emitter):
        MAX_SIMPLE_KEY_LENGTH = 1024  # as every reader takes them

    yaml = YAML()
    yaml.Emitter = LongKeys
    yaml.preserve_quotes = True
    yaml.width = 1 << 30
    yaml.indent(mapping=2, sequence=4, offset=2)
    # All else is text to it, and written as it is read: 1.50, ~, True.
    yaml.resolver.add_version_implicit_resolver((1, 2), "tag:yaml.org,2002:null", re.compile(r"\Z"), [""])
    return yaml


def _aligned(before: str, after: str) -> str:
    """The document with its comments moved as its entries were; ruamel.yaml leaves them in their old columns."""
    olds, news = places.of(before.encode(), before), places.of(after.encode(), after)
    old, new = comments.of(before, olds), comments.of(after, news)
    if len(old) != len(new):
        return after
    entries = [list(comments.entries(text, documents[0].node)) for text, documents in ((before, olds), (after, news))]
    parts: list[str] = []
    at = 0
    for column, comment in zip(comments.columns(old, entries[0], entries[1]), new, strict=True):
        line = places.line_start(after, comment.start)
        content = after[at : comment.start].rstrip(" ")
        width = at + len(content) - line
        parts += content, " " * (max(column, width + 1) - width if width > 0 else column)
        at = comment.start
    return "".join([*parts, after[at:]])


def _difference(before: str, after: str) -> ByHand | None:
    """What got lost on the way."""
    olds, news = places.of(before.encode(), before), places.of(after.encode(), after)
    for old, new in zip_longest(comments.of(before, olds), comments.of(after, news)):
        if old is None or new is None or (old.text, old.has_line) != (new.text, new.has_line):
            line = line_of(before, old.start if old else 0)
            return ByHand(line, "ruamel.yaml would lose or move the comment in this line.")
    if _meaning(before) != _meaning(after) or _spelling(olds) != _spelling(news):
        return ByHand(1, "ruamel.yaml would change more than how this file looks.")
    return None


def _meaning(text: str) -> str:
    return repr([plain(document) for document in read(text.encode())])


def _spelling(documents: list[Document]) -> list[object]:
    """Where documents start, and the quotes and names of all their values."""
    texts = [[(node.style.strip("?"), node.name) for node in places.texts(document.node)] for document in documents]
    return [[document.is_marked for document in documents], texts]
