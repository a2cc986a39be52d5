"""Bad input through the real command line: `Error:`, `Hint:`, the exit code of the contract, and nothing lost."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mha.core.record import Record
from mha.operations import history
from tests.cluster import Cluster, Server, files_below, mha
from tests.evidence import ended, everything, refusal
from tests.operations.forging import message_whose_id_begins_as

HOSTS = "objects/hosts.yaml"
MINE = b"hosts: {mine: 10.0.0.1}\n"
NAME_HINT = "Use lower-case letters, digits, hyphens and dots: `fw-a`."
URL_HINT = "Give an absolute path without spaces, or ssh://user@host[:port]/path."


@pytest.fixture
def active(make_cluster: Callable[..., Cluster]) -> Server:
    """One server, Active, with an edit that is not published."""
    server: Server = make_cluster("fw-a")["fw-a"]
    server.edit(HOSTS, MINE)
    return server


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers; fw-a is Active at revision 2 and has an edit that is not published."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, MINE)
    return cluster


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["frobnicate"],
        ["publish"],
        ["publish", "-m"],
        ["publish", "--wait", "many", "-m", "x"],
        ["show"],
        ["log", "-n0"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_a_usage_error(active, arguments):
    before = everything(active)

    done = active.mha(*arguments)

    assert done.returncode == 2
    if arguments:
        assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["Error", "Hint"]
    assert everything(active) == before


@pytest.mark.parametrize(
    "name",
    ["fw a", "-fw", "FW", "../x", "", "fw_a", "fw-", "fw\n", "a" * 64, "caf\u00e9", "\x1b[31m", "fw..a", "$(id)"],
)
def test_a_name_that_is_none_is_refused(active, name):
    before = everything(active)

    done = active.mha("server", "add", "--", name, "/srv/mha")

    assert ended(done) == refusal(2, f"{name!r} is not a name for a server or a cluster.", NAME_HINT)
    assert everything(active) == before


def test_the_word_for_no_server_is_no_name(tmp_path):
    for arguments in (["init", "home", "--name", "none"], ["init", "home", "--name", "fw-a", "--cluster", "none"]):
        done = mha(*arguments, cwd=tmp_path)
        assert ended(done) == refusal(
            2,
            "'none' is not a name for a server or a cluster.",
            '"none" says that no server is Active; choose another name.',
        )
    assert list(tmp_path.iterdir()) == []


BAD_URLS = [
    "ext::sh -c id",
    "--upload-pack=id",
    "/srv/a b",
    "srv/mha",
    "",
    "ssh://-oProxyCommand=id/srv",
    "ssh://host",
    "ssh://host/srv;id",
    "http://host/srv",
    "git://host/srv",
    "file:///srv",
    "host:srv/mha",
    "/srv/-x",
    "/srv/\x1b[31m",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_none_is_refused(active, url):
    before = everything(active)

    done = active.mha("server", "add", "fw-b", "--", url)

    assert ended(done) == refusal(2, f"{url!r} is not the address of a server's home.", URL_HINT)
    assert everything(active) == before


@pytest.mark.parametrize("url", ["ext::sh -c id", "--upload-pack=id", "http://host/srv"])
def test_an_address_that_is_none_is_refused_by_every_command_that_takes_one(tmp_path, url):
    join = mha("join", "--name", "fw-b", "--", url, "home", cwd=tmp_path)
    init = mha("init", "home", "--name", "fw-a", "--url", url, cwd=tmp_path)

    for done in (join, init):
        assert ended(done) == refusal(2, f"{url!r} is not the address of a server's home.", URL_HINT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("source", ["ext::sh -c touch% pwned", "--upload-pack=touch pwned", "nowhere"])
def test_a_source_that_is_none_is_refused(tmp_path, source):
    done = mha("init", "home", "--name", "fw-a", "--from", source, cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: There is nothing at {source}.\nHint: ")
    assert list(tmp_path.rglob("*")) in ([], [tmp_path / "home"])


@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("MHA_AUTHOR", "Jana", "MHA_AUTHOR is not a name and an e-mail address: 'Jana'."),
        ("MHA_NOW", "yesterday", "MHA_NOW is not a time: 'yesterday'."),
    ],
)
def test_a_setting_of_the_environment_that_makes_no_sense_is_refused(active, variable, value, error):
    before = everything(active)

    done = active.mha("publish", "-m", "x", env=dict(os.environ) | {variable: value})

    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"Error: {error}")
    assert everything(active) == before


@pytest.mark.parametrize("text", ["99", "HEAD", "z" * 40])
@pytest.mark.parametrize("verb", ["show", "diff", "revert"])
def test_a_revision_that_does_not_exist_is_said_to_be_none(active, verb, text):
    before = everything(active)
    message = ["-m", "x"] if verb == "revert" else []

    done = active.mha(verb, *message, "--", text)

    assert ended(done) == refusal(1, f"There is no revision {text}.", "`mha log` lists them: give a number or an id.")
    assert everything(active) == before


def test_a_revision_name_that_fits_two_is_ambiguous(make_cluster, monkeypatch):
    monkeypatch.setenv("MHA_NOW", "2026-11-23T10:00:00+00:00")
    server = make_cluster("fw-a")["fw-a"]
    first, beginning = server.head, server.head[:4]
    server.publish_edit(HOSTS, "hosts: {}\n", message_whose_id_begins_as(server, beginning))

    done = server.mha("revert", beginning, "-m", "Undo")

    ids = f"{server.head[:12]}, {first[:12]}"
    assert ended(done) == refusal(1, f"{beginning} may mean several revisions: {ids}.", "Give more of the id.")
    assert server.record.revision == 2


def test_a_file_or_draft_that_does_not_exist_is_said_to_be_none(active):
    before = everything(active)

    assert ended(active.mha("discard", "objects/nowhere.yaml")) == refusal(
        2,
        "objects/nowhere.yaml is not a changed file.",
        "`mha diff` lists the changed files.",
    )
    assert ended(active.mha("drafts", "restore", "7")) == refusal(
        1, "There is no kept draft 7.", "`mha drafts list` lists them."
    )
    assert everything(active) == before


def test_a_server_that_does_not_exist_is_said_to_be_none(pair):
    before = everything(*pair.servers.values())

    for arguments in (["sync", "fw-x"], ["demote", "--to", "fw-x"]):
        done = pair["fw-a"].mha(*arguments)
        assert ended(done) == refusal(2, "No server is named fw-x.", "The servers are fw-b.")
    for arguments in (["sync", "fw-a"], ["demote", "--to", "fw-a"]):
        done = pair["fw-a"].mha(*arguments)
        assert ended(done) == refusal(2, "fw-a is this server.", "The others are fw-b.")
    assert everything(*pair.servers.values()) == before


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["publish", "-m", "x"], ["sync"], ["log"], ["promote", "--force"], ["verify"], ["repair"], ["agent"]],
)
def test_a_home_that_does_not_exist_is_said_so_and_not_made(tmp_path, arguments):
    done = mha("--home", str(tmp_path / "nowhere"), *arguments)

    assert ended(done) == refusal(
        1,
        f"There is no server's home at {tmp_path}/nowhere.",
        "Go into a home, name one with --home or MHA_HOME, or make one with `mha init`.",
    )
    assert list(tmp_path.iterdir()) == []


def test_outside_of_any_home_a_command_asks_for_one(tmp_path):
    done = mha("status", cwd=tmp_path)

    assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"Error: There is no server's home at {tmp_path}.")


@pytest.mark.parametrize("verb", ["init", "key", "join"])
def test_a_home_is_not_made_where_something_lies(pair, tmp_path, verb):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "precious.txt").write_text("keep\n")
    address = [str(pair["fw-a"].path)] if verb == "join" else []

    done = mha(verb, *address, str(tmp_path / "home"), "--name", "fw-c")

    assert ended(done) == refusal(
        1, f"{tmp_path}/home is not empty.", "Choose a folder that is empty or does not exist yet."
    )
    assert files_below(tmp_path / "home") == {"precious.txt": b"keep\n"}


def test_a_home_is_not_made_in_place_of_a_file(tmp_path):
    (tmp_path / "file").write_text("keep\n")

    done = mha("init", str(tmp_path / "file"), "--name", "fw-a")

    assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"Error: {tmp_path}/file is not empty.")
    assert (tmp_path / "file").read_text() == "keep\n"


@pytest.mark.parametrize("verb", ["init", "join"])
def test_a_home_of_one_cluster_is_not_taken_into_another(pair, tmp_path, verb):
    other = Cluster.build(tmp_path / "other", ("fw-a",))["fw-a"]
    address = [str(pair["fw-a"].path)] if verb == "join" else []
    before = everything(other, *pair.servers.values())

    done = mha(verb, *address, str(other.path), "--name", "fw-a")

    assert ended(done) == refusal(1, f"{other.path} is already the home of fw-a.", "`mha status` shows how it is.")
    assert everything(other, *pair.servers.values()) == before


def test_a_cluster_that_is_not_the_trusted_one_is_not_joined(pair, tmp_path):
    wrong = "0123456789abcdef"

    done = mha("join", str(pair["fw-a"].path), str(tmp_path / "home"), "--name", "fw-b", "--trust", wrong)

    begins = (pair["fw-a"].home.introduction() or "")[:10]
    assert ended(done) == refusal(
        1,
        f"The history there begins with {begins}, not with {wrong[:10]}.",
        "Somebody else answers, or the id was mistyped. Ask the administrator of the Active.",
    )


def test_a_server_does_not_join_itself(pair, tmp_path):
    done = mha("join", str(pair["fw-a"].path), str(tmp_path / "home"), "--name", "fw-a")

    assert ended(done) == refusal(
        1,
        f"The server at {pair['fw-a'].path} is fw-a itself.",
        "Choose another name, or another address.",
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter."""
    with tempfile.TemporaryDirectory(prefix="mha-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


NOBODY = 65534
AS_NOBODY = f"""
import os
from mha.cli import main, serve
from mha.operations import changeover, collision, drafts, history, publication, servers, setup, status, verification
main.commands()
os.setgroups([])
os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
main.main()
"""  # mha is imported as root: another account may not be able to read this checkout


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another account")
def test_a_home_of_another_account_is_left_alone(open_folder):
    server = Cluster.build(open_folder / "cluster", ("fw-a",))["fw-a"]
    before = everything(server)

    for arguments in (["status"], ["publish", "-m", "x"], ["repair"]):
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, "--home", str(server.path), *arguments],
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert ended(done) == refusal(
            1,
            f"{server.path} belongs to another account.",
            "A home belongs to one account; act as that account (sudo -u …).",
        )
    assert everything(server) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another account")
