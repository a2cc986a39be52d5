"""What `mha.yaml` says at the head, noted: to read YAML takes longer than most answers.

Rule: a note counts for the head and the mha that it names, and for no other. One that cannot be read is none.
"""

import json
from contextlib import suppress

from mha import __version__
from mha.core import names
from mha.core.cluster import Cluster, Role, Server, Settings
from mha.errors import MhaError
from mha.store.files import exchange
from mha.store.home import Home

_NAME = "cluster.json"


def cluster(home: Home, head: str) -> Cluster | None:
    """The cluster as it was noted for a head, or None."""
    try:
        found = json.loads((home.state / _NAME).read_text())
        if (found["mha"], found["head"]) != (__version__, head):
            return None
        servers = [Server(s["name"], names.url(s["url"]), Role(s["role"]), s["key"]) for s in found["servers"]]
        unknown = tuple((int(line), str(name)) for line, name in found["unknown"])
        return Cluster(found["name"], {s.name: s for s in servers}, Settings(**found["settings"]), unknown)
    except (OSError, ValueError, KeyError, TypeError, MhaError):
        return None


def note(home: Home, head: str, known: Cluster) -> None:
    """Note what a head's `mha.yaml` says; where that cannot be, it is read again."""
    text = json.dumps(
        {
            "mha": __version__,
            "head": head,
            "name": known.name,
            "servers": [
                {"name": s.name, "url": s.url.text, "role": s.role, "key": s.key} for s in known.servers.values()
            ],
            "settings": {
                "sync_interval_seconds": known.settings.sync_interval_seconds,
                "wait_for": known.settings.wait_for,
            },
            "unknown": known.unknown,
        }
    )
    with suppress(OSError):
        exchange(home.state / _NAME, text.encode(), synced=False)
