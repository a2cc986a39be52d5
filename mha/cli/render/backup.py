"""Reports about backups: what is in one, and what became of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mha.cli.render.cluster import put_aside
from mha.cli.render.files import in_the_way
from mha.cli.render.text import count, give_json, remark, say
from mha.errors import ExitCode
from mha.ids import short

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.backup import BackedUp
    from mha.operations.delivery import Delivered
    from mha.operations.restoration import Restored


def backed_up(done: BackedUp, *, json: bool) -> None:
    """Print where a backup stands, and what is in it."""
    if json:
        give_json(done)
    else:
        what = "all revisions" if done.since is None else f"the revisions after {done.since}"
        say(f"Backed up {what} up to {done.revision} ({short(done.id)}) in {done.path}, {_amount(done.size)}.")
        for line in _with(done.kept_sides, done.kept_drafts):
            say(line)
        if done.draft:
            say(f"Draft {done.draft} in it is what lies in work/ now: {count(done.draft_changes, 'changed file')}.")
    if done.fault:
        remark(f"Warning: The edits in work/ are not in it: {done.fault}")
    for path in done.left:
        remark(f"Warning: {path} in work/ is not in it: no draft can hold it.")


def restored(made: Restored, *, json: bool) -> None:
    """Print a server that was made from a backup, and what to do next."""
    if json:
        give_json(made)
    else:
        files = count(made.files, "file")
        say(f"{made.name} is restored, a server of the cluster {made.cluster}: revision {made.revision}, {files}.")
        for line in _with(made.kept_sides, made.kept_drafts):
            say(line)
        for line in _next(made):
            say(line)
    for draft in made.left:
        remark(f"Warning: Draft {draft.name} is left out: {draft.why}")


def delivered(done: Delivered, here: str, *, json: bool) -> ExitCode:
    """Print what a file brought; returns the exit code."""
    if json:
        give_json(done)
    else:
        took, kept, stands = ("Would take", "Would keep", "would be") if done.dry_run else ("Took", "Kept", "is")
        at = f"at revision {done.revision} ({short(done.id)})"
        if done.taken:
            say(f"{took} {count(done.taken, 'revision')}: {here} {stands} {at}.")
        for oid in done.new_sides:
            say(f"{kept} a side that diverges from {here}: {short(oid)}.")
        if not done.taken and not done.new_sides:
            say(f"There is nothing new in it: {here} is {at}.")
        if done.kept_draft:
            say(f"{here} is a Standby now; its draft is kept as draft {done.kept_draft}.")
    put_aside(done.put_aside)
    in_the_way(done.in_the_way)
    if done.fault:
        remark(f"Warning: The files here do not follow yet: {done.fault}")
    if done.collision:
        remark("Hint: `mha collision` shows both sides, `mha resolve` ends it.")
        return ExitCode.COLLISION
    return ExitCode.NOT_EVERYWHERE if done.fault else ExitCode.DONE


def _with(sides: int, drafts: int) -> list[str]:
    held = [count(sides, "kept side")] * bool(sides) + [count(drafts, "kept draft")] * bool(drafts)
    return [f"With it: {' and '.join(held)}."] if held else []


def _next(made: Restored) -> list[str]:
    """What the administrator does now."""
    lines = []
    if made.active == made.name:
        lines.append(f"{made.name} is Active here. Make sure that it runs nowhere else, then edit and publish.")
    else:
        lines.append(
            f"Active by its head is {made.active or 'no server'}. If every server is lost: `mha promote --force` here."
        )
    if not made.key_listed:
        lines.append(f"mha.yaml lists another key for {made.name}. Put the new one there, and publish it:")
        lines.append(f"  key: {made.key}")
    if made.peers:
        lines.append(f"Then let {', '.join(made.peers)} join anew, with `--trust {made.introduction[:16]}`.")
    return lines


def _amount(size: int) -> str:
    """A number of bytes in words, rounded up."""
    kib = -(-size >> 10)
    return f"{kib} KiB" if kib < 10_000 else f"{-(-kib >> 10)} MiB"
