"""Loose objects that were cut short: libgit2's own reader would never come back."""

import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import sys
from pathlib import Path
from mha.errors import StoreDamaged
from mha.store import trees
from mha.store.repository import Repository
repository = Repository(Path(sys.argv[1]))
try:
    head = repository.head()
    print([trees.read(repository, blob) for _, blob in trees.files(repository, repository.commit(head).tree)])
except StoreDamaged as error:
    print(error.message)
"""


def object_file(repository: Path, revision: str) -> Path:
    done = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", revision], check=True, capture_output=True, text=True
    )
    return repository / "objects" / done.stdout[:2] / done.stdout[2:].strip()


@pytest.mark.parametrize("what", ["main", "main^{tree}", "main:policies", "main:policies/main.yaml"])
@pytest.mark.parametrize("left", [10, 0.5, -3], ids=["ten bytes", "half", "all but three bytes"])
def test_an_object_that_was_cut_short_is_damage_and_not_an_endless_loop(make_cluster, what, left):
    server = make_cluster("fw-a")["fw-a"]
    server.publish_edit("policies/main.yaml", "kind: layer\nname: main\nrules: []\n")
    path = object_file(server.home.git_dir, what)
    whole = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(whole[: int(len(whole) * left) if isinstance(left, float) else left])
    done = subprocess.run(
        [sys.executable, "-c", READ, str(server.home.git_dir)], check=True, capture_output=True, text=True, timeout=20
    )
    assert "This home's store is damaged" in done.stdout
    assert server.mha("verify", "--deep", timeout=20).returncode == 1
