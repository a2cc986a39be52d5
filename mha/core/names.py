"""What a server, a cluster and a server's address may be called.

Rule: names and URLs end up in commands, in file names and on terminals.
Whatever is not plainly harmless is refused here, once.
"""

import re
from typing import NamedTuple

from mha.core import scalars
from mha.errors import InvalidName, InvalidUrl

NO_SERVER = "none"  # how a record says that no server is Active
_LONGEST = 63
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SSH = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@)?"
    rf"(?P<host>{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)"
)
_PATH = re.compile(r"/[A-Za-z0-9_.,+=@%~/-]*")


class Url(NamedTuple):
    """The address of a server's home: an absolute path, or ssh."""

    text: str
    path: str
    host: str | None = None  # None: on this machine, or on a disk mounted here

    @property
    def is_ssh(self) -> bool:
        """Whether the home is reached through ssh."""
        return self.host is not None

    @property
    def repository(self) -> str:
        """The URL of the home's repository, as git takes it."""
        return f"{self.text.rstrip('/')}/mha.git"


class Peer(NamedTuple):
    """Another server, by its name and address."""

    name: str
    url: Url


def is_name(text: str) -> bool:
    """Whether `text` may name a server."""
    try:
        server_name(text)
    except InvalidName:
        return False
    return True


def server_name(text: str) -> str:
    """`text` if it may name a server or a cluster; raises InvalidName."""
    if len(text) > _LONGEST or not _NAME.fullmatch(text):
        raise InvalidName(text, "Use lower-case letters, digits, hyphens and dots: `fw-a`.")
    if text == NO_SERVER:
        raise InvalidName(text, f'"{NO_SERVER}" says that no server is Active; choose another name.')
    if text.endswith(".lock"):
        raise InvalidName(text, "git keeps the ending .lock for itself; choose another name.")
    if not _is_text_in_yaml(text):
        raise InvalidName(text, f"YAML does not read `{text}` as text; choose another name.")
    return text


def url(text: str) -> Url:
    """The address that `text` writes down; raises InvalidUrl."""
    if text.startswith("/"):
        return Url(text, _path(text, text))
    match = _SSH.fullmatch(text)
    if match is None:
        raise InvalidUrl(text)
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:
        raise InvalidUrl(text)
    if "%" in text or match["path"].startswith("/~"):  # git decodes the one, and leaves the / of the other away
        raise InvalidUrl(text)
    return Url(text, _path(match["path"], text), match["host"])


def _path(path: str, whole: str) -> str:
    parts = path.split("/")
    elsewhere = path.strip("/") == "" or "." in parts or ".." in parts
    if not _PATH.fullmatch(path) or elsewhere or any(part.startswith("-") for part in parts):
        raise InvalidUrl(whole)
    return path


def _is_text_in_yaml(text: str) -> bool:
    """Whether a name may stand in mha.yaml as it is, without quotes."""
    try:
        return scalars.value(text, 1) == text
    except scalars.Unreadable:
        return False
