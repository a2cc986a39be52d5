"""A server's home: what lies where, and what it remembers locally.

HOME/mha.git/       bare repository: the truth; mha.git/mha/ holds local state
HOME/current        -> releases/<id>: the published revision, for every reader
HOME/releases/      read-only folders, one a revision
HOME/work/          the draft; on the Active only
"""

import json
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mha.core import names
from mha.errors import HomeNotEmpty, HomeOfAnother, NewerFormat, NoHome, StoreDamaged
from mha.ids import is_id
from mha.store import git, glance
from mha.store.files import exchange, remove_tree, sync_file_system, sync_folder, write_whole

if TYPE_CHECKING:  # a peer that only asks is answered without them
    from mha.core.standing import Memory
    from mha.store.repository import Repository

FORMAT = 1
HOOKS = ("pre-receive", "reference-transaction")

CONFIGURATION = """\
[core]
\trepositoryFormatVersion = 0
\tbare = true
\tfileMode = true
\tsymlinks = true
\tignoreCase = false
\tprecomposeUnicode = false
\tautoCrlf = false
\tquotePath = false
\tfsmonitor = false
\tfsync = all
\tfsyncMethod = fsync
\texcludesFile = /dev/null
\tattributesFile = /dev/null
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tfsckObjects = true
\tdenyDeletes = true
\tdenyNonFastForwards = true
\tdenyCurrentBranch = ignore
\tautogc = false
\thideRefs = refs/mha
\thideRefs = !refs/mha/keep
[uploadpack]
\thideRefs = refs/mha/drafts
\thideRefs = refs/mha/offered
[fetch]
\tfsckObjects = true
"""
FAULTS = {  # found by git's check, and no reason to refuse a push: old histories have some, mha has no use for others
    "warn": ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone"),
    "ignore": (
        "gitmodulesBlob", "gitmodulesLarge", "gitmodulesMissing", "gitmodulesName", "gitmodulesParse", "gitmodulesPath",
        "gitmodulesSymlink", "gitmodulesUpdate", "gitmodulesUrl", "gitattributesBlob", "gitattributesLarge",
        "gitattributesLineLength", "gitattributesMissing", "gitattributesSymlink",
    ),
}  # fmt: skip
CONFIGURATION += "".join(
    f"[{section}]\n" + "".join(f"\t{fault} = {level}\n" for level, faults in FAULTS.items() for fault in faults)
    for section in ("fsck", 'receive "fsck"', 'fetch "fsck"')
)
# In-tree attributes must not change a byte of what is published: these come last and undo them.
ATTRIBUTES = "* -text !eol !filter !ident !working-tree-encoding !export-ignore !export-subst\n"
_ADDITIONS = {  # what an administrator may set: section and key as libgit2 has them, and the key as git writes it
    "url": {"insteadof": "insteadOf", "pushinsteadof": "pushInsteadOf"},
    "user": {"name": "name", "email": "email"},
}
IGNORED = "*~\n.*.sw?\n.#*\n#*#\n.DS_Store\n"  # what editors leave behind


