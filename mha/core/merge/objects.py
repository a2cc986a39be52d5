"""Objects that do not stand at the same place on all sides: in another file, another section, or spelled otherwise.

Rule: an object is its kind and its name. One that moved on one side and changed on the other stands where it was moved
to, as the other changed it; for the merge of files it is as if it had stood nowhere before.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mha.core.merge import scopes
from mha.core.merge.forms import Three
from mha.core.merge.joining import Joiner, is_changed
from mha.core.merge.scopes import Level, Scope
from mha.core.merge.sides import ABSENT, Reason, Side, Subject
from mha.core.merge.trees import Block, Entry, File, Leaf, indented, meant, moved_block, moved_entry, plain
from mha.core.model.kinds import Kinds


class Where(NamedTuple):
    """Where an object stands."""

    path: str
    section: str | None  # None: it is a document


class Found(NamedTuple):
    """An object on one side."""

    where: Where
    entry: Entry  # in a section, as if that began in the first column


Files = Mapping[str, File]
Standing = Mapping[Subject, list[Found]]


def standing(files: Files, kinds: Kinds) -> dict[Subject, list[Found]]:
    """The objects of files."""
    found: dict[Subject, list[Found]] = defaultdict(list)
    for path, file in files.items():
        top = scopes.of_file(path, kinds)
        for document in file.documents:
            for subject, each in _objects(document, scopes.document(top, document.value)):
                found[subject].append(each)
    return found


def _objects(document: Entry, scope: Scope) -> Iterator[tuple[Subject, Found]]:
    if scope.is_object:
        yield scope.subject, Found(Where(scope.path, None), document)
    if scope.level is not Level.SECTIONS or isinstance(document.value, Leaf):
        return
    for section in document.value.entries:
        below = scope.below(section.key)
        if below.kind is None or isinstance(section.value, Leaf):
            continue
        column = section.value.column if isinstance(section.value, Block) else 0
        for entry in section.value.entries:
            if (inner := below.below(entry.key)).is_object:
                yield inner.subject, Found(Where(scope.path, str(section.key)), moved_entry(entry, -column))


def relocated(base: Standing, ours: Standing, theirs: Standing) -> list[Subject]:
    """The objects that do not stand at one place; those that stand twice on a side are none of them."""
    result = []
    for subject in sorted({*base, *ours, *theirs}):
        every = [side.get(subject, []) for side in (base, ours, theirs)]
        if all(len(found) <= 1 for found in every) and len({found[0].where for found in every if found}) > 1:
            result.append(subject)
    return result


def settled(
    joiner: Joiner, base: Found | None, ours: Found | None, theirs: Found | None, *, subject: Subject, kinds: Kinds
) -> tuple[Where | None, Entry | None]:
    """Where an object that does not stand at one place ends up, and as what; nowhere, where it goes."""
    path = next(found.where.path for found in (ours, theirs, base) if found)
    scope = Scope(path, subject, kind=kinds.by_name[subject.kind])
    if ours is not None and theirs is not None:
        side = _placed(joiner, base, ours, theirs, scope)
        mover = ours if side is Side.OURS else theirs
        return mover.where, mover.entry if base is None else _merged(joiner, (base, ours, theirs), side, scope)
    left, side = (theirs, Side.THEIRS) if ours is None else (ours, Side.OURS)
    assert base is not None
    assert left is not None
    if is_changed(_fields(base, scope), _fields(left, scope)):
        values = (ABSENT if each is None else plain(_fields(each, scope).value) for each in (base, ours, theirs))
        if joiner.side(scope, Reason.DELETED, *values) is side:
            return left.where, left.entry
    return None, None


def _placed(joiner: Joiner, base: Found | None, ours: Found, theirs: Found, scope: Scope) -> Side:
    """Whose place holds."""
    if base is None and meant(_fields(ours, scope).value) == meant(_fields(theirs, scope).value):
        return Side.OURS
    if base is not None and theirs.where in (base.where, ours.where):
        return Side.OURS
    if base is not None and ours.where == base.where:
        return Side.THEIRS
    places = (ABSENT if each is None else each.where.path for each in (base, ours, theirs))
    return joiner.side(scope, Reason.PLACE if base else Reason.ADDED, *places)


def _merged(joiner: Joiner, found: tuple[Found, Found, Found], side: Side, scope: Scope) -> Entry:
    """An object as the one who moved it wrote it, with what the other changed."""
    three = Three(*(_fields(each, scope) for each in found))
    mover, written, other = found[1], three.ours, three.theirs
    if side is Side.THEIRS:
        mover, written, other = found[2], other, written
    merged = joiner.entry(three, scope)
    if three.base.lead.split() == other.lead.split() or written.lead.split() == other.lead.split():
        merged = merged._replace(lead=written.lead)
    if merged == written:
        return mover.entry
    if mover.where.section is not None:
        return merged
    document = mover.entry.value
    if not isinstance(merged.value, Block) or not isinstance(document, Block):
        joiner.side(scope, Reason.FORM, *(plain(entry.value) for entry in three))
        return mover.entry
    names = [entry for entry in document.entries if entry.key in _NAMES]
    fields = moved_block(merged.value, document.column - merged.value.column)
    result = mover.entry._replace(value=document._replace(entries=(*names, *fields.entries)))
    return result if merged.lead == written.lead else _commented(result, merged.lead)


def _commented(document: Entry, lead: str) -> Entry:
    """A document with another comment above its first line."""
    assert isinstance(document.value, Block)
    lead = indented(f"\n{lead}", document.value.column)[1:]
    first, *others = (entry._replace(lead="") if entry.key in _NAMES else entry for entry in document.value.entries)
    return document._replace(value=document.value._replace(entries=(first._replace(lead=lead), *others)))


_NAMES = ("kind", "name")


def _fields(found: Found, scope: Scope) -> Entry:
    """An object as it would be written in a section."""
    document = found.entry.value
    if found.where.section is not None:
        return found.entry
    name = scope.subject.name
    if not isinstance(document, Block):
        return found.entry._replace(lead="", head=f"{name}: ", tail="\n", key=name)
    fields = tuple(entry for entry in document.entries if entry.key not in _NAMES)
    above = "".join(entry.lead for entry in document.entries if entry.key in _NAMES)
    lead = indented(f"\n{above}", -document.column)[1:]
    if not fields:
        return Entry(lead, f"{name}:", Leaf("", None), "\n", name)
    value = moved_block(document._replace(entries=fields, is_joined=False), 2 - document.column)
    return Entry(lead, f"{name}:\n", value, "", name)


def replaced(file: File, subject: Subject, where: Where, new: Entry | None, kinds: Kinds) -> File:
    """A file in which an object is another, or is not."""
    top = scopes.of_file(where.path, kinds)
    documents: list[Entry] = []
    for document in file.documents:
        scope = scopes.document(top, document.value)
        if where.section is None and scope.subject == subject:
            documents += [] if new is None else [new]
        elif where.section is not None and scope.level is Level.SECTIONS and not isinstance(document.value, Leaf):
            sections = [_replaced(e, subject, new) if e.key == where.section else e for e in document.value.entries]
            left = tuple(section for section in sections if not _is_emptied(section))
            documents.append(document._replace(value=document.value._replace(entries=left)))
        else:
            documents.append(document)
    if documents and documents[0].head == "---\n" and not file.documents[0].head:  # it was not the first one
        documents[0] = documents[0]._replace(head="")
    return file._replace(documents=tuple(documents))


def _is_emptied(section: Entry) -> bool:
    return not isinstance(section.value, Leaf) and not section.value.entries


def _replaced(section: Entry, subject: Subject, new: Entry | None) -> Entry:
    if isinstance(section.value, Leaf):
        return section
    column = section.value.column if isinstance(section.value, Block) else 0
    entries = []
    for entry in section.value.entries:
        if entry.key != subject.name:
            entries.append(entry)
        elif new is not None:
            entries.append(moved_entry(new, column))
    return section._replace(value=section.value._replace(entries=tuple(entries)))
