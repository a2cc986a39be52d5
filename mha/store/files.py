"""Small, durable steps on the file system: write whole or not at all, and sync what was promised."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

SYNC_EACH = 64  # up to so many files are synced one by one; beyond, the whole file system at once
_SMALL_FILES = 200
_REMOVED_LATER = '{ chmod -R u+rwX "$0"; rm -rf "$0"; } </dev/null >/dev/null 2>&1 &'
_NO_ROOM_BYTES = 1 << 20  # where less is free, a write that failed has failed for that


def is_full(folder: Path) -> bool:
    """Whether there is no room left where a folder is: asked after a write that failed and does not say why."""
    found = os.statvfs(folder)
    free = found.f_bfree if os.geteuid() == 0 else found.f_bavail
    return free * found.f_frsize < _NO_ROOM_BYTES or (found.f_files > 0 and found.f_favail == 0)


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file for good: afterwards, and after a power cut, it is the new one."""
    exchange(path, data, mode=mode)
    sync_folder(path.parent)


def exchange(path: Path, data: bytes, *, mode: int = 0o644, synced: bool = True) -> None:
    """Write a file so that a reader, or a power cut, finds the old or the new one and nothing between.

    Unless it is `synced`, a power cut may leave it empty; for what nobody misses.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    with _opened(path) as descriptor:
        os.fsync(descriptor)


def sync_files(paths: Iterable[Path], *, within: Path) -> None:
    """Make files and the names in their folders durable, at the cost of few or of one large sync."""
    chosen = list(paths)
    if len(chosen) > SYNC_EACH:
        sync_file_system(within)
        return
    for path in chosen:
        if path.is_file() and not path.is_symlink():
            with _opened(path, os.O_RDONLY) as descriptor:
                os.fsync(descriptor)
    for folder in {path.parent for path in chosen} | {within}:
        if folder.is_dir():
            sync_folder(folder)


def sync_file_system(path: Path) -> None:
    """Make all that was written on the file system of `path` durable; raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    with _opened(path, os.O_RDONLY) as descriptor:
        if libc.syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))


def switch_link(link: Path, target: str) -> None:
    """Point a symbolic link elsewhere with one rename: readers see the old or the new target."""
    scratch = link.with_name(f".{link.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(target)
    scratch.replace(link)
    sync_folder(link.parent)


def free_name(path: Path) -> Path:
    """`path`, or the first name made from it that nothing stands at."""
    names = (path if n == 1 else path.with_name(f"{path.name}-{n}") for n in range(1, 10_000))
    return next(name for name in names if not os.path.lexists(name))


def remove_tree(path: Path) -> None:
    """Remove a folder whose files and folders may be read-only; a missing one is no error."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        os.chmod(folder, stat.S_IRWXU)
    import shutil

    shutil.rmtree(path)


def discard(path: Path) -> None:
    """Remove a folder: a small one now, a large one by a program that nobody waits for.

    By its name the next command must know that it goes, if that program is ended.
    """
    if _is_small(path):
        with suppress(FileNotFoundError):  # that program is at it
            remove_tree(path)
        return
    import subprocess

    subprocess.run(["sh", "-c", _REMOVED_LATER, str(path)], check=False, start_new_session=True, cwd="/")


def _is_small(path: Path) -> bool:
    return sum(1 for _ in islice(walk_files(path), _SMALL_FILES)) < _SMALL_FILES


def link_tree(source: Path, target: Path) -> None:
    """Make a second folder with the same files, as hard links; symbolic links are linked as such."""
    pending = [""]
    while pending:
        folder = pending.pop()
        os.mkdir(target / folder)
        with _opened(source / folder) as here, _opened(target / folder) as there, os.scandir(here) as entries:
            for entry in entries:  # by descriptor: the way to each file is not looked up again
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{folder}{entry.name}/")
                else:
                    os.link(entry.name, entry.name, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)


def walk_files(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry below `root` that is not a folder, with its path relative to it."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{path}/")
                else:
                    yield path, entry


@contextmanager
def _opened(path: Path, flags: int = os.O_RDONLY | os.O_DIRECTORY) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
