"""Configurations as people write and change them: objects in sections and documents of several files, each in a style.

A thing is written the same way as long as nothing about it changes, so that what was not touched keeps its bytes. The
writer knows nothing of how mha reads or merges.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

Value = dict[str, Any]
Name = tuple[str, str]  # kind and name
SECTIONS = {"host": "hosts", "group": "groups", "service": "services", "layer": "layers"}
SHORT = {"host": "address", "group": "include"}
PATHS = ["objects/a.yaml", "objects/b.yaml", "policies/c.yaml"]
WORDS = ["any", "web", "db", "mail", "dmz", "web-01", "db-01"]


@dataclass(frozen=True)
class Thing:
    """An object or a rule, and how it is written."""

    value: Value
    style: int  # what chances are taken with when it is written
    comment: str = ""  # above it
    behind: str = ""


@dataclass(frozen=True)
class Holder:
    """A file, as the names of what stands in its sections, and of what has a document there."""

    sections: tuple[Name, ...]
    documents: tuple[Name, ...]
    newline: str = "\n"
    heading: str = ""


@dataclass
class Configuration:
    things: dict[Name, Thing]
    files: dict[str, Holder]
    touched: set[Name] = field(default_factory=set)

    def copy(self) -> "Configuration":
        return Configuration(dict(self.things), dict(self.files))

    @property
    def values(self) -> dict[Name, Value]:
        """What it says."""
        return {name: thing.value for name, thing in self.things.items()}

    def written(self) -> dict[str, bytes]:
        """Its files."""
        found = {path: self._file(holder) for path, holder in self.files.items()}
        return {path: data for path, data in found.items() if data}

    def _file(self, holder: Holder) -> bytes:
        parts = []
        if holder.sections:
            lines = [f"# {holder.heading}", ""] if holder.heading else []
            for kind in dict.fromkeys(kind for kind, _ in holder.sections):
                lines.append(f"{SECTIONS[kind]}:")
                for name in (name for name in holder.sections if name[0] == kind):
                    lines += entry(name, self.things[name])
            parts.append("\n".join([*lines, ""]))
        parts += ["\n".join([*document(name, self.things[name]), ""]) for name in holder.documents]
        return "---\n".join(parts).replace("\n", holder.newline).encode()


def entry(name: Name, thing: Thing) -> list[str]:
    """An object in a section."""
    lines = [f"  # {thing.comment}"] if thing.comment else []
    behind = f"  # {thing.behind}" if thing.behind else ""
    short = SHORT.get(name[0], "")
    if list(thing.value) == [short] and thing.style % 2:
        return [*lines, f"  {name[1]}: {flow(thing.value[short])}{behind}"]
    if thing.style % 3 == 0 and name[0] != "layer":
        return [*lines, f"  {name[1]}: {flow(thing.value)}{behind}"]
    return [*lines, f"  {name[1]}:{behind}", *fields(thing.value, thing.style, 4)]


def document(name: Name, thing: Thing) -> list[str]:
    """An object in a document."""
    lines = [f"# {thing.comment}"] if thing.comment else []
    return [*lines, f"kind: {name[0]}", f"name: {name[1]}", *fields(thing.value, thing.style, 0)]


def fields(value: Value, style: int, column: int) -> list[str]:
    pad = " " * column
    lines = []
    for key, each in value.items():
        if key == "rules":
            lines.append(f"{pad}rules:")
            for thing in each:
                lines += rule(thing, column + 2)
        elif isinstance(each, list) and style % 5 == 0:
            lines += [f"{pad}{key}:", *(f"{pad}  - {flow(item)}" for item in each)]
        else:
            lines.append(f"{pad}{key}: {flow(each)}")
    return lines


def rule(thing: Thing, column: int) -> list[str]:
    pad = " " * column
    lines = [f"{pad}# {thing.comment}"] if thing.comment else []
    if thing.style % 2:
        return [*lines, f"{pad}- {flow(thing.value)}"]
    first, *others = fields(thing.value, thing.style, column + 2)
    return [*lines, f"{pad}- {first.strip()}", *others]


def flow(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
    return str(value)


class Author:
    """Somebody who writes and changes configurations."""

    def __init__(self, random: Random, sign: str) -> None:
        self.random = random
        self.sign = sign  # in the names and comments that come from this one
        self.number = 0

    def new(self, stem: str) -> str:
        self.number += 1
        return f"{stem}-{self.sign}{self.number}"

    def thing(self, value: Value) -> Thing:
        comment = self.new("note") if self.random.random() < 0.3 else ""
        behind = self.new("remark") if self.random.random() < 0.2 else ""
        return Thing(value, self.random.randrange(30), comment, behind)

    def address(self) -> str:
        return f"10.{self.random.randrange(250)}.{self.random.randrange(250)}.1"

    def cell(self) -> Any:
        words = self.random.sample(WORDS[1:], self.random.randint(1, 3))
        return self.random.choice([words[0], words, "any"])

    def rule(self) -> Thing:
        name = self.new("rule")
        ident = {"id": self.new("id")} if self.random.random() < 0.5 else {}
        action = self.random.choice(["accept", "accept", "drop"])
        cells = {"from": self.cell(), "to": self.cell(), "service": self.random.choice(["any", "http"])}
        return self.thing({"name": name, **ident, **cells, "action": action})

    def value(self, kind: str) -> Value:
        more: Value = {"comment": self.new("text")} if self.random.random() < 0.4 else {}
        match kind:
            case "host":
                return {"address": self.address(), **more}
            case "group":
                return {"include": self.random.sample(WORDS[1:], self.random.randint(1, 4)), **more}
            case "service":
                return {"protocol": "tcp", "port": self.random.sample(range(80, 99), 2), **more}
        return {"rules": [self.rule() for _ in range(self.random.randint(1, 5))], **more}

    def configuration(self) -> Configuration:
        made = Configuration({}, {path: self.holder() for path in PATHS})
        for kind in self.random.choices(list(SECTIONS), k=self.random.randint(1, 9)):
            self.add(made, kind)
        return made

    def holder(self) -> Holder:
        newline = "\r\n" if self.random.random() < 0.2 else "\n"
        return Holder((), (), newline, self.new("heading") if self.random.random() < 0.4 else "")

    def add(self, made: Configuration, kind: str) -> None:
        name = (kind, self.new(kind))
        made.things[name] = self.thing(self.value(kind))
        made.touched.add(name)
        self.place(made, name)

    def place(self, made: Configuration, name: Name) -> None:
        path = self.random.choice(PATHS)
        holder = made.files[path]
        if self.random.random() < 0.3 or name[0] == "layer":
            made.files[path] = replace(holder, documents=self.inserted(holder.documents, name))
        else:
            made.files[path] = replace(holder, sections=self.inserted(holder.sections, name))

    def inserted(self, names: tuple[Name, ...], name: Name) -> tuple[Name, ...]:
        at = self.random.randint(0, len(names))
        return (*names[:at], name, *names[at:])

    def change(self, made: Configuration) -> None:
        """One change of a configuration, of any sort."""
        if not made.things or self.random.random() < 0.25:
            self.add(made, self.random.choice(list(SECTIONS)))
            return
        name = self.random.choice(sorted(made.things))
        made.touched.add(name)
        verb = self.random.choice([self.remove, self.move, self.comment, self.edit, self.edit, self.edit])
        verb(made, name)

    def remove(self, made: Configuration, name: Name) -> None:
        del made.things[name]
        for path, holder in made.files.items():
            made.files[path] = replace(
                holder, sections=_without(holder.sections, name), documents=_without(holder.documents, name)
            )

    def move(self, made: Configuration, name: Name) -> None:
        thing = made.things[name]
        self.remove(made, name)
        made.things[name] = thing
        self.place(made, name)

    def comment(self, made: Configuration, name: Name) -> None:
        made.things[name] = replace(made.things[name], comment=self.new("note"))

    def edit(self, made: Configuration, name: Name) -> None:
        thing = made.things[name]
        if "rules" in thing.value:
            rules = self.edited_rules(list(thing.value["rules"]))
            made.things[name] = replace(thing, value={**thing.value, "rules": rules})
        else:
            made.things[name] = replace(thing, value=self.edited(thing.value))

    def edited(self, value: Value) -> Value:
        key = self.random.choice([*value, "comment"])
        old = value.get(key)
        if isinstance(old, list) and self.random.random() < 0.5 and len(old) > 1:
            return {**value, key: [item for item in old if item != old[0]]}
        if isinstance(old, list):
            return {**value, key: [*old, self.random.randint(1000, 2000) if key == "port" else self.new("member")]}
        if key == "comment" and old is not None and self.random.random() < 0.3:
            return {name: each for name, each in value.items() if name != key}
        if key in ("name", "id", "protocol"):
            return value
        return {**value, key: self.address() if key == "address" else self.new("text")}

    def edited_rules(self, rules: list[Thing]) -> list[Thing]:
        at = self.random.randrange(len(rules))
        match self.random.choice(["add", "add", "remove", "move", "edit", "edit", "note"]):
            case "add":
                rules.insert(self.random.randint(0, len(rules)), self.rule())
            case "remove" if len(rules) > 1:
                del rules[at]
            case "move":
                rules.insert(self.random.randrange(len(rules)), rules.pop(at))
            case "note":
                rules[at] = replace(rules[at], comment=self.new("note"))
            case _:
                rules[at] = replace(rules[at], value=self.edited(rules[at].value))
        return rules


def _without(names: Iterable[Name], name: Name) -> tuple[Name, ...]:
    return tuple(each for each in names if each != name)
