"""`mha.yaml`: the servers of a cluster and its settings, as published.

Rule: this file only says what it holds; `cluster_reader` reads it, which takes a parser of YAML.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from mha.core.model.severity import Severity
from mha.core.names import Url

FILE = "mha.yaml"
FORMAT = 1

_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{20,}={0,2}")


class Role(StrEnum):
    """The order of installation; says nothing about the mode."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class Server(NamedTuple):
    """One server of the cluster."""

    name: str
    url: Url
    role: Role
    key: str | None = None  # its public key, in OpenSSH's form
    excluded: str = ""  # why nothing is synchronized with it until `mha server include`; empty: it takes part


class OnIsolated(StrEnum):
    """What an Active does with a publish while none of its peers tells whether it was superseded."""

    ALLOW = "allow"
    REFUSE = "refuse"


class Settings(NamedTuple):
    """What the cluster's administrators chose."""

    sync_interval_seconds: int = 60
    wait_for: int = 0  # how many Standbys must hold a revision before `mha publish` succeeds
    on_isolated: OnIsolated = OnIsolated.ALLOW
    paused: str = ""  # why nobody publishes nor changes over until `mha resume`; empty: all go on


class Model(NamedTuple):
    """Which files are configuration objects, and how grave the administrators find what the checks find."""

    interpret: tuple[str, ...] = ("objects/**", "policies/**", "users/**", "settings/**")
    severity: Mapping[str, Severity] = MappingProxyType({})  # by code, where it is not the usual one


class Cluster(NamedTuple):
    """What `mha.yaml` says."""

    name: str
    servers: Mapping[str, Server]
    settings: Settings = Settings()
    model: Model = Model()
    unknown: tuple[tuple[int, str], ...] = ()  # line and name of each key that this mha does not know


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
        f"model:                # which files are configuration objects; `mha validate` and `mha publish` check them\n"
        f'  interpret: ["objects/**", "policies/**", "users/**", "settings/**"]\n'
    )


def key(text: str) -> str:
    """A public key as typed, without its comment; raises ValueError."""
    return whole_key(" ".join(text.split()[:2]))


def whole_key(text: str) -> str:
    """`text` if it is a public key and nothing else; raises ValueError."""
    if not _KEY.fullmatch(text):
        raise ValueError("The key is not an ed25519 public key in OpenSSH's form.")
    return text
