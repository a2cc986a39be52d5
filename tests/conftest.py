"""Every test runs with a git, a home folder and an environment of its own."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster, Stock
from tests.sshd import Sshd, reason_against_sshd

# A test run in the background has Ctrl-C switched off, and whatever it starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLE = Path(__file__).parent.parent / "sample-repo"


MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes; the tests need a part of it


def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' folders in memory where there is room: nobody waits for a disk there, and nothing else differs.

    What a disk does when its power goes is the matter of tests/reliability, which makes disks of its own.
    `pytest --basetemp DIR` takes another place.
    """
    if config.option.basetemp is None and _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def _has_room(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC  # git's hooks are started there


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


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Clusters to copy from; one stock for each process that runs tests."""
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture
def make_cluster(stock: Stock, tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """A cluster of real servers on its first day: `make_cluster("fw-a", "fw-b")`; afterwards it lies in `tmp_path`."""

    def make(*names: str, source: Path | None = None) -> Cluster:
        return stock.copy(names) if source is None else Cluster.build(tmp_path / "cluster", names, source=source)

    yield make
    if stock.live.exists():
        stock.live.rename(tmp_path / "cluster")


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount small disks: `tmpfs("4m")`."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        if os.getuid() != 0:
            pytest.skip("only root can mount a disk")
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "mha-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:  # root in a container without CAP_SYS_ADMIN
            pytest.skip(f"this machine lets nobody mount a disk: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


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
