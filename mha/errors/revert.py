"""Errors of taking revisions back."""

from collections.abc import Sequence
from typing import NamedTuple

from mha.errors.base import ExitCode, MhaError

_MOST_SHOWN = 10  # files of a refusal, and later revisions of a file


class Later(NamedTuple):
    """A later revision, as a refusal names it."""

    revision: int
    id: str
    author: str
    subject: str


class Overlap(NamedTuple):
    """A file in which later revisions changed again what would be taken back."""

    path: str
    objects: tuple[str, ...]
    later: tuple[Later, ...]  # the newest first


class CannotRevert(MhaError):
    """Later revisions changed the same lines; `revisions` is one or a range, as it was typed."""

    def __init__(self, revisions: str, overlaps: Sequence[Overlap]) -> None:
        single = ".." not in revisions
        which = f"Revision {revisions}" if single else f"Revisions {revisions}"
        shown = f"`mha show {revisions} --lines` shows what it" if single else "`mha show REV --lines` shows what each"
        listed = [line for overlap in overlaps[:_MOST_SHOWN] for line in _lines(overlap)]
        if (left := len(overlaps) - _MOST_SHOWN) > 0:
            listed.append(f"  and {left} more files")
        super().__init__(
            "\n".join([f"{which} cannot be reverted: later ones changed the same. Nothing was published.", *listed]),
            "Revert the later ones first, the newest of them before the others, or undo it by hand: "
            f"{shown} changed; edit work/ and publish.",
        )
        self.overlaps = tuple(overlaps)


class InvalidRange(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, text: str, why: str) -> None:
        super().__init__(
            f"{text} is no range of revisions: {why}.",
            "`mha revert 12..15` reverts 12, 13, 14 and 15; `mha log` lists the revisions.",
        )


class ResolutionReverted(MhaError):
    """A resolution follows several sides, so that it has no one opposite."""

    def __init__(self, revision: int, sides: Sequence[str]) -> None:
        listed = ", ".join(sides)
        super().__init__(
            f"Revision {revision} is a resolution: it follows several sides ({listed}), and which of them its opposite "
            "would bring back is not clear.",
            f"Revert what came before and after it by itself. `mha diff {revision} {sides[0]} --lines` shows what that "
            "side has otherwise: put it into work/ by hand and publish.",
        )


class NotOfThisSide(MhaError):
    def __init__(self, revision: int) -> None:
        super().__init__(
            f"The files here never had what revision {revision} changed: it is of another side of a collision.",
            "`mha collision` shows the sides.",
        )


def _lines(overlap: Overlap) -> list[str]:
    about = f" ({', '.join(_some(overlap.objects))})" if overlap.objects else ""
    named = [f"  {each.revision:>5}  {each.id}  {each.author}  {each.subject}" for each in overlap.later]
    return [f"  {overlap.path}{about}", *_some(named, "         ")]


def _some(listed: Sequence[str], indent: str = "") -> list[str]:
    left = len(listed) - _MOST_SHOWN
    return [*listed[:_MOST_SHOWN], *([f"{indent}and {left} more"] if left > 0 else [])]
