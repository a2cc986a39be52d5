"""Answering: which peers are answered, and the answer to those that only ask.

Rule: each contact of each peer begins here, so that nothing is imported which most of them do not need.
"""

import os
from collections.abc import Collection

from mha.core import reception
from mha.core.reception import Command
from mha.errors import UnknownServer
from mha.store import git, glance, noted
from mha.store.home import Home


def require_listed(home: Home, peer: str) -> None:
    """Only servers of the cluster are answered; a home that has not joined yet has nothing to say.

    Raises UnknownServer.
    """
    known = noted.read(home)
    is_current = known is not None and known.head == glance.head(home.path)
    servers: Collection[str] | None = known.cluster.servers if known and is_current else _read(home)
    if servers is not None and peer not in servers:
        raise UnknownServer(peer, servers)


def wanted_command(home: Home, original: str, *, stated: str) -> Command | None:
    """The command that ssh was asked for, if a peer may run it here; the home's path may lead over a link."""
    return reception.command(original, str(home.path)) or reception.command(original, os.path.abspath(stated))


def send(home: Home) -> int:
    """Answer ls-remote and fetch on standard input and output; returns git's exit code."""
    with git.started("upload-pack", "--strict", "--timeout=3600", str(home.git_dir), piped=False) as child:
        return child.wait()


def _read(home: Home) -> Collection[str] | None:
    from mha.operations import tip as tips

    return None if home.repository.head() is None else tips.tip(home).cluster.servers
