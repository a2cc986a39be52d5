"""Commands about the files: the draft, publishing it, and the revisions."""

from typing import Annotated

import typer

from mha.cli import completion, examples
from mha.cli.app import DryRun, Json, Lines, Message, Wait, accepted, app, draft_paths, end, open_home, preload, whoami
from mha.cli.progress import shown

drafts = typer.Typer(help="Kept drafts", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(drafts, name="drafts")

Revision = Annotated[str, typer.Argument(metavar="REV", help="A number, an id, or the beginning of one")]
Revisions = Annotated[
    str, typer.Argument(metavar="REV", help="A revision, or a range: 12..15 are revisions 12 to 15, both included")
]
Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Only these files or folders")]
Draft = Annotated[str, typer.Argument(metavar="N", help="The draft's number", autocompletion=completion.drafts)]

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="CODE", help="Publish over errors of this code", autocompletion=completion.codes),
]
WhyAccepted = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why they are accepted")]


@app.command(epilog=examples.DIFF)
def diff(
    context: typer.Context,
    old: Annotated[
        str | None,
        typer.Argument(
            metavar="[A", help="From this revision; without it, the draft is compared with the published revision"
        ),
    ] = None,
    new: Annotated[
        str | None, typer.Argument(metavar="[B]]", help="To this revision; without it, to the published one")
    ] = None,
    *,
    lines: Lines = False,
    json: Json = False,
) -> None:
    """Show what the draft changes, or what differs between revisions"""
    from mha.cli.render import files as render
    from mha.operations import history

    render.difference(history.diff(open_home(context), old, new, lines=lines), json=json)


@app.command(epilog=examples.PUBLISH)
def publish(
    context: typer.Context,
    message: Message,
    paths: Paths = None,
    *,
    wait: Wait = None,
    dry_run: DryRun = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Also files that look cut off: empty, or NULs at the end")
    ] = False,
    accept: Accept = None,
    reason: WhyAccepted = "",
    lines: Lines = False,
    json: Json = False,
) -> None:
    """Make the draft the next revision, or only its edits at some paths"""
    from mha.cli.render import files as render
    from mha.operations import publication

    home = open_home(context)
    preload("jsonschema_rs", "mha.operations.validation")  # while peers and git are waited for
    with shown("Publishing") as progress:
        done = publication.publish(
            home,
            message=message,
            author=whoami(home),
            paths=draft_paths(home, paths),
            wait=wait,
            dry_run=dry_run,
            lines=lines,
            as_is=as_is,
            accepted=accepted(accept, reason),
            progress=progress.line,
        )
    end(render.published(done, json=json))


@app.command(epilog=examples.DISCARD)
def discard(context: typer.Context, paths: Paths = None, *, json: Json = False) -> None:
    """Undo edits of the draft; they stay as a kept draft"""
    from mha.cli.render import files as render
    from mha.operations import drafts as operation

    home = open_home(context)
    render.discarded(operation.discard(home, draft_paths(home, paths)), json=json)


@drafts.command("list", epilog=examples.DRAFTS_LIST)
def drafts_list(context: typer.Context, *, json: Json = False) -> None:
    """List the kept drafts, the newest first"""
    from mha.cli.render import files as render
    from mha.operations import drafts as operation

    render.drafts(operation.listed(open_home(context)), json=json)


@drafts.command("show", epilog=examples.DRAFTS_SHOW)
def drafts_show(context: typer.Context, draft: Draft, *, lines: Lines = False, json: Json = False) -> None:
    """Show what a kept draft changes"""
    from mha.cli.render import files as render
    from mha.operations import drafts as operation

    render.draft(operation.show(open_home(context), draft, lines=lines), json=json)


@drafts.command("restore", epilog=examples.DRAFTS_RESTORE)
def drafts_restore(context: typer.Context, draft: Draft, paths: Paths = None, *, json: Json = False) -> None:
    """Put a kept draft back into work/"""
    from mha.cli.render import files as render
    from mha.operations import drafts as operation

    render.restored(operation.restore(open_home(context), draft, paths or []), json=json)


@app.command(epilog=examples.LOG)
def log(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option("--limit", "-n", metavar="N", min=1, help="Only so many")] = None,
    *,
    json: Json = False,
) -> None:
    """List the revisions, the newest first"""
    from mha.cli.render import files as render
    from mha.operations import history

    render.log(history.log(open_home(context), limit=limit), json=json)


@app.command(epilog=examples.SHOW)
def show(context: typer.Context, revision: Revision, *, lines: Lines = False, json: Json = False) -> None:
    """Show one revision and what it changed"""
    from mha.cli.render import files as render
    from mha.operations import history

    render.shown(history.show(open_home(context), revision, lines=lines), json=json)


@app.command(epilog=examples.REVERT)
def revert(
    context: typer.Context,
    revisions: Revisions,
    message: Message,
    *,
    wait: Wait = None,
    dry_run: DryRun = False,
    accept: Accept = None,
    reason: WhyAccepted = "",
    lines: Lines = False,
    json: Json = False,
) -> None:
    """Undo an earlier revision, or several in a row, with a new one"""
    from mha.cli.render import files as render
    from mha.operations import reverting

    home = open_home(context)
    done = reverting.revert(
        home,
        revisions,
        message=message,
        author=whoami(home),
        wait=wait,
        dry_run=dry_run,
        lines=lines,
        accepted=accepted(accept, reason),
    )
    end(render.published(done, json=json))
