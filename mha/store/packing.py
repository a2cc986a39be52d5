"""Packing: objects that lie about one by one become a pack, and nothing is thrown away.

git's own maintenance is off in a home (gc.auto=0): it deletes what no reference
holds, such as a side that was fetched from a peer and is not pinned yet.

Rule 1: what is packed is what lies there; what references reach is not asked.
Rule 2: a loose object goes only once a durable pack holds it as well.
"""

from pathlib import Path

from mha.store import fsck, git
from mha.store.files import remove_tree, sync_file_system

LOOSE_AT_MOST = 2000  # about 300 publishes; each takes a block of the disk, and packed a tenth of it


def pack(git_dir: Path, *, at_most: int = LOOSE_AT_MOST) -> bool:
    """Pack the loose objects if they are more than `at_most`; returns whether that was done. Needs the home's lock.

    Where one of them cannot be read nothing changes: `mha verify` speaks of it.
    """
    found = [f"{path.parent.name}{path.name}" for path in fsck.loose(git_dir)]
    if len(found) <= at_most:
        return False
    scratch = git_dir / "mha" / "packing"
    remove_tree(scratch)
    scratch.mkdir()
    try:
        return _written(git_dir, scratch, found) and _replaced(git_dir, scratch)
    finally:
        remove_tree(scratch)


def put_in(git_dir: Path, scratch: Path) -> None:
    """Move packs that were written beside into the store; afterwards they are durable."""
    packs = git_dir / "objects" / "pack"
    packs.mkdir(exist_ok=True)
    for suffix in (".pack", ".rev", ".idx"):  # the index last: only with it git sees the pack
        for path in scratch.glob(f"pack-*{suffix}"):
            path.rename(packs / path.name)
    sync_file_system(git_dir)


def _written(git_dir: Path, scratch: Path, ids: list[str]) -> bool:
    """Write a pack of those objects that are in none yet; beside, so that a failed one leaves nothing in the store."""
    env = {
        "GIT_DIR": str(git_dir),
        "GIT_OBJECT_DIRECTORY": str(scratch),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git_dir / "objects"),
    }
    arguments = ("--quiet", "--incremental", "--non-empty", "--delta-base-offset")
    listed = "".join(f"{oid}\n" for oid in ids).encode()
    return git.run("pack-objects", *arguments, str(scratch / "pack"), stdin=listed, env=env).code == 0


def _replaced(git_dir: Path, scratch: Path) -> bool:
    """Put the pack in place, and remove the loose objects that it holds."""
    put_in(git_dir, scratch)
    return git.run("prune-packed", "--quiet", env={"GIT_DIR": str(git_dir)}).code == 0
