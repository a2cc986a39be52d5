"""Publishing: the draft, or one file of it, becomes the next revision; then the peers get it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from mha.core import changes, cluster, record, wholeness
from mha.core.changes import Action, Change
from mha.core.cluster import OnIsolated
from mha.core.standing import Sync
from mha.errors import (
    CaughtUp,
    Collision,
    DraftInTheWay,
    EmptyMessage,
    HandMadeCommits,
    HeadMoved,
    InvalidConfiguration,
    Isolated,
    LooksCutOff,
    MhaError,
    NotFetched,
    RefusedHistory,
    StoodDown,
    Untold,
    sentence,
)
from mha.operations import replication, sighting, verdicts
from mha.operations import tip as tips
from mha.operations.admission import Judge
from mha.operations.editing import at_desk, patch
from mha.operations.settling import Settled, settle_after
from mha.operations.sighting import PeerReport, View
from mha.operations.tip import Tip, require_active, require_running
from mha.operations.verdicts import Remark, Verdict
from mha.store import releases, trees
from mha.store.author import Author
from mha.store.clock import now
from mha.store.draft import Edit, WorkTree
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.trees import Blob

if TYPE_CHECKING:
    from mha.core.model.differences import ObjectChange

FAR_BEHIND = 500  # revisions; a peer takes about a thousand a second


class Published(NamedTuple):
    """What a publish came to."""

    revision: int | None  # None: there was nothing to publish
    id: str | None
    changes: tuple[Change, ...]
    lines: str = ""
    peers: tuple[PeerReport, ...] = ()
    wanted: int = 0  # how many Standbys were to hold it
    settled: Settled = Settled()
    fault: str = ""  # why current/ does not serve it yet, although it is published
    remarks: tuple[Remark, ...] = ()  # what the checks find in it that was not there before
    objects: "tuple[ObjectChange, ...]" = ()  # what it does to objects
    standing: int = 0  # how many errors there are, old ones included
    uncompared: bool = False  # this server came from a backup, and no peer has answered since
    isolated: tuple[str, ...] = ()  # the peers, where none told whether this server was superseded

    @property
    def held(self) -> int:
        """How many peers hold it."""
        return sum(peer.sync is Sync.SYNCHRONIZED for peer in self.peers)

    @property
    def unserved(self) -> list[PeerReport]:
        """The peers that hold it, and whose readers do not see it yet."""
        return [peer for peer in self.peers if peer.sync is Sync.SYNCHRONIZED and not peer.serving]

    @property
    def lacking(self) -> list[PeerReport]:
        """The peers that do not hold it."""
        return [peer for peer in self.peers if peer.sync is not Sync.SYNCHRONIZED]


def publish(
    home: Home,
    *,
    message: str,
    author: Author,
    paths: Sequence[str] = (),
    wait: int | None = None,
    dry_run: bool = False,
    lines: bool = False,
    as_is: bool = False,
    accepted: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = silent,
) -> Published:
    """Make the draft, or only its edits at some paths, the next revision, serve it, and give it to the peers.

    Raises LooksCutOff where files look as a power cut leaves them, unless they are wanted `as_is`, and InvalidModel
    where it would add errors whose codes are not `accepted` with a reason.
    """
    message = worded(message)
    accepted = {code: worded(reason) for code, reason in accepted.items()}
    require_active(tips.tip(home))
    views = compare(home, progress=progress)

    with at_desk(home) as desk:
        edits = _publishable(desk.here, desk.tree, paths)
        if not as_is:
            require_whole(desk.here, desk.tree, edits)
        found = tuple(edit.change for edit in edits)
        text = patch(desk.here, desk.tree, edits) if lines else ""
        with _judged(desk.here, verdicts.texts(desk.tree, edits), accepted) as verdict:
            if not edits or dry_run:
                planned = Published(None, None, found, lines=text, settled=desk.settled)
                return planned._replace(remarks=verdict.remarks, objects=verdict.objects)
            desk.tree.sync(edit.text for edit in edits)
            oid = advance(desk.here, desk.tree.store(edits), message=message, author=author, accepted=accepted)
            fault = _serve(home, oid, desk.tree, [edit.path for edit in edits])
            verdict.keep(home.repository.commit(oid).tree)

    with _published(home, oid):
        given = give(home, oid, found, views, wait=wait, progress=progress)
    given = given._replace(remarks=verdict.remarks, standing=verdict.standing, objects=verdict.objects)
    return given._replace(lines=text, settled=desk.settled, fault=fault)


def publish_files(
    here: Tip,
    files: dict[str, Blob | None],
    *,
    message: str,
    author: Author,
    what: str,
    wait: int | None = None,
    ignored: str | None = None,
    accepted: Mapping[str, str] = MappingProxyType({}),
    checked: bool = True,
    dry_run: bool = False,
    lifting: bool = False,
) -> Published:
    """Publish some files on top of the head that they were made for, and leave the rest of the draft alone.

    Raises DraftInTheWay, HeadMoved where another command published meanwhile, and InvalidModel, if they are `checked`.
    """
    home = here.home
    views = compare(home, ignored=ignored, lifting=lifting)
    with at_desk(home) as desk:
        if desk.here.id != here.id:
            raise HeadMoved(here.id)
        _require_base(desk.here, desk.tree)
        in_the_way = [edit.text for edit in desk.tree.edits(desk.here.id) if edit.text in files]
        if in_the_way:
            raise DraftInTheWay(what, in_the_way)
        _require_cluster_file(desk.here, files.get(cluster.FILE), changed=cluster.FILE in files)
        with _judged(desk.here, verdicts.stored_texts(home.repository, files) if checked else {}, accepted) as verdict:
            if not lifting:
                require_running(desk.here)  # once more: another command may have paused the cluster meanwhile
            oid = _proposed(desk.here, files, message=message, author=author, accepted=accepted)
            tree = home.repository.commit(oid).tree
            changed = trees.changes(home.repository, desk.here.tree, tree)
            if dry_run:
                planned = Published(None, None, tuple(changed), settled=desk.settled)
                return planned._replace(remarks=verdict.remarks, objects=verdict.objects)
            home.repository.advance(expected=desk.here.id, to=oid)
            fault = settle_after(home).fault
            verdict.keep(tree)
    with _published(home, oid):
        given = give(home, oid, changed, views, wait=wait)
    given = given._replace(remarks=verdict.remarks, standing=verdict.standing, objects=verdict.objects)
    return given._replace(settled=desk.settled, fault=fault)


def compare(
    home: Home, *, ignored: str | None = None, lifting: bool = False, progress: Progress = silent
) -> list[View]:
    """See that no peer is ahead before something is published.

    Raises StoodDown, CaughtUp, Collision, NotFetched, Paused, or Isolated where the settings want that.
    `ignored` is a server that is about to be removed: what it holds and does not give stops nobody. Neither that nor
    `lifting` a pause is stopped by isolation: they lead out of it.
    """
    here = tips.tip(home)
    if not lifting:
        require_running(here)
    views = replication.look(here, progress=progress)
    replication.pin(here, views)
    diverged = [view.name for view in views if view.sight.diverged]
    if diverged or tips.diverged_sides(home):
        raise Collision(", ".join(diverged) or "another server")
    unseen = next((view for view in views if view.sight.unseen and view.name != ignored), None)
    if unseen is not None:
        raise NotFetched(unseen.name, unseen.sight.fault)
    refuses = here.cluster.settings.on_isolated is OnIsolated.REFUSE and ignored is None and not lifting
    if refuses and (unheard := sighting.isolated(here, views)):
        raise Isolated(home.name, unheard)
    further = [view for view in views if view.sight.further]
    if not further:
        return views
    taken, settled = replication.take(home, views)
    after = tips.tip(home)
    if after.record.active != home.name:
        raise StoodDown(home.name, after.record.active, after.record.epoch, settled.kept_draft)
    if taken:
        raise CaughtUp(home.name, further[0].name, after.record.revision)
    return [sighting.related(after, view) for view in views]  # another command here published it meanwhile


def advance(
    here: Tip,
    files: dict[str, Blob | None],
    *,
    message: str,
    author: Author,
    accepted: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Write the next revision with some files changed, judge it, and make it the head; the id is read back."""
    require_running(here)  # once more: another command may have paused the cluster meanwhile
    oid = _proposed(here, files, message=message, author=author, accepted=accepted)
    here.home.repository.advance(expected=here.id, to=oid)
    return oid


