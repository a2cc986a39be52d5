"""Reverts of whole revisions by lines: what later ones changed elsewhere stays, and what clashes is named."""

from pathlib import Path

import pytest

from mha.store import merging, trees
from mha.store.home import Home
from mha.store.merging import Merged
from tests.store import scene

LINES = "".join(f"line {n}\n" for n in range(20))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return scene.made(tmp_path / "fw-a")


def content(home: Home, tree: str) -> dict[str, str]:
    return {path: trees.read(home.repository, blob).decode() for path, blob in trees.files(home.repository, tree)}


def reverted(home: Home, oid: str) -> Merged:
    """The head without one revision."""
    head, revision = home.repository.head(), home.repository.commit(oid)
    assert head is not None
    before = home.repository.commit(revision.parents[0]).tree if revision.parents else None
    return merging.reverted(home.repository, before=before, after=revision.tree, onto=home.repository.commit(head).tree)


def test_later_changes_in_other_lines_and_files_stay(home):
    scene.revised(home, {"a.yaml": LINES, "b.yaml": "1\n", "gone.yaml": "1\n"})
    oid = scene.revised(home, {"a.yaml": LINES.replace("line 3\n", "changed\n"), "new.yaml": "1\n", "gone.yaml": None})
    scene.revised(home, {"a.yaml": LINES.replace("line 3\n", "changed\n") + "more\n", "b.yaml": "2\n"})
    found = reverted(home, oid)
    assert content(home, found.tree) == {"a.yaml": LINES + "more\n", "b.yaml": "2\n", "gone.yaml": "1\n"}


def test_a_later_change_of_the_same_line_is_a_conflict(home):
    scene.revised(home, {"a.yaml": "1\n", "b.yaml": "1\n"})
    oid = scene.revised(home, {"a.yaml": "2\n", "b.yaml": "2\n"})
    scene.revised(home, {"a.yaml": "3\n"})
    assert reverted(home, oid) == Merged("", ("a.yaml",))


def test_a_file_that_was_deleted_and_one_that_was_changed_since_clash(home):
    scene.revised(home, {"a.yaml": "1\n"})
    oid = scene.revised(home, {"new.yaml": "1\n"})
    scene.revised(home, {"new.yaml": "2\n"})
    assert reverted(home, oid) == Merged("", ("new.yaml",))


def test_reverting_what_is_reverted_already_changes_nothing(home):
    scene.revised(home, {"a.yaml": "1\n"})
    oid = scene.revised(home, {"a.yaml": "2\n"})
    head = scene.revised(home, {"a.yaml": "1\n"})
    assert reverted(home, oid) == Merged(home.repository.commit(head).tree)


def test_permissions_and_windows_line_ends_come_back_as_they_were(home):
    first = scene.revised(home, {"run.sh": "#!/bin/sh\r\n"}, executable=["run.sh"])
    oid = scene.revised(home, {"run.sh": "#!/bin/sh\r\n"})
    assert reverted(home, oid).tree == home.repository.commit(first).tree


def test_attributes_of_the_revisions_do_not_steer_the_merge(home):
    scene.revised(home, {".gitattributes": "* merge=union text eol=crlf\n", "a.yaml": "1\n"})
    oid = scene.revised(home, {"a.yaml": "2\n"})
    scene.revised(home, {"a.yaml": "3\n"})
    assert reverted(home, oid) == Merged("", ("a.yaml",))


def test_the_first_revision_is_reverted_to_nothing(home):
    oid = scene.revised(home, {"a.yaml": "1\n"})
    scene.revised(home, {"b.yaml": "1\n"})
    assert content(home, reverted(home, oid).tree) == {"b.yaml": "1\n"}
