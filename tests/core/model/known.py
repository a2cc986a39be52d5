"""The kinds that mha has, for tests of what is done with them."""

from mha.core import reader
from mha.core.model import spelling
from mha.core.model.spelling import Object
from mha.store import kind_files

KINDS = kind_files.built_in()
NAMES = list(KINDS.by_name)


def one(text: str) -> Object:
    """The one object of a file that is well spelled."""
    found = spelling.spelled(reader.read(text.encode()), KINDS)
    assert found.problems == []
    [thing] = found.objects
    return thing
