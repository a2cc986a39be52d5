"""Peers that are gone, silent, full, strange or superseded, through the real command line: nothing is lost."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mha.core.changes import Action, Change
from mha.operations import drafts, servers, setup
from tests.cluster import JANA, Cluster, Server
from tests.evidence import ended, everything, refusal
from tests.operations.forging import forged, make_head
from tests.trouble import SILENT, list_peer, stopped_receiver, wait_for

HOSTS = "objects/hosts.yaml"
MINE = b"hosts: {mine: 10.0.0.1}\n"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers; fw-a is Active at revision 2 and has an edit that is not published."""
    cluster = make_cluster("fw-a", "fw-b")
    cluster["fw-a"].edit(HOSTS, MINE)
    return cluster


def peers_of(server: Server) -> dict[str, tuple[str, str]]:
    """How `mha status --json` says that each peer stands, and why."""
    report = json.loads(server.mha("status", "--json").stdout)
    return {peer["name"]: (peer["sync"], peer["detail"]) for peer in report["peers"]}


def published_here_alone(server: Server, detail: str, sync: str = "sync error") -> None:
    """`mha publish` succeeds here, names the peer that lacks it, and with --wait says that too few hold it."""
    done = server.mha("publish", "-m", "x")
    server.edit("objects/more.yaml", "x-a: 1\n")
    waited = server.mha("publish", "-m", "x", "--wait", "1")

    [isolated, _, lacking] = done.stderr.splitlines()
    assert isolated == "WARNING: No peer tells whether another server has taken over (fw-b)."
    assert lacking == f"Warning: fw-b does not hold it: {sync} ({detail})."
    assert done.returncode == 0
    assert waited.returncode == 4
    assert waited.stderr.splitlines()[-1] == "Warning: Standbys that hold it: 0; wanted: 1. `mha sync` tries again."
    assert server.mha("sync").returncode == 4
    assert peers_of(server) == {"fw-b": (sync, detail)}
    assert server.served()[HOSTS] == MINE


def test_a_peer_whose_home_is_gone_stops_no_publish_and_no_handover_goes_there(pair):
    pair["fw-b"].path.rename(pair.root / "gone")
    detail = "there is no home at its address"

    published_here_alone(pair["fw-a"], detail, "not communicating")
    before = everything(pair["fw-a"])
    done = pair["fw-a"].mha("demote", "--to", "fw-b")

    assert (done.returncode, done.stderr.splitlines()[0].startswith("Error: ")) == (6, True)
    assert detail in done.stderr
    assert everything(pair["fw-a"]) == before


def test_a_planned_promotion_without_the_active_is_refused_with_the_way_out(pair):
    pair.isolate("fw-a")
    before = everything(*pair.servers.values())

    done = pair["fw-b"].mha("promote")

    assert ended(done) == refusal(
        6,
        "A planned changeover could lose something:\n"
        "  fw-a must accept, but it cannot be reached: there is no home at its address.",
        "If that server is lost, `mha promote --force` takes over without it.",
    )
    assert everything(*pair.servers.values()) == before


def test_a_forced_promotion_prints_what_is_at_risk(pair):
    pair["fw-b"].sync()
    pair.isolate("fw-a")

    done = pair["fw-b"].mha("promote", "--force")

    lines = done.stderr.splitlines()
    assert (done.returncode, lines[0]) == (0, "At risk, as far as is known here:")
    assert lines[1].startswith("  fw-a (Active) was last seen at revision 2 at ")
    assert done.stdout.startswith("fw-b is Active, at epoch 2 (revision 3).\n")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word, as a stopped machine does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("127.0.0.1:{port}", SILENT),
        ("127.0.0.1:1", "ssh: connect to host 127.0.0.1 port 1: Connection refused"),
    ],
    ids=["hangs", "refuses"],
)
def test_an_ssh_peer_that_does_not_answer_is_given_up_within_the_deadline(make_cluster, silent_port, address, detail):
    server = make_cluster("fw-a")["fw-a"]
    server.edit(HOSTS, MINE)
    list_peer(server, "fw-b", f"ssh://mha@{address.format(port=silent_port)}/srv/mha")
    began = time.monotonic()

    done = server.mha("publish", "-m", "x")

    assert time.monotonic() - began < 60
    assert done.returncode == 0
    assert re.fullmatch(rf"Warning: fw-b does not hold it: never synchronized \((?:{detail})\)\.\n", done.stderr)
    assert server.served()[HOSTS] == MINE


