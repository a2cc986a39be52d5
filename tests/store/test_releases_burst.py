"""After a burst of publishes, which leaves a folder each because readers may still be in them."""

import json

from mha.store import releases
from tests.cluster import Server


def age(server: Server) -> None:
    """Let the grace of every folder that was current be over."""
    file = server.home.state / "releases.json"
    notes = json.loads(file.read_text())
    file.write_text(json.dumps([{**note, "seconds": note["seconds"] - releases.GRACE_SECONDS} for note in notes]))


def test_the_folders_of_a_burst_go_one_with_each_later_publish_down_to_the_pool(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    for n in range(11):
        server.publish_edit("objects/hosts.yaml", f"hosts: {{web-{n}: 10.0.0.1}}\n")
    counts = [len(releases.folders(server.home))]
    for n in range(6):
        age(server)
        server.publish_edit("objects/hosts.yaml", f"hosts: {{db-{n}: 10.0.0.1}}\n")
        counts.append(len(releases.folders(server.home)))
    assert counts == [12, 11, 10, 9, 9, 9, 9]
    assert server.served()["objects/hosts.yaml"] == b"hosts: {db-5: 10.0.0.1}\n"
