"""Peers in trouble: listed but never joined, or stopped in the middle of a push; and waiting for what must come."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster import Server

HOSTS = "objects/hosts.yaml"
SILENT = (  # what is said of a peer that takes a connection and then is silent: OpenSSH has several words for it
    r"Connection timed out during banner exchange|"
    r"banner exchange: Connection to \S+ port \d+: Connection timed out|"
    r"Connection to \S+ port \d+ timed out|"
    r"no answer within the deadline"  # mha's own word, on a machine that is so busy that ssh comes too late
)


def list_peer(server: Server, name: str, url: str) -> None:
    """List a peer that has not joined, with one publish that asks nobody."""
    draft = server.draft()[HOSTS]
    server.edit(HOSTS, server.served()[HOSTS])
    text = server.served()["mha.yaml"].decode()
    server.edit("mha.yaml", text.replace("settings:", f'  {name}: {{url: "{url}", role: secondary}}\nsettings:', 1))
    server.publish()
    server.edit(HOSTS, draft)


@contextmanager
def stopped_receiver(server: Server) -> Iterator[list[int]]:
    """While the block runs, stop the first process that receives a push for a server, as soon as it appears."""
    stopped: list[int] = []
    ended = threading.Event()

    def watch() -> None:
        while not stopped and not ended.wait(0.002):
            for pid in receivers(server):
                with suppress(ProcessLookupError):  # it has ended since it was seen
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield stopped
    finally:
        ended.set()
        watcher.join()


def receivers(server: Server) -> list[int]:
    """The processes that receive a push for a server now."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"mha.cli.serve" in words and os.fsencode(server.home.git_dir) in words:
            found.append(int(process.name))
    return found


def wait_for(what: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait until something is so: on a busy machine that takes longer, and no test fails because of it."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
