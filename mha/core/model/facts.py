"""Facts: what one file contributes to the configuration, whatever the other files hold.

Rule: a file's facts follow from its bytes, its path and the kinds alone, so they are the same wherever they are worked
out, and can be kept by content.
"""

from typing import Any, NamedTuple

from mha.core import reader
from mha.core.model import references, secrets, spelling, validity
from mha.core.model.findings import Finding
from mha.core.model.kinds import Kinds
from mha.core.model.problems import Problem
from mha.core.model.references import Path, Sense, Target
from mha.core.model.spelling import Object
from mha.core.scalars import Unreadable

Value = dict[str, Any]
Wanted = tuple[tuple[str, tuple[str, ...]], ...]  # name spaces in which a name is looked for, each with its kinds


class Definition(NamedTuple):  # made for each object: a tuple is made in a third of a dataclass's time
    """A name that is made known: an object's own, or one that stands in an object."""

    kind: str
    space: str
    name: str
    path: str
    line: int
    value: Value | None  # the long form; None: the name stands in the object `owner`
    lines: tuple[int, ...] = ()  # of its rules
    owner: str = ""  # its subject

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}" if self.value is not None else f"{self.name} of {self.owner}"


class Reference(NamedTuple):
    """A name that stands for an object."""

    name: str
    wanted: Wanted
    path: str
    line: int
    kind: str  # of the object in which it stands
    owner: str  # the name of that object
    at: Path  # where in its value
    rule: str = ""  # what the rule is called in which it stands
    needed: bool = True  # False: it may also be a text of its own
    is_key: bool = False  # it is the key of what stands at `at`

    @property
    def subject(self) -> str:
        """What messages call the place where it stands."""
        return f"rule {self.rule} of {self.kind} {self.owner}" if self.rule else f"{self.kind} {self.owner}"


class Facts(NamedTuple):
    """What a file defines, what it refers to, and what is wrong in it alone."""

    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    findings: tuple[Finding, ...] = ()


def of_opaque(path: str, data: bytes) -> Facts:
    """The facts of a YAML file that is not interpreted: whether every reader understands it alike."""
    try:
        reader.read(data)
    except Unreadable as error:
        return Facts(findings=(_unreadable(path, error),))
    return Facts()


def of_file(path: str, data: bytes, kinds: Kinds) -> Facts:
    """The facts of a file that holds objects."""
    try:
        documents = reader.read(data)
    except Unreadable as error:
        return Facts(findings=(_unreadable(path, error),))
    found = spelling.spelled(documents, kinds, path=path)
    file = _File(path)
    for problem in [*found.problems, *secrets.problems(data.decode(), documents)]:
        file.problem(problem, "")
    for each in found.objects:
        file.add(each)
    return Facts(tuple(file.definitions), tuple(file.references), tuple(file.findings))


def rule_name(value: Value, at: Path) -> str:
    """What messages call the rule in which a part of a value lies: its id, its name, or its place; or nothing."""
    if len(at) < 2 or at[0] != "rules" or not isinstance(at[1], int):  # rules, place
        return ""
    rule = value["rules"][at[1]]
    written = rule if isinstance(rule, dict) else {}
    return str(written.get("id") or written.get("name") or f"#{at[1] + 1}")


def _lines(found: Object) -> tuple[int, ...]:
    rules = found.value.get("rules")
    return tuple(found.line_of(("rules", place)) for place in range(len(rules))) if isinstance(rules, list) else ()


def _unreadable(path: str, error: Unreadable) -> Finding:
    return Finding("unreadable", path, error.line, "", error.problem, error.hint)


class _File:
    """The facts of a file while they are collected."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.definitions: list[Definition] = []
        self.references: list[Reference] = []
        self.findings: list[Finding] = []

    def problem(self, problem: Problem, subject: str) -> None:
        self.findings.append(Finding(problem.code, self.path, problem.line, subject, problem.message, problem.hint))

    def add(self, found: Object) -> None:
        problems = validity.problems(found)
        for problem in problems:
            self.problem(problem, found.subject)
        kind = found.kind
        lines = _lines(found)
        self.definitions.append(
            Definition(kind.name, kind.space, found.name, self.path, found.line, found.value, lines)
        )
        if kind.names is None or any(problem.code == "invalid-field" for problem in problems):
            return  # names are looked for where the value has the form that the schema says
        for name in references.names(kind.names, found.value):
            self.name(found, name)

    def name(self, found: Object, name: references.Name) -> None:
        line = found.line_of(name.path)
        spaces = tuple((_scoped(target, found), target.kinds) for target in name.mark.targets)
        if name.mark.sense is Sense.DEFINES:
            self.definitions.append(
                Definition(found.kind.name, spaces[0][0], name.text, self.path, line, None, owner=found.subject)
            )
            return
        rule = rule_name(found.value, name.path)
        needed = name.mark.sense is Sense.REFERS
        self.references.append(
            Reference(
                name.text, spaces, self.path, line, found.kind.name, found.name, name.path, rule, needed, name.is_key
            )
        )


def _scoped(target: Target, found: Object) -> str:
    """A name space; where the path of the file says whose, it is one of its own."""
    return f"{target.space}/{found.words.get(target.scope, '')}" if target.scope else target.space
