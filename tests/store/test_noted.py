"""What is noted of `mha.yaml`: for its head alone, and never in the way."""

import json

import pytest

from mha.core.cluster import Cluster, Role, Server, Settings
from mha.core.names import url
from mha.store import noted
from mha.store.home import create

HEAD = "a" * 40
KNOWN = Cluster(
    "acme",
    {
        "fw-b": Server("fw-b", url("/srv/b"), Role.SECONDARY),
        "fw-a": Server("fw-a", url("ssh://mha@fw-a.example.org:22/srv/a"), Role.PRIMARY, "ssh-ed25519 " + "A" * 68),
    },
    Settings(300, 2),
    ((7, "colour"),),
)


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "fw-a", "fw-a")


def test_what_was_noted_comes_back_whole_and_in_its_order(home):
    noted.note(home, HEAD, KNOWN)

    found = noted.cluster(home, HEAD)

    assert found == KNOWN
    assert list(found.servers) == ["fw-b", "fw-a"]


def test_a_note_counts_for_its_head_and_its_mha_alone(home, monkeypatch):
    noted.note(home, HEAD, KNOWN)

    assert noted.cluster(home, "b" * 40) is None
    monkeypatch.setattr(noted, "__version__", "99.0")
    assert noted.cluster(home, HEAD) is None


@pytest.mark.parametrize(
    "spoilt",
    [None, "", "{}", "[]", "3", "\0", ("servers", [{}]), ("servers", [1]), ("settings", {"a": 1}), ("unknown", 1)],
)
def test_a_note_that_cannot_be_read_is_none(home, spoilt):
    noted.note(home, HEAD, KNOWN)
    path = home.state / "cluster.json"
    match spoilt:
        case None:
            path.unlink()
        case (key, value):
            path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
        case _:
            path.write_text(spoilt)

    assert noted.cluster(home, HEAD) is None


def test_a_note_that_cannot_be_written_is_no_error(home):
    (home.state / "cluster.json").mkdir()

    noted.note(home, HEAD, KNOWN)

    assert noted.cluster(home, HEAD) is None
