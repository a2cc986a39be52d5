"""A shortened replay, end to end: a history with all that is awkward, three servers, one of them behind an sshd."""

import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.replay import Move, WentWrong, moves_of, replay
from tests.sshd import reason_against_sshd

ROOT = Path(__file__).parent.parent


@pytest.fixture
def ssh(monkeypatch) -> Iterator[None]:
    """Connections to an sshd are shared, as on a real server; their sockets need a short path."""
    reason = reason_against_sshd()
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="mha-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield
        for socket in Path(folder).glob("*/*"):
            subprocess.run(["ssh", "-q", "-O", "exit", "-o", f"ControlPath={socket}", "peer"], check=False)


def stream(commits: list[str]) -> str:
    """What git's fast-import makes a history of; each commit is its changes, or "" for none."""
    parts = ["feature done\n"]
    for number, changes in enumerate(commits):
        subject = f"change {number}\ttab"
        parts.append(
            f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number} +0000\n"
            f"data {len(subject.encode())}\n{subject}\n{changes}\n"
        )
    return "".join([*parts, "done\n"])


def put(path: str, data: bytes | str, mode: str = "100644") -> str:
    """One file of a commit; its bytes go through the stream as Latin-1."""
    text = data if isinstance(data, str) else data.decode("latin-1")
    return f'M {mode} inline "{path}"\ndata {len(text)}\n{text}\n'


def made(folder: Path, commits: list[str]) -> Path:
    """A bare repository with these commits on main."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    fast_import = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(fast_import, input=stream(commits).encode("latin-1"), check=True)
    return folder


def awkward() -> Iterator[str]:
    """A revision for each way in which files come, go and change, then some ordinary ones."""
    yield put("hosts.yaml", "hosts: {}\n") + put("policies/main.yaml", "x-rules: []\n")
    yield put("windows.yaml", "a: 1\r\nb: 2\r\n")
    yield put("latin.txt", b"name: caf\xe9\n") + put("binary.bin", bytes(range(256)))
    yield put("empty.yaml", "")
    yield put("with space/and 'quotes'/it's \\\"one\\\".yaml", "x-a: 1\n")
    yield put("names/\xc3\xbcber.yaml", "x-a: 1\n")
    yield put("run.sh", "#!/bin/sh\n", "100755")
    yield put("run.sh", "#!/bin/sh\n", "100644")
    yield put("run.sh", "#!/bin/sh\ntrue\n", "100755")
    yield put("site", "a file\n")
    yield "D site\n" + put("site/hosts.yaml", "a folder now\n")
    yield "D site/hosts.yaml\n" + put("site", "a file again\n")
    yield ""
    yield "R policies/main.yaml policies/renamed.yaml\n"
    yield "R policies rules\n"
    yield "D with space\n"
    yield put("empty.yaml", "no longer\n") + put("windows.yaml", "a: 1\nb: 2\n")
    yield put("deep/" * 10 + "file.yaml", "x-a: 1\n")
    yield "D deep\n"
    yield put(".gitattributes", "* text=auto eol=crlf\n*.yaml filter=lfs ident\n")
    yield put("ident.yaml", "a: $Id$\nb: 1\r\n")
    yield put("no-newline.yaml", "a: 1")
    for number in range(4):
        yield put("hosts.yaml", f"hosts: {{web-{number}: 10.0.0.{number}}}\n")


@pytest.mark.ssh
def test_a_history_with_all_that_is_awkward_arrives_whole_on_three_servers(tmp_path, ssh):
    history = made(tmp_path / "history.git", list(awkward()))
    (tmp_path / "servers").mkdir()
    found = replay(str(history), tmp_path / "servers", every=7)
    assert found.problems == []
    assert (found.revisions, found.published, found.empty, found.refused) == (26, 25, 1, [])
    assert (len(found.planned), len(found.forced)) == (3, 1)
    assert found.publish.keys() == {"whole", "local", "path", "ssh"}


@pytest.mark.ssh
def test_the_last_revisions_are_replayed_on_top_of_an_adopted_history_as_the_command_line_says(tmp_path, ssh):
    history = made(tmp_path / "history.git", [put("hosts.yaml", f"hosts: {n}\n") for n in range(6)])
    bundle = tmp_path / "history.bundle"
    subprocess.run(["git", "-C", history, "bundle", "create", "-q", bundle, "main"], check=True)  # it has no HEAD
    command = [sys.executable, "benchmarks/replay.py", str(bundle), "--adopt", "2", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["adopted"], found["published"], found["problems"]) == (4, 2, [])


@pytest.mark.ssh
def test_a_revision_that_is_refused_stops_the_replay_and_is_named(tmp_path, ssh):
    history = made(tmp_path / "history.git", [put("link.yaml", "a.yaml", "120000")])
    (tmp_path / "servers").mkdir()
    with pytest.raises(WentWrong, match=r"link\.yaml is a symbolic link"):
        replay(str(history), tmp_path / "servers")


@pytest.mark.ssh
def test_with_skip_the_next_revision_is_published_on_top_of_the_last_that_was_taken(tmp_path, ssh):
    bad = put("link.yaml", "a.yaml", "120000") + put("b.yaml", "x-b: 1\n")
    commits = [put("a.yaml", "x-a: 1\n"), bad, "D link.yaml\n"]
    history = made(tmp_path / "history.git", commits)
    (tmp_path / "servers").mkdir()
    found = replay(str(history), tmp_path / "servers", skip=True)
    assert (found.published, len(found.refused), found.problems) == (2, 1, [])


def test_the_active_mode_moves_each_so_many_revisions_and_once_by_force_in_between():
    moves = moves_of(40, 10)
    assert moves == {
        10: Move.PLANNED, 20: Move.PLANNED, 25: Move.FORCED, 27: Move.HEALED, 30: Move.PLANNED, 40: Move.PLANNED,
    }  # fmt: skip


@pytest.mark.parametrize("count", range(60))
def test_whoever_is_cut_off_is_back_before_the_next_planned_changeover(count):
    moves = list(moves_of(count, 10).values())
    assert moves.count(Move.FORCED) == moves.count(Move.HEALED) <= 1
    assert all(after is Move.HEALED for move, after in itertools.pairwise(moves) if move is Move.FORCED)
