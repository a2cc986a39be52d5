"""The draft: edits found by their bytes, followed, undone and put away; none is lost, and none is changed."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from mha.core.changes import Action, Change, FileType
from mha.errors import UnknownPath
from mha.operations import settling
from mha.store import draft, releases, trees, work_folder
from mha.store.draft import Edit, WorkTree
from mha.store.files import remove_tree
from mha.store.home import Home
from mha.store.repository import DRAFTS
from tests import faults
from tests.cluster import JANA, files_below
from tests.store import scene

FILES = {"objects/hosts.yaml": "hosts: {}\n", "policies/main.yaml": "rules: []\n", "run.sh": "#!/bin/sh\n"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = scene.made(tmp_path / "fw-a")
    scene.revised(home, FILES, executable=["run.sh"])
    return home


@pytest.fixture
def work(home: Home) -> WorkTree:
    return work_folder.create(home, head_of(home))


def head_of(home: Home) -> str:
    head = home.repository.head()
    assert head is not None
    return head


def write(work: WorkTree, path: str, data: str | bytes) -> None:
    target = work.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data if isinstance(data, bytes) else data.encode())


def changes(work: WorkTree) -> list[Change]:
    return [edit.change for edit in work.edits(head_of(work.home))]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in files_below(folder).items() if path != ".git"}


def published(work: WorkTree) -> str:
    """What publishing does with the store: the draft becomes the head, and its base."""
    home, head = work.home, head_of(work.home)
    edits = work.edits(head)
    tree = trees.edited(home.repository, home.repository.commit(head).tree, work.store(edits))
    oid = home.repository.write_commit(
        tree=tree, parents=[head], message=home.repository.commit(head).message,
        author=JANA, committer=JANA, time=scene.TIME,
    )  # fmt: skip
    home.repository.advance(expected=head, to=oid)
    with work.settling(oid, [edit.path for edit in edits]):
        pass
    return oid


def files_of(home: Home, oid: str) -> dict[str, bytes]:
    tree = home.repository.commit(oid).tree
    return {path: trees.read(home.repository, blob) for path, blob in trees.files(home.repository, tree)}


def test_a_new_draft_holds_the_revision_and_no_edit(home, work):
    assert files_in(work.folder) == {path: text.encode() for path, text in FILES.items()}
    assert os.access(work.folder / "run.sh", os.X_OK)
    assert work.base() == head_of(home)
    assert changes(work) == []
    assert draft.of(home) == work


def test_edits_are_told_by_what_happened(work):
    write(work, "objects/hosts.yaml", "hosts: {web: 10.0.0.1}\n")
    write(work, "new/deep.yaml", "1\n")
    (work.folder / "policies/main.yaml").unlink()
    (work.folder / "run.sh").chmod(0o644)
    assert changes(work) == [
        Change("new/deep.yaml", Action.ADDED),
        Change("objects/hosts.yaml", Action.MODIFIED),
        Change("policies/main.yaml", Action.DELETED),
        Change("run.sh", Action.MODIFIED),
    ]


def test_a_file_that_was_written_anew_with_the_same_bytes_is_no_edit(work):
    write(work, "objects/hosts.yaml", "hosts: {}\n")
    assert changes(work) == []


def test_an_edit_of_the_same_size_in_the_same_moment_is_found(work):
    """git trusts size and time; within one tick of the clock they say nothing."""
    for text in (f"hosts: {{{n}}}\n" for n in range(1, 6)):
        write(work, "objects/hosts.yaml", text[:-1].ljust(12)[:12] + "\n")
        stamp = (work.folder / "objects/hosts.yaml").stat()
        assert changes(work) == [Change("objects/hosts.yaml", Action.MODIFIED)]
        published(work)
        os.utime(work.folder / "objects/hosts.yaml", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert changes(work) == []


def test_files_that_may_not_be_published_are_named_for_what_they_are(work):
    (work.folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(work.folder / "pipe")
    subprocess.run(["git", "init", "-q", str(work.folder / "nested")], check=True)
    write(work, "nested/a.yaml", "1\n")
    (work.folder / os.fsdecode(b"caf\xe9.yaml")).write_text("1\n")
    found = {(edit.path, edit.type) for edit in work.edits(head_of(work.home))}
    assert found >= {(b"link", FileType.SYMLINK), (b"nested", FileType.REPOSITORY), (b"caf\xe9.yaml", FileType.FILE)}


def test_a_file_becomes_a_folder_and_a_folder_a_file(work):
    (work.folder / "run.sh").unlink()
    write(work, "run.sh/a.yaml", "1\n")
    remove_tree(work.folder / "policies")
    write(work, "policies", "2\n")

    oid = published(work)

    expected = {"objects/hosts.yaml": b"hosts: {}\n", "policies": b"2\n", "run.sh/a.yaml": b"1\n"}
    assert files_of(work.home, oid) == expected
    assert changes(work) == []


HOSTILE_ATTRIBUTES = {
    "eol": "* text eol=crlf\n",
    "text=auto": "* text=auto\n",
    "ident": "* ident\n",
    "filter": "* filter=evil\n",
    "working-tree-encoding": "* text working-tree-encoding=UTF-16\n",
    "a macro": "[attr]evil filter=evil text eol=crlf ident\n* evil\n",
    "merge and diff drivers": "* merge=evil diff=evil\n",
}
BYTES = {
    "crlf.yaml": b"a: 1\r\nb: 2\r\n",
    "mixed.yaml": b"a: 1\r\nb: 2\n",
    "lone-cr.txt": b"a\rb\r",
    "no-end.yaml": b"a: 1",
    "empty.yaml": b"",
    "ident.txt": b"$Id$ $Id: 1234 $\n",
    "utf16.txt": "a: 1\n".encode("utf-16"),
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("attributes", HOSTILE_ATTRIBUTES.values(), ids=HOSTILE_ATTRIBUTES.keys())
def test_trap_git_attributes_do_not_change_a_published_byte(home, work, attributes):
    subprocess.run(
        ["git", "config", "--file", str(home.git_dir / "config"), "filter.evil.clean", "tr a-z A-Z"], check=True
    )
    subprocess.run(
        ["git", "config", "--file", str(home.git_dir / "config"), "filter.evil.smudge", "tr a-z A-Z"], check=True
    )
    write(work, ".gitattributes", attributes)
    for path, data in BYTES.items():
        write(work, path, data)
    expected = {**{path: text.encode() for path, text in FILES.items()}, **BYTES, ".gitattributes": attributes.encode()}

    oid = published(work)
    releases.switch(home, oid)

    assert files_of(home, oid) == expected
    assert files_below(home.current) == expected
    assert files_in(work.folder) == expected
    assert changes(work) == []
    remove_tree(work.folder)
    again = work_folder.create(home, oid)
    assert files_in(again.folder) == expected, "a draft made from the revision has other bytes"
    assert changes(again) == []


def test_trap_windows_line_ends_are_kept_through_edits(home, work):
    write(work, "crlf.yaml", b"a: 1\r\nb: 2\r\n")
    published(work)
    write(work, "crlf.yaml", b"a: 1\r\nb: 3\r\n")
    oid = published(work)
    assert files_of(home, oid)["crlf.yaml"] == b"a: 1\r\nb: 3\r\n"


def test_trap_ignored_files_are_not_published_and_not_lost(home, work):
    write(work, ".gitignore", "secret/\n*.bak\n")
    write(work, "secret/password", "hunter2\n")
    write(work, "objects/hosts.yaml.bak", "old\n")
    write(work, "objects/hosts.yaml~", "an editor's copy\n")
    write(work, "objects/hosts.yaml", "hosts: {a: 10.0.0.1}\n")

    oid = published(work)

    assert files_of(home, oid).keys() == {*FILES, ".gitignore"}
    aside = put_away(home)
    assert aside is not None
    kept = files_in(aside)
    assert kept["secret/password"] == b"hunter2\n"
    assert kept["objects/hosts.yaml.bak"] == b"old\n"
    assert kept["objects/hosts.yaml~"] == b"an editor's copy\n"


def test_a_published_file_that_is_ignored_later_is_still_followed(home, work):
    write(work, ".gitignore", "*.yaml\n")
    published(work)
    write(work, "objects/hosts.yaml", "hosts: {b: 10.0.0.2}\n")
    assert changes(work) == [Change("objects/hosts.yaml", Action.MODIFIED)]


def test_hidden_index_bits_of_git_hide_no_edit_from_a_new_base(home, work):
    """The index is a cache: where it lies, the next revision still has the file's own bytes."""
    (home.git_dir / "worktrees/work/index").write_bytes(b"DIRC broken")
    oid = scene.revised(home, {"objects/hosts.yaml": "hosts: {c: 10.0.0.3}\n"})
    work.follow(oid)
    assert changes(work) == []
    assert files_in(work.folder)["objects/hosts.yaml"] == b"hosts: {c: 10.0.0.3}\n"


