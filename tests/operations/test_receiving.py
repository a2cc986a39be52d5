"""Receiving: what a peer may push, judged on its objects before any reference moves; by path and by ssh."""

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest
from pygit2.enums import FileMode

from mha.core.record import Record
from mha.errors import GitMissing, UnknownServer
from mha.operations import answering, receiving, servers, setup
from mha.store import noted, trees
from tests.cluster import JANA, Cluster, Server
from tests.operations.forging import forged, make_head, with_entry, with_tree

HOSTS = "objects/hosts.yaml"
NEXT = Record(3, 1, "fw-a", "fw-a")
ZERO = "0" * 40


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers, fw-a Active at revision 2."""
    return make_cluster("fw-a", "fw-b")


def push(sender: Server, receiver: Server, *refspecs: str, name: str = "") -> tuple[bool, list[str]]:
    """Push as a peer does, without mha's own care on the sending side; whether git was content, and what was said."""
    serve = shlex.join([sys.executable, "-P", "-m", "mha.cli.serve", name or sender.name])
    command = ["git", "push", "--no-verify", f"--receive-pack={serve}", str(receiver.home.git_dir), *refspecs]
    done = subprocess.run(command, cwd=sender.home.git_dir, capture_output=True, text=True, check=False)
    said = [line.removeprefix("remote: ").strip() for line in done.stderr.splitlines()]
    return done.returncode == 0, [line for line in said if line.startswith(("Error:", "Hint:"))]


def test_a_receiver_whose_git_does_not_start_leaves_no_pipe_open(pair, monkeypatch, tmp_path):
    home = pair["fw-b"].home
    assert home.repository.head() is not None  # opens what stays open
    before = sorted(os.listdir("/proc/self/fd"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GitMissing):
        receiving.receive(home, "fw-a")

    assert sorted(os.listdir("/proc/self/fd")) == before


def references(server: Server) -> dict[str, str]:
    return server.home.repository.refs("refs/")


def test_a_revision_that_its_parent_allows_is_taken_and_served(pair):
    oid = forged(pair["fw-a"], NEXT, {HOSTS: b"hosts: {}\n"})

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main")

    assert (accepted, said) == (True, [])
    assert pair["fw-b"].head == oid
    assert pair["fw-b"].served()[HOSTS] == b"hosts: {}\n"
    assert pair["fw-b"].home.memory("fw-a").head == oid


def test_a_changeover_from_a_peer_takes_the_active_mode_and_keeps_the_draft(pair):
    pair["fw-a"].edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")
    oid = forged(pair["fw-b"], Record(3, 2, "fw-b", "fw-b"))

    accepted, _ = push(pair["fw-b"], pair["fw-a"], f"{oid}:refs/heads/main")

    assert accepted
    assert pair["fw-a"].record.active == "fw-b"
    assert not (pair["fw-a"].path / "work").exists()
    assert list(pair["fw-a"].home.repository.refs("refs/mha/drafts/")) == ["1"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(Record(4, 1, "fw-a", "fw-a"), "Revision 3 comes next, not 4.", id="a number left out"),
        pytest.param(Record(2, 1, "fw-a", "fw-a"), "Revision 3 comes next, not 2.", id="a number used twice"),
        pytest.param(Record(3, 1, "fw-b", "fw-b"), "fw-b may not publish: fw-a is Active at epoch 1.", id="a Standby"),
        pytest.param(
            Record(3, 1, "fw-b", "fw-a"),
            "A publish does not move the Active mode: that takes a changeover.",
            id="a hidden changeover",
        ),
        pytest.param(Record(3, 3, "fw-b", "fw-b"), "Epoch 1 or 2 comes next, not 3.", id="an epoch left out"),
        pytest.param(Record(3, 2, "fw-b", "fw-b"), "A changeover changes no file.", id="a changeover with files"),
        pytest.param(
            Record(3, 1, "fw-x", "fw-a"), "fw-x would be Active, but mha.yaml does not list it.", id="a stranger Active"
        ),
        pytest.param(None, "It carries no record: it was not made by mha.", id="no record"),
    ],
)
def test_a_revision_that_its_parent_does_not_allow_is_refused(pair, record, reason):
    oid = forged(pair["fw-a"], record, {HOSTS: b"hosts: {}\n"})
    before = references(pair["fw-b"])

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main")

    assert not accepted
    assert said[0] == f"Error: Revision {oid[:10]} is refused: {reason}"
    assert references(pair["fw-b"]) == before
    assert not pair["fw-b"].home.repository.has(oid)  # it never left quarantine


