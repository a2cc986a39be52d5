"""What readers see: a folder for each revision, built whole, switched with one rename, never changed under a reader."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from mha.store import releases
from mha.store.files import remove_tree
from mha.store.home import Home
from mha.store.repository import CURRENT
from tests import faults
from tests.store import scene

Files = dict[str, tuple[str, int]]  # path -> text and permissions


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


def found_in(folder: Path) -> Files:
    resolved = folder.resolve(strict=True)
    return {
        str(path.relative_to(resolved)): (path.read_text(), path.stat().st_mode & 0o777)
        for path in resolved.rglob("*")
        if not path.is_dir()
    }


def folder_modes(folder: Path) -> set[int]:
    return {Path(path).stat().st_mode & 0o777 for path, _, _ in os.walk(folder.resolve(strict=True))}


def switched(home: Home, files: Mapping[str, str | None], **options) -> str:
    oid = scene.revised(home, files, **options)
    releases.switch(home, oid)
    return oid


def reboot(home: Home) -> None:
    """After a boot no reader is left from before it."""
    notes = home.state / "releases.json"
    found = json.loads(notes.read_text())
    notes.write_text(json.dumps([note | {"boot": "an earlier boot"} for note in found]))


@contextmanager
def reading(home: Home, oid: str) -> Iterator[None]:
    """A reader that holds a shared flock on the folder of a revision, as docs for readers say."""
    descriptor = os.open(home.releases / oid, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(descriptor)


def test_current_serves_one_revision_read_only(home):
    oid = switched(
        home, {"objects/hosts.yaml": "hosts: {}\n", "hooks/run.sh": "#!/bin/sh\n"}, executable=["hooks/run.sh"]
    )

    assert releases.served(home) == oid
    assert home.repository.ref(CURRENT) == oid
    assert os.readlink(home.current) == f"releases/{oid}"
    assert found_in(home.current) == {
        "objects/hosts.yaml": ("hosts: {}\n", 0o444),
        "hooks/run.sh": ("#!/bin/sh\n", 0o555),
    }
    assert folder_modes(home.current) == {0o555}


def test_switching_to_what_is_served_changes_nothing(home):
    oid = switched(home, {"a.yaml": "1\n"})
    before = home.current.lstat().st_ino

    assert releases.switch(home, oid) is False

    assert home.current.lstat().st_ino == before


def test_the_reference_that_peers_read_is_mended_where_it_lags(home):
    oid = switched(home, {"a.yaml": "1\n"})
    home.repository.delete_ref(CURRENT)
    assert releases.switch(home, oid) is False
    assert home.repository.ref(CURRENT) == oid


CHANGES = {
    "an empty folder vanishes": ({"a/b/c.yaml": "1\n", "z": "z\n"}, {"a/b/c.yaml": None}),
    "a file becomes a folder": ({"site": "1\n", "z": "z\n"}, {"site": None, "site/north.yaml": "2\n"}),
    "a folder becomes a file": ({"site/north/a.yaml": "1\n", "z": "z\n"}, {"site/north/a.yaml": None, "site": "2\n"}),
    "a folder and its neighbours by name": (
        {"a": "1\n", "a.yaml": "2\n", "a-b/c": "3\n"},
        {"a": None, "a/b": "4\n", "a-b/c": None, "a-b": "5\n", "a.yaml": None, "a.yaml/x": "6\n"},
    ),
    "all files are deleted": ({"a.yaml": "1\n", "b/c.yaml": "2\n"}, {"a.yaml": None, "b/c.yaml": None}),
    "names that hurt": ({"a b/é\u2028.yaml": "1\n", "-rf": "1\n", "*": "1\n"}, {"*": "2\n", "-rf": None}),
}


@pytest.mark.parametrize("recycled", [False, True], ids=["linked", "recycled"])
@pytest.mark.parametrize(("first", "second"), CHANGES.values(), ids=CHANGES.keys())
def test_a_release_equals_its_revision_whatever_changed(home, first, second, recycled):
    before = switched(home, first)
    if recycled:  # three more folders, all of an earlier boot: the first one is free to be turned into the next
        for text in ("x", "y", "first again"):
            switched(home, {"z": text})
        reboot(home)
        served = releases.served(home)
        assert served is not None
        before = served
    kept = found_in(home.releases / before)

    oid = switched(home, second)

    assert releases.differences(home, oid) == []
    assert {path: mode for path, (_, mode) in found_in(home.current).items()} == dict.fromkeys(
        found_in(home.current), 0o444
    )
    assert folder_modes(home.current) == {0o555}
    assert not any(
        not any(Path(path).iterdir()) for path, _, _ in os.walk(home.releases / oid) if path != str(home.releases / oid)
    )
    assert found_in(home.releases / before) == kept, "the folder that others still read was changed"


def test_a_file_that_becomes_executable_does_so_in_the_new_release_alone(home):
    first = switched(home, {"run.sh": "#!/bin/sh\n", "a.yaml": "1\n"})
    second = switched(home, {"run.sh": "#!/bin/sh\n"}, executable=["run.sh"])
    third = switched(home, {"run.sh": "#!/bin/sh\n"})
    modes = [(home.releases / oid / "run.sh").stat().st_mode & 0o777 for oid in (first, second, third)]
    assert modes == [0o444, 0o555, 0o444]


def test_trap_hard_linked_files_are_never_written_in_place(home):
    first = switched(home, {"a.yaml": "1\n", "b.yaml": "same\n"})
    opened = (home.current / "a.yaml").open()

    second = switched(home, {"a.yaml": "2\n"})

    assert (home.releases / first / "b.yaml").stat().st_ino == (home.releases / second / "b.yaml").stat().st_ino
    assert (home.releases / first / "a.yaml").read_text() == "1\n"
    assert opened.read() == "1\n"
    opened.close()


def test_the_last_three_stay_and_older_ones_are_used_again_once_nobody_can_be_in_them(home):
    oids = [switched(home, {"a.yaml": f"{n}\n"}) for n in range(6)]
    assert releases.folders(home) == sorted(oids)

    for n in range(6, 15):  # folders of an earlier boot are turned into the next ones
        reboot(home)
        oids.append(switched(home, {"a.yaml": f"{n}\n"}))

    assert set(oids[-3:]) <= set(releases.folders(home))
    assert len(releases.folders(home)) == 6
    assert all(releases.differences(home, oid) == [] for oid in releases.folders(home))


def test_trap_a_folder_is_not_used_again_within_its_grace(home, monkeypatch):
    oids = [switched(home, {"a.yaml": f"{n}\n"}) for n in range(12)]
    assert [served_in(home, oid) for oid in oids] == [f"{n}\n" for n in range(12)]

    monkeypatch.setattr(releases, "GRACE_SECONDS", 0.0)
    for n in range(12, 17):
        switched(home, {"a.yaml": f"{n}\n"})

    assert len(releases.folders(home)) == releases.POOL + 1


def served_in(home: Home, oid: str) -> str:
    return (home.releases / oid / "a.yaml").read_text()


def test_trap_a_folder_is_not_used_again_while_a_reader_holds_it(home):
    oids = [switched(home, {"a.yaml": f"{n}\n"}) for n in range(5)]
    reboot(home)
    with reading(home, oids[0]):
        for n in range(5, 9):
            oids.append(switched(home, {"a.yaml": f"{n}\n"}))
            reboot(home)
            assert served_in(home, oids[0]) == "0\n"
    oids.append(switched(home, {"a.yaml": "9\n"}))
    assert oids[0] not in releases.folders(home)


LOST = {
    "missing": None,
    "empty": b"",
    "half written": b'[{"id": "abc", "bo',
    "no list": b'{"id": 1}',
    "a number": b"7",
    "wrong types": b'[{"id": 5, "boot": null, "seconds": "long ago"}]',
    "a text for seconds": b'[{"id": "ID", "boot": "BOOT", "seconds": "long ago"}]',
    "unknown fields": b'[{"id": "ID", "boot": "x", "seconds": 1, "color": "red"}]',
    "somewhere else": b'[{"id": "../../precious", "boot": "x", "seconds": 1}]',
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("notes", LOST.values(), ids=LOST.keys())
def test_lost_notes_of_releases_make_every_folder_count_as_read_just_now(home, notes):
    oids = [switched(home, {"a.yaml": f"{n}\n"}) for n in range(5)]
    precious = home.path.parent / "precious"
    precious.mkdir()
    (home.state / "releases.json").unlink()
    if notes is not None:
        notes = notes.replace(b"ID", oids[0].encode()).replace(b"BOOT", releases._boot().encode())
        (home.state / "releases.json").write_bytes(notes)

    oids.append(switched(home, {"a.yaml": "5\n"}))

    assert releases.folders(home) == sorted(oids)
    assert [served_in(home, oid) for oid in oids] == [f"{n}\n" for n in range(6)]
    assert precious.is_dir()
    for n in range(6, 9):
        reboot(home)
        switched(home, {"a.yaml": f"{n}\n"})
    assert len(releases.folders(home)) == 6  # each of those was turned into a later one


FIRST = {"a.yaml": "1\n", "site": "old\n", "gone/deep.yaml": "1\n", "same.yaml": "same\n"}
SECOND = {"a.yaml": "2\n", "site": None, "site/north.yaml": "2\n", "gone/deep.yaml": None, "new.yaml": "2\n"}


@pytest.mark.parametrize("recycled", [False, True], ids=["linked", "recycled"])
def test_a_crash_between_any_two_steps_leaves_a_whole_revision_and_is_settled(home, recycled):
    switched(home, FIRST)
    if recycled:
        for n in range(4):
            switched(home, {"n.yaml": f"{n}\n"})
    before = releases.served(home)
    after = scene.revised(home, SECOND)
    saved = home.path.parent / "saved"
    copy_tree(home.path, saved)

    for _ in faults.at_each_write(_rebooted_switch, home.path, after):
        assert releases.served(home) in (before, after)
        assert all(releases.differences(home, oid) == [] for oid in releases.folders(home))

        releases.switch(home, after)

        assert releases.served(home) == after == home.repository.ref(CURRENT)
        assert all(releases.differences(home, oid) == [] for oid in releases.folders(home))
        switched(home, {"later.yaml": "1\n"})
        assert [*home.releases.glob(".*"), *home.path.glob(".*")] == []
        remove_tree(home.path)
        copy_tree(saved, home.path)
        home = scene.opened(home.path)


def _rebooted_switch(path: Path, oid: str) -> None:
    home = scene.opened(path)
    if (home.state / "releases.json").exists():
        reboot(home)
    releases.switch(home, oid)


def copy_tree(source: Path, target: Path) -> None:
    """A copy with links, permissions and hard links as they are."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


