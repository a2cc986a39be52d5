"""Errors about what was typed."""

from collections.abc import Iterable, Sequence

from mha.errors.base import ExitCode, MhaError


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

    def __init__(self, name: str, servers: Iterable[str], *, here: str = "") -> None:
        problem = f"{name} is this server." if name == here else f"No server is named {name}."
        super().__init__(problem, f"The {'others' if name == here else 'servers'} are {', '.join(sorted(servers))}.")


class UnknownCode(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, code: str) -> None:
        super().__init__(f"There is no check {code}.", "`mha explain` lists the codes.")


class UnknownKind(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, name: str, meant: str | None) -> None:
        known = "docs/formats.md lists the kinds; those of a store stand in kinds/."
        hint = f"Did you mean {meant}?" if meant else known
        super().__init__(f"There is no kind {name}.", hint)


class UnknownObject(MhaError):
    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"There is no object {what}.", hint)


class InvalidAddress(MhaError):
    exit_code = ExitCode.USAGE


class InvalidObjectName(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"{name} cannot be the name of an object.", rule)


class AcceptedWithoutReason(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__("What is accepted needs a reason.", "Write --accept CODE --reason 'why'.")


class UnknownRevision(MhaError):
    def __init__(self, text: str, *, too_short: bool = False) -> None:
        hint = "`mha log` lists them: give a number or an id."
        if too_short:
            hint = "Of an id, give four digits or more; `mha log` lists them."
        super().__init__(f"There is no revision {text}.", hint)


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


class NoYamlThere(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is no YAML file of the draft, nor a folder with one.", "Name files in work/.")


class ControlCharacters(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} holds characters that control a terminal.", "Write plain text.")


class NotUtf8(MhaError):
    exit_code = ExitCode.USAGE

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not UTF-8.", "Write it in UTF-8, as the terminal does in a UTF-8 locale.")