def test_a_malformed_record_is_refused(pair):
    oid = forged(pair["fw-a"], None, message="Text\n\nMha-Revision: 3\nMha-Epoch: one\nMha-Active: fw-a\n")

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main")

    assert not accepted
    assert said[0] == f"Error: Revision {oid[:10]} is refused: Mha-Epoch is not a number: 'one'."


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"mha.yaml": None}, "It has no mha.yaml."),
        ({"mha.yaml": b"cluster: [acme\n"}, "mha.yaml:"),
        ({"objects/Hosts.YAML": b"x-a: 1\n"}, "objects/Hosts.YAML and objects/hosts.yaml are one name to some"),
        ({"big.yaml": b"x-a: 1\n" * 250_000}, "big.yaml is larger than 1 MiB."),
        ({"bell\a": b""}, r"bell\x07 has control characters in its name."),
        ({"right\u202eleft": b""}, r"right\x202eleft has control characters in its name."),
    ],
    ids=["no mha.yaml", "a broken mha.yaml", "a case twin", "too large", "a bell", "bidirectional"],
)
def test_files_that_may_not_be_published_are_refused_from_a_peer_as_well(pair, files, reason):
    oid = forged(pair["fw-a"], NEXT, files)
    before = references(pair["fw-b"])

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main")

    assert not accepted
    assert said[0].startswith(f"Error: Revision {oid[:10]} is refused: {reason}")
    assert references(pair["fw-b"]) == before


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("link", FileMode.LINK, "link is a symbolic link."),
        ("vendored", FileMode.COMMIT, "vendored is a nested repository."),
        (b"caf\xe9.yaml", FileMode.BLOB, r"caf\xe9.yaml has a name that is not UTF-8."),
    ],
)
def test_entries_that_are_no_plain_files_with_plain_names_are_refused(pair, name, mode, reason):
    sender = pair["fw-a"]
    repository = sender.home.repository
    target = sender.head if mode == FileMode.COMMIT else trees.write(repository, b"/etc/passwd")
    repository.flush()
    oid = with_entry(sender, NEXT, name, target, mode)

    accepted, said = push(sender, pair["fw-b"], f"{oid}:refs/heads/main")

    assert not accepted
    assert said[0] == f"Error: Revision {oid[:10]} is refused: {reason}"


def test_a_bad_revision_below_a_good_one_is_refused(pair):
    sender = pair["fw-a"]
    bad = forged(sender, NEXT, {"objects/HOSTS.yaml": b"x-a: 1\n"})
    good = forged(sender, Record(4, 1, "fw-a", "fw-a"), parents=[bad])

    accepted, said = push(sender, pair["fw-b"], f"{good}:refs/heads/main")

    assert not accepted
    assert said[0].startswith(f"Error: Revision {bad[:10]} is refused")


def test_another_history_is_refused_however_well_formed_it_is(pair):
    sender = pair["fw-a"]
    tree = sender.home.repository.commit(sender.head).tree
    first = with_tree(sender, Record(1, 1, "fw-a", "fw-a"), tree, [], "Begin the cluster acme")

    reasons = {
        f"{first}:refs/heads/main": "fw-b has revisions that the sender lacks: this is no fast-forward.",
        f"{first}:refs/mha/keep/{first}": "Revision {} is refused: "
        "It belongs to another cluster: its history begins elsewhere.",
    }
    for refspec, reason in reasons.items():
        accepted, said = push(sender, pair["fw-b"], f"+{refspec}")
        assert (accepted, said[0]) == (False, f"Error: {reason.format(first[:10])}")

    assert pair["fw-b"].revisions() == sender.revisions()


