"""What a refused command must leave as it was, and what it must have said."""

import subprocess

from tests.cluster import Server, files_below


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
