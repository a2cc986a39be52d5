"""Merging YAML of any form: it ends, is readable, and where nothing conflicts, says what the changes say."""

from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mha.core.edit_tree import Edit, Remove, Replace
from mha.core.edits import edited
from mha.core.merge.files import Merged, Reading, merge
from mha.core.merge.sides import Side
from mha.core.places import Place
from mha.core.scalars import Unreadable
from tests.core.edit_oracle import Tree, values, ways
from tests.core.model.known import KINDS
from tests.core.yaml_texts import texts

PATH = "settings.yaml"
OPAQUE = Reading(KINDS, lambda _: False)
INTERPRETED = Reading(KINDS, lambda _: True)
SEEDS = st.integers(0, 2**32).map(Random)


def read(text: str) -> list[Tree]:
    try:
        return values(text.encode())
    except Unreadable:
        assume(False)
        raise


def changed(text: str, documents: list[Tree], random: Random) -> bytes:
    """The text after one or two changes that mha can make; as it was, where it cannot."""
    places = [Place(index, way) for index, document in enumerate(documents) for way in ways(document)]
    edits: list[Edit] = [
        Remove(place) if random.random() < 0.5 else Replace(place, random.choice(["new", "other", "10", "a: b"]))
        for place in random.sample(places, min(len(places), random.randint(1, 2)))
    ]
    try:
        outcome = edited(text.encode(), edits)
    except LookupError:
        return text.encode()
    return outcome if isinstance(outcome, bytes) else text.encode()


def after(ours: bytes, came_out: Merged) -> bytes:
    return came_out.files.get(PATH, ours) or b""


def check(base: Any, ours: Any, theirs: Any, found: Any) -> None:
    """What only one side changed is that side's; below, where both are mappings."""
    if repr(ours) == repr(base):
        assert repr(found) == repr(theirs)
    elif repr(theirs) in (repr(base), repr(ours)):
        assert repr(found) == repr(ours)
    elif all(isinstance(each, dict) for each in (base, ours, theirs)):
        assert set(found) == {key for key in {*ours, *theirs} if _stays(key, base, ours, theirs)}
        for key in found:
            if all(key in each for each in (base, ours, theirs)):
                check(base[key], ours[key], theirs[key], found[key])
            else:
                assert repr(found[key]) == repr(ours.get(key, theirs.get(key)))
    else:
        assert all(isinstance(each, list) for each in (base, ours, theirs, found))


def _stays(key: Any, base: Any, ours: Any, theirs: Any) -> bool:
    return key not in base or (key in ours and key in theirs)


@settings(deadline=None, max_examples=400)
@given(texts(), SEEDS, st.sampled_from([OPAQUE, INTERPRETED]))
def test_changes_of_any_yaml_are_merged_or_conflict(text, random, reading):
    documents = read(text)
    base, ours, theirs = text.encode(), changed(text, documents, random), changed(text, documents, random)
    came_out = merge({PATH: base}, {PATH: ours}, {PATH: theirs}, reading)
    found = values(after(ours, came_out))
    if not came_out.conflicts and len(documents) == len(found) == 1:
        check(documents[0], values(ours)[0], values(theirs)[0], found[0])


@settings(deadline=None, max_examples=200)
@given(texts(), texts(), texts(), st.sampled_from(Side))
def test_texts_that_have_little_in_common_come_out_readable(base, ours, theirs, side):
    for text in (base, ours, theirs):
        read(text)
    before, one, other = ({PATH: text.encode()} for text in (base, ours, theirs))
    for reading in (OPAQUE, INTERPRETED):
        came_out = merge(before, one, other, reading)
        values(after(ours.encode(), came_out))
        settled = merge(before, one, other, reading, {each.subject: side for each in came_out.conflicts})
        values(after(ours.encode(), settled))
        assert settled.conflicts == []
