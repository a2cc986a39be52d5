"""Setting up: `init`, `key` and `join`, from nothing, from files, from a git repository."""

import subprocess
from pathlib import Path

import pytest

from mha.core.record import Record
from mha.errors import (
    ExitCode,
    HomeExists,
    HomeNotEmpty,
    InvalidConfiguration,
    InvalidTrust,
    MhaError,
    NotJoined,
    NotListed,
    NotTrusted,
    RefusedHistory,
    ServerProblem,
    Unreachable,
)
from mha.operations import history, servers, setup
from mha.operations.setup import Initialized, Joined, Keyed
from tests.cluster import FILES, JANA, Server, files_below, write_files
from tests.operations.forging import forged, git, make_head, repository_of


def init(path: Path, source: Path | None = None) -> Initialized:
    return setup.init(
        path, name="fw-a", author=JANA, cluster_name="acme", source=None if source is None else str(source)
    )


def test_the_first_server_is_primary_active_and_serves_its_files(tmp_path):
    made = init(tmp_path / "fw-a", write_files(tmp_path / "origin", FILES))

    server = Server(tmp_path / "fw-a")
    assert made == Initialized(str(server.path), "fw-a", "acme", server.head, files=4, adopted=0)
    assert server.record == Record(revision=1, epoch=1, active="fw-a", server="fw-a")
    assert {path: data.decode() for path, data in server.served().items() if path != "mha.yaml"} == FILES
    assert server.draft() == server.served()


def test_the_first_revision_lists_the_server_with_its_key_as_primary(tmp_path):
    init(tmp_path / "fw-a")

    server = Server(tmp_path / "fw-a")
    [listed] = servers.listed(server.home)
    assert (listed.name, listed.role, listed.url) == ("fw-a", "primary", str(server.path))
    assert (listed.key, listed.active, listed.here) == (server.home.public_key(), True, True)


def test_the_private_key_is_for_its_account_alone(tmp_path):
    init(tmp_path / "fw-a")

    state = tmp_path / "fw-a" / "mha.git" / "mha"
    assert (state / "key").stat().st_mode & 0o777 == 0o600
    assert (state / "key").read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")


def test_an_adopted_repository_keeps_its_history_below_the_first_revision(tmp_path):
    old = repository_of(tmp_path / "origin", {"a.yaml": "x-a: 1\n"}, {"a.yaml": "a: 2\n", "b/c.yaml": "x-c: 1\n"})

    made = init(tmp_path / "fw-a", tmp_path / "origin")

    server = Server(tmp_path / "fw-a")
    assert (made.adopted, made.files) == (2, 3)
    assert server.home.repository.commit(server.head).parents == (old,)
    assert {"a.yaml": b"a: 2\n", "b/c.yaml": b"x-c: 1\n"}.items() <= server.served().items()
    assert [entry.id for entry in history.log(server.home)] == [made.id]  # the log begins with the first revision


def test_a_bare_repository_is_adopted_as_a_repository_and_not_as_a_folder(tmp_path):
    old = repository_of(tmp_path / "origin", {"a.yaml": "x-a: 1\n"})
    git(tmp_path, "clone", "--quiet", "--bare", "origin", "bare.git")

    made = init(tmp_path / "fw-a", tmp_path / "bare.git")

    server = Server(tmp_path / "fw-a")
    assert made.adopted == 1
    assert server.revisions() == {old, made.id}
    assert server.served().keys() == {"a.yaml", "mha.yaml"}


def test_adopted_bytes_are_kept_as_they_are_whatever_attributes_say(tmp_path):
    files = {".gitattributes": "* text=auto eol=crlf\n*.txt ident\n", "a.txt": "$Id$\nlf\n", "b.txt": "crlf\r\nlf\n"}
    origin = tmp_path / "origin"
    for path, text in files.items():
        origin.mkdir(exist_ok=True)
        (origin / path).write_bytes(text.encode())

    init(tmp_path / "fw-a", origin)

    server = Server(tmp_path / "fw-a")
    wanted = {path: text.encode() for path, text in files.items()}
    assert wanted.items() <= server.served().items()
    assert server.draft() == server.served()
    assert history.diff(server.home).changes == ()


def test_a_home_is_not_made_where_files_lie(tmp_path):
    folder = write_files(tmp_path / "fw-a", {"precious.txt": "keep\n"})

    with pytest.raises(HomeNotEmpty):
        init(folder)

    assert files_below(folder) == {"precious.txt": b"keep\n"}


