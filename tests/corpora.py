"""Histories that nobody here wrote: `TESTS_CORPORA=DIR pytest ...` names a folder of git bundles with a branch main.

Without it, the folder shared/corpora beside the project is looked at. Where there is none, the tests over them say so,
and run over sample-repo/ alone.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pygit2

ROOT = Path(__file__).parent.parent
# looked up before a test is given an environment of its own
FOLDER = Path(os.environ.get("TESTS_CORPORA", ROOT.parent / "shared" / "corpora"))
SAMPLE = ROOT / "sample-repo"
ABSENT = f"there are no git bundles with YAML files in {FOLDER}; TESTS_CORPORA names another folder"


def bundle(name: str) -> Path | None:
    """The bundle of one history, if it is here."""
    return next((found for found in bundles() if found.stem == name), None)


def bundles() -> list[Path]:
    """All histories that are here."""
    return sorted(FOLDER.glob("*.bundle"))


def sample() -> list[tuple[str, bytes]]:
    """The YAML files of sample-repo/, by path."""
    return [(str(path.relative_to(SAMPLE)), path.read_bytes()) for path in sorted(SAMPLE.rglob("*.yaml"))]


def files(bundle: Path, scratch: Path) -> Iterator[tuple[str, bytes]]:
    """The files of a bundle's last revision, by path."""
    clone = scratch / bundle.stem
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(clone)], check=True, stderr=subprocess.DEVNULL)
    done = subprocess.run(["git", "-C", str(clone), "archive", "main"], check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read()


def contents(bundle: Path, scratch: Path) -> Iterator[tuple[str, bytes]]:
    """Each content that a YAML file of a bundle's history ever had, with one of its paths."""
    clone = scratch / bundle.stem
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(clone)], check=True, stderr=subprocess.DEVNULL)
    git = pygit2.Repository(str(clone))
    listed = subprocess.run(["git", "-C", str(clone), "rev-list", "--objects", "main"], check=True, capture_output=True)
    for line in listed.stdout.decode("utf-8", "surrogateescape").splitlines():
        oid, _, path = line.partition(" ")
        if path.endswith((".yaml", ".yml")):
            found = git[oid]
            if isinstance(found, pygit2.Blob):
                yield path, found.data