class Home:
    """One server: its folder and its name."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @cached_property
    def repository(self) -> "Repository":
        """The bare repository, opened at first use."""
        from mha.store.repository import Repository

        return Repository(self.git_dir)

    @property
    def git_dir(self) -> Path:
        return self.path / "mha.git"

    @property
    def state(self) -> Path:
        """Local state: the name, the key, what was last seen of the peers."""
        return self.git_dir / "mha"

    @property
    def git_noted(self) -> Path:
        """Where the git that is known to be new enough is noted."""
        return self.state / "git"

    @property
    def work(self) -> Path:
        return self.path / "work"

    @property
    def current(self) -> Path:
        return self.path / "current"

    @property
    def releases(self) -> Path:
        return self.path / "releases"

    def introduction(self) -> str | None:
        """The id of the cluster's first revision, pinned when this server was made or joined; raises StoreDamaged."""
        path = self.state / "introduction"
        found = path.read_text("latin-1").strip() if path.exists() else None
        if found is not None and not is_id(found):
            raise StoreDamaged("mha.git/mha/introduction holds no id.")
        return found

    def pin_introduction(self, oid: str) -> None:
        """Remember which cluster this server belongs to."""
        write_whole(self.state / "introduction", f"{oid}\n".encode())

    def note_restored(self, moment: str) -> None:
        """Remember that this home came from a backup, and what the others published since is not known."""
        write_whole(self.state / "restored", f"{moment}\n".encode())

    def restored(self) -> str | None:
        """When this home came from a backup (ISO), if it has not compared itself with a peer since; else None."""
        try:
            return (self.state / "restored").read_text("latin-1").strip()
        except FileNotFoundError:
            return None

    def compared(self) -> None:
        """Forget that this home came from a backup: a peer has told its head."""
        (self.state / "restored").unlink(missing_ok=True)

    def public_key(self) -> str:
        """This server's public key, as one line in OpenSSH's form without a comment."""
        return " ".join((self.state / "key.pub").read_text().split()[:2])

    def memory(self, peer: str) -> "Memory":
        """What was last seen of a peer; nothing where the note is missing or unreadable."""
        from mha.core.standing import Memory

        try:
            found = json.loads((self.state / "contacts" / f"{peer}.json").read_text())
            return Memory(**{name: found[name] for name in Memory._fields})
        except (OSError, ValueError, KeyError, TypeError):
            return Memory()

    def remember(self, peer: str, memory: "Memory") -> None:
        """Note what was seen of a peer. A note that cannot be written is lost: it is shown, never decided by."""
        try:
            (self.state / "contacts").mkdir(exist_ok=True)
            exchange(self.state / "contacts" / f"{peer}.json", json.dumps(memory._asdict()).encode())
        except OSError:
            return

    def remembered(self) -> list[tuple[str, str]]:
        """Name and address of each peer that ever answered; for when mha.yaml cannot be read."""
        names = sorted(path.stem for path in (self.state / "contacts").glob("*.json"))
        return [(name, url) for name in names if (url := self.memory(name).url)]

    def forget(self, peer: str) -> None:
        """Drop what was seen of a peer that is no longer one."""
        (self.state / "contacts" / f"{peer}.json").unlink(missing_ok=True)


def locate(stated: Path | None, start: Path, *, mending: bool = False) -> Home:
    """The home that was named, by itself or by a folder in it, or the one that contains `start`; raises NoHome.

    `mending`: the note of its server's name is written again first, if it is lost.
    """
    found = _named(stated) if stated is not None else glance.containing(start)
    if found is None:
        raise NoHome(str(start))
    if mending:
        _restore_name(found)
    return open_home(found)


def _named(path: Path) -> Path:
    """The home that contains a folder which is none itself; else the path as it is, which whoever opens it judges."""
    if not os.path.isdir(path) or os.path.lexists(path / "mha.git"):
        return path
    return glance.containing(path.absolute()) or path


def open_home(path: Path) -> Home:
    """The home at `path`; raises NoHome, HomeOfAnother, NewerFormat, StoreDamaged."""
    state = path / "mha.git" / "mha"
    try:
        name = _read_name(path)
        found = int((state / "format").read_text())
    except PermissionError as error:
        raise HomeOfAnother(str(path)) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoHome(str(path)) from error
    except ValueError as error:
        raise StoreDamaged(f"{state / 'format'} is not a number.") from error
    if os.geteuid() != state.stat().st_uid:  # root too: what it wrote, the account could not touch
        raise HomeOfAnother(str(path))
    if found > FORMAT:
        raise NewerFormat(str(path), found, FORMAT)
    if not names.is_name(name):
        raise StoreDamaged("mha.git/mha/name holds no server's name.")
    return Home(path.resolve(), name)


def _read_name(path: Path) -> str:
    return (path / "mha.git" / "mha" / "name").read_text("latin-1").strip()


def _restore_name(path: Path) -> None:
    """Write a server's name again where the note of it is damaged; a reference tells it as well."""
    try:
        damaged = not names.is_name(_read_name(path))
    except OSError:
        return
    from mha.store.repository import SERVER, Repository

    known = list(Repository(path / "mha.git").refs(SERVER)) if damaged else []
    if len(known) == 1:
        write_whole(path / "mha.git" / "mha" / "name", f"{known[0]}\n".encode())


