"""Normalising: YAML files of the draft get the normal form, on request and one by one."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mha.core.changes import is_yaml
from mha.core.edits import ByHand
from mha.core.scalars import Unreadable
from mha.errors import NoYamlThere
from mha.operations.editing import at_desk
from mha.store import formatting
from mha.store.draft import WorkTree
from mha.store.files import walk_files
from mha.store.home import Home


class Normalised(NamedTuple):
    """What became of files."""

    changed: tuple[str, ...]  # or, if they were only checked, what would change
    left: tuple[str, ...]  # why others stay as they are, a sentence each
    same: int  # how many have the normal form already


def normalise(home: Home, paths: Sequence[str], *, check: bool = False) -> Normalised:
    """Bring the YAML files at or below some paths of `work/` into the normal form; raises NoYamlThere."""
    with at_desk(home, "edit the draft") as desk:
        changed: dict[str, bytes] = {}
        left: list[str] = []
        wanted = _wanted(desk.tree, paths)
        for path in wanted:
            before = (desk.tree.folder / path).read_bytes()
            try:
                after = formatting.formatted(before)
            except Unreadable as error:
                left.append(f"{path}:{error.line}: {error.problem}")
                continue
            if isinstance(after, ByHand):
                left.append(f"{path}:{after.line}: {after.problem}")
            elif after != before:
                changed[path] = after
        if changed and not check:
            desk.tree.write(changed)
    return Normalised(tuple(changed), tuple(left), len(wanted) - len(changed) - len(left))


def _wanted(tree: WorkTree, paths: Sequence[str]) -> list[str]:
    files = sorted(_yaml_files(tree))
    found: set[str] = set()
    for path in paths:
        below = [file for file in files if path in (".", file) or file.startswith(f"{path.rstrip('/')}/")]
        if not below:
            raise NoYamlThere(path)
        found.update(below)
    return sorted(found)


def _yaml_files(tree: WorkTree) -> Iterator[str]:
    return (path for path, entry in walk_files(tree.folder) if is_yaml(path) and entry.is_file(follow_symlinks=False))
