"""What changes of files do to objects: for the draft, for revisions, and for who is about to publish.

Rule: nothing is imported before there is a file of objects to speak about.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mha.core.changes import is_yaml
from mha.operations.tip import Tip
from mha.store.trees import Delta

if TYPE_CHECKING:
    from mha.core.model.contested import Contested
    from mha.core.model.differences import ObjectChange
    from mha.operations.model import Judged

MOST_FILES = 1000  # of more, only the files are listed: nobody reads what each of 10,000 objects became


def of_draft(here: Tip, texts: Mapping[str, bytes | None]) -> "tuple[ObjectChange, ...]":
    """What a draft does to objects, and how many rules use each."""
    if not 0 < len(texts) <= MOST_FILES:
        return ()
    from mha.operations.model import Model

    return Model(here).answer(texts, of_judged)


def of_judged(judged: "Judged") -> "tuple[ObjectChange, ...]":
    """What a draft that was judged does to objects, and how many rules use each."""
    from mha.core.model import differences, uses

    if len(judged.changed) > MOST_FILES:
        return ()
    return tuple(uses.counted(judged.book, differences.between(judged.changed), judged.rules.kinds))


def of_deltas(here: Tip, deltas: Sequence[Delta]) -> "tuple[ObjectChange, ...]":
    """What a change from one revision to another does to objects, by the kinds of the head."""
    paths = {path: delta for delta in deltas if is_yaml(path := delta.path.decode("utf-8", "surrogateescape"))}
    if not 0 < len(paths) <= MOST_FILES:
        return ()
    from mha.core.model import differences
    from mha.operations.model import Model

    model = Model(here)
    return tuple(differences.between({path: model.facts_of_delta(path, delta) for path, delta in paths.items()}))


def contested(here: Tip, sides: Mapping[str, Sequence[Delta]]) -> "tuple[Contested, ...]":
    """The objects that several sides changed, field by field, by the kinds of the head."""
    from mha.core.model import contested as objects
    from mha.operations.model import Model

    model = Model(here)
    return tuple(
        objects.of_objects(
            {
                side: {path: model.facts_of_delta(path, d) for d in deltas if is_yaml(path := d.path.decode())}
                for side, deltas in sides.items()
            }
        )
    )
