"""The entry point: all commands, run once, within the error boundary.

Nothing of mha is imported before Ctrl-C is looked after, so that no moment of the start answers it with a traceback.
"""

import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

MODULES = {  # which commands stand in which module
    "server_commands": ("init", "key", "join", "server"),
    "cluster_commands": ("status", "sync", "promote", "demote", "pause", "resume", "collision", "resolve"),
    "file_commands": ("diff", "publish", "discard", "drafts", "log", "show", "revert"),
    "model_commands": ("validate", "explain", "schema", "where-used", "search", "rename", "rm", "fmt"),
    "backup_commands": ("backup", "restore", "receive"),
    "service_commands": ("verify", "repair", "agent", "serve", "demo"),
}  # fmt: skip
_INTERRUPTED = 130  # as the boundary has it, which is imported when it is needed


def main() -> NoReturn:
    """Run the command line and exit."""
    gc.set_threshold(200_000)  # most of a short command is imports, and those make no garbage
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
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(code)  # at once: no thread that still waits for a peer is waited for, and nothing is taken down with care


def _run(arguments: list[str]) -> Any:
    _prepare_streams()
    match arguments:
        case ["--home", home, "serve", peer] if not peer.startswith("-"):
            # what ssh starts at every contact of a peer: two thirds of the time without all other commands
            from mha.cli import serve

            return serve.over_ssh(serve.opened(home), peer, stated=home)
        case _:
            return commands(_command(arguments))(prog_name="mha", standalone_mode=False)


def commands(wanted: str = "") -> Any:
    """The command line: with the commands of one module where `wanted` is one of them, which is faster; else with all.

    Each module that is imported adds its commands.
    """
    from mha.cli.app import app

    for module in [name for name, words in MODULES.items() if wanted in words] or MODULES:
        import_module(f"mha.cli.{module}")
    return app


def _command(arguments: list[str]) -> str:
    """The command that is typed; empty where that takes more than a glance."""
    match arguments:
        case ["--home", _, word, *_] | [word, *_] if "_MHA_COMPLETE" not in os.environ:
            return word
        case _:
            return ""


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
