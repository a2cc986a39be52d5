"""Homes in folders that were named by people, and homes that are reached over a symbolic link."""

import pytest

from mha.core.standing import Sync
from mha.operations import servers, setup
from tests.cluster import JANA, Server

pytestmark = pytest.mark.ssh
HOSTS = "objects/hosts.yaml"
NAMES = ["disk 1", "100%h", 'the "new" one', "it's", "back\\slash", "büro"]


@pytest.mark.parametrize("folder", NAMES)
def test_a_home_may_stand_in_any_folder_behind_a_link(make_cluster, sshd, tmp_path, folder):
    active = make_cluster("fw-a")["fw-a"]
    (tmp_path / folder).mkdir()
    (tmp_path / "srv").symlink_to(tmp_path / folder)
    known_as = tmp_path / "srv" / "fw-b"
    setup.key(known_as, name="fw-b")
    standby = Server(known_as)
    sshd.allow("fw-b", standby.home.public_key(), active.path)
    sshd.allow("fw-a", active.home.public_key(), known_as)
    sshd.trust(active, standby)
    servers.add(active.home, name="fw-b", url=sshd.url(known_as), key=standby.home.public_key(), author=JANA)
    setup.join(sshd.url(active.path), known_as, name="fw-b")

    published = active.publish_edit(HOSTS, "hosts: {}\n")
    promoted = standby.promote()

    assert str(standby.home.path).startswith(str(tmp_path.resolve() / folder))
    assert [(peer.sync, peer.detail) for peer in published.peers] == [(Sync.SYNCHRONIZED, "")]
    assert [(peer.sync, peer.detail) for peer in promoted.peers] == [(Sync.SYNCHRONIZED, "")]
    assert active.record.active == "fw-b"
    assert standby.served()[HOSTS] == b"hosts: {}\n"