def test_what_is_served_cannot_be_edited_by_the_account_that_it_belongs_to(open_folder):
    server = Cluster.build(open_folder / "cluster", ("fw-a", "fw-b"))["fw-b"]
    for path in [server.path, *server.path.rglob("*")]:
        os.lchown(path, NOBODY, NOBODY)
    before = server.served()
    edits = [
        "echo evil >> objects/hosts.yaml",
        "rm mha.yaml",
        "touch new.yaml",
        "mkdir new",
        "mv policies p",
        "rm -f *",
    ]

    for edit in edits:
        done = subprocess.run(
            ["sh", "-c", edit], cwd=server.path / "current",
            user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0, "Permission denied" in done.stderr) == (True, True), edit
    assert server.served() == before


def test_a_home_of_a_newer_mha_is_left_alone(active):
    before = everything(active)
    (active.path / "mha.git" / "mha" / "format").write_text("2\n")

    for arguments in (["status"], ["publish", "-m", "x"], ["sync"], ["repair"]):
        done = active.mha(*arguments)
        assert ended(done) == refusal(
            1,
            f"{active.path} was written by a newer mha (format 2; this mha reads 1).",
            "Upgrade mha on this server.",
        )
    (active.path / "mha.git" / "mha" / "format").write_text("1\n")
    assert everything(active) == before


