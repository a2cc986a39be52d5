"""Damage in a repository: found, and put aside so that whole objects can take their place."""

import subprocess
from pathlib import Path

import pytest

from mha.store import fsck
from mha.store.home import Home
from tests.store import scene


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = scene.made(tmp_path / "fw-a")
    for n in range(3):
        scene.revised(home, {"a.yaml": f"{n}\n" * 100, "b/c.yaml": f"{n}\n"})
    return home


def object_file(home: Home, oid: str) -> Path:
    return home.git_dir / "objects" / oid[:2] / oid[2:]


def tree_of(home: Home) -> str:
    return home.repository.commit(home.repository.head() or "").tree


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def repacked(home: Home) -> Path:
    """All objects in one pack."""
    subprocess.run(["git", "-C", str(home.git_dir), "repack", "-adq"], check=True)
    subprocess.run(["git", "-C", str(home.git_dir), "prune-packed", "-q"], check=True)
    (pack,) = (home.git_dir / "objects/pack").glob("*.pack")
    return pack


def test_a_whole_repository_has_nothing_to_complain_of(home):
    assert fsck.check(home.git_dir, deep=False) == fsck.check(home.git_dir, deep=True) == []
    repacked(home)
    assert fsck.check(home.git_dir, deep=True) == []


@pytest.mark.parametrize("deep", [False, True])
def test_a_missing_object_is_found(home, deep):
    oid = tree_of(home)
    object_file(home, oid).unlink()
    assert any(oid in line for line in fsck.check(home.git_dir, deep=deep))


def test_a_changed_byte_is_found_by_the_deep_check(home):
    path = object_file(home, tree_of(home))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    overwrite(path, bytes(data))
    assert fsck.check(home.git_dir, deep=True) != []


@pytest.mark.parametrize("damage", [b"", b"garbage", None], ids=["empty", "garbage", "another object"])
def test_a_damaged_object_is_put_aside_and_the_others_stay(home, damage):
    oid = tree_of(home)
    before = {path.name for path in fsck.loose(home.git_dir)}
    head = object_file(home, home.repository.head() or "")
    overwrite(object_file(home, oid), head.read_bytes() if damage is None else damage)

    fsck.set_aside_damaged(home.git_dir)

    assert {path.name for path in fsck.loose(home.git_dir)} == before - {oid[2:]}
    assert [path.name for path in (home.state / "damaged").iterdir()] == [oid]


def test_nothing_is_put_aside_where_nothing_is_damaged(home):
    fsck.set_aside_damaged(home.git_dir)
    repacked(home)
    fsck.set_aside_damaged(home.git_dir)
    assert not (home.state / "damaged").exists()
    assert fsck.check(home.git_dir, deep=True) == []


def test_a_damaged_pack_is_put_aside_and_what_is_readable_comes_back(home):
    pack = repacked(home)
    data = bytearray(pack.read_bytes())
    data[-30] ^= 0xFF
    overwrite(pack, bytes(data))

    fsck.set_aside_damaged(home.git_dir)

    assert {path.suffix for path in (home.state / "damaged").iterdir()} >= {".pack", ".idx"}
    assert list((home.git_dir / "objects/pack").glob("*.pack")) == []
    assert list(fsck.loose(home.git_dir)) != []
