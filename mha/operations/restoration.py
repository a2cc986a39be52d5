"""Restoring: a backup, and increments that continue it, become the home of a server.

Nothing in a file is believed: each revision is judged as one that a peer sends, before `main` names it. The server has
a key of its own, and notes that what the others published since is not known here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from mha.core import bundle, names
from mha.core.cluster import Cluster
from mha.errors import HomeExists, MissingRevision, NotABackup, NotAServerThere, NotContinued, RefusedHistory
from mha.operations import founding
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import settle
from mha.operations.tip import cluster_at
from mha.store import bundles, lock, trees
from mha.store.bundles import Bundle
from mha.store.clock import iso, now
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import DRAFTS, KEEP, Repository

_FULL_FIRST = "It is an increment: give the full backup that it continues first."


class LeftOut(NamedTuple):
    """A draft that is in a backup and was not restored, and why."""

    name: str
    why: str


class Restored(NamedTuple):
    """A server that was made from a backup."""

    path: str
    name: str
    cluster: str
    revision: int
    id: str
    introduction: str
    active: str | None
    files: int
    kept_sides: int
    kept_drafts: int
    key: str
    key_listed: bool  # whether peers know this key, or none, for it
    peers: tuple[str, ...]  # the other servers that mha.yaml lists
    left: tuple[LeftOut, ...] = ()


def restore(
    files: Sequence[Path],
    path: Path,
    *,
    name: str,
    trust: str | None = None,
    progress: Progress = silent,
    counted: Counter = uncounted,
) -> Restored:
    """Make the home of a server from a full backup and increments, the oldest first.

    Raises NotABackup, MissingRevision, NotContinued, NotTrusted, NotAServerThere, or RefusedHistory where a revision
    may not follow its parents.
    """
    names.server_name(name)
    founding.require_trustworthy(trust)
    with ExitStack() as stack:
        found = [stack.enter_context(bundles.opened(file)) for file in files]
        introduction = _introduction(found[0])
        founding.require_trusted(trust, introduction)
        home = stack.enter_context(founding.prepared(path, name))
        with lock.held(home.git_dir):
            if home.repository.head() is not None:
                raise HomeExists(str(path), name)
            _forget_unfinished(home)
            heads = list(_taken(home, found, introduction, progress, counted))
            return _begun(home, found, heads, introduction)


def _introduction(first: Bundle) -> str:
    if first.contents.since:
        raise MissingRevision(str(first.path), first.contents.since[0], _FULL_FIRST)
    if first.contents.introduction is None:
        raise NotABackup(str(first.path), "it does not say which cluster it is of")
    return first.contents.introduction


def _forget_unfinished(home: Home) -> None:
    """Drop what a restore left that was killed before `main` named anything."""
    for prefix in (KEEP, DRAFTS):
        for each in home.repository.refs(prefix):
            home.repository.delete_ref(f"{prefix}{each}")


def _taken(
    home: Home, found: Sequence[Bundle], introduction: str, progress: Progress, counted: Counter
) -> Iterator[str]:
    """Bring the objects of all files into the store, once they are judged; yields the heads that came with them."""
    heads: list[str] = []
    for each in found:
        contents = each.contents
        for oid in contents.since:
            if not any(home.repository.contains(head, oid) for head in heads):
                raise MissingRevision(str(each.path), oid, _FULL_FIRST)
        with bundles.quarantined(home.git_dir, each, known=heads, progress=progress) as folder:
            repository = Repository(home.git_dir, quarantine=folder)
            _require_history(repository, each, introduction)
            if heads and not repository.contains(contents.main, heads[0]):
                raise NotContinued(str(each.path))
            judge = Judge(repository, introduction)
            for tip in (contents.main, *contents.sides):
                judge.admit(tip, known=heads, counted=counted)
            bundles.accept(home.git_dir, each, folder)
        heads = [contents.main, *contents.sides, *heads]
    yield from heads


def _require_history(repository: Repository, found: Bundle, introduction: str) -> None:
    contents = found.contents
    if not all(map(repository.has_commit, (introduction, contents.main, *contents.sides))):
        raise NotABackup(str(found.path), "what it names is no revision")
    if not all(repository.contains(tip, introduction) for tip in (contents.main, *contents.sides)):
        raise NotABackup(str(found.path), "its history does not begin with the revision that it names")


def _begun(home: Home, found: Sequence[Bundle], heads: Sequence[str], introduction: str) -> Restored:
    """Give everything its name, `main` last, and let the home follow."""
    repository, last = home.repository, found[-1].contents
    listed = _listed(home, found[-1])
    sides = [oid for oid in dict.fromkeys(heads) if not repository.contains(last.main, oid)]
    for oid in sides:
        repository.set_ref(f"{KEEP}{oid}", oid)
    drafts = bundle.drafts_of([each.contents for each in found])
    left = tuple(_restored_drafts(home, drafts, [last.main, *sides], introduction))
    peers = tuple(sorted(set(listed.servers) - {home.name}))
    if peers:  # else there is nobody to compare with
        home.note_restored(iso(now()))
    founding.introduce(home, last.main, introduction)
    settle(home)
    tip, own = repository.record(last.main), listed.servers[home.name].key
    return Restored(
        path=str(home.path),
        name=home.name,
        cluster=listed.name,
        revision=tip.revision,
        id=last.main,
        introduction=introduction,
        active=tip.active,
        files=sum(1 for _ in trees.files(repository, repository.commit(last.main).tree)),
        kept_sides=len(sides),
        kept_drafts=len(drafts) - len(left),
        key=home.public_key(),
        key_listed=own is None or own.split()[:2] == home.public_key().split(),
        peers=peers,
        left=left,
    )


def _listed(home: Home, last: Bundle) -> Cluster:
    found = cluster_at(home, last.contents.main)
    if home.name not in found.servers:
        raise NotAServerThere(home.name, str(last.path), found.servers)
    return found


def _restored_drafts(
    home: Home, drafts: Mapping[str, str], heads: Sequence[str], introduction: str
) -> Iterator[LeftOut]:
    """Name the drafts again; yields those that are none, or hold what no revision could."""
    judge = Judge(home.repository, introduction)
    for name, oid in drafts.items():
        complaint = _complaint(home.repository, judge, oid, heads)
        if complaint:
            yield LeftOut(name, complaint)
        else:
            home.repository.set_ref(f"{DRAFTS}{name}", oid)


def _complaint(repository: Repository, judge: Judge, oid: str, heads: Sequence[str]) -> str:
    commit = repository.commit(oid) if repository.has_commit(oid) else None
    if commit is None or len(commit.parents) != 1:
        return "It is no draft."
    if not any(repository.contains(head, commit.parents[0]) for head in heads):
        return "It is no draft of this history."
    try:
        judge.require_files(commit)
    except RefusedHistory as error:
        return error.reason
    return ""
