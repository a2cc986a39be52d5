"""Files that nobody here wrote: `MHA_CORPORA=DIR pytest ...` names a folder of git bundles, each with a branch main.

Where it is not set, the tests over them say so, and run over sample-repo/ alone.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

ENVIRONMENT = "MHA_CORPORA"
FOLDER = os.environ.get(ENVIRONMENT)  # looked up before a test is given an environment of its own
SAMPLE = Path(__file__).parent.parent / "sample-repo"
ABSENT = f"{ENVIRONMENT} names no folder of git bundles with YAML files"


def bundles() -> list[Path]:
    return sorted(Path(FOLDER).glob("*.bundle")) if FOLDER else []


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