def test_a_home_is_not_made_twice(tmp_path):
    made = init(tmp_path / "fw-a")

    with pytest.raises(HomeExists):
        init(tmp_path / "fw-a")

    assert Server(tmp_path / "fw-a").head == made.id


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("mha.yaml", "cluster: other\n", id="another cluster's files"),
        pytest.param("HOSTS.yaml", "x-a: 1\n", id="a case twin"),
        pytest.param("big.yaml", "x-a: 1\n" * 300_000, id="a file over the limit"),
    ],
)
def test_a_first_server_that_cannot_be_made_leaves_no_home(tmp_path, name, content):
    origin = write_files(tmp_path / "origin", {"hosts.yaml": "hosts: {}\n", name: content})

    with pytest.raises(InvalidConfiguration) as raised:
        init(tmp_path / "fw-a", origin)

    assert name in raised.value.message
    assert list((tmp_path / "fw-a").iterdir()) == []


def test_a_symbolic_link_is_not_adopted_from_a_folder_or_a_repository(tmp_path):
    repository_of(tmp_path / "origin", {"hosts.yaml": "hosts: {}\n"})
    (tmp_path / "origin" / "link.yaml").symlink_to("/etc/passwd")
    git(tmp_path / "origin", "add", "--all")
    git(tmp_path / "origin", "commit", "--quiet", "--message", "a link")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "link.yaml").symlink_to("/etc/passwd")

    for source in ("origin", "plain"):
        with pytest.raises(InvalidConfiguration, match=r"link\.yaml is a symbolic link"):
            init(tmp_path / "fw-a", tmp_path / source)


def test_a_prepared_key_stays_the_same_and_is_the_one_that_init_uses(tmp_path):
    first = setup.key(tmp_path / "fw-a", name="fw-a")
    again = setup.key(tmp_path / "fw-a", name="fw-a")

    init(tmp_path / "fw-a")

    assert first == again == Keyed(str(tmp_path / "fw-a"), "fw-a", Server(tmp_path / "fw-a").home.public_key())


def test_a_prepared_home_keeps_its_name(tmp_path):
    setup.key(tmp_path / "fw-b", name="fw-b")

    with pytest.raises(HomeExists):
        setup.key(tmp_path / "fw-b", name="fw-c")


