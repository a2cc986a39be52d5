"""The files of a revision: compared, read and edited as trees, without an index."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pygit2
from pygit2.enums import DeltaStatus, DiffOption, FileMode

from mha.core.changes import Action, Change, Entry, FileType, printable
from mha.store.repository import Repository, reading, writing

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_FILE_TYPES = {FileMode.LINK: FileType.SYMLINK, FileMode.COMMIT: FileType.REPOSITORY}


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as a tree holds it."""

    id: str
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Delta:
    """A path at which two trees differ."""

    path: bytes
    old: Blob | None
    new: Blob | None
    new_type: FileType = FileType.FILE

    @property
    def change(self) -> Change:
        """What happened to the file, for reports."""
        if self.old is None:
            return Change(printable(self.path), Action.ADDED)
        return Change(printable(self.path), Action.DELETED if self.new is None else Action.MODIFIED)


Edits = Mapping[str, Blob | None]  # path -> the new file, or None where it is deleted


def deltas(repository: Repository, old: str | None, new: str) -> list[Delta]:
    """Where two trees differ, in order of path; cost in differences, not in the size of the trees."""
    if old == new:
        return []
    with reading():
        right = _tree(repository, new)
        if old is None:
            # libgit2 compares against the empty tree with the sides exchanged
            diff = right.diff_to_tree(flags=DiffOption.SKIP_BINARY_CHECK, swap=True)
        else:
            diff = _tree(repository, old).diff_to_tree(right, flags=DiffOption.SKIP_BINARY_CHECK)
        return [_delta(delta) for delta in diff.deltas]


def changes(repository: Repository, old: str | None, new: str) -> list[Change]:
    """Which files differ between two trees."""
    return sorted(delta.change for delta in deltas(repository, old, new))


def files(repository: Repository, tree: str) -> Iterator[tuple[str, Blob]]:
    """Every file of a tree, with its path, in order of path."""
    for delta in deltas(repository, None, tree):
        assert delta.new is not None
        yield delta.path.decode("utf-8", "surrogateescape"), delta.new


def entries(repository: Repository, of: list[Delta]) -> list[Entry]:
    """The files that deltas bring in, as the rules for files look at them."""
    with reading():
        sizes = {d.new.id: repository.git.odb.read_header(d.new.id)[1] for d in of if d.new and _is_blob(d)}
    return [Entry(d.path, d.new_type, sizes.get(d.new.id, 0)) for d in of if d.new is not None]


def find(repository: Repository, tree: str, path: str) -> Blob | None:
    """The file at a path of a tree, or None."""
    with reading():
        node: pygit2.Object = _tree(repository, tree)
        for part in path.split("/"):
            if not isinstance(node, pygit2.Tree) or part not in node:
                return None
            node = node[part]
        if not isinstance(node, pygit2.Blob):
            return None
        return Blob(str(node.id), node.filemode == FileMode.BLOB_EXECUTABLE)


def read(repository: Repository, blob: Blob) -> bytes:
    """A file's bytes."""
    with reading():
        return bytes(repository.git[blob.id].peel(pygit2.Blob).data)


def is_text(path: bytes) -> bool:
    """Whether a path is UTF-8, as every path of a tree here is."""
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def write(repository: Repository, data: bytes) -> str:
    """Store a file's bytes and return their id."""
    with writing(repository.path):
        return str(repository.git.create_blob(data))


def neighbours(repository: Repository, tree: str, paths: Iterable[str]) -> set[str]:
    """The paths that stand in the folders on the way to `paths`, these included where they exist."""
    with reading():
        return set(_listed(_tree(repository, tree), "", _folders(paths)))


def edited(repository: Repository, tree: str, edits: Edits) -> str:
    """The id of `tree` with some files put in, replaced or deleted; folders come and go with their files."""
    with writing(repository.path):
        return _edited(repository.git, tree, {tuple(path.split("/")): blob for path, blob in edits.items()}) or EMPTY


def patch(old: bytes, new: bytes, path: str) -> str:
    """The changed lines of one file, as a unified diff."""
    if b"\0" in old or b"\0" in new:
        return f"Binary file {path} differs\n"
    made = pygit2.Patch.create_from(old, new, old_as_path="FILE", new_as_path="FILE")
    text = (made.data if made is not None else b"").decode("utf-8", "replace")
    header, lines, body = text.partition("\n@@")  # libgit2 would write a name beyond ASCII as octal numbers
    return header.replace("a/FILE", f"a/{path}").replace("b/FILE", f"b/{path}") + lines + body


def patch_of(repository: Repository, of: list[Delta]) -> str:
    """The changed lines of several files."""

    def data(blob: Blob | None) -> bytes:
        return b"" if blob is None else read(repository, blob)

    return "".join(patch(data(delta.old), data(delta.new), printable(delta.path)) for delta in of)


def _edited(git: pygit2.Repository, tree: str | None, edits: Mapping[tuple[str, ...], Blob | None]) -> str | None:
    """As `edited`; None for a folder that has become empty."""
    base = git[tree].peel(pygit2.Tree) if tree is not None and tree != EMPTY else None
    builder = git.TreeBuilder(base) if base is not None else git.TreeBuilder()
    below: dict[str, dict[tuple[str, ...], Blob | None]] = {}
    here: dict[str, Blob | None] = {}
    for parts, blob in edits.items():
        if len(parts) == 1:
            here[parts[0]] = blob
        else:
            below.setdefault(parts[0], {})[parts[1:]] = blob
    for name, blob in here.items():
        if blob is not None:
            builder.insert(name, blob.id, FileMode.BLOB_EXECUTABLE if blob.executable else FileMode.BLOB)
        elif builder.get(name) is not None and name not in below:
            builder.remove(name)
    for name, inner in below.items():
        old = builder.get(name)
        folder = _edited(git, str(old.id) if isinstance(old, pygit2.Tree) else None, inner)
        if folder is not None:
            builder.insert(name, folder, FileMode.TREE)
        elif isinstance(old, pygit2.Tree):
            builder.remove(name)
    return str(builder.write()) if len(builder) else None


def _listed(tree: pygit2.Tree, prefix: str, folders: Container[str]) -> Iterator[str]:
    """What stands in a folder and in those below it that are among `folders`; each is read once."""
    for entry in tree:
        path = f"{prefix}{entry.name}"
        yield path
        if path in folders and isinstance(entry, pygit2.Tree):
            yield from _listed(entry, f"{path}/", folders)


def _folders(paths: Iterable[str]) -> set[str]:
    """Every folder on the way to some paths, without the uppermost."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _tree(repository: Repository, oid: str) -> pygit2.Tree:
    if oid == EMPTY:
        return repository.git[repository.git.TreeBuilder().write()].peel(pygit2.Tree)
    return repository.git[oid].peel(pygit2.Tree)


def _delta(delta: pygit2.DiffDelta) -> Delta:
    old = None if delta.status == DeltaStatus.ADDED else delta.old_file
    new = None if delta.status == DeltaStatus.DELETED else delta.new_file
    there = new or old
    assert there is not None
    return Delta(
        path=there.raw_path,
        old=_blob(old),
        new=_blob(new),
        new_type=_FILE_TYPES.get(new.mode, FileType.FILE) if new is not None else FileType.FILE,
    )


def _blob(file: pygit2.DiffFile | None) -> Blob | None:
    return None if file is None else Blob(str(file.id), file.mode == FileMode.BLOB_EXECUTABLE)


def _is_blob(delta: Delta) -> bool:
    return delta.new_type is FileType.FILE
