"""Delivery: revisions that were carried here in a file, for where no peer can be reached.

What is in it is judged as a push is, beside the store, and without the home's lock; of a file that is refused nothing
stays. `main` only moves forward: a head that diverged is pinned, as if a peer had shown it.
"""

from pathlib import Path
from typing import NamedTuple

from mha.errors import MissingRevision, OtherCluster, RefusedHistory
from mha.operations import tip as tips
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import Settled, settle_after
from mha.operations.tip import Tip
from mha.store import bundles, lock
from mha.store.bundles import Bundle
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import DRAFTS, KEEP, Repository


class Delivered(NamedTuple):
    """What a file brought, or with `dry_run` would bring."""

    path: str
    taken: int  # revisions that `main` moved forward by
    revision: int
    id: str
    epoch: int
    active: str | None
    new_sides: tuple[str, ...]  # the heads that it brought and that diverged from this server's
    collision: bool  # whether sides are open afterwards
    dry_run: bool
    kept_draft: str | None = None
    put_aside: str | None = None
    in_the_way: tuple[str, ...] = ()
    fault: str = ""  # why the files here do not follow yet


def receive(
    home: Home, path: Path, *, dry_run: bool = False, progress: Progress = silent, counted: Counter = uncounted
) -> Delivered:
    """Take the revisions and kept sides that a file brings, and serve them; drafts in it stay in it.

    Raises NotABackup, OtherCluster, MissingRevision or RefusedHistory.
    """
    with bundles.opened(path) as found:
        with lock.held(home.git_dir):  # what a killed one left may take the room that this one needs
            settle_after(home)
        here = tips.tip(home)
        sides = list(home.repository.refs(KEEP).values())
        _require_ours(here, found, [here.id, *sides])
        known = [here.id, *sides, *home.repository.refs(DRAFTS).values()]
        with bundles.quarantined(home.git_dir, found, known=known, progress=progress) as folder:
            repository = Repository(home.git_dir, quarantine=folder)
            _admit(here, repository, found, [here.id, *sides], counted)
            with lock.held(home.git_dir):
                planned = _planned(home, repository, found)
                if dry_run:
                    return planned
                bundles.accept(home.git_dir, found, folder)
                settled = _moved(home, planned)
    return planned._replace(
        dry_run=False,
        kept_draft=settled.kept_draft,
        put_aside=settled.put_aside,
        in_the_way=settled.in_the_way,
        fault=settled.fault,
    )


def _require_ours(here: Tip, found: Bundle, heads: list[str]) -> None:
    """Raises OtherCluster, or MissingRevision where a file continues what is not here; by its head alone."""
    began, ours = found.contents.introduction, here.home.introduction() or here.id
    if began not in (None, ours):
        raise OtherCluster(str(found.path), began or "", ours)
    for oid in found.contents.since:
        if not any(here.home.repository.contains(head, oid) for head in heads):
            again = f"`mha backup FILE --since {here.record.revision}` there makes one that continues what is here."
            raise MissingRevision(str(found.path), oid, again)


def _admit(here: Tip, repository: Repository, found: Bundle, known: list[str], counted: Counter) -> None:
    """Judge all that a file brings; raises RefusedHistory."""
    introduction = here.home.introduction() or here.id
    judge = Judge(repository, introduction)
    for tip in (found.contents.main, *found.contents.sides):
        if not repository.has_commit(tip):
            raise RefusedHistory(tip, "It is no revision.")
        if not repository.contains(tip, introduction):
            raise RefusedHistory(tip, "It belongs to another cluster: its history begins elsewhere.")
        judge.admit(tip, known=known, counted=counted)


def _planned(home: Home, repository: Repository, found: Bundle) -> Delivered:
    """What becomes of it, as this server stands now."""
    here, main = tips.tip(home), found.contents.main
    head = main if repository.contains(main, here.id) else here.id
    kept = home.repository.refs(KEEP).values()
    brought = dict.fromkeys((main, *found.contents.sides))
    new = tuple(oid for oid in brought if oid not in kept and not repository.contains(head, oid))
    record = repository.record(head)
    return Delivered(
        path=str(found.path.resolve()),
        taken=record.revision - here.record.revision,
        revision=record.revision,
        id=head,
        epoch=record.epoch,
        active=record.active,
        new_sides=new,
        collision=any(not repository.contains(head, oid) for oid in (*kept, *new)),
        dry_run=True,
    )


def _moved(home: Home, planned: Delivered) -> Settled:
    """Pin what diverged, move `main` forward, and settle."""
    here = tips.tip(home)
    for oid in planned.new_sides:
        home.repository.set_ref(f"{KEEP}{oid}", oid)
    if planned.id != here.id:
        home.repository.advance(expected=here.id, to=planned.id)
    return settle_after(home)
