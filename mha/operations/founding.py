"""Founding: what `init`, `key`, `join` and `restore` share, from a folder to a home whose `main` names its head.

Rule: `main` moves last. A kill before leaves no more than a key, and the same command can be run again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mha.errors import HomeExists, HomeNotEmpty, InvalidTrust, NoHome, NotTrusted, StoreDamaged
from mha.store import keys
from mha.store.files import remove_tree
from mha.store.home import Home, create, open_home
from mha.store.repository import CURRENT, SERVER

_TRUSTED = re.compile(r"[0-9a-f]{12,40}")


@contextmanager
def prepared(path: Path, name: str, key: Path | None = None) -> Iterator[Home]:
    """The home that `mha key` prepared, or a new one, which is taken away again where the block fails."""
    try:
        home = open_home(path)
    except NoHome:
        home = fresh(path, name, key)
        try:
            yield home
        except BaseException:
            for made in (home.git_dir, home.releases, home.work, home.current, *home.path.glob(".current.*")):
                remove_tree(made)
            raise
        return
    if home.name != name or home.repository.head() is not None:
        raise HomeExists(str(path), home.name)
    if home.repository.ref(CURRENT) is not None:  # only a home that had revisions has it
        raise StoreDamaged("refs/heads/main is gone, and to begin anew could lose what it named.")
    yield home


def fresh(path: Path, name: str, source: Path | None) -> Home:
    """A new home with a key, its own or that of a file; raises HomeNotEmpty."""
    if path.exists() and not path.is_dir():
        raise HomeNotEmpty(str(path))

    def prepare(state: Path) -> None:
        if source is None:
            keys.generate(state, name)
        else:
            keys.adopt(state, name, source)

    return create(path, name, prepare=prepare)


def introduce(home: Home, head: str, introduction: str) -> None:
    """Pin which cluster this is and who answers here, then make the head."""
    home.pin_introduction(introduction)
    home.repository.set_ref(f"{SERVER}{home.name}", introduction)
    home.repository.advance(expected=None, to=head)


def require_trustworthy(trust: str | None) -> None:
    """Raises InvalidTrust where what was typed is too little of an id."""
    if trust is not None and not _TRUSTED.fullmatch(trust):
        raise InvalidTrust(trust)


def require_trusted(trust: str | None, introduction: str) -> None:
    """Raises NotTrusted where a history does not begin with what was typed."""
    if trust is not None and not introduction.startswith(trust):
        raise NotTrusted(trust, introduction)
