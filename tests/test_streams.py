"""Where an answer goes: any locale, closed and full streams, a reader that goes away, and Ctrl-C at the very start."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mha.errors import ExitCode
from tests.cluster import Cluster, Server
from tests.trouble import HOSTS

MHA = f"{shlex.quote(sys.executable)} -m mha"


@pytest.fixture
def active(make_cluster: Callable[..., Cluster]) -> Server:
    server: Server = make_cluster("fw-a")["fw-a"]
    return server


def typed(server: Server, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell makes of a line in which `mha` stands for the program."""
    command = line.replace("mha ", f"{MHA} --home {shlex.quote(str(server.path))} ")
    env = dict(os.environ) | {"PYTHONUNBUFFERED": ""} | env
    return subprocess.run(["bash", "-c", command], env=env, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize(
    ("coding", "shown"),
    [("iso-8859-1", b"Caf\xe9 \\u20ac"), ("ascii", b"Caf\\xe9 \\u20ac"), ("utf-8", "Café €".encode())],
)
def test_a_locale_that_lacks_a_character_shows_its_number(active, coding, shown):
    active.publish_edit(HOSTS, "hosts: {}\n", "Café €")

    text = typed(active, "mha log -n 1", PYTHONIOENCODING=f"{coding}:strict")
    parsed = typed(active, "mha log -n 1 --json", PYTHONIOENCODING=f"{coding}:strict")

    assert (text.returncode, text.stderr) == (0, b"")
    assert text.stdout.rstrip().endswith(shown)
    assert json.loads(parsed.stdout)[0]["message"] == "Café €"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["mha log > /dev/full", "mha publish -m x > /dev/full"])
def test_an_answer_that_cannot_be_written_is_an_error_and_no_traceback(active, line, unbuffered):
    active.edit(HOSTS, "hosts: {}\n")

    done = typed(active, line, PYTHONUNBUFFERED=unbuffered)

    assert done.returncode == ExitCode.ERROR
    assert done.stderr.decode().splitlines() == [
        "Error: The answer could not be written: No space left on device.",
        "Hint: What the command did stands: `mha status` shows it.",
    ]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_nothing(active, closed):
    active.edit(HOSTS, "hosts: {}\n")

    done = typed(active, f"mha publish -m x {closed}")

    assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")
    assert active.record.revision == 2


def test_a_reader_that_has_seen_enough_is_no_error(active):
    done = typed(active, "mha status --watch | head -3; exit ${PIPESTATUS[0]}")

    assert (done.returncode, done.stderr) == (ExitCode.DONE, b"")


def test_remarks_stand_behind_the_answer_that_they_are_about(make_cluster):
    cluster = make_cluster("fw-a", "fw-b")
    cluster.isolate("fw-a")
    cluster["fw-a"].edit(HOSTS, "hosts: {}\n")

    lines = typed(cluster["fw-a"], "mha publish -m x 2>&1").stdout.decode().splitlines()

    assert [line.split()[0] for line in lines] == ["Published", "M", "host", "host", "WARNING:", "If", "Warning:"]


INTERRUPTED_AT_IMPORT = """
import os, signal, sys
class Pressing:
    def find_spec(self, name, *_):
        if name == {name!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Pressing())
sys.argv = ["mha", "log"]
from mha.cli.main import main
main()
"""


@pytest.mark.parametrize("name", ["mha.errors", "mha.cli.app", "typer"])
def test_ctrl_c_while_mha_is_loaded_ends_it_as_always(tmp_path: Path, name):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_IMPORT.format(name=name)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 130
    assert done.stderr == "Error: Interrupted.\nHint: `mha status` shows how things stand.\n"
