"""The servers of the cluster: adding or removing one, or another Primary, is a published change of `mha.yaml`."""

from pathlib import Path
from typing import NamedTuple

from mha.core import cluster, names, record
from mha.core.cluster import Role, Server
from mha.errors import MhaError, ServerProblem, UnknownServer
from mha.operations import publication
from mha.operations import tip as tips
from mha.operations.publication import Published
from mha.operations.tip import Tip, require_active
from mha.store import cluster_file, lock, trees
from mha.store import home as homes
from mha.store.author import Author
from mha.store.home import Home
from mha.store.trees import Blob


class ServerListed(NamedTuple):
    """A server of the cluster, for `mha server list`."""

    name: str
    role: Role
    url: str
    key: str | None
    active: bool
    here: bool
    excluded: str | None  # why nothing is synchronized with it


class ServerAdded(NamedTuple):
    """A server that was added, and the command that makes it join."""

    name: str
    published: Published
    join_command: str
    has_key: bool


def add(home: Home, *, name: str, url: str, key: str | None, author: Author) -> ServerAdded:
    """List one more server, as a secondary; raises ServerProblem where it cannot be."""
    here = tips.tip(home)
    require_active(here, "add a server")
    server = Server(names.server_name(name), names.url(url), Role.SECONDARY, _key(key, url))
    _require_new(here, server)
    text = cluster_file.add_server(
        cluster_text(here), name=name, url=server.url.text, key=server.key, role=Role.SECONDARY.value
    )
    published = publish_changed(here, text, f"Add the server {name}", author)
    own = here.cluster.servers[home.name].url.text
    command = f"mha join {own} {server.url.path} --name {name} --trust {(home.introduction() or '')[:16]}"
    return ServerAdded(name, published, command, server.key is not None)


def remove(home: Home, *, name: str, author: Author) -> Published:
    """Take a server off the list; its home stays as it is, and its revisions stay in the history."""
    here = tips.tip(home)
    require_active(here, "remove a server")
    if name not in here.cluster.servers:
        raise UnknownServer(name, here.cluster.servers)
    if name == home.name:
        raise ServerProblem(f"{name} is Active and cannot remove itself.", "Hand over first: `mha demote --to SERVER`.")
    text = cluster_file.remove_server(cluster_text(here), name=name)
    published = publish_changed(here, text, f"Remove the server {name}", author, ignored=name)
    home.forget(name)
    return published


def set_primary(home: Home, *, name: str, author: Author) -> Published:
    """Make a server the Primary, and the one that was it a secondary, in one revision; none where it is it already."""
    here = tips.tip(home)
    require_active(here, "set the Primary")
    known = here.cluster.servers
    if name not in known:
        raise UnknownServer(name, known)
    wanted = {each: Role.PRIMARY if each == name else Role.SECONDARY for each in known}
    if all(known[each].role is role for each, role in wanted.items()):
        return Published(None, None, ())
    return publish_changed(here, cluster_file.set_roles(cluster_text(here), wanted), f"Make {name} the Primary", author)


def exclude(home: Home, *, name: str, author: Author, reason: str = "") -> Published:
    """Stop the synchronization with a server, on all servers, until `include`; it is told, if it answers."""
    here = _peer_listed(home, name, "exclude a server")
    why = " ".join(record.cleaned(reason, "reason").split()) or "no reason was given"
    if here.cluster.servers[name].excluded == why:
        return Published(None, None, ())
    text = cluster_file.set_excluded(cluster_text(here), name=name, why=why)
    return publish_changed(here, text, f"Exclude the server {name}: {why}", author)


def include(home: Home, *, name: str, author: Author) -> Published:
    """Let an excluded server take part again; where it does already, nothing is published."""
    here = _peer_listed(home, name, "include a server")
    if not here.cluster.servers[name].excluded:
        return Published(None, None, ())
    text = cluster_file.set_excluded(cluster_text(here), name=name, why=None)
    return publish_changed(here, text, f"Include the server {name}", author)


def _peer_listed(home: Home, name: str, what: str) -> Tip:
    """This server's tip, if it is Active and lists another server of that name."""
    here = tips.tip(home)
    require_active(here, what)
    if name not in here.cluster.servers:
        raise UnknownServer(name, here.cluster.servers)
    if name == home.name:
        raise ServerProblem(f"{name} is Active, and always takes part.", "Hand over first: `mha demote --to SERVER`.")
    return here


def listed(home: Home) -> list[ServerListed]:
    """All servers, in the order of their names."""
    here = tips.tip(home)
    return [
        ServerListed(
            s.name,
            s.role,
            s.url.text,
            s.key,
            s.name == here.record.active,
            s.name == home.name,
            here.excluded(s.name) or None,
        )
        for _, s in sorted(here.cluster.servers.items())
    ]


def publish_changed(
    here: Tip, text: bytes, message: str, author: Author, *, ignored: str | None = None, lifting: bool = False
) -> Published:
    """Publish a new text of `mha.yaml`; see `publication.publish_files`."""
    with lock.held(here.home.git_dir):
        blob = Blob(trees.write(here.home.repository, text))
    return publication.publish_files(
        here, {cluster.FILE: blob}, message=message, author=author, what=f"Changing {cluster.FILE}", ignored=ignored,
        lifting=lifting, checked=False,  # only its servers change
    )  # fmt: skip


def cluster_text(here: Tip) -> bytes:
    """The published `mha.yaml`."""
    blob = trees.find(here.home.repository, here.tree, cluster.FILE)
    assert blob is not None
    return trees.read(here.home.repository, blob)


def _require_new(here: Tip, server: Server) -> None:
    if server.name in here.cluster.servers:
        raise ServerProblem(f"{server.name} is a server of this cluster already.", "`mha server list` shows them.")
    for other in here.cluster.servers.values():
        if other.url.text.rstrip("/") == server.url.text.rstrip("/"):
            raise ServerProblem(f"{other.name} has this address already.", "Each server has a home of its own.")
        if server.key is not None and other.key == server.key:
            raise ServerProblem(f"{other.name} has this key already.", "Each server has a key of its own: `mha key`.")


def _key(text: str | None, url: str) -> str | None:
    """The key as typed; for a home on this machine that `mha key` prepared, the one that lies there."""
    if text is not None:
        try:
            return cluster.key(text)
        except ValueError as error:
            raise ServerProblem(str(error), "Paste the line that `mha key` printed.") from error
    address = names.url(url)
    if address.is_ssh:
        return None
    try:
        return homes.open_home(Path(address.path)).public_key()
    except (MhaError, OSError):
        return None
