"""Receiving: what a peer may do here through `mha serve`.

git's own receive-pack takes the objects into quarantine; its hooks ask back
through two pipes, and this process judges, takes the home's lock, makes what
came durable, and lets `current/` follow. The lock is taken only once all has
arrived, so that a slow peer stops nobody.
"""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from mha.core import reception
from mha.core.changes import escaped
from mha.core.standing import Memory
from mha.errors import MhaError, RefusedHistory
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import Settled, settle
from mha.store import git, leftovers, lock, releases
from mha.store.clock import iso, now
from mha.store.files import sync_file_system
from mha.store.home import Home
from mha.store.repository import MAIN, Repository

_TOLD_SECONDS = 1.0


def receive(home: Home, sender: str) -> tuple[int, Settled]:
    """Take a push on standard input and output, judge it, and let this home follow; returns git's exit code."""
    ask_read, ask_write = os.pipe()
    answer_read, answer_write = os.pipe()
    with ExitStack() as stack:
        questions = stack.enter_context(os.fdopen(ask_read, encoding="utf-8", errors="replace", newline="\n"))
        answers = stack.enter_context(os.fdopen(answer_write, "w", encoding="utf-8"))
        with ExitStack() as ends_of_child:
            ends_of_child.callback(os.close, ask_write)
            ends_of_child.callback(os.close, answer_read)
            end = os.urandom(16).hex()
            env = {"MHA_ASK": str(ask_write), "MHA_ANSWER": str(answer_read), "MHA_END": end}
            lock_file = stack.enter_context(lock.opened(home.git_dir))
            shared = ends_of_child.enter_context(leftovers.arriving(home.git_dir))
            inherited = (ask_write, answer_read, lock_file, shared)
            words = git.receiving(home.git_dir)
            child = stack.enter_context(git.started(*words, env=env, pass_fds=inherited, piped=False, bounded=True))
        locked, offered = _answer_all(home, questions, answers, lock_file, end)
        code = child.wait()
        if locked:  # when the lock was taken, this push was arriving itself
            leftovers.clear(home.git_dir)
        after = Repository(home.git_dir).head()
        if offered is not None and after == offered:
            _remember(home, sender, offered)
        if after is None or releases.is_served(home, after):
            return code, Settled()
        if not locked:  # nothing came, and yet current/ is behind: an earlier receiver was killed
            lock.take(home.git_dir, lock_file)
        return code, settle(home)


def outcome(home: Home) -> str | None:
    """What this server tells a sender at the end: the head and what is served, read anew; None without them."""
    head, current = Repository(home.git_dir).head(), releases.served(home)
    return None if head is None or current is None else reception.outcome(head, current)


def judge(home: Home, quarantine: Path, lines: Sequence[str], *, counted: Counter = uncounted) -> None:
    """Judge a push while its objects are in quarantine; raises the error that the sender is to see."""
    repository = Repository(home.git_dir, quarantine=quarantine)
    introduction, head = home.introduction(), repository.head()
    if introduction is None or head is None:
        raise MhaError(f"{home.name} has not joined a cluster yet.", "Run `mha join` there.")
    if len(lines) > reception.MOST_UPDATES:
        raise MhaError("So many references are not pushed at once by any mha.", "Push main, and nothing else.")
    wanted = reception.updates(lines)
    if wanted is None:
        raise MhaError("What git lists is not understood.", "A name of a reference is none, or git is too old.")
    for update in wanted:
        complaint = reception.refusal(update)
        if complaint is not None:
            raise MhaError(complaint, f"{escaped(update.name[:100])} is no business of a peer.")
        if not repository.has_commit(update.new):
            raise RefusedHistory(update.new, "It is no revision.")
        if update.name == MAIN and not repository.contains(update.new, head):
            raise MhaError(
                f"{home.name} has revisions that the sender lacks: this is no fast-forward.",
                "`mha status` on either side shows how they stand.",
            )
        if update.name == MAIN and update.old != head:  # git would see it too, but keep the objects
            raise MhaError(f"{home.name} has moved on while this was sent.", "Push again.")
        _admit(repository, introduction, update.new, head, counted)


def _admit(repository: Repository, introduction: str, new: str, head: str, counted: Counter) -> None:
    # what continues our head begins as it does; the way to the first revision grows with the history
    if not repository.contains(new, head) and not repository.contains(new, introduction):
        raise RefusedHistory(new, "It belongs to another cluster: its history begins elsewhere.")
    Judge(repository, introduction).admit(new, known=[head], counted=counted)


def _answer_all(home: Home, questions: TextIO, answers: TextIO, lock_file: int, end: str) -> tuple[bool, str | None]:
    """Answer git's hooks until git has none left; returns whether one took the lock, and what `main` may become."""
    locked, offered = False, None
    while question := questions.readline():
        word, _, argument = question.rstrip("\n").partition(" ")
        try:
            if word == "judge":
                lines = listed(questions, end)
                lock.take(home.git_dir, lock_file)
                locked = True
                judge(home, home.git_dir / argument, lines, counted=_told(answers))
                offered = next((update.new for update in reception.updates(lines) or [] if update.name == MAIN), None)
            elif word == "sync":
                sync_file_system(home.git_dir)
            answers.write("yes\n" if word in ("judge", "sync") else "no\n")
        except MhaError as error:
            answers.write(f"Error: {_one_line(error.message)}\nHint: {_one_line(error.hint)}\nno\n")
        except OSError as error:
            answers.write(f"Error: This server's disk failed: {error.strerror}.\nHint: See to its disk.\nno\n")
        answers.flush()
    return locked, offered


def listed(questions: TextIO, end: str) -> list[str]:
    """What the sender wants to move, a line each, up to the word that ends the list.

    Not up to an empty line: a name that holds line feeds would hide what is listed after it.
    """
    lines: list[str] = []
    for line in iter(questions.readline, ""):
        if line == f"{end}\n":
            return lines
        if len(lines) <= reception.MOST_UPDATES:  # the rest is only read
            lines.append(line.rstrip("\n"))
    raise MhaError("The list of references came to no end.", "Push again.")


def _told(answers: TextIO) -> Counter:
    """Tell the sender now and then how far the judgement is: it gives up a receiver from which nothing is heard."""
    last = time.monotonic()

    def counted(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _TOLD_SECONDS:
            last = time.monotonic()
            answers.write(f"{reception.judged(done, total)}\n")
            answers.flush()

    return counted


def _one_line(text: str) -> str:
    return " ".join(escaped(line).strip() for line in text.splitlines())


def _remember(home: Home, sender: str, head: str) -> None:
    """Whoever pushed a head holds it."""
    moment = iso(now())
    known = home.memory(sender)
    home.remember(sender, Memory(known.url, head, home.repository.record(head).revision, moment, moment))