def give(
    home: Home,
    oid: str,
    changed: Sequence[Change],
    views: Sequence[View],
    *,
    wait: int | None = None,
    progress: Progress = silent,
) -> Published:
    """Give a new revision to the peers that answered before, and report how all of them stand.

    One that takes part again since this revision is asked now. One that is far behind is left to a synchronization,
    unless its word is wanted: nobody waits for all of that here.
    """
    here = tips.tip(home)
    included = [view.peer for view in views if view.sight.excluded and not here.excluded(view.name)]
    known = {view.name: view for view in (*views, *replication.look(here, included))}
    related = [sighting.related(here, known[peer.name]) for peer in here.peers() if peer.name in known]
    wanted = here.cluster.settings.wait_for if wait is None else wait
    far = {view.name for view in related if view.sight.wanting and view.sight.behind > FAR_BEHIND}
    if sum(view.sight.wanting for view in related) - len(far) < wanted:
        far = set()
    given = replication.give(here, [view for view in related if view.name not in far], progress=progress)
    after = {view.name: view for view in given}
    reports = [sighting.report(here, after.get(view.name, view)) for view in related]
    return Published(
        revision=home.repository.record(oid).revision,
        id=oid,
        changes=tuple(changed),
        peers=tuple(_left_behind(each) if each.name in far else each for each in reports),
        wanted=wanted,
        uncompared=home.restored() is not None,
        isolated=sighting.isolated(here, related),
    )


def _left_behind(peer: PeerReport) -> PeerReport:
    return peer._replace(detail=f"{peer.behind} revisions behind; a synchronization brings them all")


def worded(message: str) -> str:
    """The message as it is recorded; raises EmptyMessage or ControlCharacters."""
    found = record.cleaned(message, "message")
    if not found:
        raise EmptyMessage
    return found


