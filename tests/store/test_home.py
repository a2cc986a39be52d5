"""A home: made whole or not at all, opened only by its own account, configured as mha wants it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from mha.core.standing import Memory
from mha.errors import HomeNotEmpty, HomeOfAnother, MhaError, NewerFormat, NoHome, StoreDamaged
from mha.store import home as homes
from mha.store.files import remove_tree
from mha.store.home import Home
from tests import faults
from tests.store import scene


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


def setting(home: Home, name: str) -> str:
    command = ["git", "config", "--file", str(home.git_dir / "config"), "--get", name]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


def test_a_new_home_is_found_by_path_and_from_every_folder_within(home, tmp_path):
    (home.path / "work/deep").mkdir(parents=True)
    found = [homes.open_home(home.path), homes.locate(home.path, tmp_path)]
    found += [homes.locate(None, folder) for folder in (home.path, home.path / "work/deep", home.git_dir / "mha")]
    assert {(each.path, each.name) for each in found} == {(home.path, home.name)}
    with pytest.raises(NoHome):
        homes.locate(None, tmp_path)


def test_a_new_home_is_durable_quiet_and_refuses_to_rewind(home):
    assert {
        name: setting(home, name)
        for name in (
            "core.fsync", "gc.auto", "receive.denyNonFastForwards", "receive.denyDeletes", "receive.fsckObjects",
            "fetch.fsckObjects", "core.autoCrlf", "core.hooksPath",
        )
    } == {
        "core.fsync": "all", "gc.auto": "0", "receive.denyNonFastForwards": "true", "receive.denyDeletes": "true",
        "receive.fsckObjects": "true", "fetch.fsckObjects": "true", "core.autoCrlf": "false",
            "core.hooksPath": str(home.git_dir / "hooks"),
    }  # fmt: skip
    assert homes.misconfigured(home.git_dir) == []
    assert home.state.stat().st_mode & 0o777 == 0o700


def make(path: Path) -> None:
    homes.create(path, "fw-a")


def test_a_crash_while_a_home_is_made_leaves_a_home_or_none(tmp_path):
    path = tmp_path / "fw-a"
    seen = set()
    for _ in faults.at_each_write(make, path):
        if (path / "mha.git").exists():
            assert homes.open_home(path).name == "fw-a"
            assert homes.misconfigured(path / "mha.git") == []
            seen.add("home")
        else:
            homes.create(path, "fw-a")
            assert os.listdir(path) == ["mha.git"], "the unfinished one was not cleared away"
            seen.add("none")
        remove_tree(path)
    assert seen == {"home", "none"}


def test_a_folder_that_is_not_empty_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "fw-a").mkdir()
    (tmp_path / "fw-a/precious").write_text("x")
    with pytest.raises(HomeNotEmpty):
        homes.create(tmp_path / "fw-a", "fw-a")
    assert os.listdir(tmp_path / "fw-a") == ["precious"]


def test_a_home_of_a_newer_mha_is_refused(home):
    (home.state / "format").write_text("99\n")
    with pytest.raises(NewerFormat):
        homes.open_home(home.path)


@pytest.mark.parametrize("text", ["", "one", "1.5"])
def test_a_damaged_format_is_damage(home, text):
    (home.state / "format").write_text(text)
    with pytest.raises(StoreDamaged):
        homes.open_home(home.path)


@pytest.mark.parametrize("place", ["missing", "file", "file/below", "folder"])
def test_what_is_no_home_is_refused(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(NoHome):
        homes.open_home(tmp_path / place)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a home to another account")
def test_a_home_of_another_account_is_refused_to_root_too(home):
    subprocess.run(["chown", "-R", "65534:65534", str(home.path)], check=True)
    with pytest.raises(HomeOfAnother):
        homes.open_home(home.path)


DAMAGES = {
    "config": "config",
    "the attributes": "info/attributes",
    "a hook": "hooks/pre-receive",
    "the other hook": "hooks/reference-transaction",
}


@pytest.mark.parametrize("name", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("damage", ["changed", "gone", "empty"])
def test_what_is_not_as_mha_wrote_it_is_found_and_put_right(home, name, damage):
    path = home.git_dir / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(b"" if damage == "empty" else whole + b"\n# mine\n")
    assert name in homes.misconfigured(home.git_dir)
    homes.configure(home.git_dir)
    assert homes.misconfigured(home.git_dir) == []
    assert path.read_bytes() == whole


def test_a_hook_that_git_would_not_run_is_found(home):
    (home.git_dir / "hooks/pre-receive").chmod(0o644)
    assert homes.misconfigured(home.git_dir) == ["hooks/pre-receive"]
    homes.configure(home.git_dir)
    assert homes.misconfigured(home.git_dir) == []


def test_an_administrators_url_rewrites_stay(home):
    subprocess.run(
        ["git", "config", "--file", str(home.git_dir / "config"), "url.ssh://gate/srv/.insteadOf", "ssh://fw-b/"],
        check=True,
    )
    homes.configure(home.git_dir)
    assert setting(home, "url.ssh://gate/srv/.insteadOf") == "ssh://fw-b/"
    assert homes.misconfigured(home.git_dir) == []


def test_what_git_config_writes_in_work_about_the_user_stays(home):
    for key, value in (("user.name", "Jana Doe"), ("user.signingkey", "x"), ("user.email", "jana@example.org")):
        subprocess.run(["git", "config", "--file", str(home.git_dir / "config"), key, value], check=True)
    assert homes.misconfigured(home.git_dir) == ["config"]  # for the signing key, which nobody uses
    homes.configure(home.git_dir)
    assert homes.misconfigured(home.git_dir) == []
    assert [setting(home, f"user.{key}") for key in ("name", "email", "signingkey")] == [
        "Jana Doe",
        "jana@example.org",
        "",
    ]


def test_url_rewrites_stay_whatever_they_hold(home):
    config = home.git_dir / "config"
    wanted = [
        ("insteadOf", "ssh://fw-b/"), ("insteadOf", "ssh://old/"), ("pushInsteadOf", "ssh://fw-b/"),
        ("insteadOf", '/srv/a # "b" ; \\c'), ("pushInsteadOf", " /space "),
    ]  # fmt: skip
    for key, value in wanted:
        name = f'url.ssh://gate/"q"/.{key}'
        subprocess.run(["git", "config", "--file", str(config), "--add", name, value], check=True)
    assert homes.misconfigured(home.git_dir) == []

    homes.configure(home.git_dir)

    listed = subprocess.run(
        ["git", "config", "--file", str(config), "-z", "--get-regexp", r"^url\."],
        check=True,
        capture_output=True,
        text=True,
    )
    found = [tuple(entry.rpartition(".")[2].split("\n")) for entry in listed.stdout.rstrip("\0").split("\0")]
    assert found == [(key.lower(), value) for key, value in wanted]


def test_references_cannot_be_moved_by_hand(home):
    """The hook stands between main and a git that was typed."""
    oid = scene.revised(home, {"a.yaml": "1\n"})
    later = scene.written(home, {"a.yaml": "2\n"}, on=oid)
    for arguments in (("update-ref", "refs/heads/main", later), ("update-ref", "-d", "refs/heads/main"),
                      ("branch", "-f", "main", later), ("update-ref", "refs/mha/keep/x", oid)):  # fmt: skip
        done = subprocess.run(["git", "-C", str(home.git_dir), *arguments], check=False, capture_output=True, text=True)
        assert done.returncode != 0
        assert "Error: " in done.stderr
        assert "Hint: " in done.stderr
    assert home.repository.head() == oid


def test_what_was_seen_of_a_peer_is_remembered_and_forgotten(home):
    seen = Memory(url="/srv/b", head="1" * 40, revision=7, seen="2026-11-23T10:00:00+00:00", synchronized="")
    home.remember("fw-b", seen)
    again = scene.opened(home.path)
    assert again.memory("fw-b") == seen
    assert again.remembered() == [("fw-b", "/srv/b")]
    again.forget("fw-b")
    again.forget("fw-b")
    assert again.memory("fw-b") == Memory()


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"url": "/x"}', json.dumps({"head": 1})])
def test_a_damaged_note_of_a_peer_counts_as_none(home, text):
    (home.state / "contacts").mkdir(exist_ok=True)
    (home.state / "contacts/fw-b.json").write_text(text)
    assert home.memory("fw-b") == Memory()
    assert home.remembered() == []


def test_a_note_that_cannot_be_written_is_lost_and_nothing_else(home):
    remove_tree(home.state / "contacts")
    (home.state / "contacts").write_text("in the way")
    home.remember("fw-b", Memory(url="/srv/b"))
    assert home.memory("fw-b") == Memory()


def test_the_cluster_that_a_home_belongs_to_is_pinned(home):
    assert home.introduction() is None
    home.pin_introduction("1" * 40)
    assert scene.opened(home.path).introduction() == "1" * 40


def test_no_home_is_a_clear_error(tmp_path):
    with pytest.raises(MhaError) as refused:
        homes.open_home(tmp_path)
    assert refused.value.hint


def test_a_home_can_be_named_by_a_folder_within_it(home):
    within = home.path / "work" / "objects"
    within.mkdir(parents=True)

    assert homes.locate(within, Path("/")).path == home.path
    with pytest.raises(NoHome):
        homes.locate(home.path / "typo", Path("/"))