def test_a_standby_does_not_publish(pair):
    before = everything(*pair.servers.values())

    done = pair["fw-b"].mha("publish", "-m", "x")

    assert ended(done) == refusal(
        3,
        "fw-b is a Standby and cannot publish.",
        "Use fw-a, which is Active, or run `mha promote` here.",
    )
    assert everything(*pair.servers.values()) == before


def test_while_no_server_is_active_nobody_publishes(pair):
    pair["fw-a"].demote()
    before = everything(*pair.servers.values())

    for server in pair.servers.values():
        done = server.mha("publish", "-m", "x")
        assert ended(done) == refusal(
            8, "No server is Active.", "Run `mha promote` on the server that shall be Active."
        )
    assert everything(*pair.servers.values()) == before


def test_during_a_collision_nobody_publishes(pair):
    pair.isolate("fw-a")
    pair["fw-a"].publish()
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    for server in pair.servers.values():
        server.sync()
        server.edit("objects/new.yaml", "x-a: 1\n")
    before = everything(*pair.servers.values())

    for server, other in ((pair["fw-a"], "fw-b"), (pair["fw-b"], "fw-a")):
        done = server.mha("publish", "-m", "x")
        assert ended(done) == refusal(
            5,
            f"Collision: this server and {other} both published on top of the same revision. Both sides are kept.",
            "`mha collision` shows both sides, `mha resolve` ends it.",
        )
    assert everything(*pair.servers.values()) == before


