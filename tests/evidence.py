"""What a refused command must leave as it was, and what it must have said."""

import os
import subprocess
from pathlib import Path

from mha.operations import verification
from tests.cluster import Server, files_below
from tests.trouble import wait_for


def everything(*servers: Server) -> dict[str, object]:
    """All that a refused command must leave as it was: references, the draft, what is served."""
    return {
        str(server.path): (
            server.home.repository.refs("refs/"),
            files_below(server.path / "work") if (server.path / "work").exists() else None,
            server.served(),
        )
        for server in servers
    }


def ended(done: "subprocess.CompletedProcess[str]") -> tuple[int, str, str]:
    """How a command ended, and all that it said."""
    return done.returncode, done.stdout, done.stderr


def refusal(code: int, error: str, hint: str) -> tuple[int, str, str]:
    """How a command ends that was refused, and all that it says."""
    return code, "", f"Error: {error}\nHint: {hint}\n"


def left_running(server: Server) -> list[str]:
    """The commands of processes that still work for a server's home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and os.fsencode(server.home.git_dir) in command + environment:
            found.append(command.decode())
    return found


def sound(server: Server) -> bool:
    """Whether nothing was left behind: no lock file, no half-written file, no process, nothing damaged."""
    found = verification.verify(server.home, deep=True).findings
    assert {finding.about for finding in found} <= {"leftovers"}  # a git that was killed may leave its quarantine
    assert not found or verification.repair(server.home).findings == ()
    wait_for(lambda: left_running(server) == [])  # what was killed is gone a moment later
    return True
