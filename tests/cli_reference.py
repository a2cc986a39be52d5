"""The command line as `docs/cli.md` lists it, made from the commands themselves."""

from collections.abc import Iterator
from typing import Any

import typer

from mha.cli import examples, main

_HEAD = """\
# Command line

Made from the program by `pytest --rewrite tests/test_docs.py`; not edited by hand.

Answers go to stdout; remarks and errors go to stderr, as `Error:` and `Hint:`. [Formats](formats.md) has the exit
codes, [JSON](json.md) what `--json` gives. `REV` is a revision's number (`42` or `#42`), its id, or the beginning of
its id.
"""
METAVARS = {
    "HOME",
    "URL",
    "NAME",
    "SERVER",
    "REV",
    "N",
    "TEXT",
    "FILE",
    "DIR",
    "KEY",
    "ID",
    "SOURCE",
    "PATH",
    "A",
    "B",
    "CODE",
    "KIND",
    "KIND/NAME",
    "WHAT=SERVER",
    "NEW",
}


def commands() -> dict[str, Any]:
    """Every command by its full name, in the order of `mha --help`."""
    return dict(_below("mha", typer.main.get_command(main.commands())))


def groups() -> dict[str, Any]:
    """What has commands below it, by its full name: `mha` itself comes first."""
    return dict(_groups("mha", typer.main.get_command(main.commands())))


def reference() -> str:
    """The text of docs/cli.md."""
    sections = {"mha": groups()["mha"], **commands()}
    return "\n".join([_HEAD, *(line for name, command in sections.items() for line in _section(name, command))])


def _below(name: str, group: Any) -> Iterator[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(f"{name} {word}", command)
        else:
            yield f"{name} {word}", command


def _groups(name: str, group: Any) -> Iterator[tuple[str, Any]]:
    yield name, group
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _groups(f"{name} {word}", command)


def _section(name: str, command: Any) -> list[str]:
    rows = [f"| {names(p)} | {meaning(p)} |" for p in parameters(command)]
    table = ["| | |", "|---|---|", *rows, ""] if rows else []
    below = [line for title, text in remarks(command) for line in (*([title, ""] if title else []), text, "")]
    return [f"## {name}", "", f"{command.help}.", "", f"    {usage(name, command)}", "", *table, *below]


def parameters(command: Any) -> list[Any]:
    """What a command takes, without what Typer adds for shells."""
    return [p for p in command.params if "completion" not in p.name]


def usage(name: str, command: Any) -> str:
    """A command with all that it takes, on one line."""
    group = ["COMMAND …"] if hasattr(command, "commands") else []
    return " ".join([name, *(_usage(p) for p in parameters(command)), *group])


def remarks(command: Any) -> list[tuple[str, str]]:
    """What stands below a command's help, each part as title and text: examples are indented, sentences are not."""
    found = []
    for part in examples.plain(command.epilog).split("\n\n"):
        title, _, body = part.partition("\n")
        if title.startswith("Example"):
            found.append((title, "\n".join(f"    {line.strip()}" for line in body.splitlines())))
        elif part:
            found.append(("", " ".join(part.split())))
    return found


def _usage(parameter: Any) -> str:
    shown = word(parameter)
    if parameter.param_type_name == "option":
        shown = f"{parameter.opts[0]} {shown}".strip()
    return shown if parameter.required else f"[{shown}]"


def names(parameter: Any, quote: str = "`") -> str:
    """All names of a parameter, and the word for its value."""
    if parameter.param_type_name != "option":
        return f"{quote}{word(parameter)}{quote}"
    every = sorted(parameter.opts, key=len)
    return ", ".join(f"{quote}{name}{quote}" for name in [*every[:-1], f"{every[-1]} {word(parameter)}".strip()])


def meaning(parameter: Any) -> str:
    """What a parameter is for."""
    notes = []
    if parameter.required and parameter.param_type_name == "option":
        notes.append("required")
    if parameter.envvar:
        notes.append(f"also `{parameter.envvar}`")
    return f"{parameter.help} ({', '.join(notes)})" if notes else str(parameter.help)


def word(parameter: Any) -> str:
    """The word that stands for the value; none for a switch."""
    if getattr(parameter, "is_flag", False):
        return ""
    found = str(parameter.metavar or "").strip("[]. ")
    return f"{found}…" if parameter.nargs == -1 else found
