"""Commands about the cluster: how its servers stand, and which one is Active."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mha.cli import completion, examples
from mha.cli.app import DryRun, Json, Reason, accepted, app, end, open_home, whoami
from mha.cli.progress import shown

Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        metavar="SERVER",
        help="The side whose files are kept: a server that has it, or its head",
        autocompletion=completion.servers,
    ),
]
Take = Annotated[
    list[str] | None,
    typer.Option(
        "--take", metavar="WHAT=SERVER", help="In a merge: whose KIND/NAME or file holds, where sides conflict"
    ),
]
NewActive = Annotated[
    str | None,
    typer.Option(
        "--active",
        metavar="SERVER",
        help="The server that is Active then; else this one",
        autocompletion=completion.servers,
    ),
]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="CODE", help="Merge over errors of this code", autocompletion=completion.codes),
]


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
    keep: Keep = None,
    merge: Annotated[bool, typer.Option("--merge", help="Merge the sides by object")] = False,
    take: Take = None,
    edit: Annotated[bool, typer.Option("--edit", help="Merge, and settle what conflicts in work/")] = False,
    go_on: Annotated[bool, typer.Option("--continue", help="End it with the files in work/")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Take the merged files out of work/ again")] = False,
    active: NewActive = None,
    dry_run: DryRun = False,
    accept: Accept = None,
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
