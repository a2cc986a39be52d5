"""Packing a store: everything that lay there is there afterwards, whether a reference reaches it or not."""

import subprocess
from pathlib import Path

import pytest

from mha.store import fsck, leftovers, packing, trees
from mha.store.home import Home, create
from mha.store.trees import Blob


def stored(home: Home, texts: list[str]) -> list[str]:
    """Store blobs that no reference reaches; returns their ids."""
    ids = [trees.write(home.repository, text.encode()) for text in texts]
    home.repository.flush()
    return ids


def loose(home: Home) -> int:
    return len(list(fsck.loose(home.git_dir)))


def packs(home: Home) -> list[str]:
    """What lies in the folder of packs, by its kind; the newest git writes a reverse index as well."""
    return sorted(path.suffix for path in (home.git_dir / "objects" / "pack").iterdir() if path.suffix != ".rev")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return create(tmp_path / "fw-a", "fw-a")


def test_many_loose_objects_become_one_pack_that_holds_what_no_reference_reaches(home):
    ids = stored(home, [f"object {n}" for n in range(11)])
    assert packing.pack(home.git_dir, at_most=10)
    assert (loose(home), packs(home)) == (0, [".idx", ".pack"])
    assert [trees.read(home.repository, Blob(oid)) for oid in ids] == [f"object {n}".encode() for n in range(11)]


def test_few_loose_objects_are_left_as_they_are(home):
    stored(home, [f"object {n}" for n in range(10)])
    assert not packing.pack(home.git_dir, at_most=10)
    assert (loose(home), packs(home)) == (10, [])


def test_a_damaged_object_stops_packing_and_nothing_is_removed(home):
    ids = stored(home, [f"object {n}" for n in range(11)])
    damaged = home.git_dir / "objects" / ids[5][:2] / ids[5][2:]
    damaged.chmod(0o600)
    damaged.write_bytes(damaged.read_bytes()[:-4])
    assert not packing.pack(home.git_dir, at_most=10)
    assert (loose(home), packs(home), leftovers.found(home.git_dir)) == (11, [], [])


def test_what_a_killed_packing_left_twice_is_cleared_by_the_next(home):
    ids = stored(home, [f"object {n}" for n in range(11)])
    base = home.git_dir / "objects" / "pack" / "pack"
    subprocess.run(
        ["git", "-C", home.git_dir, "pack-objects", "-q", base],
        input="\n".join(ids) + "\n", text=True, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert packing.pack(home.git_dir, at_most=10)
    assert (loose(home), packs(home)) == (0, [".idx", ".pack"])


def test_a_second_packing_adds_a_pack_and_leaves_the_first_alone(home):
    first = stored(home, [f"object {n}" for n in range(11)])
    packing.pack(home.git_dir, at_most=10)
    second = stored(home, [f"another {n}" for n in range(11)])
    packing.pack(home.git_dir, at_most=10)
    assert (loose(home), packs(home)) == (0, [".idx", ".idx", ".pack", ".pack"])
    assert all(home.repository.has(oid) for oid in [*first, *second])


def test_a_reader_that_opened_the_store_before_reads_on(home):
    ids = stored(home, [f"object {n}" for n in range(11)])
    assert trees.read(home.repository, Blob(ids[0])) == b"object 0"
    packing.pack(home.git_dir, at_most=10)
    assert [trees.read(home.repository, Blob(oid)) for oid in ids] == [f"object {n}".encode() for n in range(11)]
