"""Reports about the cluster: setting up, synchronizing, changeovers, verifying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mha.cli.render.files import in_the_way
from mha.cli.render.status import peer_contract
from mha.cli.render.text import Colour, coloured, columns, count, detail_of, give_json, plain, remark, say
from mha.core.changes import escaped
from mha.errors import ExitCode

if TYPE_CHECKING:  # what is only named: importing it would cost each command what all others need
    from mha.operations.changeover import ChangedOver
    from mha.operations.replacement import Replaced
    from mha.operations.replication import Synced
    from mha.operations.servers import ServerListed
    from mha.operations.settling import Settled
    from mha.operations.setup import Initialized, Joined, Keyed
    from mha.operations.sighting import PeerReport
    from mha.operations.verification import Verified

_BEYOND_REPAIR = (
    "This could not be mended here. `mha join URL HOME --replace` rebuilds this home from a peer that is sound;"
    " where there is none, `mha restore` makes a server from a backup."
)


def initialized(made: Initialized, *, json: bool) -> None:
    """Print a new cluster's first server, and what to do next."""
    if json:
        give_json(made)
        return
    say(f"{made.name} is Active, the Primary of the cluster {made.cluster}: revision 1, {count(made.files, 'file')}.")
    if made.adopted:
        say(f"{count(made.adopted, 'commit')} of earlier history lie below it.")
    if made.files > 1:  # beside mha.yaml
        say("They were taken as they are: `mha validate` says what the checks find in them.")
    say(f"Edit the files in {made.path}/work, then run `mha publish` there.")
    say(f"The first revision is {made.id}: give its beginning to `mha join --trust`.")


def keyed(made: Keyed, *, json: bool) -> None:
    """Print a server's public key."""
    if json:
        give_json(made)
        return
    say(made.key)
    remark(f"Run on the Active: mha server add {made.name} URL --key '{made.key}'")


def joined(made: Joined, *, json: bool) -> None:
    """Print a server that has joined."""
    if json:
        give_json(made)
        return
    files = count(made.files, "file")
    say(f"{made.name} is a Standby of the cluster {made.cluster}, at revision {made.revision}: {files}.")
    say(f"Active is {made.active or 'no server'}. The cluster's first revision is {made.introduction}.")


def replaced(done: Replaced, *, json: bool) -> ExitCode:
    """Print a home that was rebuilt: what it holds, what was carried over and what was given up."""
    if json:
        own = {key: value for key, value in done._asdict().items() if key not in ("joined", "settled")}
        give_json({**done.joined._asdict(), **done.settled._asdict(), **own})
    else:
        _replaced_text(done)
    for draft in done.unread:
        remark(f"Warning: Draft {draft.name} could not be read: {draft.why}")
    for name in done.silent:
        remark(f"Warning: {name} did not answer; what only it holds comes with the next synchronization.")
    if done.aside:
        remark(f"The old store is in {done.aside}; delete it once nobody misses what was only there.")
    if done.fault:
        remark(f"Warning: The files here do not follow yet: {done.fault}")
        return ExitCode.NOT_EVERYWHERE
    return ExitCode.DONE


def _replaced_text(done: Replaced) -> None:
    made = done.joined
    mode = "the Active" if done.active else "a Standby"
    files = count(made.files, "file")
    say(f"{made.name} was rebuilt: {mode} of the cluster {made.cluster}, at revision {made.revision}: {files}.")
    say(f"Proven: {count(done.objects, 'object')}, each read to its last byte.")
    if done.abandoned:
        say(f"Given up: {count(done.abandoned, 'revision')} that no other server holds.")
    if done.kept_sides:
        say("There is a collision: `mha collision` shows it.")
    if done.kept_drafts:
        say(f"Carried over: {count(len(done.kept_drafts), 'kept draft')}.")
    if done.settled.kept_draft:
        say(f"The draft is kept as draft {done.settled.kept_draft}.")
    put_aside(done.settled.put_aside)
    in_the_way(done.settled.in_the_way)


def servers(listed: Sequence[ServerListed], *, json: bool) -> None:
    """Print the servers of the cluster."""
    if json:
        give_json(listed)
        return
    rows = [("SERVER", "ROLE", "MODE", "ADDRESS")]
    rows += [
        (f"{s.name} (here)" if s.here else s.name, str(s.role), "active" if s.active else "standby", s.url)
        for s in listed
    ]
    for line in columns(rows):
        say(line)
    for each in listed:
        if each.excluded:
            say(f"{each.name} is excluded: {escaped(each.excluded)}")


