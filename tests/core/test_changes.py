"""Which files may be published: hostile names, sizes, and names that some file systems take for the same."""

import itertools
import subprocess
import unicodedata
from pathlib import PurePosixPath

import pygit2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core.changes import (
    FILE_BYTES,
    YAML_BYTES,
    Action,
    Change,
    Entry,
    FileType,
    Problem,
    escaped,
    excess,
    is_yaml,
    printable,
    problems,
    repositories,
    twins,
)


def problem_of(path, *, kind=FileType.FILE, size=1):
    """What stands against one file, or None."""
    found = problems([Entry(path if isinstance(path, bytes) else path.encode(), kind, size)])
    return found[0].problem if found else None


ORDINARY = [
    "mha.yaml", "objects/hosts.yaml", "README", "a b/c d", " a", "a ", "-x", "--option", "~", "a~", "..a", "...", "a..",
    ".gitignore", ".gitattributes", ".gitmodules", ".github/workflows/x.yml", ".gitx", "x.git", "a.git/b", "git",
    "git/x", "git~2", "git~11", "a:b", "a\\b", "a'b\"c", "$(id)", "*", "con", "nul.yaml", "日本/ä.yaml", "e\u0301",
    "😀", "\u00a0", "a/" * 31 + "a", "a" * 255, "/".join(["a" * 204] * 5),
]  # fmt: skip


@pytest.mark.parametrize("path", ORDINARY)
def test_ordinary_names_may_be_published(path):
    assert problem_of(path) is None


GIT = "is named like git's own folder"
CONTROL = "has control characters in its name"
ELSEWHERE = "has a name that leads elsewhere"
TOO_LONG = "has a name that is too long"
HOSTILE: dict[str, list[str | bytes]] = {
    GIT: [
        ".git", ".GIT", ".gIt", ".git/config", "a/.git", "a/.git/hooks/post-checkout",
        ".git.", ".git..", ".git ", ".git. .", ".git:", ".git:x", ".git::$INDEX_ALLOCATION", ".git ::$DATA",
        "git~1", "GIT~1", "Git~1.", "git~1 ", "git~1:x", "a/git~1/b",
        ".git\\config", "a\\.git", "a\\.git\\config", "a\\b\\.GIT .", "\\.git", "x/git~1\\y", "a\\git~1", ".git:\\x",
    ],
    CONTROL: [
        "a\nb", "a\tb", "a\rb", "\x1b[2Ja", "a\x7f", "a\x85b", "a\x00b", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b",
        "a\u200eb", "a\u061cb", ".g\u200cit", "\ufeff.git", "a\u200bb", "a\u00adb", "\U000e0041",
    ],
    ELSEWHERE: ["", ".", "..", "/", "/etc/passwd", "a//b", "a/", "../x", "a/../b", "a/..", "./a", "a/./b"],
    TOO_LONG: ["a" * 256, "ä" * 128, "a/" * 32 + "a", "/".join(["a" * 204] * 4 + ["a" * 205])],
    "has a name that is not UTF-8": [b"\xff", b"a/\xe4.yaml", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80.git"],
}  # fmt: skip


@pytest.mark.parametrize(("problem", "path"), [(problem, path) for problem, paths in HOSTILE.items() for path in paths])
def test_hostile_names_are_refused(problem, path):
    assert problem_of(path) == problem


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (FileType.SYMLINK, "is a symbolic link"),
        (FileType.REPOSITORY, "is a nested repository"),
        (FileType.SPECIAL, "is a device, pipe or socket"),
    ],
)
def test_only_plain_files_are_published(kind, problem):
    assert problem_of("objects/hosts.yaml", kind=kind) == problem


@pytest.mark.parametrize(
    ("path", "size", "problem"),
    [
        ("a.yaml", YAML_BYTES, None),
        ("a.yaml", YAML_BYTES + 1, "is larger than 1 MiB"),
        ("a.YML", YAML_BYTES + 1, "is larger than 1 MiB"),
        ("a.txt", YAML_BYTES + 1, None),
        ("a.txt", FILE_BYTES, None),
        ("a.txt", FILE_BYTES + 1, "is larger than 16 MiB"),
        ("yaml", FILE_BYTES, None),
        ("a.txt", 0, None),
    ],
)
def test_files_over_the_limit_are_refused(path, size, problem):
    assert problem_of(path, size=size) == problem


