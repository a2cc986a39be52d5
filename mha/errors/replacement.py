"""Errors about a home that is to be rebuilt from a peer."""

from collections.abc import Sequence

from mha.errors.base import ExitCode, MhaError

_MOST_SHOWN = 20


class HoldsMore(MhaError):
    """A home holds revisions that no peer holds: `revisions` are lines, the newest first."""

    def __init__(self, name: str, revisions: Sequence[str], silent: Sequence[str]) -> None:
        left = len(revisions) - _MOST_SHOWN
        lines = [*revisions[:_MOST_SHOWN], *([f"and {left} more"] if left > 0 else [])]
        held = "1 revision" if len(revisions) == 1 else f"{len(revisions)} revisions"
        unasked = f" {', '.join(silent)} did not answer, and may hold them." if silent else ""
        super().__init__(
            f"{name} holds {held} that no server which answered holds; it was not replaced:\n"
            + "\n".join(f"  {line}" for line in lines),
            "Bring them to another server first: `mha sync` here, or `mha collision` there, which keeps them as a side."
            f"{unasked} To give them up: --abandon {len(revisions)}.",
        )


class HoldsUnknown(MhaError):
    """A store is so damaged that it does not tell which revisions it holds."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(
            f"It cannot be told which revisions {name} holds; it was not replaced: {detail}",
            "`mha repair` may bring back what is lost. To give up whatever is only here: --abandon unknown.",
        )


class InvalidAbandon(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is no number of revisions.",
            "Give the number that the refusal named, or `unknown` where it could not tell. It goes with --replace.",
        )


class NameNeeded(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__("A new server needs a name.", "Give one: --name fw-b. A home that is replaced keeps its name.")


class NotProven(MhaError):
    """What a peer sent is not whole here; the old home stays."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(
            "What was fetched is not whole; the home stays as it was:\n" + "\n".join(f"  {p}" for p in problems[:5]),
            "See to this server's disk, or fetch from another server.",
        )