def synced(done: Synced, *, json: bool) -> ExitCode:
    """Print what a synchronization came to, peer by peer."""
    if json:
        give_json({"taken": done.taken, "given": done.given, "peers": [peer_contract(peer) for peer in done.peers]})
    else:
        if done.taken:
            say(f"Took {count(done.taken, 'revision')}.")
        for peer in done.peers:
            say(_peer_line(peer, given=peer.name in done.given))
        if not done.peers:
            say("There are no peers.")
    _settled(done.settled)
    if done.collision:
        remark("Hint: `mha collision` shows both sides, `mha resolve` ends it.")
        return ExitCode.COLLISION
    return ExitCode.DONE if done.complete else ExitCode.NOT_EVERYWHERE


def risks(sentences: Sequence[str]) -> None:
    """Say what a forced changeover puts at risk, before it happens."""
    remark("At risk, as far as is known here:" if sentences else "Nothing is known to be at risk.")
    for sentence in sentences:
        remark(f"  {sentence}")


def changed_over(done: ChangedOver, here: str, *, json: bool) -> ExitCode:
    """Print a changeover or its plan; that the new Active has not heard of it is an exit code of its own."""
    if json:
        give_json({**plain(done), "peers": [peer_contract(peer) for peer in done.peers]})
    elif done.dry_run:
        _plan(done)
    else:
        _changed_over_text(done, here)
    if done.dry_run:
        return ExitCode.DONE
    lacking = [peer for peer in done.peers if not peer.sync.is_as_wanted] if done.changed else []
    for peer in lacking:
        remark(f"Warning: {peer.name} does not know of it yet: {peer.sync}{detail_of(peer.detail)}.")
    in_the_way(done.in_the_way)
    if done.fault:
        moved = "The mode has moved, but the files" if done.changed else "The files"
        remark(f"Warning: {moved} here do not follow yet: {done.fault}")
        return ExitCode.NOT_EVERYWHERE
    return ExitCode.NOT_REACHABLE if done.active in {peer.name for peer in lacking} else ExitCode.DONE


def _plan(done: ChangedOver) -> None:
    say("Every check is passed. The plan:")
    for number, step in enumerate(done.plan, 1):
        say(f"  {number}. {step}")
    if done.risks:
        risks(done.risks)


def _changed_over_text(done: ChangedOver, here: str) -> None:
    if not done.changed:
        say(f"{here} is Active already, at epoch {done.epoch}.")
        return
    who = coloured(done.active or "No server", Colour.STRONG)
    say(f"{who} is Active, at epoch {done.epoch} (revision {done.revision}).")
    if done.active == here and not done.fault:
        say("Edit the files in work/, then run `mha publish`.")
    if done.kept_draft:
        say(f"The draft is kept as draft {done.kept_draft}; `mha drafts show {done.kept_draft}` prints it.")
    put_aside(done.put_aside)


def _settled(settled: Settled) -> None:
    if settled.kept_draft:
        remark(f"This server is no longer Active; its draft is kept as draft {settled.kept_draft}.")
    put_aside(settled.put_aside)
    in_the_way(settled.in_the_way)
    if settled.fault:
        remark(f"Warning: The files here do not follow yet: {settled.fault}")


def put_aside(path: str | None) -> None:
    """Say where files were put that no draft can hold."""
    if path is not None:
        remark(f"Files that no draft can hold were put aside in {path}.")


def verified(found: Verified, *, json: bool, after_repair: bool = False) -> ExitCode:
    """Print what was found wrong, and what was mended."""
    if json:
        give_json(found)
        return ExitCode.ERROR if found.findings else ExitCode.DONE
    for finding in found.mended:
        say(f"mended   {finding.about}: {finding.problem}")
    for finding in found.findings:
        say(coloured(f"! {finding.about}: {finding.problem}", Colour.BAD))
    if not found.findings:
        say(f"All is well: {count(found.revisions, 'revision')}, {count(found.files, 'file')} served.")
        if found.objects:
            say(f"Proven: {count(found.objects, 'object')}, each read to its last byte.")
        return ExitCode.DONE
    remark(f"Hint: {_BEYOND_REPAIR if after_repair else '`mha repair` mends what can be mended.'}")
    return ExitCode.ERROR


def _peer_line(peer: PeerReport, *, given: bool) -> str:
    mark = " " if peer.sync.is_as_wanted else "!"
    return f"{mark} {peer.name}: {peer.sync}{', brought up to date' if given else ''}{detail_of(peer.detail)}"