def test_following_brings_new_files_and_leaves_edits(home, work):
    write(work, "policies/main.yaml", "rules: [mine]\n")
    write(work, "mine.yaml", "mine\n")
    oid = scene.revised(home, {"objects/hosts.yaml": None, "objects/new.yaml": "new\n", "run.sh": "#!/bin/sh\nexit\n"})

    assert work.follow(oid) == []

    assert files_in(work.folder) == {
        "objects/new.yaml": b"new\n",
        "policies/main.yaml": b"rules: [mine]\n",
        "run.sh": b"#!/bin/sh\nexit\n",
        "mine.yaml": b"mine\n",
    }
    assert not os.access(work.folder / "run.sh", os.X_OK)
    assert changes(work) == [Change("mine.yaml", Action.ADDED), Change("policies/main.yaml", Action.MODIFIED)]


def test_an_edit_in_the_way_stays_and_is_named(home, work):
    write(work, "objects/hosts.yaml", "mine\n")
    (work.folder / "policies/main.yaml").unlink()
    write(work, "new.yaml", "mine\n")
    oid = scene.revised(
        home, {"objects/hosts.yaml": "theirs\n", "policies/main.yaml": "theirs\n", "new.yaml": "theirs\n"}
    )

    assert sorted(work.follow(oid)) == ["new.yaml", "objects/hosts.yaml", "policies/main.yaml"]

    assert files_in(work.folder) == {"objects/hosts.yaml": b"mine\n", "new.yaml": b"mine\n", "run.sh": b"#!/bin/sh\n"}
    assert [change.action for change in changes(work)] == [Action.MODIFIED, Action.MODIFIED, Action.DELETED]


