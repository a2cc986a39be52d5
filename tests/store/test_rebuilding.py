"""A store beside the old one: what a failure or a kill leaves, and what tidying up may and may not take away."""

from pathlib import Path

import pytest

from mha.errors import StoreDamaged
from mha.store import rebuilding, trees
from mha.store.home import Home
from tests.store import scene


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = scene.made(tmp_path / "fw-a")
    scene.revised(made, {"a.yaml": "1\n"})
    return made


def head_file(place: Path) -> str:
    return (place / "refs/heads/main").read_text().strip()


def test_a_new_store_that_was_not_put_into_place_goes(home):
    head = home.repository.head()
    rebuilding.begin(home)
    assert rebuilding.is_unfinished(home)
    assert rebuilding.clear(home) is None
    assert (rebuilding.is_unfinished(home), head_file(home.git_dir)) == (False, head)


def test_an_old_store_is_put_aside_by_whoever_only_tidies_up(home):
    head = home.repository.head()
    rebuilding.exchange(home, rebuilding.begin(home))
    assert not (home.git_dir / "refs/heads/main").exists()

    aside = rebuilding.clear(home)

    assert aside is not None
    assert (aside, head_file(aside)) == (home.path / "mha.git-replaced", head)
    assert not rebuilding.is_unfinished(home)


def test_an_exchange_in_steps_that_failed_between_them_leaves_the_old_store(home):
    head, new = home.repository.head(), rebuilding.begin(home)
    home.git_dir.rename(new.path / "old.git")
    rebuilding.clear(home)
    assert head_file(home.git_dir) == head


def test_an_exchange_in_steps_that_was_killed_before_the_last_one_has_happened(home):
    head, new = home.repository.head(), rebuilding.begin(home)
    home.git_dir.rename(new.path / "old.git")
    new.git_dir.rename(home.git_dir)
    aside = rebuilding.clear(home)
    assert aside is not None
    assert (head_file(aside), rebuilding.is_unfinished(home)) == (head, False)


def test_a_copy_of_an_object_brings_all_that_it_needs_or_nothing_that_names_it(home, tmp_path):
    head, new = home.repository.head(), rebuilding.begin(home)
    assert head is not None
    blob = trees.find(home.repository, home.repository.commit(head).tree, "a.yaml")
    assert blob is not None
    path = home.git_dir / "objects" / blob.id[:2] / blob.id[2:]
    kept = path.rename(tmp_path / "kept")

    with pytest.raises(StoreDamaged):
        rebuilding.copied(Home(home.path, home.name).repository, new.repository, head)
    assert not new.repository.has(head)
    kept.rename(path)
    rebuilding.copied(Home(home.path, home.name).repository, new.repository, head)
    assert trees.read(Home(new.path, new.name).repository, blob) == b"1\n"