def test_an_existing_ed25519_key_is_taken_and_another_kind_is_not(tmp_path):
    for kind in ("ed25519", "ecdsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(tmp_path / kind)], check=True)

    made = setup.key(tmp_path / "fw-b", name="fw-b", source=tmp_path / "ed25519")
    with pytest.raises(MhaError, match="is not an ed25519 key"):
        setup.key(tmp_path / "fw-c", name="fw-c", source=tmp_path / "ecdsa")

    assert made.key == " ".join((tmp_path / "ed25519.pub").read_text().split()[:2])


def test_a_joining_server_is_a_standby_with_all_revisions(make_cluster):
    cluster = make_cluster("fw-a")
    active = cluster["fw-a"]
    active.publish_edit("objects/hosts.yaml", "hosts: {}\n")
    servers.add(active.home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)

    made = setup.join(str(active.path), cluster.root / "fw-b", name="fw-b")

    standby = Server(cluster.root / "fw-b")
    introduction = active.home.introduction()
    assert made == Joined(
        str(standby.path), "fw-b", "acme", revision=3, id=active.head, introduction=introduction, active="fw-a", files=4
    )
    assert standby.head == active.head
    assert standby.home.introduction() == introduction
    assert standby.served() == active.served()
    assert not (standby.path / "work").exists()


def test_a_server_joins_from_a_standby_as_well(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    servers.add(cluster["fw-a"].home, name="fw-c", url=str(cluster.root / "fw-c"), key=None, author=JANA)

    made = setup.join(str(cluster["fw-b"].path), cluster.root / "fw-c", name="fw-c")

    assert (made.id, made.active) == (cluster["fw-a"].head, "fw-a")


def test_a_server_that_is_not_listed_does_not_join_and_leaves_no_home(make_cluster):
    cluster = make_cluster("fw-a")

    with pytest.raises(NotListed):
        setup.join(str(cluster["fw-a"].path), cluster.root / "fw-b", name="fw-b")

    assert list((cluster.root / "fw-b").iterdir()) == []


def test_a_join_that_fails_keeps_the_key_that_was_made_before(make_cluster):
    cluster = make_cluster("fw-a")
    made = setup.key(cluster.root / "fw-b", name="fw-b")

    with pytest.raises(NotListed):
        setup.join(str(cluster["fw-a"].path), cluster.root / "fw-b", name="fw-b")

    assert setup.key(cluster.root / "fw-b", name="fw-b") == made


def test_a_server_with_another_key_than_the_listed_one_does_not_join(make_cluster, tmp_path):
    cluster = make_cluster("fw-a")
    listed = setup.key(tmp_path / "elsewhere", name="fw-b").key
    servers.add(cluster["fw-a"].home, name="fw-b", url=str(cluster.root / "fw-b"), key=listed, author=JANA)

    with pytest.raises(ServerProblem, match="lists another key for fw-b"):
        setup.join(str(cluster["fw-a"].path), cluster.root / "fw-b", name="fw-b")


def test_a_join_trusts_only_the_first_revision_that_was_named(make_cluster):
    cluster = make_cluster("fw-a")
    active = cluster["fw-a"]
    servers.add(active.home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)
    introduction = active.home.introduction() or ""
    wrong = ("0" if introduction[0] != "0" else "1") + introduction[1:12]

    with pytest.raises(NotTrusted):
        setup.join(str(active.path), cluster.root / "fw-b", name="fw-b", trust=wrong)
    made = setup.join(str(active.path), cluster.root / "fw-b", name="fw-b", trust=introduction[:12])

    assert made.introduction == introduction


def test_a_history_with_a_forged_revision_is_not_joined(make_cluster):
    cluster = make_cluster("fw-a")
    active = cluster["fw-a"]
    servers.add(active.home, name="fw-b", url=str(cluster.root / "fw-b"), key=None, author=JANA)
    make_head(active, forged(active, Record(revision=7, epoch=1, active="fw-a", server="fw-a")))

    with pytest.raises(RefusedHistory, match="Revision 3 comes next, not 7"):
        setup.join(str(active.path), cluster.root / "fw-b", name="fw-b")

    assert list((cluster.root / "fw-b").iterdir()) == []


def test_nobody_joins_a_server_that_has_not_joined_itself(make_cluster):
    cluster = make_cluster("fw-a")
    setup.key(cluster.root / "fw-b", name="fw-b")

    with pytest.raises(NotJoined):
        setup.join(str(cluster.root / "fw-b"), cluster.root / "fw-c", name="fw-c")


def test_a_join_where_nobody_answers_says_so(tmp_path):
    with pytest.raises(Unreachable) as raised:
        setup.join(str(tmp_path / "nowhere"), tmp_path / "fw-b", name="fw-b")

    assert raised.value.exit_code is ExitCode.NOT_REACHABLE
    assert raised.value.message == f"{tmp_path}/nowhere cannot be reached: there is no home at its address."


@pytest.mark.parametrize(
    ("home", "source"), [("src/fw-a", "src"), ("src", "src"), ("fw-a", "fw-a/files"), ("l", "src")]
)
def test_a_home_within_its_source_would_publish_its_key_and_is_refused(tmp_path, home, source):
    write_files(tmp_path / source, {"a.yaml": "x-a: 1\n"})
    if home == "l":
        (tmp_path / "l").symlink_to("src")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(MhaError, match="within the other"):
        init(tmp_path / home, tmp_path / source)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_with_a_bare_repository_in_it_is_not_adopted(tmp_path):
    repository_of(tmp_path / "other", {"a.yaml": "x-a: 1\n"})
    (tmp_path / "src").mkdir()
    git(tmp_path, "clone", "--quiet", "--bare", "other", "src/h1.git")
    with pytest.raises(InvalidConfiguration, match=r"h1\.git is a git repository"):
        init(tmp_path / "fw-a", tmp_path / "src")
    assert not (tmp_path / "fw-a" / "mha.git").exists()


def test_a_key_that_cannot_be_used_leaves_no_half_home(tmp_path):
    (tmp_path / "bad").write_text("root:x:0:0\n")
    for make in (
        lambda: setup.init(tmp_path / "fw-a", name="fw-a", author=JANA, key=tmp_path / "bad"),
        lambda: setup.key(tmp_path / "fw-a", name="fw-a", source=tmp_path / "bad"),
    ):
        with pytest.raises(MhaError, match="is not a key that can be used"):
            make()
        assert list((tmp_path / "fw-a").iterdir()) == []
    assert init(tmp_path / "fw-a").name == "fw-a"


@pytest.mark.parametrize("trust", ["", "0", "0123456789a", "0123456789ag", "0123456789AB", "0" * 41, "main"])
def test_too_little_of_an_id_is_no_reason_to_trust(tmp_path, trust):
    with pytest.raises(InvalidTrust) as caught:
        setup.join(str(tmp_path / "fw-a"), tmp_path / "fw-b", name="fw-b", trust=trust)
    assert caught.value.exit_code == ExitCode.USAGE
    assert not (tmp_path / "fw-b").exists()
