"""Orders: what two changes of a sequence make of it, and whose order is not known."""

import pytest

from mha.core.merge.orders import merged

TABLE = {
    "nothing changes": ("abc", "abc", "abc", "abc", []),
    "one side adds": ("abc", "abxc", "abc", "abxc", []),
    "both add at one place": ("abc", "abxc", "abyc", "abxyc", ["xy"]),
    "both add at two places": ("abc", "axbc", "abyc", "axbyc", []),
    "both add at the end": ("ab", "abx", "aby", "abxy", ["xy"]),
    "both add the same": ("ab", "axb", "axb", "axb", []),
    "both add the same, and one more": ("ab", "axb", "ayxb", "ayxb", []),
    "one side moves": ("abcd", "dabc", "abcd", "dabc", []),
    "both move the same": ("abcd", "dabc", "dabc", "dabc", []),
    "both move one to two places": ("abcd", "dabc", "adbc", None, ["dd"]),
    "each moves another": ("abcdef", "fabcde", "bcadef", "fbcade", []),
    "one removes what the other puts something behind": ("abc", "ac", "abxc", "axc", []),
    "one moves over a place where the other adds": ("abcd", "bcda", "abxcd", "bxcda", ["ax"]),
    "one swaps two between which the other adds": ("ab", "ba", "axb", None, ["?"]),
}


@pytest.mark.parametrize(("base", "one", "other", "result", "ties"), TABLE.values(), ids=TABLE)
def test_two_changes_of_an_order(base, one, other, result, ties):
    kept = {key for key in {*one, *other} if key not in base or (key in one and key in other)}
    order = merged(base, one, other, kept)
    assert sorted(order.keys) == sorted(kept)
    if ties == ["?"]:
        assert order.ties != []
    else:
        assert ["".join(sorted(pair)) for pair in order.ties] == ties
    assert result is None or "".join(order.keys) == result
