"""The entry point: all commands, run once, within the error boundary.

Nothing of mha is imported before Ctrl-C is looked after, so that no moment of the start answers it with a traceback.
"""

import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

_INTERRUPTED = 130  # as the boundary has it, which is imported when it is needed


def main() -> NoReturn:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run(sys.argv[1:]) or 0
        if code == _INTERRUPTED:  # Typer turns Ctrl-C into this code, and says nothing
            raise KeyboardInterrupt  # noqa: TRY301
    except BaseException as error:  # noqa: BLE001  # the boundary: nothing may pass it unsaid
        from mha.cli import boundary

        code = _flushed() or boundary.exit_code(error)
    lost = _flushed()
    code = code or lost
    if code == _INTERRUPTED:
        os._exit(code)  # now: a thread that still waits for a peer is not waited for
    sys.exit(code)


def _run(arguments: list[str]) -> Any:
    _prepare_streams()
    match arguments:
        case ["--home", home, "serve", peer] if not peer.startswith("-"):
            # what ssh starts at every contact of a peer: two thirds of the time without all other commands
            from mha.cli import serve

            return serve.over_ssh(serve.opened(home), peer, stated=home)
        case _:
            return commands()(prog_name="mha", standalone_mode=False)


def commands() -> Any:
    """The command line with all its commands."""
    from mha.cli import app, cluster_commands, file_commands, service_commands

    assert {module.app for module in (cluster_commands, file_commands, service_commands)} == {app.app}
    return app.app


def _prepare_streams() -> None:
    """Let no locale and no closed stream stop an answer."""
    # a closed one is opened on nothing, in the order of their numbers: else the next file would get its number
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115  # it stays open
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _flushed() -> int:
    """Write what is left of the answer; a reader that went away is no error."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again at the end
        from mha.cli import boundary

        return boundary.unanswered(error)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
