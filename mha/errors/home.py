"""Errors about a server's home, its store, and git."""

from mha.errors.base import FULL, MhaError, ended
from mha.ids import short


class NoHome(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(
            f"There is no server's home at {path}.",
            "Go into a home, name one with --home or MHA_HOME, or make one with `mha init`.",
        )


class HomeNotEmpty(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is not empty.", "Choose a folder that is empty or does not exist yet.")


class HomeExists(MhaError):
    def __init__(self, path: str, name: str) -> None:
        super().__init__(f"{path} is already the home of {name}.", "`mha status` shows how it is.")


class HomeOfAnother(MhaError):
    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} belongs to another account.", "A home belongs to one account; act as that account (sudo -u …)."
        )


class HomeBusy(MhaError):
    def __init__(self, holder: str, *, stopped: bool = False) -> None:
        if stopped:
            process = holder.removeprefix("process ")
            super().__init__(
                f"This home is in use by {holder}, which is stopped.",
                f"`kill -CONT {process}` lets it go on; `kill -KILL {process}` ends it, and loses nothing.",
            )
        else:
            super().__init__(f"This home is in use by {holder}.", "Try again in a moment.")


class AgentRuns(MhaError):
    def __init__(self, holder: str) -> None:
        super().__init__(f"An agent of this home runs already: {holder}.", "One is enough; end it to start another.")


class NewerFormat(MhaError):
    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what} was written by a newer mha (format {found}; this mha reads {known}).",
            "Upgrade mha on this server.",
        )


class NotJoined(MhaError):
    def __init__(self, name: str, where: str = "here") -> None:
        super().__init__(f"{name} has not joined a cluster yet.", f"Run `mha join URL HOME --name …` {where}.")


class StoreDamaged(MhaError):
    def __init__(self, detail: str) -> None:
        super().__init__(
            f"This home's store is damaged: {detail}", "`mha verify` shows what is wrong; `mha repair` mends it."
        )
        self.detail = detail


class StoreNotWritable(MhaError):
    def __init__(self, detail: str) -> None:
        super().__init__(
            f"This home's store cannot be written: {detail}", "See to the disk and its permissions, then try again."
        )
        self.detail = detail


class HeadNotDurable(MhaError):
    """`main` moved, and the disk failed right afterwards: a power cut may still take that back here."""

    def __init__(self, revision: int, detail: str) -> None:
        super().__init__(
            f"Revision {revision} is the head here now, but the disk failed to make that last: {detail}",
            "See to the disk. `mha status` shows how things stand; `mha sync` gives the revision to the others.",
        )


class AnswerLost(MhaError):
    def __init__(self, detail: str) -> None:
        super().__init__(
            f"The answer could not be written: {detail}", "What the command did stands: `mha status` shows it."
        )


class DiskFull(StoreNotWritable):
    def __init__(self) -> None:
        super().__init__(f"{FULL[0].lower()}{FULL[1:]}.")


class HeadMoved(MhaError):
    def __init__(self, expected: str | None) -> None:
        where = f"past {short(expected)}" if expected else "to its first revision"
        super().__init__(
            f"Another command moved this server {where} meanwhile.",
            "Look at `mha status`, then try again.",
        )


class GitMissing(MhaError):
    def __init__(self, found: str, needed: str) -> None:
        super().__init__(f"git {needed} or newer is needed; found: {found}.", "Install it: `apt install git`.")


class GitFailed(MhaError):
    def __init__(self, what: str, detail: str) -> None:
        super().__init__(f"git could not {what}: {ended(detail)}", "`mha verify` checks this home.")
