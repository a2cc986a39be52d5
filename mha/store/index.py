"""git's index of `work/`: mha's own, and the one that people's git sees.

Rule 1: an index is a cache for finding what may differ. One that is lost or broken
costs time, never an edit.
Rule 2: what somebody typed into git in `work/` (`git add`, `--assume-unchanged`)
hides nothing from mha: it has an index of its own, which then becomes theirs.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from mha.errors import UnreadableDraft
from mha.store import git
from mha.store.files import write_whole

_SETTINGS = {
    "core.fsync": "all,-index",  # rule 1
    "core.untrackedCache": "true",  # folders whose times did not change are not listed again
    "status.showUntrackedFiles": "all",
}
_SPLIT = {"core.splitIndex": "true"}  # what changes is written beside what stays: git's own library cannot read that
_SPLIT_BYTES = 2 << 20  # so it is for large ones: from about 20,000 files on
_OWN, _THEIRS = "mha-index", "index"
_UNREADABLE = "warning: could not open directory '"


class Index(NamedTuple):
    """The indexes of one folder of files, and git's administration of it."""

    administration: Path
    folder: Path

    def candidates(self, *, refresh: bool) -> set[bytes]:
        """The paths that may differ from HEAD; raises UnreadableDraft where not everything could be looked at.

        With `refresh`, for whoever has the home's lock, what was found is noted for the next time.
        """
        status = self._status("--porcelain=v2", "-z", "--no-renames", refresh=refresh)
        return {path for line in status.split(b"\0") if (path := _path_of(line))}

    def ignored(self) -> list[str]:
        """The files that git ignores, and that so belong to no draft; raises UnreadableDraft."""
        status = self._status("--porcelain", "-z", "--ignored=matching", refresh=False)
        return [os.fsdecode(line[3:]) for line in status.split(b"\0") if line.startswith(b"!! ")]

    def fill(self) -> None:
        """Write the files of HEAD into the folder, which is empty."""
        git.checked("fill work/", *git.SIDE_BY_SIDE, "read-tree", "-m", "-u", "HEAD", env=self._environment())
        self._show()

    @contextmanager
    def following(self, oid: str, paths: Iterable[bytes]) -> Iterator[None]:
        """Make a revision HEAD, and note the paths that it changed, while the block runs, which has no use for them."""
        self._require()
        arguments = ("update-index", "-z", "--add", "--remove", "--stdin")
        listed = b"".join(path + b"\0" for path in paths)
        with git.beside(*arguments, stdin=listed, env=self._environment(refresh=True)) as ended:
            yield
            done = ended()
        write_whole(self.administration / "HEAD", f"{oid}\n".encode())
        if done.code != 0:
            self._make_anew()
        else:
            self._show()

    def head(self) -> str | None:
        """The commit at HEAD, as git reads it; None where there is none."""
        done = git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", env=self._environment())
        return done.out.decode("ascii").strip() or None

    def _status(self, *arguments: str, refresh: bool) -> bytes:
        self._require()
        done = git.run("status", *arguments, env=self._environment(refresh=refresh))
        if done.code != 0 and refresh:  # a full disk takes no note
            done = git.run("status", *arguments, env=self._environment())
        if done.code != 0:
            self._make_anew()
            done = git.run("status", *arguments, env=self._environment())
        if done.code != 0:
            raise git.failure("look at work/", done, self.administration)
        if _UNREADABLE in done.err:
            raise UnreadableDraft(done.err.partition(_UNREADABLE)[2].partition("'")[0])
        return done.out

    def _require(self) -> None:
        if not (self.administration / _OWN).exists():
            self._make_anew()

    def _make_anew(self) -> None:
        for path in (self.administration / _OWN, *self._shared()):
            path.unlink(missing_ok=True)
        git.checked("make the index of work/ anew", "read-tree", "HEAD", env=self._environment(refresh=True))
        self._show()

    def _show(self) -> None:
        """Let people's git see mha's index: git replaces an index, and never writes into one, so both are one file."""
        own, theirs, scratch = (self.administration / name for name in (_OWN, _THEIRS, f".{_THEIRS}.{os.getpid()}"))
        scratch.unlink(missing_ok=True)
        try:
            os.link(own, scratch)
        except OSError:  # a file system without hard links
            scratch.write_bytes(own.read_bytes())
        scratch.replace(theirs)
        scratch.unlink(missing_ok=True)  # where both were one file before, a rename does nothing

    def _environment(self, *, refresh: bool = False) -> dict[str, str]:
        return {
            "GIT_DIR": str(self.administration),
            "GIT_WORK_TREE": str(self.folder),
            "GIT_INDEX_FILE": str(self.administration / _OWN),
            "GIT_OPTIONAL_LOCKS": str(int(refresh)),
            **git.settings(_SETTINGS | (_SPLIT if self._is_large() else {})),
        }

    def _is_large(self) -> bool:
        own = self.administration / _OWN
        return (own.exists() and own.stat().st_size > _SPLIT_BYTES) or bool(self._shared())

    def _shared(self) -> list[Path]:
        """What a split index shares with those before it."""
        return list(self.administration.glob("sharedindex.*"))


def _path_of(line: bytes) -> bytes | None:
    """The path of one line of `git status --porcelain=v2`; the number of fields before it is part of the format."""
    match line[:1]:
        case b"1":
            return line.split(b" ", 8)[8]
        case b"u":
            return line.split(b" ", 10)[10]
        case b"?":
            return line[2:]
        case _:
            return None