TURNS: dict[str, tuple[dict[str, str | None], dict[str, str | None]]] = {
    "a folder becomes a file": ({"site/a/b.yaml": "1\n", "site/c.yaml": "1\n"},
                                {"site/a/b.yaml": None, "site/c.yaml": None, "site": "2\n"}),
    "a file becomes a folder": ({"site": "1\n"}, {"site": None, "site/a/b.yaml": "2\n"}),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), TURNS.values(), ids=TURNS.keys())
def test_following_a_turn_of_file_and_folder_leaves_no_edit(home, work, first, second):
    work.follow(scene.revised(home, first))
    oid = scene.revised(home, second)

    assert work.follow(oid) == []

    assert files_in(work.folder) == files_of(home, oid)
    assert changes(work) == []


def test_a_file_in_a_folder_that_becomes_a_file_is_not_lost(home, work):
    work.follow(scene.revised(home, {"site/a.yaml": "1\n"}))
    write(work, "site/mine.yaml", "mine\n")
    oid = scene.revised(home, {"site/a.yaml": None, "site": "2\n"})

    assert work.follow(oid) == ["site"]

    assert files_in(work.folder)["site/mine.yaml"] == b"mine\n"


def test_undoing_brings_the_revision_back(home, work):
    write(work, "objects/hosts.yaml", "mine\n")
    write(work, "new/deep.yaml", "mine\n")
    (work.folder / "run.sh").unlink()
    work.undo(head_of(home), work.store(work.edits(head_of(home))))
    assert files_in(work.folder) == files_of(home, head_of(home))
    assert changes(work) == []
    assert not (work.folder / "new").exists()


def test_undoing_a_turn_of_file_and_folder_brings_the_revision_back(home, work):
    (work.folder / "run.sh").unlink()
    write(work, "run.sh/a.yaml", "1\n")
    remove_tree(work.folder / "policies")
    write(work, "policies", "2\n")
    work.undo(head_of(home), work.store(work.edits(head_of(home))))
    assert files_in(work.folder) == files_of(home, head_of(home))
    assert changes(work) == []


def test_what_no_draft_holds_is_put_aside_where_a_file_comes_back(home, work):
    (work.folder / "run.sh").unlink()
    write(work, "run.sh/a.yaml", "1\n")
    write(work, "run.sh/a.yaml~", "an editor's copy\n")
    (work.folder / "run.sh/link").symlink_to("/etc")
    plain = [edit for edit in work.edits(head_of(home)) if edit.type is FileType.FILE]

    work.undo(head_of(home), work.store(plain))

    assert files_in(work.folder) == files_of(home, head_of(home))
    aside = home.path / "work-kept"
    assert sorted(path.name for path in aside.iterdir()) == ["a.yaml~", "link"]


def test_edits_are_chosen_by_file_or_folder_and_a_wrong_path_is_refused(work):
    for path in ("a/b.yaml", "a/c.yaml", "ab.yaml"):
        write(work, path, "1\n")
    edits = work.edits(head_of(work.home))
    assert [edit.text for edit in draft.select(edits, ["a/"])] == ["a/b.yaml", "a/c.yaml"]
    assert [edit.text for edit in draft.select(edits, ["a/b.yaml", "ab.yaml"])] == ["a/b.yaml", "ab.yaml"]
    assert draft.select(edits, []) == edits
    with pytest.raises(UnknownPath):
        draft.select(edits, ["a/b"])


def put_away(home: Home) -> Path | None:
    """What a demotion does: keep the edits, then remove the folder; returns what was put aside."""
    away = work_folder.put_away(home)
    assert away is not None
    settling.keep(away, "No longer Active")
    return work_folder.remove(away)


def kept_drafts(home: Home) -> list[dict[str, bytes]]:
    return [files_of(home, oid) for oid in home.repository.refs(DRAFTS).values()]