def create(path: Path, name: str, *, prepare: Callable[[Path], None] = lambda _state: None) -> Home:
    """Make the home of a new server, without any revision; raises HomeNotEmpty.

    All is built beside, with what `prepare` puts into the local state, and put in place with one rename: a kill leaves
    a home or none.
    """
    git.require_version()
    path.mkdir(parents=True, exist_ok=True)
    unfinished = [entry for entry in path.iterdir() if entry.name.startswith(".mha-new-")]
    if len(list(path.iterdir())) > len(unfinished):
        raise HomeNotEmpty(str(path))
    for entry in unfinished:
        remove_tree(entry)
    scratch = path / f".mha-new-{os.getpid()}"
    try:
        _fill(scratch, name, place=path.resolve() / "mha.git")
        prepare(scratch / "mha")
    except BaseException:
        remove_tree(scratch)
        raise
    sync_file_system(scratch)  # git's init syncs nothing, and without its HEAD this is no repository
    scratch.rename(path / "mha.git")
    sync_folder(path)
    return Home(path.resolve(), name)


def _fill(scratch: Path, name: str, *, place: Path) -> None:
    git.checked("make a repository", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(scratch))
    (scratch / "mha").mkdir(mode=0o700)
    (scratch / "mha" / "contacts").mkdir()
    write_whole(scratch / "mha" / "name", f"{name}\n".encode())
    write_whole(scratch / "mha" / "format", f"{FORMAT}\n".encode())
    configure(scratch, place=place)


def configure(repository: Path, *, place: Path | None = None) -> None:
    """Write git's configuration and the hooks as this mha wants them; `[url]` and `[user]` of an administrator stay.

    `place` is where the repository will stand, if that is elsewhere.
    """
    for folder in ("info", "hooks"):
        (repository / folder).mkdir(exist_ok=True)
    write_whole(repository / "config", _configuration(repository, place or repository).encode())
    write_whole(repository / "info" / "attributes", ATTRIBUTES.encode())
    write_whole(repository / "info" / "exclude", IGNORED.encode())
    for hook in HOOKS:
        write_whole(repository / "hooks" / hook, hook_text(hook), mode=0o755)


def misconfigured(repository: Path) -> list[str]:
    """The files of git's configuration and hooks that are not as `configure` writes them."""
    wanted = {
        "config": _configuration(repository, repository).encode(),
        "info/attributes": ATTRIBUTES.encode(),
        **{f"hooks/{hook}": hook_text(hook) for hook in HOOKS},
    }
    wrong = [name for name, text in wanted.items() if not _holds(repository / name, text)]
    return wrong + [f"hooks/{hook}" for hook in HOOKS if not os.access(repository / "hooks" / hook, os.X_OK)]


def hook_text(name: str) -> bytes:
    """A hook as the package ships it."""
    from importlib import resources

    return (resources.files("mha.store") / "hooks" / name).read_bytes()


def _configuration(repository: Path, place: Path) -> str:
    # a person's own core.hooksPath must not take the guard away from `main`
    hooks = str(place / "hooks").replace("\\", "\\\\").replace('"', '\\"')
    return f'{CONFIGURATION}[core]\n\thooksPath = "{hooks}"\n{_additions(repository)}'


def _additions(repository: Path) -> str:
    """The part of git's configuration that an administrator keeps for this home alone: `[url]` and `[user]`."""
    from mha.store.libgit import pygit2

    try:
        entries = [(entry.name, entry.value) for entry in pygit2.Config(str(repository / "config"))]
    except (pygit2.GitError, OSError, ValueError):
        return ""
    sections: dict[str, list[str]] = {}
    for name, value in entries:
        section, _, key = name.rpartition(".")
        kind, dot, of = section.partition(".")
        header = f'[{kind} "{_escaped(of)}"]\n' if dot else f"[{kind}]\n"
        if value is not None and bool(dot) == (kind == "url") and key in _ADDITIONS.get(kind, ()):
            sections.setdefault(header, []).append(f"\t{_ADDITIONS[kind][key]} = {_as_git_writes(value)}\n")
    return "".join(header + "".join(lines) for header, lines in sections.items())


def _as_git_writes(value: str) -> str:
    """A value of git's configuration; in quotes where it would be read otherwise without them."""
    plain = value == value.strip() and not any(character in value for character in '#;"\\\n\t')
    return value if plain else f'"{_escaped(value)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False
