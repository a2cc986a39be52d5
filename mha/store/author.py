"""Who acts: the person at the keyboard, not the account that the home belongs to."""

import os
import pwd
import re
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mha.core.record import is_utf8
from mha.errors import InvalidAuthor, NotUtf8

_FORM = re.compile(r"\s*([^<>\n]+?)\s*<([^<>\s]+@?[^<>\s]*)>\s*")


class Author(NamedTuple):
    """A person's name and e-mail address, as git records them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


def whoami(local: Path | None = None) -> Author:
    """The person: MHA_AUTHOR, else the git settings of whoever called sudo or of this account, else its name.

    `local`: the configuration of the home. As with git its `[user]` wins, but not over that of whoever called sudo.
    """
    stated = os.environ.get("MHA_AUTHOR")
    if stated:
        if not is_utf8(stated):
            raise NotUtf8("MHA_AUTHOR")
        match = _FORM.fullmatch(stated)
        if match is None:
            raise InvalidAuthor(stated)
        return Author(match[1], match[2])
    person = _person()
    files = _of_person(Path(person.pw_dir))
    if local is not None:
        files = [local, *files] if "SUDO_USER" in os.environ else [*files, local]
    configured = _from_git(files)
    return Author(
        name=configured.get("name") or person.pw_gecos.partition(",")[0] or person.pw_name,
        email=configured.get("email") or f"{person.pw_name}@{socket.gethostname()}",
    )


def _person() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(os.environ["SUDO_USER"])
    except KeyError:
        pass
    try:
        return pwd.getpwuid(os.getuid())
    except KeyError:  # an account without a name, as in containers
        uid = str(os.getuid())
        return pwd.struct_passwd((uid, "", os.getuid(), os.getgid(), "", os.environ.get("HOME", "/"), ""))


def _of_person(folder: Path) -> list[Path]:
    """The git configuration of a person whose folder this is, or HOME where nobody called sudo."""
    home = Path(os.environ.get("HOME", folder)) if "SUDO_USER" not in os.environ else folder
    return [home / ".config/git/config", home / ".gitconfig"]


def _from_git(files: Iterable[Path]) -> dict[str, str]:
    """The `user.*` settings of git configuration, the last one first; nothing where it cannot be read."""
    from mha.store.libgit import pygit2

    found: dict[str, str] = {}
    for path in files:
        try:
            if not os.access(path, os.R_OK):
                continue
            config = pygit2.Config(str(path))
            found |= {key: str(config[f"user.{key}"]) for key in ("name", "email") if f"user.{key}" in config}
        except (pygit2.GitError, KeyError):
            continue
    return {key: value.replace("<", "").replace(">", "").replace("\n", " ").strip() for key, value in found.items()}
