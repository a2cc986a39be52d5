"""The ids of git's objects: 40 hexadecimal digits."""

LENGTH = 40
_DIGITS = frozenset("0123456789abcdef")


def is_id(text: str) -> bool:
    """Whether `text` is a whole id."""
    return len(text) == LENGTH and _DIGITS.issuperset(text)


def is_beginning(text: str) -> bool:
    """Whether `text` may be the beginning of an id."""
    return 0 < len(text) <= LENGTH and _DIGITS.issuperset(text)


def short(oid: str) -> str:
    """As much of an id as messages show: enough to tell revisions apart, and to name one."""
    return oid[:10]
