"""Commands that make the cluster's servers: their homes, and the list of them."""

from pathlib import Path
from typing import Annotated

import typer

from mha.cli import completion, examples
from mha.cli.app import Json, Reason, app, end, open_home, whoami
from mha.cli.progress import shown

server = typer.Typer(help="The servers of the cluster", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(server, name="server")

Home = Annotated[Path, typer.Argument(metavar="HOME", help="The folder that becomes the server's home")]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="The server's name, for example fw-a")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="An ed25519 key to use instead of a new one")
]
Server = typer.Argument(metavar="SERVER", help="The server's name", autocompletion=completion.servers)


@app.command(epilog=examples.INIT)
def init(
    home: Home,
    *,
    name: Name,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Where peers reach this home; else its path")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="NAME", help="The cluster's name; else the name of the home's folder"),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="SOURCE", help="A folder of files, or a git repository, whose history is kept"),
    ] = None,
    key: KeyFile = None,
    json: Json = False,
) -> None:
    """Make the first server of a cluster: Primary and Active"""
    from mha.cli.render import cluster as render
    from mha.operations import setup

    with shown("Adopting") as progress:
        made = setup.init(
            home, name=name, author=whoami(), url=url, cluster_name=cluster, source=source, key=key,
            progress=progress.line,
        )  # fmt: skip
    render.initialized(made, json=json)


@app.command(epilog=examples.KEY)
def key(home: Home, name: Name, source: KeyFile = None, *, json: Json = False) -> None:
    """Make a new server's key, before it joins"""
    from mha.cli.render import cluster as render
    from mha.operations import setup

    render.keyed(setup.key(home, name=name, source=source), json=json)


@app.command(epilog=examples.JOIN)
def join(
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of a server of the cluster")],
    home: Home,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The server's name, for example fw-b; --replace keeps it"),
    ] = None,
    trust: Annotated[
        str | None,
        typer.Option("--trust", metavar="ID", help="The id of the cluster's first revision, or its beginning"),
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Rebuild a home that exists, whose store is lost")] = False,
    abandon: Annotated[
        str | None,
        typer.Option("--abandon", metavar="N", help="Give up exactly N revisions that only this home holds"),
    ] = None,
    json: Json = False,
) -> None:
    """Make this machine a Standby of a cluster, or rebuild a server's home"""
    from mha.cli.render import cluster as render
    from mha.errors import InvalidAbandon, NameNeeded

    if replace:
        _replace(url, home, name, trust=trust, abandon=abandon, json=json)
        return
    if abandon is not None:
        raise InvalidAbandon(abandon)
    if name is None:
        raise NameNeeded
    from mha.operations import setup

    with shown("Joining") as progress:
        made = setup.join(url, home, name=name, trust=trust, progress=progress.line, counted=progress.counted)
    render.joined(made, json=json)


def _replace(url: str, home: Path, name: str | None, *, trust: str | None, abandon: str | None, json: bool) -> None:
    from mha.cli.render import cluster as render
    from mha.operations import replacement

    with shown("Rebuilding") as progress:
        done = replacement.replace(
            url, home, name=name, abandon=abandon, trust=trust, progress=progress.line, counted=progress.counted
        )
    end(render.replaced(done, json=json))


@server.command("add", epilog=examples.SERVER_ADD)
def server_add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new server's name")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The address of its home: a path, or ssh://user@host/path")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="Its public key, as `mha key` printed it")
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Publish that the cluster has one more server"""
    from mha.cli.render import files as render
    from mha.operations import servers

    home = open_home(context)
    done = servers.add(home, name=name, url=url, key=key, author=whoami(home))
    end(render.server_added(done, json=json))


@server.command("remove", epilog=examples.SERVER_REMOVE)
def server_remove(
    context: typer.Context,
    name: Annotated[str, Server],
    *,
    json: Json = False,
) -> None:
    """Publish that a server is no longer part of the cluster"""
    from mha.cli.render import files as render
    from mha.operations import servers

    home = open_home(context)
    end(render.published(servers.remove(home, name=name, author=whoami(home)), json=json))


@server.command("set-primary", epilog=examples.SERVER_SET_PRIMARY)
def server_set_primary(
    context: typer.Context,
    name: Annotated[str, Server],
    *,
    json: Json = False,
) -> None:
    """Publish that another server is the Primary; the mode stays where it is"""
    from mha.cli.render import files as render
    from mha.operations import servers

    home = open_home(context)
    end(render.published(servers.set_primary(home, name=name, author=whoami(home)), json=json))


@server.command("exclude", epilog=examples.SERVER_EXCLUDE)
def server_exclude(
    context: typer.Context,
    name: Annotated[str, Server],
    *,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Stop the synchronization with a server, for maintenance"""
    from mha.cli.render import files as render
    from mha.operations import servers

    home = open_home(context)
    end(render.published(servers.exclude(home, name=name, author=whoami(home), reason=reason), json=json))


@server.command("include", epilog=examples.SERVER_INCLUDE)
def server_include(
    context: typer.Context,
    name: Annotated[str, Server],
    *,
    json: Json = False,
) -> None:
    """Let an excluded server take part again"""
    from mha.cli.render import files as render
    from mha.operations import servers

    home = open_home(context)
    end(render.published(servers.include(home, name=name, author=whoami(home)), json=json))


@server.command("list", epilog=examples.SERVER_LIST)
def server_list(context: typer.Context, *, json: Json = False) -> None:
    """List the servers of the cluster"""
    from mha.cli.render import cluster as render
    from mha.operations import servers

    render.servers(servers.listed(open_home(context)), json=json)
