"""A file of pages, each of which is vouched for by what points at it.

A pointer says where a page stands, and its checksums. The first bytes of the file are the first pointer, which leads to
the head page; whatever is read from there on is checked on the way. So a page that is damaged, cut off, or of another
time or place is never taken for the one that was written.

Rule 1: nothing is used before it was checked.
Rule 2: a page in use is not written over. A commit puts its pages where none is in use, and moves the first pointer
last: a kill or a full disk leaves the file as it was.
Rule 3: what a commit takes out of use is free for the next one. Who opened the file before a commit reads on; who
opened it before two may find pages gone, which Rule 1 tells.
Rule 4: nothing is synced. A power cut may leave any mixture of old and new, which Rule 1 tells.

The checksums are zlib's two, which cost no import. They are no signature: whoever can write here can write to the
repository.
"""

import errno
import os
import struct
import zlib
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

SLOT = 4096  # bytes: a page begins where a slot does; most take one

_FORMAT = 1  # the checksums start from it: a page of another format is damaged
_POINTER = struct.Struct("<II8s")  # slot, bytes, checksums
_STATE = struct.Struct("<IQ")  # end, size
_NUMBER = 4  # bytes: of an offset, of a slot


class Damaged(Exception):
    """What is read is not what was written: a signal to do without it, never a person's concern."""


class Head(NamedTuple):
    """What a file holds, as of one commit."""

    pointer: bytes
    parts: tuple[bytes, ...]  # the caller's
    end: int  # the slot after the last page
    size: int  # bytes, of all pages in use but the head
    free: tuple[int, ...]  # slots, in order

    @property
    def is_sparse(self) -> bool:
        """Whether so little of the file is in use that it had better be written anew."""
        return self.end * SLOT > 3 * self.size + (1 << 20)


EMPTY = Head(_POINTER.pack(0, 0, b""), (), 1, 0, ())  # slot 0 is the first pointer's


def head(descriptor: int) -> Head:
    """The head page; raises Damaged."""
    found = _read(descriptor, 0, _POINTER.size + 8)
    pointer = found[: _POINTER.size]
    if found[_POINTER.size :] != _checksums(pointer):
        raise Damaged("the first pointer")
    *parts, state, free = read(descriptor, pointer)
    end, size = _STATE.unpack(state)
    return Head(pointer, tuple(parts), end, size, struct.unpack(f"<{len(free) // _NUMBER}I", free))


def read(descriptor: int, pointer: bytes) -> list[bytes]:
    """The parts of the page that a pointer leads to; raises Damaged."""
    slot, size, checksums = _POINTER.unpack(pointer)
    page = _read(descriptor, slot * SLOT, size)
    if len(page) != size or _checksums(page) != checksums:
        raise Damaged(f"the page at slot {slot}")
    (start,) = struct.unpack_from("<I", page)
    return [page[a:b] for a, b in pairwise(struct.unpack_from(f"<{start // _NUMBER}I", page))]


class Writer:
    """Makes one commit: the first one to a file, or the next. Raises OSError."""

    def __init__(self, descriptor: int, before: Head = EMPTY) -> None:
        self._descriptor = descriptor
        self._end, self._size, self._free = before.end, before.size, list(before.free)
        self._freed = list(_slots(before.pointer))

    def put(self, parts: Sequence[bytes]) -> bytes:
        """Write a page; returns the pointer to it."""
        page = _page(parts)
        self._size += len(page)
        return self._write(page, self._take(len(page)))

    def release(self, pointer: bytes) -> None:
        """Take a page out of use."""
        self._size -= _POINTER.unpack(pointer)[1]
        self._freed += _slots(pointer)

    def finish(self, parts: Sequence[bytes]) -> None:
        """Write the head page, and let the first pointer lead to it."""
        slot = self._take(len(self._head(parts)))  # with the slot taken there is less to say, never more
        pointer = self._write(self._head(parts), slot)
        _write(self._descriptor, pointer + _checksums(pointer), 0)

    def _head(self, parts: Sequence[bytes]) -> bytes:
        free = sorted(self._free + self._freed)
        return _page([*parts, _STATE.pack(self._end, self._size), struct.pack(f"<{len(free)}I", *free)])

    def _take(self, size: int) -> int:
        """The first of as many slots in a row as a page takes: free ones, or else new ones."""
        count = _slot_count(size)
        for at in range(len(self._free) - count + 1):
            if self._free[at + count - 1] - self._free[at] == count - 1:
                slot = self._free[at]
                del self._free[at : at + count]
                return slot
        self._end += count
        return self._end - count

    def _write(self, page: bytes, slot: int) -> bytes:
        _write(self._descriptor, page, slot * SLOT)
        return _POINTER.pack(slot, len(page), _checksums(page))


def _slots(pointer: bytes) -> range:
    slot, size, _ = _POINTER.unpack(pointer)
    return range(slot, slot + _slot_count(size))


def _slot_count(size: int) -> int:
    return -(-size // SLOT)


def _page(parts: Sequence[bytes]) -> bytes:
    """Where each part begins and the last one ends, and then the parts."""
    offsets = accumulate(map(len, parts), initial=_NUMBER * (len(parts) + 1))
    return struct.pack(f"<{len(parts) + 1}I", *offsets) + b"".join(parts)


def _checksums(data: bytes) -> bytes:
    return struct.pack("<II", zlib.crc32(data, _FORMAT), zlib.adler32(data, _FORMAT))


def _read(descriptor: int, at: int, size: int) -> bytes:
    try:
        return os.pread(descriptor, size, at)
    except OSError as error:
        raise Damaged(os.strerror(error.errno or 0)) from error


def _write(descriptor: int, data: bytes, at: int) -> None:
    if os.pwrite(descriptor, data, at) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
