"""Weighing: the number of paths is that of the differences, told without listing them, and bombs are refused."""

import pytest
from hypothesis import given, settings
from pygit2.enums import FileMode, ObjectType

from mha.store import trees, weighing
from mha.store.home import Home
from mha.store.weighing import Scale, Unbearable
from tests.store import scene
from tests.store.test_trees import file_sets, tree_of


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return scene.made(tmp_path_factory.mktemp("weighing") / "fw-a")


@settings(deadline=None)
@given(before=file_sets(), after=file_sets())
def test_as_many_paths_are_weighed_as_differences_bring_in(home, before, after):
    old, new = tree_of(home, before), tree_of(home, after)
    for start in (old, None):
        found = [delta for delta in trees.deltas(home.repository, start, new) if delta.new is not None]
        assert Scale(home.repository).paths(start, new) == len(found)


def nested(home: Home, width: int, depth: int) -> str:
    """A folder of `width` entries that are all the same folder, down to files."""
    git = home.repository.git
    inner, mode = git.create_blob(b""), FileMode.BLOB
    for _ in range(depth):
        builder = git.TreeBuilder()
        for number in range(width):
            builder.insert(f"f{number}", inner, mode)
        inner, mode = builder.write(), FileMode.TREE
    return str(inner)


def test_more_paths_than_could_ever_be_listed_are_counted(home):
    assert Scale(home.repository).paths(None, nested(home, 10, 30)) == 10**30


def test_folders_go_down_as_far_as_a_path_may_and_no_further(home):
    assert Scale(home.repository).paths(None, nested(home, 1, 32)) == 1
    for depth in (33, 3000):
        with pytest.raises(Unbearable, match="more than 32 levels"):
            Scale(home.repository).paths(None, nested(home, 1, depth))


def test_a_folder_that_was_weighed_high_up_is_refused_further_down(home):
    git = home.repository.git
    deep = nested(home, 1, 31)
    builder = git.TreeBuilder()
    builder.insert("a", deep, FileMode.TREE)
    lower = git.TreeBuilder()
    lower.insert("b", deep, FileMode.TREE)
    builder.insert("b", lower.write(), FileMode.TREE)
    with pytest.raises(Unbearable, match="more than 32 levels"):
        Scale(home.repository).paths(None, str(builder.write()))


def test_a_mode_that_git_and_libgit2_take_for_different_things_is_refused(home):
    blob = home.repository.git.create_blob(b"").raw
    for mode in (b"170000", b"60000", b"0"):
        tree = str(home.repository.git.write(ObjectType.TREE, mode + b" x\0" + blob))
        with pytest.raises(Unbearable, match="an entry of the mode"):
            Scale(home.repository).paths(None, tree)


def test_a_folder_that_takes_too_much_to_list_is_refused_unread(home, monkeypatch):
    tree = nested(home, 100, 1)
    monkeypatch.setattr(weighing, "TREE_BYTES", 1000)
    with pytest.raises(Unbearable, match="to list"):
        Scale(home.repository).paths(None, tree)
