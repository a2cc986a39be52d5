"""The receiving side: what ssh starts for a peer, and what a push to a path starts.

`python -m mha.cli.serve SENDER PATH` is git's receive-pack for a path;
`mha serve PEER` is the forced command of a peer's ssh key.
"""

import os
import signal
import sys
from pathlib import Path

from mha.cli import boundary
from mha.errors import MhaError
from mha.store import git
from mha.store.home import Home, open_home


def opened(path: str) -> Home:
    """The home that a peer is answered for."""
    home = open_home(Path(path))
    git.require_version(home.git_noted)
    return home


def over_ssh(home: Home, peer: str, *, stated: str) -> int:
    """Answer the one command that ssh was asked for; returns the exit code.

    `stated` is the home's path as the forced command has it: peers may know it by a symbolic link.
    """
    from mha.core.reception import Command
    from mha.operations import answering

    answering.require_listed(home, peer)
    match answering.wanted_command(home, os.environ.get("SSH_ORIGINAL_COMMAND", ""), stated=stated):
        case Command.SEND:
            return answering.send(home)
        case Command.RECEIVE:
            return _receive(home, peer)
        case _:
            raise MhaError(
                "This key is for synchronization only.",
                "A peer may fetch from this home and push to it, and nothing else.",
            )


def main() -> None:
    """Take a push to a path; git gives the repository as the last argument."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        sender, repository = sys.argv[1:]
        from mha.operations import answering

        home = opened(str(Path(repository).parent))
        answering.require_listed(home, sender)
        code = _receive(home, sender)
    except BaseException as error:  # noqa: BLE001  # the boundary: nothing may pass it unsaid
        code = boundary.exit_code(error)
    sys.exit(code)


def _receive(home: Home, sender: str) -> int:
    from mha.operations import receiving

    code, settled = receiving.receive(home, sender)
    if settled.kept_draft is not None:
        _say(f"{home.name} is a Standby now; its draft is kept as draft {settled.kept_draft}.")
    if settled.put_aside is not None:
        _say(f"{home.name} put aside files that no draft can hold, in {settled.put_aside}.")
    if (outcome := receiving.outcome(home)) is not None:
        _say(outcome)
    return code


def _say(text: str) -> None:
    """Write a line in one piece: git on the other side writes to the same place, and would get between line and end."""
    os.write(sys.stderr.fileno(), f"{text}\n".encode())


if __name__ == "__main__":
    main()
