"""Sighting: how each peer stands to this server, from what was seen of it now or before.

Rule: nobody is asked here. `replication` asks; whoever only shows needs no more than this.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mha.core import standing
from mha.core.changes import escaped
from mha.core.cluster import Role
from mha.core.names import Peer
from mha.core.standing import Memory, Mode, Sight, Sync
from mha.operations.tip import Tip
from mha.store.home import Home


class PeerReport(NamedTuple):
    """How one peer stands to this server; what `mha status` and others say of it."""

    name: str
    role: Role | None
    mode: Mode
    sync: Sync
    head: str | None
    revision: int | None
    ahead: int  # revisions that it has and this server lacks
    behind: int  # revisions that this server has and it lacks
    last_sync: str | None  # ISO; when it last held all that this server has
    current: str | None
    detail: str = ""
    serving: bool = True  # whether its readers see what it holds, as far as it said


class View(NamedTuple):
    """A peer and what was just seen of it."""

    peer: Peer
    sight: Sight

    @property
    def name(self) -> str:
        return self.peer.name


def excluded(here: Tip, peer: Peer) -> Sight | None:
    """What is seen of a peer that is not asked, because it is excluded, or because this server is; else None."""
    if why := here.excluded(here.home.name):
        return Sight(answered=False, fault=f"this server is excluded: {escaped(why)}", excluded=True)
    if why := here.excluded(peer.name):
        return Sight(answered=False, fault=escaped(why), excluded=True)
    return None


def related(here: Tip, view: View) -> View:
    """The same view, with ahead and behind counted against this server's head as it is now."""
    head = view.sight.head
    if head is None or view.sight.fault or not here.home.repository.has(head):
        return view
    ahead, behind = here.home.repository.ahead_behind(here.id, head)
    return view._replace(sight=view.sight._replace(ahead=ahead, behind=behind))


def report(here: Tip, view: View) -> PeerReport:
    """How a peer stands, for whoever asked."""
    memory = remembered(here.home, view.peer)
    sight = view.sight
    server = here.cluster.servers.get(view.name)
    return PeerReport(
        name=view.name,
        role=server.role if server else None,
        mode=standing.mode_of(view.name, sight.record),
        sync=standing.judge(sight, memory),
        head=sight.head or memory.head,
        revision=sight.record.revision if sight.record else memory.revision,
        ahead=sight.ahead,
        behind=sight.behind or _missed(here, sight, memory),
        last_sync=(memory.seen if sight.equal else "") or memory.synchronized or None,
        current=sight.current,
        detail=sight.fault,
        serving=sight.serving,
    )


def remembered(home: Home, peer: Peer) -> Memory:
    """What was last seen of a peer at this address; of a server that had its name before, nothing."""
    found = home.memory(peer.name)
    return found if found.url in ("", peer.url.text) else Memory()


def isolated(here: Tip, views: Sequence[View]) -> tuple[str, ...]:
    """The peers that do not tell whether this server was superseded, where none does; else nobody."""
    if any(view.sight.usable for view in views):
        return ()
    restored = here.home.restored() is not None
    return tuple(
        view.name for view in views if standing.unheard(view.sight, remembered(here.home, view.peer), restored=restored)
    )


def _missed(here: Tip, sight: Sight, memory: Memory) -> int:
    """How many revisions a peer lacks for all that is known, when it did not answer."""
    if sight.answered or memory.head is None or not here.home.repository.has(memory.head):
        return 0
    return here.home.repository.ahead_behind(here.id, memory.head)[1]
