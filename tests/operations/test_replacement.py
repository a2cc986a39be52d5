"""`join --replace`: a home whose store is lost is rebuilt from its peers; what only it held is never lost unasked."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.errors import (
    HoldsMore,
    HoldsUnknown,
    HomeExists,
    InvalidAbandon,
    MhaError,
    NoHome,
    NotListed,
    NotTrusted,
    StoreDamaged,
    Unreachable,
)
from mha.operations import drafts, publication, replacement, replication, servers, verification
from mha.operations import tip as tips
from mha.operations.replacement import Replaced
from mha.store import lock, releases
from mha.store.repository import DRAFTS, KEEP
from tests import faults
from tests.cluster import JANA, Cluster, Server, Whole
from tests.sshd import Sshd
from tests.test_readers import reader, tree_of

HOSTS = "objects/hosts.yaml"
MINE = "hosts: {mine: 10.0.0.1}\n"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers at revision 3."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].publish_edit(HOSTS, "hosts: {}\n")
    return cluster


def replace(server: Server, source: Server, **options) -> Replaced:
    return replacement.replace(str(source.path), server.path, **options)


def damage(server: Server) -> None:
    """Every loose object of a home is lost or holds something else."""
    for number, path in enumerate(sorted((server.home.git_dir / "objects").glob("[0-9a-f][0-9a-f]/*"))):
        path.chmod(0o644)
        if number % 2:
            path.unlink()
        else:
            path.write_bytes(b"something else")


def state_of(server: Server) -> dict[str, bytes]:
    """All that a home holds, but for what says who had its lock last."""
    paths = (path for path in server.path.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(server.path)): path.read_bytes() for path in paths if path.name not in ("lock", "git")}


def sound(server: Server) -> bool:
    return verification.verify(server.home, deep=True).findings == ()


def publish_alone(cluster: Cluster, name: str, *texts: str) -> None:
    """Let a server publish while nobody else hears of it."""
    cluster.isolate(name)
    for text in texts:
        cluster[name].publish_edit(HOSTS, text, f"Nobody else has {text.strip()}")
    cluster.heal_all()


def test_a_standby_whose_objects_are_lost_is_rebuilt_and_keeps_what_is_its_own(pair):
    server, key = pair["fw-b"], pair["fw-b"].home.public_key()
    (server.home.state / "known_hosts").write_text("fw-a.example.org ssh-ed25519 AAAA\n")
    with (server.home.git_dir / "config").open("a") as file:
        file.write('[url "ssh://new"]\n\tinsteadOf = ssh://old\n[user]\n\tname = Jana Doe\n')
    config = (server.home.git_dir / "config").read_text()
    damage(server)

    done = replace(server, pair["fw-a"])

    assert (done.joined.revision, done.joined.active, done.aside, done.abandoned) == (3, "fw-a", None, 0)
    assert (done.kept_drafts, done.unread, done.silent, done.fault) == ((), (), (), "")
    assert done.objects == verification.verify(server.home, deep=True).objects > 0
    assert sound(server)
    assert (server.head, server.served()) == (pair["fw-a"].head, pair["fw-a"].served())
    assert server.home.public_key() == key
    assert (server.home.state / "known_hosts").read_text() == "fw-a.example.org ssh-ed25519 AAAA\n"
    assert '[url "ssh://new"]\n\tinsteadOf = ssh://old\n[user]\n\tname = Jana Doe\n' in config
    assert (server.home.git_dir / "config").read_text() == config
    assert sorted(path.name for path in server.path.iterdir()) == ["current", "mha.git", "releases"]
    assert pair["fw-a"].publish_edit(HOSTS, MINE).held == 1


def test_revisions_that_no_peer_holds_are_named_and_the_home_stays_as_it_was(pair):
    publish_alone(pair, "fw-a", *(f"hosts: {{a: 10.0.0.{n}}}\n" for n in range(23)))
    before = state_of(pair["fw-a"])

    with pytest.raises(HoldsMore) as refused:
        replace(pair["fw-a"], pair["fw-b"])

    said = refused.value.message.split("\n")
    assert said[0] == "fw-a holds 23 revisions that no server which answered holds; it was not replaced:"
    assert len(said) == 1 + 20 + 1
    assert said[1].startswith(f"  26  {pair['fw-a'].head[:10]}  ")
    assert said[1].endswith("Z  Jana Doe <jana@example.org>: Nobody else has hosts: {a: 10.0.0.22}")
    assert said[-1] == "  and 3 more"
    assert refused.value.hint.endswith("To give them up: --abandon 23.")
    assert state_of(pair["fw-a"]) == before


@pytest.mark.parametrize("number", ["1", "3", replacement.UNKNOWN])
def test_another_number_than_theirs_gives_nothing_up(pair, number):
    publish_alone(pair, "fw-a", MINE, "hosts: {}\n")
    before = state_of(pair["fw-a"])

    with pytest.raises(HoldsMore):
        replace(pair["fw-a"], pair["fw-b"], abandon=number)

    assert state_of(pair["fw-a"]) == before


def test_whoever_spells_their_number_gives_them_up_and_finds_them_in_the_old_store(pair):
    publish_alone(pair, "fw-a", MINE, "hosts: {other: 10.0.0.2}\n")
    given_up = pair["fw-a"].head

    done = replace(pair["fw-a"], pair["fw-b"], abandon="2")

    assert (done.abandoned, done.joined.revision, done.active) == (2, 3, True)
    assert pair["fw-a"].head == pair["fw-b"].head
    assert done.aside == str(pair["fw-a"].path / "mha.git-replaced")
    assert (Path(done.aside) / "refs/heads/main").read_text().strip() == given_up
    assert [edit.path for edit in publication.publish(pair["fw-a"].home, message="x", author=JANA).changes] == [HOSTS]
    assert sound(pair["fw-a"])


@pytest.mark.parametrize("text", ["all", "-1", "2 revisions", ""])
def test_what_is_no_number_gives_nothing_up(pair, text):
    with pytest.raises(InvalidAbandon):
        replace(pair["fw-b"], pair["fw-a"], abandon=text)


def test_a_side_that_a_peer_keeps_is_not_lost_and_is_kept_here_again(pair):
    publish_alone(pair, "fw-a", MINE)
    ours = pair["fw-a"].head
    pair.cut("fw-a", "fw-b")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    with pytest.raises(HoldsMore):
        replace(pair["fw-a"], pair["fw-b"])
    pair["fw-b"].mha("collision")

    done = replace(pair["fw-a"], pair["fw-b"])

    assert (done.kept_sides, done.aside, done.active) == (1, None, False)
    assert pair["fw-a"].home.repository.refs(KEEP) == {ours: ours}
    assert pair["fw-a"].mha("collision").returncode == 5
    assert sound(pair["fw-a"])


def test_what_another_peer_holds_than_the_one_that_is_named_counts_and_comes_along(cluster):
    cluster.isolate("fw-c")
    cluster["fw-a"].publish_edit(HOSTS, MINE)
    cluster.heal_all()
    damage(cluster["fw-b"])
    repaired = verification.repair(cluster["fw-b"].home)
    assert repaired.findings == ()

    done = replace(cluster["fw-b"], cluster["fw-c"])

    assert cluster["fw-c"].head != cluster["fw-a"].head
    assert (done.abandoned, done.silent) == (0, ())
    assert cluster["fw-b"].head == cluster["fw-a"].head


def test_a_peer_that_does_not_answer_is_named(cluster):
    publish_alone(cluster, "fw-a", MINE)
    cluster["fw-c"].path.rename(cluster.root / "away")
    with pytest.raises(HoldsMore) as refused:
        replace(cluster["fw-a"], cluster["fw-b"])
    assert " fw-c did not answer, and may hold them." in refused.value.hint
    assert replace(cluster["fw-b"], cluster["fw-a"]).silent == ("fw-c",)


def test_the_drafts_of_an_active_stay(pair):
    server = pair["fw-a"]
    server.edit(HOSTS, MINE)
    drafts.discard(server.home)
    server.edit(HOSTS, "hosts: {draft: 10.0.0.2}\n")
    server.edit("notes.txt", "not published\n")
    kept = server.home.repository.refs(DRAFTS)

    done = replace(server, pair["fw-b"])

    assert (done.active, done.kept_drafts, done.aside) == (True, ("1",), None)
    assert server.home.repository.refs(DRAFTS) == kept
    assert server.draft() == pair["fw-b"].served() | {
        HOSTS: b"hosts: {draft: 10.0.0.2}\n", "notes.txt": b"not published\n"
    }  # fmt: skip
    assert sorted(change.path for change in server.publish().changes) == ["notes.txt", HOSTS]


def test_the_draft_of_a_server_that_is_no_longer_active_becomes_a_kept_one(pair):
    server = pair["fw-a"]
    pair.isolate("fw-a")
    server.edit(HOSTS, MINE)
    pair["fw-b"].promote(force=True)
    pair["fw-b"].publish_edit("objects/new.yaml", "x-a: 1\n")
    pair.heal_all()

    done = replace(server, pair["fw-b"])

    assert (done.active, done.settled.kept_draft) == (False, "1")
    assert drafts.show(server.home, "1", lines=True).lines.endswith("+hosts: {mine: 10.0.0.1}\n")
    assert not (server.path / "work").exists()
    assert sound(server)


def test_a_draft_that_cannot_be_read_is_named_and_the_old_store_stays(pair):
    server = pair["fw-a"]
    for text in (MINE, "hosts: {other: 10.0.0.2}\n"):
        server.edit(HOSTS, text)
        drafts.discard(server.home)
    oid = server.home.repository.refs(DRAFTS)["1"]
    path = server.home.git_dir / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"something else")

    done = replace(server, pair["fw-b"])

    assert (done.kept_drafts, [each.name for each in done.unread]) == (("2",), ["1"])
    assert done.aside is not None
    assert [kept.name for kept in drafts.listed(server.home)] == ["2"]


def test_a_store_that_does_not_tell_what_it_holds_is_given_up_only_by_that_word(pair):
    server = pair["fw-b"]
    (server.home.git_dir / "refs/heads/main").unlink()

    for abandon in (None, "0", "1"):
        with pytest.raises(HoldsUnknown, match=r"refs/heads/main is gone\."):
            replace(server, pair["fw-a"], abandon=abandon)
    done = replace(server, pair["fw-a"], abandon=replacement.UNKNOWN)

    assert (done.abandoned, done.aside) == (None, str(server.path / "mha.git-replaced"))
    assert server.head == pair["fw-a"].head
    assert sound(server)


def test_damage_below_what_the_peers_hold_hides_nothing(pair):
    """The head alone is only here, and can be read; all below it is lost, and the peer has that."""
    publish_alone(pair, "fw-a", MINE)
    alone = pair["fw-a"].head
    for oid in pair["fw-b"].revisions():
        (pair["fw-a"].home.git_dir / "objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(HoldsMore) as refused:
        replace(pair["fw-a"], pair["fw-b"])

    assert [line[:17] for line in refused.value.message.split("\n")[1:]] == [f"  4  {alone[:10]}  "[:17]]


def test_the_name_of_another_server_is_refused(pair):
    with pytest.raises(HomeExists):
        replace(pair["fw-b"], pair["fw-a"], name="fw-c")


def test_where_no_home_is_there_is_nothing_to_replace(pair, tmp_path):
    with pytest.raises(NoHome):
        replacement.replace(str(pair["fw-a"].path), tmp_path / "nothing")


def test_a_server_that_was_removed_is_rebuilt_once_it_is_listed_again(pair):
    server, text = pair["fw-b"], str(pair["fw-b"].path)
    servers.remove(pair["fw-a"].home, name="fw-b", author=JANA)
    before = state_of(server)
    with pytest.raises(NotListed):
        replace(server, pair["fw-a"])
    assert state_of(server) == before

    servers.add(pair["fw-a"].home, name="fw-b", url=text, key=None, author=JANA)
    replace(server, pair["fw-a"])

    assert sound(server)
    assert server.head == pair["fw-a"].head


def test_another_cluster_at_the_address_is_not_trusted(pair, tmp_path):
    other = Cluster.build(tmp_path / "other", ["fw-x"])["fw-x"]
    with pytest.raises(NotTrusted):
        replace(pair["fw-b"], other)
    assert sound(pair["fw-b"])


def test_a_peer_that_does_not_answer_leaves_the_home_as_it_was(pair, tmp_path):
    before = state_of(pair["fw-b"])
    with pytest.raises(Unreachable):
        replacement.replace(str(tmp_path / "nobody"), pair["fw-b"].path)
    assert state_of(pair["fw-b"]) == before


def test_a_lost_key_is_said(pair):
    (pair["fw-b"].home.state / "key").unlink()
    with pytest.raises(MhaError, match=r"mha\.git/mha/key is missing"):
        replace(pair["fw-b"], pair["fw-a"])


def test_whoever_waited_for_the_home_waits_for_the_same_lock_afterwards(pair):
    server = pair["fw-b"]
    with lock.opened(server.home.git_dir) as waiting:
        replace(server, pair["fw-a"])
        with lock.held(server.home.git_dir), pytest.raises(BlockingIOError):
            fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_readers_see_one_whole_revision_all_the_time(pair, tmp_path):
    server = pair["fw-b"]
    pair.isolate("fw-b")
    pair["fw-a"].publish_edit(HOSTS, MINE)
    pair.heal_all()
    damage(server)
    with reader("loop", server.path / "current", tmp_path / "report"):
        replace(server, pair["fw-a"])
        replace(server, pair["fw-a"])

    found = json.loads((tmp_path / "report").read_text())
    assert found["problems"] == []
    assert found["seen"] == {oid: tree_of(pair["fw-a"].home, oid) for oid in found["seen"]}
    assert server.served()[HOSTS] == MINE.encode()


def test_a_release_that_the_disk_damaged_is_mended_in_place(pair):
    server = pair["fw-b"]
    for path in (server.path / "current" / "objects").iterdir():
        path.chmod(0o644)
        path.write_bytes(b"\0" * 20)
    replace(server, pair["fw-a"])
    assert sound(server)
    assert server.served() == pair["fw-a"].served()


def test_a_release_is_made_although_the_one_before_it_is_of_a_revision_that_was_given_up(pair):
    pair.isolate("fw-a")
    pair["fw-a"].publish_edit(HOSTS, MINE)
    pair["fw-b"].promote(force=True)
    pair["fw-b"].publish_edit(HOSTS, "hosts: {theirs: 10.0.0.2}\n")
    pair.heal_all()

    done = replace(pair["fw-a"], pair["fw-b"], abandon="1")

    assert (done.fault, done.abandoned) == ("", 1)
    assert pair["fw-a"].served() == pair["fw-b"].served()
    assert sound(pair["fw-a"])


def test_releases_of_revisions_that_were_given_up_stand_in_nobodys_way(pair, monkeypatch):
    monkeypatch.setattr(releases, "GRACE_SECONDS", 0.0)
    publish_alone(pair, "fw-a", MINE, "hosts: {other: 10.0.0.2}\n")
    replace(pair["fw-a"], pair["fw-b"], abandon="2")
    for number in range(3 * releases.KEPT + releases.POOL):
        assert pair["fw-a"].publish_edit(HOSTS, f"hosts: {{a: 10.0.1.{number}}}\n").fault == ""
    assert sound(pair["fw-a"])


def test_an_exchange_in_steps_that_was_killed_between_them_is_undone_by_the_next(pair):
    """As on a file system that cannot let two folders change places in one step."""
    server, beside = pair["fw-b"], pair["fw-b"].path / ".mha-rebuilt"
    (beside / "mha.git").mkdir(parents=True)
    server.home.git_dir.rename(beside / "old.git")

    replace(server, pair["fw-a"])

    assert sound(server)
    assert not beside.exists()


def test_a_home_is_rebuilt_over_ssh_with_the_key_that_it_has(pair, sshd: Sshd):
    a, b = pair["fw-a"], pair["fw-b"]
    text = a.served()["mha.yaml"].decode()
    a.publish_edit(
        "mha.yaml", text.replace(f'"{a.path}"', f'"{sshd.url(a.path)}"').replace(f'"{b.path}"', f'"{sshd.url(b.path)}"')
    )
    sshd.trust(a, b)
    sshd.allow("fw-b", b.home.public_key(), a.path)
    sshd.allow("fw-a", a.home.public_key(), b.path)
    damage(b)

    replacement.replace(sshd.url(a.path), b.path)

    assert sound(b)
    assert replication.sync(b.home).complete
    assert a.publish_edit(HOSTS, MINE).held == 1


def killed_scene(pair: Cluster) -> None:
    """A damaged Active with a draft, a kept draft, and a release that its peer has moved on from."""
    server = pair["fw-a"]
    server.edit(HOSTS, MINE)
    drafts.discard(server.home)
    server.edit(HOSTS, "hosts: {draft: 10.0.0.2}\n")
    oid = tips.tip(server.home).tree
    path = server.home.git_dir / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"something else")


def test_a_kill_at_any_moment_leaves_the_old_home_or_the_new_one(pair, tmp_path, request):
    killed_scene(pair)
    whole, server = Whole(pair, tmp_path / "kept"), pair["fw-a"]
    head, served = server.head, server.served()
    step = 1 if request.config.getoption("--full") else 31
    for _ in faults.at_each_write(replacement.replace, str(pair["fw-b"].path), server.path, step=step):
        assert server.served() == served
        assert server.head == head
        done = server.mha("repair")
        assert (done.returncode, server.mha("verify", "--deep").returncode) == (0, 0), done
        replace(server, pair["fw-b"])
        assert sound(server)
        assert (server.head, server.served()) == (head, served)
        assert [kept.name for kept in drafts.listed(server.home)] == ["1"]
        assert server.draft()[HOSTS] == b"hosts: {draft: 10.0.0.2}\n"
        left = {path.name for path in server.path.iterdir()} - {"mha.git-replaced", "mha.git-replaced-2"}
        assert left == {"current", "mha.git", "releases", "work"}
        whole.restore()


def test_a_repair_says_how_much_it_read_back(pair):
    server = pair["fw-b"]
    path = next((server.home.git_dir / "objects").glob("[0-9a-f][0-9a-f]/*"))
    os.unlink(path)
    done = server.mha("repair")
    objects = verification.verify(server.home, deep=True).objects
    assert done.stdout.endswith(
        f"All is well: 3 revisions, 4 files served.\nProven: {objects} objects, each read to its last byte.\n"
    )


def test_an_own_side_that_only_the_peer_keeps_comes_back_by_a_repair(pair):
    publish_alone(pair, "fw-a", MINE)
    pair.cut("fw-a", "fw-b")
    pair["fw-b"].promote(force=True)
    pair.heal_all()
    pair["fw-b"].mha("collision")
    oid = pair["fw-a"].home.repository.commit(pair["fw-a"].head).tree
    (pair["fw-a"].home.git_dir / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(StoreDamaged):
        tree_of(pair["fw-a"].home, pair["fw-a"].head)

    assert verification.repair(pair["fw-a"].home).findings == ()
