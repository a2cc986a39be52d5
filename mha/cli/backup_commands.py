"""Commands about backups: written, restored, and carried to where no peer can be reached."""

from pathlib import Path
from typing import Annotated

import typer

from mha.cli import examples
from mha.cli.app import Json, app, end, open_home
from mha.cli.progress import shown


@app.command(epilog=examples.BACKUP)
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup is to stand, outside of the home")],
    *,
    since: Annotated[
        str | None, typer.Option("--since", metavar="REV", help="Only what came after this revision: an increment")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that stands there")] = False,
    json: Json = False,
) -> None:
    """Write all revisions, kept sides and drafts into one file"""
    from mha.cli.render import backup as render
    from mha.operations import backup as operation

    home = open_home(context)
    with shown("Backing up") as progress:
        done = operation.backup(home, file, since=since, replace=force, progress=progress.line)
    render.backed_up(done, json=json)


@app.command(epilog=examples.RESTORE)
def restore(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="A full backup, then its increments, the oldest first")
    ],
    home: Annotated[Path, typer.Argument(metavar="HOME", help="The folder that becomes the server's home")],
    *,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The server, as mha.yaml lists it")],
    trust: Annotated[
        str | None,
        typer.Option("--trust", metavar="ID", help="The id of the cluster's first revision, or its beginning"),
    ] = None,
    json: Json = False,
) -> None:
    """Make a server from a backup"""
    from mha.cli.render import backup as render
    from mha.operations import restoration

    with shown("Restoring") as progress:
        made = restoration.restore(
            files, home, name=name, trust=trust, progress=progress.line, counted=progress.counted
        )
    render.restored(made, json=json)


@app.command(epilog=examples.RECEIVE)
def receive(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup of another server, full or an increment")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge it, and print what would happen")] = False,
    json: Json = False,
) -> None:
    """Take the revisions that a file brings from another site"""
    from mha.cli.render import backup as render
    from mha.operations import delivery

    home = open_home(context)
    with shown("Receiving") as progress:
        done = delivery.receive(home, file, dry_run=dry_run, progress=progress.line, counted=progress.counted)
    end(render.delivered(done, home.name, json=json))
