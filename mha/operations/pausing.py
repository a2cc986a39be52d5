"""A change freeze: nobody publishes nor changes over until it is lifted. Its beginning and its end are revisions.

Rule: the pause stands in the published `mha.yaml`, so every server that has that revision keeps to it.
"""

from mha.core import record
from mha.operations import servers
from mha.operations import tip as tips
from mha.operations.publication import Published
from mha.operations.tip import require_active
from mha.store import cluster_file
from mha.store.author import Author
from mha.store.home import Home


def pause(home: Home, *, author: Author, reason: str = "") -> Published:
    """Refuse all publishes and changeovers until `resume`; raises Paused where they are refused already."""
    here = tips.tip(home)
    require_active(here, "pause the cluster")
    why = " ".join(record.cleaned(reason, "reason").split()) or "no reason was given"
    text = cluster_file.set_paused(servers.cluster_text(here), why)
    return servers.publish_changed(here, text, f"Pause: {why}", author)


def resume(home: Home, *, author: Author) -> Published:
    """Lift a pause; where there is none, nothing is published."""
    here = tips.tip(home)
    require_active(here, "resume the cluster")
    if not here.cluster.settings.paused:
        return Published(None, None, ())
    text = cluster_file.set_paused(servers.cluster_text(here), None)
    return servers.publish_changed(here, text, f"Resume after: {here.cluster.settings.paused}", author, lifting=True)
