"""The kinds as `docs/formats.md` lists them at its end, made from their schemas."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mha.core.model.kinds import NAME_RULE, Kind
from mha.store import kind_files

KINDS = kind_files.built_in()
_SPACES = ("addresses", "services", "identities", "times", "policies")
_TITLE = "## Kinds\n"
_HEAD = f"""\
{_TITLE}
<!-- Made from the schemas by `pytest --rewrite tests/test_docs.py`; not edited by hand. -->

A file holds sections with many objects (`hosts:` and below it their names), or one object in each document (`kind:` and
`name:`). It may have both, in documents of their own. Where a file lies makes no difference: an object is known by its
kind and its name.
{NAME_RULE}

Within a name space a name stands once, without regard to case. Keys that begin with `x-` are taken everywhere, and are
yours. A value is quoted where YAML would read something else than text: dates, times, ranges of ports, IPv6 addresses.
`mha schema KIND` prints the schema from which this is made.
"""


def renewed(page: str) -> str:
    """The text of docs/formats.md with its section of kinds as the schemas are now."""
    above, _, _ = page.partition(_TITLE)
    kinds = [kind for space in _SPACES for kind in KINDS.by_name.values() if kind.space == space]
    return above + "\n".join([_HEAD, *_spaces(), *(line for kind in kinds for line in _section(kind))])


def examples(page: str) -> dict[str, str]:
    """The example of each kind, by its name, as the page has it."""
    _, _, section = page.partition(_TITLE)
    return dict(re.findall(r"^### ([a-z-]+)$.*?^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def _spaces() -> Iterator[str]:
    yield from ("| Name space | Kinds |", "|---|---|")
    for space in _SPACES:
        kinds = (kind.name for kind in KINDS.by_name.values() if kind.space == space)
        yield f"| {space} | {', '.join(f'[{name}](#{name})' for name in kinds)} |"
    yield ""


def _section(kind: Kind) -> Iterator[str]:
    yield from (f"### {kind.name}", "", str(kind.schema["description"]), "")
    short = f", short form `{kind.short.example}`" if kind.short else ""
    yield from (f"Section `{kind.section}`{short}.", "", "```yaml", kind.example, "```", "")
    yield from ("| Field | Value | Meaning |", "|---|---|---|")
    for name, part, required in _fields(kind.schema, kind.schema, ""):
        meaning = f"{part['description']}{' (required)' if required else ''}"
        yield f"| `{name}` | {_title(kind.schema, part)} | {meaning} |"
    yield ""


def _fields(root: Mapping[str, Any], schema: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any, bool]]:
    """Every field of a mapping and of what is in it: its name, what its schema says, and whether it is required."""
    for name, part in schema.get("properties", {}).items():
        whole = _resolved(root, part)
        yield f"{above}{name}", whole, name in schema.get("required", ())
        yield from _inner(root, whole, f"{above}{name}")


def _inner(root: Mapping[str, Any], part: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any, bool]]:
    if "properties" in part:
        yield from _fields(root, part, f"{name}.")
    for keyword in ("then", "else"):
        items = part.get("items", {})
        if keyword in items:
            yield from _fields(root, _resolved(root, items[keyword]), f"{name}[].")
    others = part.get("additionalProperties")
    if isinstance(others, dict) and "properties" in others:
        yield from _fields(root, others, f"{name}.NAME.")


def _resolved(root: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref")
    return {**(root["$defs"][reference.removeprefix("#/$defs/")] if reference else {}), **part}


def _title(root: Mapping[str, Any], part: Mapping[str, Any]) -> str:
    return str(_resolved(root, part)["title"]).replace("|", "\\|")
