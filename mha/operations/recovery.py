"""Recovery: bringing back what says which revision is the head here, and of which cluster, where it is lost.

Rule 1: nothing published is given up: the head is the furthest revision that continues what was served last.
Rule 2: what is taken for the head is judged as a push is.
"""

from collections.abc import Iterable

from mha.core.names import Peer
from mha.errors import MhaError, StoreDamaged
from mha.operations.admission import Judge
from mha.store import draft, fsck, lock, peers, releases
from mha.store.git import Progress
from mha.store.home import Home
from mha.store.repository import CURRENT, SERVER


def damage(home: Home) -> list[str]:
    """What is wrong with `main`, or with the note of the first revision, as sentences."""
    problem, joined = _damage_of_main(home), True
    if not problem:
        joined = home.repository.head() is not None
    found = [problem] if problem else []
    try:
        if joined and home.introduction() is None:
            found.append("mha.git/mha/introduction is gone: it says which cluster this is.")
    except StoreDamaged as error:
        found.append(error.detail)
    return found


def restore(home: Home, known: Iterable[Peer], *, progress: Progress) -> None:
    """Bring back what `damage` finds, as far as that can be; the peers are asked only where nothing here tells it."""
    with lock.held(home.git_dir):
        _restore_introduction(home)
        served = _served(home)
        lost = _head(home) is None
        home.repository.forget_unreadable_head()  # git fetches nothing beside it
        if lost and served is not None and home.repository.has(served):
            _begin_at(home, _furthest(home, served))
    if _head(home) is None and not _is_uncertain(home):
        seen = _furthest_of_peers(home, known, progress)
        if seen is not None:
            with lock.held(home.git_dir):
                _begin_at(home, seen)


def _head(home: Home) -> str | None:
    try:
        return home.repository.head()
    except StoreDamaged:
        return None


def _is_uncertain(home: Home) -> bool:
    """Whether it cannot be told which cluster this server belongs to."""
    try:
        return home.introduction() is None
    except StoreDamaged:
        return True


def _damage_of_main(home: Home) -> str:
    try:
        gone = home.repository.head() is None
    except StoreDamaged:
        return "refs/heads/main cannot be read."
    return "refs/heads/main is gone, although there are revisions here." if gone and _served(home) else ""


def _served(home: Home) -> str | None:
    """What was served last: once it is, `main` was there."""
    try:
        return home.repository.ref(CURRENT) or releases.served(home)
    except StoreDamaged:
        return releases.served(home)


def _restore_introduction(home: Home) -> None:
    pinned = home.repository.ref(f"{SERVER}{home.name}")
    if pinned is not None and _is_uncertain(home):
        home.pin_introduction(pinned)


def _furthest(home: Home, served: str) -> str:
    """The furthest revision that continues what was served last, among the commits that no reference reaches.

    So a changeover that was only offered is none of them: the server that decides may have refused it.
    """
    tree = draft.of(home)
    noted = tree.base() if tree is not None else None  # what work/ follows counts as reached
    heads = [*fsck.unreachable(home.git_dir), *([noted] if noted else [])]
    following = [oid for oid in heads if home.repository.contains(oid, served) and _is_fit(home, oid, [served])]
    return max(following, key=lambda oid: (home.repository.record(oid).revision, oid), default=served)


def _furthest_of_peers(home: Home, known: Iterable[Peer], progress: Progress) -> str | None:
    found = []
    for peer in known:
        head = peers.ask(home, peer).head
        if head and peers.fetch(home, peer, progress=progress) is None and _is_fit(home, head, []):
            found.append(head)
    return max(found, key=lambda oid: (home.repository.record(oid).revision, oid), default=None)


def _is_fit(home: Home, oid: str, known: list[str]) -> bool:
    try:
        Judge(home.repository, home.introduction() or "").admit(oid, known=known)
    except MhaError:
        return False
    return True


def _begin_at(home: Home, oid: str) -> None:
    home.repository.advance(expected=home.repository.head(), to=oid)
