"""Errors about the draft, and about what may be published."""

from collections.abc import Sequence

from mha.errors.base import ExitCode, MhaError
from mha.ids import short


class InvalidConfiguration(MhaError):
    """Files may not be published as they are; `problems` are sentences, one a file."""

    exit_code = ExitCode.INVALID

    def __init__(self, problems: Sequence[str], hint: str) -> None:
        super().__init__("These files cannot be published:\n" + "\n".join(f"  {problem}" for problem in problems), hint)


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


class CannotRevert(MhaError):
    def __init__(self, revision: str, paths: Sequence[str]) -> None:
        super().__init__(
            f"Later revisions changed what revision {revision} changed: {', '.join(paths[:5])}.",
            f"`mha show {revision} --lines` shows it; undo it by hand in work/ and publish.",
        )
