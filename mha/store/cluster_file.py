"""Edits of `mha.yaml` that change the lines of one server or setting, or the roles of all, and no other byte.

ruamel.yaml says where a server's lines begin and end. The text is cut there: written
anew by any library, other lines would change their spaces and comments their place.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode

PAUSED = "paused"
EXCLUDED = "excluded"
_ALIAS = re.compile(r"\*[^\s,\]{}]+")


def add_server(data: bytes, *, name: str, url: str, key: str | None, role: str) -> bytes:
    """`mha.yaml` with one more server, after the others."""
    text = data.decode()
    servers = _servers(text)
    fields = [f'url: "{url}"', *([f"key: {key}"] if key else []), f"role: {role}"]
    entry = f"{name}: {{{', '.join(fields)}}}"
    return _added(text, servers, entry).encode()


def remove_server(data: bytes, *, name: str) -> bytes:
    """`mha.yaml` without a server; the comments above it stay."""
    text = data.decode()
    return _removed(text, _servers(text), name).encode()


def set_paused(data: bytes, why: str | None) -> bytes:
    """`mha.yaml` with the reason for a pause among its settings, or with None without one."""
    return _with_reason(data.decode(), lambda text: _mapping(text, "settings"), "settings", PAUSED, why).encode()


def set_excluded(data: bytes, *, name: str, why: str | None) -> bytes:
    """`mha.yaml` with the reason why a server is excluded, or with None without one."""

    def server(text: str) -> "MappingNode":
        found: MappingNode = next(fields for key, fields in _servers(text).value if key.value == name)
        return found

    return _with_reason(data.decode(), server, name, EXCLUDED, why).encode()


def _with_reason(
    text: str, place: "Callable[[str], MappingNode | None]", called: str, key: str, why: str | None
) -> str:
    """A text in whose mapping, at a place, a key holds a reason, or is not."""
    mapping = place(text)
    if mapping is not None and any(each.value == key for each, _ in mapping.value):
        text = _removed(text, mapping, key)
        mapping = place(text)
    if why is None:
        return text
    entry = f"{key}: {json.dumps(why, ensure_ascii=False)}"
    if mapping is None:
        return _added(text, _top(text), f"{called}: {{{entry}}}")
    return _added(text, mapping, entry)


def set_roles(data: bytes, roles: Mapping[str, str]) -> bytes:
    """`mha.yaml` with the roles of its servers as given; only the words that differ are written.

    A word that others refer to, or that refers to another, is written out for each of them.
    """
    text = data.decode()
    spans = []
    for name, fields in _servers(text).value:
        key, node = next((key, value) for key, value in fields.value if key.value == "role")
        start, end = _span(text, key, node)
        if node.value != roles[name.value] or text[start] in "&*":
            spans.append((start, end, roles[name.value]))
    for start, end, word in sorted(spans, reverse=True):
        text = text[:start] + word + text[end:]
    return text.encode()


def _span(text: str, key: Any, node: Any) -> tuple[int, int]:
    """Where a field's value stands; of an alias, where it is and not where what it means is."""
    if node.start_mark.index >= key.end_mark.index:
        start = node.start_mark.index
        return start, start + len(text[start : node.end_mark.index].rstrip())
    alias = _ALIAS.search(text, key.end_mark.index)
    assert alias is not None
    return alias.span()


def _top(text: str) -> "MappingNode":
    """The whole file, with the places of its parts."""
    from ruamel.yaml import YAML

    found: MappingNode = YAML(typ="safe", pure=True).compose(text)
    return found


def _mapping(text: str, name: str) -> "MappingNode | None":
    return next((value for key, value in _top(text).value if key.value == name), None)


def _servers(text: str) -> "MappingNode":
    found = _mapping(text, "servers")
    assert found is not None
    return found


def _added(text: str, mapping: "MappingNode", entry: str) -> str:
    """One more entry, after the others."""
    if mapping.flow_style and not mapping.value:
        at = mapping.start_mark.index + 1
        return _spliced(text, at, at, entry)
    if mapping.flow_style:
        _, at = _span(text, *mapping.value[-1])
        return _spliced(text, at, at, f", {entry}")
    at = _after(text, *mapping.value[-1])
    newline = "\r\n" if "\r\n" in text else "\n"
    before = "" if text[:at].endswith("\n") else newline
    indent = " " * mapping.value[0][0].start_mark.column
    return _spliced(text, at, at, f"{before}{indent}{entry}{newline}")


def _removed(text: str, mapping: "MappingNode", name: str) -> str:
    """One entry less; of a block that holds no other, an empty mapping is left."""
    names = [key.value for key, _ in mapping.value]
    place = names.index(name)
    key, value = mapping.value[place]
    if not mapping.flow_style and len(names) == 1:
        return _spliced(text, key.start_mark.index, value.end_mark.index, "{}")
    if not mapping.flow_style:
        return _spliced(text, key.start_mark.index - key.start_mark.column, _after(text, key, value))
    if place + 1 < len(names):
        return _spliced(text, key.start_mark.index, mapping.value[place + 1][0].start_mark.index)
    start = _span(text, *mapping.value[place - 1])[1] if place else key.start_mark.index
    return _spliced(text, start, value.end_mark.index)


def _after(text: str, *parts: Any) -> int:
    """Where the line after a node, or a key and its node, begins: after its last part, for blocks end past comments."""
    node = _latest(parts)
    while isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        node = _latest(last if isinstance(last, tuple) else (last,))
    end = node.end_mark.index
    if text[end - 1] == "\n":
        return int(end)
    line_end = text.find("\n", end)
    return len(text) if line_end < 0 else line_end + 1


def _latest(parts: "tuple[Any, ...]") -> Any:
    """The one that stands last: an alias stands where its anchor does, so of an entry with one the key counts."""
    return max(parts, key=lambda part: part.start_mark.index)


def _spliced(text: str, start: int, end: int, new: str = "") -> str:
    return text[:start] + new + text[end:]
