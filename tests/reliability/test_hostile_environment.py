"""Variables, settings and commands that would have git or a shell run a program: a canary tells whether one ran."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import Server
from tests.reliability import hostile
from tests.reliability.hostile import MAIN, Scene

HOSTS = "objects/hosts.yaml"
STEERING = {
    "GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/nowhere", "GIT_INDEX_FILE": "/nowhere", "GIT_NAMESPACE": "evil",
    "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere", "GIT_COMMON_DIR": "/nowhere",
    "GIT_PROTOCOL": "version=9", "GIT_EXEC_PATH": "{bin}", "GIT_TEMPLATE_DIR": "{bin}",
    "GIT_QUARANTINE_PATH": "/nowhere",
    "GIT_SSH": "{canary}", "GIT_SSH_COMMAND": "{canary}", "GIT_PROXY_COMMAND": "{canary}", "GIT_ASKPASS": "{canary}",
    "GIT_EDITOR": "{canary}", "GIT_SEQUENCE_EDITOR": "{canary}", "GIT_PAGER": "{canary}",
    "GIT_EXTERNAL_DIFF": "{canary}",
    "GIT_TRACE": "{ran}", "GIT_TRACE2": "{ran}", "GIT_TRACE2_EVENT": "{ran}", "GIT_TRACE_PACKET": "{ran}",
    "GIT_TRACE_PACKFILE": "{ran}", "GIT_CONFIG_SYSTEM": "{config}", "GIT_CONFIG_GLOBAL": "{config}",
    "GIT_CONFIG_PARAMETERS": "'core.fsmonitor={canary}' 'core.hooksPath={bin}'", "GIT_CONFIG_COUNT": "5",
    "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "{canary}", "GIT_CONFIG_KEY_1": "core.sshCommand",
    "GIT_CONFIG_VALUE_1": "{canary}", "GIT_CONFIG_KEY_2": "uploadpack.packObjectsHook",
    "GIT_CONFIG_VALUE_2": "{canary}",
    "GIT_CONFIG_KEY_3": "receive.procReceiveRefs", "GIT_CONFIG_VALUE_3": "refs/heads/main",
    "GIT_CONFIG_KEY_4": "core.hooksPath", "GIT_CONFIG_VALUE_4": "{bin}", "XDG_CONFIG_HOME": "{xdg}", "HOME": "{home}",
    "PAGER": "{canary}", "EDITOR": "{canary}", "VISUAL": "{canary}", "SSH_ASKPASS": "{canary}",
    "SSH_ASKPASS_REQUIRE": "force", "BASH_ENV": "{canary}", "ENV": "{canary}",
}  # fmt: skip
CONFIG = """\
[include]
\tpath = {more}
[core]
\tfsmonitor = {canary}
\thooksPath = {bin}
\tsshCommand = {canary}
\tpager = {canary}
\teditor = {canary}
\taskPass = {canary}
\talternateRefsCommand = {canary}
\tgitProxy = {canary}
\tattributesFile = {attributes}
[filter "evil"]
\tclean = {canary}
\tsmudge = {canary}
\tprocess = {canary}
\trequired = true
[diff]
\texternal = {canary}
[diff "evil"]
\tcommand = {canary}
\ttextconv = {canary}
[merge "evil"]
\tdriver = {canary}
[gpg]
\tprogram = {canary}
[gpg "ssh"]
\tprogram = {canary}
\tdefaultKeyCommand = {canary}
[commit]
\tgpgSign = true
[credential]
\thelper = {canary}
[uploadpack]
\tpackObjectsHook = {canary}
[receive]
\tprocReceiveRefs = refs/heads/main
[pack]
\tpackSizeLimit = 1
[remote]
\tpushDefault = evil
[push]
\tgpgSign = if-asked
\tpushOption = evil
[protocol "ext"]
\tallow = always
[url "ext::{canary} "]
\tinsteadOf = /
"""
PROGRAMS = (
    "canary", "pre-push", "pre-receive", "update", "post-receive", "proc-receive", "reference-transaction",
    "post-checkout", "git-receive-pack", "git-index-pack", "gpg", "gpgsm", "ssh-keygen",
)  # fmt: skip
ATTRIBUTES = "* filter=evil diff=evil merge=evil text eol=crlf ident working-tree-encoding=UTF-16\n"


@dataclass(frozen=True)
class Trap:
    """An environment full of programs to run, and the file that any of them makes."""

    ran: Path
    environment: dict[str, str]
    bin: Path

    @property
    def sprung(self) -> str:
        return self.ran.read_text() if self.ran.exists() else ""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    folder = tmp_path / "trap"
    places = {
        "canary": folder / "bin" / "canary", "ran": folder / "ran", "bin": folder / "bin", "home": folder / "home",
        "xdg": folder / "xdg", "config": folder / "home" / ".gitconfig", "more": folder / "more",
        "attributes": folder / "attributes",
    }  # fmt: skip
    words = {name: str(place) for name, place in places.items()}
    for place in (places["bin"], places["home"], folder / "xdg" / "git"):
        place.mkdir(parents=True)
    program = f'#!/bin/sh\necho "$0 $*" >> {places["ran"]}\n'
    for name in PROGRAMS:
        (places["bin"] / name).write_text(program)
        (places["bin"] / name).chmod(0o755)
    for place in (places["config"], folder / "xdg" / "git" / "config"):
        place.write_text(CONFIG.format(**words))
    places["more"].write_text(CONFIG.format(**words).partition("[core]")[1] + f"\n\tfsmonitor = {words['canary']}\n")
    for place in (places["attributes"], folder / "xdg" / "git" / "attributes"):
        place.write_text(ATTRIBUTES)
    return Trap(places["ran"], {name: text.format(**words) for name, text in STEERING.items()}, places["bin"])


@pytest.mark.parametrize("ssh", [False, True], ids=["by path", "by ssh"])
def test_a_receiver_takes_an_honest_push_whatever_it_inherits_and_runs_nothing(make_cluster, trap, ssh, tally):
    cluster = make_cluster("fw-a", "fw-b")
    scene = Scene(cluster["fw-a"], cluster["fw-b"])

    done = hostile.receive(scene.receiver, scene.honest(), ssh=ssh, environment=trap.environment)

    assert f"ok {MAIN}" in done.said
    assert scene.receiver.served()["honest.yaml"] == b"hosts: {}\n"
    assert trap.sprung == ""
    tally("variable or setting that would run a program or lead elsewhere", len(trap.environment) + CONFIG.count(" = "))


def test_publish_sync_and_changeover_run_nothing_and_change_no_byte_whatever_they_inherit(make_cluster, trap):
    cluster = make_cluster("fw-a", "fw-b")
    active, standby = cluster["fw-a"], cluster["fw-b"]
    environment = {**os.environ, **trap.environment}
    active.edit(".gitattributes", ATTRIBUTES)
    active.edit("objects/.gitattributes", ATTRIBUTES)
    active.edit(HOSTS, "hosts: {}  # $Id$\r\n")

    done = [
        server.mha(*words, env=environment)
        for server, words in (
            (active, ("publish", "-m", "x")), (active, ("status",)), (standby, ("sync",)), (standby, ("promote",)),
            (standby, ("diff",)), (standby, ("verify", "--deep")), (active, ("sync",)),
        )
    ]  # fmt: skip

    assert [one.returncode for one in done] == [0] * len(done), [one.stderr for one in done]
    assert active.served()[HOSTS] == standby.served()[HOSTS] == standby.draft()[HOSTS] == b"hosts: {}  # $Id$\r\n"
    assert trap.sprung == ""


def test_a_signature_that_comes_with_a_push_starts_no_program(make_cluster, trap):
    cluster = make_cluster("fw-a", "fw-b")
    scene = Scene(cluster["fw-a"], cluster["fw-b"])
    path = {"PATH": f"{trap.bin}:{os.environ['PATH']}"}
    for kind in ("PGP SIGNATURE", "SSH SIGNATURE", "SIGNED MESSAGE"):
        new, objects = scene.revision((b"170000", b"x", scene.hosts.id))
        lines = [
            "push-cert\0report-status side-band-64k", "certificate version 0.1\n", "nonce x\n", "\n",
            f"{scene.head} {new} {MAIN}\n", f"-----BEGIN {kind}-----\n", "x\n", f"-----END {kind}-----\n",
            "push-cert-end\n",
        ]  # fmt: skip
        sent = b"".join(hostile.packet(line.encode()) for line in lines) + b"0000" + hostile.pack(objects)
        honest = b"".join(hostile.packet(line.encode()) for line in lines).replace(new.encode(), scene.head.encode())

        hostile.receive(scene.receiver, sent, environment=path)
        hostile.receive(scene.receiver, honest + b"0000" + hostile.pack([]), environment=path)

    assert trap.sprung == ""
    assert scene.receiver.head == scene.head


COMMANDS = [
    "", "id", "touch {ran}", "git-receive-pack '{path}'; touch {ran}", "git-receive-pack '{path}' && touch {ran}",
    "git-receive-pack '{path}'\ntouch {ran}", "git-receive-pack '`touch {ran}`'", "git-receive-pack '$(touch {ran})'",
    "git-receive-pack '{path}'\\''; touch {ran}; echo '", "git-receive-pack {path}", 'git-receive-pack "{path}"',
    "git-receive-pack '{path}/../mha.git'", "git-receive-pack '/etc'", "git-receive-pack '{other}'",
    "git-upload-pack --upload-pack='touch {ran}' '{path}'", "git-upload-pack '{path}' '{path}'",
    "git-upload-archive '{path}'", "evil '{path}'", "git-shell -c 'touch {ran}'", "scp -t /", "sftp-server",
    "git-receive-pack '{path}' \x1b[31m", "git  receive-pack '{path}'",
    "git -c core.fsmonitor='touch {ran}' receive-pack '{path}'",
    "env touch {ran}", "git-receive-pack\t'{path}'", "git-receive-pack '{path}'\x00", "caf\udce9",
]  # fmt: skip


def test_what_ssh_is_asked_for_is_one_of_eight_literals_or_is_refused(make_cluster, trap, full, tally):
    cluster = make_cluster("fw-a", "fw-b")
    receiver = cluster["fw-b"]
    before = hostile.state(receiver)
    words = {"path": str(receiver.home.git_dir), "other": str(cluster["fw-a"].home.git_dir), "ran": str(trap.ran)}
    chosen = [text.format(**words).replace("\0", "") for text in (COMMANDS if full else COMMANDS[::7])]

    for wanted in chosen:
        done = forced(receiver, wanted)
        if wanted == f"git-receive-pack '{words['path']}'":
            continue
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"Error: This key is for synchronization only.")

    assert trap.sprung == ""
    assert hostile.state(receiver) == before
    tally("command over ssh that is none of those allowed", len(chosen))


def forced(receiver: Server, wanted: str) -> "subprocess.CompletedProcess[bytes]":
    """What sshd starts for a peer's key, with what was asked for in the variable."""
    environment = {**os.environ, "SSH_ORIGINAL_COMMAND": wanted}
    command = [sys.executable, "-m", "mha", "--home", str(receiver.path), "serve", "fw-a"]
    return subprocess.run(command, capture_output=True, env=environment, stdin=subprocess.DEVNULL, check=False)
