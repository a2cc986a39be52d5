"""Each story in scenarios/ happens today as it is written; `pytest --rewrite` writes it anew."""

from pathlib import Path

import pytest

from tests.transcript import play, stage

STORIES = sorted((Path(__file__).parent / "scenarios").glob("*.md"))


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