def test_nothing_to_publish_is_no_error(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    before = everything(server)

    done = server.mha("publish", "-m", "x")

    assert (done.returncode, done.stdout, done.stderr) == (0, "There is nothing to publish.\n", "")
    assert everything(server) == before


@pytest.mark.parametrize("message", ["", " \n"])
def test_a_message_that_says_nothing_is_refused(active, message):
    before = everything(active)

    done = active.mha("publish", "-m", message)

    assert ended(done) == refusal(
        2,
        "A revision needs a message.",
        "Say why, in one sentence: `-m 'Open HTTPS to the new shop'`.",
    )
    assert everything(active) == before


def test_a_message_that_controls_the_terminal_is_refused(active):
    before = everything(active)

    done = active.mha("publish", "-m", "\x1b[31mred")

    assert ended(done) == refusal(2, "The message holds characters that control a terminal.", "Write plain text.")
    assert everything(active) == before


def invalid(server: Server) -> list[str]:
    """The problems that `mha publish` names, after it has changed nothing."""
    before = everything(server)
    done = server.mha("publish", "-m", "x")
    assert everything(server) == before
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, lines[-1].partition(" ")[0]) == (7, "", "Hint:")
    assert lines[0] == "Error: These files cannot be published:"
    return [line.strip() for line in lines[1:-1]]


def test_a_symbolic_link_is_not_published(active):
    (active.path / "work" / "link.yaml").symlink_to("/etc/passwd")
    (active.path / "work" / "folder").symlink_to("/etc")

    assert invalid(active) == [
        "folder is a symbolic link. Only plain files are published; move it out of work/.",
        "link.yaml is a symbolic link. Only plain files are published; move it out of work/.",
    ]


def test_a_link_in_the_place_of_a_file_is_not_published(active):
    (active.path / "work" / HOSTS).unlink()
    (active.path / "work" / HOSTS).symlink_to("networks.yaml")

    assert invalid(active) == [f"{HOSTS} is a symbolic link. Only plain files are published; move it out of work/."]


def test_a_pipe_or_socket_does_not_hang_a_publish(active):
    os.mkfifo(active.path / "work" / "objects" / "pipe.yaml")
    (active.path / "work" / HOSTS).unlink()
    os.mkfifo(active.path / "work" / HOSTS)

    assert f"{HOSTS} is a device, pipe or socket. Only plain files are published; move it out of work/." in invalid(
        active
    )


@pytest.mark.parametrize("committed", [False, True])
def test_a_nested_repository_is_not_published(active, committed):
    nested = active.path / "work" / "nested"
    subprocess.run(["git", "init", "--quiet", str(nested)], check=True)
    (nested / "a.yaml").write_text("x-a: 1\n")
    if committed:
        by_hand(nested, "add", "--all")
        by_hand(nested, "commit", "--quiet", "--message", "inner")

    assert invalid(active) == ["nested is a nested repository. Only plain files are published; move it out of work/."]


