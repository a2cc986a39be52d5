"""Reading `mha.yaml`.

Rule: keys that this mha does not know are kept and named, not refused, so that
an older server can follow a newer one; publishing them is refused (see `unknown`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mha.core import names, reader, scalars
from mha.core.cluster import FILE, FORMAT, Cluster, Model, OnIsolated, Role, Server, Settings, whole_key
from mha.core.model import patterns
from mha.core.model.codes import CODES
from mha.core.model.severity import Severity
from mha.errors import InvalidClusterFile, InvalidName, InvalidUrl, NewerFormat

_HOLDS = "mha.yaml holds cluster, servers (each with url, role and key) and settings; `man mha` has an example."
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_KNOWN = {
    "": {"cluster", "format", "servers", "settings", "administrators", "model"},
    "settings": {"sync-interval", "wait-for", "on-isolated", "paused"},
    "server": {"url", "key", "role", "excluded"},
    "model": {"interpret", "severity"},
}
_T = TypeVar("_T")


def parse(data: bytes) -> Cluster:
    """Read `mha.yaml`; raises InvalidClusterFile with the line, or NewerFormat."""
    try:
        documents = reader.read(data)
    except scalars.Unreadable as error:
        raise InvalidClusterFile(error.line, error.problem, error.hint) from error
    if len(documents) != 1:
        line = documents[1].line if documents else 1
        raise InvalidClusterFile(
            line, "One document is expected.", "Keep the first, with the cluster, its servers and its settings."
        )
    file = _File()
    top = file.mapping(documents[0], "", "the file")
    _require_format(top)
    settings = file.mapping(top["settings"], "settings", "settings") if "settings" in top else {}
    return Cluster(
        name=_checked(_required(top, "cluster", 1), names.server_name),
        servers=file.servers(_required(top, "servers", 1)),
        settings=_settings(settings),
        model=file.model(top["model"]) if "model" in top else Model(),
        unknown=tuple(sorted(file.unknown)),
    )


def _settings(fields: Mapping[str, reader.Node]) -> Settings:
    usual = Settings()
    return Settings(
        _seconds(fields["sync-interval"]) if "sync-interval" in fields else usual.sync_interval_seconds,
        _count(fields["wait-for"]) if "wait-for" in fields else usual.wait_for,
        _checked(fields["on-isolated"], _on_isolated) if "on-isolated" in fields else usual.on_isolated,
        _checked(fields["paused"], _reason("paused")) if "paused" in fields else usual.paused,
    )


class _File:
    """Collects the unknown keys while the known ones are read."""

    def __init__(self) -> None:
        self.unknown: list[tuple[int, str]] = []

    def mapping(self, node: reader.Node, known: str, what: str) -> dict[str, reader.Node]:
        """A mapping's entries by name; `known` says where it stands, and so which names this mha knows."""
        entries = _entries(node, what)
        self.unknown += [
            (key.line, str(key.value))
            for key, _ in entries
            if str(key.value) not in _KNOWN[known] and not str(key.value).startswith("x-")
        ]
        return {str(key.value): value for key, value in entries}

    def servers(self, node: reader.Node) -> dict[str, Server]:
        listed = [self.server(name, fields) for name, fields in _entries(node, "servers")]
        return {server.name: server for server in listed}

    def server(self, name: reader.Scalar, node: reader.Node) -> Server:
        fields = self.mapping(node, "server", str(name.value))
        return Server(
            name=_checked(name, names.server_name),
            url=_checked(_required(fields, "url", name.line), names.url),
            role=_checked(_required(fields, "role", name.line), _role),
            key=_checked(fields["key"], whole_key) if "key" in fields else None,
            excluded=_checked(fields["excluded"], _reason("excluded")) if "excluded" in fields else "",
        )

    def model(self, node: reader.Node) -> Model:
        fields = self.mapping(node, "model", "model")
        usual = Model()
        return Model(
            interpret=_patterns(fields["interpret"]) if "interpret" in fields else usual.interpret,
            severity=self.severity(fields["severity"]) if "severity" in fields else usual.severity,
        )

    def severity(self, node: reader.Node) -> dict[str, Severity]:
        chosen = _entries(node, "severity")
        self.unknown += [(key.line, str(key.value)) for key, _ in chosen if str(key.value) not in CODES]
        return {str(key.value): _checked(value, _severity) for key, value in chosen}


def _require_format(top: Mapping[str, reader.Node]) -> None:
    found = _count(top["format"]) if "format" in top else FORMAT
    if found > FORMAT:
        raise NewerFormat(FILE, found, FORMAT)


def _required(fields: Mapping[str, reader.Node], name: str, line: int) -> reader.Node:
    if name not in fields:
        raise InvalidClusterFile(line, f"{name} is missing.", _HOLDS)
    return fields[name]


def _entries(node: reader.Node, what: str) -> tuple[tuple[reader.Scalar, reader.Node], ...]:
    if not isinstance(node, reader.Mapping):
        raise InvalidClusterFile(node.line, f"{what} must be a mapping.", "Write `name: value` lines below it.")
    return node.entries


def _checked(node: reader.Node, check: Callable[[str], _T]) -> _T:
    try:
        return check(str(_scalar(node)))
    except (InvalidName, InvalidUrl) as error:
        raise InvalidClusterFile(node.line, error.message, error.hint) from error
    except ValueError as error:
        raise InvalidClusterFile(node.line, str(error), _HOLDS) from error


def _scalar(node: reader.Node) -> Any:
    if not isinstance(node, reader.Scalar):
        raise InvalidClusterFile(node.line, "One word is expected here.", _HOLDS)
    return node.value


def _role(text: str) -> Role:
    if text not in tuple(Role):
        raise ValueError(f"{text!r} is not a role: primary or secondary.")
    return Role(text)


def _on_isolated(text: str) -> OnIsolated:
    if text not in tuple(OnIsolated):
        raise ValueError(f"{text!r} is no choice for on-isolated: {' or '.join(OnIsolated)}.")
    return OnIsolated(text)


def _reason(what: str) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if not text.strip():
            raise ValueError(f"{what} needs a reason: a sentence in quotes.")
        return text

    return checked


def _severity(text: str) -> Severity:
    if text not in tuple(Severity):
        raise ValueError(f"{text!r} is no severity: {', '.join(Severity)}.")
    return Severity(text)


def _patterns(node: reader.Node) -> tuple[str, ...]:
    if not isinstance(node, reader.Sequence):
        raise InvalidClusterFile(node.line, "interpret must be a list of patterns.", 'Write ["objects/**"].')
    return tuple(_checked(item, _pattern) for item in node.items)


def _pattern(text: str) -> str:
    try:
        patterns.compiled(text)
    except re.error as error:
        raise ValueError(f"{text!r} has a word in braces twice.") from error
    return text


def _count(node: reader.Node) -> int:
    value = _scalar(node)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidClusterFile(node.line, f"{value!r} is not a whole number from 0 on.", "Write a number: 2.")
    return value


def _seconds(node: reader.Node) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", str(_scalar(node)))
    if match is None:
        raise InvalidClusterFile(node.line, "This is not a duration.", "Write a number with s, m or h: 60s.")
    return int(match[1]) * _SECONDS[match[2]]
