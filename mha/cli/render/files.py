"""Reports about files: the draft, revisions, what was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mha.cli.render.text import (
    Colour,
    changes,
    coloured,
    columns,
    count,
    detail_of,
    give_json,
    lines,
    plain,
    remark,
    say,
    summary,
)
from mha.core.changes import Action, Change, escaped
from mha.core.standing import Sync
from mha.core.succession import Kind
from mha.errors import ExitCode
from mha.ids import short
from mha.store.clock import in_utc

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.core.model.differences import ObjectChange
    from mha.operations.drafts import Discarded, Kept
    from mha.operations.history import Difference, Entry, Shown
    from mha.operations.publication import Published
    from mha.operations.servers import ServerAdded


def difference(found: Difference, *, json: bool) -> None:
    """Print which files differ, and the lines where they were asked for."""
    if json:
        give_json(found)
        return
    if not found.changes:
        say("No files differ.")
    changes(found.changes)
    objects(found.objects)
    lines(found.lines)


def published(done: Published, *, json: bool) -> ExitCode:
    """Print a new revision and who holds it; names those that lack it on stderr."""
    if json:
        give_json(publication(done))
    else:
        _published_text(done)
    _checks(done)
    return spread(done)


def server_added(added: ServerAdded, *, json: bool) -> ExitCode:
    """Print that a server is listed, who holds that, and the command that makes the server join."""
    done = added.published
    if json:
        give_json({"name": added.name, "join": added.join_command, **publication(done)})
    else:
        say(f"Published revision {done.revision}: {added.name} is listed. Run on its machine:")
        say(f"  {added.join_command}")
        _held(done)
    if not added.has_key:
        remark(f"Warning: {added.name} is listed without a key; `mha key HOME --name {added.name}` makes one.")
    return spread(done)


def publication(done: Published) -> dict[str, Any]:
    """A publish as JSON has it; the keys are a contract."""
    peers = [{"name": peer.name, "sync": peer.sync, "detail": peer.detail} for peer in done.peers]
    found = [
        {
            "path": each.finding.path, "line": each.finding.line, "severity": each.severity, "code": each.finding.code,
            "subject": each.finding.subject, "message": each.finding.message,
        }
        for each in done.remarks
    ]  # fmt: skip
    return {
        "revision": done.revision, "id": done.id, "changes": done.changes, "peers": peers, "lines": done.lines,
        "objects": done.objects, "findings": found, "errors": done.standing,
    }  # fmt: skip


def spread(done: Published) -> ExitCode:
    """Say who lacks a new revision and what is still to be done here; returns the exit code."""
    in_the_way(done.settled.in_the_way)
    if done.uncompared and done.revision is not None:
        remark("WARNING: This server was restored from a backup, and no peer has answered since.")
        remark("What another server published after that backup is not known here: if any did, this is a collision.")
    elif done.isolated:
        remark(f"WARNING: No peer tells whether another server has taken over ({', '.join(done.isolated)}).")
        remark("If one has, this is a collision. Publish no more than you must; see to the link, then run `mha sync`.")
    for peer in done.lacking:
        remark(f"Warning: {peer.name} does not hold it: {peer.sync}{detail_of(peer.detail)}.")
    for peer in done.unserved:
        remark(f"Warning: {peer.name} holds it, but does not serve it yet. `mha sync` tries again.")
    if done.fault:
        remark(f"Warning: It is published, but current/ does not serve it yet: {done.fault}")
        return ExitCode.NOT_EVERYWHERE
    if done.revision is not None and done.held < done.wanted:
        remark(f"Warning: Standbys that hold it: {done.held}; wanted: {done.wanted}. `mha sync` tries again.")
        return ExitCode.NOT_EVERYWHERE
    return ExitCode.DONE


def in_the_way(paths: Sequence[str]) -> None:
    """Say which edits a newer revision found in its way."""
    if paths:
        remark(f"Warning: A newer revision changed these edited files as well: {', '.join(paths)}.")
        remark("Hint: The edits stand in work/ and would undo it: `mha log` and `mha show REV --lines` show what.")


def _published_text(done: Published) -> None:
    if done.revision is None:
        say("There is nothing to publish." if not done.changes else f"Would publish: {summary(done.changes)}.")
    else:
        number = coloured(str(done.revision), Colour.STRONG)
        say(f"Published revision {number} ({short(done.id or '')}): {summary(done.changes)}.")
    changes(done.changes)
    objects(done.objects)
    lines(done.lines)
    _held(done)


def objects(changed: Sequence[ObjectChange]) -> None:
    """Print what became of objects, one a line."""
    for change in changed:
        what = f": {'; '.join(change.details)}" if change.details else ""
        done = "" if change.action is Action.MODIFIED else f" {change.action}"
        used = f" (used by {count(change.rules, 'rule')})" if change.rules else ""
        say(f"      {escaped(change.subject + done + what)}{used}")


def _checks(done: Published) -> None:
    """Say what a publish adds to the findings, but for notices, and how many errors stand."""
    for each in done.remarks:
        if each.severity != "notice" and not each.finding.waiver:
            remark(f"Warning: {each.line()}")
    if done.standing:
        remark(f"Warning: The configuration has {count(done.standing, 'error')}; `mha validate` lists them.")


def _held(done: Published) -> None:
    held = [peer.name for peer in done.peers if peer.sync is Sync.SYNCHRONIZED]
    if held:
        say(f"Held by {', '.join(held)} as well.")


def discarded(done: Discarded, *, json: bool) -> None:
    """Print which edits were undone, and where they are kept."""
    if json:
        give_json(done)
        return
    if done.changes:
        say(f"Discarded: {summary(done.changes)}.")
        changes(done.changes)
        if done.kept_draft:
            say(f"They are kept as draft {done.kept_draft}; `mha drafts restore {done.kept_draft}` brings them back.")
    elif not done.left:
        say("There is nothing to discard.")
    for left in done.left:
        remark(f"Warning: {left.path} stays in work/: {left.why}.")


def drafts(kept: Sequence[Kept], *, json: bool) -> None:
    """Print the kept drafts."""
    if json:
        give_json(kept)
        return
    if not kept:
        say("No drafts are kept.")
        return
    rows = [("DRAFT", "TIME", "BASED ON", "FILES", "WHY")]
    rows += [(k.name, in_utc(k.time), f"revision {k.base_revision}", str(len(k.changes)), escaped(k.why)) for k in kept]
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
        give_json({"changes": done})
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
        when = coloured(in_utc(entry.time), Colour.FAINT)
        say(f"{number}  {short(entry.id)}  {when}  {escaped(_person(entry)):<18.18}  {mark}{first}")


def shown(found: Shown, *, json: bool) -> None:
    """Print one revision and what it changed."""
    entry = found.entry
    if json:
        give_json({"entry": entry, "accepted": found.accepted, **plain(found.difference)})
        return
    say(coloured(f"Revision {entry.revision}", Colour.STRONG) + f" ({entry.kind})")
    active = entry.active or "no server"
    rows = [
        ("  id", entry.id),
        ("  made by", f"{escaped(entry.author)} on {entry.server}"),
        ("  time", in_utc(entry.time)),
        ("  epoch", f"{entry.epoch}, {active} is Active"),
    ]
    for line in columns(rows):
        say(line)
    say()
    for text in entry.message.split("\n"):
        say(f"    {escaped(text)}".rstrip())
    say()
    for over in found.accepted:
        say(f"  Accepted {escaped(over)}")
    changes(found.difference.changes)
    objects(found.difference.objects)
    lines(found.difference.lines)


def _person(entry: Entry) -> str:
    return entry.author.partition(" <")[0]
