"""A server's own key: ed25519, in OpenSSH's form."""

import base64
import os
from pathlib import Path

from mha.errors import MhaError
from mha.store.files import write_whole

OTHER_LISTED = "mha.yaml lists another key for this server than mha.git/mha/key.pub."


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


def fault(state: Path, listed: str | None) -> str:
    """What is wrong with a server's own key, as a sentence; empty where nothing is.

    `listed`: the key that the cluster knows it by.
    """
    private, public = state / "key", state / "key.pub"
    missing = next((path.name for path in (private, public) if not path.is_file()), None)
    if missing:
        return f"mha.git/mha/{missing} is missing: peers know this server by its key."
    if private.stat().st_mode & 0o077:
        return "Others may read mha.git/mha/key: ssh does not use such a key."
    words = public.read_text("utf-8", "replace").split()[:2]
    half = _decoded(words[1]) if len(words) == 2 else b""
    if not half or half not in _decoded("".join(private.read_text("latin-1").splitlines()[1:-1])):
        return "mha.git/mha/key.pub is not the public half of mha.git/mha/key."
    if listed is not None and listed.split()[:2] != words:
        return OTHER_LISTED
    return ""


def protect(state: Path) -> None:
    """Let nobody but the account read a server's key."""
    if (state / "key").is_file():
        os.chmod(state / "key", 0o600)


def _decoded(text: str) -> bytes:
    """Base64 as it stands in keys; OpenSSH's form of a private key holds its public half in the clear."""
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""


def _store(state: Path, name: str, key: object) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    assert isinstance(key, Ed25519PrivateKey)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    write_whole(state / "key", private, mode=0o600)
    os.chmod(state / "key", 0o600)
    write_whole(state / "key.pub", public + f" {name}\n".encode())