def test_each_file_is_judged_by_itself_and_shown_so_that_a_terminal_is_safe():
    entries = [
        Entry(b"a.yaml", FileType.FILE, 1),
        Entry(b"b\x1b[2J", FileType.FILE, 1),
        Entry(b"c\xff", FileType.SYMLINK, 1),
        Entry(b"d.yaml", FileType.FILE, YAML_BYTES * 2),
        Entry(b"e\xff", FileType.FILE, 1),
    ]
    assert problems(entries) == [
        Problem("b\\x1b[2J", CONTROL, "Rename it."),
        Problem("c\\xff", "is a symbolic link", "Only plain files are published; move it out of work/."),
        Problem("d.yaml", "is larger than 1 MiB", "Split it, or keep it elsewhere."),
        Problem("e\\xff", "has a name that is not UTF-8", "Rename it."),
    ]


PIECES = [".", "git", "GIT", "~1", " ", ":", "\\", "x", "\u200c"]
NEAR_GIT = sorted({"".join(chosen) for count in range(1, 5) for chosen in itertools.product(PIECES, repeat=count)})


def test_what_reads_as_git_on_any_system_is_refused_and_nothing_else():
    """As git's `is_ntfs_dotgit` reads a name, character by character, at its start and after each backslash."""

    def is_git(name):
        for start in [name, *(name[place + 1 :] for place, character in enumerate(name) if character == "\\")]:
            lower = start.lower()
            rest = lower[4:] if lower.startswith(".git") else lower[5:] if lower.startswith("git~1") else "x"
            while rest and rest[0] in ". ":
                rest = rest[1:]
            if not rest or rest[0] in ":\\":
                return True
        return False

    names = [name for name in NEAR_GIT if "\u200c" not in name and name not in (".", "..")]
    assert [name for name in names if problem_of(name) == GIT] == [name for name in names if is_git(name)]


def test_every_name_that_is_taken_here_is_taken_by_libgit2_and_by_git(tmp_path):
    names = [name for name in NEAR_GIT if problem_of(name) is None]
    repository = pygit2.init_repository(tmp_path / "r.git", bare=True)
    blob, builder = repository.create_blob(b"x"), repository.TreeBuilder()
    for name in names:
        builder.insert(name, blob, pygit2.enums.FileMode.BLOB)
    me = pygit2.Signature("Jana Doe", "jana@example.org")
    repository.create_commit("refs/heads/main", me, me, "All of them", builder.write(), [])

    (tmp_path / "work").mkdir()
    git = ["git", f"--git-dir={repository.path}", f"--work-tree={tmp_path / 'work'}"]
    checked = subprocess.run([*git, "fsck", "--strict", "main"], capture_output=True, text=True, check=False)
    filled = subprocess.run([*git, "read-tree", "-m", "-u", "main"], capture_output=True, text=True, check=False)

    assert (checked.returncode, filled.returncode, filled.stderr) == (0, 0, "")
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == names


PATHS = st.lists(st.sampled_from([*PIECES, "/", "..", "\n", "ä"]) | st.text(max_size=3), max_size=6).map("".join)


@given(path=PATHS | st.binary(max_size=12))
@example(path="\ud800")
@settings(deadline=None, max_examples=500)
def test_every_path_that_is_taken_stays_below_the_folder_and_prints_as_it_is(path):
    data = path if isinstance(path, bytes) else path.encode("utf-8", "surrogatepass")
    if problem_of(data) is not None:
        return
    text = data.decode()
    assert str(PurePosixPath(text)) == text
    assert not PurePosixPath(text).is_absolute()
    assert ".." not in PurePosixPath(text).parts
    assert printable(data) == text


TWINS = {
    "different names": (["a", "b/a", "ab"], []),
    "one name once": (["a"], []),
    "one name twice": (["a", "a"], []),
    "case": (["a.yaml", "A.yaml"], [("A.yaml", "a.yaml")]),
    "case of a folder": (["Hosts/a", "hosts/b"], [("Hosts", "hosts")]),
    "case of a folder and of a file in it": (["Hosts/a", "hosts/A"], [("Hosts", "hosts"), ("Hosts/a", "hosts/A")]),
    "a folder and a file": (["hosts/a", "Hosts"], [("Hosts", "hosts")]),
    "a folder deep down and a file": (["x/Hosts/a", "x/hosts"], [("x/Hosts", "x/hosts")]),
    "composed and decomposed": (["é", "e\u0301"], [("e\u0301", "é")]),
    "composed in a folder's name": (["é/a", "e\u0301"], [("e\u0301", "é")]),
    "both": (["É", "e\u0301"], [("e\u0301", "É")]),
    "marks in another order": (["a\u0323\u0302", "a\u0302\u0323"], [("a\u0302\u0323", "a\u0323\u0302")]),
    "a singleton": (["Å", "\u212b"], [("Å", "\u212b")]),
    "Greek sigmas": (["Σ", "σ", "ς"], [("Σ", "ς"), ("Σ", "σ")]),
    "sharp s": (["straße", "STRASSE"], [("STRASSE", "straße")]),
    "three of a kind": (["a", "A", "b"], [("A", "a")]),
    "the same name in different folders": (["a/x", "b/X"], []),
    "a name that begins with another": (["a", "A.b"], []),
}


