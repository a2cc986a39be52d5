"""Every error that a user can meet: what happened, what to do, and the exit code.

The words of errors live here, so that they agree with each other; the class of
an error alone fixes the exit code. Findings (problems of a draft, verdicts
about a push) are values, not errors.
"""

import errno
from collections.abc import Iterable, Sequence
from enum import IntEnum

from mha.ids import short


class ExitCode(IntEnum):
    """What a command's exit code means to scripts; a contract."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    READ_ONLY = 3  # this server is a Standby
    NOT_EVERYWHERE = 4  # done here, but not every peer has it
    COLLISION = 5
    NOT_REACHABLE = 6  # a peer is not reachable, a result is not known, or a changeover is not possible without it
    INVALID = 7  # the configuration is invalid
    NO_ACTIVE = 8
    INTERRUPTED = 130  # by Ctrl-C, as in a shell


class MhaError(Exception):
    """An error with a message and a hint for the person at the terminal."""

    exit_code = ExitCode.ERROR

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


FULL = "This server's disk is full"


def ended(clause: str) -> str:
    """What git or another program said, with the period that ends a sentence."""
    return clause if clause.endswith((".", "!", "?")) else f"{clause}."


def sentence(error: Exception) -> str:
    """What went wrong, as a sentence; the system's own errors say which file it was."""
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"{FULL if error.errno == errno.ENOSPC else error.strerror or error}{place}."
    return str(error)


class InvalidName(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"{name!r} is not a name for a server or a cluster.", hint)


class InvalidUrl(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url!r} is not the address of a server's home.",
            "Give an absolute path without spaces, or ssh://user@host[:port]/path.",
        )


class InvalidAuthor(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, author: str) -> None:
        super().__init__(
            f"MHA_AUTHOR is not a name and an e-mail address: {author!r}.", "Write `Jana Doe <jana@x.org>`."
        )


class InvalidNow(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, text: str) -> None:
        super().__init__(
            f"MHA_NOW is not a time: {text!r}.", "Write one from 1970 to 2099 in ISO form: 2026-11-23T10:00:00Z."
        )


class EmptyMessage(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__("A revision needs a message.", "Say why, in one sentence: `-m 'Open HTTPS to the new shop'`.")


class MessageTooLong(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"The {what} is longer than {most} KiB.", "Say why, in a few sentences.")


class UnknownServer(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, name: str, servers: Iterable[str]) -> None:
        super().__init__(f"No server is named {name}.", f"The servers are {', '.join(sorted(servers))}.")


class UnknownRevision(MhaError):
    def __init__(self, text: str) -> None:
        super().__init__(f"There is no revision {text}.", "`mha log` lists them: give a number or an id.")


class AmbiguousRevision(MhaError):
    def __init__(self, text: str, ids: Sequence[str]) -> None:
        shown = ", ".join(ids[:5])
        super().__init__(f"{text} may mean several revisions: {shown}.", "Give more of the id.")


class UnknownDraft(MhaError):
    def __init__(self, text: str) -> None:
        super().__init__(f"There is no kept draft {text}.", "`mha drafts list` lists them.")


class UnknownPath(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, path: str, listing: str = "mha diff") -> None:
        super().__init__(f"{path} is not a changed file.", f"`{listing}` lists the changed files.")


class ControlCharacters(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} holds characters that control a terminal.", "Write plain text.")


class NotUtf8(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not UTF-8.", "Write it in UTF-8, as the terminal does in a UTF-8 locale.")


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


class Untold(MhaError):
    exit_code = ExitCode.INTERRUPTED

    def __init__(self, revision: int) -> None:
        super().__init__(f"Revision {revision} is published; not every peer was told.", "`mha sync` tells the others.")


class ReadOnlyServer(MhaError):
    exit_code = ExitCode.READ_ONLY

    def __init__(self, name: str, active: str, what: str = "publish") -> None:
        super().__init__(
            f"{name} is a Standby and cannot {what}.", f"Use {active}, which is Active, or run `mha promote` here."
        )


class RemovedServer(MhaError):
    exit_code = ExitCode.READ_ONLY

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was removed from the cluster: what it made would be taken by no other server.",
            f"`mha server add {name} …` on the Active lists it again; else delete this home.",
        )


class StoodDown(MhaError):
    """This server was Active and has learned that another one took over."""

    exit_code = ExitCode.READ_ONLY

    def __init__(self, name: str, active: str | None, epoch: int, draft: str | None) -> None:
        kept = f" The draft is kept as draft {draft}." if draft else ""
        super().__init__(
            f"{name} was superseded: {active or 'no server'} is Active at epoch {epoch}.{kept}",
            f"Publish on {active or 'the Active'}; `mha drafts show` prints a kept draft.",
        )


class CaughtUp(MhaError):
    def __init__(self, name: str, peer: str, revision: int) -> None:
        super().__init__(
            f"{name} was behind {peer} and has caught up to revision {revision}; nothing was published.",
            "Look at `mha diff`, then publish again.",
        )


class NoServerActive(MhaError):
    exit_code = ExitCode.NO_ACTIVE

    def __init__(self) -> None:
        super().__init__("No server is Active.", "Run `mha promote` on the server that shall be Active.")


class Collision(MhaError):
    exit_code = ExitCode.COLLISION

    def __init__(self, with_whom: str) -> None:
        super().__init__(
            f"Collision: this server and {with_whom} both published on top of the same revision. Both sides are kept.",
            "`mha collision` shows both sides.",
        )


class Unreachable(MhaError):
    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, peer: str, detail: str) -> None:
        super().__init__(
            f"{peer} cannot be reached: {ended(detail)}", f"See to {peer} and the link to it, then try again."
        )


class ResultUnknown(MhaError):
    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, peer: str, hint: str = "Ask again with `mha status`.") -> None:
        super().__init__(f"The result on {peer} is not known: no answer came.", hint)


class PeerRefused(MhaError):
    """The server whose acceptance a changeover needs answers, and does not accept."""

    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, peer: str, detail: str, *, after: str = "") -> None:
        hint = "" if after else " If that takes too long, `mha promote --force` takes over without it."
        super().__init__(f"{peer} refused: {ended(detail)} {after}".rstrip(), f"See to {peer}.{hint}")
        self.detail = detail


class ChangeoverRefused(MhaError):
    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, reasons: Sequence[str], hint: str) -> None:
        super().__init__("A planned changeover could lose something:\n" + "\n".join(f"  {r}" for r in reasons), hint)


class NotTrusted(MhaError):
    def __init__(self, expected: str, found: str) -> None:
        super().__init__(
            f"The history there begins with {short(found)}, not with {short(expected)}.",
            "Somebody else answers, or the id was mistyped. Ask the administrator of the Active.",
        )


class InvalidTrust(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is too little of an id to trust anybody by.",
            "Give at least 12 hexadecimal digits of the first revision's id; the Active's administrator has it.",
        )


class NotListed(MhaError):
    def __init__(self, name: str, url: str) -> None:
        super().__init__(
            f"The cluster does not list {name} yet.", f"Run on the Active first: `mha server add {name} {url}`."
        )


class RefusedHistory(MhaError):
    """A revision from a peer breaks the rule of succession or holds files that may not be."""

    def __init__(self, revision: str, reason: str) -> None:
        super().__init__(
            f"Revision {short(revision)} is refused: {reason}", "`mha verify` on the peer shows its history."
        )


class ServerProblem(MhaError):
    """A server cannot be added or removed as asked."""