def test_a_receiver_that_is_stopped_in_the_middle_of_a_push_is_given_up(pair):
    """Nothing moves for a while: the push ends, the revision stays published, and the peer is not locked afterwards."""
    impatient = "from mha.store import peers; peers.IDLE_SECONDS = 5.0; from mha.cli.main import main; main()"
    command = [sys.executable, "-c", impatient, "--home", str(pair["fw-a"].path), "publish", "-m", "x"]

    with stopped_receiver(pair["fw-b"]) as stopped:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)

    assert stopped
    assert done.returncode == 0
    assert done.stderr == "Warning: fw-b does not hold it: sync error (no answer within the deadline).\n"
    assert pair["fw-b"].record.revision == 2
    assert pair["fw-a"].mha("sync").returncode == 0
    assert pair["fw-b"].served()[HOSTS] == MINE


def test_an_active_that_is_stopped_with_the_offer_has_not_refused_it(pair):
    """It may accept when it goes on: the result is not known, and the same offer is made again."""
    impatient = "from mha.store import peers; peers.IDLE_SECONDS = 1.5; from mha.cli.main import main; main()"
    command = [sys.executable, "-c", impatient, "--home", str(pair["fw-b"].path), "promote"]

    with stopped_receiver(pair["fw-a"]) as stopped:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert stopped
    assert ended(done) == refusal(6, "The result on fw-a is not known: no answer came.", "Ask again with `mha status`.")
    offered = pair["fw-b"].home.repository.ref("refs/mha/offered")
    assert pair["fw-b"].mha("promote").returncode == 0
    assert {server.head for server in pair.servers.values()} == {offered}


@pytest.fixture
def small_disk(tmpfs: Callable[[str], Path]) -> Path:
    """A disk of four megabytes."""
    return tmpfs("4m")


def fill(disk: Path, *, leave: int) -> None:
    """Fill a disk until only so many bytes are left."""
    (disk / "filler").unlink(missing_ok=True)
    found = os.statvfs(disk)
    (disk / "filler").write_bytes(b"x" * (found.f_bavail * found.f_bsize - leave))


def on(disk: Path, cluster: Cluster) -> Server:
    """A Standby fw-b whose home is on a disk of its own."""
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(disk / "home"), key=None, author=JANA)
    setup.join(str(cluster["fw-a"].path), disk / "home", name="fw-b")
    return Server(disk / "home")


def test_a_receiver_whose_disk_is_full_keeps_what_it_has_and_catches_up(make_cluster, small_disk):
    cluster = make_cluster("fw-a")
    active, standby = cluster["fw-a"], on(small_disk, cluster)
    before = everything(standby)
    fill(small_disk, leave=100_000)
    active.edit("big.bin", os.urandom(600_000))

    done = active.mha("publish", "-m", "x")

    assert done.returncode == 0
    assert done.stderr == "Warning: fw-b does not hold it: sync error (its disk is full).\n"
    assert everything(standby) == before
    (small_disk / "filler").unlink()
    assert active.mha("sync").returncode == 0
    assert standby.served() == active.served()