TAMPERINGS = {
    "changed": (lambda folder: _write(folder / "a.yaml", "evil\n"), ["a.yaml was changed."]),
    "missing": (lambda folder: (folder / "a.yaml").unlink(), ["a.yaml is missing."]),
    "extra": (lambda folder: _write(folder / "b/extra.yaml", "x\n"), ["b/extra.yaml does not belong there."]),
    "permissions": (lambda folder: (folder / "a.yaml").chmod(0o666), ["a.yaml has other permissions."]),
    "a link in its place": (lambda folder: _link(folder / "a.yaml", "/etc/passwd"), ["a.yaml was changed."]),
    "a folder in its place": (
        lambda folder: _folder(folder / "a.yaml"),
        ["a.yaml is missing.", "a.yaml/x does not belong there."],
    ),
    "a file for a folder": (
        lambda folder: _file_for_folder(folder / "b"),
        ["b/c.yaml is missing.", "b does not belong there."],
    ),
    "a link for a folder": (
        lambda folder: _link_for_folder(folder / "b"),
        ["b/c.yaml is missing.", "b does not belong there."],
    ),
}


def _write(path: Path, text: str) -> None:
    path.parent.chmod(0o755)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o444)


def _link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")


def _file_for_folder(path: Path) -> None:
    remove_tree(path)
    path.write_text("x")


