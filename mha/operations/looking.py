"""Looking things up in the configuration, as the draft has it: users of objects, texts, addresses."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from mha.core.model import search, uses
from mha.core.model.checks import names
from mha.core.model.problems import meant
from mha.core.model.search import Hit
from mha.core.model.spans import NotUnderstood
from mha.errors import InvalidAddress, UnknownKind, UnknownObject
from mha.operations import tip as tips
from mha.operations import verdicts
from mha.operations.model import Judged, Model
from mha.store import draft
from mha.store.home import Home

T = TypeVar("T")


class User(NamedTuple):
    """A place where an object is named."""

    path: str
    line: int
    subject: str
    through: tuple[str, ...] = ()  # what contains the object and is named there instead


class Used(NamedTuple):
    """Where an object is defined, and where it is named."""

    subject: str
    path: str
    line: int
    users: tuple[User, ...]
    unread: tuple[str, ...] = ()  # files that are not understood: what they name is not known


def where_used(home: Home, what: str, *, indirect: bool = False) -> list[Used]:
    """Where objects of a name, or KIND/NAME, are used; also through groups and roles if `indirect`."""
    return _with_model(home, lambda judged: _where_used(judged, what, indirect=indirect))


def find(home: Home, text: str) -> list[Hit]:
    """The objects and rules that contain an address, a network or a range, or hold a text; raises InvalidAddress."""
    try:
        numbers = search.address(text)
    except NotUnderstood as error:
        raise InvalidAddress(error.problem, error.hint) from error
    if numbers is None:
        return _with_model(home, lambda judged: list(search.by_text(judged.book, text)))
    return _with_model(home, lambda judged: list(search.by_address(judged.book, numbers)))


def _with_model(home: Home, ask: Callable[[Judged], T]) -> T:
    here = tips.tip(home)
    tree = draft.of(home)
    texts = {} if tree is None else verdicts.texts(tree, tree.edits(here.id))
    return Model(here).answer(texts, ask)


def _where_used(judged: Judged, what: str, *, indirect: bool) -> list[Used]:
    kind, slash, name = what.partition("/")
    known = judged.rules.kinds.by_name
    if slash and kind not in known:
        raise UnknownKind(kind, meant(kind, known))
    spaces = {each.space for each in known.values() if not slash or each.name == kind}
    found = [d for space in sorted(spaces) for d in names.definitions(judged.book, space, name if slash else what)]
    objects = [each for each in found if each.value is not None and (not slash or each.kind == kind)]
    if not objects:
        raise UnknownObject(what, "`mha search TEXT` finds objects by a part of their names.")
    return [
        Used(
            each.subject, each.path, each.line,
            tuple(
                User(use.reference.path, use.reference.line, use.reference.subject, use.through)
                for use in uses.all_of(judged.book, each)
                if indirect or not use.through
            ),
            tuple(judged.unread()),
        )
        for each in objects
    ]  # fmt: skip
