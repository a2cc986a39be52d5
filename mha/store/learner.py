"""The process beside an agent that works out what the checks know: one at a time, and none longer than the agent."""

import subprocess
import sys
from pathlib import Path
from typing import Self


class Learner:
    """Starts `mha.learning` for a home."""

    def __init__(self, home: Path) -> None:
        self._command = [sys.executable, "-P", "-m", "mha.learning", str(home)]
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def start(self) -> None:
        """Start the process unless it runs; raises OSError."""
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, start_new_session=True)
