"""A history to replay: the first-parent line of any git repository or bundle.

Rule: this file reads the source with git and pygit2 alone, so that what mha
published is compared with something that mha had no hand in.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pygit2
from pygit2.enums import DiffOption, FileMode

_EXACT = "* -text !eol !filter !ident !working-tree-encoding\n"  # a checkout has the bytes that git stores
_ENV = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
_ADOPTED = "refs/heads/main"
_WHOLE = "refs/replay/head"

Listing = dict[str, tuple[str, int]]  # name -> the id and the mode of what stands there


@dataclass(frozen=True, slots=True)
class Source:
    """One revision of the history that is replayed."""

    id: str
    tree: str
    subject: str


@dataclass(frozen=True)
class History:
    """A copy of a history, and its revisions from the oldest to the newest."""

    git_dir: Path
    revisions: Sequence[Source]

    @cached_property
    def git(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.git_dir))

    def write(self, old: str | None, new: str, folder: Path) -> None:
        """Turn a folder that holds the files of one tree into one that holds those of another."""
        left = self.git[old or self.empty()].peel(pygit2.Tree)
        deltas = list(left.diff_to_tree(self.git[new].peel(pygit2.Tree), flags=DiffOption.SKIP_BINARY_CHECK).deltas)
        for delta in deltas:
            if delta.old_file.id != _NO_ID:
                _remove(folder, folder / os.fsdecode(delta.old_file.raw_path))
        for delta in deltas:
            if delta.new_file.id != _NO_ID:
                self._place(folder / os.fsdecode(delta.new_file.raw_path), delta.new_file)

    def empty(self) -> str:
        """The tree without files."""
        return str(self.git.TreeBuilder().write())

    def check_out(self, tree: str, folder: Path) -> None:
        """Write the files of a tree with git itself."""
        folder.mkdir()
        env = _ENV | {"GIT_INDEX_FILE": str(folder.with_suffix(".index"))}
        _git(self.git_dir, "read-tree", tree, env=env)
        _git(self.git_dir, f"--work-tree={folder}", "checkout-index", "--all", env=env)

    def truncate(self, count: int) -> None:
        """Let the branch that others adopt from this copy end after `count` revisions."""
        _git(self.git_dir, "update-ref", _ADOPTED, self.revisions[count - 1].id)

    def _place(self, target: Path, file: pygit2.DiffFile) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.mode == FileMode.COMMIT:  # a nested repository, as somebody who clones one into work/ makes it
            _git(target.parent, "init", "--quiet", str(target))
            return
        data = self.git[file.id].peel(pygit2.Blob).data
        if file.mode == FileMode.LINK:
            target.symlink_to(os.fsdecode(data))
            return
        target.write_bytes(data)
        target.chmod(0o755 if file.mode == FileMode.BLOB_EXECUTABLE else 0o644)


_NO_ID = pygit2.Oid(hex="0" * 40)


def copied(source: str, git_dir: Path, *, branch: str | None = None) -> History:
    """Copy the history of a repository, or of a bundle, which may have no HEAD."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(git_dir)], check=True, env=_ENV)
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "attributes").write_text(_EXACT)
    place = str(Path(source).resolve()) if Path(source).exists() else source
    wanted = f"refs/heads/{branch}" if branch else _branch(git_dir, place)
    _git(git_dir, "fetch", "--quiet", "--no-tags", "--", place, f"+{wanted}:{_WHOLE}")
    listed = _git(git_dir, "log", "--first-parent", "--reverse", "--format=%H %T %s", _WHOLE)
    lines = [line.split(" ", 2) for line in listed.decode("utf-8", "replace").splitlines()]
    return History(git_dir, [Source(*line) for line in lines])


def listing(git: pygit2.Repository, tree: str) -> Listing:
    """What stands in the uppermost folder of a tree; equal listings, equal files below."""
    return {str(entry.name): (str(entry.id), int(entry.filemode)) for entry in git[tree].peel(pygit2.Tree)}


def _branch(git_dir: Path, place: str) -> str:
    """HEAD, else main, else master, else the only branch."""
    lines = _git(git_dir, "ls-remote", "--", place).decode("utf-8", "replace").splitlines()
    names = [line.split("\t")[1] for line in lines]
    heads = [name for name in names if name.startswith("refs/heads/")]
    found = [name for name in ("HEAD", "refs/heads/main", "refs/heads/master", *heads[:1]) if name in names]
    if not found or (found[0] not in ("HEAD", "refs/heads/main", "refs/heads/master") and len(heads) > 1):
        raise SystemExit(f"{place} has no branch to begin with: name one with --branch.")
    return found[0]


def _git(git_dir: Path, *arguments: str, env: dict[str, str] | None = None) -> bytes:
    return subprocess.run(["git", "-C", str(git_dir), *arguments], check=True, env=env or _ENV, stdout=-1).stdout


def _remove(root: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
