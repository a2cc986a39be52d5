"""The schemas of mha's own kinds, as they are shipped beside the program."""

import json
from pathlib import Path

import mha
from mha.core.model import kinds
from mha.core.model.kinds import Kinds

FOLDER = Path(mha.__file__).parent / "kinds"


def built_in() -> Kinds:
    """The kinds that every store has."""
    paths = sorted(FOLDER.glob("*.json"), key=lambda path: path.stem)
    return kinds.together(kinds.kind(json.loads(path.read_bytes())) for path in paths)
