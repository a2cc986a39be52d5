"""Revisions and repositories as no mha would write them: forged, hostile, or from before mha."""

import hashlib
import itertools
import subprocess
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

from mha.core.record import Record, compose
from mha.operations import tip as tips
from mha.store import trees
from mha.store.clock import now
from mha.store.trees import Blob
from tests.cluster import JANA, Server, write_files


def forged(
    server: Server,
    record: Record | None,
    files: dict[str, bytes | None] | None = None,
    *,
    parents: list[str] | None = None,
    message: str = "Forged",
) -> str:
    """A commit on a server's head, or on `parents`, with any record and any files; nothing points at it."""
    repository = server.home.repository
    edits = {
        path: None if data is None else Blob(trees.write(repository, data)) for path, data in (files or {}).items()
    }
    tree = trees.edited(repository, repository.commit(server.head).tree, edits)
    repository.flush()
    return with_tree(server, record, tree, parents, message)


def with_entry(server: Server, record: Record, name: str | bytes, target: str, mode: FileMode) -> str:
    """As `forged`, with one entry of any name and mode at the top."""
    repository = pygit2.Repository(str(server.home.git_dir))
    listed = [(entry.raw_name or b"", entry.filemode, entry.id) for entry in repository[server.head].peel(pygit2.Tree)]
    raw_name = name.encode() if isinstance(name, str) else name
    listed.append((raw_name, mode, pygit2.Oid(hex=target)))
    listed.sort(key=lambda entry: entry[0] + (b"/" if entry[1] == FileMode.TREE else b""))
    raw = b"".join(b"%o %s\0%s" % (mode, name, oid.raw) for name, mode, oid in listed)
    tree = str(repository.odb.write(pygit2.enums.ObjectType.TREE, raw))
    return with_tree(server, record, tree, None, "Forged")


def with_tree(server: Server, record: Record | None, tree: str, parents: list[str] | None, message: str) -> str:
    return server.home.repository.write_commit(
        tree=tree,
        parents=[server.head] if parents is None else parents,
        message=message if record is None else compose(message, record),
        author=JANA,
        committer=JANA,
        time=now(),
    )


def make_head(server: Server, oid: str) -> None:
    """Let a server's `main` be a forged revision, past every check."""
    server.home.repository.advance(expected=server.head, to=oid)


def message_whose_id_begins_as(server: Server, beginning: str) -> str:
    """A message with which the next publish of an emptied hosts file gets an id that begins so."""
    here = tips.tip(server.home)
    blob = Blob(trees.write(here.home.repository, b"hosts: {}\n"))
    tree = trees.edited(here.home.repository, here.tree, {"objects/hosts.yaml": blob})
    person = "Jana Doe <jana@example.org> 1795428000 +0000"
    for number in itertools.count():
        text = compose(f"Try {number}", here.record.publish())
        content = f"tree {tree}\nparent {here.id}\nauthor {person}\ncommitter {person}\n\n{text}".encode()
        if hashlib.sha1(b"commit %d\0" % len(content) + content).hexdigest().startswith(beginning):
            return f"Try {number}"
    raise AssertionError


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Old Hand", "-c", "user.email=old@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository_of(folder: Path, *states: dict[str, str]) -> str:
    """A git repository with one commit for each state; returns the id of its head."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number, files in enumerate(states):
        write_files(folder, files)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", f"state {number}")
    return git(folder, "rev-parse", "HEAD")
