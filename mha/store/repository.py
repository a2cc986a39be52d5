"""One server's repository: revisions read, written and made the head.

Rule 1: no pygit2 object leaves store/; ids are 40 hexadecimal digits.
Rule 2: what was written is read back before anybody hears of it. libgit2 may
return an id although the disk was full, so `create_commit` is never used.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

from mha.core import record as records
from mha.core.record import Record
from mha.errors import DiskFull, HeadMoved, HeadNotDurable, MhaError, StoreDamaged, StoreNotWritable, sentence
from mha.ids import is_id, short
from mha.store import loose
from mha.store.author import Author
from mha.store.files import is_full
from mha.store.libgit import PACKS_FIRST, ObjectType, RepositoryOpenFlag, SortMode, pygit2

MAIN = "refs/heads/main"
CURRENT = "refs/mha/current"
OFFERED = "refs/mha/offered"  # the last changeover made here: offered again while its result is not known
KEEP = "refs/mha/keep/"
DRAFTS = "refs/mha/drafts/"
RESOLVING = "refs/mha/resolving"  # merged files that are edited here, as a commit that follows all diverged heads
SERVER = "refs/mha/server/"  # + its name, at the first revision: tells who answers, and of which cluster


class Commit(NamedTuple):
    """A commit as it stands in the history, with or without a record."""

    id: str
    parents: tuple[str, ...]
    tree: str
    message: str
    author: str
    time: datetime  # as the author's clock showed it

    @property
    def record(self) -> Record | None:
        """Its record; None for history from before mha. Raises records.MalformedRecord."""
        return records.parse(self.message)


class Repository:
    """The bare repository of a home."""

    def __init__(self, path: Path, *, quarantine: Path | None = None) -> None:
        self.path = path
        self._quarantine = quarantine

    @cached_property
    def git(self) -> pygit2.Repository:
        """The libgit2 repository; for store/ alone. Opened at first use."""
        with reading():
            opened = pygit2.Repository(str(self.path), RepositoryOpenFlag.BARE)
            opened.odb.add_backend(self._loose, loose.PRIORITY)
            if self._quarantine is not None:
                opened.odb.add_disk_alternate(str(self._quarantine))
            return opened

    @cached_property
    def _packs(self) -> tuple[pygit2.OdbBackendPack, pygit2.Odb]:
        backend, packs = pygit2.OdbBackendPack(str(self.path / "objects")), pygit2.Odb()
        packs.add_backend(backend, PACKS_FIRST)
        return backend, packs

    @cached_property
    def _loose(self) -> loose.LooseObjects:
        return loose.LooseObjects(self.path / "objects")

    def object(self, oid: str) -> tuple[int, bytes]:
        """An object's type and content; raises KeyError or pygit2.GitError.

        libgit2 asks all backends, although the packs have it, and our own takes three times as long to say no.
        """
        backend, packs = self._packs
        with suppress(KeyError, pygit2.GitError):  # a pack that was replaced by another
            if backend.exists(oid):
                return packs.read(oid)
        return self.git.read(oid)

    def head(self) -> str | None:
        """The id at `main`; None before the first revision."""
        return self.ref(MAIN)

    def ref(self, name: str) -> str | None:
        """The id that a reference holds, or None."""
        with reading():
            found = self.git.references.get(name)
            return None if found is None else str(found.target)

    def refs(self, prefix: str) -> dict[str, str]:
        """The references below a prefix: the rest of the name, and the id."""
        with reading():
            names = [name for name in self.git.references if name.startswith(prefix)]
        return {name.removeprefix(prefix): oid for name in sorted(names) if (oid := self.ref(name)) is not None}

    def advance(self, *, expected: str | None, to: str) -> None:
        """Move `main` forward, if it still is where the caller saw it; raises HeadMoved or HeadNotDurable."""
        if not self.has(to):
            raise StoreNotWritable("the new revision did not stay.")
        try:
            with writing(self.path), self.git.transaction() as transaction:
                transaction.lock_ref(MAIN)
                if self.head() != expected:
                    raise HeadMoved(expected)
                transaction.set_target(MAIN, pygit2.Oid(hex=to), message="mha")
        except StoreNotWritable as error:
            if self.head() == to:  # the last sync failed, after it was renamed
                raise HeadNotDurable(self.record(to).revision, error.detail) from error
            raise
        if self.head() != to:
            raise StoreNotWritable("the new head did not stay.")

    def forget_unreadable_head(self) -> None:
        """Remove the file of a `main` that holds no id."""
        try:
            self.head()
        except StoreDamaged:
            (self.path / MAIN).unlink(missing_ok=True)

    def set_ref(self, name: str, oid: str) -> None:
        """Create or move a reference that has no history of its own."""
        with writing(self.path):
            self.git.references.create(name, pygit2.Oid(hex=oid), force=True)

    def delete_ref(self, name: str) -> None:
        """Delete a reference; a missing one is no error."""
        with writing(self.path):
            if name in self.git.references:
                self.git.references.delete(name)

    def has(self, oid: str) -> bool:
        """Whether an object is stored here."""
        return oid in self.git

    def has_commit(self, text: str) -> bool:
        """Whether `text`, whatever was typed, is the whole id of a commit that is stored here."""
        with reading():
            try:
                return is_id(text) and self.git[text].type == ObjectType.COMMIT
            except KeyError:
                return False

    def size(self, oid: str) -> int:
        """How many bytes an object has; told without reading it, where it is in a pack."""
        with reading():
            return int(self.git.odb.read_header(pygit2.Oid(hex=oid))[1])

    def commit(self, oid: str) -> Commit:
        """A commit by its id; raises StoreDamaged where it is missing or unreadable."""
        with reading():
            found = self.git[oid].peel(pygit2.Commit)
            author = found.author
            name, email = (_text(raw, found.message_encoding) for raw in (author.raw_name, author.raw_email))
            return Commit(
                id=str(found.id),
                parents=tuple(map(str, found.parent_ids)),
                tree=str(found.tree_id),
                message=_text(found.raw_message, found.message_encoding),
                author=f"{name} <{email}>",
                time=_moment(author.time),
            )

    def record(self, oid: str) -> Record:
        """The record of a revision; raises StoreDamaged where it carries none."""
        try:
            found = self.commit(oid).record
        except records.MalformedRecord as error:
            raise StoreDamaged(f"revision {short(oid)}: {error}") from error
        if found is None:
            raise StoreDamaged(f"commit {short(oid)} is not a revision.")
        return found

    def walk(self, start: str, *, hide: Sequence[str] = ()) -> Iterator[Commit]:
        """Commits from `start` towards the beginning, children before parents, without what `hide` reaches."""
        return map(self.commit, self.line(start, hide=hide))

    def line(self, start: str, *, hide: Sequence[str] = ()) -> Iterator[str]:
        """The ids of what `walk` reads."""
        with reading():
            walker = self.git.walk(pygit2.Oid(hex=start), SortMode.TOPOLOGICAL | SortMode.TIME)
            for oid in hide:
                walker.hide(pygit2.Oid(hex=oid))
            for found in walker:
                yield str(found.id)

    def ahead_behind(self, ours: str, theirs: str) -> tuple[int, int]:
        """How many commits `theirs` has and `ours` lacks, and the other way round."""
        with reading():
            behind, ahead = self.git.ahead_behind(pygit2.Oid(hex=ours), pygit2.Oid(hex=theirs))
            return ahead, behind

    def contains(self, head: str, oid: str) -> bool:
        """Whether `oid` is `head` or one of its ancestors."""
        if not self.has(oid):
            return False
        with reading():
            return head == oid or self.git.descendant_of(pygit2.Oid(hex=head), pygit2.Oid(hex=oid))

    def diverged(self, heads: Sequence[str]) -> bool:
        """Whether no head is another one, or an ancestor of it."""
        return not any(self.contains(one, other) for one, other in permutations(heads, 2))

    def merge_base(self, one: str, other: str) -> str | None:
        """The last revision that two heads have in common."""
        with reading():
            base = self.git.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=other))
            return None if base is None else str(base)

    def write_commit(
        self, *, tree: str, parents: Sequence[str], message: str, author: Author, committer: Author, time: datetime
    ) -> str:
        """Store a commit, with all that was written for it, and return its id; nothing points at it yet."""
        seconds = int(time.timestamp())
        with writing(self.path):
            content = self.git.create_commit_string(
                pygit2.Signature(author.name, author.email, seconds, 0),
                pygit2.Signature(committer.name, committer.email, seconds, 0),
                message,
                pygit2.Oid(hex=tree),
                [pygit2.Oid(hex=parent) for parent in parents],
            )
            oid = self.git.write(ObjectType.COMMIT, str(content))
            self.flush()
            kind, stored = self.git.read(oid)
        if (kind, stored) != (ObjectType.COMMIT, str(content).encode()):
            raise StoreNotWritable("the new revision did not stay.")
        return str(oid)

    def flush(self) -> None:
        """Make durable what was written; until then it is known to this object alone."""
        with writing(self.path):
            self._loose.store()


_ENCODINGS = re.compile(
    r"(utf-?8|(us-)?ascii|latin-?\d+|iso-?(8859|2022)-?\w+|(windows|cp)-?\d+|koi8-\w|euc-?\w+|shift[_-]?jis|sjis|gbk?\d*|big5)",
    re.IGNORECASE | re.ASCII,
)


def _text(raw: bytes, encoding: str | None) -> str:
    """Words of a commit; old histories hold every encoding, and some that nobody knows.

    Python knows more than are meant here: the time of `punycode` grows with the square of the length.
    """
    known = encoding is not None and _ENCODINGS.fullmatch(encoding)
    try:
        return raw.decode(encoding if known and encoding else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _moment(seconds: int) -> datetime:
    """A time as a commit states it; the nearest that can be shown, where a clock was beyond all years."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(9999 if seconds > 0 else 1, 1, 1, tzinfo=UTC)


@contextmanager
def reading() -> Iterator[None]:
    """Turn libgit2's complaints about missing and corrupt objects into StoreDamaged."""
    try:
        yield
    except KeyError as error:
        raise StoreDamaged(f"object {str(error.args[0])[:40]} is missing.") from error
    except (pygit2.GitError, ValueError, UnicodeDecodeError) as error:
        raise StoreDamaged(f"{error}.") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn libgit2's complaints about the disk of a repository into StoreNotWritable; it does not always say why."""
    try:
        yield
    except MhaError:
        raise
    except (pygit2.GitError, OSError, KeyError, ValueError, SystemError) as error:  # the last: `loose` could not write
        if is_full(path):
            raise DiskFull from error
        raise StoreNotWritable(sentence(error) if isinstance(error, OSError) else f"{error}.") from error
