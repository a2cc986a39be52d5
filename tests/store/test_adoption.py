"""Adoption: folders, repositories and bundles come in with every byte, and what cannot be published is named."""

import os
import subprocess
from pathlib import Path

import pytest

from mha.errors import InvalidConfiguration, MhaError
from mha.store import adoption, trees
from mha.store.adoption import Adopted
from mha.store.git import silent
from mha.store.home import Home
from tests.store import scene

NAMES = [
    "plain.yaml",
    "with space.yaml",
    'quo"te.yaml',
    '"quoted".yaml',
    "back\\slash.txt",
    "ends\\",
    "-dash",
    "*?[x]",
    "$HOME `id`",
    "é/ü/\U0001d504.yaml",
    "deep/er/and/deeper.yaml",
    "#comment",
    ".hidden",
    ".gitattributes",
]
BYTES = [
    b"",
    b"a: 1\n",
    b"a: 1\r\n",
    b"no end",
    bytes(range(256)),
    b"$Id$\n",
    "é\n".encode("utf-16"),
    b"\ndata 3\nM x\n",
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Jana", "-c", "user.email=jana@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def filled(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Files of every name and content, some executable."""
    expected = {}
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"* text eol=crlf ident\n" if name == ".gitattributes" else BYTES[number % len(BYTES)])
        path.chmod(0o755 if number % 3 == 0 else 0o644)
        expected[name] = (path.read_bytes(), number % 3 == 0)
    return expected


def content(home: Home, tree: str) -> dict[str, tuple[bytes, bool]]:
    return {
        path: (trees.read(home.repository, blob), blob.executable) for path, blob in trees.files(home.repository, tree)
    }


def adopted(home: Home, source: Path | str) -> Adopted:
    return adoption.adopt(home, str(source), progress=silent)


def test_a_folder_comes_in_with_every_name_and_every_byte(home, origin):
    expected = filled(origin)
    (origin / "empty/folder").mkdir(parents=True)

    found = adopted(home, origin)

    assert content(home, found.tree) == expected
    assert found.tree == scene.tree_id(expected)
    assert (found.files, found.history, found.commits) == (len(expected), None, 0)
    assert home.repository.refs("refs/") == {}, "the import left a reference behind"


def test_an_empty_folder_is_an_empty_beginning(home, origin):
    assert adopted(home, origin) == adoption.NOTHING


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (
            lambda folder: (folder / "new\nline.yaml").write_text("x"),
            "new\\x0aline.yaml has control characters in its name",
        ),
        (lambda folder: (folder / "tab\t.yaml").write_text("x"), "has control characters"),
        (lambda folder: (folder / os.fsdecode(b"caf\xe9")).write_text("x"), "has a name that is not UTF-8"),
        (lambda folder: (folder / "link").symlink_to("/etc/passwd"), "link is a symbolic link"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe is a device, pipe or socket"),
        (lambda folder: (folder / "big.yaml").write_bytes(b"#" * (1 << 20) + b"#"), "big.yaml is larger than 1 MiB"),
        (lambda folder: git(folder, "init", "-q", "nested"), "is named like git's own folder"),
    ],
    ids=["newline", "tab", "not UTF-8", "link", "pipe", "too large", "nested repository"],
)
def test_what_cannot_be_published_is_named_and_nothing_comes_in(home, origin, make, problem):
    (origin / "good.yaml").write_text("a: 1\n")
    make(origin)
    with pytest.raises(InvalidConfiguration) as refused:
        adopted(home, origin)
    assert problem in refused.value.message
    assert "good.yaml" not in refused.value.message
    assert home.repository.refs("refs/") == {}


@pytest.fixture
def repository(origin: Path) -> Path:
    """A repository with two commits, a tag, and changes that are not committed."""
    git(origin, "init", "-q")
    (origin / "a.yaml").write_bytes(b"a: 1\r\n")
    git(origin, "add", "."), git(origin, "commit", "-qm", "first")
    (origin / "b.sh").write_text("#!/bin/sh\n")
    (origin / "b.sh").chmod(0o755)
    git(origin, "add", "."), git(origin, "commit", "-qm", "second"), git(origin, "tag", "v1")
    (origin / "uncommitted.yaml").write_text("x: 1\n")
    return origin


def expected_of(home: Home, repository: Path) -> Adopted:
    head = git(repository, "rev-parse", "HEAD")
    return Adopted(home.repository.commit(head).tree, 2, head, 2)


def test_a_repository_comes_in_with_its_history_and_without_what_is_not_committed(home, repository):
    found = adopted(home, repository)
    assert found == expected_of(home, repository)
    assert content(home, found.tree) == {"a.yaml": (b"a: 1\r\n", False), "b.sh": (b"#!/bin/sh\n", True)}
    assert home.repository.refs("refs/") == {}


def test_a_bare_repository_and_a_bundle_come_in_the_same(home, repository, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    git(repository, "bundle", "create", "-q", str(tmp_path / "all.bundle"), "--all")
    git(repository, "bundle", "create", "-q", str(tmp_path / "main.bundle"), "main")
    for source in ("bare.git", "all.bundle", "main.bundle"):
        assert adopted(home, tmp_path / source) == expected_of(home, repository), source


@pytest.mark.parametrize("branch", ["master", "trunk", "main"])
def test_the_branch_that_is_checked_out_comes_in(home, repository, branch):
    git(repository, "branch", "-m", "main", branch)
    assert adopted(home, repository) == expected_of(home, repository)


def test_a_bundle_of_one_branch_of_any_name_comes_in(home, repository, tmp_path):
    git(repository, "branch", "-m", "main", "trunk")
    git(repository, "bundle", "create", "-q", str(tmp_path / "one.bundle"), "trunk")
    assert adopted(home, tmp_path / "one.bundle") == expected_of(home, repository)


@pytest.mark.parametrize("name", ["quo'te", "with space", "dollar$", "é"])
def test_a_repository_may_lie_in_a_folder_of_any_name(home, repository, tmp_path, name):
    repository.rename(tmp_path / name)
    assert adopted(home, tmp_path / name) == expected_of(home, tmp_path / name)


@pytest.mark.parametrize(
    "source", ["/nowhere", "-x", "--upload-pack=touch /tmp/evil", "ext::sh -c id", "git://x/y", "file:///x"]
)
def test_what_is_no_source_is_refused(home, source):
    with pytest.raises(MhaError) as refused:
        adopted(home, source)
    assert refused.value.hint


def test_a_repository_without_a_commit_is_refused(home, origin):
    git(origin, "init", "-q")
    with pytest.raises(MhaError, match="no branch"):
        adopted(home, origin)


def test_a_file_that_is_no_bundle_is_refused(home, tmp_path):
    (tmp_path / "notes.txt").write_text("no bundle\n")
    with pytest.raises(MhaError, match="is not a git repository"):
        adopted(home, tmp_path / "notes.txt")


def test_a_repository_that_lacks_objects_is_refused(home, repository):
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(MhaError, match="cannot be read"):
        adopted(home, repository)
