"""Spelling: the documents of a file become objects, each of a kind, with a name and a value in the long form.

A document is a mapping of sections (`hosts:` and below it names), or one object with `kind:` and `name:`; or the whole
file is one object, because of its path.

Rule 1: how an object is spelled makes no difference afterwards: it has one long form, and each part of that has a line.
Rule 2: what is not understood is a problem; the rest of the file is read all the same.
Rule 3: keys that begin with x- belong to whoever writes the files, and name no object.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from mha.core import reader
from mha.core.model.kinds import NAME, NAME_RULE, Kind, Kinds
from mha.core.model.problems import Problem, listed, meant, quoted, sentence
from mha.core.model.references import Path, anchored

MAX_PROBLEMS = 100  # in a file
_NAME = re.compile(anchored(NAME))
_OPAQUE = "A file that holds no objects is kept out of `model.interpret` in mha.yaml."


class Object(NamedTuple):
    """One object as it is written in a file."""

    kind: Kind
    name: str
    value: dict[str, Any]  # the long form, without the name
    line: int  # of its name
    node: reader.Node
    words: Mapping[str, str] = MappingProxyType({})  # of the path of its file, where that says what it is

    @property
    def subject(self) -> str:
        """What messages call it: `host web-01`."""
        return f"{self.kind.name} {self.name}"

    def line_of(self, path: Path) -> int:
        """The line of a part of the long form, or of the nearest part above it that is written."""
        node, line = self.node, self.line
        if path and not isinstance(node, reader.Mapping):  # the short form
            line = node.line
            path = path[1:] if self.kind.short and self.kind.short.into else ()
        return line_of(node, path, line)


class Spelled(NamedTuple):
    """The objects of a file, and what is wrong with how it is spelled."""

    objects: list[Object]
    problems: list[Problem]


def spelled(documents: list[reader.Node], kinds: Kinds, *, path: str = "") -> Spelled:
    """The objects of a file; `path` is where it lies, for kinds that are whole files."""
    file = _File(kinds, Spelled([], []))
    whole = kinds.of_file(path)
    for index, node in enumerate(documents):
        if len(file.found.problems) >= MAX_PROBLEMS:
            break
        if isinstance(node, reader.Scalar) and node.value is None:
            continue
        if not isinstance(node, reader.Mapping):
            file.problem(
                node.line, "This document is no mapping.", "Write sections such as `hosts:`, or `kind:` and `name:`."
            )
        elif whole is None:
            file.document(node)
        elif index > 0:
            file.problem(node.line, f"{path} is {whole[0].title}, and has a second document.", "Keep one document.")
        else:
            kind, name, words = whole
            file.found.objects.append(Object(kind, name, plain(node), node.line, node, words))
    return file.found


def line_of(node: reader.Node, path: Path, line: int = 1) -> int:
    """The line of a part of a node, or of the nearest part above it that is there; `line` is that of the node."""
    for step in path:
        found = _part(node, step)
        if found is None:
            return line
        node, line = found
    return line


def plain(node: reader.Node) -> Any:
    """A node as JSON knows it: keys are texts, and 1.0 is 1."""
    sort = type(node)
    if sort is reader.Scalar:
        value = node.value  # type: ignore[union-attr]
        return int(value) if type(value) is float and value.is_integer() else value
    if sort is reader.Mapping:
        return {str(key.value): plain(value) for key, value in node.entries}  # type: ignore[union-attr]
    return [plain(item) for item in node.items]  # type: ignore[union-attr]


def _part(node: reader.Node, step: str | int) -> tuple[reader.Node, int] | None:
    match node:
        case reader.Mapping(entries=entries):
            return next(((value, key.line) for key, value in entries if str(key.value) == str(step)), None)
        case reader.Sequence(items=items) if isinstance(step, int) and step < len(items):
            return items[step], items[step].line
    return None


class _File(NamedTuple):
    """A file while it is read."""

    kinds: Kinds
    found: Spelled

    def problem(self, line: int, message: str, hint: str) -> None:
        self.found.problems.append(Problem(line, "misspelt", message, hint))

    def document(self, node: reader.Mapping) -> None:
        fields = {key.value: value for key, value in node.entries}
        if "kind" in fields:
            self._one(node, fields)
        else:
            self._sections(node, fields)

    def _one(self, node: reader.Mapping, fields: dict[Any, reader.Node]) -> None:
        kind = self._kind(fields["kind"])
        if kind is None:
            return
        name = fields.get("name")
        if name is None:
            self.problem(node.line, f"This document is {kind.title} without a name.", "Write `name:` below `kind:`.")
            return
        value = {str(key): plain(child) for key, child in fields.items()}
        del value["kind"], value["name"]
        if not self.kinds.by_section.keys().isdisjoint(value):
            self._no_sections(kind, node, value)
        self._object(kind, name, value, node)

    def _no_sections(self, kind: Kind, node: reader.Mapping, value: dict[str, Any]) -> None:
        for key, _ in node.entries:
            if key.value in self.kinds.by_section and key.value not in kind.fields:
                message = f"The section {quoted(key.value)} stands in a document that is {kind.title}."
                self.problem(key.line, message, "Put a line `---` before it, or write it in a file of its own.")
                del value[str(key.value)]

    def _kind(self, node: reader.Node) -> Kind | None:
        said = node.value if isinstance(node, reader.Scalar) else None
        kind = self.kinds.by_name.get(said) if isinstance(said, str) else None
        if kind is not None and kind.section is not None:
            return kind
        known = [kind.name for kind in self.kinds.by_section.values()]
        self.problem(
            node.line,
            f"{quoted(plain(node))} is no kind.",
            self._did_you_mean(said, known) or f"Kinds are {listed(known)}.",
        )
        return None

    def _sections(self, node: reader.Mapping, fields: dict[Any, reader.Node]) -> None:
        for key, body in node.entries:
            kind = self.kinds.by_section.get(key.value)  # type: ignore[arg-type]
            if kind is not None:
                self._section(kind, body)
            elif not str(key.value).startswith("x-"):
                self.problem(key.line, f"{quoted(key.value)} is no section.", self._no_section(key.value, fields))
                if len(self.found.problems) >= MAX_PROBLEMS:
                    return

    def _no_section(self, key: Any, fields: dict[Any, reader.Node]) -> str:
        if "name" in fields:
            return "Write `kind:` in this document, with the kind of the object."
        return self._did_you_mean(key, [*self.kinds.by_section, "kind"]) or _OPAQUE

    def _did_you_mean(self, said: Any, known: list[str]) -> str | None:
        found = meant(said, known) if isinstance(said, str) else None
        return f"Did you mean `{found}`?" if found else None

    def _section(self, kind: Kind, body: reader.Node) -> None:
        if isinstance(body, reader.Scalar) and body.value is None:
            return
        if not isinstance(body, reader.Mapping):
            message = f"The section `{kind.section}` is no mapping."
            self.problem(body.line, message, "Write `name: value` lines below it.")
            return
        for name, value in body.entries:
            if not str(name.value).startswith("x-"):
                self._entry(kind, name, value)

    def _entry(self, kind: Kind, name: reader.Scalar, body: reader.Node) -> None:
        value = plain(body)
        if value is None:
            value = {}
        elif not isinstance(body, reader.Mapping):
            long = kind.short.long(value) if kind.short else None
            if long is None:
                self.problem(body.line, *_no_short_form(kind, name.value, value))
                return
            value = long
        self._object(kind, name, value, body)

    def _object(self, kind: Kind, name: reader.Node, value: dict[str, Any], node: reader.Node) -> None:
        said = name.value if isinstance(name, reader.Scalar) else None
        if type(said) is not str or not _NAME.match(said) or said in self.kinds.words or said.startswith("x-"):
            self.problem(name.line, f"{quoted(plain(name))} is no name for {kind.title}.", self._no_name(said))
        if type(said) is str:
            self.found.objects.append(Object(kind, said, value, name.line, node))

    def _no_name(self, said: Any) -> str:
        match said:
            case str() if said in self.kinds.words:
                return f"`{said}` has a meaning of its own where names stand; choose another."
            case str() if said.startswith("x-"):
                return "What begins with x- is no object; choose another name."
            case bool() | int() | float():
                return f'YAML does not read it as text. Write "{quoted(said)[1:-1]}", here and wherever it is named.'
        return NAME_RULE


def _no_short_form(kind: Kind, name: Any, value: Any) -> tuple[str, str]:
    names = kind.schema.get("required") or kind.fields
    if kind.short is None:
        fields = f"fields below {quoted(name)}, such as {listed(names)}" if names else f"a mapping below {quoted(name)}"
        return sentence(f"{kind.title} has no short form"), f"Write {fields}."
    example = f"it as `{kind.short.example}`, or write " if kind.short.example else ""
    fields = listed(names) if names else "a mapping"
    return f"{quoted(value)} is not the short form of {kind.title}.", f"Write {example}{fields} below the name."
