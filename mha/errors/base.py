"""What an error is: a message, a hint, and the exit code that its class fixes."""

import errno
from enum import IntEnum


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
