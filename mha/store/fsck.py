"""Checking a repository's objects, and setting the damaged ones aside."""

import hashlib
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

from mha.store import git, leftovers


def check(git_dir: Path, *, deep: bool) -> list[str]:
    """What `git fsck` complains about, a line each; shallow: that all is there, deep: that every byte is right."""
    mode = "--full" if deep else "--connectivity-only"
    done = git.run("fsck", mode, "--no-dangling", "--no-progress", env={"GIT_DIR": str(git_dir)})
    lines = [*done.out.decode("utf-8", "replace").splitlines(), *done.err.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("notice:", "warning", "dangling"))]
    if done.code != 0 and not telling:
        return [f"git fsck failed: {done.complaint}"]
    return telling


def count(git_dir: Path) -> int:
    """How many objects a repository holds, each counted once."""
    arguments = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered")
    return git.checked("count the objects", *arguments, env={"GIT_DIR": str(git_dir)}).count(b"\n")


def unreachable(git_dir: Path) -> list[str]:
    """The ids of the commits that no reference reaches."""
    done = git.run("fsck", "--unreachable", "--no-reflogs", "--no-progress", env={"GIT_DIR": str(git_dir)})
    words = [line.split() for line in done.out.decode("utf-8", "replace").splitlines()]
    return [line[2] for line in words if line[:2] == ["unreachable", "commit"] and len(line) == 3]


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
    for pack in sorted(aside.glob("*.pack")):  # also of a repair that was killed: what is readable comes back, loose
        with leftovers.arriving(git_dir, unpacks=True):
            git.run("unpack-objects", "-r", "-q", stdin=pack.read_bytes(), env=env)


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
