"""Server keys: files that OpenSSH itself reads, for their account's eyes alone."""

import os
import subprocess
from pathlib import Path

import pytest

from mha.core import cluster
from mha.errors import MhaError
from mha.store import keys


@pytest.fixture(params=[0o000, 0o077, 0o022], ids=["umask 000", "umask 077", "umask 022"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def ssh_keygen(*arguments: str) -> str:
    return subprocess.run(["ssh-keygen", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def test_trap_a_made_key_is_read_by_openssh_and_kept_from_others(tmp_path, umask):
    keys.generate(tmp_path, "fw-a")

    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    kind, material, name = (tmp_path / "key.pub").read_text().split()
    assert (kind, name) == ("ssh-ed25519", "fw-a")
    assert ssh_keygen("-y", "-f", str(tmp_path / "key")).split()[:2] == [kind, material]
    assert cluster.key(f"{kind} {material} {name}") == f"{kind} {material}"
    assert "(ED25519)" in ssh_keygen("-l", "-f", str(tmp_path / "key.pub"))


def test_no_two_keys_are_alike(tmp_path):
    found = set()
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        keys.generate(tmp_path / str(number), "fw-a")
        found.add((tmp_path / str(number) / "key.pub").read_text())
    assert len(found) == 3


def test_a_key_of_openssh_is_adopted(tmp_path, umask):
    source = tmp_path / "id"
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", str(source))

    keys.adopt(tmp_path, "fw-b", source)

    kind, material, _ = (tmp_path / "id.pub").read_text().split(maxsplit=2)
    assert (tmp_path / "key.pub").read_text() == f"{kind} {material} fw-b\n"
    assert ssh_keygen("-y", "-f", str(tmp_path / "key")).split()[:2] == [kind, material]
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "options",
    [("-t", "rsa", "-b", "2048", "-N", ""), ("-t", "ecdsa", "-N", ""), ("-t", "ed25519", "-N", "a passphrase")],
    ids=["rsa", "ecdsa", "with a passphrase"],
)
def test_another_kind_of_key_is_refused_and_nothing_is_left(tmp_path, options):
    source = tmp_path / "id"
    ssh_keygen("-q", *options, "-f", str(source))
    state = tmp_path / "state"
    state.mkdir()
    with pytest.raises(MhaError) as refused:
        keys.adopt(state, "fw-b", source)
    assert str(source) in refused.value.message
    assert "ssh-keygen -t ed25519" in refused.value.hint
    assert os.listdir(state) == []


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, content):
    if content is not None:
        (tmp_path / "id").write_bytes(content)
    with pytest.raises(MhaError):
        keys.adopt(tmp_path, "fw-b", tmp_path / "id")
    assert not (tmp_path / "key").exists()
