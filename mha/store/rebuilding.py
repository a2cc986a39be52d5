"""A store that is rebuilt beside the old one, and put into its place.

HOME/.mha-rebuilt/mha.git    the new store; from the exchange on, the old one

Rule 1: both change places in one step. A kill before it leaves the old home, a kill after it the new one.
Rule 2: the new store takes the old one's lock files over, as hard links: whoever waits for the home waits for the same
lock on either side of the exchange.
Rule 3: an old store is never deleted by whoever only tidies up: it may hold what nobody else has.
"""

import ctypes
import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from mha.errors import StoreDamaged
from mha.store.files import free_name, remove_tree, sync_file_system, sync_folder, write_whole
from mha.store.home import Home, configure, create
from mha.store.libgit import ObjectType
from mha.store.repository import Repository, reading, writing
from mha.store.trees import parsed

_PLACE = ".mha-rebuilt"
_MARK = "rebuilt"  # in the local state of a new store, until the old one is looked after
_ASIDE = "mha.git-replaced"
_CARRIED = ("key", "key.pub", "known_hosts", "releases.json", "contacts")
_SHARED = ("lock", "arriving", "agent")
_EXCHANGE = 2  # renameat2(2): RENAME_EXCHANGE
_AT_FDCWD = -100


def begin(home: Home) -> Home:
    """A store of the same server without revisions: its name, keys, known hosts and `[url]` and `[user]` sections."""

    def prepare(state: Path) -> None:
        for name in _CARRIED:
            with suppress(FileNotFoundError):
                if (home.state / name).is_dir():
                    shutil.copytree(home.state / name, state / name, dirs_exist_ok=True)
                else:
                    shutil.copy2(home.state / name, state / name)

    made = create(home.path / _PLACE, home.name, prepare=prepare)
    with suppress(OSError):  # a lost one holds nothing that could be carried over
        shutil.copy2(home.git_dir / "config", made.git_dir / "config")
    configure(made.git_dir, place=home.git_dir)
    write_whole(made.state / _MARK, b"")
    return made


def copied(source: Repository, target: Repository, oid: str) -> None:
    """Copy an object, and all that it needs and the target lacks; raises StoreDamaged where one cannot be read.

    Parts come before what they are part of, so that what is there is whole.
    """
    pending, opened = [oid], set[str]()
    while pending:
        each = pending[-1]
        if target.has(each):
            pending.pop()
            continue
        with reading():
            kind, data = source.object(each)
        if each not in opened:
            opened.add(each)
            pending += _parts(source, each, kind, data)
            continue
        with writing(target.path):
            if str(target.git.write(kind, data)) != each:
                raise StoreDamaged(f"object {each} is not what its name says.")
    target.flush()


def exchange(home: Home, new: Home) -> None:
    """Let both stores change places. Needs the home's lock, and that nothing arrives."""
    for name in _SHARED:
        (home.state / name).touch(mode=0o600)
        (new.state / name).unlink(missing_ok=True)
        os.link(home.state / name, new.state / name)
    sync_file_system(new.git_dir)
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(home.git_dir), os.fsencode(new.git_dir)
    if libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE) != 0:
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(new.git_dir))
        _exchange_in_steps(home.git_dir, new.git_dir)
    sync_folder(home.path)
    sync_folder(home.path / _PLACE)


def finish(home: Home, *, keep: bool) -> Path | None:
    """After the exchange: delete the old store, or put it aside; returns where."""
    aside = None
    for old in (home.path / _PLACE / name for name in ("mha.git", "old.git")):
        if keep and old.exists():
            aside = free_name(home.path / _ASIDE)
            old.rename(aside)
    remove_tree(home.path / _PLACE)
    (home.state / _MARK).unlink(missing_ok=True)
    sync_folder(home.path)
    return aside


def clear(home: Home) -> Path | None:
    """Remove what a killed rebuild left, and put an old store aside; returns where. Needs the home's lock."""
    if not is_unfinished(home):
        return None
    restore_place(home.path)
    return finish(home, keep=(home.state / _MARK).exists())


def is_unfinished(home: Home) -> bool:
    """Whether a rebuild was begun here and did not come to its end."""
    return os.path.lexists(home.path / _PLACE) or (home.state / _MARK).exists()


def restore_place(path: Path) -> None:
    """Put the old store back where an exchange in steps was killed between them."""
    old = path / _PLACE / "old.git"
    if old.is_dir() and not os.path.lexists(path / "mha.git"):
        old.rename(path / "mha.git")


def _exchange_in_steps(here: Path, there: Path) -> None:
    """For file systems that cannot do it in one."""
    old = there.with_name("old.git")
    here.rename(old)
    there.rename(here)
    old.rename(there)


def _parts(source: Repository, oid: str, kind: int, data: bytes) -> list[str]:
    match kind:
        case ObjectType.COMMIT:
            commit = source.commit(oid)
            return [commit.tree, *commit.parents]
        case ObjectType.TREE:
            return [part.hex() for _, _, part in parsed(data)]
        case _:
            return []
