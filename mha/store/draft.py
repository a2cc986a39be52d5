"""The draft: the files in `work/`, and how they differ from a revision.

Rule 1: an index finds candidates fast. Whether a file differs is decided by its own bytes.
Rule 2: an edit is never overwritten or deleted, unless it was kept first.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mha.core.changes import Action, Change, Entry, FileType, chosen, printable
from mha.errors import LinkInTheWay, UnreadableDraft
from mha.store import trees
from mha.store.files import (
    free_name,
    remove_tree,
    sync_files,
    walk_files,
)
from mha.store.home import Home
from mha.store.index import Index
from mha.store.libgit import pygit2
from mha.store.repository import DRAFTS
from mha.store.trees import Blob

_ID = re.compile(rb"([0-9a-f]{40})\n")
_ELSE = Blob("something else")  # stands for what is neither a plain file nor absent


class Edit(NamedTuple):
    """One path at which work/ differs from a revision."""

    path: bytes
    action: Action
    type: FileType = FileType.FILE
    size: int = 0  # bytes
    executable: bool = False

    @property
    def exists(self) -> bool:
        """Whether the draft has a file there."""
        return self.action is not Action.DELETED

    @property
    def change(self) -> Change:
        """What happened to the file, for reports."""
        return Change(printable(self.path), self.action)

    @property
    def entry(self) -> Entry:
        """The file as the rules for files look at it."""
        return Entry(self.path, self.type, self.size)

    @property
    def text(self) -> str:
        """The path as text; bytes that are not UTF-8 are escaped as the file system's own names are."""
        return os.fsdecode(self.path)


