"""A real sshd, on loopback or in a network namespace, with a forced command for each peer's key."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import Server

_TRIES = 5
ROOT = Path(__file__).parent.parent  # whatever sshd starts is the mha that is tested, also where another is installed


def reason_against_sshd() -> str | None:
    """Why no sshd can be started here, or None."""
    if shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin") is None:
        return "no sshd is installed here: apt install openssh-server"
    return None


@dataclass
class Sshd:
    """A running sshd; ended by its own process id."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    address: str = "127.0.0.1"

    @classmethod
    @contextmanager
    def started(
        cls, folder: Path, *, address: str = "127.0.0.1", port: int | None = None, within: Sequence[str] = ()
    ) -> Iterator["Sshd"]:
        """Start one; `within` is what its command line begins with: `ip netns exec NAME`."""
        folder.mkdir(parents=True)
        folder.chmod(0o700)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")], check=True)
        (folder / "authorized_keys").touch(mode=0o600)
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        for _ in range(_TRIES if port is None else 1):
            chosen = port or _free_port()
            with _process(folder, address, chosen, within) as process:
                if _listens(folder / "pid", process):
                    yield cls(folder, chosen, process, address)
                    return
        raise AssertionError(f"sshd did not start: {(folder / 'log').read_text()}")

    def logins(self) -> int:
        """How many connections were let in until now."""
        return (self.folder / "log").read_text().count("Accepted publickey")

    def url(self, path: Path) -> str:
        """The address of a home through this sshd."""
        return f"ssh://{pwd.getpwuid(os.getuid()).pw_name}@{self.address}:{self.port}{path}"

    def allow(self, name: str, public_key: str, home: Path) -> None:
        """Let a peer's key do what `mha serve` allows in one home, as the documentation says to."""
        program = Path(sys.executable).with_name("mha")  # as administrators name it
        command = f"{program} --home {home} serve {name}"
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f'restrict,command="{command}" {public_key} {name}\n')

    def known_hosts_line(self) -> str:
        """What a server must know to trust this sshd."""
        key = " ".join((self.folder / "host.pub").read_text().split()[:2])
        where = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        return f"{where} {key}\n"

    def trust(self, *servers: Server) -> None:
        """Make this sshd's host key known to servers."""
        for server in servers:
            (server.path / "mha.git" / "mha" / "known_hosts").write_text(self.known_hosts_line())


@contextmanager
def _process(folder: Path, address: str, port: int, within: Sequence[str]) -> "Iterator[subprocess.Popen[bytes]]":
    (folder / "account").mkdir()  # where no shell finds a file that would run first: some take a tenth of a second
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress {address}\nHostKey {folder}/host\nPidFile {folder}/pid\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nUsePAM no\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        f"MaxStartups 100:30:200\nMaxSessions 100\nLogLevel INFO\nSetEnv HOME={folder}/account PYTHONPATH={ROOT}\n"
    )
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert sshd is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*within, sshd, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    """A port that nobody listens on now; somebody else may be quicker."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _listens(written: Path, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until sshd has written its process id, which it does once it listens; it ends where it cannot."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if written.exists():
            return True
        time.sleep(0.02)
    return False
