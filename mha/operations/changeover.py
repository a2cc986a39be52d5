"""Changeovers: moving the Active mode, planned or forced.

A planned one is committed on top of the switch point's own head and pushed
there first: its acceptance is the switch, so that there is no moment with two
Actives. A forced one is committed here where that server does not answer or
will not take it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mha.core import changeover as decisions
from mha.core import record as records
from mha.core.changeover import Other
from mha.core.record import Record
from mha.core.standing import Sync
from mha.errors import (
    ChangeoverRefused,
    Collision,
    Excluded,
    HeadMoved,
    MhaError,
    Paused,
    PeerRefused,
    ResultUnknown,
    UnknownServer,
    Unreachable,
    sentence,
)
from mha.operations import replication, sighting
from mha.operations import tip as tips
from mha.operations.settling import Settled, settle, settle_after
from mha.operations.sighting import PeerReport, View
from mha.operations.tip import Tip, require_active, require_listed, require_running
from mha.store import lock, peers
from mha.store.author import Author
from mha.store.clock import now
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import OFFERED

Warn = Callable[[Sequence[str]], None]
_TRIES = 5
_UNSETTLED = Settled()


class ChangedOver(NamedTuple):
    """What a changeover came to, or with `dry_run` would come to."""

    active: str | None
    epoch: int
    revision: int
    id: str | None
    plan: tuple[str, ...]
    risks: tuple[str, ...] = ()
    peers: tuple[PeerReport, ...] = ()
    kept_draft: str | None = None
    put_aside: str | None = None  # where files that no draft can hold were put
    in_the_way: tuple[str, ...] = ()  # edited files that a newer revision changed as well
    changed: bool = True
    dry_run: bool = False
    fault: str = ""  # why work/ and current/ do not follow yet, although the mode has moved


def promote(
    home: Home,
    *,
    author: Author,
    reason: str = "",
    force: bool = False,
    despite_pause: bool = False,
    dry_run: bool = False,
    warn: Warn = lambda _risks: None,
    progress: Progress = silent,
) -> ChangedOver:
    """Make this server the Active; raises ChangeoverRefused where a planned changeover could lose something.

    `warn` hears what a forced changeover puts at risk before anything happens.
    """
    for _ in range(_TRIES):
        here, views = _look(home, progress, everybody=force)
        require_listed(here)
        if here.record.active == home.name:
            return _already(here, views)
        if (why := here.excluded(home.name)) and not force:
            raise Excluded(home.name, why, here.record.active)
        if not (force and despite_pause):
            _require_running(here)
        others = [_other(here, view) for view in views]
        against = decisions.reasons_against(home.name, here.record, others)
        if against and not force:
            _refuse(against, others)
        risks = [*_of_backup(home), *decisions.risks(home.name, here.record, others)] if against else []
        asked = decisions.can_be_asked(here.record, others)
        plan = _plan(here, home.name, forced=bool(against) and not asked)
        if dry_run:
            return _report(here.record.changeover(active=home.name, server=home.name), plan, risks, dry_run=True)
        if against:
            warn(risks)
        decisive = next(view for view in views if view.name == here.record.switch_point) if asked else None
        try:
            oid, accepted = _switch(here, decisive, author, reason, insist=warn if force else None)
        except HeadMoved:  # somebody published meanwhile: take it, and try again on top of it
            continue
        return _finish(home, oid, _with(views, accepted), plan, risks)
    raise HeadMoved(here.id)


def demote(
    home: Home,
    *,
    author: Author,
    to: str | None = None,
    reason: str = "",
    dry_run: bool = False,
    progress: Progress = silent,
) -> ChangedOver:
    """Hand the Active mode over to another server, or with `to=None` leave no server Active."""
    require_active(tips.tip(home), "hand over")
    here, views = _look(home, progress)
    require_active(here, "hand over")
    require_running(here)
    ready = None if to is None else _require_ready(here, views, to)
    plan = _plan_handover(here, to)
    record = here.record.changeover(active=to, server=home.name)
    if dry_run:
        return _report(record, plan, [], dry_run=True)
    with lock.held(home.git_dir):
        settle(home)
        oid = _commit(here, record, author, reason)
        home.repository.advance(expected=here.id, to=oid)
    accepted = None if ready is None else _hand_over(home, oid, ready, author)
    return _finish(home, oid, _with(views, accepted), plan, [])


def _look(home: Home, progress: Progress, *, everybody: bool = False) -> tuple[Tip, list[View]]:
    """See all peers, and take what they have more; excluded ones too, if `everybody` is to be asked."""
    views = replication.look(tips.tip(home), everybody=everybody, progress=progress)
    replication.take(home, views)
    here = tips.tip(home)
    return here, [sighting.related(here, view) for view in views]


def _switch(
    here: Tip, decisive: View | None, author: Author, reason: str, *, insist: Warn | None
) -> tuple[str, View | None]:
    """Make the changeover, at the switch point first where one is asked; raises HeadMoved to be tried again.

    Returns its id, and the switch point as it is since it accepted it. `insist` hears why that one will not take it
    before it is made here all the same; None: then it is not made.
    """
    home = here.home
    record = here.record.changeover(active=home.name, server=home.name)
    with lock.held(home.git_dir):
        oid = _commit(here, record, author, reason)
    accepted = None
    if decisive is not None:
        try:
            accepted = _offer(here, decisive, oid)
        except (PeerRefused, ResultUnknown) as error:
            if insist is None:
                raise
            insist([error.message])
    with lock.held(home.git_dir):
        if tips.tip(home).id != oid:
            home.repository.advance(expected=here.id, to=oid)
    return oid, accepted


def _offer(here: Tip, view: View, oid: str) -> View:
    """Push a changeover to the server that decides; its own word afterwards is the answer, and is returned."""
    pushed = peers.push(here.home, view.peer, oid)
    answer = pushed.answer
    if answer.head == oid:
        sight = view.sight._replace(head=oid, current=answer.current, record=here.home.repository.record(oid))
        return view._replace(sight=sight)
    if answer.fault or (pushed.pending and answer.head == view.sight.head):  # it may still take it
        raise ResultUnknown(view.name)
    if answer.head != view.sight.head:
        raise HeadMoved(here.id)
    raise PeerRefused(view.name, pushed.complaint or "it did not move.")


def _hand_over(home: Home, oid: str, view: View, author: Author) -> View:
    """Give a handover to the server that it is for, before any other; take the mode back where that one refuses it.

    Returns that server as it is afterwards.
    """
    try:
        return _offer(tips.tip(home), view, oid)
    except HeadMoved:  # it has taken something else meanwhile: how it stands is seen and said at the end
        return replication.look(tips.tip(home), [view.peer])[0]
    except ResultUnknown as error:
        with lock.held(home.git_dir):
            settle_after(home)
        told = f"{home.name} is a Standby now. When {view.name} answers, `mha sync` gives it the mode"
        raise ResultUnknown(view.name, f"{told}; if it is lost, `mha promote --force` here.") from error
    except PeerRefused as error:
        back = _take_back(home, oid, author, f"{view.name} refused it.")
        raise PeerRefused(
            view.name, error.detail, after=f"{home.name} took the mode back, and is Active at epoch {back.epoch}."
        ) from error


def _take_back(home: Home, oid: str, author: Author, why: str) -> Record:
    """One more changeover, on top of the handover that was refused: nothing is ever undone, and others may have it."""
    with lock.held(home.git_dir):
        here = tips.tip(home)
        if here.id != oid:  # another command took what somebody made of it
            raise HeadMoved(oid)
        record = here.record.changeover(active=home.name, server=home.name)
        home.repository.advance(expected=oid, to=_commit(here, record, author, why))
        settle_after(home)
    return record


def _finish(home: Home, oid: str, views: Sequence[View], plan: Sequence[str], risks: Sequence[str]) -> ChangedOver:
    """Let `work/` and `current/` follow, and tell the others. The mode has moved: what fails now is only reported."""
    try:
        with lock.held(home.git_dir):
            settled = settle_after(home)
    except (OSError, MhaError) as error:
        settled = Settled(fault=sentence(error))
    here = tips.tip(home)
    after = replication.give(here, [sighting.related(here, view) for view in views])
    reports = [sighting.report(here, view) for view in after]
    return _report(home.repository.record(oid), plan, risks, oid=oid, peers=reports, settled=settled)


def _with(views: Sequence[View], newer: View | None) -> list[View]:
    """The views, one of them as it was seen last."""
    return [newer if newer is not None and view.name == newer.name else view for view in views]


def _commit(here: Tip, record: Record, author: Author, reason: str) -> str:
    """Write a changeover; one whose result was lost is offered again, so that two tries never diverge."""
    offered = here.home.repository.ref(OFFERED)
    if offered is not None and _is_again(here, offered, record):
        return offered
    reason = records.cleaned(reason, "reason")
    text = f"Changeover: {record.server} takes over from {here.record.active or 'no server'}"
    if record.active != record.server:
        text = f"Changeover: {record.server} hands over to {record.active or 'no server'}"
    oid = here.home.repository.write_commit(
        tree=here.tree,
        parents=[here.id],
        message=records.compose(f"{text}\n\n{reason}" if reason else text, record),
        author=author,
        committer=author,
        time=now(),
    )
    here.home.repository.set_ref(OFFERED, oid)
    return oid


def _is_again(here: Tip, offered: str, record: Record) -> bool:
    commit = here.home.repository.commit(offered)
    return commit.parents == (here.id,) and commit.record == record


def _other(here: Tip, view: View) -> Other:
    report = sighting.report(here, view)
    memory = sighting.remembered(here.home, view.peer)
    return Other(
        name=view.name,
        sync=report.sync,
        detail=report.detail,
        last_revision=report.revision,
        last_seen=memory.seen.replace("+00:00", "Z"),
        last_known_here=memory.head is None or here.home.repository.contains(here.id, memory.head),
    )


def _of_backup(home: Home) -> list[str]:
    if home.restored() is None:
        return []
    return [f"{home.name} was restored from a backup and no peer has answered since: later revisions are not known."]


def _require_running(here: Tip) -> None:
    """Raises Paused, with the one way on where the Active, which could lift the pause, is lost."""
    why, active = here.cluster.settings.paused, here.record.active
    if why:
        lost = "if that server is lost, `mha promote --force --despite-pause` here, then `mha resume`."
        raise Paused(why, active, f"`mha resume` on {active or 'the Active'} lifts it; {lost}")


def _refuse(against: Sequence[str], others: Sequence[Other]) -> None:
    collided = [other.name for other in others if other.sync is Sync.COLLISION]
    if collided:
        raise Collision(", ".join(collided))
    raise ChangeoverRefused(against, "If that server is lost, `mha promote --force` takes over without it.")


def _require_ready(here: Tip, views: Sequence[View], to: str) -> View:
    """The server that is handed over to, as it is once it has what it lacked; raises Unreachable or Collision."""
    if to == here.home.name or to not in here.cluster.servers:
        raise UnknownServer(to, set(here.cluster.servers) - {here.home.name}, here=here.home.name)
    if why := here.excluded(to):
        raise Excluded(to, why, here.home.name)
    after = {v.name: v for v in replication.give(here, [view for view in views if view.name == to])}
    report = sighting.report(here, after[to])
    if report.sync is Sync.COLLISION:
        raise Collision(to)
    if report.sync is not Sync.SYNCHRONIZED:
        raise Unreachable(to, report.detail or f"it is {report.sync}")
    return after[to]


def _already(here: Tip, views: Sequence[View]) -> ChangedOver:
    with lock.held(here.home.git_dir):
        settled = settle_after(here.home)
    reports = [sighting.report(here, view) for view in views]
    return _report(here.record, [], [], oid=here.id, peers=reports, settled=settled, changed=False)


def _plan(here: Tip, name: str, *, forced: bool) -> list[str]:
    epoch = here.record.epoch + 1
    decisive = here.record.switch_point
    if forced:
        first = f"Make {name} Active at epoch {epoch} here, without asking {here.record.active or 'anybody'}."
    elif decisive == name:
        first = f"Make {name} Active at epoch {epoch} here; {name} itself decides, because it made the head."
    else:
        first = f"Push the changeover to {decisive}; with its acceptance {name} is Active at epoch {epoch}."
    return [first, f"Open work/ on {name} with revision {here.record.revision}.", "Synchronize the other servers."]


def _plan_handover(here: Tip, to: str | None) -> list[str]:
    first = f"Record here that {to or 'no server'} is Active at epoch {here.record.epoch + 1}."
    return [
        first,
        "Keep the draft, if there is one, and close work/ here.",
        f"Synchronize {to or 'the other servers'}.",
    ]


def _report(
    record: Record,
    plan: Sequence[str],
    risks: Sequence[str],
    *,
    oid: str | None = None,
    peers: Sequence[PeerReport] = (),
    settled: Settled = _UNSETTLED,
    changed: bool = True,
    dry_run: bool = False,
) -> ChangedOver:
    return ChangedOver(
        active=record.active,
        epoch=record.epoch,
        revision=record.revision,
        id=oid,
        plan=tuple(plan),
        risks=tuple(risks),
        peers=tuple(peers),
        kept_draft=settled.kept_draft,
        put_aside=settled.put_aside,
        in_the_way=settled.in_the_way,
        changed=changed,
        dry_run=dry_run,
        fault=settled.fault,
    )