def _proposed(
    here: Tip, files: dict[str, Blob | None], *, message: str, author: Author, accepted: Mapping[str, str]
) -> str:
    """Write the next revision with some files changed, and judge it; nothing points at it yet."""
    repository = here.home.repository
    oid = repository.write_commit(
        tree=trees.edited(repository, here.tree, files),
        parents=[here.id],
        message=record.compose(message, here.record.publish(), accepted=accepted),
        author=author,
        committer=author,
        time=now(),
    )
    try:  # as every peer will
        Judge(repository, here.home.introduction() or here.id, here.listed).admit(oid, known=[here.id])
    except RefusedHistory as error:
        raise InvalidConfiguration(
            [error.reason], "Every other server would refuse it; nothing was published."
        ) from error
    return oid


@contextmanager
def _published(home: Home, oid: str) -> Iterator[None]:
    """While the peers are told: Ctrl-C takes nothing back, and says so."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Untold(home.repository.record(oid).revision) from error


def _serve(home: Home, oid: str, tree: WorkTree, paths: list[bytes]) -> str:
    """Serve the new head, and make it the draft's base; returns why that failed. The next command tries again."""
    try:
        with tree.settling(oid, paths):
            releases.switch(home, oid)
    except (OSError, MhaError) as error:
        return sentence(error)
    return ""


def _publishable(here: Tip, tree: WorkTree, paths: Sequence[str]) -> list[Edit]:
    """The draft's edits, if they may be published; raises InvalidConfiguration, HandMadeCommits or UnknownPath."""
    _require_base(here, tree)
    edits = fit_edits(here, tree, paths)
    of_cluster = next((edit for edit in edits if edit.text == cluster.FILE), None)
    if of_cluster is not None:
        blob = None if of_cluster.action is Action.DELETED else tree.store([of_cluster])[cluster.FILE]
        _require_cluster_file(here, blob, changed=True)
    return edits


def fit_edits(here: Tip, tree: WorkTree, paths: Sequence[str] = ()) -> list[Edit]:
    """Where work/ differs from the head; raises InvalidConfiguration where files are none that a revision can hold."""
    edits = tree.edits(here.id, paths, refresh=True)
    there = [edit for edit in edits if edit.exists]
    if (excess := changes.excess(len(there), sum(edit.size for edit in there))) is not None:
        raise InvalidConfiguration([excess], "Publish them in several steps.")
    found = changes.complaints(edit.entry for edit in there)
    found = found or _complaints_of_all(here, edits)
    if found:
        raise InvalidConfiguration(found, "Correct these files, or take them out of work/; then try again.")
    return edits


def require_whole(here: Tip, tree: WorkTree, edits: list[Edit]) -> None:
    """What an editor wrote and did not sync is lost in a power cut: that is no edit that anybody made."""
    repository, found = here.home.repository, []
    for edit in edits:
        if not edit.exists:
            continue
        data = tree.content(edit)
        if wholeness.loss(edit.text, data) is None:  # nearly always; else the published file is read as well
            continue
        blob = trees.find(repository, here.tree, edit.text)
        published = None if blob is None else trees.read(repository, blob)
        if loss := wholeness.lost(edit.text, published=published, draft=data):
            found.append(f"{changes.printable(edit.path)} {loss}.")
    if found:
        raise LooksCutOff(found)


@contextmanager
def _judged(here: Tip, texts: Mapping[str, bytes | None], accepted: Mapping[str, str]) -> Iterator[Verdict]:
    """What the checks say about changed files; raises InvalidModel."""
    if not texts:
        yield Verdict()
        return
    from mha.operations import validation  # it needs a parser of YAML, and the schemas of all kinds

    with validation.judged(here, texts, accepted) as verdict:
        yield verdict


def _require_base(here: Tip, tree: WorkTree) -> None:
    base = tree.base()
    if base is not None and base != here.id and not here.home.repository.contains(here.id, base):
        count = len(list(here.home.repository.walk(base, hide=[here.id])))
        raise HandMadeCommits(count, here.id)


def _require_cluster_file(here: Tip, blob: Blob | None, *, changed: bool) -> None:
    """A new mha.yaml must be readable, and keep this server and the cluster what they are."""
    if not changed:
        return
    hint = "`mha discard mha.yaml` brings the published one back."
    new = tips.proposed_cluster(here, blob, hint)
    found = cluster.complaints(here.cluster, new, active=here.home.name)
    if found:
        raise InvalidConfiguration(found, hint)


def _complaints_of_all(here: Tip, edits: list[Edit]) -> list[str]:
    """What stands against the added files together with those that are there already."""
    added = [edit.text for edit in edits if edit.action is Action.ADDED]
    gone = [edit.text for edit in edits if edit.action is Action.DELETED]
    left = trees.edited(here.home.repository, here.tree, dict.fromkeys(gone))  # folders go with their last file
    paths = {*added, *trees.neighbours(here.home.repository, left, added)}
    found = changes.complaints_of_twins(changes.twins(paths))
    return found + changes.complaints_of_repositories(changes.repositories(paths))