@pytest.mark.parametrize(("paths", "expected"), TWINS.values(), ids=TWINS)
def test_names_that_some_file_system_takes_for_the_same(paths, expected):
    assert twins(paths) == expected


def canonical_caseless(text):
    """Unicode's own definition (D145), which the rule reaches by another way."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())


SIMILAR = st.text(alphabet="aAéÉe\u0301\u0345ßsSΣσςiIİı\u03b1\u1fb3\u1f80/", min_size=1, max_size=4)


@given(paths=st.sets(SIMILAR, max_size=6))
@settings(deadline=None, max_examples=300)
def test_there_are_no_twins_exactly_if_all_names_are_different_without_case(paths):
    parts = {path[:place] for path in paths for place in range(len(path) + 1) if f"{path}/"[place] == "/"}
    found = twins(paths)
    assert bool(found) == (len({canonical_caseless(part) for part in parts}) < len(parts))
    assert all(one < other and canonical_caseless(one) == canonical_caseless(other) for one, other in found)
    assert found == twins(sorted(paths, reverse=True))


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.yaml", True), ("a.yml", True), ("a.YAML", True), ("a.json", False), ("yaml", False), ("a.yaml.bak", False)],
)
def test_a_file_is_yaml_by_its_name(path, expected):
    assert is_yaml(path) == expected


@given(text=st.text())
@example(text="\x1b]0;owned\x07")
@example(text="\u202egnp.exe")
@example(text="\ud800")
@settings(deadline=None)
def test_escaped_text_can_be_printed_anywhere_and_says_what_was_there(text):
    shown = escaped(text)
    hidden = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert (shown == text) == (not hidden)
    assert not hidden & set(shown)
    assert all(f"\\x{ord(character):02x}" in shown for character in hidden)
    assert shown.encode().decode() == escaped(shown) == shown


@given(path=st.binary())
@settings(deadline=None)
def test_any_path_can_be_shown(path):
    assert escaped(printable(path)) == printable(path)


def test_the_words_for_changes_are_a_contract_with_scripts():
    assert [*Action] == ["added", "modified", "deleted"]


def test_changes_are_listed_by_path():
    changed = [Change("b", Action.ADDED), Change("a", Action.MODIFIED), Change("a", Action.ADDED)]
    assert sorted(changed) == [Change("a", Action.ADDED), Change("a", Action.MODIFIED), Change("b", Action.ADDED)]


@pytest.mark.parametrize(
    ("files", "size", "expected"),
    [
        (100_000, 2 << 30, None),
        (250_000, 4 << 30, None),
        (250_001, 0, "250,001 files are added or changed at once, and at most 250,000 may be."),
        (1, (4 << 30) + (1 << 20), "4,097 MiB are added or changed at once, and at most 4,096 may be."),
    ],
)
def test_one_revision_brings_in_no_more_than_servers_can_bear(files, size, expected):
    assert excess(files, size) == expected


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        ([], []),
        (["HEAD", "a/HEAD", "a/heads/x", "config", "b/config", "b/objects/x"], ["."]),
        (["a/HEAD", "a/config"], ["a"]),
        (["a/HEAD", "a/objects/pack/x.pack"], ["a"]),
        (["a/HEAD", "a/objects"], ["a"]),
        (["a/HEAD", "b/config", "a/b/objects/x", "a/head", "a/configs"], []),
        (["a/OVERHEAD", "a/config", "a/HEADER", "xHEAD", "config"], []),
        (["x/h.git/HEAD", "x/h.git/config", "x/h.git/mha/key", "y/HEAD", "y/objects/00/1"], ["x/h.git", "y"]),
    ],
)
def test_what_git_takes_for_a_bare_repository(paths, found):
    assert repositories(paths) == found
