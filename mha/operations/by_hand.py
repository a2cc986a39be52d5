"""Resolving by hand: the merged files stand in `work/`, and a person settles there what conflicts.

    begin      the files are merged, each conflict is marked in them, and they take the place of the draft
    go_on      what stands in `work/` ends the collision, once no mark is left
    abort      all is as it was: the collision stands, and the draft is back

Rule 1: no other server knows of it, and no head moves, before `go_on`.
Rule 2: one reference says that it goes on, and of which heads; `settling` lets `work/` follow it.
"""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mha.core import record as records
from mha.core.changes import escaped, is_yaml
from mha.errors import ConflictsLeft, DraftInTheWay, HeadMoved, MhaError, NotResolving, Resolving, SidesMoved, Unmarked
from mha.operations import drafts, publication, resolution, settling, verdicts
from mha.operations import tip as tips
from mha.operations.resolution import Resolved, Result, Wish
from mha.operations.settling import Settled, settle, settle_after
from mha.operations.tip import Tip
from mha.store import draft, lock, trees
from mha.store.author import Author
from mha.store.clock import now
from mha.store.git import Progress, silent
from mha.store.home import Home
from mha.store.repository import DRAFTS, RESOLVING, Commit

if TYPE_CHECKING:
    from mha.operations.merging import Conflict


class Begun(NamedTuple):
    """Merged files that are to be edited."""

    path: str  # where they are
    conflicts: "tuple[Conflict, ...]"  # each is marked there
    settled: Settled  # what became of the draft


class Aborted(NamedTuple):
    """What stands in `work/` again."""

    restored: str | None  # the draft that came back
    kept_draft: str | None  # the edits of the merged files
    put_aside: str | None


def begin(home: Home, wish: Wish, *, author: Author, progress: Progress = silent) -> Begun:
    """Put the merged files of a collision into `work/`; raises NoCollision, Resolving, UnknownConflict and Unmarked.

    Of the wish, what is taken holds at once; the rest is noted for `go_on`.
    """
    from mha.operations import merging  # it needs a parser of YAML, and the schemas of all kinds

    records.cleaned(wish.reason, "reason")
    report = resolution.seen(home, progress=progress)
    here, heads = tips.tip(home), [side.head for side in report.sides]
    with lock.held(home.git_dir):
        settle(home)  # a command that was killed may have begun it, or have come to its end
    if tips.resolving(home) is not None:
        raise Resolving("begin again")
    merged = merging.marked(here, *resolution.to_merge(here, report, wish))
    if merged.unmarked:
        raise Unmarked([each.subject for each in merged.unmarked])
    noted = json.dumps({"active": wish.active, "reason": wish.reason, "accepted": dict(wish.accepted)})
    with lock.held(home.git_dir):
        settle(home)
        if tips.tip(home).id != heads[0]:
            raise HeadMoved(heads[0])
        oid = home.repository.write_commit(
            tree=merged.tree, parents=heads, message=f"Merged files that are edited\n\n{noted}\n",
            author=author, committer=author, time=now(),
        )  # fmt: skip
        home.repository.set_ref(RESOLVING, oid)
        return Begun(str(home.work), merged.conflicts, settle_after(home))


def go_on(home: Home, wish: Wish, *, author: Author, dry_run: bool = False, progress: Progress = silent) -> Resolved:
    """End the collision with the files in `work/`; raises NotResolving, ConflictsLeft, SidesMoved and as `resolve`.

    What the wish does not say is as it was noted.
    """
    report = resolution.seen(home, progress=progress)
    with lock.held(home.git_dir):
        settle(home)
        here, edited = tips.tip(home), _edited(home)
        if {side.head for side in report.sides} != set(edited.parents):
            raise SidesMoved
        result = _result(here)
    wish = _with_noted(wish, json.loads(edited.message.partition("\n\n")[2]))
    return resolution.conclude(here, report, result, wish, author=author, dry_run=dry_run)


def abort(home: Home) -> Aborted:
    """Take the merged files out of `work/`, and bring back the draft that stood there; raises NotResolving."""
    with lock.held(home.git_dir):
        settle(home)
        edited = _edited(home)
        why = f"{settling.set_aside(edited)}\n"
        before = [
            name for name, oid in home.repository.refs(DRAFTS).items() if home.repository.commit(oid).message == why
        ]
        closed = settling.close(home, edited)
        settle(home)
    restored = None
    for name in before:
        try:
            drafts.restore(home, name)
        except DraftInTheWay:  # somebody was faster; the draft is kept
            continue
        home.repository.delete_ref(f"{DRAFTS}{name}")
        restored = name
    return Aborted(restored, closed.kept_draft, closed.put_aside)


def _with_noted(wish: Wish, noted: dict[str, Any]) -> Wish:
    return wish._replace(
        active=wish.active or noted["active"],
        reason=wish.reason or noted["reason"],
        accepted={**noted["accepted"], **wish.accepted},
    )


def _edited(home: Home) -> Commit:
    found = tips.resolving(home)
    if found is None:
        raise NotResolving
    return found


def _result(here: Tip) -> Result:
    """What the files in `work/` make of the configuration, once no conflict is marked in them."""
    from mha.core.merge import marks

    tree = draft.of(here.home)
    if tree is None:
        raise MhaError("work/ is missing.", "`mha repair` makes it anew.")
    edits = publication.fit_edits(here, tree)
    publication.require_whole(here, tree, edits)
    left = [
        f"{escaped(edit.text)}:{line}: {escaped(what)}"
        for edit in edits
        if edit.exists and is_yaml(edit.text)
        for line, what in marks.left(tree.content(edit))
    ]
    if left:
        raise ConflictsLeft(left)
    tree.sync(edit.text for edit in edits)
    files = trees.edited(here.home.repository, here.tree, tree.store(edits))
    return Result(files, "Resolution: all sides are merged, and edited", verdicts.texts(tree, edits))
