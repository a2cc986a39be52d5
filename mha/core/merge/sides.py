"""Sides: what two heads and their last common revision hold, and where they do not go together."""

from enum import StrEnum
from typing import Any, NamedTuple


class Side(StrEnum):
    """One of the two heads."""

    OURS = "ours"
    THEIRS = "theirs"

    @property
    def other(self) -> "Side":
        """The other head."""
        return Side.THEIRS if self is Side.OURS else Side.OURS


class Absent(StrEnum):
    """What stands for the value of something that is not there: None is a value of YAML."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Reason(StrEnum):
    """Why two changes do not go together."""

    CHANGED = "changed differently"
    DELETED = "deleted and changed"
    ADDED = "added differently"
    ORDER = "no order follows from the changes"
    PLACE = "moved to different places"
    COMMENT = "commented differently"
    EMPTIED = "nothing would be left"
    FORM = "written in forms that cannot be joined"
    UNREADABLE = "not readable"
    CLASH = "one name for two objects"
    USED = "deleted and used"


class Subject(NamedTuple):
    """What a conflict is about, and is settled by: an object, or a file, whose kind is "" and whose name its path."""

    kind: str
    name: str


Field = tuple[str | int, ...]


class Conflict(NamedTuple):
    """Something that both sides changed, and that a person decides about."""

    subject: Subject
    paths: tuple[str, ...]  # of the files in which it stands
    field: Field  # in the long form of the object, with the rule's id or name; or in the file. (): all of it
    reason: Reason
    base: Any = ABSENT
    ours: Any = ABSENT
    theirs: Any = ABSENT