def test_a_receiver_that_cannot_serve_what_it_took_says_so_and_serves_it_later(make_cluster, small_disk):
    cluster = make_cluster("fw-a")
    active, standby = cluster["fw-a"], on(small_disk, cluster)
    served = standby.served()
    fill(small_disk, leave=900_000)
    active.edit("big.bin", os.urandom(600_000))

    done = active.mha("publish", "-m", "x")
    status = standby.mha("status")

    assert done.returncode == 0
    assert done.stderr == "Warning: fw-b holds it, but does not serve it yet. `mha sync` tries again.\n"
    assert standby.head == active.head
    assert standby.served() == served  # whole, if older
    assert (status.returncode, "current/ does not serve the head." in status.stdout) == (1, True)
    assert "synchronized, not served yet" in active.mha("status").stdout
    (small_disk / "filler").unlink()
    assert standby.mha("sync").returncode == 0
    assert standby.served() == active.served()


def test_a_fetch_that_filled_the_disk_does_not_keep_it_full(make_cluster, small_disk):
    cluster = make_cluster("fw-a")
    active, standby = cluster["fw-a"], on(small_disk, cluster)
    fill(small_disk, leave=300_000)
    active.edit("big.bin", os.urandom(600_000))
    active.publish()
    left = os.statvfs(small_disk).f_bavail

    done = [standby.mha("sync") for _ in range(2)]

    assert [one.returncode for one in done] == [4, 4]
    assert "this server's own disk is full" in done[1].stdout
    # git's children may outlive it on a busy machine: then the next command clears
    wait_for(lambda: os.statvfs(small_disk).f_bavail >= left - 4 or not standby.mha("sync"))


def test_a_publish_on_a_full_disk_publishes_nothing_and_keeps_the_draft(make_cluster, small_disk):
    cluster = make_cluster("fw-a")
    server = on(small_disk, cluster)
    server.promote()
    server.edit("big.bin", os.urandom(200_000))
    fill(small_disk, leave=50_000)
    before = everything(server)

    done = server.mha("publish", "-m", "x")

    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["Error", "Hint"]
    assert everything(server) == before
    (small_disk / "filler").unlink()
    assert server.mha("publish", "-m", "x").returncode == 0
    assert cluster["fw-a"].served() == server.served()


def test_a_changeover_whose_work_folder_finds_no_room_is_done_and_told_to_the_others(make_cluster, small_disk):
    cluster = make_cluster("fw-a", "fw-c")
    cluster["fw-a"].publish_edit("big.txt", "x" * 600_000)
    standby = on(small_disk, cluster)
    fill(small_disk, leave=200_000)

    done, diff = standby.mha("promote"), standby.mha("diff")

    assert (done.returncode, done.stdout) == (4, "fw-b is Active, at epoch 2 (revision 5).\n")
    assert done.stderr.startswith("Warning: The mode has moved, but the files here do not follow yet: ")
    assert [server.record.active for server in cluster.servers.values()] == ["fw-b", "fw-b"]
    assert ended(diff) == refusal(1, "work/ is missing although this server is Active.", "`mha repair` makes it anew.")
    (small_disk / "filler").unlink()
    assert standby.mha("repair").returncode == 0
    assert standby.draft() == standby.served()


def test_a_peer_that_was_swapped_for_one_of_another_cluster_gets_and_gives_nothing(pair, tmp_path):
    other = Cluster.build(tmp_path / "other", ("fw-a", "fw-b"))
    pair["fw-b"].path.rename(pair.root / "aside")
    shutil.move(other["fw-b"].path, pair["fw-b"].path)
    before = everything(pair["fw-b"])

    published_here_alone(pair["fw-a"], "it belongs to another cluster: its history begins elsewhere")
    handover = pair["fw-a"].mha("demote", "--to", "fw-b")

    assert handover.returncode == 6
    assert everything(pair["fw-b"]) == before
    assert pair["fw-a"].record.active == "fw-a"


def test_a_peer_that_is_the_server_itself_is_told_from_one(pair):
    (pair["fw-b"].path).rename(pair.root / "aside")
    pair["fw-b"].path.symlink_to(pair["fw-a"].path)

    published_here_alone(pair["fw-a"], "the address of fw-b leads to this server itself")


