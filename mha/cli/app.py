"""The Typer application, and what every command needs: the home, the person, the exit code."""

import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from mha.errors import ExitCode

if TYPE_CHECKING:
    from mha.store.author import Author
    from mha.store.home import Home

app = typer.Typer(
    name="mha",
    help="Management high availability for configuration kept in git",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON")]
Lines = Annotated[bool, typer.Option("--lines", "-p", help="Show the changed lines as well")]
Message = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="Why, in one sentence")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the history")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="Print what would happen; missing revisions are exchanged with the peers all the same"
    ),
]
Wait = Annotated[
    int | None, typer.Option("--wait", metavar="N", min=0, help="How many Standbys must hold it before success")
]


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # Typer calls it so
    if wanted:
        from mha import __version__

        typer.echo(f"mha {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="HOME",
            envvar="MHA_HOME",
            help="The server's home; else the one that contains this folder",
        ),
    ] = None,
    *,
    version: Annotated[  # noqa: ARG001  # the callback acts
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version")
    ] = False,
) -> None:
    """Management high availability for configuration kept in git"""
    context.obj = home


def open_home(context: typer.Context, *, mending: bool = False) -> "Home":
    """The home that this command is about; raises NoHome."""
    from mha.store import git
    from mha.store.home import locate

    stated = context.find_root().obj
    start = Path.cwd() if stated is None else stated  # this folder may have been deleted
    home = locate(stated, start, mending=mending)
    git.require_version(home.git_noted)
    return home


def home_here(context: typer.Context) -> "Home | None":
    """The home that this command may be about: the one that is named or contains this folder, or none."""
    from mha.errors import NoHome

    try:
        return open_home(context)
    except NoHome:
        if context.find_root().obj is not None:
            raise
        return None


def draft_paths(home: "Home", typed: list[str] | None) -> list[str]:
    """Paths of the draft, from the top of work/: as typed, or as a shell completed them from where it is."""
    work = os.path.realpath(home.work)
    resolved = [(path, os.path.relpath(os.path.abspath(path), work)) for path in typed or []]
    return [os.path.normpath(path) if below.startswith("..") else below for path, below in resolved]


def accepted(codes: list[str] | None, reason: str) -> dict[str, str]:
    """The codes of errors that are accepted, and why; raises UnknownCode or AcceptedWithoutReason."""
    if not codes:
        return {}
    from mha.core.model.codes import CODES
    from mha.errors import AcceptedWithoutReason, UnknownCode

    for code in codes:
        if code not in CODES:
            raise UnknownCode(code)
    if not reason.strip():
        raise AcceptedWithoutReason
    return dict.fromkeys(codes, reason)


def whoami(home: "Home | None" = None) -> "Author":
    """The person who acts, on a home that may have settings of its own."""
    from mha.store import author

    return author.whoami(None if home is None else home.git_dir / "config")


def preload(*modules: str) -> None:
    """Import modules beside what else is done; whoever needs them waits only for what is left of that."""

    def load() -> None:
        with suppress(BaseException):  # whatever goes wrong is said where they are needed
            for module in modules:
                import_module(module)

    Thread(target=load, daemon=True).start()


def end(code: ExitCode) -> None:
    """End the command with an exit code that is not 0."""
    if code is not ExitCode.DONE:
        raise typer.Exit(int(code))