def test_a_draft_that_was_put_away_is_kept_and_gone(home, work):
    write(work, "objects/hosts.yaml", "mine\n")
    (work.folder / "run.sh").unlink()

    assert put_away(home) is None

    assert kept_drafts(home) == [{"objects/hosts.yaml": b"mine\n", "policies/main.yaml": b"rules: []\n"}]
    assert not home.work.exists()
    assert not (home.git_dir / "worktrees/work").exists()
    assert draft.of(home) is None


def test_a_folder_that_stands_in_the_place_of_work_is_put_aside(home):
    home.work.mkdir()
    (home.work / "notes.txt").write_text("mine\n")
    work_folder.create(home, head_of(home))
    assert (home.path / "work-kept/notes.txt").read_text() == "mine\n"
    assert changes(WorkTree(home, home.work)) == []


def test_a_crash_while_a_draft_is_made_leaves_none_or_a_whole_one(home):
    for _ in faults.at_each_write(make, home.path):
        found = draft.of(home)
        if found is not None:
            assert changes(found) == [], "a half-made draft would delete files"
        work = work_folder.create(home, head_of(home))
        assert files_in(work.folder) == files_of(home, head_of(home))
        assert changes(work) == []
        for path in home.path.glob("*work*"):
            remove_tree(path)
        remove_tree(home.git_dir / "worktrees")


def make(path: Path) -> None:
    home = scene.opened(path)
    work_folder.create(home, head_of(home))


DRAFT: Mapping[str, str] = {"objects/hosts.yaml": "mine\n", "new.yaml": "mine too\n", "secret.bak": "hunter2\n"}


def demote(path: Path) -> None:
    """What settling does on a server that is no longer Active."""
    settling.put_away(scene.opened(path))


def come_back(path: Path) -> None:
    """What settling does on one that is Active again before anything else ran."""
    home = scene.opened(path)
    settling._follow(home, head_of(home))


@pytest.mark.parametrize("then", [demote, come_back])
def test_a_crash_while_a_draft_is_put_away_loses_no_edit(home, work, then):
    scene.revised(home, {".gitignore": "*.bak\n"})
    work.follow(head_of(home))
    saved = home.path.parent / "saved"
    for path, text in DRAFT.items():
        write(work, path, text)
    (work.folder / "run.sh").unlink()
    (work.folder / "link").symlink_to("target")
    subprocess.run(["cp", "-a", str(home.path), str(saved)], check=True)

    for _ in faults.at_each_write(demote, home.path):
        home = scene.opened(home.path)
        then(home.path)

        if home.work.is_dir() and not kept_drafts(home):  # nothing had happened yet: the draft stands as it was
            assert files_in(home.work).items() >= {path: text.encode() for path, text in DRAFT.items()}.items()
        else:
            assert kept_drafts(home) == [
                {".gitignore": b"*.bak\n", "objects/hosts.yaml": b"mine\n", "new.yaml": b"mine too\n",
                 "policies/main.yaml": b"rules: []\n"}
            ]  # fmt: skip
            asides = list(home.path.glob("work-kept*"))
            assert [(aside / "secret.bak").read_text() for aside in asides] == ["hunter2\n"]
            assert [os.readlink(aside / "link") for aside in asides] == ["target"]
            assert home.work.is_dir() == (then is come_back)
        assert not list(home.path.glob(".work*"))
        remove_tree(home.path)
        subprocess.run(["cp", "-a", str(saved), str(home.path)], check=True)


def test_a_crash_while_the_head_is_followed_loses_no_edit_and_the_next_one_ends_it(home, work):
    write(work, "policies/main.yaml", "mine\n")
    scene.revised(home, {"objects/hosts.yaml": "theirs\n", "objects/new.yaml": "new\n", "run.sh": None})
    saved = home.path.parent / "saved"
    subprocess.run(["cp", "-a", str(home.path), str(saved)], check=True)
    expected = files_of(home, head_of(home)) | {"policies/main.yaml": b"mine\n"}

    for _ in faults.at_each_write(come_back, home.path):
        come_back(home.path)
        found = draft.of(scene.opened(home.path))
        assert found is not None
        assert files_in(found.folder) == expected
        assert changes(found) == [Change("policies/main.yaml", Action.MODIFIED)]
        remove_tree(home.path)
        subprocess.run(["cp", "-a", str(saved), str(home.path)], check=True)


def test_plain_git_works_in_work(work):
    write(work, "objects/hosts.yaml", "mine\n")
    done = subprocess.run(["git", "diff", "--stat"], cwd=work.folder, capture_output=True, text=True, check=True)
    assert "objects/hosts.yaml" in done.stdout
    assert Edit(b"objects/hosts.yaml", Action.MODIFIED, FileType.FILE, 5) in work.edits(head_of(work.home))