def _link_for_folder(path: Path) -> None:
    remove_tree(path)
    elsewhere = path.parents[2] / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(("tamper", "expected"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_is_found_and_mended(home, tamper, expected):
    oid = switched(home, {"a.yaml": "1\n", "b/c.yaml": "2\n"})
    whole = found_in(home.current)
    (home.releases / oid).chmod(0o755)
    tamper(home.releases / oid)

    assert releases.differences(home, oid) == expected
    assert releases.mend(home, oid) == expected

    assert releases.differences(home, oid) == []
    assert found_in(home.current) == whole
    assert folder_modes(home.current) == {0o555}
    elsewhere = home.path / "elsewhere"
    assert not elsewhere.exists() or (elsewhere.stat().st_mode & 0o777, list(elsewhere.iterdir())) == (0o700, [])


@pytest.mark.parametrize(("tamper", "expected"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_a_tampered_folder_does_not_stop_the_next_revision(home, tamper, expected):
    """The files that a revision deletes or changes may be gone already; it is served all the same."""
    oid = switched(home, {"a.yaml": "1\n", "b/c.yaml": "2\n", "z": "z\n"})
    (home.releases / oid).chmod(0o755)
    tamper(home.releases / oid)

    after = switched(home, {"a.yaml": None, "b/c.yaml": "3\n"})

    assert releases.served(home) == after
    wrong = releases.differences(home, after)
    assert wrong == [] or (wrong == expected and "extra" in wrong[0]), "what the revision changed is as it says"
    assert not (home.path / "elsewhere").exists() or list((home.path / "elsewhere").iterdir()) == []


def test_a_folder_of_another_name_in_releases_is_left_alone(home):
    switched(home, {"a.yaml": "1\n"})
    (home.releases / "lost+found").mkdir()
    for n in range(6):
        switched(home, {"a.yaml": f"{n}\n"})
        reboot(home)
    assert "lost+found" not in releases.folders(home)
    assert (home.releases / "lost+found").is_dir()


def test_a_link_that_leads_elsewhere_serves_nothing_and_is_switched_back(home):
    oid = switched(home, {"a.yaml": "1\n"})
    home.current.unlink()
    home.current.symlink_to("/etc")

    assert releases.served(home) is None
    releases.switch(home, oid)

    assert releases.served(home) == oid
    assert (home.current / "a.yaml").read_text() == "1\n"


def test_a_folder_in_the_place_of_current_is_put_aside(tmp_path):
    home = scene.made(tmp_path / "fw-a")
    oid = scene.written(home, {"a.yaml": "1\n"}, on=None)
    releases.switch(home, oid)
    home.current.unlink()
    home.current.mkdir()
    (home.current / "mine").write_text("1\n")
    (home.path / "current-kept").symlink_to("nowhere")

    assert releases.switch(home, oid)
    assert releases.served(home) == oid
    assert (home.path / "current-kept-2" / "mine").read_text() == "1\n"
    assert list(home.path.glob(".current*")) == []