@pytest.mark.parametrize(
    ("names", "twins"),
    [
        (["objects/HOSTS.yaml"], "objects/HOSTS.yaml and objects/hosts.yaml"),
        (["new/a.yaml", "new/A.yaml"], "new/A.yaml and new/a.yaml"),
        (["Objects/other.yaml"], "Objects and objects"),
        (["caf\u00e9.yaml", "cafe\u0301.yaml"], "cafe\u0301.yaml and caf\u00e9.yaml"),
    ],
)
def test_names_that_differ_only_in_case_or_in_their_form_are_not_published(active, names, twins):
    for name in names:
        active.edit(name, "x-a: 1\n")

    assert invalid(active) == [f"{twins} are one name to some file systems. Rename one."]


def test_names_that_are_not_utf_8_or_would_move_the_cursor_are_not_published(active):
    for name in (b"caf\xe9.yaml", b"bell\a.yaml", b"line\nend.yaml", "left\u202eright.yaml".encode()):
        Path(os.fsdecode(os.fsencode(active.path) + b"/work/" + name)).write_text("x-a: 1\n")

    assert invalid(active) == [
        r"bell\x07.yaml has control characters in its name. Rename it.",
        r"caf\xe9.yaml has a name that is not UTF-8. Rename it.",
        r"left\x202eright.yaml has control characters in its name. Rename it.",
        r"line\x0aend.yaml has control characters in its name. Rename it.",
    ]


def test_files_over_the_limit_are_not_published(active):
    active.edit("big.yaml", b"#" * ((1 << 20) + 1))
    active.edit("big.bin", b"\0" * ((16 << 20) + 1))
    active.edit("just-right.yml", b"#" * (1 << 20))

    assert invalid(active) == [
        "big.bin is larger than 16 MiB. Split it, or keep it elsewhere.",
        "big.yaml is larger than 1 MiB. Split it, or keep it elsewhere.",
    ]


def test_a_deleted_cluster_file_is_not_published(active):
    active.edit("mha.yaml", None)

    assert invalid(active) == ["mha.yaml is deleted; a cluster needs it."]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("servers:", "servers: [", "mha.yaml:6: "),
        ("cluster: acme", "cluster: acme\ncluster: acme", "mha.yaml:4: "),
        ("cluster: acme", "cluster: other", "mha.yaml: the cluster is named acme, and a cluster keeps its name."),
        ("  fw-a:", "  fw-z:", "mha.yaml: fw-a is Active and must stay listed."),
        ("role: primary", "role: boss", "mha.yaml:5: 'boss' is not a role"),
        ("wait-for: 0", "wait-for: soon", "mha.yaml:8: 'soon' is not a whole number from 0 on."),
        ("sync-interval: 60s", "sync-interval: 1 minute", "mha.yaml:7: This is not a duration."),
        ("settings:", "setings:", "mha.yaml:6: setings is not a known key."),
        ("url: ", "url: ext::sh, x-url: ", "mha.yaml:5: 'ext::sh' is not the address of a server's home."),
        ("settings:", "format: 2\nsettings:", "mha.yaml was written by a newer mha (format 2; this mha reads 1)."),
    ],
)  # fmt: skip
def test_a_broken_cluster_file_is_not_published(active, old, new, problem):
    text = active.draft()["mha.yaml"].decode()
    assert old in text
    active.edit("mha.yaml", text.replace(old, new, 1))

    [found] = invalid(active)
    assert found.startswith(problem)


