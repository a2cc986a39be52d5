"""Errors about modes and peers."""

from collections.abc import Sequence

from mha.errors.base import ExitCode, MhaError, ended
from mha.ids import short


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
            "`mha collision` shows both sides, `mha resolve` ends it.",
        )


class NoCollision(MhaError):
    def __init__(self) -> None:
        super().__init__("There is no collision to end.", "`mha status` shows how the servers stand.")


class NoSide(MhaError):
    """No side of the collision is known by the name that was given, or more than one is."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"{name} names no side of this collision, or more than one.",
            f"Sides are {', '.join(known)}; `mha collision` shows them.",
        )


class UnknownConflict(MhaError):
    """A side was taken for something that does not conflict."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, conflicts: Sequence[str]) -> None:
        left = f"Left to settle: {', '.join(conflicts)}." if conflicts else "Nothing is left to settle."
        super().__init__(f"{name} does not conflict.", left)


class Unmarked(MhaError):
    """What conflicts stands in no file in which a person could settle it."""

    exit_code = ExitCode.USAGE

    def __init__(self, conflicts: Sequence[str]) -> None:
        super().__init__(
            f"No file can show these conflicts: {', '.join(conflicts)}.",
            f"Say whose holds, for each: `mha resolve --edit --take {conflicts[0]}=SERVER`.",
        )


class Resolving(MhaError):
    """`work/` holds the merged files of a collision."""

    exit_code = ExitCode.COLLISION

    def __init__(self, what: str) -> None:
        super().__init__(
            f"work/ holds the merged files of a collision; nobody can {what} meanwhile.",
            "Edit them, then `mha resolve --continue`; `mha resolve --abort` brings back what was there.",
        )


class NotResolving(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__(
            "No merged files are being edited here.", "`mha resolve --edit` puts those of a collision into work/."
        )


class ConflictsLeft(MhaError):
    """Marks of conflicts stand in merged files: `places` are lines, each with its file and number."""

    exit_code = ExitCode.COLLISION

    def __init__(self, places: Sequence[str]) -> None:
        held = "1 conflict is" if len(places) == 1 else f"{len(places)} conflicts are"
        super().__init__(
            f"{held} not settled; nothing was resolved:\n" + "\n".join(f"  {place}" for place in places),
            "Make each as it should be, and delete its lines that begin with # CONFLICT.",
        )


class SidesMoved(MhaError):
    """The diverged heads are others than those that were merged."""

    exit_code = ExitCode.COLLISION

    def __init__(self) -> None:
        super().__init__(
            "Something was published on a side since its files were merged; nothing was resolved.",
            "`mha resolve --abort` keeps your edits as a draft; then begin again with `mha resolve --edit`.",
        )


class Unreachable(MhaError):
    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, peer: str, detail: str) -> None:
        super().__init__(
            f"{peer} cannot be reached: {ended(detail)}", f"See to {peer} and the link to it, then try again."
        )


class NotFetched(MhaError):
    """A peer says that it holds what is not known here, and does not give it: this server may have been superseded."""

    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, peer: str, detail: str) -> None:
        super().__init__(
            f"{peer} holds revisions that could not be fetched ({detail}); nothing was published.",
            "See to it and try again; `mha status` shows how it stands.",
        )


class Isolated(MhaError):
    """No peer tells whether another server has taken over, and the settings want a publish to be refused then."""

    exit_code = ExitCode.NOT_REACHABLE

    def __init__(self, name: str, peers: Sequence[str]) -> None:
        which = peers[0] if len(peers) == 1 else "NAME"
        super().__init__(
            f"No peer answers ({', '.join(peers)}); nothing was published. {name} cannot know if another took over.",
            f"See to the link. If a peer is lost for ever, `mha server remove {which}` goes through all the same.",
        )


class Excluded(MhaError):
    """Nothing is synchronized with a server, because the administrators want it so."""

    def __init__(self, name: str, why: str, active: str | None) -> None:
        super().__init__(
            f"{name} is excluded from synchronization: {ended(why)}",
            f"`mha server include {name}` on {active or 'the Active'} lets it take part again.",
        )


class Paused(MhaError):
    """The administrators let nobody publish nor change over for now."""

    def __init__(self, why: str, active: str | None, hint: str = "") -> None:
        lifted = f"`mha resume` on {active or 'the Active'} lifts it; `mha log` shows who paused."
        super().__init__(f"Publishes and changeovers are paused: {ended(why)}", hint or lifted)


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
        self.reason = reason
        super().__init__(
            f"Revision {short(revision)} is refused: {reason}", "`mha verify` on the peer shows its history."
        )


class ServerProblem(MhaError):
    """A server cannot be added or removed as asked."""
