"""The files of a revision: compared, read and edited as trees, without an index."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from mha.core.changes import Action, Change, Entry, FileType, printable
from mha.errors import StoreDamaged
from mha.ids import short
from mha.store.libgit import FileMode, ObjectType, pygit2
from mha.store.repository import Repository, reading, writing

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_FILE_TYPES = {int(FileMode.LINK): FileType.SYMLINK, int(FileMode.COMMIT): FileType.REPOSITORY}
_FOLDER, _EXECUTABLE = b"40000", b"100755"
_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)


class Blob(NamedTuple):  # made for each file: a tuple is made in a third of a dataclass's time
    """A file as a tree holds it."""

    id: str
    executable: bool = False


class Delta(NamedTuple):
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


RawEntry = tuple[bytes, bytes, bytes]  # the mode in octal digits, the name, the id in binary form
Edits = Mapping[str, Blob | None]  # path -> the new file, or None where it is deleted


def deltas(repository: Repository, old: str | None, new: str) -> list[Delta]:
    """Where two trees differ, in order of path; only folders that differ are read. `old` None: the empty tree.

    libgit2's own comparison reads all folders: 0.1 s for 100,000 files of which one differs.
    """
    with reading():
        return sorted(_deltas(repository, old, new, b""), key=lambda delta: delta.path)


def listed(repository: Repository, tree: str | None) -> set[RawEntry]:
    """The entries of one folder."""
    if tree is None or tree == EMPTY:  # known to git without being stored
        return set()
    kind, data = repository.object(tree)
    if kind != ObjectType.TREE:
        raise StoreDamaged(f"object {short(tree)} is no folder.")
    return parsed(data)


def parsed(data: bytes) -> set[RawEntry]:
    """The entries of a folder as git stores it."""
    return set(_ENTRY.findall(data))


def changes(repository: Repository, old: str | None, new: str) -> list[Change]:
    """Which files differ between two trees."""
    return sorted(delta.change for delta in deltas(repository, old, new))


def files(repository: Repository, tree: str) -> Iterator[tuple[str, Blob]]:
    """Every file of a tree, with its path, in order of path."""
    with reading():
        found = list(_files(repository, tree, ""))
    yield from sorted(found)


def files_below(repository: Repository, tree: str, folder: str) -> Iterator[tuple[str, Blob]]:
    """Every file of a folder of a tree, with its path, in order of path; none where there is no such folder."""
    with reading():
        found = _tree(repository, tree)
        inner = found[folder] if folder in found else None  # noqa: SIM401  # a pygit2.Tree has no get()
    if isinstance(inner, pygit2.Tree):
        yield from ((f"{folder}/{path}", blob) for path, blob in files(repository, str(inner.id)))


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
        kind, data = repository.object(blob.id)
    if kind != ObjectType.BLOB:
        raise StoreDamaged(f"object {short(blob.id)} is no file.")
    return data


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


def _deltas(repository: Repository, old: str | None, new: str | None, prefix: bytes) -> Iterator[Delta]:
    before, after = listed(repository, old), listed(repository, new)
    gone = {name: (int(mode, 8), oid.hex()) for mode, name, oid in before - after}
    come = {name: (int(mode, 8), oid.hex()) for mode, name, oid in after - before}
    for name in gone.keys() | come.keys():
        left, right = gone.get(name), come.get(name)
        if _folder(left) or _folder(right):
            yield from _deltas(repository, _folder(left), _folder(right), prefix + name + b"/")
        one, other = _blob(left), _blob(right)
        if one is not None or other is not None:
            kind = _FILE_TYPES.get(right[0] & 0o170000, FileType.FILE) if right is not None else FileType.FILE
            yield Delta(prefix + name, one, other, kind)


def _files(repository: Repository, tree: str, prefix: str) -> Iterator[tuple[str, Blob]]:
    for mode, name, oid in listed(repository, tree):
        path = prefix + name.decode("utf-8", "surrogateescape")
        if mode == _FOLDER:
            yield from _files(repository, oid.hex(), f"{path}/")
        else:
            yield path, Blob(oid.hex(), mode == _EXECUTABLE)


def _folder(entry: tuple[int, str] | None) -> str | None:
    return entry[1] if entry is not None and entry[0] == FileMode.TREE else None


def _blob(entry: tuple[int, str] | None) -> Blob | None:
    if entry is None or entry[0] == FileMode.TREE:
        return None
    mode, oid = entry
    return Blob(oid, mode & 0o170100 == 0o100100)


def _is_blob(delta: Delta) -> bool:
    return delta.new_type is FileType.FILE
