"""`verify` finds what is wrong with a home; `repair` mends it, with the peers' help where objects are lost."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.core.record import Record
from mha.core.standing import Banner
from mha.errors import StoreDamaged
from mha.operations import drafts, setup, verification
from mha.operations import tip as tips
from mha.operations.verification import Finding, Verified
from mha.store import home as homes
from mha.store import lock, releases
from tests.cluster import Cluster, Server
from tests.operations.forging import forged, make_head

HOSTS = "objects/hosts.yaml"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers at revision 3, with four files."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    return cluster


def found(server: Server, *, deep: bool = True) -> list[tuple[str, str]]:
    return [(finding.about, finding.problem) for finding in verification.verify(server.home, deep=deep).findings]


def overwrite(path: Path, data: bytes) -> None:
    """Write into a read-only file, as root or a failing disk does."""
    path.chmod(0o644)
    path.write_bytes(data)


def object_file(server: Server, oid: str) -> Path:
    return server.home.git_dir / "objects" / oid[:2] / oid[2:]


def objects_of_head(server: Server) -> dict[str, str]:
    """An object of each kind that only the head holds: its revision, its root folder, and a file."""
    listed = subprocess.run(
        ["git", "rev-parse", "HEAD", "HEAD^{tree}", f"HEAD:{HOSTS}"],
        cwd=server.home.git_dir, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    return dict(zip(("revision", "folder", "file"), listed, strict=True))


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_home_has_no_findings(pair, deep):
    for server in pair.servers.values():
        command = ["git", "--git-dir", server.home.git_dir, "cat-file", "--batch-all-objects", "--batch-check"]
        objects = len(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()) if deep else 0
        assert verification.verify(server.home, deep=deep) == Verified(3, 4, (), objects=objects)


def test_what_was_done_to_files_of_current_is_found_and_mended(pair):
    standby = pair["fw-b"]
    current = standby.path / "current"
    sound = standby.served()
    overwrite(current / HOSTS, b"hosts: {evil: 6.6.6.6}\n")
    (current / "objects").chmod(0o755)
    (current / "objects" / "extra.yaml").write_text("x-a: 1\n")
    (current / "objects" / "networks.yaml").unlink()
    (current / "mha.yaml").chmod(0o644)

    before = found(standby, deep=False)
    repaired = verification.repair(standby.home)

    assert sorted(before) == [
        ("current", "current/mha.yaml has other permissions."),
        ("current", "current/objects has other permissions."),
        ("current", "current/objects/extra.yaml does not belong there."),
        ("current", f"current/{HOSTS} was changed."),
        ("current", "current/objects/networks.yaml is missing."),
    ]
    assert {(finding.about, finding.problem) for finding in repaired.mended} >= set(before)
    assert repaired.findings == ()
    assert standby.served() == sound
    modes = {path.stat().st_mode & 0o777 for path in (current / "objects").iterdir()}
    assert (modes, (current / "objects").stat().st_mode & 0o777) == ({0o444}, 0o555)


def test_a_file_that_became_a_link_is_found_and_mended(pair, tmp_path):
    current = pair["fw-b"].path / "current"
    copy = tmp_path / "copy"
    copy.write_bytes((current / HOSTS).read_bytes())  # the same bytes: only what it is has changed
    (current / "objects").chmod(0o755)
    (current / HOSTS).unlink()
    (current / HOSTS).symlink_to(copy)
    (current / "objects").chmod(0o555)

    before = found(pair["fw-b"])
    repaired = verification.repair(pair["fw-b"].home)

    assert before == [("current", f"current/{HOSTS} was changed.")]
    assert repaired.findings == ()
    assert not (current / HOSTS).is_symlink()


@pytest.mark.parametrize("target", [None, "releases/nowhere", "/etc"])
def test_a_current_that_leads_elsewhere_is_found_and_mended(pair, target):
    standby = pair["fw-b"]
    sound = standby.served()
    (standby.path / "current").unlink()
    if target is not None:
        (standby.path / "current").symlink_to(target)

    before = found(standby)
    repaired = verification.repair(standby.home)

    assert ("current", "current/ does not serve the head.") in before
    assert repaired.findings == ()
    assert standby.served() == sound


@pytest.mark.parametrize("harm", ["damaged", "missing"])
@pytest.mark.parametrize("kind", ["revision", "folder", "file"])
def test_an_object_that_is_damaged_or_missing_is_found_and_brought_back_from_a_peer(pair, harm, kind):
    server = pair["fw-a"]
    oid = objects_of_head(server)[kind]
    path = object_file(server, oid)
    sound = server.served()
    if harm == "missing":
        path.unlink()
    else:
        overwrite(path, path.read_bytes()[:-4] + b"evil")

    before = found(server)
    repaired = verification.repair(server.home)

    assert "objects" in {about for about, _ in before}
    assert repaired.findings == ()
    assert server.head == pair["fw-b"].head
    assert server.served() == sound
    assert server.publish_edit("objects/new.yaml", "x-a: 1\n").revision == 4


def test_a_damaged_pack_is_found_and_brought_back_from_a_peer(pair):
    server = pair["fw-a"]
    subprocess.run(["git", "repack", "-adq"], cwd=server.home.git_dir, check=True)
    [pack] = (server.home.git_dir / "objects" / "pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 0xFF
    overwrite(pack, bytes(data))

    before = found(server)
    repaired = verification.repair(server.home)

    assert "objects" in {about for about, _ in before}
    assert repaired.findings == ()
    assert server.revisions() == pair["fw-b"].revisions()


def test_a_lost_object_stays_a_finding_while_no_peer_can_help(pair):
    pair.isolate("fw-a")
    object_file(pair["fw-a"], objects_of_head(pair["fw-a"])["file"]).unlink()

    repaired = verification.repair(pair["fw-a"].home)
    pair.heal_all()
    again = verification.repair(pair["fw-a"].home)

    assert {"objects", "fw-b"} <= {finding.about for finding in repaired.findings}
    [told] = [finding.problem for finding in repaired.findings if finding.about == "fw-b"]
    assert told.startswith("the objects that are missing could not be fetched: ")
    assert again.findings == ()


def test_a_repair_keeps_the_draft_and_the_kept_drafts(pair):
    server = pair["fw-a"]
    server.edit(HOSTS, "hosts: {kept: 10.0.0.1}\n")
    drafts.discard(server.home)
    server.edit(HOSTS, "hosts: {mine: 10.0.0.2}\n")
    object_file(server, objects_of_head(server)["revision"]).unlink()

    repaired = verification.repair(server.home)

    assert repaired.findings == ()
    assert server.draft()[HOSTS] == b"hosts: {mine: 10.0.0.2}\n"
    assert [[change.path for change in kept.changes] for kept in drafts.listed(server.home)] == [[HOSTS]]


@pytest.mark.parametrize("name", ["refs/heads/main.lock", "packed-refs.lock", "worktrees/work/index.lock"])
def test_lock_files_of_killed_commands_are_found_and_removed(pair, name):
    left = pair["fw-a"].home.git_dir / name
    left.touch()

    before = found(pair["fw-a"])
    repaired = verification.repair(pair["fw-a"].home)

    assert before == [("locks", f"{name} was left behind by a killed command.")]
    assert repaired == Verified(3, 4, (), mended=(Finding(*before[0]),), objects=repaired.objects)
    assert not left.exists()


def test_the_lock_files_of_a_running_command_are_not_taken_for_those_of_a_killed_one(pair):
    server = pair["fw-a"]

    with lock.held(server.home.git_dir):
        (server.home.git_dir / "packed-refs.lock").touch()
        assert found(server) == []
    assert found(server) == [("locks", "packed-refs.lock was left behind by a killed command.")]


def test_what_a_command_at_work_is_about_to_switch_is_no_finding(pair):
    server, old = pair["fw-b"], pair["fw-b"].head
    pair["fw-a"].publish_edit(HOSTS, "hosts: {b: 10.0.0.1}\n")
    current = server.path / "current"
    current.unlink()
    current.symlink_to(f"releases/{old}")

    with lock.held(server.home.git_dir):
        assert found(server) == []
    assert ("current", "current/ does not serve the head.") in found(server)


def test_a_folder_that_is_looked_at_is_not_turned_into_a_later_one_meanwhile(pair, monkeypatch):
    server = pair["fw-a"]
    monkeypatch.setattr(releases, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(releases, "POOL", 0)
    old = server.head

    with releases.read(server.home) as served:
        for n in range(2 * releases.KEPT):
            server.publish_edit(HOSTS, f"hosts: {{a: 10.0.0.{n}}}\n")
        assert (served, releases.differences(server.home, old)) == (old, [])
    for n in range(2 * releases.KEPT):
        server.publish_edit(HOSTS, f"hosts: {{b: 10.0.0.{n}}}\n")
    assert old not in releases.folders(server.home)


def test_a_current_that_could_be_written_to_is_found_and_sealed(pair):
    current = pair["fw-b"].path / "current"
    current.chmod(0o755)

    before = found(pair["fw-b"])
    repaired = verification.repair(pair["fw-b"].home)

    assert before == [("current", "current/ has other permissions.")]
    assert (repaired.findings, current.stat().st_mode & 0o777) == ((), 0o555)


def test_unfinished_files_of_a_killed_git_are_found_and_removed(pair):
    folder = pair["fw-b"].home.git_dir / "objects" / "incoming-abc123"
    folder.mkdir()
    (folder / "pack").write_bytes(b"half")

    before = found(pair["fw-b"])
    repaired = verification.repair(pair["fw-b"].home)

    assert before == [("leftovers", "objects/incoming-abc123 was left behind by a killed program.")]
    assert repaired.findings == ()
    assert not folder.exists()


def test_a_changed_configuration_and_changed_hooks_are_found_and_mended(pair):
    repository = pair["fw-b"].home.git_dir
    (repository / "config").write_text("[core]\n\tbare = true\n")
    (repository / "hooks" / "pre-receive").write_text("#!/bin/sh\nexit 0\n")
    (repository / "hooks" / "reference-transaction").chmod(0o644)
    (repository / "info" / "attributes").write_text("* text\n")

    before = found(pair["fw-b"])
    repaired = verification.repair(pair["fw-b"].home)

    assert sorted(before) == [
        ("configuration", "config is not as mha wrote it."),
        ("configuration", "hooks/pre-receive is not as mha wrote it."),
        ("configuration", "hooks/reference-transaction is not as mha wrote it."),
        ("configuration", "info/attributes is not as mha wrote it."),
    ]
    assert repaired.findings == ()
    assert os.access(repository / "hooks" / "reference-transaction", os.X_OK)


def test_references_that_tell_peers_something_else_are_found_and_mended(pair):
    home = pair["fw-b"].home
    home.repository.set_ref("refs/mha/current", home.introduction() or "")
    home.repository.set_ref("refs/mha/server/fw-b", pair["fw-b"].head)

    before = found(pair["fw-b"])
    repaired = verification.repair(home)

    assert sorted(before) == [
        ("configuration", "refs/mha/server/fw-b does not name the first revision."),
        ("current", "refs/mha/current does not say what current/ serves."),
    ]
    assert repaired.findings == ()


def test_a_forged_revision_in_the_history_is_found_and_is_nothing_to_mend(pair):
    server = pair["fw-b"]
    oid = forged(server, Record(4, 1, "fw-b", "fw-b"))
    make_head(server, oid)

    before = found(server, deep=False)
    repaired = verification.repair(server.home)

    reason = f"Revision {oid[:10]} is refused: fw-b may not publish: fw-a is Active at epoch 1."
    assert ("succession", reason) in before
    assert [(finding.about, finding.problem) for finding in repaired.findings] == [("succession", reason)]
    assert server.head == oid  # `main` only ever moves forward


def test_a_file_that_should_never_have_been_published_is_found_by_a_deep_look(pair):
    oid = forged(pair["fw-a"], Record(4, 1, "fw-a", "fw-a"), {"objects/HOSTS.yaml": b"x-a: 1\n"})
    make_head(pair["fw-a"], oid)
    make_head(pair["fw-a"], forged(pair["fw-a"], Record(5, 1, "fw-a", "fw-a"), {"objects/HOSTS.yaml": None}))

    shallow, deep = found(pair["fw-a"], deep=False), found(pair["fw-a"], deep=True)

    assert "succession" not in {about for about, _ in shallow}
    assert [problem for about, problem in deep if about == "succession"] == [
        f"Revision {oid[:10]} is refused: objects/HOSTS.yaml and {HOSTS} are one name to some file systems."
    ]


def test_verifying_changes_nothing(pair):
    server = pair["fw-b"]
    overwrite(server.path / "current" / HOSTS, b"evil\n")
    (server.home.git_dir / "packed-refs.lock").touch()
    before = found(server)

    assert found(server) == before
    assert server.served()[HOSTS] == b"evil\n"


def test_a_key_that_others_may_read_is_found_and_mended(pair):
    server = pair["fw-b"]
    (server.home.state / "key").chmod(0o644)

    assert found(server, deep=False) == [("key", "Others may read mha.git/mha/key: ssh does not use such a key.")]
    assert "Others may read mha.git/mha/key" in server.status().next_step
    assert verification.repair(server.home).findings == ()
    assert (server.home.state / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("key", "mha.git/mha/key is missing: peers know this server by its key."),
        ("key.pub", "mha.git/mha/key.pub is missing: peers know this server by its key."),
        ("half", "mha.git/mha/key.pub is not the public half of mha.git/mha/key."),
        ("both", "mha.yaml lists another key for this server than mha.git/mha/key.pub."),
    ],
)
def test_another_key_or_none_is_a_fault_of_this_server_and_not_of_its_peers(pair, broken, problem):
    state, other = pair["fw-a"].home.state, pair["fw-b"].home.state
    listed = pair["fw-a"].draft()["mha.yaml"].decode()
    assert pair["fw-a"].home.public_key() in listed
    if broken in ("key", "key.pub"):
        (state / broken).unlink()
    else:
        shutil.copy(other / "key.pub", state / "key.pub")
        if broken == "both":
            shutil.copy(other / "key", state / "key")

    assert found(pair["fw-a"], deep=False) == [("key", problem)]
    report = pair["fw-a"].status()
    assert (report.message, problem in report.next_step) == (Banner.FAULT, True)


def unsettled(server: Server) -> str:
    """A revision that only `main` names: whoever published it was killed before anything followed."""
    here = tips.tip(server.home)
    oid = forged(server, here.record.publish(), {HOSTS: b"hosts: {unsettled: 1.1.1.1}\n"})
    make_head(server, oid)
    return oid


def lose(server: Server, how: str) -> None:
    main = server.home.git_dir / "refs" / "heads" / "main"
    if how == "gone":
        main.unlink()
    else:
        main.write_bytes({"empty": b"", "zeros": b"\0" * 41, "garbage": b"garbage\n"}[how])


@pytest.mark.parametrize("how", ["gone", "empty", "zeros", "garbage"])
def test_a_lost_main_is_named_and_comes_back_with_what_only_it_named(pair, how):
    server = pair["fw-a"]
    oid = unsettled(server)
    lose(server, how)

    [(about, problem)] = found(server)
    assert (about, problem.startswith("refs/heads/main ")) == ("lost", True)
    assert "mha repair" in server.status().next_step
    with pytest.raises(StoreDamaged):
        setup.join(str(pair["fw-b"].path), server.path, name="fw-a")
    assert verification.repair(server.home).findings == ()
    assert server.head == oid
    assert server.served()[HOSTS] == b"hosts: {unsettled: 1.1.1.1}\n"


def test_a_lost_main_does_not_come_back_as_what_was_only_offered_or_is_no_successor(pair):
    standby = pair["fw-b"]
    here = tips.tip(standby.home)
    offered = forged(standby, here.record.changeover(active="fw-b", server="fw-b"))
    standby.home.repository.set_ref("refs/mha/offered", offered)
    forged(standby, Record(here.record.revision + 1, here.record.epoch, "fw-a", "fw-b"), {HOSTS: b"x-a: 1\n"})
    head = standby.head
    lose(standby, "gone")

    assert verification.repair(standby.home).findings == ()
    assert standby.head == head


def test_a_main_that_nothing_here_tells_comes_back_from_the_peers(pair):
    standby = pair["fw-b"]
    head = standby.head
    lose(standby, "empty")
    (standby.home.git_dir / "refs" / "mha" / "current").unlink()
    (standby.path / "current").unlink()

    assert verification.repair(standby.home).findings == ()
    assert standby.head == head


@pytest.mark.parametrize("content", [None, b"", b"garbage\n", b"\xff\xfe"])
def test_a_lost_note_of_the_first_revision_is_named_and_comes_back(pair, content):
    server = pair["fw-b"]
    note = server.home.state / "introduction"
    before = note.read_bytes()
    note.unlink() if content is None else note.write_bytes(content)

    [(about, problem)] = found(server)
    assert (about, "mha.git/mha/introduction" in problem) == ("lost", True)
    assert "mha.git/mha/introduction" in server.status().next_step
    assert verification.repair(server.home).findings == ()
    assert note.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"garbage here\n", b"\xff\xfe", b"none\n"])
def test_a_lost_name_is_said_and_comes_back(pair, content):
    server = pair["fw-b"]
    (server.path / "mha.git" / "mha" / "name").write_bytes(content)
    with pytest.raises(StoreDamaged, match="holds no server's name"):
        homes.open_home(server.path)
    assert homes.locate(server.path, server.path, mending=True).name == "fw-b"
    assert server.name == "fw-b"
