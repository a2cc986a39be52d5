"""What is noted of `mha.yaml`: for its head alone, and never in the way."""

import json

import pytest

from mha.core.cluster import Cluster, Model, OnIsolated, Role, Server, Settings
from mha.core.model.severity import Severity
from mha.core.names import url
from mha.store import noted
from mha.store.home import create
from mha.store.noted import Noted

KNOWN = Cluster(
    "acme",
    {
        "fw-b": Server("fw-b", url("/srv/b"), Role.SECONDARY),
        "fw-a": Server("fw-a", url("ssh://mha@fw-a.example.org:22/srv/a"), Role.PRIMARY, "ssh-ed25519 " + "A" * 68),
    },
    Settings(300, 2, OnIsolated.REFUSE, "the audit"),
    Model(("objects/**",), {"unused": Severity.ERROR}),
    ((7, "colour"),),
)
NOTED = Noted("a" * 40, "b" * 40, KNOWN)


@pytest.fixture
def home(tmp_path):
    return create(tmp_path / "fw-a", "fw-a")


def test_what_was_noted_comes_back_whole_and_in_its_order(home):
    noted.write(home, NOTED)

    found = noted.read(home)

    assert found == NOTED
    assert list(found.cluster.servers) == ["fw-b", "fw-a"]


def test_a_note_counts_for_its_mha_alone(home, monkeypatch):
    noted.write(home, NOTED)

    monkeypatch.setattr(noted, "__version__", "99.0")
    assert noted.read(home) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        "",
        "{}",
        "[]",
        "3",
        "\0",
        ("servers", [{}]),
        ("servers", [1]),
        ("settings", {"a": 1}),
        ("unknown", 1),
        ("model", 1),
    ],
)
def test_a_note_that_cannot_be_read_is_none(home, spoilt):
    noted.write(home, NOTED)
    path = home.state / "cluster.json"
    match spoilt:
        case None:
            path.unlink()
        case (key, value):
            path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
        case _:
            path.write_text(spoilt)

    assert noted.read(home) is None


def test_a_note_that_cannot_be_written_is_no_error(home):
    (home.state / "cluster.json").mkdir()

    noted.write(home, NOTED)

    assert noted.read(home) is None
