r"""Kinds of objects, read from their schemas.

A kind is a JSON Schema of the long form of its objects, and a key `x-mha` at its top:

    kind, section   `host` in documents with `kind:`, `hosts` above many objects
    space           the name space: addresses, services, identities, times, policies, or one of the kind's own
    short           {"into": "address"}: a value that is no mapping goes into that field;
                    {"pattern": "^(?P<first>[^-]+)-(?P<last>[^-]+)$"}: a text is taken apart into fields
    files           patterns of the paths whose files are one object each; it is named by the words in braces, or, where
                    the pattern has other wildcards, by the path: `config/{org}/org.yaml`
    ascending       two fields with addresses, of which the second may not be below the first
    example         lines of YAML

Rule 1: what is special about a kind stands in its schema; a kind of a store is treated as one of mha's own.
Rule 2: schemas come in as values. Those of mha itself are trusted; `custom.py` judges others.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from mha.core.model import patterns, references, schemas, validators

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

# Those that end up behind `layer:`, before `/` in commands, and in YAML without quotes.
NAME = "^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}$"
NAME_RULE = "A name has letters, digits and _ . - @ +, begins with a letter, a digit or _, and has at most 100 of them."


class Short(NamedTuple):
    """How the short form of an object becomes the long one."""

    into: str | None
    pattern: re.Pattern[str] | None
    written: str  # the pattern as it stands in the schema
    numbers: frozenset[str]  # the fields in which digits are a whole number
    example: str

    def long(self, value: Any) -> dict[str, Any] | None:
        """The long form of a value that is no mapping; None where it is no short form."""
        if self.into is not None:
            return {self.into: value}
        if self.pattern is None or not isinstance(value, str) or not validators.matcher(self.written)(value):
            return None  # told by the validator: Python's patterns can take time without end
        found = self.pattern.search(value)
        if found is None:
            return None
        return {key: self._read(key, text) for key, text in found.groupdict().items() if text is not None}

    def _read(self, key: str, text: str) -> str | int:
        return int(text) if key in self.numbers and text.isdecimal() else text


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of objects."""

    name: str
    section: str | None  # None: whole files only
    space: str
    title: str  # with its article: what messages call an object
    schema: Mapping[str, Any]
    short: Short | None = None
    files: tuple[str, ...] = ()
    ascending: tuple[str, str] | None = None
    example: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields of an object."""
        return tuple(self.schema.get("properties", {}))

    @cached_property
    def names(self) -> references.Step | None:
        """How to find the names in an object."""
        return references.plan(self.schema)

    @cached_property
    def validator(self) -> "Draft202012Validator":
        """What says whether a long form is valid."""
        return validators.compiled(self.schema)


@dataclass(frozen=True, eq=False)
class Kinds:
    """All kinds that a store knows, by name."""

    by_name: Mapping[str, Kind]

    @cached_property
    def by_section(self) -> dict[str, Kind]:
        """The kinds that have a section, by its name."""
        return {kind.section: kind for kind in self.by_name.values() if kind.section is not None}

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that stand where names do and are none, such as `any`: no object is called so."""
        found = (references.mark(part) for kind in self.by_name.values() for part in schemas.every(kind.schema))
        return frozenset(word for mark in found if mark for word in mark.words)

    @cached_property
    def _files(self) -> list[tuple[str, Kind]]:
        """Patterns of paths, those first that say most."""
        found = [(pattern, kind) for kind in self.by_name.values() for pattern in kind.files]
        return sorted(found, key=lambda item: len(re.sub(r"[*?]+|\{[a-z]+\}", "", item[0])), reverse=True)

    def of_file(self, path: str) -> tuple[Kind, str, dict[str, str]] | None:
        """The kind of the object that a whole file is, its name, and the words of its path; None for other files."""
        for pattern, kind in self._files:
            words = patterns.words(pattern, path)
            if words is not None:
                by_words = words and not re.search("[*?]", pattern)
                return kind, "/".join(words.values()) if by_words else path, words
        return None


def kind(schema: Mapping[str, Any]) -> Kind:
    """The kind that a schema describes."""
    said = schema["x-mha"]
    return Kind(
        name=said["kind"],
        section=said.get("section"),
        space=said["space"],
        title=schema.get("title", f"a {said['kind']}"),
        schema=schema,
        short=_short(schema, said["short"]) if "short" in said else None,
        files=tuple(said.get("files", ())),
        ascending=(said["ascending"][0], said["ascending"][1]) if "ascending" in said else None,
        example="\n".join(said.get("example", ())),
    )


def together(found: Iterable[Kind]) -> Kinds:
    """Several kinds, each of another name and section."""
    return Kinds({kind.name: kind for kind in found})


def _short(schema: Mapping[str, Any], said: Mapping[str, str]) -> Short:
    pattern = re.compile(references.anchored(said["pattern"])) if "pattern" in said else None
    fields = schema.get("properties", {})
    numbers = {
        key for key in (pattern.groupindex if pattern else ()) if "integer" in schemas.types(schema, fields[key])
    }
    return Short(said.get("into"), pattern, said.get("pattern", ""), frozenset(numbers), said.get("example", ""))