def test_main_never_moves_back_nor_aside_even_by_force(pair):
    old = pair["fw-a"].head
    pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    aside = forged(pair["fw-a"], Record(3, 1, "fw-a", "fw-a"), {HOSTS: b"hosts: {x: 10.0.0.1}\n"}, parents=[old])
    before = references(pair["fw-b"])

    aside_of_it = "fw-b has revisions that the sender lacks: this is no fast-forward."
    for refspec, reason in (
        (f"+{old}:refs/heads/main", aside_of_it),
        (f"+{aside}:refs/heads/main", aside_of_it),
        (":refs/heads/main", "Nothing is ever deleted here."),
    ):
        accepted, said = push(pair["fw-a"], pair["fw-b"], refspec)
        assert (accepted, said[0]) == (False, f"Error: {reason}")

    assert references(pair["fw-b"]) == before


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/other",
        "refs/tags/v1",
        "refs/mha/current",
        "refs/mha/drafts/9",
        "refs/mha/server/fw-b",
        "refs/notes/x",
    ],
)
def test_no_other_reference_is_received(pair, name):
    before = references(pair["fw-b"])

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"+{pair['fw-a'].head}:{name}")

    assert (accepted, said) == (
        False,
        ["Error: Only main and kept sides are received.", f"Hint: {name} is no business of a peer."],
    )
    assert references(pair["fw-b"]) == before


def test_a_kept_side_is_named_by_its_own_id_and_never_goes(pair):
    line = forged(pair["fw-a"], Record(3, 1, "fw-a", "fw-a"), {HOSTS: b"hosts: {a: 10.0.0.1}\n"})
    other = forged(pair["fw-a"], Record(3, 1, "fw-a", "fw-a"), {HOSTS: b"hosts: {b: 10.0.0.1}\n"})

    kept = push(pair["fw-a"], pair["fw-b"], f"{line}:refs/mha/keep/{line}")
    misnamed = push(pair["fw-a"], pair["fw-b"], f"{other}:refs/mha/keep/{ZERO[:39]}1")
    moved = push(pair["fw-a"], pair["fw-b"], f"+{other}:refs/mha/keep/{line}")
    deleted = push(pair["fw-a"], pair["fw-b"], f":refs/mha/keep/{line}")

    assert kept == (True, [])
    for refused, reason in (
        (misnamed, "A kept side is named by its own id, and never moves."),
        (moved, "A kept side is named by its own id, and never moves."),
        (deleted, "Nothing is ever deleted here."),
    ):
        assert (refused[0], refused[1][0]) == (False, f"Error: {reason}")
    assert pair["fw-b"].home.repository.refs("refs/mha/keep/") == {line: line}
    assert pair["fw-b"].head == pair["fw-a"].head


