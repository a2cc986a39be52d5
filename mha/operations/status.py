"""The High Availability Status: what an administrator looks at during an outage."""

from typing import NamedTuple

from mha.core import standing
from mha.core.cluster import Role
from mha.core.names import Peer
from mha.core.standing import Banner, Mode, PeerStanding, Sight
from mha.errors import MhaError, NotJoined
from mha.operations import sighting
from mha.operations import tip as tips
from mha.operations.sighting import PeerReport, View
from mha.operations.tip import Tip
from mha.store import draft, keys, lock, releases
from mha.store.clock import iso, now
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import DRAFTS


class ServerReport(NamedTuple):
    """This server itself."""

    name: str
    role: Role | None
    mode: Mode
    head: str | None
    revision: int | None
    epoch: int | None
    current: str | None
    draft_changes: int
    kept_drafts: int = 0
    restored: str | None = None  # ISO; when it came from a backup, if no peer has answered since


class StatusReport(NamedTuple):
    """What `mha status` says."""

    cluster: str | None
    message: Banner
    server: ServerReport
    peers: tuple[PeerReport, ...]
    active: str | None
    next_step: str
    time: str  # ISO; when it was looked at
    fault: str = ""  # what is wrong with this server's own store
    paused: str = ""  # why nobody publishes nor changes over; empty: all go on
    asked: bool = True  # whether the peers were asked; else they are shown as last seen


def status(home: Home, *, offline: bool = False, progress: Progress = silent) -> StatusReport:
    """How this server and its peers stand now; offline: as last seen, without asking anybody."""
    try:
        here = tips.tip(home)
        if offline:
            views = [_unasked(here, peer) for peer in here.peers()]
            return _report(here, views)._replace(asked=False)
        return _asked(here, progress)
    except NotJoined:
        raise
    except MhaError as error:
        return _faulty(home, error.message)


def _asked(here: Tip, progress: Progress) -> StatusReport:
    from mha.operations import replication  # what is shown as last seen needs nothing of it

    seen = replication.look(here, progress=progress)
    after = tips.tip(here.home)  # as it is after the wait
    views = [sighting.related(after, view) for view in seen]
    replication.pin(after, views)
    return _report(after, views)


def _report(here: Tip, views: list[View]) -> StatusReport:
    home = here.home
    reports = [sighting.report(here, view) for view in views]
    standings = [PeerStanding(report.name, report.sync, report.serving) for report in reports]
    changes, fault = _draft_changes(here)
    if not fault and lock.persists(home.git_dir, lambda: releases.served(home) != home.repository.head()):
        fault = "current/ does not serve the head."
    fault = fault or here.key_fault
    found = standing.banner(
        [peer.sync for peer in standings],
        active=here.record.active,
        own_fault=bool(fault),
        kept_sides=bool(tips.diverged_sides(home)),
        unserved=not all(peer.serving for peer in standings),
    )
    step = standing.next_step(
        name=home.name,
        record=here.record,
        peers=standings,
        found=found,
        draft_changes=changes,
        fault=fault,
        listed=home.name in here.cluster.servers,
        paused=bool(here.cluster.settings.paused),
        resolving=tips.resolving(home) is not None,
        excluded=bool(here.excluded(home.name)),
    )
    if fault == keys.OTHER_LISTED:  # no repair mends that
        step = f"{fault} Put this one into mha.yaml on the Active, and publish it."
    return StatusReport(
        cluster=here.cluster.name,
        message=found,
        server=_own(here, changes),
        peers=tuple(reports),
        active=here.record.active,
        next_step=step,
        time=iso(now()),
        fault=fault,
        paused=here.cluster.settings.paused,
    )


def _own(here: Tip, draft_changes: int) -> ServerReport:
    home = here.home
    own = here.cluster.servers.get(home.name)
    return ServerReport(
        name=home.name,
        role=own.role if own else None,
        mode=standing.mode_of(home.name, here.record),
        head=here.id,
        revision=here.record.revision,
        epoch=here.record.epoch,
        current=releases.served(home),
        draft_changes=draft_changes,
        kept_drafts=len(home.repository.refs(DRAFTS)),
        restored=home.restored(),
    )


def _draft_changes(here: Tip) -> tuple[int, str]:
    """How many files the draft changes, and why that cannot be told."""
    tree = draft.of(here.home)
    if tree is None:
        active = here.record.active == here.home.name
        return 0, "work/ is missing although this server is Active." if active else ""
    try:
        return len(tree.edits(here.id)), ""
    except MhaError as error:
        return 0, error.message


def _unasked(here: Tip, peer: Peer) -> View:
    """A peer as last seen: its record is known where its last head is stored here."""
    if (aside := sighting.excluded(here, peer)) is not None:
        return View(peer, aside)
    memory = sighting.remembered(here.home, peer)
    known = memory.head is not None and here.home.repository.has(memory.head)
    if not known or memory.head is None:
        return View(peer, Sight(answered=False, fault="not asked"))
    ahead, behind = here.home.repository.ahead_behind(here.id, memory.head)
    record = here.home.repository.record(memory.head)
    return View(peer, Sight(True, "", memory.head, None, record, ahead, behind))


def _faulty(home: Home, fault: str) -> StatusReport:
    """The report of a server whose own store or git does not work."""
    return StatusReport(
        cluster=None,
        message=Banner.FAULT,
        server=ServerReport(home.name, None, Mode.UNKNOWN, None, None, None, releases.served(home), 0),
        peers=(),
        active=None,
        next_step=f"{fault} Run `mha verify`, then `mha repair`.",
        time=iso(now()),
        fault=fault,
    )
