"""Verifying a home and mending it: objects, succession, what is served, git's configuration, stale locks."""

from contextlib import suppress
from typing import NamedTuple

from mha.core import names
from mha.core.changes import escaped
from mha.errors import MhaError, NotJoined, StoreDamaged
from mha.operations import recovery
from mha.operations import tip as tips
from mha.operations.admission import Counter, Judge, uncounted
from mha.operations.settling import settle
from mha.operations.tip import Tip
from mha.store import fsck, keys, leftovers, lock, peers, rebuilding, releases
from mha.store import home as homes
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import CURRENT, SERVER


class Finding(NamedTuple):
    """Something that is not as it should be, as a sentence, and what it is about."""

    about: str  # objects, succession, current, configuration, key, locks, leftovers, lost; or a peer
    problem: str


class Verified(NamedTuple):
    """What was looked at, and what was wrong; for a repair, what still is."""

    revisions: int
    files: int
    findings: tuple[Finding, ...]
    mended: tuple[Finding, ...] = ()
    objects: int = 0  # that were read to the last byte and compared with their names; only a deep look does


def verify(home: Home, *, deep: bool = False, counted: Counter = uncounted) -> Verified:
    """Look at everything that can be wrong with this home; deep: also each object's bytes and each file ever held.

    Raises NotJoined before there is anything to look at.
    """
    lost = recovery.damage(home)
    if not lost and home.introduction() is None and home.repository.head() is None:
        raise NotJoined(home.name)
    findings = [*_left_behind(home), *_configuration(home), *(Finding("lost", line) for line in lost)]
    if lost:
        return Verified(0, 0, tuple(findings))
    try:
        here = tips.tip(home)
        findings += _objects(home, deep=deep)
        findings += _references(here)
        findings += _key(here)
        revisions = _succession(here, findings, deep=deep, counted=counted)
        files = _served(here, findings)
    except MhaError as error:
        return Verified(0, 0, (*findings, Finding("objects", error.message)))
    return Verified(revisions, files, tuple(findings), objects=fsck.count(home.git_dir) if deep else 0)


def repair(home: Home, *, progress: Progress = silent, counted: Counter = uncounted) -> Verified:
    """Mend what can be mended from what is here and from the peers, then verify again."""
    before = verify(home, deep=True, counted=counted)
    with lock.held(home.git_dir):
        homes.configure(home.git_dir)
        keys.protect(home.state)
        leftovers.clear(home.git_dir, thorough=True)
        rebuilding.clear(home)
    recovery.restore(home, _peers(home), progress=progress)
    faults = _refetch(home, progress) if any(finding.about == "objects" for finding in before.findings) else []
    with lock.held(home.git_dir), suppress(StoreDamaged):  # what is still damaged, the verification below says
        if home.repository.head() is not None:
            introduction = home.introduction()
            if introduction is not None:
                home.repository.set_ref(f"{SERVER}{home.name}", introduction)
            settle(home)
            for oid in filter(home.repository.has, releases.folders(home)):
                releases.mend(home, oid)
    after = verify(homes.open_home(home.path), deep=True, counted=counted)
    mended = tuple(finding for finding in before.findings if finding not in after.findings)
    if any(finding.about == "objects" for finding in after.findings):
        after = after._replace(findings=(*after.findings, *faults))
    return after._replace(mended=mended)


def _left_behind(home: Home) -> list[Finding]:
    locks, unfinished = lock.left_behind(home.git_dir)
    if lock.persists(home.git_dir, lambda: rebuilding.is_unfinished(home)):
        unfinished.append("A store that `mha join --replace` rebuilt")
    return [
        *(Finding("locks", f"{name} was left behind by a killed command.") for name in locks),
        *(Finding("leftovers", f"{name} was left behind by a killed program.") for name in unfinished),
    ]


def _configuration(home: Home) -> list[Finding]:
    return [Finding("configuration", f"{name} is not as mha wrote it.") for name in homes.misconfigured(home.git_dir)]


def _objects(home: Home, *, deep: bool) -> list[Finding]:
    return [Finding("objects", escaped(line)) for line in fsck.check(home.git_dir, deep=deep)]


def _references(here: Tip) -> list[Finding]:
    home = here.home
    found = []
    if lock.persists(home.git_dir, lambda: home.repository.ref(CURRENT) != releases.served(home)):
        found.append(Finding("current", f"{CURRENT} does not say what current/ serves."))
    if home.repository.ref(f"{SERVER}{home.name}") != home.introduction():
        found.append(Finding("configuration", f"{SERVER}{home.name} does not name the first revision."))
    return found


def _key(here: Tip) -> list[Finding]:
    fault = here.key_fault
    return [Finding("key", fault)] if fault else []


def _succession(here: Tip, findings: list[Finding], *, deep: bool, counted: Counter) -> int:
    """Judge the whole history; returns how many revisions it has."""
    total = 0

    def count(done: int, of: int) -> None:
        nonlocal total
        total = of
        counted(done, of)

    introduction = here.home.introduction()
    if introduction is None:
        findings.append(Finding("succession", "The first revision of the cluster is not pinned here."))
        return 0
    try:
        Judge(here.home.repository, introduction).admit(here.id, known=[], files=deep, counted=count)
    except MhaError as error:
        findings.append(Finding("succession", error.message))
    return total


def _served(here: Tip, findings: list[Finding]) -> int:
    """Compare `current/` with the head, file by file; returns how many files it has."""
    home = here.home
    if lock.persists(home.git_dir, lambda: releases.served(home) != home.repository.head()):
        findings.append(Finding("current", "current/ does not serve the head."))
    with releases.read(home) as served:
        if served is None:
            return 0
        wrong = releases.differences(home, served)
        wrong += [f"{folder} has other permissions." for folder in releases.unsealed(home, served)]
        findings += [Finding("current", f"current/{escaped(line)}") for line in wrong]
        return releases.count(home, served)


def _refetch(home: Home, progress: Progress) -> list[Finding]:
    """Bring all objects anew from each peer until none is missing or damaged here; says from which nothing came."""
    with lock.held(home.git_dir):
        fsck.set_aside_damaged(home.git_dir)
    faults = []
    for peer in _peers(home):
        kept = peers.ask(home, peer).kept  # of a collision, this server's own side is only there
        fault = peers.fetch(home, peer, kept=kept, progress=progress, refetch=True)
        if fault is not None:
            faults.append(Finding(peer.name, f"the objects that are missing could not be fetched: {fault}."))
        elif not fsck.check(home.git_dir, deep=True):
            break
    return faults


def _peers(home: Home) -> list[names.Peer]:
    try:
        return tips.tip(home).peers()
    except MhaError:
        return [names.Peer(name, names.url(url)) for name, url in home.remembered()]
