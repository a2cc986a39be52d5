"""Whether a file looks as a power cut leaves one that its editor did not sync.

Rule 1: a file is judged by its bytes. Times and boots decide nothing.
Rule 2: what the published revision already is, the draft may be.
"""

from enum import StrEnum

from mha.core.changes import is_yaml

BLOCK_BYTES = 512  # every block of every file system is a multiple of it


class Loss(StrEnum):
    """How a file looks that lost some of its bytes."""

    EMPTY = "is empty"
    NULS = "ends in NUL bytes"  # its size was written, and its text was not
    CUT = "ends within a line, where a block of the disk ends"


def loss(path: str, content: bytes) -> Loss | None:
    """What a file seems to have lost, judged by itself; archives and other binary files often end in NUL bytes."""
    if not content:
        return Loss.EMPTY
    if content.endswith(b"\0"):
        return Loss.NULS if _is_text(content.rstrip(b"\0")) else None
    if is_yaml(path) and len(content) % BLOCK_BYTES == 0 and not content.endswith(b"\n"):
        return Loss.CUT
    return None


def lost(path: str, *, published: bytes | None, draft: bytes) -> Loss | None:
    """What a draft's file seems to have lost and the published one, if there is one, has."""
    found = loss(path, draft)
    return None if published is not None and loss(path, published) is found else found


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False
