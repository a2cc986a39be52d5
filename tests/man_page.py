"""The manual page, docs/man/mha.1, made from the commands themselves and from the pages that say the rest."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from mha import __version__
from mha.cli import main
from tests import cli_reference

_FORMATS = Path(__file__).parent.parent / "docs" / "formats.md"
_PROSE = """\
Several management servers hold one configuration of YAML files.
One of them is Active: its administrators edit the files in *work/* and publish them as revisions.
The others are Standbys: they hold the same revisions, and are read-only.
An administrator makes a Standby the Active with `mha promote`; this never happens by itself.
If two servers publish on top of the same revision, that is a collision, and both sides are kept.

Programs read *current/*, on any server: it is always one whole published revision.

A URL is an absolute path, or `ssh://user@host[:port]/path`.
REV is a revision's number (42 or #42), its id, or the beginning of its id.
Answers go to stdout; remarks and errors go to stderr.
`mha COMMAND --help` shows what follows for one command.
"""
_SEE_ALSO = ("git", "ssh", "authorized_keys(5)", "flock")


def page() -> str:
    """The text of docs/man/mha.1."""
    root = typer.main.get_command(main.commands())
    parts = [
        '.\\" Made from the program by `pytest --rewrite tests/test_docs.py`; not edited by hand.',
        f'.TH MHA 1 "" "mha {__version__}" "Management high availability"',
        ".SH NAME",
        f"mha \\- {_text(_lowered(root.help or ''))}",
        ".SH SYNOPSIS",
        _bold(cli_reference.usage("mha", root)),
        ".SH DESCRIPTION",
        *_paragraphs(_PROSE),
        ".SH OPTIONS",
        *_parameters(root),
        ".SH COMMANDS",
        *(line for name, command in cli_reference.commands().items() for line in _command(name, command)),
        ".SH EXIT STATUS",
        *_table("Exit codes"),
        ".SH ENVIRONMENT",
        *_table("Environment"),
        ".SH FILES",
        *_table("A server's home"),
        ".PP",
        _text("mha.yaml, among the published files, lists the servers and holds the settings:"),
        *_literal(_example()),
        ".SH EXAMPLES",
        *_paragraphs("A first server, a second one on another machine, and a change:"),
        *_literal(_STORY),
        ".SH SEE ALSO",
        ", ".join(f"\\fB{name.partition('(')[0]}\\fR({name.partition('(')[2] or '1)'}" for name in _SEE_ALSO),
    ]
    return "\n".join(parts) + "\n"


_STORY = """\
fw-a$ mha init /srv/mha --name fw-a --cluster acme --url ssh://mha@fw-a.example.org/srv/mha --from files
fw-b$ mha key /srv/mha --name fw-b
fw-a$ mha server add fw-b ssh://mha@fw-b.example.org/srv/mha --key 'ssh-ed25519 AAAA...'
fw-b$ mha join ssh://mha@fw-a.example.org/srv/mha /srv/mha --name fw-b --trust 5ce5aa7218f7b0ef
fw-a$ cd /srv/mha && vi work/objects/hosts.yaml && mha diff --lines
fw-a$ mha publish -m 'NET-1530: web-03'
fw-b$ mha --home /srv/mha promote --reason 'fw-a is taken down'
"""


def _command(name: str, command: Any) -> Iterator[str]:
    yield f".SS {_bold(cli_reference.usage(name, command))}"
    yield f"{_text(command.help)}."
    yield from _parameters(command)
    for title, text in cli_reference.remarks(command):
        yield ".PP"
        yield _text(title or text)
        if title:
            yield from _literal("\n".join(line[4:] for line in text.splitlines()))


def _parameters(command: Any) -> Iterator[str]:
    for parameter in cli_reference.parameters(command):
        yield ".TP"
        yield _bold(cli_reference.names(parameter, quote=""))
        yield f"{_text(cli_reference.meaning(parameter))}."


def _table(heading: str) -> Iterator[str]:
    """The rows of the first table below a heading of docs/formats.md."""
    section = _FORMATS.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [re.split(r" \| ", line.strip("| ")) for line in section.splitlines() if line.startswith("| ")]
    for first, *rest in rows[1:]:
        yield ".TP"
        yield _bold(first.replace("`", ""))
        yield f"{_text(' '.join(rest))}."


def _example() -> str:
    found = re.search(r"```yaml\n(.*?)```", _FORMATS.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        yield ".PP"
        yield from (_text(line) for line in paragraph.splitlines())


def _literal(text: str) -> Iterator[str]:
    """Lines as they are, indented."""
    yield from (".PP", ".RS 4", ".nf", *(_escaped(line) for line in text.rstrip("\n").splitlines()), ".fi", ".RE")


def _bold(text: str) -> str:
    return f"\\fB{_escaped(text)}\\fR"


def _text(text: str) -> str:
    """Prose in Markdown as roff: what stands in backquotes or asterisks is bold."""
    parts = re.split(r"[`*]", text)
    return "".join(_bold(part) if n % 2 else _escaped(part) for n, part in enumerate(parts))


def _escaped(text: str) -> str:
    plain = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("^", "\\(ha").replace("~", "\\(ti")
    )
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain.replace("`", "\\(ga")


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
