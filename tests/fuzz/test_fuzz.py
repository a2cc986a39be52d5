"""The fuzzing harnesses without atheris: the kept inputs, and a fixed number of mutations of them."""

import pytest

from tests.fuzz.harnesses import CORPUS, HARNESSES, mutated, seeds

MUTATIONS = 400  # of each; atheris tries millions: nox -s fuzz


@pytest.mark.parametrize("name", HARNESSES)
def test_every_kept_input_and_mutations_of_it_keep_the_properties(name):
    tried = [*seeds(name), *mutated(name, MUTATIONS)]

    for data in tried:
        HARNESSES[name](data)

    assert len(tried) > MUTATIONS


def test_the_kept_inputs_are_small_and_each_folder_has_a_harness():
    assert {folder.name for folder in CORPUS.iterdir()} == set(HARNESSES)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 16 << 10
