"""Pairs of changes, merged by object and by git's text merge."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from mha.core import reader
from mha.core.merge import objects
from mha.core.merge.files import Reading, merge
from mha.core.merge.texts import read
from mha.core.merge.trees import meant
from mha.core.scalars import Unreadable
from tests.core.merge.pairs import BASE, CONFLICT, PAIRS, Pair, changed
from tests.core.model.known import KINDS

READING = Reading(KINDS, lambda path: path.startswith(("objects/", "policies/", "users/", "settings/")))
Files = dict[str, str]


def merged(base: Files, ours: Files, theirs: Files) -> Files | str:
    """What mha makes of it."""
    held = [{path: text.encode() for path, text in side.items()} for side in (base, ours, theirs)]
    came_out = merge(held[0], held[1], held[2], READING)
    if came_out.conflicts:
        return CONFLICT
    files = {path: text.encode() for path, text in ours.items()} | came_out.files
    return {path: data.decode() for path, data in files.items() if data is not None}


def by_git(base: Files, ours: Files, theirs: Files, folder: Path) -> Files | str:
    """What git's merge of texts makes of it, file by file."""
    result: Files = {}
    for path in {*base, *ours, *theirs}:
        texts = [side.get(path, "") for side in (ours, base, theirs)]
        names = [str(folder / name) for name in ("ours", "base", "theirs")]
        for name, text in zip(names, texts, strict=True):
            Path(name).write_text(text)
        done = subprocess.run(["git", "merge-file", "-p", *names], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return CONFLICT
        if done.stdout:
            result[path] = done.stdout
    return result


def told(files: Files) -> object:
    """What files say, wherever it stands and in whatever order that means nothing."""
    try:
        found = {path: reader.read(text.encode()) for path, text in files.items() if path.endswith(".yaml")}
    except Unreadable:
        return "unreadable"
    known = objects.standing(
        {path: read(files[path].encode()).file for path in found if READING.interprets(path)}, KINDS
    )
    rest = {path: text for path, text in files.items() if not READING.interprets(path)}
    return {subject: sorted(_said(each.entry) for each in every) for subject, every in known.items()}, rest


def _said(entry: object) -> str:
    value = getattr(entry, "value")  # noqa: B009
    return meant(value)


def right(pair: Pair) -> Files | str:
    return pair.right if isinstance(pair.right, str) else changed(pair.path, pair.right)


def sides(pair: Pair) -> tuple[Files, Files, Files]:
    return dict(BASE), changed(pair.path, pair.ours), changed(pair.path, pair.theirs)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_pair_is_merged_right_or_is_a_conflict(pair: Pair):
    assert merged(*sides(pair)) == right(pair)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_a_pair_is_a_conflict_whichever_side_is_ours(pair: Pair):
    base, ours, theirs = sides(pair)
    came_out, wanted = merged(base, theirs, ours), right(pair)
    assert (came_out == CONFLICT) == (wanted == CONFLICT)


RIGHT, WRONG = "clean and right", "clean but wrong"
PAGE = Path(__file__).parents[3] / "docs" / "merging.md"


def outcome(came_out: Files | str, wanted: Files | str) -> str:
    if isinstance(came_out, str):
        return CONFLICT
    return RIGHT if isinstance(wanted, dict) and told(came_out) == told(wanted) else WRONG


def totals(folder: Path) -> dict[str, Counter[str]]:
    """How many pairs come out how, merged by object and by git."""
    return {
        "by object": Counter(outcome(merged(*sides(pair)), right(pair)) for pair in PAIRS.values()),
        "`git merge-file`": Counter(outcome(by_git(*sides(pair), folder), right(pair)) for pair in PAIRS.values()),
    }


def table(found: dict[str, Counter[str]]) -> str:
    """The totals as the page on merging has them."""
    rows = [f"| {name} | {count[RIGHT]} | {count[CONFLICT]} | {count[WRONG]} |" for name, count in found.items()]
    head = f"| Of {len(PAIRS)} pairs | {RIGHT} | {CONFLICT} | {WRONG} |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def test_no_pair_comes_out_wrong_and_git_has_twice_the_conflicts(tmp_path: Path):
    found = totals(tmp_path)
    ours, git = found["by object"], found["`git merge-file`"]
    assert len(PAIRS) >= 40
    assert (ours[WRONG], git[WRONG]) == (0, 8)
    assert ours[CONFLICT] * 2 <= git[CONFLICT]
    assert table(found) in PAGE.read_text(), table(found)
