"""What a home tells at a glance, without git: for a shell that completes a word and does not want to wait.

Rule: what cannot be read is not there. Nothing here raises, and nothing is decided by it.
"""

import os
import re
from pathlib import Path

from mha.ids import is_id

_DRAFTS = Path("refs") / "mha" / "drafts"
_PACKED = re.compile(r"^[0-9a-f]+ refs/mha/drafts/([0-9]+)$", re.MULTILINE)


def containing(start: Path) -> Path | None:
    """The home that contains a folder, itself included."""
    return next(
        (folder for folder in (start, *start.parents) if os.path.isfile(folder / "mha.git" / "mha" / "name")), None
    )


def server_names(home: Path) -> list[str]:
    """The servers of the cluster, as `current/` has them."""
    from mha.core import cluster, cluster_reader
    from mha.errors import MhaError

    try:
        return sorted(cluster_reader.parse((home / "current" / cluster.FILE).read_bytes()).servers)
    except (OSError, MhaError):
        return []


def own_name(home: Path) -> str:
    """The name of the home's server."""
    try:
        return (home / "mha.git" / "mha" / "name").read_text().strip()
    except (OSError, ValueError):
        return ""


def head(home: Path) -> str | None:
    """The id that `main` holds, where it stands in a file of its own, as it does unless somebody packed it."""
    try:
        found = (home / "mha.git" / "refs" / "heads" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return found if is_id(found) else None


def draft_numbers(home: Path) -> list[str]:
    """The numbers of the kept drafts, the newest first."""
    repository, found = home / "mha.git", set[str]()
    try:
        found |= {path.name for path in (repository / _DRAFTS).glob("[0-9]*") if path.name.isdecimal()}
        found |= set(_PACKED.findall((repository / "packed-refs").read_text()))
    except (OSError, ValueError):
        pass
    return sorted(found, key=int, reverse=True)
