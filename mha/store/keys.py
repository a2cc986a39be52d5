"""A server's own key: ed25519, in OpenSSH's form."""

import os
from pathlib import Path

from mha.errors import MhaError
from mha.store.files import write_whole


def generate(state: Path, name: str) -> None:
    """Make a server's key pair: `key` for its account's eyes alone, `key.pub` for the peers."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    _store(state, name, Ed25519PrivateKey.generate())


def adopt(state: Path, name: str, source: Path) -> None:
    """Take an existing ed25519 key without a passphrase as the server's own; raises MhaError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(source.read_bytes(), password=None)
    except (OSError, ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise MhaError(
            f"{source} is not a key that can be used: {error}.", "Make one: `ssh-keygen -t ed25519 -N ''`."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MhaError(f"{source} is not an ed25519 key.", "Make one: `ssh-keygen -t ed25519 -N ''`.")
    _store(state, name, key)


def _store(state: Path, name: str, key: object) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    assert isinstance(key, Ed25519PrivateKey)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    write_whole(state / "key", private, mode=0o600)
    os.chmod(state / "key", 0o600)
    write_whole(state / "key.pub", public + f" {name}\n".encode())
