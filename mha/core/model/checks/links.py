"""Links: each reference leads to one object of a kind that may stand there."""

from collections.abc import Iterable, Iterator

from mha.core.model import catalog, problems
from mha.core.model.catalog import Rows
from mha.core.model.checks import names
from mha.core.model.facts import Definition, Reference
from mha.core.model.findings import Finding


def targets(rows: Rows, reference: Reference) -> list[Definition]:
    """The objects that a reference can mean: none if it dangles, several if it is ambiguous."""
    there = [
        found[0]
        for space, kinds in reference.wanted
        if (found := [each for each in names.definitions(rows, space, reference.name) if _fits(each, kinds)])
    ]
    return there or names.promises(rows, reference.name)[:1]


def judge(rows: Rows, references: Iterable[Reference]) -> Iterator[Finding]:
    """What is wrong with a file's references."""
    for reference in references:
        found = targets(rows, reference)
        if not found and reference.needed:
            yield _dangling(rows, reference)
        elif len(found) > 1:
            yield _ambiguous(reference, found)


def _was_meant(reference: Reference, definition: Definition) -> bool:
    same = definition.name.casefold() == reference.name.casefold()
    return same and any(space == definition.space and _fits(definition, kinds) for space, kinds in reference.wanted)


def _fits(definition: Definition, kinds: tuple[str, ...]) -> bool:
    return not kinds or definition.kind in kinds or definition.kind == "external"


def meant(rows: Rows, finding: Finding, references: Iterable[Reference], gone: Iterable[Definition] = ()) -> Finding:
    """A finding about a name that leads nowhere, with the name that was probably meant; `gone` is what was there.

    It is looked for only when the finding is shown: any new name anywhere may be nearer.
    """
    for reference in references:
        if finding == _dangling(rows, reference):
            was = next((each for each in gone if _was_meant(reference, each)), None)
            if was is not None:
                hint = f"The draft takes it away; `mha rm {was.kind}/{was.name} --replace-with NAME` changes its users."
                return finding._replace(hint=hint)
            prefixes = [catalog.defined(space, "") for space, _ in reference.wanted]
            known = {row.name for prefix in prefixes for _, row in rows.beginning(prefix)}
            close = problems.meant(reference.name, sorted(known))
            return finding._replace(hint=f"Did you mean {close}?") if close else finding
    return finding


def _dangling(rows: Rows, reference: Reference) -> Finding:
    others = [each for space, _ in reference.wanted for each in names.definitions(rows, space, reference.name)]
    if others:
        wanted = " or ".join(kind for _, kinds in reference.wanted for kind in kinds)
        message = f"{reference.name} is a {others[0].kind}, and {wanted} is expected here."
        hint = f"It stands in {others[0].path}:{others[0].line}."
    else:
        message = f"There is no {_called(reference)} named {reference.name}."
        hint = "Write the object, or promise it with an `external` of that name."
    return Finding("dangling", reference.path, reference.line, reference.subject, message, hint)


def _called(reference: Reference) -> str:
    kinds = [kind for _, kinds in reference.wanted for kind in kinds]
    whole = [space.partition("/")[0] for space, kinds in reference.wanted if not kinds]
    singular = {"addresses": "address object", "services": "service", "identities": "identity", "times": "time"}
    return " or ".join([*(singular.get(space, f"name of {space}") for space in whole), *kinds])


def _ambiguous(reference: Reference, found: list[Definition]) -> Finding:
    both = " or ".join(f"{each.subject} ({each.path}:{each.line})" for each in found)
    return Finding(
        "ambiguous", reference.path, reference.line, reference.subject, f"{reference.name} could mean {both}.",
        "Rename one of the two.",
    )  # fmt: skip
