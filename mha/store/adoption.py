"""Adoption: bringing files that exist already into a new home, with their history where they have one."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mha.core.changes import Entry, FileType, excess, problems
from mha.errors import InvalidConfiguration, MhaError
from mha.store import git, leftovers, trees, weighing
from mha.store.files import sync_file_system, walk_files
from mha.store.git import Progress
from mha.store.home import Home
from mha.store.peers import references

_URL = re.compile(r"(ssh|https)://[A-Za-z0-9][A-Za-z0-9@:.\[\]-]*/[A-Za-z0-9_.,+=@%~/-]+")
_IMPORT = "refs/import/files"
IDLE_SECONDS = 60.0  # of a foreign repository's server, which may first have to pack its history


class Adopted(NamedTuple):
    """What a new cluster begins with."""

    tree: str
    files: int = 0
    history: str | None = None  # the commit below the first revision
    commits: int = 0


NOTHING = Adopted(trees.EMPTY)


def adopt(home: Home, source: str, *, progress: Progress) -> Adopted:
    """Bring in a folder of files, or a git repository with its history; raises MhaError or InvalidConfiguration."""
    if _URL.fullmatch(source):
        return _repository(home, source, progress)
    path = Path(source)
    if not path.exists() or source.startswith("-"):
        raise MhaError(
            f"There is nothing at {source}.", "Give a folder, a git repository, or its ssh:// or https:// address."
        )
    if path.is_file() or (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir()):
        return _repository(home, str(path.resolve()), progress)
    return _folder(home, path, progress)


def _repository(home: Home, source: str, progress: Progress) -> Adopted:
    env = {"GIT_DIR": str(home.git_dir)}
    name, oid = _branch(source, env)
    with leftovers.arriving(home.git_dir, unpacks=True) as shared:
        done = git.transfer(
            "fetch", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--progress", "--", source, name,
            env=env, idle_seconds=lambda: IDLE_SECONDS, bounded=False, on_line=progress, pass_fds=(shared,),
        )  # fmt: skip
    if done.code != 0:
        raise MhaError(f"{source} cannot be read: {done.complaint}.", "See that `git clone` can read it.")
    tip = home.repository.commit(oid)
    _require_bearable(home, tip.tree)
    files = sum(1 for _ in trees.files(home.repository, tip.tree))
    commits = sum(1 for _ in home.repository.walk(oid))
    return Adopted(tip.tree, files, oid, commits)


def _require_bearable(home: Home, tree: str) -> None:
    """A few kilobytes may stand for more files than can be listed; raises InvalidConfiguration."""
    try:
        found = excess(weighing.Scale(home.repository).paths(None, tree), 0)
    except weighing.Unbearable as error:
        found = str(error)
    if found is not None:
        raise InvalidConfiguration([found], "Correct it at its source, then run `mha init` again.")


def _branch(source: str, env: dict[str, str]) -> tuple[str, str]:
    """The branch to adopt: HEAD, else main, else master, else the only one; its name and head."""
    done = git.run("ls-remote", "--", source, env=env, seconds=IDLE_SECONDS)
    if done.code != 0:
        raise MhaError(f"{source} is not a git repository: {done.complaint}.", "See that `git ls-remote` can read it.")
    listed = references(done.out).items()
    heads = {name: oid for name, oid in listed if name == "HEAD" or name.startswith("refs/heads/")}
    wanted = ("HEAD", "refs/heads/main", "refs/heads/master")
    chosen = next((name for name in wanted if name in heads), next(iter(heads), None) if len(heads) == 1 else None)
    if chosen is None:
        raise MhaError(f"{source} has no branch to begin with.", "It must hold a branch named main.")
    return chosen, heads[chosen]


def _folder(home: Home, folder: Path, progress: Progress) -> Adopted:
    found = sorted(walk_files(folder))
    entries = [_entry(path, entry) for path, entry in found]
    wrong = [f"{p.path} {p.problem}. {p.hint}" for p in problems(entries)]
    if wrong:
        raise InvalidConfiguration(wrong, "Correct these files at their source, then run `mha init` again.")
    if not found:
        return NOTHING
    progress(f"Importing {len(found)} files")
    stream = b"".join(_commands(found))
    git.checked("import the files", "fast-import", "--quiet", stdin=stream, env={"GIT_DIR": str(home.git_dir)})
    sync_file_system(home.git_dir)
    oid = home.repository.ref(_IMPORT)
    assert oid is not None
    home.repository.delete_ref(_IMPORT)
    return Adopted(home.repository.commit(oid).tree, len(found))


def _commands(found: list[tuple[str, os.DirEntry[str]]]) -> Iterator[bytes]:
    """The files as git's fast-import takes them: one pack and one sync, however many they are."""
    yield f"commit {_IMPORT}\ncommitter mha <mha> 0 +0000\ndata 0\n".encode()
    for path, entry in found:
        data = Path(entry.path).read_bytes()
        mode = "100755" if entry.stat().st_mode & 0o100 else "100644"
        quoted = path.replace("\\", "\\\\").replace('"', '\\"')
        yield f'M {mode} inline "{quoted}"\ndata {len(data)}\n'.encode() + data + b"\n"


def _entry(path: str, entry: os.DirEntry[str]) -> Entry:
    kind = FileType.SPECIAL
    if entry.is_symlink():
        kind = FileType.SYMLINK
    elif entry.is_file(follow_symlinks=False):
        kind = FileType.FILE
    return Entry(os.fsencode(path), kind, entry.stat(follow_symlinks=False).st_size)
