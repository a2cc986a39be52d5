"""Differences: what a change of files does to objects, in the words of administrators.

Rule 1: an object is known by its kind and name, wherever it is written.
Rule 2: a rule is known by its id, else by its name, and of several of one name by their order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mha.core.changes import Action
from mha.core.model.facts import Definition, Facts, Value
from mha.core.scalars import shown

_ARROW = "→"


class ObjectChange(NamedTuple):
    """What happened to one object."""

    action: Action
    kind: str
    name: str
    details: tuple[str, ...] = ()
    rules: int = 0  # that use it

    @property
    def subject(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}"


def between(changed: Mapping[str, tuple[Facts, Facts]]) -> list[ObjectChange]:
    """What happened to the objects of changed files, by path the old and the new facts."""
    before = objects(old for old, _ in changed.values())
    after = objects(new for _, new in changed.values())
    found = [_change(before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())]
    return [change for change in found if change is not None]


def objects(files: Iterable[Facts]) -> dict[tuple[str, str], Definition]:
    """The objects of files, by kind and name."""
    return {(each.kind, each.name): each for facts in files for each in facts.definitions if each.value is not None}


def _change(old: Definition | None, new: Definition | None) -> ObjectChange | None:
    if old is None:
        assert new is not None
        return ObjectChange(Action.ADDED, new.kind, new.name, tuple(_summary(new)))
    if new is None:
        return ObjectChange(Action.DELETED, old.kind, old.name)
    details = list(_fields(old.value or {}, new.value or {}, ""))
    if old.path != new.path:
        details.append(f"moved from {old.path} to {new.path}")
    return ObjectChange(Action.MODIFIED, new.kind, new.name, tuple(details)) if details else None


def _summary(new: Definition) -> Iterator[str]:
    value = new.value or {}
    for field in ("address", "fqdn", "first", "protocol", "port", "include"):
        if field in value:
            yield f"{field} {text(value[field])}"
    if isinstance(value.get("rules"), list):
        yield f"{sum('section' not in rule for rule in mappings(value['rules']))} rules"


def _fields(old: Value, new: Value, prefix: str) -> Iterator[str]:
    for field in [*old, *(field for field in new if field not in old)]:
        before, after, name = old.get(field), new.get(field), f"{prefix}{field}"
        if before == after and type(before) is type(after):
            continue
        if field == "rules" and isinstance(before, list) and isinstance(after, list):
            yield from _rules(mappings(before), mappings(after))
        elif isinstance(before, dict) and isinstance(after, dict):
            yield from _fields(before, after, f"{name}.")
        elif isinstance(before, list) and isinstance(after, list):
            yield f"{name} {_members(before, after)}"
        elif field not in new:
            yield f"{name} {text(before)} removed"
        elif field not in old:
            yield f"{name} {text(after)} added"
        else:
            yield f"{name} {text(before)} {_ARROW} {text(after)}"


def _members(old: list[Any], new: list[Any]) -> str:
    before, after = [text(item) for item in old], [text(item) for item in new]
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    words = [f"+ {', '.join(come)}"] * bool(come) + [f"- {', '.join(gone)}"] * bool(gone)
    return " ".join(words) or "in another order"


def _rules(old: list[Value], new: list[Value]) -> Iterator[str]:
    before, after = named(old), named(new)
    for key in before:
        if key not in after:
            yield f"{called(key)} removed"
    moved = _moved([key for key in before if key in after], [key for key in after if key in before])
    for place, (key, rule) in enumerate(after.items()):
        if key not in before:
            yield f"{called(key)} added as number {place + 1}"
            continue
        if key in moved:
            yield f"{called(key)} moved to number {place + 1}"
        yield from (f"{called(key)}: {detail}" for detail in _fields(before[key], rule, ""))


def named(rules: list[Value]) -> dict[tuple[str, int], Value]:
    """Rules by what they are known by: of several of one name, by their order."""
    seen: Counter[str] = Counter()
    found = {}
    for rule in rules:
        name = str(rule.get("id") or rule.get("name") or f"title {rule.get('section', '')}")
        seen[name] += 1
        found[name, seen[name]] = rule
    return found


def called(key: tuple[str, int]) -> str:
    """What messages call a rule."""
    name, number = key
    text = name if name.startswith("title ") else f"rule {name}"
    return text if number == 1 else f"{text} ({number})"


def _moved(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """The fewest that must be moved to get from one order to the other: all but a longest common order."""
    places = {key: place for place, key in enumerate(new)}
    best: list[list[tuple[str, int]]] = []  # for each length: the way that ends earliest
    for key in old:
        lower = [way for way in best if places[way[-1]] < places[key]]
        way = [*(lower[-1] if lower else []), key]
        if len(way) > len(best):
            best.append(way)
        elif places[key] < places[best[len(way) - 1][-1]]:
            best[len(way) - 1] = way
    return set(old) - set(best[-1] if best else [])


def mappings(value: list[Any]) -> list[Value]:
    """The items of a list that have fields."""
    return [item for item in value if isinstance(item, dict)]


def text(value: Any) -> str:
    """A value as messages show it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case list():
            return shown(f"[{', '.join(map(text, value))}]")
        case dict():
            return shown("{" + ", ".join(f"{key}: {text(item)}" for key, item in value.items()) + "}")
    return shown(str(value))
