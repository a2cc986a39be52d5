"""Commands about the configuration as objects: checking it, and what its parts are."""

from typing import Annotated

import typer

from mha.cli import completion, examples
from mha.cli.app import Json, app, draft_paths, end, home_here, open_home
from mha.cli.progress import shown


@app.command(epilog=examples.VALIDATE)
def validate(
    context: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also notices, and what rules allow")] = False,
    json: Json = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Answer in SARIF 2.1.0, for code hosts and editors")] = False,
) -> None:
    """Check the draft, or the published revision where there is none"""
    from mha.cli.render import checks as render
    from mha.operations import validation

    with shown("Checking"):
        found = validation.validate(open_home(context))
    end(render.validated(found, everything=everything, json=json, sarif=sarif))


@app.command(epilog=examples.EXPLAIN)
def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="A finding's code", autocompletion=completion.codes)
    ] = None,
) -> None:
    """Say what a code of `mha validate` means; without one, list them"""
    from mha.cli.render import checks as render
    from mha.core.model.codes import CODES

    if code is None:
        render.codes()
    elif code in CODES:
        render.explained(code)
    else:
        from mha.errors import UnknownCode

        raise UnknownCode(code)


@app.command(epilog=examples.SCHEMA)
def schema(
    context: typer.Context,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="A kind of objects", autocompletion=completion.kinds)
    ] = None,
    *,
    vscode: Annotated[
        bool, typer.Option("--vscode", help="Print the settings that let an editor check files as they are typed")
    ] = False,
) -> None:
    """Print the JSON Schema of a kind; without one, that of whole files"""
    from mha.cli.render import text as render
    from mha.operations import schemas

    if vscode:
        render.give_json(schemas.for_editor(open_home(context)))
        return
    home = home_here(context)
    render.give_json(schemas.of_files(home) if kind is None else schemas.of_kind(home, kind))


@app.command("where-used", epilog=examples.WHERE_USED)
def where_used(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="NAME", help="An object's name, or KIND/NAME")],
    *,
    indirect: Annotated[bool, typer.Option("--indirect", help="Also through groups and access roles")] = False,
    json: Json = False,
) -> None:
    """List every place where an object is named"""
    from mha.cli.render import objects as render
    from mha.operations import looking

    render.used(looking.where_used(open_home(context), what, indirect=indirect), json=json)


@app.command(epilog=examples.SEARCH)
def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A text, or an address, a network or a range")],
    *,
    json: Json = False,
) -> None:
    """Find objects and rules that hold a text, or contain an address"""
    from mha.cli.render import objects as render
    from mha.operations import looking

    render.hits(looking.find(open_home(context), text), json=json)


@app.command(epilog=examples.RENAME)
def rename(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="KIND/NAME", help="The object")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name")],
    *,
    json: Json = False,
) -> None:
    """Give an object another name in the draft, wherever it is named"""
    from mha.cli.render import objects as render
    from mha.operations import renaming

    render.refactored(renaming.rename(open_home(context), what, new), f"{what} is now {new}", json=json)


@app.command("rm", epilog=examples.RM)
def remove(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="KIND/NAME", help="The object")],
    *,
    replacement: Annotated[
        str | None, typer.Option("--replace-with", metavar="NAME", help="What is named in its place")
    ] = None,
    json: Json = False,
) -> None:
    """Take an object out of the draft; one that is used needs another in its place"""
    from mha.cli.render import objects as render
    from mha.operations import renaming

    done = renaming.remove(open_home(context), what, replacement=replacement)
    render.refactored(done, f"{what} is removed", json=json)


@app.command(epilog=examples.FMT)
def fmt(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files or folders of the draft")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say which files are not in the normal form")] = False,
    json: Json = False,
) -> None:
    """Bring YAML files of the draft into the normal form; comments stay"""
    from mha.cli.render import objects as render
    from mha.operations import normalising

    home = open_home(context)
    end(render.formatted(normalising.normalise(home, draft_paths(home, paths), check=check), check=check, json=json))
