"""The command line as `docs/cli.md` lists it, made from the commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer

from mha.cli import main

_HEAD = """\
# Command line

Made from the program by `pytest --rewrite tests/test_docs.py`; not edited by hand.

Answers go to stdout; remarks and errors go to stderr, as `Error:` and `Hint:`. [Formats](formats.md) has the exit codes
and what `--json` gives. `REV` is a revision's number (`42` or `#42`), its id, or the beginning of its id.
"""
_VALUES = {"int": "NUMBER", "path": "PATH"}


def commands() -> dict[str, Any]:
    """Every command by its full name, in the order of `mha --help`."""
    return dict(_below("mha", typer.main.get_command(main.commands())))


def reference() -> str:
    """The text of docs/cli.md."""
    sections = {"mha": typer.main.get_command(main.commands()), **commands()}
    return "\n".join([_HEAD, *(line for name, command in sections.items() for line in _section(name, command))])


def _below(name: str, group: Any) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(f"{name} {word}", command)
        else:
            yield f"{name} {word}", command


def _section(name: str, command: Any) -> list[str]:
    params = [p for p in command.params if "completion" not in p.name]
    rows = [f"| {_names(p)} | {_meaning(p)} |" for p in params]
    usage = " ".join([name, *(_usage(p) for p in params)])
    if hasattr(command, "commands"):
        usage += " COMMAND …"
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    return [f"## {name}", "", f"{command.help}.", "", f"    {usage}", "", *table]


def _usage(parameter: Any) -> str:
    shown = _word(parameter)
    if parameter.param_type_name == "option":
        shown = f"{parameter.opts[0]} {shown}".strip()
    return shown if parameter.required else f"[{shown}]"


def _names(parameter: Any) -> str:
    if parameter.param_type_name != "option":
        return f"`{_word(parameter)}`"
    names = sorted(parameter.opts, key=len)
    return ", ".join(f"`{name}`" for name in [*names[:-1], f"{names[-1]} {_word(parameter)}".strip()])


def _meaning(parameter: Any) -> str:
    notes = []
    if parameter.required and parameter.param_type_name == "option":
        notes.append("required")
    if parameter.envvar:
        notes.append(f"also `{parameter.envvar}`")
    return f"{parameter.help} ({', '.join(notes)})" if notes else str(parameter.help)


def _word(parameter: Any) -> str:
    """The word that stands for the value; none for a switch."""
    if getattr(parameter, "is_flag", False):
        return ""
    if parameter.param_type_name == "option":
        return next((word for kind, word in _VALUES.items() if parameter.type.name.startswith(kind)), "TEXT")
    word: str = (parameter.metavar or parameter.name).strip("[]. ").upper()
    return f"{word}…" if parameter.nargs == -1 else word
