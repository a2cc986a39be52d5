"""File systems in a file, whose power can be cut: made, mounted, cut, mounted again, removed.

The cut is the kernel's own ioctl for it, FS_IOC_SHUTDOWN: from that moment on no
byte reaches the device, and what was only in memory is lost. Mounting again
replays the journal, as a boot after a power cut does.
"""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

_FS_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32), linux/fs.h
_MAKE = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-b", "4096"),
    "xfs": ("mkfs.xfs", "-q", "-f"),
}
_MIB = {"ext4": 256, "xfs": 320}  # xfs refuses less than 300; the files are sparse
_MEMORY = Path("/dev/shm")  # a device that waits for no other: what a cut leaves is the file system's doing
_MARK = "TESTS_ON_DISK"  # in the environment of every process that ends with a disk's power
_PATIENCE_SECONDS = 60

KINDS = tuple(_MAKE)


class Cut(IntEnum):
    """What still reaches the device at a power cut."""

    JOURNAL = 1  # SHUTDOWN_FLAGS_LOGFLUSH: what the journal holds in memory is written, file contents are not
    NOTHING = 2  # SHUTDOWN_FLAGS_NOLOGFLUSH


@dataclass
class Disk:
    """One file system of its own, and where it is mounted."""

    kind: str
    image: Path
    folder: Path
    device: str = ""

    @classmethod
    def made(cls, kind: str, image: Path, folder: Path) -> "Disk":
        """A new, empty file system, mounted at `folder`."""
        folder.mkdir(parents=True)
        with image.open("wb") as file:
            file.truncate(_MIB[kind] << 20)
        disk = cls(kind, image, folder)
        try:
            _run(*_MAKE[kind], str(image))
            disk.mount()
        except BaseException:
            disk.remove()
            raise
        if kind == "ext4":
            (folder / "lost+found").rmdir()  # a new home's folder is empty
        return disk

    @property
    def environment(self) -> dict[str, str]:
        """What a process that is to end with this disk's power has in its environment."""
        return {_MARK: str(self.folder)}

    def mount(self) -> None:
        """Mount it; after a cut the kernel replays the journal."""
        self.device = _run("losetup", "--find", "--show", str(self.image)).strip()
        options = ("-o", "nouuid") if self.kind == "xfs" else ()  # the dead one may still be there
        _run("mount", "-t", self.kind, *options, self.device, str(self.folder))

    def cut(self, how: Cut) -> None:
        """Cut the power of the disk and of everything that runs on its machine."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _FS_IOC_SHUTDOWN, struct.pack("I", how))
        finally:
            os.close(descriptor)
        self.end_processes()

    def boot(self) -> None:
        """Mount a copy of what the cut left; the dead one goes once nobody has it open, in no namespace."""
        copy = self.image.with_name(f"{self.image.name}+")
        self.unmount()
        _run("cp", "--sparse=always", str(self.image), str(copy))
        copy.replace(self.image)
        self.mount()

    def unmount(self) -> None:
        """Take it from its folder and its device, at once, whoever still has it open."""
        if _is_mounted(self.folder):
            _run("umount", "--lazy", str(self.folder))
        if self.device:
            _run("losetup", "--detach", self.device)
            self.device = ""

    def end_processes(self) -> None:
        """Kill what runs on this disk's machine, and wait until nothing of it is left."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while found := self._users():
            for process in found:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            assert time.monotonic() < deadline, f"{found} cannot be ended"
            time.sleep(0.01)

    def remove(self) -> None:
        """End what runs on it, give its loop device back, and delete it."""
        self.end_processes()
        self.unmount()
        self.image.unlink(missing_ok=True)

    def _users(self) -> list[int]:
        """The processes that tests started on this disk: marked so, or told of its folder; zombies are gone already."""
        mark, place = os.fsencode(f"{_MARK}={self.folder}\0"), os.fsencode(self.folder)
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) in (os.getpid(), os.getppid()):
                continue
            with suppress(OSError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                receiving = b"mha.cli.serve" in words and any(word.startswith(place) for word in words)
                if receiving or mark in (process / "environ").read_bytes():
                    found.append(int(process.name))
        return found


@contextmanager
def disks(kind: str, root: Path, names: tuple[str, ...]) -> Iterator[dict[str, Disk]]:
    """Some file systems of one kind, mounted at root/NAME; they go with the block, whatever happens in it."""
    with ExitStack() as stack:
        images = Path(tempfile.mkdtemp(prefix="mha-disk-", dir=_MEMORY if _MEMORY.is_dir() else None))
        stack.callback(images.rmdir)
        made = {}
        for name in names:
            made[name] = Disk.made(kind, images / name, root / name)
            stack.callback(made[name].remove)
        yield made


def reason_against_disks(kind: str) -> str | None:
    """Why no such file system can be made here, as a sentence; None where it can."""
    if os.geteuid() != 0:
        return "Mounting a file system needs root."
    for program in ("losetup", "mount", _MAKE[kind][0]):
        if shutil.which(program) is None:
            return f"{program} is missing; `apt install mount e2fsprogs xfsprogs` has it."
    if f"\t{kind}\n" not in Path("/proc/filesystems").read_text():
        return f"This kernel has no {kind}."
    if _tried("losetup", "--find"):
        return "There is no loop device."
    return None


def _is_mounted(folder: Path) -> bool:
    """As the kernel lists it: a dead file system cannot be asked."""
    return any(line.split(" ")[1] == str(folder) for line in Path("/proc/self/mounts").read_text().splitlines())


def _tried(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout
