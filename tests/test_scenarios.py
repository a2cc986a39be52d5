"""Each story in scenarios/, and each page about a disaster, happens as it is written; `--rewrite` writes it anew."""

from pathlib import Path

import pytest

from tests.transcript import play, stage

_TESTS = Path(__file__).parent
STORIES = sorted([*(_TESTS / "scenarios").glob("*.md"), *(_TESTS.parent / "docs" / "operations").glob("*.md")])


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_the_story_happens_as_it_is_written(story: Path, rewrite: bool, monkeypatch: pytest.MonkeyPatch):
    written = story.read_text()
    with stage(Path("/tmp") / f"mha-{story.stem}") as scene:
        happened = play(written, scene, monkeypatch)
    if rewrite:
        story.write_text(happened)
    else:
        assert happened == written, "`pytest --rewrite` writes it as it happens now; then read the diff"


def test_a_story_whose_output_is_wrong_is_noticed(monkeypatch: pytest.MonkeyPatch):
    written = "```console\n$ echo one; false\ntwo\n```\n"
    with stage(Path("/tmp/mha-wrong-story")) as scene:
        assert play(written, scene, monkeypatch) == "```console\n$ echo one; false\none\n[exit 1]\n```\n"


def test_a_folder_that_no_story_has_made_stays_as_it_is(tmp_path: Path):
    """As when somebody plays a story by hand, and then runs the tests."""
    root = tmp_path / "mha-tutorial"
    (root / "fw-a").mkdir(parents=True)
    (root / "fw-a" / "mine.yaml").write_text("precious")
    with pytest.raises(AssertionError, match="holds what no test has made"), stage(root):
        pass
    assert (root / "fw-a" / "mine.yaml").read_text() == "precious"
    assert [path.name for path in root.iterdir()] == ["fw-a"]


def test_what_a_story_that_was_killed_has_left_goes_with_the_next(tmp_path: Path):
    root = tmp_path / "mha-story"
    root.mkdir()
    (root / ".made-by-the-tests").touch()
    (root / "fw-a").mkdir()
    with stage(root):
        assert not (root / "fw-a").exists()
    assert not root.exists()
