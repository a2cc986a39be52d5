"""Every test runs with a git, a home folder and an environment of its own."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.sshd import Sshd, reason_against_sshd

# A test run in the background has Ctrl-C switched off, and whatever it starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE = Path(__file__).parent.parent / "sample-repo"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write the stories' output as it is now")
    parser.addoption("--full", action="store_true", help="the long profile of tests/reliability, as `nox -s faults`")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After the results, how many cases each fault test ran: what docs/reliability.md quotes."""
    reports = [report for name in ("passed", "failed") for report in terminalreporter.getreports(name)]
    properties = [value for report in reports for name, value in report.user_properties if name == "tally"]
    rows = sorted(tuple(value) for value in properties if isinstance(value, list | tuple))
    if rows:
        terminalreporter.write_sep("=", "faults")
        for what, cases in rows:
            terminalreporter.write_line(f"{cases:>7,}  {what}")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether golden output is to be written instead of compared."""
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture(autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No configuration of this machine or person reaches a test; a home without an explicit path fails loudly."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "MHA_", "SSH_", "SUDO_"))]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MHA_AUTHOR", "Jana Doe <jana@example.org>")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def make_cluster(tmp_path: Path) -> Callable[..., Cluster]:
    """Build clusters of real servers below the test's folder: `make_cluster("fw-a", "fw-b")`."""

    def make(*names: str, source: Path | None = None) -> Cluster:
        return Cluster.build(tmp_path / "cluster", names, source=source)

    return make


@pytest.fixture
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Three servers on one machine, fw-a Active, with a few files."""
    return make_cluster("fw-a", "fw-b", "fw-c")


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of sample-repo/."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "sample"))


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A real sshd on loopback; ends with the test."""
    reason = reason_against_sshd()
    if reason:
        pytest.skip(reason)
    with Sshd.started(tmp_path / "sshd") as server:
        yield server
