"""Sets of small numbers as the bits of one whole number: bit 5 is set if 5 is in the set."""

from collections.abc import Hashable, Iterable, Iterator, Sequence


def having(flags: Iterable[bool]) -> int:
    """The places at which `flags` is true."""
    return int("".join("1" if flag else "0" for flag in flags)[::-1] or "0", 2)


def alike(keys: Iterable[Hashable]) -> list[int]:
    """By place: the places that have the same key."""
    numbers: dict[Hashable, int] = {}
    kinds = [numbers.setdefault(key, len(numbers)) for key in keys]
    found = [0] * len(numbers)
    for place, kind in enumerate(kinds):
        found[kind] |= 1 << place
    return [found[kind] for kind in kinds]


def below(place: int) -> int:
    """All numbers less than `place`."""
    return (1 << place) - 1


def places(bits: int) -> Iterator[int]:
    """The numbers in the set, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def transposed(rows: Sequence[int]) -> list[int]:
    """Row i of the result has j if row j of `rows` has i. The rows are a square of bits.

    The square is taken as one number. Its upper right quarter changes place with the lower left one, then the same is
    done within each quarter, for all quarters at once, and so on.
    """
    side = max(8, 1 << (len(rows) - 1).bit_length())
    width = side // 8
    square = int.from_bytes(b"".join(row.to_bytes(width, "little") for row in rows), "little")
    half = side // 2
    while half:
        distance = half * (side - 1)
        moved = (square ^ (square >> distance)) & _upper_right(side, half)
        square ^= moved ^ (moved << distance)
        half //= 2
    data = square.to_bytes(side * width, "little")
    return [int.from_bytes(data[start : start + width], "little") for start in range(0, len(rows) * width, width)]


def _upper_right(side: int, half: int) -> int:
    """In a square of bits: the upper right quarter of each block that is twice `half` wide."""
    columns = ((1 << side) - 1) // ((1 << half) + 1) << half
    rows = columns.to_bytes(side // 8, "little") * half + bytes(side // 8 * half)
    return int.from_bytes(rows * (side // (2 * half)), "little")
