"""Setting up: the first server of a cluster, a key, and a server that joins."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from mha.core import changes, cluster, names, record
from mha.core.names import Peer
from mha.core.standing import Memory
from mha.errors import (
    HomeExists,
    InvalidConfiguration,
    InvalidName,
    MhaError,
    NoHome,
    NotJoined,
    NotListed,
    ServerProblem,
    Unreachable,
)
from mha.operations import founding
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import settle
from mha.operations.tip import cluster_at
from mha.store import adoption, lock, peers, trees
from mha.store.author import Author
from mha.store.clock import iso, now
from mha.store.git import Progress, silent
from mha.store.home import Home, open_home
from mha.store.trees import Blob


class Initialized(NamedTuple):
    """A new cluster's first server."""

    path: str
    name: str
    cluster: str
    id: str
    files: int
    adopted: int  # commits of the history below the first revision


class Keyed(NamedTuple):
    """A server's public key."""

    path: str
    name: str
    key: str


class Joined(NamedTuple):
    """A server that has joined a cluster."""

    path: str
    name: str
    cluster: str
    revision: int
    id: str
    introduction: str
    active: str | None
    files: int


class Found(NamedTuple):
    """Who answered at an address."""

    name: str
    head: str
    introduction: str
    kept: tuple[str, ...]  # the heads of other sides that it keeps


def init(
    path: Path,
    *,
    name: str,
    author: Author,
    url: str | None = None,
    cluster_name: str | None = None,
    source: str | None = None,
    key: Path | None = None,
    progress: Progress = silent,
) -> Initialized:
    """Make the first server: Primary, Active, with revision 1; from a folder, a git repository, or empty."""
    names.server_name(name)
    title = _title(cluster_name, path)
    address = names.url(url or str(path.resolve()))
    _require_apart(path, source)

    with founding.prepared(path, name, key) as home, lock.held(home.git_dir):
        adopted = adoption.adopt(home, source, progress=progress) if source else adoption.NOTHING
        _require_adoptable(home, adopted)
        text = cluster.initial(cluster=title, name=name, url=address.text, key=home.public_key())
        blob = Blob(trees.write(home.repository, text.encode()))
        oid = home.repository.write_commit(
            tree=trees.edited(home.repository, adopted.tree, {cluster.FILE: blob}),
            parents=[adopted.history] if adopted.history else [],
            message=record.compose(f"Begin the cluster {title}", record.first(name)),
            author=author,
            committer=author,
            time=now(),
        )
        founding.introduce(home, oid, oid)
        settle(home)

    return Initialized(str(home.path), name, title, oid, adopted.files + 1, adopted.commits)


def _title(stated: str | None, path: Path) -> str:
    """The cluster's name: as stated, else that of the home's folder."""
    if stated is not None:
        return names.server_name(stated)
    try:
        return names.server_name(path.resolve().name.lower())
    except InvalidName as error:
        raise InvalidName(
            path.resolve().name, "The cluster is named as the home's folder: give it a name with --cluster."
        ) from error


def _require_apart(path: Path, source: str | None) -> None:
    """Refuse a home within what it begins with, whose private key would be published, and the reverse."""
    home, origin = path.resolve(), Path(source or "/nowhere").resolve()
    if source and origin.exists() and (home.is_relative_to(origin) or origin.is_relative_to(home)):
        raise MhaError(
            f"{path} and {source} are the same folder, or one is within the other.",
            "Choose a home beside the files that it begins with.",
        )


def key(path: Path, *, name: str, source: Path | None = None) -> Keyed:
    """Make the home and the key of a server that is to join later; the same again for one that has them."""
    names.server_name(name)
    try:
        home = open_home(path)
    except NoHome:
        home = founding.fresh(path, name, source)
    if home.name != name:
        raise HomeExists(str(path), home.name)
    return Keyed(str(home.path), name, home.public_key())


