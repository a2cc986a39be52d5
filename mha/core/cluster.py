"""`mha.yaml`: the servers of a cluster and its settings, as published.

Rule: keys that this mha does not know are kept and named, not refused, so that
an older server can follow a newer one; publishing them is refused (see `unknown`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from mha.core import names, reader
from mha.core.names import Url
from mha.errors import InvalidClusterFile, InvalidName, InvalidUrl, NewerFormat

FILE = "mha.yaml"
FORMAT = 1

_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{20,}={0,2}")
_HOLDS = "mha.yaml holds cluster, servers (each with url, role and key) and settings; `man mha` has an example."
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_KNOWN = {
    "": {"cluster", "format", "servers", "settings", "administrators", "model"},
    "settings": {"sync-interval", "wait-for"},
    "server": {"url", "key", "role"},
}
_T = TypeVar("_T")


class Role(StrEnum):
    """The order of installation; says nothing about the mode."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True, slots=True)
class Server:
    """One server of the cluster."""

    name: str
    url: Url
    role: Role
    key: str | None = None  # its public key, in OpenSSH's form


@dataclass(frozen=True, slots=True)
class Settings:
    """What the cluster's administrators chose."""

    sync_interval_seconds: int = 60
    wait_for: int = 0  # how many Standbys must hold a revision before `mha publish` succeeds


@dataclass(frozen=True, slots=True)
class Cluster:
    """What `mha.yaml` says."""

    name: str
    servers: Mapping[str, Server]
    settings: Settings = field(default_factory=Settings)
    unknown: tuple[tuple[int, str], ...] = ()  # line and name of each key that this mha does not know


def parse(data: bytes) -> Cluster:
    """Read `mha.yaml`; raises InvalidClusterFile with the line, or NewerFormat."""
    try:
        documents = reader.read(data)
    except reader.Unreadable as error:
        raise InvalidClusterFile(error.line, error.problem, error.hint) from error
    if len(documents) != 1:
        line = documents[1].line if documents else 1
        raise InvalidClusterFile(
            line, "One document is expected.", "Keep the first, with the cluster, its servers and its settings."
        )
    file = _File()
    top = file.mapping(documents[0], "", "the file")
    _require_format(top)
    settings = file.mapping(top["settings"], "settings", "settings") if "settings" in top else {}
    return Cluster(
        name=_checked(_required(top, "cluster", 1), names.server_name),
        servers=file.servers(_required(top, "servers", 1)),
        settings=Settings(
            sync_interval_seconds=_seconds(settings["sync-interval"]) if "sync-interval" in settings else 60,
            wait_for=_count(settings["wait-for"]) if "wait-for" in settings else 0,
        ),
        unknown=tuple(sorted(file.unknown)),
    )


def complaints(old: Cluster, new: Cluster, *, active: str) -> list[str]:
    """What stands against publishing a changed `mha.yaml`, a sentence each; `active` is who publishes it."""
    found = [f"{FILE}:{line}: {name} is not a known key." for line, name in new.unknown]
    if new.name != old.name:
        found.append(f"{FILE}: the cluster is named {old.name}, and a cluster keeps its name.")
    if active not in new.servers:
        found.append(f"{FILE}: {active} is Active and must stay listed.")
    primaries = [server.name for server in new.servers.values() if server.role is Role.PRIMARY]
    if len(primaries) > 1:
        found.append(f"{FILE}: {' and '.join(primaries)} are primary; one server is, the first that was installed.")
    wanted, others = new.settings.wait_for, len(new.servers) - 1
    if wanted > others and wanted != old.settings.wait_for:  # a server that is lost may be removed all the same
        found.append(f"{FILE}: wait-for is {wanted}, and the servers that could hold a revision are {others}.")
    return found


