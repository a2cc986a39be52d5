"""The git executable: nothing steers it, nothing of it outlives its deadline, and its words are read well."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mha.errors import GitFailed, GitMissing, HomeBusy
from mha.store import git, lock
from mha.store.git import Done
from tests import faults
from tests.cluster import Cluster
from tests.faults import Ending
from tests.store import scene

SHELL = ("-c", 'alias.run=!sh -c "$COMMAND"', "run")  # how a test has git start something


def processes_named(mark: str) -> list[int]:
    """The processes whose command line holds a mark."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes()
            dead = "State:\tZ" in (process / "status").read_text()
        except OSError:
            continue
        if process.name.isdigit() and mark.encode() in words and not dead and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def gone(mark: str) -> bool:
    deadline = time.monotonic() + 30
    while processes_named(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes_named(mark)


def test_output_and_exit_code_are_returned():
    assert git.run("--version").out.startswith(b"git version 2.")
    assert git.run(*SHELL, env={"COMMAND": "cat; echo told >&2; exit 3"}, stdin=b"said").code == 3
    done = git.run(*SHELL, env={"COMMAND": "cat; echo told >&2; exit 3"}, stdin=b"said")
    assert (done.out, done.err, done.timed_out) == (b"said", "told\n", False)


def test_a_failure_names_what_could_not_be_done():
    with pytest.raises(GitFailed, match="git could not count sheep: "):
        git.checked("count sheep", "no-such-command")


def test_a_machine_without_git_is_told_apart(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing):
        git.run("--version")


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("2.35.8", False),
        ("1.9", False),
        ("2.36.0", True),
        ("2.39.5 (Apple Git-154)", True),
        ("3.0", True),
        ("x", False),
    ],
)
def test_a_git_older_than_needed_is_refused(monkeypatch, tmp_path, version, good):
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\necho 'git version {version}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if good:
        git.require_version()
    else:
        with pytest.raises(GitMissing):
            git.require_version()


def test_a_git_that_is_known_is_asked_once_and_one_that_was_replaced_again(monkeypatch, tmp_path):
    fake, noted, asked = tmp_path / "git", tmp_path / "noted", tmp_path / "asked"

    def install(version: str) -> None:
        fake.unlink(missing_ok=True)
        fake.write_text(f"#!/bin/sh\necho x >> {asked}\necho 'git version {version}'\n")
        fake.chmod(0o755)

    install("2.39.5")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for _ in range(3):
        git.require_version(noted)
    assert asked.read_text() == "x\n"
    install("2.35.80")
    for _ in range(2):
        with pytest.raises(GitMissing):
            git.require_version(noted)
    assert asked.read_text() == "x\n" * 3


def test_trap_no_inherited_variable_reaches_git(monkeypatch):
    for name, value in {
        "GIT_DIR": "/elsewhere", "GIT_WORK_TREE": "/elsewhere", "GIT_INDEX_FILE": "/x", "GIT_OBJECT_DIRECTORY": "/x",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/x", "GIT_SSH": "/x", "GIT_SSH_COMMAND": "/x", "GIT_EXEC_PATH": "/x",
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "maybe", "GIT_NAMESPACE": "x",
        "GIT_CONFIG_PARAMETERS": "'a.b=c'", "GIT_CONFIG_SYSTEM": "/x", "GIT_TRACE": "1", "GIT_PROXY_COMMAND": "x",
        "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "LANGUAGE": "de",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UNRELATED", "stays")

    found = git.environment({"GIT_DIR": "/here"})

    steering = {name: value for name, value in found.items() if name.startswith(("GIT_", "LC_", "LANG"))}
    assert steering == {
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_ATTR_NOSYSTEM": "1", "GIT_DIR": "/here",
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_OPTIONAL_LOCKS": "0", "GIT_ADVICE": "0", "LC_ALL": "C",
    }  # fmt: skip
    assert found["UNRELATED"] == "stays"


