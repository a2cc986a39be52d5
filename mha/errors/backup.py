"""Errors about backups: written, read, restored, and carried to another site."""

from collections.abc import Iterable

from mha.errors.base import MhaError, ended
from mha.ids import short


class BackupExists(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(f"{path} exists already.", "Choose another name, or replace it with --force.")


class BackupNotWritten(MhaError):
    def __init__(self, path: str, detail: str) -> None:
        super().__init__(
            f"{path} was not written: {ended(detail)}",
            "Nothing of it was left there. See to that place, or try another.",
        )


class BackupWithin(MhaError):
    def __init__(self, path: str, home: str) -> None:
        super().__init__(
            f"{path} lies within the home {home}, and would be lost with it.",
            "Choose a place outside, on another disk.",
        )


class NotABackup(MhaError):
    def __init__(self, path: str, detail: str) -> None:
        super().__init__(
            f"{path} is no backup that can be used: {ended(detail)}", "Take another copy of it, or another backup."
        )


class OtherCluster(MhaError):
    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(
            f"{path} is of another cluster: its history begins with {short(found)}, not with {short(expected)}.",
            "Take a backup from a server of this cluster.",
        )


class MissingRevision(MhaError):
    """An increment continues a revision that is not there."""

    def __init__(self, path: str, oid: str, hint: str) -> None:
        super().__init__(f"{path} continues revision {short(oid)}, which is not here.", hint)


class NotContinued(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} does not continue the file before it.",
            "Give the full backup first, then increments, oldest first.",
        )


class NotAServerThere(MhaError):
    def __init__(self, name: str, path: str, servers: Iterable[str]) -> None:
        super().__init__(
            f"The cluster in {path} does not list {name}.", f"Restore one of its servers: {', '.join(sorted(servers))}."
        )