def by_hand(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["git", "-c", "user.name=Jana Doe", "-c", "user.email=jana@example.org", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("branch", [None, "feature"])
def test_commits_made_by_hand_are_not_published_and_the_hint_makes_them_the_draft(active, branch):
    work, head = active.path / "work", active.head
    if branch:
        by_hand(work, "checkout", "-b", branch)
    for number in (1, 2):
        active.edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
        assert by_hand(work, "commit", "--all", "--message", f"by hand {number}").returncode == 0
    before = everything(active)

    done = active.mha("publish", "-m", "x")

    hint = f"git reset --soft {head[:10]}"
    assert ended(done) == refusal(
        1,
        "work/ holds 2 commits made by hand; mha makes the revisions.",
        f"`{hint}` in work/ keeps the files as the draft; then run `mha publish`.",
    )
    assert everything(active) == before
    by_hand(work, *hint.split()[1:])
    assert active.mha("publish", "-m", "x").returncode == 0
    assert active.served()[HOSTS] == b"hosts: {web: 10.0.0.2}\n"
    assert active.record == Record(2, 1, "fw-a", "fw-a")


def test_a_commit_on_main_itself_is_refused_by_git(active):
    work = active.path / "work"
    by_hand(work, "checkout", "main")
    before = everything(active)

    done = by_hand(work, "commit", "--all", "--message", "by hand")

    assert done.returncode != 0
    assert done.stderr.splitlines()[:2] == [
        "Error: refs/heads/main is moved by mha alone; nothing was changed.",
        "Hint: Edit the files in work/ and run 'mha publish'.",
    ]
    assert everything(active) == before
    assert active.mha("publish", "-m", "x").returncode == 0
    assert active.served()[HOSTS] == MINE


@pytest.mark.parametrize("harm", ["damaged", "missing"])
@pytest.mark.parametrize("what", ["HEAD", "HEAD^{tree}", "HEAD:mha.yaml"])
def test_a_damaged_or_missing_object_is_said_so_and_mended_with_a_peers_help(pair, harm, what):
    active = pair["fw-a"]
    done = subprocess.run(
        ["git", "rev-parse", what], cwd=active.home.git_dir, check=True, capture_output=True, text=True
    )
    oid = done.stdout.strip()
    path = active.home.git_dir / "objects" / oid[:2] / oid[2:]
    if harm == "missing":
        path.unlink()
    else:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-4] + b"evil")
    before = everything(active)

    publish, status = active.mha("publish", "-m", "x"), active.mha("status", "--json")

    assert publish.returncode == 1
    assert publish.stderr.startswith("Error: This home's store is damaged: ")
    assert publish.stderr.endswith("\nHint: `mha verify` shows what is wrong; `mha repair` mends it.\n")
    assert (status.returncode, json.loads(status.stdout)["message"]) == (1, "Communication Problem")
    assert everything(active) == before
    assert active.mha("verify").returncode == 1
    assert active.mha("repair").returncode == 0
    assert active.mha("publish", "-m", "x").returncode == 0
    assert pair["fw-b"].served()[HOSTS] == MINE


def test_a_clock_that_jumps_back_stops_no_publish_and_no_changeover(pair):
    def at(year: int, server: Server, *arguments: str) -> int:
        return server.mha(*arguments, env=dict(os.environ) | {"MHA_NOW": f"{year}-01-01T00:00:00Z"}).returncode

    assert at(2035, pair["fw-a"], "publish", "-m", "in the future") == 0
    pair["fw-a"].edit(HOSTS, "hosts: {}\n")
    assert at(1999, pair["fw-a"], "publish", "-m", "in the past") == 0
    assert at(1985, pair["fw-b"], "promote") == 0

    listed = [(entry.revision, entry.time.year) for entry in history.log(pair["fw-a"].home)]
    assert listed[:3] == [(5, 1985), (4, 1999), (3, 2035)]
    assert pair["fw-a"].record == pair["fw-b"].record == Record(5, 2, "fw-b", "fw-b")
    assert pair["fw-a"].mha("status").returncode == 0


@pytest.mark.parametrize("version", ["2.20.1", "1.9", None])
def test_a_git_that_is_too_old_or_absent_is_refused_before_anything_happens(active, tmp_path, version):
    before = everything(active)
    programs = tmp_path / "programs"
    programs.mkdir()
    if version:
        real = shutil.which("git")
        script = f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "git version {version}"; exit; }}\nexec {real} "$@"\n'
        (programs / "git").write_text(script)
        (programs / "git").chmod(0o755)
    env = dict(os.environ) | {"PATH": str(programs)}

    commands = [["status"], ["publish", "-m", "x"], ["sync"], ["init", str(tmp_path / "new"), "--name", "fw-n"]]
    for arguments in commands:
        done = active.mha(*arguments, env=env)
        found = f"git version {version}" if version else "none"
        assert ended(done) == refusal(
            1, f"git 2.36 or newer is needed; found: {found}.", "Install it: `apt install git`."
        )

    assert everything(active) == before
    assert not (tmp_path / "new" / "mha.git").exists()
