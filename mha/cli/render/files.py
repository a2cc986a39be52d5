"""Reports about files: the draft, revisions, what was published."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mha.cli.render.text import (
    Colour,
    changes,
    coloured,
    columns,
    count,
    give_json,
    lines,
    remark,
    say,
    short_iso,
    summary,
)
from mha.core.changes import Change, escaped
from mha.core.standing import Sync
from mha.core.succession import Kind
from mha.errors import ExitCode

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.drafts import Discarded, Kept
    from mha.operations.history import Difference, Entry, Shown
    from mha.operations.publication import Published


def difference(found: Difference, *, json: bool, to_stderr: bool = False) -> None:
    """Print which files differ, and the lines where they were asked for."""
    if json:
        give_json(found)
        return
    with contextlib.redirect_stdout(sys.stderr if to_stderr else sys.stdout):
        if not found.changes:
            say("No files differ.")
        changes(found.changes)
        lines(found.lines)


def published(done: Published, *, json: bool) -> ExitCode:
    """Print a new revision and who holds it; names those that lack it on stderr."""
    if json:
        peers = [{"name": peer.name, "sync": peer.sync, "detail": peer.detail} for peer in done.peers]
        give_json({"revision": done.revision, "id": done.id, "changes": done.changes, "peers": peers})
    else:
        _published_text(done)
    for peer in done.lacking:
        detail = f" ({peer.detail})" if peer.detail else ""
        remark(f"Warning: {peer.name} does not hold it: {peer.sync}{detail}.")
    if done.fault:
        remark(f"Warning: It is published, but current/ does not serve it yet: {done.fault}")
        return ExitCode.NOT_EVERYWHERE
    if done.revision is not None and done.held < done.wanted:
        remark(f"Warning: {done.held} of {count(done.wanted, 'wanted Standby')} hold it. `mha sync` tries again.")
        return ExitCode.NOT_EVERYWHERE
    return ExitCode.DONE


def _published_text(done: Published) -> None:
    if done.revision is None:
        say("There is nothing to publish." if not done.changes else f"Would publish: {summary(done.changes)}.")
        changes(done.changes)
        return
    number = coloured(str(done.revision), Colour.STRONG)
    say(f"Published revision {number} ({(done.id or '')[:10]}): {summary(done.changes)}.")
    changes(done.changes)
    held = [peer.name for peer in done.peers if peer.sync is Sync.SYNCHRONIZED]
    if held:
        say(f"Held by {', '.join(held)} as well.")


def discarded(done: Discarded, *, json: bool) -> None:
    """Print which edits were undone, and where they are kept."""
    if json:
        give_json(done)
        return
    if not done.changes:
        say("There is nothing to discard.")
        return
    say(f"Discarded: {summary(done.changes)}.")
    changes(done.changes)
    if done.kept_draft:
        say(f"They are kept as draft {done.kept_draft}; `mha drafts restore {done.kept_draft}` brings them back.")


def drafts(kept: Sequence[Kept], *, json: bool) -> None:
    """Print the kept drafts."""
    if json:
        give_json(kept)
        return
    if not kept:
        say("No drafts are kept.")
        return
    rows = [("DRAFT", "TIME", "BASED ON", "FILES", "WHY")]
    rows += [
        (k.name, short_iso(k.time.isoformat()), f"revision {k.base_revision}", str(len(k.changes)), escaped(k.why))
        for k in kept
    ]
    for line in columns(rows):
        say(line)


def draft(kept: Kept, *, json: bool) -> None:
    """Print one kept draft."""
    if json:
        give_json(kept)
        return
    say(f"Draft {kept.name}, based on revision {kept.base_revision}: {escaped(kept.why)}")
    changes(kept.changes)
    lines(kept.lines)


def restored(done: Sequence[Change], *, json: bool) -> None:
    """Print what came back into work/."""
    if json:
        give_json(done)
        return
    say(f"Restored into work/: {summary(done)}.")
    changes(done)


def log(entries: Iterator[Entry], *, json: bool) -> None:
    """Print the revisions."""
    if json:
        give_json(list(entries))
        return
    for entry in entries:
        first = escaped(entry.message.partition("\n")[0])
        mark = "" if entry.kind is Kind.PUBLISH else coloured(f"[{entry.kind}] ", Colour.WARN)
        number = coloured(f"{entry.revision:>5}", Colour.STRONG)
        when = coloured(entry.time.strftime("%Y-%m-%d %H:%M"), Colour.FAINT)
        say(f"{number}  {entry.id[:10]}  {when}  {escaped(_person(entry)):<18.18}  {mark}{first}")


def shown(found: Shown, *, json: bool) -> None:
    """Print one revision and what it changed."""
    entry = found.entry
    if json:
        give_json({"entry": entry, "changes": found.difference.changes, "lines": found.difference.lines})
        return
    say(coloured(f"Revision {entry.revision}", Colour.STRONG) + f" ({entry.kind})")
    active = entry.active or "no server"
    rows = [
        ("  id", entry.id),
        ("  made by", f"{escaped(entry.author)} on {entry.server}"),
        ("  time", short_iso(entry.time.isoformat())),
        ("  epoch", f"{entry.epoch}, {active} is Active"),
    ]
    for line in columns(rows):
        say(line)
    say()
    for text in entry.message.split("\n"):
        say(f"    {escaped(text)}".rstrip())
    say()
    changes(found.difference.changes)
    lines(found.difference.lines)


def _person(entry: Entry) -> str:
    return entry.author.partition(" <")[0]