HOSTILE = """\
[core]
\thooksPath = {folder}/hooks
\tfsmonitor = {folder}/evil
\tattributesFile = {folder}/attributes
\texcludesFile = {folder}/excludes
\tautocrlf = true
\teol = crlf
\tsshCommand = {folder}/evil
\tbare = false
\tworktree = {folder}
\tpager = {folder}/evil
\teditor = {folder}/evil
[filter "evil"]
\tclean = {folder}/evil
\tsmudge = {folder}/evil
\trequired = true
[init]
\ttemplateDir = {folder}/template
\tdefaultBranch = trunk
[url "/elsewhere/"]
\tinsteadOf = /
[commit]
\tgpgSign = true
[receive]
\tdenyNonFastForwards = false
[transfer]
\tfsckObjects = false
[user]
\tname = Mallory
[alias]
\tpush = !{folder}/evil
"""


@pytest.mark.parametrize("where", ["home", "xdg"])
def test_trap_a_hostile_gitconfig_and_environment_have_no_effect(monkeypatch, hermetic, tmp_path, where):
    folder = tmp_path / "evil"
    (folder / "hooks").mkdir(parents=True)
    (folder / "template/hooks").mkdir(parents=True)
    for script in ("evil", "hooks/pre-receive", "hooks/reference-transaction", "hooks/pre-push", "hooks/post-checkout"):
        (folder / script).write_text(f"#!/bin/sh\ntouch {folder}/ran\nexit 1\n")
        (folder / script).chmod(0o755)
    (folder / "template/hooks/pre-receive").symlink_to(folder / "evil")
    (folder / "attributes").write_text("* text eol=crlf filter=evil ident\n")
    (folder / "excludes").write_text("*\n")
    configuration = hermetic / (".gitconfig" if where == "home" else ".config/git/config")
    configuration.parent.mkdir(parents=True, exist_ok=True)
    configuration.write_text(HOSTILE.format(folder=folder))
    monkeypatch.setenv("GIT_DIR", str(folder))
    monkeypatch.setenv("GIT_WORK_TREE", str(folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(folder / "index"))

    cluster = Cluster.build(tmp_path / "cluster", ("fw-a", "fw-b"))
    cluster["fw-a"].edit("objects/ident.txt", b"$Id$\nline\r\n")
    published = cluster["fw-a"].mha("publish", "-m", "Why")  # a process of its own: libgit2 looks for HOME once
    promoted = cluster["fw-b"].mha("promote")

    assert (published.returncode, promoted.returncode) == (0, 0), published.stderr + promoted.stderr
    assert cluster["fw-b"].served()["objects/ident.txt"] == b"$Id$\nline\r\n"
    assert cluster["fw-b"].draft() == cluster["fw-b"].served() == cluster["fw-a"].served()
    assert not (folder / "ran").exists()


def test_trap_a_gitconfig_that_cannot_be_read_stops_nothing(hermetic, tmp_path):
    (hermetic / ".gitconfig").write_text("[core\nthis is no configuration\n")
    cluster = Cluster.build(tmp_path / "cluster", ("fw-a", "fw-b"))
    cluster["fw-a"].edit("objects/hosts.yaml", "hosts: {}\n")
    done = cluster["fw-a"].mha("publish", "-m", "Why")  # a process of its own: libgit2 looks for HOME once
    assert done.returncode == 0, done.stderr
    assert cluster["fw-b"].served() == cluster["fw-a"].served()
    assert cluster["fw-b"].served()["objects/hosts.yaml"] == b"hosts: {}\n"


def test_trap_a_git_child_is_killed_at_its_deadline_with_all_that_it_started():
    mark = "sleep 61.5"
    started = time.monotonic()

    done = git.run(*SHELL, env={"COMMAND": f"({mark} & {mark}) & {mark}"}, seconds=0.5)

    assert done.timed_out
    assert done.complaint == "no answer within the deadline"
    assert time.monotonic() - started < 50  # and not the minute that the children sleep
    assert gone(mark)


def test_trap_what_git_left_behind_is_killed_too_when_it_keeps_the_line_open():
    """git itself has ended; a child of its own still holds the pipe that the answer comes through."""
    mark = "sleep 62.5"
    done = git.run(*SHELL, env={"COMMAND": f"{mark} & exit 0"}, seconds=0.5)
    assert done.timed_out
    assert gone(mark)


def test_a_transfer_may_take_long_but_not_stand_still():
    mark = "sleep 63.5"
    steps = "; ".join(f"echo step {n} >&2; sleep 0.5" for n in range(8))  # longer than it may stand still
    lines: list[str] = []
    done = git.transfer(*SHELL, env={"COMMAND": steps}, idle_seconds=lambda: 3.0, on_line=lines.append)
    assert (done.code, lines) == (0, [f"step {n}" for n in range(8)])
    hang = {"COMMAND": f"echo begun >&2; {mark}"}
    done = git.transfer(*SHELL, env=hang, idle_seconds=lambda: 2.0, on_line=lines.append)
    assert (done.timed_out, lines[-1]) == (True, "begun")
    assert gone(mark)


def test_what_is_running_ends_when_its_caller_is_interrupted():
    mark = "sleep 64.5"
    with suppress(KeyboardInterrupt), git.started(*SHELL, env={"COMMAND": f"{mark} & {mark}"}):
        while not processes_named(mark):
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert gone(mark)


def test_all_that_is_running_is_ended_at_once():
    mark = "sleep 65.5"
    with git.started(*SHELL, env={"COMMAND": mark}) as child:
        while not processes_named(mark):
            time.sleep(0.01)
        git.end_all()
        assert child.wait() == -signal.SIGKILL
    assert gone(mark)


def hold_and_start_git(path: Path, command: str) -> None:
    """A writer that dies while a git of its own still runs."""
    with lock.held(path / "mha.git"), git.started(*SHELL, env={"COMMAND": command}):
        os._exit(99)


def test_trap_the_lock_is_held_as_long_as_a_git_child_of_a_killed_writer_lives(tmp_path):
    home = scene.made(tmp_path / "fw-a")
    may_end, ended = tmp_path / "may end", tmp_path / "ended"
    script = (
        "from pathlib import Path; from tests.store import test_git\n"
        f"test_git.hold_and_start_git(Path({str(home.path)!r}), "
        f"'while [ ! -e \"{may_end}\" ]; do sleep 0.05; done; touch {ended}')"
    )
    writer = subprocess.run([sys.executable, "-c", script], cwd=faults.ROOT, check=False, timeout=60)
    assert writer.returncode == 99
    with pytest.raises(HomeBusy), lock.held(home.git_dir, wait_seconds=0):
        pass
    may_end.touch()

    with lock.held(home.git_dir, wait_seconds=60):
        assert ended.exists(), "the lock was free although git still wrote"


def test_a_killed_command_leaves_no_lock(tmp_path):
    home = scene.made(tmp_path / "fw-a")
    assert faults.run(die_with_lock, home.path).ending is Ending.DIED
    with lock.held(home.git_dir, wait_seconds=0):
        pass


def die_with_lock(path: Path) -> None:
    with lock.held(path / "mha.git"):
        os._exit(99)


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("fatal: not a git repository: 'x'\n", "not a git repository: 'x'"),
        ("warning: nothing\nerror: cannot lock ref\nfatal: more\n", "cannot lock ref"),
        (
            "remote: Error: fw-b has revisions.        \nremote: Hint: look.\nerror: failed to push\n",
            "fw-b has revisions.",
        ),
        ("Receiving objects: 10%\rReceiving objects: 100%\rfatal: early EOF\n", "early EOF"),
        ("something else\n", "something else"),
        ("", "git gave no reason"),
    ],
)
def test_the_telling_line_is_found(said, understood):
    assert Done(1, b"", said).complaint == understood


def test_a_git_that_died_of_a_peer_that_hung_up_says_so():
    assert Done(-signal.SIGPIPE, b"", "").complaint == "it hung up before the end"
    assert Done(-signal.SIGPIPE, b"", "fatal: told before\n").complaint == "told before"
