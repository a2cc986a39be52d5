"""Both sides of a collision."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mha.cli.render.cluster import put_aside
from mha.cli.render.files import objects
from mha.cli.render.status import peer_contract
from mha.cli.render.text import (
    Colour,
    changes,
    coloured,
    columns,
    count,
    detail_of,
    give_json,
    plain,
    remark,
    say,
    summary,
)
from mha.core.changes import escaped
from mha.errors import ExitCode
from mha.ids import short
from mha.store.clock import in_utc

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.core.model.contested import Held
    from mha.operations.by_hand import Aborted, Begun
    from mha.operations.collision import CollisionReport, Side
    from mha.operations.merging import Conflict
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
    _shared(report)
    say()
    say("To end it, on the server that shall be Active (--dry-run shows what it changes on each side):")
    left = f"{count(len(report.conflicts), 'conflict')} to settle" if report.conflicts else "nothing conflicts"
    ways = [("  mha resolve --merge", f"both: {left}")]
    if report.conflicts:
        ways.append(("  mha resolve --edit", "both, and what conflicts is settled in work/"))
    for side in report.sides:
        gone = [change for other in report.sides if other is not side for change in other.changes]
        others = ", ".join(other.name for other in report.sides if other is not side)
        ways.append((f"  mha resolve --keep {side.name}", f"undoes what {others} did: {summary(gone)}"))
    for line in columns(ways):
        say(line)
    return ExitCode.COLLISION


def resolved(done: Resolved, *, json: bool) -> ExitCode:
    """Print a resolution or its plan, or what is left to settle; who has not heard of it is named."""
    made = done.id is not None
    lacking = [peer for peer in done.peers if made and not peer.sync.is_as_wanted]
    if json:
        give_json({**plain(done), "peers": [peer_contract(peer) for peer in done.peers]})
    elif done.conflicts:
        _conflicts(done.conflicts)
    else:
        _resolved_text(done)
    for each in done.remarks:
        if each.severity != "notice" and not each.finding.waiver:
            remark(f"Warning: {each.line()}")
    if done.conflicts:
        remark(f"Error: {count(len(done.conflicts), 'conflict')} to settle; nothing was resolved.")
        remark("Hint: Add a --take for each, settle them in the files with `mha resolve --edit`, or --keep one side.")
        return ExitCode.COLLISION
    for peer in lacking:
        remark(f"Warning: {peer.name} does not know of it yet: {peer.sync}{detail_of(peer.detail)}.")
    if done.fault:
        remark(f"Warning: The files here do not follow yet: {done.fault}")
    return ExitCode.NOT_EVERYWHERE if lacking or done.fault else ExitCode.DONE


def begun(done: Begun, *, json: bool) -> ExitCode:
    """Print where the merged files are, and what is to be done there."""
    if json:
        own = {key: value for key, value in done._asdict().items() if key != "settled"}
        give_json({**plain(own), **plain(done.settled)})
    else:
        say(f"The merged files are in {escaped(done.path)}.")
        for each in done.conflicts:
            at = f", {each.field}" if each.field else ""
            say(coloured(escaped(f"  {each.subject}{at}: {each.reason}"), Colour.WARN))
        if done.conflicts:
            say("Each is marked there: make it as it should be, and delete its lines that begin with # CONFLICT.")
        _kept_draft(done.settled.kept_draft)
        put_aside(done.settled.put_aside)
        say("Then run `mha resolve --continue`. `mha resolve --abort` brings back what was there.")
    if done.settled.fault:
        remark(f"Warning: The files are not there yet: {done.settled.fault}")
        return ExitCode.NOT_EVERYWHERE
    return ExitCode.DONE


def aborted(done: Aborted, *, json: bool) -> ExitCode:
    """Print that the collision stands, and what became of drafts."""
    if json:
        give_json(plain(done))
    else:
        say("Nothing was resolved: the collision is as it was.")
        if done.restored:
            say(f"The draft that was set aside is in work/ again (draft {done.restored}).")
        if done.kept_draft:
            say(f"The merged files as they were edited are kept as draft {done.kept_draft}.")
        put_aside(done.put_aside)
    return ExitCode.DONE


def _kept_draft(name: str | None) -> None:
    if name:
        say(f"The draft is kept as draft {name}; `mha drafts show {name}` prints it.")


def _shared(report: CollisionReport) -> None:
    """What more than one side changed: files, and the values of objects field by field."""
    say("Changed on more than one side:" if report.both else "No file was changed on more than one side.")
    for path in report.both:
        say(f"  {path}")
    for each in report.objects:
        say(f"  {escaped(each.subject)}")
        for field in each.fields:
            held = "; ".join(f"{value.side} {_value(value)}" for value in field.sides)
            say(f"    {escaped(f'{field.field}: ' if field.field else '')}was {_value(field.base)}; {held}")


def _conflicts(conflicts: Sequence[Conflict]) -> None:
    """Each conflict with the three values, and the commands that settle it."""
    for each in conflicts:
        at = f", {each.field}" if each.field else ""
        say(coloured(escaped(f"{each.subject}{at}: {each.reason}"), Colour.WARN))
        say(f"  in {', '.join(map(escaped, each.paths))}")
        for name, value in (("before", each.base), *((value.side, value) for value in each.values)):
            say(f"  {name}: {_value(value)}")
    say()
    say("For each, say whose holds:")
    for subject in dict.fromkeys(each.subject for each in conflicts):
        values = next(each.values for each in conflicts if each.subject == subject)
        say("  " + "  or  ".join(f"--take {shlex.quote(f'{subject}={value.side}')}" for value in values))


def _value(held: Held) -> str:
    from mha.core.model.differences import text

    return escaped(text(held.value)) if held.exists else "not there"


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
    _kept_draft(done.kept_draft)
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