@dataclass(frozen=True)
class WorkTree:
    """A folder of files that are edited; `work/` itself, or one that is being put away."""

    home: Home
    folder: Path

    def base(self) -> str | None:
        """The commit that the files were made from or last followed to; None where git's note of it is lost."""
        noted = noted_base(self.home)
        if noted and self.home.repository.has(noted):  # as mha writes it: git need not be asked
            return noted
        return self._index.head()

    def origin(self) -> str | None:
        """The last published revision that the files go back to: commits made by hand are edits on top of it."""
        base, head = self.base(), self.home.repository.head()
        if base is None or head is None:
            return None
        return self.home.repository.merge_base(base, head)

    def edits(self, oid: str, paths: Iterable[str] = (), *, refresh: bool = False) -> list[Edit]:
        """Where the files differ from a revision, in order of path; at or below `paths` only, where some are named.

        Raises UnknownPath where a named one does not differ. Where all are files, nothing else is looked at.
        """
        tree = self.home.repository.commit(oid).tree
        named = [os.fsencode(path) for path in paths]
        direct = bool(named) and all(self._is_file(tree, path) for path in named)
        found = (self._edit(tree, path) for path in (set(named) if direct else self._candidates(oid, refresh=refresh)))
        return select(sorted((edit for edit in found if edit is not None), key=lambda edit: edit.path), paths)

    def ignored(self) -> list[str]:
        """The files that git ignores, and that so belong to no draft."""
        return self._index.ignored()

    def content(self, edit: Edit) -> bytes:
        """An edited file's bytes as they stand now; empty where it is deleted or no plain file."""
        if edit.action is Action.DELETED or edit.type not in (FileType.FILE, FileType.SYMLINK):
            return b""
        path = self.folder / edit.text
        if edit.type is FileType.SYMLINK:
            return os.fsencode(os.readlink(path))
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:  # it may have become a link meanwhile
            return file.read()

    def store(self, chosen: Iterable[Edit]) -> dict[str, Blob | None]:
        """Store the edited files' bytes, and return what a tree needs to know of them."""
        return {edit.text: self._stored(edit) for edit in chosen}

    def follow(self, oid: str) -> list[str]:
        """Bring the files from their base to a newer revision; edits stay, and those in the way are returned."""
        before = self.base()
        repository = self.home.repository
        old = repository.commit(before).tree if before is not None else None
        deltas = trees.deltas(repository, old, repository.commit(oid).tree)
        kept: list[str] = []
        deltas.sort(key=lambda delta: delta.new is not None)  # a folder goes before a file takes its name
        with self._staged({os.fsdecode(delta.path): delta.new for delta in deltas}) as staged:
            for delta in deltas:
                held = _blob_of(self.folder, os.fsdecode(delta.path))
                if held == delta.old and held != delta.new:
                    self._place(os.fsdecode(delta.path), staged)
                elif held != delta.new:
                    kept.append(printable(delta.path))
        self.sync(os.fsdecode(delta.path) for delta in deltas)
        with self.settling(oid, (delta.path for delta in deltas)):
            return kept

    @contextmanager
    def settling(self, oid: str, paths: Iterable[bytes]) -> Iterator[None]:
        """Make a revision the base, and tell the index about the paths that it changed, while the block runs.

        They were synced before.
        """
        with self._index.following(oid, paths):
            yield

    def undo(self, oid: str, kept: Mapping[str, Blob | None]) -> list[str]:
        """Put the files of a revision back in place of edits that are kept; returns those that were edited once more.

        `kept` says what the edited files were when they were kept.
        """
        tree = self.home.repository.commit(oid).tree
        files = {path: trees.find(self.home.repository, tree, path) for path in kept}
        in_order = sorted(files, key=lambda path: files[path] is not None)  # a file makes way for a folder
        again = []
        with self._staged(files) as staged:
            for path in in_order:
                held = _blob_of(self.folder, path)
                if held == kept[path] or (held == _ELSE and kept[path] is None):  # a folder in a deleted file's place
                    self._place(path, staged)
                else:
                    again.append(path)
        self.sync(files)
        return again

    def place(self, files: Mapping[str, Blob | None]) -> None:
        """Put stored files in, as edits, and delete those that are None; afterwards they are durable."""
        with self._staged(files) as staged:
            for path in files:
                self._place(path, staged)
        self.sync(files)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files anew as edits; an empty one goes. Afterwards they are durable. Their modes stay."""
        executable = {path for path in files if os.access(self.folder / path, os.X_OK)}
        contents = {path: (data, path in executable) if data else None for path, data in files.items()}
        with self._written(contents) as staged:
            for path in files:
                self._place(path, staged)
        self.sync(files)

    def sync(self, paths: Iterable[str]) -> None:
        """Make files durable, and that others are gone.

        Whatever a revision holds and work/ lost in a power cut would be an edit that nobody made.
        """
        sync_files([self.folder / path for path in paths], within=self.folder)

    def _stored(self, edit: Edit) -> Blob | None:
        if edit.action is Action.DELETED:
            return None
        return Blob(trees.write(self.home.repository, self.content(edit)), edit.executable)

    def _candidates(self, oid: str, *, refresh: bool) -> set[bytes]:
        """The paths that may differ: what git's status names, and what changed between the base and the revision."""
        found = self._index.candidates(refresh=refresh)
        before = self.base()
        if before != oid:
            old = self.home.repository.commit(before).tree if before is not None else None
            new = self.home.repository.commit(oid).tree
            found |= {delta.path for delta in trees.deltas(self.home.repository, old, new)}
        return found

    def _is_file(self, tree: str, path: bytes) -> bool:
        """Whether a path is a file, in work/ or in a tree."""
        name = os.fsdecode(path)
        there = self.folder / name
        return there.is_file() or (trees.is_text(path) and trees.find(self.home.repository, tree, name) is not None)

    def _edit(self, tree: str, path: bytes) -> Edit | None:
        if path.endswith(b"/"):  # so git's status names a repository within
            return Edit(path.rstrip(b"/"), Action.ADDED, FileType.REPOSITORY)
        name = os.fsdecode(path)
        known = trees.find(self.home.repository, tree, name) if trees.is_text(path) else None
        try:
            found = (self.folder / name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            found = None
        if found is None or stat.S_ISDIR(found.st_mode) or _is_beyond_link(self.folder, name):
            return None if known is None else Edit(path, Action.DELETED)
        if _blob_of(self.folder, name) == known:
            return None
        action = Action.ADDED if known is None else Action.MODIFIED
        return Edit(path, action, _type(found.st_mode), found.st_size, bool(found.st_mode & stat.S_IXUSR))

    @contextmanager
    def _staged(self, files: Mapping[str, Blob | None]) -> Iterator[dict[str, Path]]:
        """Stored files, written and synced, to be moved in."""
        contents = {
            path: None if blob is None else (trees.read(self.home.repository, blob), blob.executable)
            for path, blob in files.items()
        }
        with self._written(contents) as staged:
            yield staged

    @contextmanager
    def _written(self, files: Mapping[str, tuple[bytes, bool] | None]) -> Iterator[dict[str, Path]]:
        """Files, written and synced, to be moved in: a power cut finds the old or the new one, and none empty.

        Each has its bytes, and whether it may be run. They are not in work/: a kill leaves nothing there.
        """
        folder = self.home.state / f".files.{os.getpid()}"
        remove_tree(folder)
        folder.mkdir()
        try:
            staged = {path: folder / str(n) for n, (path, content) in enumerate(files.items()) if content is not None}
            for path, scratch in staged.items():
                data, executable = files[path] or (b"", False)
                scratch.write_bytes(data)
                scratch.chmod(0o755 if executable else 0o644)
            sync_files(staged.values(), within=folder)
            yield staged
        finally:
            remove_tree(folder)

    def _place(self, path: str, staged: Mapping[str, Path]) -> None:
        """Move in or delete one file, so that an editor sees the old or the new one."""
        target = self.folder / path
        if _is_beyond_link(self.folder, path):
            raise LinkInTheWay(path)
        if target.is_dir() and not target.is_symlink():
            self._clear(target)
        if path not in staged:
            target.unlink(missing_ok=True)
            _remove_empty_above(self.folder, target)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        staged[path].replace(target)

    def _clear(self, folder: Path) -> None:
        """Make way for a file; what still stands in the folder belongs to no draft, and is put aside."""
        if any(walk_files(folder)):
            folder.rename(free_name(self.home.path / "work-kept"))
        else:
            remove_tree(folder)

    @property
    def _index(self) -> Index:
        return Index(self.home.git_dir / "worktrees" / "work", self.folder)


def of(home: Home) -> WorkTree | None:
    """The work tree of a home, or None where it has none (it is not the Active)."""
    present = (home.git_dir / "worktrees" / "work" / "HEAD").is_file() and home.work.is_dir()
    return WorkTree(home, home.work) if present else None


def noted_base(home: Home) -> str | None:
    """The commit that `work/` was made from, as mha noted it; it may be lost."""
    note = home.git_dir / "worktrees" / "work" / "HEAD"
    found = _ID.fullmatch(note.read_bytes()) if note.is_file() else None
    return found[1].decode() if found else None


def select(edits: Iterable[Edit], paths: Iterable[str]) -> list[Edit]:
    """The edits at or below some paths, all of them where none is named; raises UnknownPath where one names none."""
    everything = list(edits)
    wanted = chosen([edit.text for edit in everything], paths)
    return [edit for edit in everything if edit.text in wanted]


def next_kept_name(home: Home) -> str:
    """The number that the next kept draft gets."""
    numbers = [int(name) for name in home.repository.refs(DRAFTS) if name.isdigit()]
    return str(max(numbers, default=0) + 1)


def _type(mode: int) -> FileType:
    if stat.S_ISREG(mode):
        return FileType.FILE
    return FileType.SYMLINK if stat.S_ISLNK(mode) else FileType.SPECIAL


def _blob_of(folder: Path, name: str) -> Blob | None:
    """What a plain file would be in a tree; None where nothing stands. Raises UnreadableDraft."""
    path = folder / name
    if _is_beyond_link(folder, name):
        return _ELSE
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return _ELSE
    except PermissionError as error:
        raise UnreadableDraft(printable(os.fsencode(name))) from error
    if not stat.S_ISREG(mode):
        return _ELSE
    try:
        return Blob(str(pygit2.hashfile(str(path))), bool(mode & stat.S_IXUSR))
    except (OSError, pygit2.GitError) as error:
        raise UnreadableDraft(printable(os.fsencode(name))) from error


def _is_beyond_link(folder: Path, name: str) -> bool:
    """Whether a folder on the way to a path is a symbolic link, which may lead out of `folder`."""
    return any((folder / parent).is_symlink() for parent in Path(name).parents)


def _remove_empty_above(root: Path, path: Path) -> None:
    for folder in path.parents:
        if folder == root or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
