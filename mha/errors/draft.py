"""Errors about the draft, and about what may be published."""

from collections.abc import Sequence

from mha.errors.base import ExitCode, MhaError
from mha.ids import short


class InvalidConfiguration(MhaError):
    """Files may not be published as they are; `problems` are sentences, one a file."""

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[str], hint: str) -> None:
        super().__init__("These files cannot be published:\n" + "\n".join(f"  {problem}" for problem in problems), hint)


class InvalidModel(MhaError):
    """The draft would add errors to the configuration; `findings` are lines as a compiler prints them, with hints."""

    exit_code = ExitCode.INVALID

    def __init__(self, findings: Sequence[tuple[str, str]], code: str) -> None:
        errors, listed = _counted(findings)
        super().__init__(
            f"The draft would add {errors} to the configuration; nothing was published.\n{listed}",
            f"Correct them; `mha explain {code}` says more. To publish all the same: --accept CODE --reason WHY.",
        )
        self.findings, self.code = findings, code


class UnfitMerge(MhaError):
    """What comes out of a merge would have errors that no side has; `findings` as of InvalidModel."""

    exit_code = ExitCode.INVALID

    def __init__(self, findings: Sequence[tuple[str, str]], code: str) -> None:
        errors, listed = _counted(findings)
        super().__init__(
            f"Merged, the sides have {errors} that none of them has alone; nothing was resolved.\n{listed}",
            f"`mha explain {code}` says more. Keep one side with --keep SERVER, take another side where they conflict, "
            "or merge all the same: --accept CODE --reason WHY.",
        )


def _counted(findings: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """How many errors there are, in words, and their lines."""
    errors = "1 error" if len(findings) == 1 else f"{len(findings)} errors"
    return errors, "\n".join(f"  {line}" + (f"\n      {hint}" if hint else "") for line, hint in findings)


class NameTaken(MhaError):
    exit_code = ExitCode.INVALID

    def __init__(self, name: str, other: str, place: str) -> None:
        super().__init__(f"The name {name} is taken: {other} stands in {place}.", "Choose another name.")


class ObjectInUse(MhaError):
    """An object that is to be removed is named elsewhere."""

    exit_code = ExitCode.INVALID

    def __init__(self, subject: str, users: Sequence[str], what: str) -> None:
        listed = "\n".join(f"  {user}" for user in users)
        super().__init__(
            f"{subject} is used, and stays:\n{listed}",
            f"`mha rm {what} --replace-with NAME` puts another one in its place.",
        )


class UsesUnknown(MhaError):
    """Files that are not understood may name the object that is to change."""

    exit_code = ExitCode.INVALID

    def __init__(self, paths: Sequence[str]) -> None:
        listed = "\n".join(f"  {path}" for path in paths)
        super().__init__(
            f"What these files refer to is not known; nothing was changed:\n{listed}",
            "`mha validate` says what is wrong in them.",
        )


class CannotEdit(MhaError):
    """Files are written so that a program cannot change only what must change."""

    def __init__(self, places: Sequence[str]) -> None:
        listed = "\n".join(f"  {place}" for place in places)
        super().__init__(f"These places must be edited by hand; nothing was changed:\n{listed}", "Then run it again.")


class LooksCutOff(MhaError):
    """Files of the draft look as a power cut leaves them."""

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "These files look as if a power cut took some of them:\n" + "\n".join(f"  {p}" for p in problems),
            "Write them anew, or `mha discard` them. If they are as they should be, publish with --as-is.",
        )


class InvalidClusterFile(MhaError):
    exit_code = ExitCode.INVALID

    def __init__(self, line: int, problem: str, hint: str) -> None:
        super().__init__(f"mha.yaml:{line}: {problem}", hint)
        self.line, self.problem = line, problem


class HandMadeCommits(MhaError):
    def __init__(self, count: int, base: str) -> None:
        commits = "a commit" if count == 1 else f"{count} commits"
        super().__init__(
            f"work/ holds {commits} made by hand; mha makes the revisions.",
            f"`git reset --soft {short(base)}` in work/ keeps the files as the draft; then run `mha publish`.",
        )


class UnreadableDraft(MhaError):
    """Not every file in work/ can be read, so nothing can be said of the draft."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} in work/ cannot be read by this home's account.", "Let the account read it: chown or chmod it."
        )


class LinkInTheWay(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(
            f"A folder on the way to {path} in work/ is a symbolic link; mha writes nothing beyond it.",
            "Move the link out of work/, then try again.",
        )


class DraftInTheWay(MhaError):
    def __init__(self, what: str, paths: Sequence[str]) -> None:
        super().__init__(
            f"{what} touches files that have unpublished edits: {', '.join(paths[:5])}.",
            "Publish or discard those edits first.",
        )


class DraftOvertaken(MhaError):
    """A kept draft whose files were changed by revisions since."""

    def __init__(self, name: str, revision: int | None, paths: Sequence[str]) -> None:
        super().__init__(
            f"Draft {name} was made from revision {revision or '?'}; later revisions changed {', '.join(paths[:5])}.",
            f"`mha drafts show {name} --lines` shows the edits; make them by hand in work/.",
        )
