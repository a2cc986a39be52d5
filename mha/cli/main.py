"""The entry point: all commands, run once, within the error boundary."""

import os
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from mha.cli import boundary
from mha.errors import ExitCode


def main() -> NoReturn:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = _run(sys.argv[1:]) or int(ExitCode.DONE)
        if code == boundary.INTERRUPTED:  # Typer turns Ctrl-C into this code, and says nothing
            raise KeyboardInterrupt  # noqa: TRY301
    except BaseException as error:  # noqa: BLE001  # the boundary: nothing may pass it unsaid
        code = boundary.exit_code(error)
    _flush()
    if code == boundary.INTERRUPTED:
        os._exit(code)  # now: a thread that still waits for a peer is not waited for
    sys.exit(code)


def _run(arguments: list[str]) -> Any:
    match arguments:
        case ["--home", home, "serve", peer] if not peer.startswith("-"):
            # what ssh starts at every contact of a peer: two thirds of the time without all other commands
            from mha.cli import serve

            return serve.over_ssh(serve.opened(home), peer)
        case _:
            return commands()(prog_name="mha", standalone_mode=False)


def commands() -> Any:
    """The command line with all its commands."""
    from mha.cli import app, cluster_commands, file_commands, service_commands

    assert {module.app for module in (cluster_commands, file_commands, service_commands)} == {app.app}
    return app.app


def _flush() -> None:
    """Write what is left; a reader that went away is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
