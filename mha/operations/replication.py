"""Replication: looking at the peers, taking what they have more, giving them what they lack.

Rule 1: peers are talked to side by side, and no lock is held meanwhile.
Rule 2: what was fetched is judged before `main` moves, exactly as a push is.
Rule 3: whether a push arrived is the peer's own word; the exit code of git is not believed.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from mha.core.names import Peer
from mha.core.standing import Memory, Sight, Sync
from mha.errors import Excluded, HomeBusy, MhaError, UnknownServer
from mha.operations import sighting
from mha.operations import tip as tips
from mha.operations.admission import Judge
from mha.operations.settling import Settled, settle_after
from mha.operations.sighting import PeerReport, View
from mha.operations.tip import Tip
from mha.store import lock, peers
from mha.store.clock import iso, now
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.peers import Answer, Pushed, side_by_side
from mha.store.repository import KEEP

_PIN_SECONDS = 1.0


class Synced(NamedTuple):
    """What a synchronization came to."""

    peers: tuple[PeerReport, ...]
    taken: int = 0  # revisions that this server took from its peers
    given: tuple[str, ...] = ()  # the peers that took revisions from this server
    settled: Settled = Settled()

    @property
    def collision(self) -> bool:
        return any(peer.sync is Sync.COLLISION for peer in self.peers)

    @property
    def complete(self) -> bool:
        return not self.settled.fault and all(peer.sync.is_as_wanted for peer in self.peers)


def look(
    here: Tip, chosen: Sequence[Peer] | None = None, *, everybody: bool = False, progress: Progress = silent
) -> list[View]:
    """Ask peers how they stand, fetch what is not known here, and judge it; `main` stays where it is.

    Those that are excluded are asked only if `everybody` is.
    """
    wanted = list(here.peers() if chosen is None else chosen)
    passed = {} if everybody else {peer: sight for peer in wanted if (sight := sighting.excluded(here, peer))}
    seen = {view.peer: view for view in _seen(here, [peer for peer in wanted if peer not in passed], progress)}
    return [seen[peer] if peer in seen else View(peer, passed[peer]) for peer in wanted]


def _seen(here: Tip, asked: Sequence[Peer], progress: Progress) -> list[View]:
    answers = side_by_side(lambda peer: peers.ask(here.home, peer), asked)
    pairs = list(zip(asked, answers, strict=True))
    strange = [peer for peer, answer in pairs if _is_worth_fetching(here, peer, answer)]
    faults = dict(
        zip(
            [peer.name for peer in strange],
            side_by_side(lambda peer: peers.fetch(here.home, peer, progress=progress), strange),
            strict=True,
        )
    )
    _fetch_sides(here, pairs)
    judge = Judge(here.home.repository, here.home.introduction() or here.id)

    def counted(done: int, total: int) -> None:
        progress(f"Judged {done} of {total} revisions")

    views = [
        View(peer, _sight(here, partial(judge.admit, counted=counted), peer, answer, faults.get(peer.name)))
        for peer, answer in pairs
    ]
    for view in views:
        _remember(here, view)
    if any(view.sight.usable for view in views):
        here.home.compared()
    return views


def sync(home: Home, names: Sequence[str] = (), *, progress: Progress = silent) -> Synced:
    """Exchange missing revisions with all peers, or with the named ones; settle, and tidy the store.

    Raises UnknownServer, and Excluded where this server takes no part, or a named one does not.
    """
    from mha.operations.upkeep import tidy

    here = tips.tip(home)
    views = look(here, _chosen(here, names), progress=progress)
    taken, settled = take(home, views)
    here = tips.tip(home)
    views = [sighting.related(here, view) for view in views]
    after = give(here, views, progress=progress)
    tidy(home)
    if why := here.excluded(home.name):
        raise Excluded(home.name, why, here.record.active)
    return Synced(
        peers=tuple(sighting.report(here, view) for view in after),
        taken=taken,
        given=tuple(v.name for v, w in zip(after, views, strict=True) if v.sight.head != w.sight.head),
        settled=settled,
    )


def take(home: Home, views: Sequence[View]) -> tuple[int, Settled]:
    """Move `main` forward to the furthest head seen that continues it, and settle; pins what diverged.

    Returns how many revisions were taken.
    """
    with lock.held(home.git_dir):
        here = tips.tip(home)
        start = here
        for view in sorted(views, key=lambda view: -view.sight.ahead):
            sight = sighting.related(here, view).sight
            if sight.head and sight.further:
                home.repository.advance(expected=here.id, to=sight.head)
                here = tips.tip(home)
        _pin(here, [sighting.related(here, view) for view in views])
        settled = settle_after(home)
    return here.record.revision - start.record.revision, settled


def give(here: Tip, views: Sequence[View], *, progress: Progress = silent) -> list[View]:
    """Push this server's head to each peer that lacks it or does not serve it, and say how each stands afterwards.

    A peer with a diverged head gets this server's side to keep: whichever server dies, both sides live.
    """

    def one(view: View) -> View:
        if view.sight.diverged:
            peers.push_kept(here.home, view.peer, here.id)
        if not view.sight.wanting:
            return view
        # a push that brings nothing still lets a receiver that was killed settle
        return _after_push(here, view, peers.push(here.home, view.peer, here.id, progress=progress))

    after = [_current(here, view) for view in side_by_side(one, views)]
    for view in after:
        _remember(here, view)
    return after


def pin(here: Tip, views: Sequence[View]) -> None:
    """Keep the diverged heads that were seen, and those that peers keep, so that nothing of them can be lost here.

    While another command works here none is kept; nothing is thrown away meanwhile, and whoever looks next keeps it.
    """
    if _unpinned(here, views):
        with suppress(HomeBusy), lock.held(here.home.git_dir, wait_seconds=_PIN_SECONDS):
            _pin(here, views)


def _pin(here: Tip, views: Sequence[View]) -> None:
    for head in _unpinned(here, views):
        here.home.repository.set_ref(f"{KEEP}{head}", head)


def _unpinned(here: Tip, views: Sequence[View]) -> list[str]:
    repository = here.home.repository
    heads = {view.sight.head for view in views if view.sight.head and view.sight.diverged}
    heads |= {oid for view in views for oid in view.sight.kept if not repository.contains(here.id, oid)}
    return sorted(head for head in heads if repository.ref(f"{KEEP}{head}") is None)


def _chosen(here: Tip, names: Sequence[str]) -> list[Peer]:
    listed = {peer.name: peer for peer in here.peers()}
    for name in names:
        if name not in listed:
            raise UnknownServer(name, listed, here=here.home.name)
        if why := here.excluded(name):
            raise Excluded(name, why, here.record.active)
    return [peer for peer in listed.values() if not names or peer.name in names]


def _current(here: Tip, view: View) -> View:
    """A view after a push; a peer that has moved on meanwhile is looked at once more."""
    if view.sight.head is None or here.home.repository.has(view.sight.head):
        return sighting.related(here, view)
    return look(here, [view.peer])[0]


def _sight(here: Tip, admit: Callable[..., None], peer: Peer, answer: Answer, fetch_fault: str | None) -> Sight:
    repository = here.home.repository
    if answer.fault:
        return Sight(answered=not answer.silent, fault=answer.fault)
    fault = _identity_fault(here, peer, answer) or fetch_fault or ""
    if answer.head is None or fault:
        unseen = fault == fetch_fault
        return Sight(answered=True, fault=fault, head=answer.head, current=answer.current, unseen=unseen)
    if not repository.has(answer.head):  # it published between the question and the fetch: nothing is wrong
        return Sight(answered=False, fault="it moved on while it was asked")
    try:
        ahead, behind = repository.ahead_behind(here.id, answer.head)
        if ahead:
            admit(answer.head, known=[here.id])
        record = repository.record(answer.head)
    except MhaError as error:
        return Sight(answered=True, fault=error.message, head=answer.head, current=answer.current)
    kept = tuple(oid for oid in answer.kept if _is_lacked(here, admit, oid))
    return Sight(True, "", answer.head, answer.current, record, ahead, behind, kept)


def _fetch_sides(here: Tip, pairs: Sequence[tuple[Peer, Answer]]) -> None:
    """Bring in the sides that peers keep and that are not known here; what fails is tried again at the next look."""
    known = here.home.repository.has
    lacked = {
        peer: sides
        for peer, answer in pairs
        if (sides := [oid for oid in answer.kept if not known(oid)]) and not _identity_fault(here, peer, answer)
    }
    side_by_side(lambda peer: peers.fetch(here.home, peer, kept=lacked[peer]), list(lacked))


def _is_lacked(here: Tip, admit: Callable[..., None], oid: str) -> bool:
    """Whether a side that a peer keeps is a sound one, and no part of our history."""
    repository = here.home.repository
    if not repository.has(oid) or repository.contains(here.id, oid):
        return False
    try:
        if repository.ref(f"{KEEP}{oid}") is None:
            admit(oid, known=[here.id])
    except MhaError:
        return False
    return True


def _is_worth_fetching(here: Tip, peer: Peer, answer: Answer) -> bool:
    known = answer.head is None or here.home.repository.has(answer.head)
    return not known and not _identity_fault(here, peer, answer)


def _identity_fault(here: Tip, peer: Peer, answer: Answer) -> str:
    if answer.head is not None and answer.name is None:
        return "a git repository answers at its address, but no server's home"
    if answer.name == here.home.name:
        return f"the address of {peer.name} leads to this server itself"
    if answer.name is not None and answer.name != peer.name:
        return f"{answer.name} answers at the address of {peer.name}"
    if answer.introduction is not None and answer.introduction != here.home.introduction():
        return "it belongs to another cluster: its history begins elsewhere"
    return ""


def _after_push(here: Tip, view: View, pushed: Pushed) -> View:
    answer, complaint = pushed.answer, pushed.complaint
    if answer.fault:
        unknown = "the result is not known: ask again with `mha status`"
        return view._replace(sight=Sight(answered=False, fault=unknown))
    if answer.head == view.sight.head and complaint is not None:
        return view._replace(sight=view.sight._replace(current=answer.current, fault=complaint))
    record = here.record if answer.head == here.id else view.sight.record
    return view._replace(sight=view.sight._replace(head=answer.head, current=answer.current, record=record))


def _remember(here: Tip, view: View) -> None:
    sight, before = view.sight, sighting.remembered(here.home, view.peer)
    if not sight.answered or sight.head is None or sight.record is None:
        return
    moment = iso(now())
    here.home.remember(
        view.name,
        Memory(
            url=view.peer.url.text,
            head=sight.head,
            revision=sight.record.revision,
            seen=moment,
            synchronized=moment if sight.equal else before.synchronized,
        ),
    )
