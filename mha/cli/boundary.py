"""The one error boundary: every failure leaves as `Error:`, `Hint:` and an exit code."""

import os
import sys

from mha.errors import AnswerLost, ExitCode, MhaError, sentence

INTERRUPTED = ExitCode.INTERRUPTED


def exit_code(error: BaseException) -> int:
    """Say what went wrong, and return the exit code that stands for it."""
    match error:
        case MhaError():
            return _complain(error.message, error.hint, error.exit_code)
        case KeyboardInterrupt():
            return _interrupted()
        case _ if isinstance(error.__cause__, KeyboardInterrupt):  # Python wraps one that met a class body
            return _interrupted()
        case SystemExit() if isinstance(error.__context__, BrokenPipeError):  # Typer ends so, with a code of its own
            return ExitCode.DONE
        case SystemExit():
            return error.code if isinstance(error.code, int) else int(error.code is not None)
        case BrokenPipeError():
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return ExitCode.DONE
        case OSError():
            return _complain(sentence(error), "See to the disk and its permissions.", ExitCode.ERROR)
        case _:
            return _code_of_typer(error)


def unanswered(error: OSError) -> int:
    """Say that an answer could not be written, where anybody still reads; returns the exit code."""
    if isinstance(error, BrokenPipeError):
        return ExitCode.DONE
    return exit_code(AnswerLost(f"{error.strerror}."))


def _code_of_typer(error: BaseException) -> int:
    """Typer's own ways to end: usage errors and early exits; everything else is a mistake of ours."""
    code = getattr(error, "exit_code", None)
    show = getattr(error, "format_message", None)
    if type(error).__name__ == "NoArgsIsHelpError" and callable(show):
        print(show(), file=sys.stderr)  # noqa: T201
        return int(ExitCode.USAGE)
    if isinstance(code, int) and callable(show):
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "mha"
        hint = f"`{path} --help` shows how it is used."
        if getattr(error, "option_name", None) == "--home":
            hint = f"--home stands before the command: `{path.replace(' ', ' --home HOME ', 1)}`."
        return _complain(str(show()), hint, code)
    if isinstance(code, int):
        return code
    if type(error).__name__ == "Abort":
        return _interrupted()
    if os.environ.get("MHA_DEBUG"):
        raise error
    hint = "This is a mistake in mha. Run it again with MHA_DEBUG=1 and report what it prints."
    return _complain(f"{type(error).__name__}: {error}", hint, ExitCode.ERROR)


def _interrupted() -> int:
    from mha.store import git

    git.end_all()
    return _complain("Interrupted.", "`mha status` shows how things stand.", INTERRUPTED)


def _complain(message: str, hint: str, code: int) -> int:
    from mha.core.changes import escaped

    text = "\n".join(escaped(line) for line in message.split("\n"))
    print(f"Error: {text}", file=sys.stderr)  # noqa: T201  # the boundary speaks for itself
    if hint:
        print(f"Hint: {hint}", file=sys.stderr)  # noqa: T201
    return int(code)
