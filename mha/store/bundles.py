"""Backups as files: git bundles, written whole, and read without trust.

Rule 1: under its name a backup is whole: it was synced and read back before it got that name.
Rule 2: what is read stays beside the store until whoever asked has judged it.
"""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mha.core import bundle
from mha.core.bundle import Contents
from mha.errors import BackupExists, BackupNotWritten, DiskFull, NotABackup, sentence
from mha.store import git, leftovers, packing
from mha.store.files import remove_tree, sync_folder
from mha.store.git import Progress
from mha.store.home import FAULTS

_SCRATCH = ".mha-backup-"
_PACK_HEAD_BYTES = 12  # "PACK", the version, how many objects
_SUM_BYTES = 20  # what a pack ends with
_READ_BYTES = 1 << 20
_STRICT = ",".join(f"{fault}={level}" for level, faults in FAULTS.items() for fault in faults)


class Bundle(NamedTuple):
    """A backup that is open for reading."""

    path: Path
    descriptor: int
    contents: Contents
    pack: int  # where it begins in the file
    objects: int  # how many it says that it has


def write(git_dir: Path, path: Path, contents: Contents, *, replace: bool, progress: Progress) -> int:
    """Write a backup of exactly these contents; returns its size in bytes. Raises BackupExists or BackupNotWritten."""
    require_free(path, replace=replace)
    head = bundle.compose(contents)
    try:
        with _scratch(path.parent) as (descriptor, scratch):
            with open(descriptor, "wb", closefd=False) as file:
                file.write(head)
            _pack(git_dir, path, contents, descriptor, progress)
            os.fsync(descriptor)
            size = _read_back(path, scratch, head)
            require_free(path, replace=replace)
            scratch.rename(path)
            sync_folder(path.parent)
    except OSError as error:
        raise BackupNotWritten(str(path), sentence(error)) from error
    return size


def require_free(path: Path, *, replace: bool) -> None:
    """Raises BackupExists where something stands that is not to be replaced, or no file."""
    if os.path.lexists(path) and not (replace and path.is_file()):
        raise BackupExists(str(path))


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A backup, its head read; raises NotABackup."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would be waited for
    except OSError as error:
        raise NotABackup(str(path), error.strerror or str(error)) from error
    try:
        yield _parsed(path, descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def quarantined(git_dir: Path, found: Bundle, *, known: Sequence[str], progress: Progress) -> Iterator[Path]:
    """The objects of a backup, whole and connected, in a folder beside the store that goes with the block.

    `known` are heads whose history is here; raises NotABackup.
    """
    folder = git_dir / "objects" / f"tmp_objdir-backup-{os.getpid()}"
    with leftovers.arriving(git_dir) as shared:
        remove_tree(folder)
        try:
            (folder / "info").mkdir(parents=True)
            (folder / "info" / "alternates").write_text("..\n")  # relative: a home's path may hold any character
            env = {"GIT_DIR": str(git_dir), "GIT_OBJECT_DIRECTORY": str(folder)}
            os.lseek(found.descriptor, found.pack, os.SEEK_SET)
            arguments = ["index-pack", "--stdin", "--fix-thin", f"--strict={_STRICT}", "-v"]
            arguments.append(f"--max-input-size={git.TRANSFER_BYTES}")
            read = partial(_read, git_dir, found, env=env, shared=shared, progress=progress)
            read(*arguments, stdin=found.descriptor)
            listed = [*found.contents.tips, *(f"^{oid}" for oid in [*found.contents.since, *known])]
            with git.spoken("".join(f"{oid}\n" for oid in listed).encode()) as words:
                read("rev-list", "--objects", "--quiet", "--stdin", stdin=words)
            yield folder
        finally:
            remove_tree(folder)


def accept(git_dir: Path, found: Bundle, folder: Path) -> None:
    """Let the objects of a quarantine become part of the store, for good."""
    if found.objects:  # an increment may bring none
        packing.put_in(git_dir, folder / "pack")


def _pack(git_dir: Path, path: Path, contents: Contents, descriptor: int, progress: Progress) -> None:
    """Write all that is in a backup, as `git bundle create` does it."""
    listed = [*contents.tips, *(f"^{oid}" for oid in contents.since)]
    with git.spoken("".join(f"{oid}\n" for oid in listed).encode()) as words:
        done = git.transfer(
            "pack-objects", "--stdout", "--thin", "--delta-base-offset", "--revs", "--progress",
            env={"GIT_DIR": str(git_dir)}, stdin=words, stdout=descriptor, bounded=False,
            idle_seconds=lambda: git.LOCAL_SECONDS, on_line=progress,
        )  # fmt: skip
    if done.code != 0:
        error = git.failure("write the backup", done, path.parent)
        raise BackupNotWritten(str(path), "its disk is full") if isinstance(error, DiskFull) else error


def _read(
    git_dir: Path, found: Bundle, *arguments: str, env: dict[str, str], stdin: int, shared: int, progress: Progress
) -> None:
    """Let git read what nobody has judged yet."""
    done = git.transfer(
        *arguments, env=env, stdin=stdin, pass_fds=(shared,), bounded=True,
        idle_seconds=lambda: git.LOCAL_SECONDS, on_line=progress,
    )  # fmt: skip
    if done.code != 0:
        error = git.failure("read the backup", done, git_dir)
        raise error if isinstance(error, DiskFull) else NotABackup(str(found.path), done.complaint)


@contextmanager
def _scratch(folder: Path) -> Iterator[tuple[int, Path]]:
    """A new file for this account alone, locked while anybody writes it; without another name, it goes with the block.

    So one that a killed backup left is known: it can be locked. The next one removes it.
    """
    for path in folder.glob(f"{_SCRATCH}*"):
        _clear(path)
    descriptor, path = _made(folder)
    try:
        yield descriptor, path
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def _made(folder: Path) -> tuple[int, Path]:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_SCRATCH, dir=folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # another one may have found it before it was locked
            return descriptor, Path(name)
        os.close(descriptor)


def _clear(path: Path) -> None:
    with suppress(OSError):  # another account's, or one that is being written
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
        finally:
            os.close(descriptor)


def _read_back(path: Path, scratch: Path, head: bytes) -> int:
    """See that what stands on the disk is what git wrote: a pack ends with the sum of itself; returns its size."""
    with scratch.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory
        size = os.fstat(file.fileno()).st_size
        whole, left = hashlib.sha1(usedforsecurity=False), size - len(head) - _SUM_BYTES
        begins = file.read(len(head))
        while left > 0 and (data := file.read(min(left, _READ_BYTES))):
            whole.update(data)
            left -= len(data)
        if begins != head or left != 0 or file.read() != whole.digest():
            raise BackupNotWritten(str(path), "what was read back is not what was written")
    return size


def _parsed(path: Path, descriptor: int) -> Bundle:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise NotABackup(str(path), "it is no file")
    try:
        head = bundle.head_of(os.pread(descriptor, bundle.MOST_BYTES, 0))
        contents = bundle.parse(head)
    except OSError as error:
        raise NotABackup(str(path), sentence(error)) from error
    except bundle.Malformed as error:
        raise NotABackup(str(path), str(error)) from error
    pack = os.pread(descriptor, _PACK_HEAD_BYTES, len(head))
    return Bundle(path, descriptor, contents, len(head), int.from_bytes(pack[8:], "big"))