def join(
    url: str,
    path: Path,
    *,
    name: str,
    trust: str | None = None,
    progress: Progress = silent,
    counted: Counter = uncounted,
) -> Joined:
    """Make a Standby of a cluster: the whole history, judged revision by revision, then current/."""
    names.server_name(name)
    founding.require_trustworthy(trust)
    source = Peer("the server there", names.url(url))

    with founding.prepared(path, name) as home:
        answer = asked(home, source, url, trust)
        fault = peers.fetch(home, source, progress=progress)
        if fault is not None:
            raise Unreachable(url, fault)
        with lock.held(home.git_dir):
            Judge(home.repository, answer.introduction).admit(answer.head, known=[], counted=counted)
            listed = require_listed(home, answer.head, address=address(home, source))
            founding.introduce(home, answer.head, answer.introduction)
            settle(home)

    tip = home.repository.record(answer.head)
    if answer.name in listed.servers:  # that server was seen: when it is silent later, it is not one that never joined
        moment = iso(now())
        home.remember(answer.name, Memory(source.url.text, answer.head, tip.revision, moment, moment))
    return joined(home, listed, answer.head, answer.introduction)


def joined(home: Home, listed: cluster.Cluster, head: str, introduction: str) -> Joined:
    """A server with this head, for reports."""
    tip = home.repository.record(head)
    files = sum(1 for _ in trees.files(home.repository, home.repository.commit(head).tree))
    return Joined(str(home.path), home.name, listed.name, tip.revision, head, introduction, tip.active, files)


def asked(home: Home, source: Peer, url: str, trust: str | None) -> Found:
    """Who answers there, if it is a server of the cluster that is expected; raises what keeps it from being one."""
    answer = peers.ask(home, source)
    if answer.fault:
        raise Unreachable(url, answer.fault)
    if answer.name is None or answer.introduction is None or answer.head is None:
        raise NotJoined(f"The server at {url}", where="there")
    if answer.name == home.name:
        raise ServerProblem(f"The server at {url} is {home.name} itself.", "Choose another name, or another address.")
    founding.require_trusted(trust, answer.introduction)
    return Found(answer.name, answer.head, answer.introduction, answer.kept)


def address(home: Home, source: Peer) -> str:
    """Where the other servers may reach this home, as far as can be told here: as this one reached them."""
    return f"ssh://USER@HOST{home.path}" if source.url.is_ssh else str(home.path)


def require_listed(home: Home, head: str, *, address: str) -> cluster.Cluster:
    """The cluster, if it lists this server with this server's key; raises NotListed or ServerProblem."""
    found = cluster_at(home, head)
    server = found.servers.get(home.name)
    if server is None:
        raise NotListed(home.name, address)
    if server.key is not None and server.key != home.public_key():
        raise ServerProblem(
            f"The cluster lists another key for {home.name}.",
            f"On the Active: `mha server remove {home.name}`, then add it with --key '{home.public_key()}'.",
        )
    return found


def _require_adoptable(home: Home, adopted: adoption.Adopted) -> None:
    """The files must be fit to be published, and not those of another cluster."""
    deltas = trees.deltas(home.repository, None, adopted.tree)
    entries = trees.entries(home.repository, deltas)
    found = changes.complaints(entries)
    if (excess := changes.excess(len(entries), sum(entry.size for entry in entries))) is not None:
        found.append(excess)
    paths = list(_paths(deltas))
    found += changes.complaints_of_twins(changes.twins(paths))
    found += changes.complaints_of_repositories(changes.repositories(paths))
    if trees.find(home.repository, adopted.tree, cluster.FILE) is not None:
        found.append(f"{cluster.FILE} is there already: these are the files of another cluster. Remove it, or join.")
    if found:
        raise InvalidConfiguration(found, "Correct these files at their source, then run `mha init` again.")


def _paths(deltas: list[trees.Delta]) -> Iterable[str]:
    return (delta.path.decode("utf-8", "replace") for delta in deltas)
