"""Orders: two changes of one sequence become one sequence, or it is told whose order does not follow from them.

Rule 1: what neither side moved stands where it stood: an anchor. What a side added or moved stands where it put it,
between the same anchors.
Rule 2: two elements of which each side placed one are *tied* where neither side has them in the order that comes out.
Whoever asks knows whether that matters.
"""

from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Order(NamedTuple, Generic[Key]):
    """A sequence, and the pairs in it of which nobody said which comes first."""

    keys: list[Key]
    ties: list[tuple[Key, Key]]  # one twice: both sides moved it, to different places


def merged(base: Sequence[Key], first: Sequence[Key], second: Sequence[Key], kept: Collection[Key]) -> Order[Key]:
    """The keys that are kept, in an order; of what both sides put between the same two, the first side's is first.

    Each key stands once in a sequence, and each that is kept in one of the sides.
    """
    before, one, other = (_places(keys) for keys in (base, first, second))
    kept = set(kept)
    touched_one = _touched(before, one) & kept | kept - other.keys()
    touched_other = _touched(before, other) & kept | kept - one.keys()
    together = touched_one & touched_other & one.keys() & other.keys()
    still = (kept & one.keys() & other.keys()) - touched_one - touched_other
    agreed = [key for key in first if key in still or key in together]
    anchors = _rising(agreed, other)
    if not still <= anchors:
        anchors = still
    ours = touched_one - anchors
    theirs = touched_other - anchors - ours
    gaps_one, gaps_other = _gaps(first, anchors, ours), _gaps(second, anchors, theirs)
    keys = [*gaps_one[None], *gaps_other[None]]
    for anchor in (key for key in first if key in anchors):
        keys += [anchor, *gaps_one[anchor], *gaps_other[anchor]]
    ties = [(key, key) for key in keys if key in together and key not in anchors]
    ranks, came_out = _ranks(keys, anchors), _places(keys)
    pairs = ((a, b) for a in keys if a in ours for b in theirs)
    ties += [(a, b) for a, b in pairs if ranks[a] == ranks[b] or not _follows(a, b, (before, one, other), came_out)]
    return Order(keys, ties)


def _places(keys: Iterable[Key]) -> dict[Key, int]:
    return {key: place for place, key in enumerate(keys)}


def _touched(before: Mapping[Key, int], after: Mapping[Key, int]) -> set[Key]:
    """What is new, and the fewest that must be moved to get from one order to the other."""
    common = [key for key in after if key in before]
    return after.keys() - _rising(common, before)


def _rising(keys: Iterable[Key], places: Mapping[Key, int]) -> set[Key]:
    """The longest choice of keys whose places rise."""
    ends: list[int] = []  # by length: the lowest place at which a choice of that length ends
    last: list[Key] = []
    above: dict[Key, Key] = {}
    for key in keys:
        length = bisect_left(ends, places[key])
        if length:
            above[key] = last[length - 1]
        ends[length : length + 1] = [places[key]]
        last[length : length + 1] = [key]
    chosen: set[Key] = set()
    at = last[-1] if last else None
    while at is not None:
        chosen.add(at)
        at = above.get(at)
    return chosen


def _gaps(keys: Iterable[Key], anchors: Collection[Key], owned: Collection[Key]) -> dict[Key | None, list[Key]]:
    """By anchor, and by None for what stands above all: the owned keys behind it."""
    gaps: dict[Key | None, list[Key]] = {None: [], **{anchor: [] for anchor in anchors}}
    at: Key | None = None
    for key in keys:
        if key in anchors:
            at = key
        elif key in owned:
            gaps[at].append(key)
    return gaps


def _ranks(keys: Iterable[Key], anchors: Collection[Key]) -> dict[Key, int]:
    """By key: how many anchors stand above it."""
    ranks: dict[Key, int] = {}
    passed = 0
    for key in keys:
        passed += key in anchors
        ranks[key] = passed
    return ranks


def _follows(
    a: Key, b: Key, said: tuple[Mapping[Key, int], Mapping[Key, int], Mapping[Key, int]], came_out: Mapping[Key, int]
) -> bool:
    """Whether the order of two keys, which an anchor tells apart, is what the sides say that have both."""
    base, one, other = (places[a] < places[b] if a in places and b in places else None for places in said)
    changed_by_other = one is None or (other is not None and one == base)
    wanted = other if changed_by_other else one
    return wanted is None or wanted == (came_out[a] < came_out[b])
