"""Harnesses for what peers and git say: commands over ssh, pushed references, the receiver's word, git's listings."""

import io
import os
import re

import pygit2
from pygit2.enums import FileMode

from mha.core import reception
from mha.core.changes import escaped
from mha.core.reception import Command, Update
from mha.errors import MhaError
from mha.operations import receiving
from mha.store import git, index, peers, trees

HOME = "/srv/mha"
END = "f" * 32
_ID = re.compile(r"[0-9a-f]{40}")
_ALLOWED = {
    f"git{space}{command} '{HOME}/mha.git{slash}'" for space in "- " for command in Command for slash in ("", "/")
}


def ssh_command(data: bytes) -> None:
    """Nothing but the literals is a command."""
    wanted = data.decode("utf-8", "surrogateescape")
    assert (reception.command(wanted, HOME) is not None) == (wanted in _ALLOWED)


def pushed_references(data: bytes) -> None:
    """A listing is read as it stands or not at all, and what may move is main or a side under its own id."""
    lines = data.decode("utf-8", "replace").split("\n")
    found = reception.updates(lines)
    if found is None:
        return
    assert [f"{one.old} {one.new} {one.name}" for one in found] == lines
    for update in found:
        if reception.refusal(update) is None:
            assert update.new != "0" * 40
            assert update.name in ("refs/heads/main", f"refs/mha/keep/{update.new}")


def hooks_list(data: bytes) -> None:
    """Whatever names a sender chooses, each reference that it moves reaches the judge as a line of its own."""
    if END.encode() in data:  # as good as impossible: it is random
        return
    names = [name.decode("utf-8", "replace") for name in data.split(b"\0")]
    passed_on = "".join(f"{'1' * 40} {'2' * 40} {name}\n" for name in names)
    rest = "sync\n"
    questions = io.StringIO(f"{passed_on}{END}\n{rest}", newline="\n")
    lines = receiving.listed(questions, END)
    assert questions.read() == rest
    if len(lines) <= reception.MOST_UPDATES:
        assert "".join(f"{line}\n" for line in lines) == passed_on
        found = reception.updates(lines)
        if found is not None:
            assert {Update("1" * 40, "2" * 40, name) for name in names if "\n" not in name} <= set(found)
    try:
        receiving.listed(io.StringIO(passed_on, newline="\n"), END)
    except MhaError:
        return
    raise AssertionError("a list without an end was taken")


def receivers_word(data: bytes) -> None:
    """The word is heard as it was said, last, among anything."""
    text = data.decode("utf-8", "replace")
    found = reception.outcome_in(text)
    if found is not None:
        assert all(map(_ID.fullmatch, found))
        assert reception.outcome(*found) in text
    one, other = "1" * 40, "2" * 40
    assert reception.outcome_in(text + reception.outcome(one, other)) == (one, other)


def remote_listing(data: bytes) -> None:
    """Of a listing of references only whole lines count, and none brings in another's name."""
    lines = data.decode("utf-8", "replace").split("\n")
    for name, oid in peers.references(data).items():
        assert _ID.fullmatch(oid)
        assert f"{oid}\t{name}" in lines


def status_line(data: bytes) -> None:
    """The path of a line of `git status --porcelain=v2` comes out as it went in, whatever it is."""
    path = data.replace(b"\0", b"") or b"x"
    head = b"1 .M N... 100644 100644 100644 " + b"1" * 40 + b" " + b"2" * 40 + b" "
    unmerged = b"u UU N... 100644 100644 100644 100644 " + b" ".join([b"1" * 40] * 3) + b" "
    for line in (head + path, unmerged + path, b"? " + path):
        assert index._path_of(line) == path
    assert index._path_of(b"! " + path) is index._path_of(b"# " + path) is index._path_of(b"") is None


def complaints(data: bytes) -> None:
    """Whatever git and the peer wrote becomes one clause that steers no terminal."""
    err = data.decode("utf-8", "replace")
    assert git.complaint(err)
    assert "\n" not in git.complaint(err)
    shown = peers._plain(git.Done(128, b"", err))
    assert shown
    assert escaped(shown) == shown


def tree_entries(data: bytes) -> None:
    """The entries of a tree are told apart as libgit2 does, whatever its names hold."""
    builder = _REPOSITORY.TreeBuilder()
    for name in data.split(b"/"):
        kind = (FileMode.BLOB, FileMode.TREE, FileMode.BLOB_EXECUTABLE, FileMode.LINK)[len(name) % 4]
        try:
            builder.insert(os.fsdecode(name), _TREE if kind == FileMode.TREE else _BLOB, kind)
        except (ValueError, pygit2.GitError, UnicodeDecodeError, TypeError):
            continue
    tree = _REPOSITORY[builder.write()].peel(pygit2.Tree)
    expected = {(int(entry.filemode), entry.raw_name, str(entry.id)) for entry in tree}
    assert {(int(mode, 8), name, oid.hex()) for mode, name, oid in trees.parsed(tree.read_raw())} == expected


def _scratch() -> pygit2.Repository:
    import atexit
    import tempfile

    folder = tempfile.TemporaryDirectory(prefix="mha-fuzz-")
    atexit.register(folder.cleanup)
    return pygit2.init_repository(folder.name, bare=True)


_REPOSITORY = _scratch()
_BLOB = _REPOSITORY.create_blob(b"")
_TREE = _REPOSITORY.TreeBuilder().write()