def test_a_peer_with_a_newer_mha_refuses_and_is_named(pair):
    before = everything(pair["fw-b"])
    (pair["fw-b"].home.state / "format").write_text("2\n")

    done = pair["fw-a"].mha("publish", "-m", "x")

    detail = f"{pair['fw-b'].path} was written by a newer mha (format 2; this mha reads 1)"
    assert done.returncode == 0
    assert detail in done.stderr
    (pair["fw-b"].path / "mha.git" / "mha" / "format").write_text("1\n")
    assert everything(pair["fw-b"]) == before
    assert pair["fw-a"].mha("sync").returncode == 0
    assert pair["fw-b"].served()[HOSTS] == MINE


def test_revisions_of_a_newer_mha_are_not_taken_by_an_older_one(pair):
    active = pair["fw-a"]
    text = active.served()["mha.yaml"].decode() + "format: 2\n"
    newer = forged(active, active.record.publish(), {"mha.yaml": text.encode()})
    make_head(active, newer)
    before = everything(pair["fw-b"])

    sync = pair["fw-b"].mha("sync")
    own = active.mha("status", "--json")

    complaint = "mha.yaml was written by a newer mha (format 2; this mha reads 1)."
    assert (sync.returncode, sync.stdout) == (
        4,
        f"! fw-a: sync error (Revision {newer[:10]} is refused: {complaint})\n",
    )
    assert everything(pair["fw-b"]) == before
    assert (own.returncode, json.loads(own.stdout)["detail"]) == (1, complaint)


def test_a_superseded_active_stands_down_with_its_next_publish_and_keeps_its_draft(pair):
    pair.isolate("fw-a")
    pair["fw-b"].promote(force=True)
    pair.heal_all()

    done = pair["fw-a"].mha("publish", "-m", "x")

    assert ended(done) == refusal(
        3,
        "fw-a was superseded: fw-b is Active at epoch 2. The draft is kept as draft 1.",
        "Publish on fw-b; `mha drafts show` prints a kept draft.",
    )
    assert pair["fw-a"].head == pair["fw-b"].head
    assert drafts.show(pair["fw-a"].home, "1").changes == (Change(HOSTS, Action.MODIFIED),)
    assert pair["fw-b"].mha("status").returncode == 0


def test_a_superseded_active_that_had_published_meets_its_collision_and_loses_nothing(pair):
    pair.isolate("fw-a")
    pair["fw-a"].publish()
    pair["fw-b"].promote(force=True)
    pair["fw-a"].edit(HOSTS, "hosts: {later: 10.0.0.2}\n")
    pair.heal_all()
    heads = {name: server.head for name, server in pair.servers.items()}

    publish, sync = pair["fw-a"].mha("publish", "-m", "x"), pair["fw-a"].mha("sync")

    assert (publish.returncode, sync.returncode) == (5, 5)
    assert {name: server.head for name, server in pair.servers.items()} == heads
    assert pair["fw-a"].draft()[HOSTS] == b"hosts: {later: 10.0.0.2}\n"
    for server in pair.servers.values():
        assert set(heads.values()) <= {server.head, *server.home.repository.refs("refs/mha/keep/")}
        assert server.mha("status").stdout.startswith("acme: Collision or HA conflict\n")
        assert server.mha("collision").returncode == 5


def test_a_push_of_git_alone_is_refused(pair):
    pair.cut("fw-a", "fw-b")
    pair["fw-a"].publish()
    pair.heal("fw-a", "fw-b")
    before = everything(pair["fw-b"])

    done = subprocess.run(
        ["git", "push", str(pair["fw-b"].home.git_dir), "HEAD:refs/heads/main"],
        cwd=pair["fw-a"].home.git_dir, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert "remote: Error: This home takes revisions only through mha." in done.stderr
    assert everything(pair["fw-b"]) == before
