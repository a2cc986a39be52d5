"""Edits and formatting of files that nobody here wrote: some places of some files, or with `--full` more of all files.

`pytest -s` shows how many edits were made.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from mha.core.edit_tree import Edit, Remove, Replace
from mha.core.edits import ByHand, edited
from mha.core.places import Place
from mha.core.reader import plain, read
from mha.core.scalars import Unreadable
from mha.store.formatting import formatted
from tests import corpora
from tests.core.edit_oracle import Tree, assert_removed, assert_replaced, at, changed, comments, marked, values, ways
from tests.core.test_reader import yaml_12

SOURCES = ["sample-repo", *(bundle.stem for bundle in corpora.bundles())]
NEW = ["renamed-1", "no", "a b: c # d", "it's", "x, z", "10.0.0.1"]
FILES = 60  # of each source, without --full
BLOBS = 40  # contents of each history, without --full
LARGE = 20_000  # bytes; a file like this is edited in one place
File = tuple[bytes, list[Tree], list[Place], Random]


def test_the_corpora_are_looked_at():
    if not corpora.bundles():
        pytest.skip(corpora.ABSENT)


@pytest.fixture(params=SOURCES)
def readable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[File]:
    """The files that the reader takes, each with its values, the places to edit, and a source of chance of its own."""
    full = bool(request.config.getoption("--full"))
    found = next((bundle for bundle in corpora.bundles() if bundle.stem == request.param), None)
    files = corpora.sample() if found is None else list(corpora.files(found, tmp_path))
    chosen = files if full else Random(0).sample(files, min(FILES, len(files)))
    return _readable(chosen, 4 if full else 3)


def _readable(files: list[tuple[str, bytes]], most: int) -> Iterator[File]:
    for path, data in files:
        try:
            documents = values(data)
        except Unreadable:
            continue
        random = Random(path)
        every = [Place(index, way) for index, document in enumerate(documents) for way in ways(document)]
        yield data, documents, random.sample(every, min(1 if len(data) > LARGE else most, len(every))), random


def each(request: pytest.FixtureRequest, files: Iterator[File], edit: Callable[[File], int]) -> None:
    """Edit each file; `edit` says how many edits it made."""
    edits = [edit(file) for file in files]
    print(f"\n{request.node.name}: {sum(edits):,} edits in {len(edits):,} files")
    assert sum(edits) > 0


@pytest.mark.timeout(600)
def test_a_replaced_text_is_all_that_changes_in_a_file(readable, request):
    def edit(file: File) -> int:
        data, documents, places, random = file
        edits = [Replace(place, random.choice(NEW)) for place in places if is_single(documents, place)]
        edits += [
            Replace(Place(place.document, place.path, is_key=True), f"{random.choice(NEW)} x")
            for place in places
            if isinstance(at(documents[place.document], place.path[:-1]), dict)
        ]
        marks = marked(data)
        for wanted in edits:
            assert_replaced(data, marks, wanted)
        return len(edits)

    each(request, readable, edit)


@pytest.mark.timeout(600)
def test_a_removed_entry_takes_nothing_else_along_in_a_file(readable, request):
    def edit(file: File) -> int:
        data, _, places, _ = file
        marks = marked(data)
        for place in places:
            assert_removed(data, marks, Remove(place))
        return len(places)

    each(request, readable, edit)


@pytest.mark.timeout(600)
def test_all_edits_of_a_file_are_made_at_once(readable, request):
    def edit(file: File) -> int:
        data, documents, places, random = file
        edits: list[Edit] = [Replace(place, random.choice(NEW)) for place in places[1:] if is_single(documents, place)]
        edits += [Remove(place) for place in places[:1]]
        outcome = edited(data, edits)
        assert isinstance(outcome, bytes), outcome
        assert repr(values(outcome)) == repr(changed(documents, edits))
        return len(edits)

    each(request, readable, edit)


@pytest.mark.timeout(600)
def test_the_normal_form_of_a_file_means_the_same_and_has_the_same_comments(readable, request):
    def form(file: File) -> int:
        data, documents, _, _ = file
        outcome = formatted(data)
        if isinstance(outcome, ByHand):  # said with the line: it would lose a comment in brackets
            assert "would lose or move the comment in this line." in outcome.problem
            return 0
        assert repr(values(outcome)) == repr(documents)
        assert comments(outcome.decode(), marked(outcome)) == comments(data.decode(), marked(data))
        assert formatted(outcome) == outcome
        return 1

    each(request, readable, form)


def is_single(documents: list[Tree], place: Place) -> bool:
    return not isinstance(at(documents[place.document], place.path), dict | list)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("bundle", corpora.bundles(), ids=lambda bundle: bundle.stem)
def test_what_is_accepted_of_every_content_that_ever_was_means_the_same_to_ruamel_yaml(bundle, request, tmp_path):
    everything = list(corpora.contents(bundle, tmp_path))
    chosen = everything if request.config.getoption("--full") else Random(0).sample(everything, BLOBS)
    accepted = 0
    for path, data in chosen:
        try:
            ours = [plain(node) for node in read(data)]
        except Unreadable:
            continue
        assert repr(ours) == repr(yaml_12(data)), path
        accepted += 1
    print(f"\n{bundle.stem}: {accepted:,} of {len(chosen):,} contents are accepted, and read alike")
    assert accepted > len(chosen) * 0.95
