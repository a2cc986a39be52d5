"""Checking a repository's objects, and clearing away what killed programs left in it."""

import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mha.store import git
from mha.store.files import remove_tree

_PATTERNS = (  # what git and libgit2 call their unfinished files
    "objects/incoming-*", "objects/tmp_objdir-*", "objects/tmp_object_git2_*", "objects/??/tmp_obj_*",
    "objects/pack/tmp_*", "objects/pack/.tmp-*", "fast_import_crash_*", "mha/packing", "mha/.*.[0-9]*",
)  # fmt: skip


def check(git_dir: Path, *, deep: bool) -> list[str]:
    """What `git fsck` complains about, a line each; shallow: that all is there, deep: that every byte is right."""
    mode = "--full" if deep else "--connectivity-only"
    done = git.run("fsck", mode, "--no-dangling", "--no-progress", env={"GIT_DIR": str(git_dir)})
    lines = [*done.out.decode("utf-8", "replace").splitlines(), *done.err.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("notice:", "warning", "dangling"))]
    if done.code != 0 and not telling:
        return [f"git fsck failed: {done.complaint}"]
    return telling


def leftovers(git_dir: Path) -> list[str]:
    """Unfinished files, by name; none are named while another program works here, because they may be its own."""
    found = sorted(str(path.relative_to(git_dir)) for pattern in _PATTERNS for path in git_dir.glob(pattern))
    return [] if found and _is_in_use(git_dir) else found


def remove_leftovers(git_dir: Path) -> None:
    """Remove unfinished files."""
    for name in leftovers(git_dir):
        remove_tree(git_dir / name)


def set_aside_damaged(git_dir: Path) -> None:
    """Move damaged objects and packs to `mha/damaged/`, so that whole ones can take their place."""
    aside = git_dir / "mha" / "damaged"
    for path in loose(git_dir):
        if not _is_whole(path):
            aside.mkdir(exist_ok=True)
            path.replace(aside / f"{path.parent.name}{path.name}")
    env = {"GIT_DIR": str(git_dir)}
    for index in sorted((git_dir / "objects" / "pack").glob("*.idx")):
        pack = index.with_suffix(".pack")
        if git.run("verify-pack", str(index), env=env).code == 0:
            continue
        aside.mkdir(exist_ok=True)
        for path in (index, pack):
            if path.exists():
                shutil.move(path, aside / path.name)
        if (aside / pack.name).exists():  # whatever is still readable in it comes back as loose objects
            git.run("unpack-objects", "-r", "-q", stdin=(aside / pack.name).read_bytes(), env=env)


def loose(git_dir: Path) -> Iterator[Path]:
    """The files of the objects that lie about one by one."""
    for folder in sorted((git_dir / "objects").glob("[0-9a-f][0-9a-f]")):
        yield from (path for path in sorted(folder.iterdir()) if len(path.name) == 38)


def _is_whole(path: Path) -> bool:
    try:
        data = zlib.decompress(path.read_bytes())
    except (OSError, zlib.error):
        return False
    return hashlib.sha1(data, usedforsecurity=False).hexdigest() == path.parent.name + path.name


def _is_in_use(git_dir: Path) -> bool:
    """Whether another process works in this repository, as far as this account may see."""
    name, mine = os.fsencode(git_dir), {os.getpid(), os.getppid()}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) in mine:
            continue
        if name in _told(process):
            return True
    return False


def _told(process: Path) -> bytes:
    """What a process was started with, and where it is; git's own children know their repository from GIT_DIR."""
    found = b""
    for name in ("cmdline", "environ"):
        with suppress(OSError):
            found += (process / name).read_bytes()
    with suppress(OSError):
        found += os.fsencode(os.readlink(process / "cwd"))
    return found
