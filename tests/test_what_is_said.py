"""What the command line says where a step after the decisive one fails, and where nothing happened."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.errors import ExitCode
from mha.operations import publication, servers, setup
from mha.operations.tip import tip
from mha.store.trees import Blob, write
from tests.cluster import JANA, Cluster, Server, mha
from tests.trouble import HOSTS

NOW = "2026-11-23T10:00:00+00:00"


@pytest.fixture
def active(make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch) -> Server:
    """One server; the clock stands still, so that a copy of it makes the same revisions."""
    monkeypatch.setenv("MHA_NOW", NOW)
    return make_cluster("fw-a")["fw-a"]


def block_release(server: Server, *command: str) -> Path:
    """Put a file where the release of a command's revision is to stand; the revision's id is learned on a copy."""
    copy = Server(server.path.with_name("copy"))
    shutil.copytree(server.path, copy.path, symlinks=True)
    copy.mha(*command, check=True)
    blocked = server.path / "releases" / copy.head
    blocked.write_text("in the way")
    return blocked


@pytest.mark.parametrize(
    "command",
    [
        ("publish", "-m", "Edit"),
        ("revert", "2", "-m", "Undo"),
        ("server", "add", "fw-b", "/srv/fw-b"),
        ("server", "remove", "fw-z"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_revision_that_is_published_and_not_served_yet_is_said_to_be_just_that(active, command):
    active.publish_edit(HOSTS, "hosts: {}\n")
    servers.add(active.home, name="fw-z", url="/srv/fw-z", key=None, author=JANA)
    active.edit("objects/new.yaml", "x-a: 1\n")
    before = active.record.revision
    blocked = block_release(active, *command)

    done = active.mha(*command)

    assert active.record.revision == before + 1
    assert done.returncode == ExitCode.NOT_EVERYWHERE
    assert f"Published revision {before + 1}" in done.stdout
    fault = f"Not a directory ({active.path}/releases/.next)."
    assert f"Warning: It is published, but current/ does not serve it yet: {fault}" in done.stderr.splitlines()
    assert "Error" not in done.stderr
    blocked.unlink()
    active.mha("sync")
    assert active.home.repository.ref("refs/mha/current") == active.head


def test_a_sync_whose_release_fails_has_taken_the_revisions_all_the_same(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    cluster.heal("fw-a", "fw-b")
    blocked = cluster["fw-b"].path / "releases" / cluster["fw-a"].head
    blocked.write_text("in the way")

    done = cluster["fw-b"].mha("sync")

    assert cluster["fw-b"].head == cluster["fw-a"].head
    assert done.returncode == ExitCode.NOT_EVERYWHERE
    assert done.stdout.splitlines()[0] == "Took 1 revision."
    fault = f"Not a directory ({cluster['fw-b'].path}/releases/.next)."
    assert done.stderr == f"Warning: The files here do not follow yet: {fault}\n"


def test_a_server_that_is_added_is_a_publish_that_standbys_must_hold(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    text = cluster["fw-a"].served()["mha.yaml"].decode()
    cluster["fw-a"].publish_edit("mha.yaml", text.replace("wait-for: 0", "wait-for: 1"))
    cluster.cut("fw-a", "fw-b")

    done = cluster["fw-a"].mha("server", "add", "fw-c", "/srv/fw-c")

    assert done.returncode == ExitCode.NOT_EVERYWHERE
    assert done.stderr.splitlines()[1:] == [
        "WARNING: No peer tells whether another server has taken over (fw-b).",
        "If one has, this is a collision. Publish no more than you must; see to the link, then run `mha sync`.",
        "Warning: fw-b does not hold it: not communicating (there is no home at its address).",
        "Warning: Standbys that hold it: 0; wanted: 1. `mha sync` tries again.",
    ]


def test_an_edit_that_a_newer_revision_also_changed_is_named_when_it_is_published(active):
    """As after a kill between the move of main and the settling, and an edit before the next command."""
    here = tip(active.home)
    newer = Blob(write(here.home.repository, b"hosts: {newer: 10.0.0.1}\n"))
    publication.advance(here, {HOSTS: newer}, message="By a command that was killed", author=JANA)
    active.edit(HOSTS, "hosts: {mine: 10.0.0.2}\n")

    done = active.mha("publish", "-m", "Mine")

    assert done.returncode == ExitCode.DONE
    assert done.stderr.splitlines()[0] == f"Warning: A newer revision changed these edited files as well: {HOSTS}."


def test_published_lines_are_those_of_the_revision(active):
    active.edit(HOSTS, "hosts: {}\n")
    active.edit("policies/main.yaml", "x-rules: []\n")

    done = active.mha("publish", "-m", "One file of two", "--lines", HOSTS)

    assert "+hosts: {}" in done.stdout
    assert "rules" not in done.stdout


def test_promoting_the_active_warns_of_nothing(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-b")

    done = cluster["fw-a"].mha("promote")

    assert (done.returncode, done.stdout, done.stderr) == (0, "fw-a is Active already, at epoch 1.\n", "")


def test_a_status_that_asked_nobody_says_so(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")

    offline, online = (cluster["fw-a"].mha("status", *how).stdout.splitlines()[0] for how in (["--offline"], []))

    assert offline == "acme: Successfully synchronized (as last seen; nobody was asked)"
    assert online == "acme: Successfully synchronized"


def test_what_a_repair_could_not_mend_is_not_sent_to_repair_again(active):
    oid = active.home.repository.commit(active.head).tree
    (active.home.git_dir / "objects" / oid[:2] / oid[2:]).unlink()

    found, mended = active.mha("verify"), active.mha("repair")

    assert found.stderr == "Hint: `mha repair` mends what can be mended.\n"
    assert mended.returncode == ExitCode.ERROR
    assert mended.stderr.startswith("Hint: This could not be mended here. `mha join URL HOME --replace` rebuilds")


@pytest.mark.parametrize("verb", ["verify", "repair"])
def test_a_home_that_has_not_joined_has_nothing_to_verify(tmp_path, verb):
    setup.key(tmp_path / "fw-b", name="fw-b")

    done = mha("--home", str(tmp_path / "fw-b"), verb)

    assert done.stderr.splitlines()[0] == "Error: fw-b has not joined a cluster yet."


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (
            ["init", "{here}/my_home", "--name", "fw-a"],
            "'my_home' is not a name for a server or a cluster.",
            "The cluster is named as the home's folder: give it a name with --cluster.",
        ),
        (
            ["status", "--home", "{here}"],
            "No such option: --home",
            "--home stands before the command: `mha --home HOME status`.",
        ),
        (
            ["join", "{here}/fw-a", "{here}/fw-b", "--name", "fw-b"],
            "The cluster does not list fw-b yet.",
            "Run on the Active first: `mha server add fw-b {here}/fw-b`.",
        ),
        (
            ["join", "{here}/fw-k", "{here}/fw-b", "--name", "fw-b"],
            "The server at {here}/fw-k has not joined a cluster yet.",
            "Run `mha join URL HOME --name …` there.",
        ),
    ],
    ids=["init", "home", "not listed", "peer not joined"],
)
def test_an_error_says_what_was_meant(active, arguments, said, hint):
    here = str(active.path.parent)
    setup.key(active.path.parent / "fw-k", name="fw-k")

    done = mha(*(word.replace("{here}", here) for word in arguments))

    assert done.stderr.startswith(f"Error: {said.replace('{here}', here)}")
    assert done.stderr.splitlines()[1] == f"Hint: {hint.replace('{here}', here)}"


def test_a_join_over_ssh_is_not_told_a_path_of_its_own_machine(make_cluster, sshd, tmp_path):
    active = make_cluster("fw-a")["fw-a"]
    setup.key(tmp_path / "fw-b", name="fw-b")
    joining = Server(tmp_path / "fw-b")
    sshd.allow("fw-a", joining.home.public_key(), active.path)  # under its own name it would not be let in
    sshd.trust(joining)

    done = mha("join", sshd.url(active.path), str(joining.path), "--name", "fw-b")

    assert done.stderr.splitlines()[1] == (
        f"Hint: Run on the Active first: `mha server add fw-b ssh://USER@HOST{joining.path}`."
    )


def test_times_are_shown_with_their_zone(active):
    assert "  2026-11-23T10:00:00Z  " in active.mha("log").stdout


def completed(words: str, where: Path) -> list[str]:
    """What bash is offered for the last word."""
    env = os.environ | {"_MHA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    script = Path(sys.executable).parent / "mha"
    done = subprocess.run([script], env=env, cwd=where, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("mha sync ", ["fw-b", "fw-c"]),
        ("mha sync fw-c", ["fw-c"]),
        ("mha demote --to ", ["fw-b", "fw-c"]),
        ("mha server remove ", ["fw-b", "fw-c"]),
        ("mha drafts show ", ["2", "1"]),
        ("mha drafts rest", ["restore"]),
    ],
)
def test_tab_completes_servers_and_drafts(cluster, words, offered):
    active = cluster["fw-a"]
    for text in ("hosts: {a: 10.0.0.1}\n", "hosts: {b: 10.0.0.2}\n"):
        active.edit(HOSTS, text)
        active.mha("discard", check=True)

    assert completed(words, active.path / "work") == offered
    assert completed(words.replace("mha ", f"mha --home {active.path} ", 1), Path("/")) == offered


@pytest.mark.parametrize("words", ["mha sync ", "mha drafts show "])
def test_tab_is_silent_where_there_is_nothing_to_offer(tmp_path, words):
    assert completed(words, tmp_path) == []


def test_a_progress_line_gives_way_to_what_a_forced_changeover_puts_at_risk(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.cut("fw-a", "fw-b")
    controller, terminal = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "mha", "--home", str(cluster["fw-b"].path), "promote", "--force"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=terminal,
            check=False,
            timeout=120,
        )
        said = os.read(controller, 65536).decode()
    finally:
        os.close(controller)
        os.close(terminal)
    assert "\r\x1b[KAt risk, as far as is known here:" in said


def test_a_home_that_is_named_is_found_from_a_folder_that_was_deleted(active):
    done = active.mha("log", within=("sh", "-c", 'mkdir gone; cd gone; rmdir ../gone; exec "$@"', "sh"))

    assert (done.returncode, done.stderr) == (ExitCode.DONE, "")
