"""After a replay: is what three servers hold what the source held?"""

import filecmp
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pygit2

from benchmarks.history import History, listing
from benchmarks.servers import Server
from mha.core.cluster import FILE
from mha.operations import verification


def differing_heads(servers: Sequence[Server]) -> list[str]:
    """A sentence if the servers' heads differ."""
    heads = {server.name: server.home.repository.head() for server in servers}
    return [] if len(set(heads.values())) == 1 else [f"the heads differ: {heads}"]


def differing_revisions(server: Server, history: History, trees: Mapping[str, str]) -> Iterator[str]:
    """The revisions on a server whose files are not those of their source; `trees` maps revision to source tree."""
    git = pygit2.Repository(str(server.home.git_dir))
    for revision, tree in trees.items():
        held = listing(git, str(git[revision].peel(pygit2.Tree).id))
        held.pop(FILE)
        if held != listing(history.git, tree):
            yield f"{server.name}: revision {revision} does not hold the files of tree {tree}"


def differing_files(server: Server, checkout: Path) -> list[str]:
    """Where current/ and a checkout of the source differ: bytes, names, or who may run a file."""
    current = (server.path / "current").resolve(strict=True)
    held, wanted = _files(current), _files(checkout)
    held.pop(FILE)
    wrong = [f"{server.name}: {path} stands on one side only" for path in sorted(held.keys() ^ wanted.keys())]
    both = sorted(held.keys() & wanted.keys())
    _, different, unreadable = filecmp.cmpfiles(current, checkout, both, shallow=False)
    different += [path for path in both if held[path] != wanted[path]]
    return wrong + [f"{server.name}: {path} differs" for path in different + unreadable]


def unverified(server: Server) -> list[str]:
    """What `mha verify --deep` finds."""
    found = verification.verify(server.home, deep=True)
    return [f"{server.name}: {finding.about}: {finding.problem}" for finding in found.findings]


def _files(root: Path) -> dict[str, bool]:
    """Every file below a folder, and whether it may be run."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(root))] = bool(path.lstat().st_mode & 0o100)
    return found
