"""Replacing: the home of a server is rebuilt from its peers, where its disk lost what it held.

The new store is made beside the old one, judged as at a join, read back to the last byte, and only then put into its
place. The name, the key, known hosts, `[url]` and `[user]` stay; drafts are carried over.

Rule 1: revisions that no peer holds are given up only by whoever spells how many they are.
Rule 2: an old store that holds anything the new one lacks is put aside, and not deleted.
Rule 3: the home's lock is held from the first look to the last rename: nobody publishes into what is about to go.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mha.core import names
from mha.core.changes import escaped
from mha.core.names import Peer
from mha.core.record import MalformedRecord, subject
from mha.core.standing import Memory
from mha.errors import (
    HoldsMore,
    HoldsUnknown,
    HomeExists,
    InvalidAbandon,
    MhaError,
    NotProven,
    StoreDamaged,
    Unreachable,
    sentence,
)
from mha.ids import short
from mha.operations import founding, setup
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import Settled, settle
from mha.operations.setup import Joined
from mha.store import draft, fsck, keys, leftovers, lock, peers, rebuilding, releases, work_folder
from mha.store.clock import in_utc, iso, now
from mha.store.git import Progress, silent
from mha.store.home import Home, locate
from mha.store.peers import Answer, side_by_side
from mha.store.repository import CURRENT, DRAFTS, KEEP, Commit

UNKNOWN = "unknown"


class Unread(NamedTuple):
    """A draft that could not be carried over, and why."""

    name: str
    why: str


class Replaced(NamedTuple):
    """A home that was rebuilt."""

    joined: Joined
    kept_sides: int
    kept_drafts: tuple[str, ...]  # the numbers of those that were carried over
    settled: Settled  # what became of work/
    unread: tuple[Unread, ...]
    abandoned: int | None  # revisions that no peer holds; None: it cannot be told
    aside: str | None  # where the old store is, if it is not deleted
    silent: tuple[str, ...]  # the peers that did not answer
    fault: str = ""  # why the files here do not follow yet
    objects: int = 0  # each was read to its last byte and compared with its name

    @property
    def active(self) -> bool:
        """Whether this server is Active."""
        return self.joined.active == self.joined.name


class _Held(NamedTuple):
    """What the old store holds."""

    revisions: tuple[Commit, ...]  # that no peer holds, the newest first
    fault: str = ""  # why that cannot be told


class _Carried(NamedTuple):
    """The kept drafts that were copied, and those that could not be."""

    drafts: tuple[str, ...]
    unread: tuple[Unread, ...]


class _Made(NamedTuple):
    """A new store, before it is put into place."""

    home: Home
    joined: Joined
    sides: int
    silent: tuple[str, ...]


def replace(
    url: str,
    path: Path,
    *,
    name: str | None = None,
    abandon: str | None = None,
    trust: str | None = None,
    progress: Progress = silent,
    counted: Counter = uncounted,
) -> Replaced:
    """Rebuild a home from the server at `url` and its peers.

    `abandon` is the exact number of revisions that are given up, or UNKNOWN. Raises HoldsMore, HoldsUnknown, NotProven,
    and what a join raises; the home is then as it was.
    """
    founding.require_trustworthy(trust)
    if abandon is not None and abandon != UNKNOWN and not abandon.isdecimal():
        raise InvalidAbandon(abandon)
    rebuilding.restore_place(path)
    home = locate(path, path, mending=True)
    if name not in (None, home.name):
        raise HomeExists(str(path), home.name)
    if fault := keys.fault(home.state, None):
        raise MhaError(fault, f"Put it back, or make the server anew: `mha server remove {home.name}` on the Active.")

    with lock.held(home.git_dir):
        rebuilding.clear(home)
        new = rebuilding.begin(home)
        try:
            made = _fetched(home, new, url, trust=trust or _introduction(home), progress=progress, counted=counted)
            held = _held(home, new)
            _require_given_up(home, held, abandon, made.silent)
            carried = _carry_drafts(home, new)
            objects = _proven(new)
            with leftovers.nothing_arrives(home.git_dir):
                _carry_work(home, new, made.joined.id)
                rebuilding.exchange(home, new)
        except BaseException:
            rebuilding.clear(home)
            raise
        return _settled(Home(home.path, home.name), made, held, carried)._replace(objects=objects)


def _introduction(home: Home) -> str | None:
    """The cluster that this home belongs to, as far as it can still tell."""
    try:
        return home.introduction()
    except StoreDamaged:
        return None


def _fetched(home: Home, new: Home, url: str, *, trust: str | None, progress: Progress, counted: Counter) -> _Made:
    """Bring in all that the source and the other peers hold, judge it, and make the furthest head the new one."""
    source = Peer("the server there", names.url(url))
    found = setup.asked(new, source, url, trust)
    if fault := peers.fetch(new, source, kept=found.kept, progress=progress):
        raise Unreachable(url, fault)
    judge = Judge(new.repository, found.introduction)
    judge.admit(found.head, known=[], counted=counted)
    listed = setup.require_listed(new, found.head, address=setup.address(home, source))
    others = [Peer(s.name, s.url) for s in listed.servers.values() if s.name not in (home.name, found.name)]
    answers = side_by_side(lambda peer: _taken(new, peer, found.introduction), others)

    heads = [found.head, *found.kept, *(oid for each in answers if each for oid in (each.head, *each.kept) if oid)]
    fit = [oid for oid in dict.fromkeys(heads) if oid == found.head or _is_fit(judge, oid, found.head)]
    head = _furthest(new, found.head, fit)
    sides = [oid for oid in fit if not new.repository.contains(head, oid)]
    for oid in sides:
        new.repository.set_ref(f"{KEEP}{oid}", oid)
    founding.introduce(new, head, found.introduction)
    _remember(new, found.name, source, found.head)
    unheard = tuple(peer.name for peer, each in zip(others, answers, strict=True) if each is None)
    joined = setup.joined(new, listed, head, found.introduction)._replace(path=str(home.path))
    return _Made(new, joined, len(sides), unheard)


def _taken(new: Home, peer: Peer, introduction: str) -> Answer | None:
    """What another peer holds, once it is here; None where it does not answer, or is not of this cluster."""
    answer = peers.ask(new, peer)
    known = answer.name == peer.name and answer.introduction == introduction and answer.head is not None
    if not known or peers.fetch(new, peer, kept=answer.kept) is not None:
        return None
    return answer


def _is_fit(judge: Judge, oid: str, head: str) -> bool:
    try:
        judge.admit(oid, known=[head])
    except MhaError:
        return False
    return True


def _furthest(new: Home, head: str, fit: Iterable[str]) -> str:
    """The furthest revision that continues a head."""
    following = [oid for oid in fit if new.repository.contains(oid, head)]
    return max(following, key=lambda oid: new.repository.record(oid).revision)


def _remember(new: Home, name: str, source: Peer, head: str) -> None:
    moment = iso(now())
    new.remember(name, Memory(source.url.text, head, new.repository.record(head).revision, moment, moment))


def _held(home: Home, new: Home) -> _Held:
    """What the old store holds and no peer does: whatever did not come from one."""
    found: dict[str, Commit] = {}
    try:
        pending = _heads(home)
        while pending:
            oid = pending.pop()
            if oid not in found and not new.repository.has(oid):
                found[oid] = home.repository.commit(oid)
                pending += found[oid].parents
    except StoreDamaged as error:
        return _Held((), error.detail)
    return _Held(tuple(sorted(found.values(), key=lambda commit: -_number(commit))))


def _heads(home: Home) -> list[str]:
    main = home.repository.head()
    if main is None and (home.repository.ref(CURRENT) or releases.served(home)):
        raise StoreDamaged("refs/heads/main is gone.")
    return [*([main] if main else []), *home.repository.refs(KEEP).values()]


def _number(commit: Commit) -> int:
    try:
        return commit.record.revision if commit.record else 0
    except MalformedRecord:
        return 0


def _require_given_up(home: Home, held: _Held, abandon: str | None, silent: Sequence[str]) -> None:
    if held.fault and abandon != UNKNOWN:
        raise HoldsUnknown(home.name, held.fault)
    if held.revisions and abandon != str(len(held.revisions)):
        raise HoldsMore(home.name, [_line(commit) for commit in held.revisions], silent)


def _line(commit: Commit) -> str:
    said = f"{escaped(commit.author)}: {escaped(subject(commit.message))}"
    return f"{_number(commit) or '-'}  {short(commit.id)}  {in_utc(commit.time)}  {said}"


def _carry_drafts(home: Home, new: Home) -> _Carried:
    """Copy the kept drafts, each with all that it needs; which ones, and which could not be read."""
    carried, unread = [], []
    try:
        kept = home.repository.refs(DRAFTS)
    except StoreDamaged as error:
        return _Carried((), (Unread("?", error.detail),))
    for name, oid in kept.items():
        try:
            rebuilding.copied(home.repository, new.repository, oid)
        except StoreDamaged as error:
            unread.append(Unread(name, error.detail))
        else:
            new.repository.set_ref(f"{DRAFTS}{name}", oid)
            carried.append(name)
    return _Carried(tuple(carried), tuple(unread))


def _carry_work(home: Home, new: Home, head: str) -> None:
    """Let the new store know work/, whose files stay where they are: as its draft, it goes on or is kept."""
    if work_folder.stands(home):
        base = next((oid for oid in _bases(home) if new.repository.has(oid)), head)
        work_folder.adopt(new, base, work=home.work)


def _bases(home: Home) -> Iterator[str]:
    """The revisions that work/ was made from, the nearest first, as far as the old store tells."""
    try:
        oid = draft.noted_base(home)
        while oid is not None:
            yield oid
            oid = next(iter(home.repository.commit(oid).parents), None)
    except (StoreDamaged, OSError):
        pass
    served = releases.served(home)
    yield from [served] if served else []


def _proven(new: Home) -> int:
    """Read every object back; returns how many there are. Raises NotProven."""
    if problems := fsck.check(new.git_dir, deep=True):
        raise NotProven([escaped(line) for line in problems])
    return fsck.count(new.git_dir)


def _settled(home: Home, made: _Made, held: _Held, carried: _Carried) -> Replaced:
    """Let everything follow the new store, and put the old one away."""
    settled, fault = Settled(), ""
    try:
        settled = settle(home)
        for oid in filter(home.repository.has, releases.folders(home)):
            releases.mend(home, oid)
    except (OSError, MhaError) as error:
        fault = sentence(error)
    keep = bool(held.revisions or held.fault or carried.unread or fault)
    aside = rebuilding.finish(home, keep=keep)
    return Replaced(
        joined=made.joined,
        kept_sides=made.sides,
        kept_drafts=carried.drafts,
        settled=settled,
        unread=carried.unread,
        abandoned=None if held.fault else len(held.revisions),
        aside=None if aside is None else str(aside),
        silent=made.silent,
        fault=fault,
    )
