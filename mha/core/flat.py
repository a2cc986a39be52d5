"""Flat files: lines of `key: value` in plain words, which every reader reads alike without a parser.

Most files that hold one object are of this form. Whatever is not, or is in doubt, is left to `reader`.
"""

import re

from mha.core.scalars import Unreadable, Value, value

_FLAT = re.compile(rb"(?:[a-z][0-9a-z_-]{0,60}: [0-9A-Za-z](?:[ ./0-9@A-Z_a-z-]*[0-9A-Z_a-z])?\n)+")


def entries(data: bytes) -> list[tuple[str, Value]] | None:
    """The keys and values of a flat file, one in each line; None where it is another file."""
    if not _FLAT.fullmatch(data):
        return None
    pairs = [line.split(": ") for line in data.decode().split("\n")[:-1]]
    try:
        found = [(value(key, 1), value(text, 1)) for key, text in pairs]
    except Unreadable:
        return None
    keys = {key for key, _ in found if isinstance(key, str)}
    return found if len(keys) == len(found) else None  # type: ignore[return-value]
