"""Restoring: a backup becomes a server again, after all in it was judged; and what such a server says of itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mha.core.bundle import Contents
from mha.core.record import Record
from mha.core.standing import Sync
from mha.errors import (
    ExitCode,
    HomeExists,
    HomeNotEmpty,
    Isolated,
    MissingRevision,
    NotABackup,
    NotAServerThere,
    NotContinued,
    NotTrusted,
    RefusedHistory,
)
from mha.operations import backup as backing_up
from mha.operations import collision, drafts, restoration, servers, setup, verification
from mha.operations.restoration import LeftOut, Restored
from mha.store import bundles
from mha.store.files import remove_tree
from mha.store.git import silent
from tests.cluster import JANA, Cluster, Server, mha
from tests.operations.forging import forged, make_head, with_tree

HOSTS = "objects/hosts.yaml"
HOME = "restored"


def restore(tmp_path: Path, *files: str, name: str = "fw-a", **options) -> Restored:
    return restoration.restore([tmp_path / file for file in files], tmp_path / HOME, name=name, **options)


def backup(server: Server, path: Path, since: str | None = None) -> None:
    backing_up.backup(server.home, path, since=since)


def backup_of(server: Server, path: Path, contents: Contents) -> None:
    """A backup as no mha would write it: of any contents."""
    bundles.write(server.home.git_dir, path, contents, replace=False, progress=silent)


def contents(server: Server, **changed) -> Contents:
    return Contents(server.head, server.name, server.home.introduction())._replace(**changed)


def nothing_made(tmp_path: Path) -> bool:
    return not (tmp_path / HOME).exists() or list((tmp_path / HOME).iterdir()) == []


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    return cluster


@pytest.fixture
def restored(pair: Cluster, tmp_path: Path) -> Server:
    """fw-a, restored beside its peer, which cannot be reached."""
    backup(pair["fw-a"], tmp_path / "all.bundle")
    remove_tree(pair["fw-a"].path)
    pair["fw-b"].path.rename(tmp_path / "gone")
    restoration.restore([tmp_path / "all.bundle"], pair["fw-a"].path, name="fw-a")
    return pair["fw-a"]


def test_a_restored_server_has_all_that_was_there_and_a_key_of_its_own(pair, tmp_path):
    active = pair["fw-a"]
    active.edit(HOSTS, "hosts: {b: 10.0.0.2}\n")
    active.mha("discard", check=True)
    active.edit(HOSTS, "hosts: {c: 10.0.0.3}\n")
    backup(active, tmp_path / "all.bundle")

    made = restore(tmp_path, "all.bundle")

    server = Server(tmp_path / HOME)
    assert made == Restored(
        path=str(server.path), name="fw-a", cluster="acme", revision=3, id=active.head,
        introduction=active.home.introduction() or "", active="fw-a", files=4, kept_sides=0, kept_drafts=2,
        key=server.home.public_key(), key_listed=False, peers=("fw-b",),
    )  # fmt: skip
    assert server.home.public_key() != active.home.public_key()
    assert (server.head, server.served(), server.revisions()) == (active.head, active.served(), active.revisions())
    assert server.draft() == server.served()
    assert [(draft.name, draft.why) for draft in drafts.listed(server.home)] == [
        ("2", "In work/ when fw-a was backed up"),
        ("1", "Discarded"),
    ]
    drafts.restore(server.home, "2")
    assert server.draft()[HOSTS] == b"hosts: {c: 10.0.0.3}\n"
    [finding] = verification.verify(server.home, deep=True).findings
    assert finding.about == "key"


def test_both_sides_of_a_collision_are_restored(pair, tmp_path):
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.7}\n")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    assert pair["fw-a"].sync().collision
    backup(pair["fw-a"], tmp_path / "all.bundle")
    heads = {server.head for server in pair.servers.values()}
    for server in pair.servers.values():
        server.path.rename(tmp_path / f"lost-{server.path.name}")

    made = restore(tmp_path, "all.bundle", name="fw-b")

    found = collision.collision(Server(tmp_path / HOME).home)
    assert made.kept_sides == 1
    assert {side.head for side in found.sides} == heads


def test_increments_bring_a_full_backup_up_to_date(pair, tmp_path):
    active = pair["fw-a"]
    backup(active, tmp_path / "full.bundle")
    for number in range(2):
        active.publish_edit(HOSTS, f"hosts: {{a: 10.0.1.{number}}}\n")
        backup(pair["fw-b"], tmp_path / f"{number}.bundle", since=str(3 + number))

    made = restore(tmp_path, "full.bundle", "0.bundle", "1.bundle")

    assert (made.revision, made.id) == (5, active.head)
    assert Server(tmp_path / HOME).served() == active.served()


@pytest.mark.parametrize(
    ("files", "error"),
    [
        (["new.bundle"], MissingRevision),
        (["new.bundle", "full.bundle"], MissingRevision),
        (["full.bundle", "newest.bundle"], MissingRevision),
        (["full.bundle", "new.bundle", "full.bundle"], NotContinued),
        (["full.bundle", "other.bundle"], NotABackup),
        (["full.bundle", "gone.bundle"], NotABackup),
    ],
)
def test_files_that_do_not_continue_each_other_make_no_server(pair, tmp_path, files, error):
    active = pair["fw-a"]
    setup.init(tmp_path / "other", name="fw-a", author=JANA, cluster_name="other")
    backup(Server(tmp_path / "other"), tmp_path / "other.bundle")
    backup(active, tmp_path / "full.bundle")
    active.publish_edit(HOSTS, "hosts: {a: 10.0.1.1}\n")
    backup(active, tmp_path / "new.bundle", since="3")
    active.publish_edit(HOSTS, "hosts: {a: 10.0.1.2}\n")
    backup(active, tmp_path / "newest.bundle", since="4")

    with pytest.raises(error):
        restore(tmp_path, *files)

    assert nothing_made(tmp_path)


def test_a_side_that_only_an_earlier_file_holds_is_kept(pair, tmp_path):
    active = pair["fw-a"]
    side = forged(active, Record(4, 2, "fw-b", "fw-b"))
    backup_of(active, tmp_path / "full.bundle", contents(active, sides=(side,)))
    active.publish_edit(HOSTS, "hosts: {}\n")
    backup(active, tmp_path / "new.bundle", since="3")

    made = restore(tmp_path, "full.bundle", "new.bundle")

    assert made.kept_sides == 1
    assert Server(tmp_path / HOME).home.repository.refs("refs/mha/keep/") == {side: side}


def test_only_a_server_that_the_cluster_lists_is_restored(pair, tmp_path):
    backup(pair["fw-a"], tmp_path / "all.bundle")

    with pytest.raises(NotAServerThere, match="does not list fw-x") as raised:
        restore(tmp_path, "all.bundle", name="fw-x")

    assert raised.value.hint == "Restore one of its servers: fw-a, fw-b."
    assert nothing_made(tmp_path)


def test_a_restore_trusts_only_the_first_revision_that_was_named(pair, tmp_path):
    backup(pair["fw-a"], tmp_path / "all.bundle")
    introduction = pair["fw-a"].home.introduction() or ""

    with pytest.raises(NotTrusted):
        restore(tmp_path, "all.bundle", trust="0" * 12)
    assert nothing_made(tmp_path)
    assert restore(tmp_path, "all.bundle", trust=introduction[:12]).introduction == introduction


def test_a_prepared_key_is_kept_and_one_that_is_listed_needs_no_change(pair, tmp_path):
    key = setup.key(tmp_path / HOME, name="fw-c").key
    servers.add(pair["fw-a"].home, name="fw-c", url=str(tmp_path / HOME), key=key, author=JANA)
    backup(pair["fw-a"], tmp_path / "all.bundle")

    made = restore(tmp_path, "all.bundle", name="fw-c")

    assert (made.key, made.key_listed, made.active) == (key, True, "fw-a")
    assert verification.verify(Server(tmp_path / HOME).home).findings == ()


def test_a_restore_that_fails_leaves_the_key_that_was_made_before(pair, tmp_path):
    key = setup.key(tmp_path / HOME, name="fw-a").key
    make_head(pair["fw-a"], forged(pair["fw-a"], Record(9, 9, "fw-a", "fw-a")))
    backup(pair["fw-a"], tmp_path / "all.bundle")

    with pytest.raises(RefusedHistory):
        restore(tmp_path, "all.bundle")

    assert setup.key(tmp_path / HOME, name="fw-a").key == key


def test_a_home_is_not_restored_over_another_one_or_over_files(pair, tmp_path):
    backup(pair["fw-a"], tmp_path / "all.bundle")
    (tmp_path / HOME).mkdir()
    (tmp_path / HOME / "precious").touch()

    with pytest.raises(HomeNotEmpty):
        restore(tmp_path, "all.bundle")
    with pytest.raises(HomeExists):
        restoration.restore([tmp_path / "all.bundle"], pair["fw-b"].path, name="fw-b")

    assert [entry.name for entry in (tmp_path / HOME).iterdir()] == ["precious"]


def _forged_record(active: Server) -> Contents:
    return contents(active, main=forged(active, Record(4, 1, "fw-b", "fw-b")))


def _forged_file(active: Server) -> Contents:
    return contents(active, main=forged(active, Record(4, 1, "fw-a", "fw-a"), {"x/\x1b[2J": b"x\n"}))


def _forged_side(active: Server) -> Contents:
    return contents(active, sides=(forged(active, Record(7, 7, "fw-b", "fw-b")),))


def _no_record(active: Server) -> Contents:
    return contents(active, main=forged(active, None))


def _later_beginning(active: Server) -> Contents:
    return contents(active, introduction=active.home.repository.commit(active.head).parents[0])


def _tree_as_main(active: Server) -> Contents:
    return contents(active, main=active.home.repository.commit(active.head).tree)


def _other_beginning(active: Server) -> Contents:
    alone = with_tree(active, Record(1, 1, "fw-a", "fw-a"), active.home.repository.commit(active.head).tree, [], "Else")
    return contents(active, introduction=alone, sides=(alone,))


@pytest.mark.parametrize(
    ("forge", "error", "why"),
    [
        (_forged_record, RefusedHistory, "fw-b may not publish"),
        (_forged_file, RefusedHistory, "control characters"),
        (_forged_side, RefusedHistory, "comes next, not 7"),
        (_no_record, RefusedHistory, "no record"),
        (_later_beginning, RefusedHistory, "A history begins with revision 1"),
        (_tree_as_main, NotABackup, "no revision"),
        (_other_beginning, NotABackup, "does not begin with the revision that it names"),
    ],
)
def test_what_no_receiver_would_take_makes_no_server(pair, tmp_path, forge, error, why):
    backup_of(pair["fw-a"], tmp_path / "all.bundle", forge(pair["fw-a"]))

    with pytest.raises(error, match=why):
        restore(tmp_path, "all.bundle")

    assert nothing_made(tmp_path)


@pytest.mark.parametrize("part", [0, 0.02, 0.3, 0.6, 0.95, 0.999])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_file_that_lost_bytes_makes_no_server(pair, tmp_path, part, damage):
    backup(pair["fw-a"], tmp_path / "all.bundle")
    data = bytearray((tmp_path / "all.bundle").read_bytes())
    at = int(len(data) * part)
    if damage == "cut":
        del data[at:]
    else:
        data[at] ^= 0x55
    (tmp_path / "all.bundle").write_bytes(data)

    with pytest.raises(NotABackup):
        restore(tmp_path, "all.bundle")

    assert nothing_made(tmp_path)


def test_a_backup_that_does_not_say_which_cluster_it_is_of_makes_no_server(pair, tmp_path):
    backup_of(pair["fw-a"], tmp_path / "all.bundle", Contents(pair["fw-a"].head))

    with pytest.raises(NotABackup, match="which cluster it is of"):
        restore(tmp_path, "all.bundle")


def test_drafts_that_are_none_are_left_out_and_named(pair, tmp_path):
    active = pair["fw-a"]
    nothing = with_tree(active, None, active.home.repository.commit(active.head).tree, [], "No parent")
    large = forged(active, None, {"large.yaml": b"x: 1\n" * 300_000})
    fit = forged(active, None, {HOSTS: b"hosts: {}\n"})
    named = (("1", nothing), ("2", active.home.repository.commit(active.head).tree), ("3", large), ("4", fit))
    backup_of(active, tmp_path / "all.bundle", contents(active, drafts=named))

    made = restore(tmp_path, "all.bundle")

    assert made.left == (
        LeftOut("1", "It is no draft."),
        LeftOut("2", "It is no draft."),
        LeftOut("3", "large.yaml is larger than 1 MiB."),
    )
    assert [draft.name for draft in drafts.listed(Server(tmp_path / HOME).home)] == ["4"]


def test_a_restored_server_says_so_until_a_peer_has_answered(restored, tmp_path):
    lines = restored.mha("status", "--offline").stdout.splitlines()
    [said] = [line for line in lines if "from a backup" in line]
    assert said.startswith("  fw-a was restored from a backup (")
    assert said.endswith(") and has compared itself with no peer since.")
    assert restored.status().server.restored is not None

    (tmp_path / "gone").rename(restored.path.parent / "fw-b")

    assert restored.sync().peers[0].sync is Sync.SYNCHRONIZED
    assert "restored from a backup" not in restored.mha("status", "--offline").stdout
    assert restored.publish_edit(HOSTS, "hosts: {}\n").uncompared is False


def test_a_restored_server_warns_when_it_publishes_and_no_peer_answers(restored):
    restored.edit(HOSTS, "hosts: {}\n")

    done = restored.mha("publish", "-m", "After the fire")

    assert done.returncode == ExitCode.DONE
    assert done.stderr.splitlines()[:2] == [
        "WARNING: This server was restored from a backup, and no peer has answered since.",
        "What another server published after that backup is not known here: if any did, this is a collision.",
    ]
    assert "No peer has answered" not in done.stderr


def test_a_restored_server_publishes_nothing_alone_where_the_settings_refuse_it(pair, tmp_path):
    text = pair["fw-a"].served()["mha.yaml"].decode().replace("settings:", "settings:\n  on-isolated: refuse", 1)
    pair["fw-a"].publish_edit("mha.yaml", text)
    backup(pair["fw-a"], tmp_path / "all.bundle")
    for server in pair.servers.values():
        remove_tree(server.path)
    restoration.restore([tmp_path / "all.bundle"], pair["fw-a"].path, name="fw-a")

    with pytest.raises(Isolated):
        pair["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    assert servers.remove(pair["fw-a"].home, name="fw-b", author=JANA).uncompared is True
    assert pair["fw-a"].publish().revision == pair["fw-a"].record.revision


def test_a_restored_standby_warns_before_it_takes_over(pair, tmp_path):
    backup(pair["fw-a"], tmp_path / "all.bundle")
    for server in pair.servers.values():
        server.path.rename(tmp_path / f"lost-{server.path.name}")
    restoration.restore([tmp_path / "all.bundle"], pair["fw-b"].path, name="fw-b")

    done = pair["fw-b"].mha("promote", "--force")

    assert (
        "At risk, as far as is known here:\n  fw-b was restored from a backup and no peer has answered" in done.stderr
    )
    assert pair["fw-b"].record.active == "fw-b"


def test_a_restored_server_that_is_behind_its_peer_publishes_nothing_before_it_has_caught_up(pair, tmp_path):
    active, standby = pair["fw-a"], pair["fw-b"]
    backup(active, tmp_path / "old.bundle")
    active.publish_edit(HOSTS, "hosts: {later: 10.0.0.9}\n")
    remove_tree(active.path)
    restoration.restore([tmp_path / "old.bundle"], active.path, name="fw-a")
    active.edit("objects/new.yaml", "hosts: {new: 10.0.0.8}\n")

    done = active.mha("publish", "-m", "From the past")

    assert done.stderr.splitlines()[0] == (
        "Error: fw-a was behind fw-b and has caught up to revision 4; nothing was published."
    )
    assert active.head == standby.head
    assert active.mha("publish", "-m", "From now").returncode == ExitCode.DONE


def test_every_server_is_lost_and_a_backup_brings_the_cluster_back(make_cluster, tmp_path):
    cluster = make_cluster("fw-a", "fw-b", "fw-c")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    backup(cluster["fw-c"], tmp_path / "all.bundle")
    history = cluster["fw-a"].revisions()
    for server in cluster.servers.values():
        remove_tree(server.path)

    done = mha("restore", str(tmp_path / "all.bundle"), str(cluster["fw-b"].path), "--name", "fw-b")
    assert "Active by its head is fw-a. If every server is lost: `mha promote --force` here." in done.stdout
    assert cluster["fw-b"].mha("promote", "--force").returncode == ExitCode.DONE
    removed = cluster["fw-b"].mha("server", "remove", "fw-a")
    added = cluster["fw-b"].mha("server", "add", "fw-a", str(cluster["fw-a"].path))
    assert (removed.returncode, added.returncode) == (ExitCode.DONE, ExitCode.DONE)
    for name in ("fw-a", "fw-c"):
        joined = mha("join", str(cluster["fw-b"].path), str(cluster[name].path), "--name", name)
        assert joined.returncode == ExitCode.DONE, joined.stderr
    cluster["fw-b"].publish_edit(HOSTS, "hosts: {again: 10.0.0.2}\n")

    for server in cluster.servers.values():
        server.sync()
        assert server.revisions() > history
        assert server.served()[HOSTS] == b"hosts: {again: 10.0.0.2}\n"
        assert verification.verify(server.home).findings == ()
        assert server.home.restored() is None
