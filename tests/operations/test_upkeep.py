"""Upkeep: a synchronization tidies a home that has grown, and never gets in anybody's way."""

import subprocess

from mha.operations import upkeep
from mha.store import fsck, lock
from mha.store.packing import LOOSE_AT_MOST
from tests.cluster import Server


def scatter(server: Server) -> list[str]:
    """Let more loose objects lie about than a home keeps; returns their ids."""
    stream = "".join(f"blob\ndata {len(str(n))}\n{n}\n" for n in range(LOOSE_AT_MOST + 1))
    repository = server.path / "mha.git"
    quickly = ["git", "-C", str(repository), "-c", "core.fsync=none", "-c", "fastimport.unpackLimit=1000000"]
    subprocess.run([*quickly, "fast-import", "--quiet"], input=stream, text=True, check=True)
    return [f"{path.parent.name}{path.name}" for path in fsck.loose(repository)]


def test_a_synchronization_packs_a_store_that_has_grown(cluster):
    server = cluster["fw-a"]
    ids = scatter(server)
    assert server.sync().complete
    assert list(fsck.loose(server.home.git_dir)) == []
    assert all(server.home.repository.has(oid) for oid in ids)


def test_nothing_is_packed_and_nobody_waits_while_another_command_works(cluster):
    server = cluster["fw-a"]
    ids = scatter(server)
    with lock.held(server.home.git_dir):
        assert not upkeep.tidy(server.home)
    assert len(list(fsck.loose(server.home.git_dir))) == len(ids) > LOOSE_AT_MOST
