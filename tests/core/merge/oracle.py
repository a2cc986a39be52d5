"""What a merge must be, said of values alone: what one side changed is there, and nothing else differs from the base.

Nothing here knows trees, entries or orders.
"""

from itertools import combinations
from typing import Any

from tests.core.merge.configurations import Name, Thing, Value

GONE = object()
_SETS = {"include", "port", "from", "to"}


def plain(value: Any) -> Any:
    """A value with the values of its rules."""
    if isinstance(value, Thing):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def check(
    base: dict[Name, Value], ours: dict[Name, Value], theirs: dict[Name, Value], came_out: dict[Name, Value]
) -> None:
    """The objects of a merge that has no conflict."""
    _check_fields(base, ours, theirs, came_out)


def _check(base: Any, ours: Any, theirs: Any, came_out: Any, key: Any) -> None:
    if ours is theirs is GONE:
        assert came_out is GONE
    elif _same(ours, base):
        assert _same(came_out, theirs), (key, base, ours, theirs, came_out)
    elif _same(theirs, base) or _same(ours, theirs):
        assert _same(came_out, ours), (key, base, ours, theirs, came_out)
    elif key == "rules":
        _check_rules(base, ours, theirs, came_out)
    elif all(isinstance(each, dict) for each in (base, ours, theirs)):
        _check_fields(base, ours, theirs, came_out)
    else:
        assert key in _SETS
        _check_members(*(each if isinstance(each, list) else [each] for each in (base, ours, theirs, came_out)))


def _same(one: Any, other: Any) -> bool:
    """The order of fields means nothing; that of members of a set may differ where a set was merged."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return one is other or (one is not GONE and other is not GONE and repr(one) == repr(other))


def _check_fields(base: Any, ours: Any, theirs: Any, came_out: Any) -> None:
    assert len(came_out) == len(set(came_out))
    for key in {*base, *ours, *theirs, *came_out}:
        before, one, other, found = (each.get(key, GONE) for each in (base, ours, theirs, came_out))
        _check(before, one, other, found, key)


def _check_members(base: list[Any], ours: list[Any], theirs: list[Any], came_out: list[Any]) -> None:
    assert len(came_out) == len(set(came_out))
    for member in {*base, *ours, *theirs, *came_out}:
        here = [member in each for each in (base, ours, theirs)]
        wanted = here[2] if here[1] == here[0] else here[1]
        assert (member in came_out) == wanted


def _check_rules(base: Any, ours: Any, theirs: Any, came_out: Any) -> None:
    named = [{rule["name"]: rule for rule in rules} for rules in (base, ours, theirs, came_out)]
    assert len(named[3]) == len(came_out)
    _check_fields(*named)
    places = [{name: place for place, name in enumerate(rules)} for rules in named]
    for one, other in combinations(named[3], 2):
        said = [each[one] < each[other] if one in each and other in each else None for each in places[:3]]
        if not _may_stand(*said) and named[3][one]["action"] != named[3][other]["action"]:
            assert _are_apart(said, places, one, other), (one, other, said)


def _may_stand(base: bool | None, ours: bool | None, theirs: bool | None) -> bool:
    """Whether the order in which two rules came out, in which the first is first, follows from what the sides say."""
    if ours is None or theirs is None:
        return bool(ours) or bool(theirs)
    if base is None:
        return ours and theirs
    return theirs if ours == base else ours


def _are_apart(said: list[bool | None], places: list[dict[str, int]], one: str, other: str) -> bool:
    """Whether two new rules have a rule between them that tells the sides' places apart."""
    _, ours, theirs, came_out = places
    if said[1:] != [None, None]:
        return False
    first, second = (ours, theirs) if one in ours else (theirs, ours)
    between = {name for name, place in came_out.items() if came_out[one] < place < came_out[other]}
    return any(
        name in first and name in second and first[one] < first[name] and second[name] < second[other]
        for name in between
    )
