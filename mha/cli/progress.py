"""Progress of long work: one line that rewrites itself on a terminal, and nothing anywhere else."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

_EVERY_SECONDS = 0.1


class Shown(NamedTuple):
    """The two ways in which operations tell how far they are, and how to make room for a remark."""

    line: Callable[[str], None]
    counted: Callable[[int, int], None]
    clear: Callable[[], None]


@contextmanager
def shown(what: str) -> Iterator[Shown]:
    """Show progress of `what` on the terminal while the block runs, then remove it."""
    if not sys.stderr.isatty():
        yield Shown(lambda _line: None, lambda _done, _total: None, lambda: None)
        return
    from mha.core.changes import escaped

    last = 0.0

    def write(text: str) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= _EVERY_SECONDS:
            last = moment
            sys.stderr.write(f"\r\x1b[K{what}: {escaped(text[:100])}")
            sys.stderr.flush()

    def clear() -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    try:
        yield Shown(write, lambda done, total: write(f"{done} of {total}"), clear)
    finally:
        clear()
