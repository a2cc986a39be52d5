"""What this server itself holds: its head, and what the head says."""

from dataclasses import dataclass
from functools import cached_property

from mha.core import cluster as cluster_file
from mha.core.cluster import Cluster
from mha.core.names import Peer
from mha.core.record import Record
from mha.errors import (
    InvalidConfiguration,
    MhaError,
    NoServerActive,
    NotJoined,
    Paused,
    ReadOnlyServer,
    RemovedServer,
    StoreDamaged,
)
from mha.ids import short
from mha.store import keys, noted, releases, trees
from mha.store.home import Home
from mha.store.noted import Noted
from mha.store.repository import CURRENT, KEEP, RESOLVING, Commit
from mha.store.trees import Blob


@dataclass(frozen=True)
class Tip:
    """The head of `main` here: one value that says mode, epoch and configuration."""

    home: Home
    id: str
    record: Record

    @cached_property
    def tree(self) -> str:
        """The id of its tree."""
        return self.home.repository.commit(self.id).tree

    @cached_property
    def file(self) -> Blob:
        """Its `mha.yaml`, as it is stored; raises StoreDamaged."""
        return _file(self.home, self.id)

    @cached_property
    def cluster(self) -> Cluster:
        """What its `mha.yaml` says."""
        known, text = noted.read(self.home), trees.read(self.home.repository, self.file)  # where that is damaged: now
        found = known.cluster if known and known.file == self.file.id else _parsed(text)
        if known is None or known.head != self.id:
            noted.write(self.home, Noted(self.id, self.file.id, found))
        return found

    @property
    def listed(self) -> dict[str, frozenset[str]]:
        """The servers that it lists, by the id of its `mha.yaml`, as whoever judges what follows wants them."""
        return {self.file.id: frozenset(self.cluster.servers)}

    def excluded(self, name: str) -> str:
        """Why nothing is synchronized with a server; empty where it takes part, as the switch point always does."""
        server = self.cluster.servers.get(name)
        return "" if server is None or self.record.switch_point == name else server.excluded

    @property
    def key_fault(self) -> str:
        """What is wrong with this server's own key, as a sentence; empty where nothing is."""
        own = self.cluster.servers.get(self.home.name)
        return keys.fault(self.home.state, own.key if own else None)

    def peers(self) -> list[Peer]:
        """All other servers, in the order of their names."""
        return [Peer(s.name, s.url) for n, s in sorted(self.cluster.servers.items()) if n != self.home.name]


def tip(home: Home) -> Tip:
    """This server's head; raises NotJoined before there is one, and StoreDamaged where it is lost."""
    head = home.repository.head()
    if head is None and (home.repository.ref(CURRENT) is not None or releases.served(home) is not None):
        raise StoreDamaged("refs/heads/main is gone.")
    if head is None:
        raise NotJoined(home.name)
    if home.introduction() is None:
        raise StoreDamaged("mha.git/mha/introduction is gone.")
    return Tip(home, head, home.repository.record(head))


def cluster_at(home: Home, oid: str) -> Cluster:
    """What `mha.yaml` says in a revision."""
    return _parsed(trees.read(home.repository, _file(home, oid)))


def proposed_cluster(here: Tip, blob: Blob | None, hint: str) -> Cluster:
    """What a `mha.yaml` says that is to be published; raises InvalidConfiguration where it is deleted or unreadable."""
    if blob is None:
        raise InvalidConfiguration([f"{cluster_file.FILE} is deleted; a cluster needs it."], hint)
    try:
        return _parsed(trees.read(here.home.repository, blob))
    except MhaError as error:
        raise InvalidConfiguration([error.message], error.hint) from error


def require_active(here: Tip, what: str = "publish") -> None:
    """Raises ReadOnlyServer, NoServerActive or RemovedServer unless this server is Active."""
    require_listed(here)
    if here.record.active is None:
        raise NoServerActive
    if here.record.active != here.home.name:
        raise ReadOnlyServer(here.home.name, here.record.active, what)


def require_running(here: Tip) -> None:
    """Raises Paused where the cluster's administrators let nobody publish nor change over."""
    if here.cluster.settings.paused:
        raise Paused(here.cluster.settings.paused, here.record.active)


def require_listed(here: Tip) -> None:
    """Raises RemovedServer where its own head says that this server is none of the cluster's."""
    if here.home.name not in here.cluster.servers:
        raise RemovedServer(here.home.name)


def diverged_sides(home: Home) -> list[str]:
    """The ids of kept heads that are not part of `main`: a collision that has not ended."""
    head = home.repository.head()
    return [
        oid for oid in home.repository.refs(KEEP).values() if head is None or not home.repository.contains(head, oid)
    ]


def resolving(home: Home) -> Commit | None:
    """The merged files that somebody edits in `work/` to end a collision; its first parent is the head they end."""
    oid = home.repository.ref(RESOLVING)
    return home.repository.commit(oid) if oid is not None and home.repository.has(oid) else None


def _file(home: Home, oid: str) -> Blob:
    found = trees.find(home.repository, home.repository.commit(oid).tree, cluster_file.FILE)
    if found is None:
        raise StoreDamaged(f"revision {short(oid)} has no {cluster_file.FILE}.")
    return found


def _parsed(text: bytes) -> Cluster:
    from mha.core import cluster_reader  # it needs a parser of YAML

    return cluster_reader.parse(text)
