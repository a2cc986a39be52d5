"""What `mha.yaml` says at the head, noted: to read YAML takes longer than most answers.

Rule: a note counts for the head or the file that it names, and for this mha alone. One that cannot be read is none.
"""

import json
from contextlib import suppress
from typing import NamedTuple

from mha import __version__
from mha.core import names
from mha.core.cluster import Cluster, Model, OnIsolated, Role, Server, Settings
from mha.core.model.severity import Severity
from mha.errors import MhaError
from mha.store.files import exchange
from mha.store.home import Home

_NAME = "cluster.json"


class Noted(NamedTuple):
    """A cluster as it was read from the `mha.yaml` of a head."""

    head: str
    file: str  # the id of that `mha.yaml`
    cluster: Cluster


def read(home: Home) -> Noted | None:
    """What was noted last, or None."""
    try:
        found = json.loads((home.state / _NAME).read_text())
        if found["mha"] != __version__:
            return None
        servers = [
            Server(s["name"], names.url(s["url"]), Role(s["role"]), s["key"], s["excluded"]) for s in found["servers"]
        ]
        unknown = tuple((int(line), str(name)) for line, name in found["unknown"])
        severity = {code: Severity(text) for code, text in found["model"]["severity"].items()}
        model = Model(tuple(found["model"]["interpret"]), severity)
        chosen = found["settings"]
        settings = Settings(
            chosen["sync_interval_seconds"], chosen["wait_for"], OnIsolated(chosen["on_isolated"]), chosen["paused"]
        )
        cluster = Cluster(found["name"], {s.name: s for s in servers}, settings, model, unknown)
        return Noted(found["head"], found["file"], cluster)
    except (OSError, ValueError, KeyError, TypeError, MhaError):
        return None


def write(home: Home, noted: Noted) -> None:
    """Note what a head's `mha.yaml` says; where that cannot be, it is read again."""
    known = noted.cluster
    text = json.dumps(
        {
            "mha": __version__,
            "head": noted.head,
            "file": noted.file,
            "name": known.name,
            "servers": [s._asdict() | {"url": s.url.text} for s in known.servers.values()],
            "settings": known.settings._asdict(),
            "model": {"interpret": known.model.interpret, "severity": dict(known.model.severity)},
            "unknown": known.unknown,
        }
    )
    with suppress(OSError):
        exchange(home.state / _NAME, text.encode(), synced=False)
