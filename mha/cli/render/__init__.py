"""The only printer: reports become text for people, or JSON for programs.

Answers go to stdout, remarks to stderr. Each function that takes part in a
command's exit code returns it.
"""

from mha.cli.render.cluster import (
    changed_over,
    initialized,
    joined,
    keyed,
    risks,
    servers,
    synced,
    verified,
)
from mha.cli.render.collision import collision
from mha.cli.render.files import difference, discarded, draft, drafts, log, published, restored, server_added, shown
from mha.cli.render.status import status, watched
from mha.cli.render.text import remark

__all__ = [
    "changed_over",
    "collision",
    "difference",
    "discarded",
    "draft",
    "drafts",
    "initialized",
    "joined",
    "keyed",
    "log",
    "published",
    "remark",
    "restored",
    "risks",
    "server_added",
    "servers",
    "shown",
    "status",
    "synced",
    "verified",
    "watched",
]
