"""Processes of this machine, as the kernel lists them."""

from pathlib import Path


def state(process: str) -> str:
    """The kernel's letter for how a process is: T if it was stopped, Z if it is dead; empty if there is none.

    One that is dead stays listed until its parent asks, and some parents never do.
    """
    try:
        status = Path(f"/proc/{int(process)}/stat").read_text(encoding="utf-8", errors="replace")
    except (ValueError, OSError):
        return ""
    return status.rpartition(")")[2].split()[0]
