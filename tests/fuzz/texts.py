"""Harnesses for what is read from revisions: the record, `mha.yaml`, any YAML, names and addresses, paths."""

import re
from contextlib import suppress

from mha.core import changes, cluster, cluster_reader, names, reader, reception, record, scalars
from mha.core.changes import Entry, FileType
from mha.core.model import patterns
from mha.core.model.codes import CODES
from mha.core.model.severity import Severity
from mha.errors import ControlCharacters, InvalidClusterFile, InvalidName, InvalidUrl, MessageTooLong, NewerFormat
from tests.core.test_reader import assert_every_reader_agrees

_SAFE_NAME = re.compile(r"[a-z0-9.-]{1,63}")
_SAFE_PATH = re.compile(r"/[A-Za-z0-9_.,+=@%~/-]+")


def trailers(data: bytes) -> None:
    """A record is whole or malformed; what is read is written and read again; words and record do not mix."""
    text = data.decode("utf-8", "replace")
    words = record.words(text)
    assert words == words.strip()
    assert record.subject(text) == words.partition("\n")[0]
    try:
        found = record.parse(text)
    except record.MalformedRecord:
        return
    if found is None:
        return
    assert min(found.revision, found.epoch) >= 1
    for name in (found.server, found.active or "x"):
        assert name
        assert not any(character.isspace() for character in name)
    again = record.compose(words, found)
    assert record.parse(again) == found
    assert record.words(again) == words


def administrators_words(data: bytes) -> None:
    """Words that are accepted hold nothing that steers a terminal, and survive being recorded."""
    try:
        words = record.cleaned(data.decode("utf-8", "replace"), "message")
    except (ControlCharacters, MessageTooLong):
        return
    assert record.cleaned(words, "message") == words
    assert changes.escaped(words.translate({9: None, 10: None})) == words.translate({9: None, 10: None})
    first = record.first("fw-a")
    message = record.compose(words, first)
    assert record.parse(message) == first
    if words:
        assert record.words(message) == words


def yaml(data: bytes) -> None:
    """A file is refused with a line, a sentence and a hint, or means the same to every reader."""
    try:
        reader.read(data)
    except scalars.Unreadable as error:
        refused: scalars.Unreadable | None = error
    else:
        refused = None
    if refused is not None:
        assert 1 <= refused.line <= data.count(b"\n") + 1
        assert refused.problem.endswith(".")
        assert refused.hint.endswith(".")
    elif len(data) < 4096:
        assert_every_reader_agrees(data)


def cluster_file(data: bytes) -> None:
    """`mha.yaml` is refused, or all that it says keeps its rules."""
    try:
        found = cluster_reader.parse(data)
    except (InvalidClusterFile, NewerFormat):
        return
    assert names.server_name(found.name) == found.name
    for name, server in found.servers.items():
        assert names.server_name(name) == server.name == name
        assert names.url(server.url.text) == server.url
        assert server.key is None or cluster.key(server.key) == server.key
    assert 1 <= found.settings.sync_interval_seconds <= 999_999 * 3600
    assert found.settings.wait_for >= 0
    assert patterns.matches(found.model.interpret, "objects/a.yaml") in (True, False)
    assert all(one in Severity for one in found.model.severity.values())
    assert {name for _, name in found.unknown} >= found.model.severity.keys() - CODES.keys()
    assert all(line >= 1 for line, _ in found.unknown)


def server_name(data: bytes) -> None:
    """A name that is accepted is harmless as a reference, a file, an argument, and in mha.yaml."""
    text = data.decode("utf-8", "replace")
    try:
        name = names.server_name(text)
    except InvalidName:
        return
    assert name == text
    assert _SAFE_NAME.fullmatch(name)
    assert not name.startswith(("-", "."))
    assert not name.endswith((".lock", ".", "-"))
    assert ".." not in name
    made = cluster_reader.parse(
        cluster.initial(cluster=name, name=name, url="/srv/mha", key="ssh-ed25519 " + "A" * 68).encode()
    )
    assert (made.name, list(made.servers)) == (name, [name])


def address(data: bytes) -> None:
    """An address that is accepted is one path or one host, names no option, and the forced command knows its home."""
    text = data.decode("utf-8", "replace")
    try:
        url = names.url(text)
    except InvalidUrl:
        return
    assert url.text == text
    assert text.startswith(("/", "ssh://"))
    assert _SAFE_PATH.fullmatch(url.path)
    assert ".." not in url.path.split("/")
    assert url.repository.endswith("/mha.git")
    if url.host is not None:
        assert not url.host.startswith("-")
        assert text.isascii()
    home = url.path.rstrip("/")
    assert reception.command(f"git-receive-pack '{home}/mha.git'", home) is reception.Command.RECEIVE


def path(data: bytes) -> None:
    """A path that is accepted stays in its folder, is shown as it is, and is nobody's `.git`."""
    found = changes.problems([Entry(data, FileType.FILE, 0)])
    shown = changes.printable(data)
    assert changes.escaped(shown) == shown
    if found:
        assert found[0].path == shown
        return
    text = data.decode("utf-8")
    assert shown == text
    parts = text.split("/")
    assert not text.startswith("/")
    assert all(part not in ("", ".", "..") for part in parts)
    folded = [re.split(r"[:\\]", part.casefold())[0].rstrip(". ") for part in parts]
    assert not {".git", "git~1"} & set(folded)


def case_twins(data: bytes) -> None:
    """Twins are found among paths and their folders, exactly those that fold to the same."""
    with suppress(UnicodeDecodeError):
        paths = [one for one in data.decode("utf-8").split("\n") if one][:8]
        found = changes.twins(paths)
        assert all(one != other for one, other in found)
        whole = {one.casefold() for one in paths}
        if len(whole) < len(set(paths)):
            assert found
