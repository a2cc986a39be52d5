"""The record: what every revision's message says about authority.

Rule 1: the record is the last paragraph of the message, one trailer a line.
Rule 2: a record is either whole or malformed; nothing is guessed.
Rule 3: other lines in that paragraph mean nothing here: a newer mha may write them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mha.core.changes import escaped
from mha.core.names import NO_SERVER
from mha.errors import ControlCharacters, MessageTooLong, NotUtf8

MESSAGE_BYTES = 1 << 19  # half of what a peer takes, record and authors included
_TRAILER = re.compile(r"(Mha-(?:Revision|Epoch|Active|Server)): (\S.*)")
_ACCEPTED = "Mha-Accepted: "
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class MalformedRecord(ValueError):
    """A message that carries some of the trailers, but not a whole record."""


class Record(NamedTuple):
    """What one revision says about authority."""

    revision: int
    epoch: int
    active: str | None  # the server that may publish the next revision; None after a bare demote
    server: str  # the server that made this revision

    @property
    def switch_point(self) -> str:
        """The server whose acceptance of a planned changeover is the switch: the Active, else who gave the mode up."""
        return self.active or self.server

    def publish(self) -> "Record":
        """The record of the next revision, published by the Active."""
        assert self.active is not None
        return self._replace(revision=self.revision + 1, server=self.active)

    def changeover(self, *, active: str | None, server: str) -> "Record":
        """The record of a changeover on top of this revision."""
        return Record(self.revision + 1, self.epoch + 1, active, server)


def resolution(heads: Sequence[Record], *, active: str, server: str) -> Record:
    """The record of a revision that merges diverged heads: it follows all of them."""
    return Record(
        revision=max(head.revision for head in heads) + 1,
        epoch=max(head.epoch for head in heads) + 1,
        active=active,
        server=server,
    )


def first(server: str) -> Record:
    """The record of a history's first revision: its server is Active."""
    return Record(revision=1, epoch=1, active=server, server=server)


def is_utf8(text: str) -> bool:
    """Whether words that were typed were UTF-8; Python carries other bytes along as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def cleaned(text: str, what: str) -> str:
    """An administrator's words with plain line ends; raises NotUtf8, ControlCharacters or MessageTooLong."""
    if not is_utf8(text):
        raise NotUtf8(f"The {what}")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    shown = plain.translate({ord("\n"): None, ord("\t"): None})
    if escaped(shown) != shown:
        raise ControlCharacters(what)
    if len(plain.encode()) > MESSAGE_BYTES:
        raise MessageTooLong(what, MESSAGE_BYTES >> 10)
    return plain


def compose(text: str, record: Record, *, accepted: Mapping[str, str] | None = None) -> str:
    """A revision's whole message: the administrator's words, then the record as a paragraph of its own.

    `accepted` are the codes of findings over which it is published, and why.
    """
    over = "".join(f"{_ACCEPTED}{code}: {reason}\n" for code, reason in (accepted or {}).items())
    return (
        f"{text.strip()}\n\n"
        f"Mha-Revision: {record.revision}\n"
        f"Mha-Epoch: {record.epoch}\n"
        f"Mha-Active: {record.active or NO_SERVER}\n"
        f"Mha-Server: {record.server}\n"
        f"{over}"
    )


def parse(message: str) -> Record | None:
    """The record of a message, or None where there is none (history from before mha).

    Raises MalformedRecord where trailers are missing, doubled or not of their form.
    """
    trailers: dict[str, str] = {}
    for name, value in _trailers(message):
        if name in trailers:
            raise MalformedRecord(f"{name} stands twice.")
        trailers[name] = value
    if not trailers:
        return None
    active = _word(trailers, "Mha-Active")
    return Record(
        revision=_number(trailers, "Mha-Revision"),
        epoch=_number(trailers, "Mha-Epoch"),
        active=None if active == NO_SERVER else active,
        server=_word(trailers, "Mha-Server"),
    )


def accepted(message: str) -> tuple[str, ...]:
    """Over which findings a revision was published: `CODE: why`."""
    if not _trailers(message):
        return ()
    last = message.rstrip("\n").rpartition("\n\n")[2]
    return tuple(line.removeprefix(_ACCEPTED) for line in last.split("\n") if line.startswith(_ACCEPTED))


def words(message: str) -> str:
    """The administrator's words: the message without the record."""
    if not _trailers(message):
        return message.strip()
    return message.rstrip("\n").rpartition("\n\n")[0].strip()


def subject(message: str) -> str:
    """The first line of the administrator's words."""
    return words(message).partition("\n")[0]


def _trailers(message: str) -> list[tuple[str, str]]:
    last = message.rstrip("\n").rpartition("\n\n")[2]
    found = (_TRAILER.fullmatch(line) for line in last.split("\n"))
    return [(match[1], match[2]) for match in found if match is not None]


def _number(trailers: dict[str, str], name: str) -> int:
    value = trailers.get(name, "")
    if not _NUMBER.fullmatch(value):
        raise MalformedRecord(f"{name} is not a number: {value!r}.")
    return int(value)


def _word(trailers: dict[str, str], name: str) -> str:
    value = trailers.get(name, "")
    if not value or any(character.isspace() for character in value):
        raise MalformedRecord(f"{name} is not a server's name: {value!r}.")
    return value