def initial(*, cluster: str, name: str, url: str, key: str) -> str:
    """The text of a new cluster's `mha.yaml`."""
    return (
        f"# The cluster and its servers. `mha server add` and `mha server remove` edit this file;\n"
        f"# it may also be edited by hand and published like any other.\n"
        f"cluster: {cluster}\n"
        f"servers:\n"
        f'  {name}: {{url: "{url}", key: {key}, role: {Role.PRIMARY}}}\n'
        f"settings:\n"
        f"  sync-interval: 60s  # how often each server's agent compares it with its peers\n"
        f"  wait-for: 0         # how many Standbys must hold a revision before `mha publish` succeeds\n"
        f"model:                # which files are configuration objects; for a later version\n"
        f'  interpret: ["objects/**", "policies/**", "users/**", "settings/**"]\n'
    )


class _File:
    """Collects the unknown keys while the known ones are read."""

    def __init__(self) -> None:
        self.unknown: list[tuple[int, str]] = []

    def mapping(self, node: reader.Node, known: str, what: str) -> dict[str, reader.Node]:
        """A mapping's entries by name; `known` says where it stands, and so which names this mha knows."""
        entries = _entries(node, what)
        self.unknown += [
            (key.line, str(key.value))
            for key, _ in entries
            if str(key.value) not in _KNOWN[known] and not str(key.value).startswith("x-")
        ]
        return {str(key.value): value for key, value in entries}

    def servers(self, node: reader.Node) -> dict[str, Server]:
        listed = [self.server(name, fields) for name, fields in _entries(node, "servers")]
        return {server.name: server for server in listed}

    def server(self, name: reader.Scalar, node: reader.Node) -> Server:
        fields = self.mapping(node, "server", str(name.value))
        return Server(
            name=_checked(name, names.server_name),
            url=_checked(_required(fields, "url", name.line), names.url),
            role=_checked(_required(fields, "role", name.line), _role),
            key=_checked(fields["key"], _key) if "key" in fields else None,
        )


def _require_format(top: Mapping[str, reader.Node]) -> None:
    found = _count(top["format"]) if "format" in top else FORMAT
    if found > FORMAT:
        raise NewerFormat(FILE, found, FORMAT)


def _required(fields: Mapping[str, reader.Node], name: str, line: int) -> reader.Node:
    if name not in fields:
        raise InvalidClusterFile(line, f"{name} is missing.", _HOLDS)
    return fields[name]


def _entries(node: reader.Node, what: str) -> tuple[tuple[reader.Scalar, reader.Node], ...]:
    if not isinstance(node, reader.Mapping):
        raise InvalidClusterFile(node.line, f"{what} must be a mapping.", "Write `name: value` lines below it.")
    return node.entries


def _checked(node: reader.Node, check: Callable[[str], _T]) -> _T:
    try:
        return check(str(_scalar(node)))
    except (InvalidName, InvalidUrl) as error:
        raise InvalidClusterFile(node.line, error.message, error.hint) from error
    except ValueError as error:
        raise InvalidClusterFile(node.line, str(error), _HOLDS) from error


def _scalar(node: reader.Node) -> Any:
    if not isinstance(node, reader.Scalar):
        raise InvalidClusterFile(node.line, "One word is expected here.", _HOLDS)
    return node.value


def _role(text: str) -> Role:
    if text not in tuple(Role):
        raise ValueError(f"{text!r} is not a role: primary or secondary.")
    return Role(text)


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise ValueError("The key is not an ed25519 public key in OpenSSH's form.")
    return text


def key(text: str) -> str:
    """A public key as typed, without its comment; raises ValueError."""
    return _key(" ".join(text.split()[:2]))


def _count(node: reader.Node) -> int:
    value = _scalar(node)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidClusterFile(node.line, f"{value!r} is not a whole number from 0 on.", "Write a number: 2.")
    return value


def _seconds(node: reader.Node) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", str(_scalar(node)))
    if match is None:
        raise InvalidClusterFile(node.line, "This is not a duration.", "Write a number with s, m or h: 60s.")
    return int(match[1]) * _SECONDS[match[2]]