def test_what_the_receiver_says_is_written_in_whole_lines(pair):
    """git on the sending side writes `remote: Error: …` to the same place at the same time, and is looked for there."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)  # each write arrives as one message
    serve = shlex.join([sys.executable, "-P", "-m", "mha.cli.serve", "fw-a"])
    refused = f"{pair['fw-a'].head}:refs/tags/v1"
    command = ["git", "push", "--no-verify", f"--receive-pack={serve}", str(pair["fw-b"].home.git_dir), refused]
    with ours, theirs:
        subprocess.run(command, cwd=pair["fw-a"].home.git_dir, stderr=theirs.fileno(), check=False)
        ours.setblocking(False)
        written = []
        with suppress(BlockingIOError):
            while True:
                written.append(ours.recv(65536))

    head = pair["fw-b"].head
    assert f"mha: main {head}, current {head}.\n".encode() in written
    assert any(b"remote: Error: Only main and kept sides are received." in line for line in written)


def test_one_refused_reference_refuses_the_whole_push(pair):
    oid = forged(pair["fw-a"], NEXT, {HOSTS: b"hosts: {}\n"})
    before = references(pair["fw-b"])

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main", f"{oid}:refs/tags/x")

    assert (accepted, said[0]) == (False, "Error: Only main and kept sides are received.")
    assert references(pair["fw-b"]) == before


def test_a_sender_that_is_not_listed_is_not_answered(pair):
    oid = forged(pair["fw-a"], NEXT, {HOSTS: b"hosts: {}\n"})
    before = references(pair["fw-b"])

    accepted, said = push(pair["fw-a"], pair["fw-b"], f"{oid}:refs/heads/main", name="fw-x")

    assert (accepted, said[0]) == (False, "Error: No server is named fw-x.")
    assert references(pair["fw-b"]) == before
    assert not pair["fw-b"].home.repository.has(oid)


def test_a_push_without_mha_is_refused(pair):
    oid = forged(pair["fw-a"], NEXT, {HOSTS: b"hosts: {}\n"})
    before = references(pair["fw-b"])

    for refspec in (f"{oid}:refs/heads/main", f"{oid}:refs/heads/other"):
        done = subprocess.run(
            ["git", "push", str(pair["fw-b"].home.git_dir), refspec],
            cwd=pair["fw-a"].home.git_dir, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert "remote: Error: This home takes revisions only through mha." in done.stderr

    assert references(pair["fw-b"]) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["update-ref", "refs/heads/main", "HEAD~1"],
        ["update-ref", "-d", "refs/heads/main"],
        ["update-ref", "refs/mha/current", "HEAD~1"],
        ["branch", "--force", "main", "HEAD~1"],
        ["reset", "--soft", "HEAD~1"],
    ],
)
def test_main_is_moved_by_no_git_command_typed_by_hand(pair, arguments):
    repository = pair["fw-a"].home.git_dir
    before = references(pair["fw-a"])

    done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert references(pair["fw-a"]) == before


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bash",
        "git-upload-archive '{home}/mha.git'",
        "git-receive-pack '/etc'",
        "git-receive-pack '{home}/mha.git'; id",
        "git-receive-pack '{home}/mha.git/../mha.git'",
        "git-upload-pack --upload-pack=id '{home}/mha.git'",
        'git-receive-pack "{home}/mha.git"',
    ],
)
def test_a_peers_key_runs_nothing_else_over_ssh(make_cluster, wanted):
    home = make_cluster("fw-a")["fw-a"].home

    assert answering.wanted_command(home, wanted.format(home=home.path), stated=str(home.path)) is None


def test_who_is_answered_is_read_anew_with_each_revision(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    home = cluster["fw-a"].home
    answering.require_listed(home, "fw-b")
    before = noted.read(home)

    servers.remove(home, name="fw-b", author=JANA)

    assert before is not None
    assert set(before.cluster.servers) == {"fw-a", "fw-b"}
    with pytest.raises(UnknownServer):
        answering.require_listed(cluster["fw-a"].home, "fw-b")


@pytest.mark.ssh
def test_over_ssh_a_peers_key_synchronizes_and_opens_no_shell(make_cluster, sshd):
    cluster = make_cluster("fw-a")
    active = cluster["fw-a"]
    setup.key(cluster.root / "fw-b", name="fw-b")
    standby = Server(cluster.root / "fw-b")
    sshd.allow("fw-b", standby.home.public_key(), active.path)
    sshd.allow("fw-a", active.home.public_key(), standby.path)
    sshd.trust(active, standby)
    servers.add(active.home, name="fw-b", url=sshd.url(standby.path), key=standby.home.public_key(), author=JANA)
    setup.join(sshd.url(active.path), standby.path, name="fw-b")

    published = active.publish_edit(HOSTS, "hosts: {}\n")
    shell = ssh(active, sshd.url(standby.path), "id")
    forged_head = forged(standby, Record(4, 1, "fw-b", "fw-b"))
    make_head(standby, forged_head)
    given = standby.sync()

    assert standby.head == forged_head
    assert [peer.detail for peer in published.peers] == [""]
    assert standby.served()[HOSTS] == b"hosts: {}\n"
    assert (shell.returncode, shell.stdout) == (1, "")
    assert shell.stderr.startswith("Error: This key is for synchronization only.")
    assert [peer.detail for peer in given.peers] == [
        f"Revision {forged_head[:10]} is refused: fw-b may not publish: fw-a is Active at epoch 1."
    ]
    assert active.record == Record(3, 1, "fw-a", "fw-a")


def ssh(server: Server, url: str, command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with a server's own key, as somebody who has it might."""
    host, _, port = url.removeprefix("ssh://").partition("/")[0].rpartition(":")
    state = server.home.state
    options = ["-o", f"UserKnownHostsFile={state / 'known_hosts'}", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"]
    arguments = ["ssh", "-i", str(state / "key"), "-p", port, *options, host, command]
    return subprocess.run(arguments, capture_output=True, text=True, check=False, env=dict(os.environ))
