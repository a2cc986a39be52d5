"""Commands about the cluster: its servers, how they stand, and which one is Active."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mha.cli import completion, examples
from mha.cli.app import DryRun, Json, Reason, accepted, app, end, open_home, whoami
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


@server.command("list", epilog=examples.SERVER_LIST)
def server_list(context: typer.Context, *, json: Json = False) -> None:
    """List the servers of the cluster"""
    from mha.cli.render import cluster as render
    from mha.operations import servers

    render.servers(servers.listed(open_home(context)), json=json)


@app.command(epilog=examples.STATUS)
def status(
    context: typer.Context,
    *,
    json: Json = False,
    watch: Annotated[bool, typer.Option("--watch", help="Look again every two seconds, until Ctrl-C")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="As last seen: ask no peer")] = False,
) -> None:
    """Show the High Availability Status"""
    from mha.cli.render import status as render
    from mha.operations import status as operation

    home = open_home(context)
    if watch:
        render.watched(lambda: operation.status(home, offline=offline), json=json)
        return
    with shown("Asking the peers") as progress:
        found = operation.status(home, offline=offline, progress=progress.line)
    end(render.status(found, json=json))


@app.command(epilog=examples.SYNC)
def sync(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SERVER]...", help="Only these servers", autocompletion=completion.servers),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Exchange missing revisions with all peers, side by side"""
    from mha.cli.render import cluster as render
    from mha.operations import replication

    with shown("Synchronizing") as progress:
        done = replication.sync(open_home(context), names or [], progress=progress.line)
    end(render.synced(done, json=json))


@app.command(epilog=examples.PROMOTE)
def promote(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option("--force", help="Take over although the Active cannot be asked")] = False,
    despite_pause: Annotated[
        bool, typer.Option("--despite-pause", help="With --force: although the cluster is paused")
    ] = False,
    dry_run: DryRun = False,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Make this server the Active"""
    from mha.cli.render import cluster as render
    from mha.operations import changeover

    home = open_home(context)
    with shown("Promoting") as progress:

        def warn(sentences: Sequence[str]) -> None:
            progress.clear()
            render.risks(sentences)

        done = changeover.promote(
            home, author=whoami(home), reason=reason, force=force, despite_pause=despite_pause, dry_run=dry_run,
            warn=warn, progress=progress.line,
        )  # fmt: skip
    end(render.changed_over(done, home.name, json=json))


@app.command(epilog=examples.DEMOTE)
def demote(
    context: typer.Context,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="SERVER",
            help="The server that becomes Active; else none is",
            autocompletion=completion.servers,
        ),
    ] = None,
    *,
    dry_run: DryRun = False,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Hand the Active mode over, or leave no server Active"""
    from mha.cli.render import cluster as render
    from mha.operations import changeover

    home = open_home(context)
    with shown("Handing over") as progress:
        done = changeover.demote(
            home, author=whoami(home), to=to, reason=reason, dry_run=dry_run, progress=progress.line
        )
    end(render.changed_over(done, home.name, json=json))


@app.command(epilog=examples.PAUSE)
def pause(context: typer.Context, *, reason: Reason = "", json: Json = False) -> None:
    """Refuse publishes and changeovers on every server, until `mha resume`"""
    from mha.cli.render import files as render
    from mha.operations import pausing

    home = open_home(context)
    end(render.published(pausing.pause(home, author=whoami(home), reason=reason), json=json))


@app.command(epilog=examples.RESUME)
def resume(context: typer.Context, *, json: Json = False) -> None:
    """Allow publishes and changeovers again"""
    from mha.cli.render import files as render
    from mha.operations import pausing

    home = open_home(context)
    end(render.published(pausing.resume(home, author=whoami(home)), json=json))


@app.command(epilog=examples.COLLISION)
def collision(context: typer.Context, *, json: Json = False) -> None:
    """Show both sides of a collision"""
    from mha.cli.render import collision as render
    from mha.operations import collision as operation

    with shown("Asking the peers") as progress:
        found = operation.examined(open_home(context), progress=progress.line)
    end(render.collision(found, json=json))


@app.command(epilog=examples.RESOLVE)
def resolve(
    context: typer.Context,
    *,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="SERVER",
            help="The side whose files are kept: a server that has it, or its head",
            autocompletion=completion.servers,
        ),
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Merge the sides by object")] = False,
    take: Annotated[
        list[str] | None,
        typer.Option(
            "--take", metavar="WHAT=SERVER", help="In a merge: whose KIND/NAME or file holds, where sides conflict"
        ),
    ] = None,
    active: Annotated[
        str | None,
        typer.Option(
            "--active",
            metavar="SERVER",
            help="The server that is Active then; else this one",
            autocompletion=completion.servers,
        ),
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Merge, and settle what conflicts in work/")] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="End it with the files in work/")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Take the merged files out of work/ again")] = False,
    dry_run: DryRun = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", metavar="CODE", help="Merge over errors of this code", autocompletion=completion.codes
        ),
    ] = None,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """End a collision"""
    from mha.cli.render import collision as render
    from mha.operations import by_hand, resolution

    merge = merge or (bool(take) and not edit)
    if [keep is not None, merge, edit, go_on, abort].count(True) != 1 or (take and (go_on or abort)):
        raise typer.BadParameter("Say one of --keep SERVER, --merge, --edit, --continue and --abort.")
    if dry_run and (edit or abort):
        raise typer.BadParameter("--dry-run shows what --merge, --keep or --continue would do.")
    taken = dict(_assigned(text) for text in take or [])
    home = open_home(context)
    wish = resolution.Wish(keep, taken, active, reason, accepted(accept, reason))
    if abort:
        end(render.aborted(by_hand.abort(home), json=json))
        return
    with shown("Resolving") as progress:
        if edit:
            begun = by_hand.begin(home, wish, author=whoami(home), progress=progress.line)
        else:
            run = by_hand.go_on if go_on else resolution.resolve
            done = run(home, wish, author=whoami(home), dry_run=dry_run, progress=progress.line)
    end(render.begun(begun, json=json) if edit else render.resolved(done, json=json))


def _assigned(text: str) -> tuple[str, str]:
    """The two sides of WHAT=SERVER."""
    what, _, server = text.rpartition("=")
    if not (what and server):
        raise typer.BadParameter(f"{text!r} is not WHAT=SERVER.", param_hint="--take")
    return what, server
