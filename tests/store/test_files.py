"""Small, durable steps: whole or not at all, whenever a reader looks and whenever the power goes."""

import os
import threading
from pathlib import Path

import pytest

from mha.store import files
from tests import faults

OLD, NEW = b"old\n" * 1000, b"new\n" * 5000


def write(path: Path) -> None:
    files.write_whole(path, NEW)


def switch(link: Path, target: str) -> None:
    files.switch_link(link, target)


def test_a_file_is_written_whole_with_its_permissions(tmp_path):
    for name, mode in (("a", 0o644), ("b", 0o600), ("c", 0o755)):
        files.write_whole(tmp_path / name, NEW, mode=mode)
        assert ((tmp_path / name).read_bytes(), (tmp_path / name).stat().st_mode & 0o777) == (NEW, mode & ~_umask())
    assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_crash_at_any_write_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "state.json"
    seen = set()
    path.write_bytes(OLD)
    for _ in faults.at_each_write(write, path):
        assert path.read_bytes() in (OLD, NEW)
        seen.add(path.read_bytes())
        path.write_bytes(OLD)
    assert seen == {OLD, NEW}


def test_a_leftover_of_a_killed_write_is_in_nobodys_way(tmp_path):
    (tmp_path / f".state.json.{os.getpid()}").write_bytes(b"half")
    files.write_whole(tmp_path / "state.json", NEW)
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        files.write_whole(tmp_path / "folder", NEW)
    assert os.listdir(tmp_path) == ["folder"]


def test_trap_a_link_is_switched_with_one_rename(tmp_path):
    """Whoever looks while it is switched a thousand times always finds one of the targets."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    link = tmp_path / "current"
    files.switch_link(link, "one")
    seen: set[str] = set()
    failures: list[OSError] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            try:
                seen.add((link / "file").read_text())
            except OSError as error:
                failures.append(error)

    thread = threading.Thread(target=look)
    thread.start()
    for n in range(1000):
        files.switch_link(link, ("one", "two")[n % 2])
    stop.set()
    thread.join()
    assert (failures, seen) == ([], {"one", "two"})


def test_a_crash_at_any_step_of_a_switch_leaves_the_old_target_or_the_new_one(tmp_path):
    link = tmp_path / "current"
    seen = set()
    files.switch_link(link, "one")
    for _ in faults.at_each_write(switch, link, "two"):
        seen.add(os.readlink(link))
        files.switch_link(link, "one")
    assert seen == {"one", "two"}


def test_a_read_only_tree_is_removed_and_what_its_links_lead_to_stays(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    tree = tmp_path / "tree"
    (tree / "a/b").mkdir(parents=True)
    (tree / "a/b/file").write_text("x")
    (tree / "a/link").symlink_to(precious)
    for folder in (tree / "a/b", tree / "a", tree):
        folder.chmod(0o555)
    files.remove_tree(tree)
    files.remove_tree(tree)
    assert not tree.exists()
    assert (precious / "file").read_text() == "x"


def test_a_link_to_a_folder_is_removed_as_a_link(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "link").symlink_to("precious")
    files.remove_tree(tmp_path / "link")
    assert os.listdir(tmp_path) == ["precious"]


def test_every_entry_is_walked_with_its_path_whatever_it_is_called(tmp_path):
    names = ["a/b/c", "a/é", "a\nb", "-", " ", "a/b/\udcff", '"quoted"', "back\\slash"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert sorted(path for path, _ in files.walk_files(tmp_path)) == sorted([*names, "link", "dangling"])


@pytest.mark.parametrize("count", [1, files.SYNC_EACH + 1], ids=["each", "all at once"])
def test_syncing_files_that_are_gone_already_is_no_error(tmp_path, count):
    paths = [tmp_path / f"{n}" for n in range(count)]
    for path in paths[1:]:
        path.write_text("x")
    files.sync_files([*paths, tmp_path / "gone/too"], within=tmp_path)


def test_a_file_system_that_cannot_be_synced_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.sync_file_system(tmp_path / "missing")
