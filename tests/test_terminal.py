"""What a person at a terminal sees and a pipe does not: colours, progress, a status that renews itself; bad ends."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import Server
from tests.trouble import wait_for

HOSTS = "objects/hosts.yaml"
COLOUR = re.compile(r"\x1b\[\d+m")
CLEARED = "\x1b[2J\x1b[H"  # the whole screen, and back to its beginning
LINE_CLEARED = "\r\x1b[K"


@dataclass
class Terminal:
    """A command on a terminal of its own, and what it has shown there until now."""

    process: "subprocess.Popen[bytes]"
    descriptor: int
    shown: str = ""

    def look(self) -> str:
        """Read what has come since."""
        while select.select([self.descriptor], [], [], 0)[0]:
            try:
                data = os.read(self.descriptor, 65536)
            except OSError:  # how Linux says that nobody is left on the other side
                break
            if not data:
                break
            self.shown += data.decode().replace("\r\n", "\n")
        return self.shown

    def waits_until_it_shows(self, text: str) -> None:
        wait_for(lambda: text in self.look())

    def ended(self) -> str:
        """All that was shown until the command ended by itself."""
        wait_for(lambda: self.look() is not None and self.process.poll() is not None)
        return self.look()


@contextmanager
def terminal(server: Server, *arguments: str, **environment: str) -> Iterator[Terminal]:
    """Run a command whose input and both outputs are a terminal."""
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mha", "--home", str(server.path), *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**inherited, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture
def server(make_cluster) -> Server:
    """An Active with one change in its draft."""
    made: Server = make_cluster("fw-a", "fw-b")["fw-a"]
    made.edit(HOSTS, "hosts: {}\n")
    return made


# Colours


@pytest.mark.parametrize("arguments", [("status",), ("diff",), ("diff", "--lines")])
def test_a_terminal_gets_colours_and_otherwise_the_same_as_a_pipe(server, arguments):
    with terminal(server, *arguments, MHA_NOW="2026-11-23T10:00:00+00:00") as screen:
        shown = screen.ended()

    without = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    piped = server.mha(*arguments, env={**without, "TERM": "xterm", "MHA_NOW": "2026-11-23T10:00:00+00:00"}).stdout
    assert COLOUR.search(shown)
    assert "\x1b" not in piped
    assert re.sub(COLOUR, "", shown).replace(LINE_CLEARED, "") == piped


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(server, environment):
    with terminal(server, "status", **environment) as screen:
        shown = screen.ended()

    assert "Successfully synchronized" in shown
    assert not COLOUR.search(shown)


def test_json_has_no_colours_on_a_terminal_either(server):
    with terminal(server, "status", "--json") as screen:
        shown = screen.ended()

    assert '"message": "Successfully synchronized"' in shown
    assert not COLOUR.search(shown)


# Progress


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "--deep"], r"Verifying: \d+ of \d+"),
        (["sync"], r"Synchronizing: \S.*"),
    ],
    ids=["counted", "lines of git"],
)
def test_progress_is_shown_on_a_terminal_and_removed_again(server, arguments, told):
    without = server.home.repository.refs("refs/heads/")
    if arguments == ["sync"]:
        server.mha("publish", "-m", "x")  # so that fw-b is given something below
        lag(server)

    with terminal(server, *arguments) as screen:
        shown = screen.ended()

    steps = re.findall(rf"\r\x1b\[K({told})", shown)
    assert steps != []
    before, _, answer = shown.rpartition(LINE_CLEARED)
    assert before != ""
    assert "Verifying" not in answer
    assert "Synchronizing" not in answer
    assert answer.strip() != ""
    assert without.keys() == {"main"}


def lag(server: Server) -> None:
    """Publish a revision that fw-b is not given."""
    other = server.path.parent / "fw-b"
    other.rename(other.with_name("away"))
    server.publish_edit(HOSTS, "hosts: {later: 10.0.0.1}\n")
    other.with_name("away").rename(other)


@pytest.mark.parametrize("arguments", [["verify", "--deep"], ["sync"]])
def test_no_progress_goes_into_a_pipe(server, arguments):
    done = server.mha(*arguments)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout


# A status that renews itself


def test_a_watched_status_is_renewed_on_a_cleared_screen_until_ctrl_c(server):
    with terminal(server, "status", "--watch") as screen:
        screen.waits_until_it_shows("1 draft change")
        assert screen.shown.startswith(CLEARED)
        server.edit("objects/more.yaml", "x-a: 1\n")
        screen.waits_until_it_shows("2 draft changes")
        screen.process.send_signal(signal.SIGINT)
        shown = screen.ended()
        code = screen.process.returncode

    assert code == 0
    assert re.search(r"Looked at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; Ctrl-C ends\.", shown)
    assert "Error" not in shown
    screens = shown.split(CLEARED)[1:]
    assert len(screens) >= 2
    assert all("SERVER" in one and one.count("Next: ") == 1 for one in screens[:-1])


def test_a_watched_status_in_a_pipe_clears_no_screen(server):
    command = [sys.executable, "-m", "mha", "--home", str(server.path), "status", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while sum(line.startswith("Next: ") for line in lines) < 2:
            lines.append(process.stdout.readline())
        process.terminate()
    assert "\x1b" not in "".join(lines)
    assert lines[0] == "acme: Successfully synchronized\n"


# Bad ends


def test_a_reader_that_has_seen_enough_is_no_error(server):
    """As with `mha log | head -1`; here nobody reads any more when the command begins to write."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "mha", "--home", str(server.path), "log"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_line_of_a_long_answer_can_be_taken_alone(server):
    """The answer is longer than a pipe holds, so that the command is still writing when `head` has gone."""
    server.edit("objects/long.yaml", "".join(f"host-{n}: 10.0.0.1\n" for n in range(20_000)))
    script = f"set -o pipefail; {sys.executable} -m mha --home {server.path} diff --lines | head -n 1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_a_disk_that_is_full_for_the_answer_is_an_error(server):
    command = [sys.executable, "-m", "mha", "--home", str(server.path), "log"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "Error: The answer could not be written: No space left on device.\n"
        "Hint: What the command did stands: `mha status` shows it.\n"
    )


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "<&-", "1>&- 2>&- <&-"])
def test_a_command_without_some_of_its_streams_does_its_work(server, closed):
    script = f"{sys.executable} -m mha --home {server.path} publish -m x {closed}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.record.revision == 3
    assert server.mha("status", "--offline").returncode == 0


def test_an_error_of_the_system_names_the_file(server):
    """A folder stands where the lock's file is."""
    lock = server.home.state / "lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()
    done = server.mha("publish", "-m", "x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: Is a directory ({lock}).\nHint: See to the disk and its permissions.\n"


@pytest.fixture
def mistaken(tmp_path: Path) -> dict[str, str]:
    """An environment in which a library fails as none should."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pygit2.py").write_text("raise ZeroDivisionError('a mistake')\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path / "lib")}


def test_a_mistake_in_mha_is_called_that_without_a_traceback(server, mistaken):
    done = server.mha("status", env=mistaken)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: ZeroDivisionError: a mistake\n"
        "Hint: This is a mistake in mha. Run it again with MHA_DEBUG=1 and report what it prints.\n"
    )


def test_with_mha_debug_a_mistake_shows_where_it_is(server, mistaken):
    done = server.mha("status", env={**mistaken, "MHA_DEBUG": "1"})
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert done.stderr.endswith("ZeroDivisionError: a mistake\n")
    assert 'pygit2.py", line 1' in done.stderr
