"""The guided tour: tells the story with three real servers in a folder.

Nothing is staged: each command is printed and then run as it stands. Only a link
is cut by other means: git on both sides is given an address that leads nowhere.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mha.cli.render.text import Colour, coloured
from mha.cli.story import SERVERS, STORY, Chapter, Cut, Heal, Run
from mha.errors import HomeNotEmpty, MhaError
from mha.store.files import remove_tree

_NOWHERE = "/cut"


def tell(*, fast: bool, keep: Path | None) -> None:
    """Tell the whole story; raises MhaError where a command does not end as the story says."""
    paused = not fast and sys.stdin.isatty() and sys.stdout.isatty()
    with _stage(keep) as folder:
        _print(f"The servers live in {folder}. Before each command stands the folder in which it is run.")
        for number, chapter in enumerate(STORY, 1):
            if paused:
                input(coloured("\nPress Enter to go on. ", Colour.FAINT))
            _tell_chapter(chapter, number, folder)
        _print(_ending(folder if keep is not None else None))


def sample() -> Path:
    """The folder of example files: shipped in the package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    found = [path for path in (package / "sample-repo", package.parent / "sample-repo") if path.is_dir()]
    if not found:
        raise MhaError("The example files are missing.", "Install mha again: `pip install --force-reinstall mha`.")
    return found[0]


@contextmanager
def _stage(keep: Path | None) -> Iterator[Path]:
    """The story's folder with the example files in it; it goes away afterwards unless it is to be kept."""
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise HomeNotEmpty(str(keep))
        keep.mkdir(parents=True, exist_ok=True)
    folder = keep.resolve() if keep is not None else Path(tempfile.mkdtemp(prefix="mha-demo-")).resolve()
    folder.chmod(0o755)  # what its servers serve is for every account
    try:
        shutil.copytree(sample(), folder / "sample-repo")
        yield folder
    finally:
        if keep is None:
            remove_tree(folder)


def _tell_chapter(chapter: Chapter, number: int, folder: Path) -> None:
    _print("\n" + coloured(f"{number}. {chapter.title}", Colour.STRONG))
    for step in chapter.steps:
        match step:
            case Run():
                _run(step, folder)
            case Cut(server):
                _switch_links(folder, server, on=False)
                _print(f"\n  *** The link of {server} is cut: addresses lead nowhere. ***")
            case Heal(server):
                _switch_links(folder, server, on=True)
                _print(f"\n  *** The link of {server} is healed. ***")
            case text:
                _print(f"\n{text}")


def _run(step: Run, folder: Path) -> None:
    account = _other_account() if step.unprivileged and os.geteuid() == 0 else ""
    if account is None:
        return
    command = account + _filled(step.command, folder)
    place = "" if step.where == "." else step.where
    _print("\n" + coloured(f"{place}$ {command}", Colour.STRONG))
    words = shlex.split(command)
    if words[0] == "mha":
        words[:1] = [sys.executable, "-P", "-m", "mha"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MHA_", "GIT_"))}
    env = {**kept, "MHA_AUTHOR": step.person, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(words, cwd=folder / step.where, env=env, stderr=subprocess.STDOUT, check=False)
    if done.returncode != step.code:
        raise MhaError(
            f"The demo stops: `{command}` ended with exit code {done.returncode} instead of {step.code}.",
            "Run `mha demo --keep DIR` and look into DIR. If nothing there explains it, report it.",
        )


def _other_account() -> str | None:
    """How root runs a command as an account that owns nothing; None where that cannot be done here."""
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if shutil.which(words[0]) is None or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        return None
    return f"{' '.join(words)} "


def _filled(command: str, folder: Path) -> str:
    command = command.replace("{folder}", str(folder))
    if "{first}" in command:
        introduction = folder / SERVERS[0] / "mha.git" / "mha" / "introduction"
        command = command.replace("{first}", introduction.read_text()[:16])
    return command


def _switch_links(folder: Path, server: str, *, on: bool) -> None:
    """Cut or heal the links between one server and all others, in both directions."""
    for other in SERVERS:
        for here, there in ((server, other), (other, server)):
            if server != other:
                section = f"url.{_NOWHERE}/{there}"
                change = ["--remove-section", section] if on else [f"{section}.insteadOf", f"{folder}/{there}"]
                file = str(folder / here / "mha.git" / "config")
                subprocess.run(["git", "config", "--file", file, *change], check=True)


def _ending(kept: Path | None) -> str:
    lines = ["", coloured("Where to go next", Colour.STRONG), ""]
    if kept is None:
        lines += ["The servers are gone again. `mha demo --keep DIR` leaves them in DIR for playing."]
    else:
        lines += [f"The servers are in {kept}. Go into one, and you act on it:"]
        lines += [f"  cd {kept}/fw-a && mha status", f"  cd {kept}/fw-b && mha log"]
        lines += [f"Remove them when you are done: chmod -R u+w {kept} && rm -r {kept}"]
    lines += ["The tutorial of mha does all this step by step; `mha --help` lists every command."]
    return "\n".join(lines)


def _print(text: str) -> None:
    print(text, flush=True)  # what a command prints comes after it, also in a pipe
