"""Trees: edits, differences and lookups, against git's own definition of a tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.changes import Action, Change, Entry, FileType
from mha.store import trees
from mha.store.home import Home
from mha.store.trees import Blob
from tests.store import scene

Files = dict[str, tuple[bytes, bool]]

NAMES = st.sampled_from(["a", "b", "a.yaml", "a-b", "a b", "é", "A", "\U0001d504", "-"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@st.composite
def file_sets(draw) -> Files:
    """Files whose paths can stand together: none is a folder of another."""
    found: Files = {}
    for path, data, executable in draw(
        st.lists(st.tuples(PATHS, st.sampled_from([b"", b"1\n", b"2\r\n"]), st.booleans()))
    ):
        clash = any(path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in found)
        if not clash:
            found[path] = (data, executable)
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return scene.made(tmp_path_factory.mktemp("trees") / "fw-a")


def blobs(home: Home, files: Files) -> dict[str, Blob | None]:
    return {path: Blob(trees.write(home.repository, data), executable) for path, (data, executable) in files.items()}


def tree_of(home: Home, files: Files) -> str:
    return trees.edited(home.repository, trees.EMPTY, blobs(home, files))


@settings(deadline=None)
@given(before=file_sets(), after=file_sets())
def test_editing_one_tree_into_another_gives_the_id_that_git_defines(home, before, after):
    old = tree_of(home, before)
    edits = dict.fromkeys(before.keys() - after.keys()) | {
        path: blob for path, blob in blobs(home, after).items() if before.get(path) != after[path]
    }
    assert old == scene.tree_id(before)
    assert trees.edited(home.repository, old, edits) == scene.tree_id(after)


@settings(deadline=None)
@given(before=file_sets(), after=file_sets())
def test_differences_are_those_of_two_dictionaries(home, before, after):
    old, new = tree_of(home, before), tree_of(home, after)

    found = trees.deltas(home.repository, old, new)

    assert {d.path.decode(): (d.old, d.new) for d in found} == {
        path: (blobs(home, before).get(path), blobs(home, after).get(path))
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }
    expected = {path: Action.MODIFIED for path in before.keys() & after.keys() if before[path] != after[path]}
    expected |= dict.fromkeys(before.keys() - after.keys(), Action.DELETED)
    expected |= dict.fromkeys(after.keys() - before.keys(), Action.ADDED)
    assert trees.changes(home.repository, old, new) == sorted(Change(path, action) for path, action in expected.items())


@settings(deadline=None)
@given(files=file_sets())
def test_every_file_is_listed_found_and_read(home, files):
    tree = tree_of(home, files)
    assert dict(trees.files(home.repository, tree)) == blobs(home, files)
    for path, (data, executable) in files.items():
        blob = trees.find(home.repository, tree, path)
        assert blob is not None
        assert (trees.read(home.repository, blob), blob.executable) == (data, executable)
        assert trees.find(home.repository, tree, f"{path}/below") is None
        if "/" in path:
            assert trees.find(home.repository, tree, path.rpartition("/")[0]) is None
    assert trees.find(home.repository, tree, "missing/file") is None


@settings(deadline=None)
@given(files=file_sets())
def test_deleting_all_files_leaves_the_empty_tree(home, files):
    tree = tree_of(home, files)
    empty = trees.edited(home.repository, tree, dict.fromkeys(files))
    assert empty == trees.EMPTY
    assert list(trees.files(home.repository, empty)) == []


def test_deleting_what_is_not_there_changes_nothing(home):
    tree = tree_of(home, {"a/b": (b"1\n", False)})
    edits: dict[str, Blob | None] = {"a/c": None, "x": None, "y/z": None, "a/b/c": None}
    assert trees.edited(home.repository, tree, edits) == tree


def test_links_and_repositories_in_a_tree_are_named_for_what_they_are(home):
    """Only a peer can bring them; the rules for files refuse them by these names."""
    git = home.repository.git
    builder = git.TreeBuilder()
    target = trees.write(home.repository, b"/etc/passwd")
    builder.insert("link", target, 0o120000)
    builder.insert("module", "12" * 20, 0o160000)
    builder.insert("plain", target, 0o100644)
    found = trees.deltas(home.repository, None, str(builder.write()))
    assert trees.entries(home.repository, found) == [
        Entry(b"link", FileType.SYMLINK, 11),
        Entry(b"module", FileType.REPOSITORY, 0),
        Entry(b"plain", FileType.FILE, 11),
    ]


def test_a_patch_shows_the_changed_lines_and_no_binary(home):
    assert trees.patch(b"a: 1\nb: 2\n", b"a: 1\nb: 3\n", "x.yaml").splitlines()[-3:] == [" a: 1", "-b: 2", "+b: 3"]
    assert trees.patch(b"\0", b"1", "x.bin") == "Binary file x.bin differs\n"
    assert "+a" in trees.patch(b"", b"a\n", "new")


@pytest.mark.parametrize("path", ["new file", "-x", "a/é.yaml"])
def test_a_patch_of_a_revision_names_its_files(home, path):
    old, new = tree_of(home, {"z": (b"z\n", False)}), tree_of(home, {"z": (b"z\n", False), path: (b"1\n", False)})
    text = trees.patch_of(home.repository, trees.deltas(home.repository, old, new))
    assert text.splitlines()[0] == f"diff --git a/{path} b/{path}"
    assert text.splitlines()[-4:] == [f"--- a/{path}", f"+++ b/{path}", "@@ -0,0 +1 @@", "+1"]


def test_names_that_stand_around_a_path_are_those_of_its_folders(home):
    files = {"a/b/c": (b"", False), "a/d": (b"", False), "e": (b"", False)}
    tree = tree_of(home, files)
    assert trees.neighbours(home.repository, tree, ["a/b/new"]) == {"a", "e", "a/b", "a/d", "a/b/c"}
