"""Both sides of a collision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mha.cli.render.text import Colour, changes, coloured, count, give_json, say, summary
from mha.core.changes import escaped
from mha.errors import ExitCode
from mha.ids import short
from mha.store.clock import in_utc

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.collision import CollisionReport, Side


def collision(report: CollisionReport, *, json: bool) -> ExitCode:
    """Print the common revision, each side, and what both changed."""
    if json:
        give_json({"collision": report.exists, "common": report.common, "sides": report.sides, "both": report.both})
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
    for path in report.both:
        say(f"  {path}")
    return ExitCode.COLLISION


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
