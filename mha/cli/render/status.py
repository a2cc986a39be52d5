"""The High Availability Status as text and as JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mha.cli.render.text import Colour, ago, coloured, columns, count, give_json, say
from mha.core.changes import escaped
from mha.core.standing import Banner, Sync
from mha.errors import ExitCode
from mha.store.clock import in_utc

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.sighting import PeerReport
    from mha.operations.status import StatusReport

_WATCH_SECONDS = 2.0
_COLOURS = {Banner.DONE: Colour.GOOD, Banner.LAGGING: Colour.WARN, Banner.NO_ACTIVE: Colour.WARN}
_CODES = {
    Banner.COLLISION: ExitCode.COLLISION,
    Banner.FAULT: ExitCode.ERROR,
    Banner.SILENT: ExitCode.NOT_EVERYWHERE,
    Banner.LAGGING: ExitCode.NOT_EVERYWHERE,
    Banner.NO_ACTIVE: ExitCode.NO_ACTIVE,
    Banner.DONE: ExitCode.DONE,
}


def status(report: StatusReport, *, json: bool) -> ExitCode:
    """Print the status once."""
    if json:
        give_json(_contract(report))
    else:
        for line in _text(report):
            say(line)
    return _CODES[report.message]


def watched(look: Callable[[], StatusReport], *, json: bool) -> None:
    """Print the status again and again, until the person has seen enough: then Ctrl-C is no interruption."""
    _seen(look(), json=json)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(_WATCH_SECONDS)
            _seen(look(), json=json)


def _seen(report: StatusReport, *, json: bool) -> None:
    """Print one of many: on a terminal each takes the place of the one before, and says how old it is."""
    live = sys.stdout.isatty() and not json
    if live:
        sys.stdout.write("\x1b[2J\x1b[H")
    status(report, json=json)
    if live:
        say(coloured(f"Looked at {in_utc(datetime.fromisoformat(report.time))}; Ctrl-C ends.", Colour.FAINT))
    sys.stdout.flush()


def peer_contract(peer: PeerReport) -> dict[str, Any]:
    """A peer as `mha status --json` has it; the keys are a contract."""
    return {
        "name": peer.name,
        "role": peer.role,
        "mode": peer.mode,
        "sync": peer.sync,
        "head": peer.head,
        "revision": peer.revision,
        "ahead": peer.ahead,
        "behind": peer.behind,
        "last_sync": peer.last_sync,
        "current": peer.current,
        "detail": peer.detail,
    }


def _contract(report: StatusReport) -> dict[str, Any]:
    return {
        "cluster": report.cluster,
        "message": report.message,
        "server": report.server,
        "peers": [peer_contract(peer) for peer in report.peers],
        "active": report.active,
        "next": report.next_step,
        "time": report.time,
        "detail": report.fault,
        "asked": report.asked,
        "paused": report.paused or None,
    }


def _text(report: StatusReport) -> list[str]:
    title = f"{report.cluster}: {report.message}" if report.cluster else str(report.message)
    title += "" if report.asked else " (as last seen; nobody was asked)"
    rows = [("", "SERVER", "MODE", "REVISION", "STATE", "LAST SYNC"), _own(report)]
    rows += [_peer(peer, report.time) for peer in report.peers]
    details = {report.server.name: report.fault} | {peer.name: peer.detail for peer in report.peers}
    return [
        coloured(title, _COLOURS.get(report.message, Colour.BAD)),
        "",
        *(_marked(line) for line in columns(rows)),
        *(f"  {name}: {detail}" for name, detail in details.items() if detail),
        *_of_backup(report),
        *([f"  Paused: {escaped(report.paused)}"] if report.paused else []),
        "",
        f"Next: {report.next_step}",
    ]


def _of_backup(report: StatusReport) -> list[str]:
    """One sentence about a server that does not know what was published after its backup."""
    if report.server.restored is None:
        return []
    when = ago(report.server.restored, report.time)
    return [f"  {report.server.name} was restored from a backup ({when}) and has compared itself with no peer since."]


def _own(report: StatusReport) -> tuple[str, ...]:
    server = report.server
    state = "needs care" if report.fault else "read-only"  # the fault stands below: a table fits 80 columns
    if not report.fault and server.mode == "active":
        state = count(server.draft_changes, "draft change") if server.draft_changes else "no draft"
    if server.kept_drafts:
        state += f", {count(server.kept_drafts, 'kept draft')}"
    number = "-" if server.revision is None else str(server.revision)
    return ("!" if report.fault else "", f"{server.name} (here)", str(server.mode), number, state, "")


def _peer(peer: PeerReport, now: str) -> tuple[str, ...]:
    number = "-" if peer.revision is None else str(peer.revision)
    mark = "" if peer.sync.is_as_wanted and peer.serving else "!"
    return (mark, peer.name, str(peer.mode), number, _state(peer), ago(peer.last_sync, now))


def _state(peer: PeerReport) -> str:
    if peer.sync is Sync.SYNCHRONIZED and not peer.serving:
        return "synchronized, not served yet"
    counted = [f"{peer.ahead} ahead"] * bool(peer.ahead) + [f"{peer.behind} behind"] * bool(peer.behind)
    return ", ".join([str(peer.sync), *counted])


def _marked(line: str) -> str:
    return coloured(line, Colour.BAD) if line.startswith("!") else line
