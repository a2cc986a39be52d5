"""What looks like a secret, and what only nearly does."""

import pytest

from mha.core import reader
from mha.core.model import secrets
from tests.conftest import SAMPLE

KEYS = [
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ",
    "-----BEGIN RSA PRIVATE KEY-----",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----",
    "text before -----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----",
    "PuTTY-User-Key-File-3: ssh-ed25519",
    "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQ",
]
HASHES = [
    "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "$2y$10$abcdefghijklmnopqrstuv",
    "$5$rounds=5000$saltsalt$hash",
    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2",
    "root:$6$saltsalt$qFmFH.bQmm:19000:0:99999:7:::",
    "$y$j9T$saltsaltsalt$hashhashhash",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash",
    "$apr1$saltsalt$hashhash",
    "$9$nQ.9uO1SrvM8xIE",
    "$pbkdf2-sha256$29000$saltsalt$hash",
    "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
    "{CRYPT}$6$saltsalt$hash",
]
NOTHING = [
    "vault:vpn/supplier",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKM5FzE7BNgrH7vPnztZ",
    "costs $1$ or $2$",
    "$HOME/bin and ${PATH}",
    "the PRIVATE KEY is in the safe",
    "{SHA}",
    "SHA256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]


@pytest.mark.parametrize("text", KEYS)
def test_a_private_key_is_recognised(text):
    assert secrets.looks_secret(text) == "a private key"


@pytest.mark.parametrize("text", HASHES)
def test_the_hash_of_a_password_is_recognised(text):
    assert secrets.looks_secret(text) == "the hash of a password"


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_secret_is_left_alone(text):
    assert secrets.looks_secret(text) is None


def lines(text):
    return [(problem.line, problem.code) for problem in secrets.problems(text, reader.read(text.encode()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n  b: |\n    -----BEGIN PRIVATE KEY-----\n    MII\n", [(3, "secret")]),
        ("a: 1\nb: {c: [x, '$6$saltsalt$hash']}\n", [(2, "secret")]),
        ("a: 1\n# was $6$saltsalt$hash\n", [(2, "secret")]),
        ('a: 1\nb: "\\x246$saltsalt$hash"\n', [(2, "secret")]),
        ('a: 1\n"\\x246$saltsalt$hash": 2\n', [(2, "secret")]),
        ("a: $6$saltsalt$hash\n---\nb:\n- $1$saltsalt$hash\n", [(1, "secret"), (4, "secret")]),
        ('a: "\\u00e4"\nb: 5\n', []),
    ],
)
def test_a_secret_is_found_wherever_it_stands_in_a_file(text, expected):
    assert lines(text) == expected


def test_the_secret_is_not_repeated():
    text = "a: $6$saltsalt$hash\n"
    [problem] = secrets.problems(text, reader.read(text.encode()))
    assert "saltsalt" not in f"{problem.message}{problem.hint}"


def test_a_flood_of_secrets_is_cut():
    text = "- $6$saltsalt$hash\n" * 40_000
    assert len(secrets.problems(text, [])) == secrets.MAX_PROBLEMS


@pytest.mark.parametrize("path", sorted(SAMPLE.rglob("*.yaml")), ids=lambda path: str(path.relative_to(SAMPLE)))
def test_a_sample_file_holds_none(path):
    text = path.read_text()
    assert secrets.problems(text, reader.read(text.encode())) == []
