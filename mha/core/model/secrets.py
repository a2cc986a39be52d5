"""Secrets: what looks like a private key or the hash of a password.

Rule: a reference such as `vault:vpn/supplier` is no secret. What is published is read on every server and stays in the
history, in a comment as much as in a value.
"""

import re
from collections.abc import Iterator
from itertools import islice

from mha.core.model.problems import Problem
from mha.core.reader import Mapping, Node, Scalar
from mha.core.scalars import line_of

MAX_PROBLEMS = 100  # in a file
_SIGNS = ("$", "PRIVATE KEY", "SECRET-KEY", "PuTTY", "}")  # what has none of these is none
_SECRET = re.compile(
    r"(?P<key>-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{20}|PuTTY-User-Key-File-[23]:)"
    r"|(?P<hash>\$(?:[156789]|y|gy|2[abxy]?|apr1|sha1|md5|argon2(?:id?|d)|scrypt|bcrypt[a-z0-9-]*|pbkdf2[a-z0-9-]*)"
    r"\$[./0-9A-Za-z][./0-9A-Za-z=,$+-]{7}"
    r"|\{(?:SSHA|SHA|SMD5|MD5|CRYPT)(?:256|384|512)?\}[./0-9A-Za-z$+]{8})"
)
_NAMES = {"key": "a private key", "hash": "the hash of a password"}
_HINT = "Take it out, keep it elsewhere, and write where: `vault:vpn/supplier`. Replace it where it is used."


def looks_secret(text: str) -> str | None:
    """What kind of secret a text seems to hold, if any."""
    found = _found(text)
    return None if found is None else _NAMES[str(found.lastgroup)]


def problems(text: str, documents: list[Node]) -> list[Problem]:
    """The secrets in a file, by its text and by what it says once escapes are read."""
    found = dict(islice(_in_text(text), MAX_PROBLEMS))
    if "\\" in text:
        found |= {line: name for node in documents for line, name in _in_node(node)}
    first = sorted(found.items())[:MAX_PROBLEMS]
    return [Problem(line, "secret", f"This looks like {name}.", _HINT) for line, name in first]


def _found(text: str) -> re.Match[str] | None:
    return _SECRET.search(text) if any(sign in text for sign in _SIGNS) else None


def _in_text(text: str) -> Iterator[tuple[int, str]]:
    if _found(text):
        for found in _SECRET.finditer(text):
            yield line_of(text, found.start()), _NAMES[str(found.lastgroup)]


def _in_node(node: Node) -> Iterator[tuple[int, str]]:
    match node:
        case Scalar(value=str(text), line=line):
            if name := looks_secret(text):
                yield line, name
        case Mapping(entries=entries):
            for pair in entries:
                yield from (secret for half in pair for secret in _in_node(half))
        case Scalar():
            return
        case _:
            for item in node.items:
                yield from _in_node(item)
