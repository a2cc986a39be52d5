"""Both sides of a collision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mha.cli.render.cluster import put_aside
from mha.cli.render.files import objects
from mha.cli.render.status import peer_contract
from mha.cli.render.text import Colour, changes, coloured, count, detail_of, give_json, plain, remark, say, summary
from mha.core.changes import escaped
from mha.core.standing import Sync
from mha.errors import ExitCode
from mha.ids import short
from mha.store.clock import in_utc

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.collision import CollisionReport, Side
    from mha.operations.resolution import Resolved


def collision(report: CollisionReport, *, json: bool) -> ExitCode:
    """Print the common revision, each side, and what both changed."""
    if json:
        give_json({"collision": report.exists, **plain(report)})
        return ExitCode.COLLISION if report.exists else ExitCode.DONE
    if not report.exists or report.common is None:
        say("There is no collision.")
        return ExitCode.DONE
    say(coloured("Collision: the history has diverged, and all sides are kept.", Colour.BAD))
    common = report.common
    say(f"Last common revision: {common.revision} ({short(common.id)}), {in_utc(common.time)}.")
    for side in report.sides:
        _side(side, higher=side is report.higher_epoch)
    say()
    say("Changed on more than one side:" if report.both else "No file was changed on more than one side.")
    for each in (*report.both, *report.objects):
        say(f"  {each}")
    say()
    say("To end it, on the server that shall be Active (--dry-run shows what it takes away from the other side):")
    for side in report.sides:
        say(f"  mha resolve --keep {side.name}")
    return ExitCode.COLLISION


def resolved(done: Resolved, *, json: bool) -> ExitCode:
    """Print a resolution or its plan; who has not heard of it is named."""
    lacking = [] if done.dry_run else [peer for peer in done.peers if peer.sync is not Sync.SYNCHRONIZED]
    if json:
        give_json({**plain(done), "peers": [peer_contract(peer) for peer in done.peers]})
    else:
        _resolved_text(done)
    for peer in lacking:
        remark(f"Warning: {peer.name} does not know of it yet: {peer.sync}{detail_of(peer.detail)}.")
    if done.fault:
        remark(f"Warning: The files here do not follow yet: {done.fault}")
    return ExitCode.NOT_EVERYWHERE if lacking or done.fault else ExitCode.DONE


def _resolved_text(done: Resolved) -> None:
    if done.dry_run:
        say("The plan:")
        for number, step in enumerate(done.plan, 1):
            say(f"  {number}. {step}")
    else:
        say(f"The collision has ended with revision {done.revision} ({short(done.id or '')}).")
        say(f"{coloured(done.active, Colour.STRONG)} is Active, at epoch {done.epoch}.")
    for lost in done.lost:
        say(f"Against the side of {lost.side}: {summary(lost.changes)}")
        changes(lost.changes)
        objects(lost.objects)
    if done.kept_draft:
        say(f"The draft is kept as draft {done.kept_draft}; `mha drafts show {done.kept_draft}` prints it.")
    put_aside(done.put_aside)


def _side(side: Side, *, higher: bool) -> None:
    who = ", ".join(side.servers) or "kept here; no server that answers has it"
    mark = ", the higher epoch" if higher else ""
    active = side.record.active or "no server"
    say()
    say(coloured(f"{who}: {count(len(side.revisions), 'revision')} since", Colour.STRONG))
    say(f"  head {short(side.head)}, epoch {side.record.epoch}{mark}, {active} is Active")
    for entry in side.revisions:
        first = escaped(entry.message.partition("\n")[0])
        say(f"  {entry.revision:>5}  {short(entry.id)}  {in_utc(entry.time)}  {escaped(entry.author)}: {first}")
    say(f"  {summary(side.changes)}")
    changes(side.changes)
    objects(side.objects)
