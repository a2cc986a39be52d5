"""Commands that keep a server well, and those that other programs start."""

from pathlib import Path
from typing import Annotated

import typer

from mha.cli import examples
from mha.cli.app import Json, app, end, open_home
from mha.cli.progress import shown


@app.command(epilog=examples.VERIFY)
def verify(
    context: typer.Context,
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Every byte of every object, every file ever held")] = False,
    json: Json = False,
) -> None:
    """Check objects, succession, what is served, and stale locks"""
    from mha.cli.render import cluster as render
    from mha.operations import verification

    with shown("Verifying") as progress:
        found = verification.verify(open_home(context), deep=deep, counted=progress.counted)
    end(render.verified(found, json=json))


@app.command(epilog=examples.REPAIR)
def repair(context: typer.Context, *, json: Json = False) -> None:
    """Mend what `verify` found, with the peers' help"""
    from mha.cli.render import cluster as render
    from mha.operations import verification

    with shown("Repairing") as progress:
        found = verification.repair(open_home(context, mending=True), progress=progress.line, counted=progress.counted)
    end(render.verified(found, json=json, after_repair=True))


@app.command(epilog=examples.AGENT)
def agent(context: typer.Context) -> None:
    """Synchronize at the interval and at each publish, until stopped"""
    from mha import agent as daemon
    from mha.cli.render import text as render

    daemon.run(open_home(context), say=render.remark)


@app.command(epilog=examples.SERVE)
def serve(
    context: typer.Context, peer: Annotated[str, typer.Argument(metavar="SERVER", help="The peer whose key this is")]
) -> None:
    """Answer a peer: the forced command of its ssh key"""
    from mha.cli import serve as surface

    home = open_home(context)
    stated = context.find_root().obj
    raise typer.Exit(surface.over_ssh(home, peer, stated=str(stated or home.path)))


@app.command(epilog=examples.DEMO)
def demo(
    *,
    fast: Annotated[bool, typer.Option("--fast", help="Do not pause")] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Leave the servers in this new folder")
    ] = None,
) -> None:
    """Tell the whole story with three temporary servers"""
    from mha.cli import demo as story

    story.tell(fast=fast, keep=keep)
