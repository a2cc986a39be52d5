"""Three real servers against a dumb model: whatever happens to them, no published revision is lost.

A Hypothesis state machine edits, publishes, cuts links, changes over, kills commands
between two writes and restarts. The model knows nothing of git: it holds sets of
revision ids, who follows whom, and which files each revision has. What mha has to
keep is written down as laws, and looked at after every single step.

    pytest tests/test_cluster.py                    # the profile for CI, about a minute on two cores
    CLUSTER_PROFILE=nightly pytest tests/test_cluster.py
    CLUSTER_SEED=42 pytest tests/test_cluster.py   # the same steps again; a failure prints its seed
"""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mha.core import record as records
from mha.core.standing import Banner
from mha.errors import (
    Collision,
    Excluded,
    MhaError,
    NoServerActive,
    ReadOnlyServer,
    Resolving,
    UnknownConflict,
    Unmarked,
)
from mha.operations import (
    backup,
    by_hand,
    changeover,
    collision,
    drafts,
    publication,
    replacement,
    replication,
    resolution,
    restoration,
    servers,
)
from mha.operations import tip as tips
from mha.store import releases, trees
from mha.store.files import remove_tree, write_whole
from mha.store.home import open_home
from mha.store.repository import DRAFTS, KEEP
from tests import faults
from tests.cluster import JANA, Cluster, Server
from tests.faults import Ending

NAMES = ("fw-a", "fw-b", "fw-c")
PATHS = ("objects/hosts.yaml", "policies/main.yaml", "site", "site/north.yaml", "site/south/dmz.yaml", "new.yaml")
BEGINNING = datetime(2026, 11, 23, 10, tzinfo=UTC)

Files = dict[str, tuple[bytes, bool]]  # path -> bytes, and whether it may be executed


@dataclass
class Model:
    """Sets of ids: what was ever published, who follows whom, and which files each revision has."""

    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    active: dict[str, str | None] = field(default_factory=dict)
    excluded: dict[str, frozenset[str]] = field(default_factory=dict)  # the servers that take no part
    epoch: dict[str, int] = field(default_factory=dict)
    files: dict[str, Files] = field(default_factory=dict)
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def reached(self, oid: str) -> frozenset[str]:
        """A revision and all that it follows."""
        if oid not in self._reached:
            below = [self.reached(parent) for parent in self.parents[oid]]
            self._reached[oid] = frozenset({oid}).union(*below)
        return self._reached[oid]

    def follows(self, oid: str, other: str) -> bool:
        """Whether `oid` has revisions that `other` lacks, and lacks none."""
        return oid != other and other in self.reached(oid)

    def diverged(self, one: str, other: str) -> bool:
        return other not in self.reached(one) and one not in self.reached(other)

    def ahead(self, oid: str, of: str) -> int:
        return len(self.reached(oid) - self.reached(of))


class Servers(RuleBasedStateMachine):
    """What people, networks and power switches do to a cluster; and the laws."""

    names = st.sampled_from(NAMES)
    deaths = st.integers(1, 15) | st.integers(1, 90)

    def __init__(self, template: Path, live: Path) -> None:
        super().__init__()
        remove_tree(live)
        shutil.copytree(template, live, symlinks=True)
        self.cluster = Cluster(live, {name: Server(live / name) for name in NAMES})
        self.model = Model()
        self.heads: dict[str, str] = {}
        self.cuts: set[tuple[str, str]] = set()
        self.unsettled: set[str] = set()  # a command of theirs was killed, and none has followed yet
        self.edits: dict[str, set[bytes]] = {name: set() for name in NAMES}  # contents that no one took back
        self.publishers: dict[int, set[str]] = {}  # per epoch, since all links are up
        self.content = 0
        self.collided = False
        self.snapshots: dict[str, set[str]] = {}  # of each server that has one: the revisions that it holds
        self.saved: set[str] = set()  # the revisions in the backup
        remove_tree(self._aside)
        self._aside.mkdir()

    @property
    def _aside(self) -> Path:
        """Where snapshots and the backup are."""
        return self.cluster.root.parent / "aside"

    @initialize()
    def begin(self) -> None:
        os.environ["MHA_NOW"] = BEGINNING.isoformat()
        self._learn()

    def teardown(self) -> None:
        FIGURES["cases"] += bool(self.heads)

    # What happens

    @rule(name=names, path=st.sampled_from(PATHS), executable=st.booleans())
    def edit(self, name: str, path: str, executable: bool) -> None:
        """An administrator writes a file; a folder or file in the way goes."""
        name = self._with_draft(name)
        if not self._has_draft(name):
            return
        work = self.cluster[name].path / "work"
        for above in reversed((work / path).relative_to(work).parents[:-1] if "/" in path else ()):
            if (work / above).is_file():
                self._take_back(name, work / above)
        self._take_back(name, work / path)
        self.content += 1
        text = f"x-value: {self.content}\n".encode()
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(text)
        (work / path).chmod(0o755 if executable else 0o644)
        self.edits[name].add(text)

    @rule(name=names, path=st.sampled_from(PATHS))
    def delete(self, name: str, path: str) -> None:
        """An administrator deletes a file or a folder of the draft."""
        name = self._with_draft(name)
        if self._has_draft(name):
            self._take_back(name, self.cluster[name].path / "work" / path)

    @rule(name=names)
    def publish(self, name: str) -> None:
        expected, before, draft = self._outcome_of_publish(name), self.heads[name], self._draft(name)
        done, refusal = _attempt(publication.publish, self.cluster[name].home, message="Why", author=JANA)
        said = type(refusal).__name__ if done is None else "published" if done.id else "nothing"
        if name not in self.unsettled:
            assert said == expected, f"{said} instead of {expected}"
        self._learn()
        if done is None or done.id is None:
            return
        assert self.model.parents[done.id] == (before,)
        assert self.model.files[done.id] == draft
        if not self.cuts:
            self._require_one_publisher(name, done.id)
        for peer in self._reached_by(name):
            assert self.heads[peer] == done.id, f"{peer} was not given the revision"

    @rule(name=names, path=st.sampled_from(PATHS), again=st.booleans())
    def edit_and_publish(self, name: str, path: str, again: bool) -> None:
        for _ in range(1 + again):
            self.edit(name, path, executable=False)
            self.publish(self._with_draft(name))

    @rule(name=names)
    def synchronize(self, name: str) -> None:
        """`mha sync`, and what an agent does in each round and after a restart."""
        expected = self._outcome_of_sync(name)
        _, refusal = _attempt(replication.sync, self.cluster[name].home)
        assert refusal is None or isinstance(refusal, Excluded)
        self.unsettled.discard(name)
        self._learn()
        assert (refusal is not None) == (name in self.model.excluded[self.heads[name]])
        assert self.heads == expected
        self._require_settled(name)

    @rule(name=names, force=st.booleans())
    def promote(self, name: str, force: bool) -> None:
        whole, old = self._is_whole(), self.heads[name]
        done, refusal = _attempt(changeover.promote, self.cluster[name].home, author=JANA, force=force)
        self._learn()
        assert not (refusal and whole), f"a planned changeover was refused in a whole cluster: {refusal}"
        if done is None:
            return
        assert self.model.active[self.heads[name]] == name
        if done.changed and not done.risks:
            decisive = self.model.active[self.model.parents[done.id][0]]
            assert decisive is None or done.id in self.model.reached(self.heads[decisive]), "the Active was not asked"
            assert old in self.model.reached(done.id)

    @rule(name=names, to=st.none() | names)
    def demote(self, name: str, to: str | None) -> None:
        whole = self._is_whole() and self.model.active[self.heads[name]] == name and to != name
        done, refusal = _attempt(changeover.demote, self.cluster[name].home, author=JANA, to=to)
        self._learn()
        assert not (refusal and whole), f"a handover was refused in a whole cluster: {refusal}"
        if done is None:
            return
        assert self.model.active[self.heads[name]] == to
        assert to is None or self.model.active[self.heads[to]] == to, "handed over to a server that does not know it"

    @rule(name=names)
    def discard(self, name: str) -> None:
        """Undone edits stay as a kept draft; the draft is empty afterwards."""
        done, refusal = _attempt(drafts.discard, self.cluster[name].home)
        if done is None:
            assert self.model.active[self.heads[name]] != name or isinstance(refusal, Resolving), refusal
            return
        self.unsettled.discard(name)
        self._learn()
        assert self._draft(name) == self.model.files[self.heads[name]]

    @rule(one=names, other=names, both=st.booleans())
    def cut(self, one: str, other: str, both: bool) -> None:
        if one == other:
            return
        for here, there in [(one, other), (other, one)][: 2 if both else 1]:
            if (here, there) not in self.cuts:
                self.cluster.cut_one_way(here, there)
                self.cuts.add((here, there))
        self.publishers.clear()

    @rule(name=names)
    def isolate(self, name: str) -> None:
        for other in NAMES:
            self.cut(name, other, both=True)

    @rule(name=names, taker=names, path=st.sampled_from(PATHS))
    def take_over(self, name: str, taker: str, path: str) -> None:
        """The Active is cut off; another server takes over by force, and publishes."""
        self._take_over_from(self._with_draft(name), taker, path)

    @rule(name=names, taker=names, path=st.sampled_from(PATHS))
    def collide(self, name: str, taker: str, path: str) -> None:
        """As before, and the one that was cut off publishes as well."""
        name = self._with_draft(name)
        self._take_over_from(name, taker, path)
        self._edit_and_publish_at(name, path)

    @rule(one=names, other=names)
    def heal(self, one: str, other: str) -> None:
        self.cluster.heal(one, other)
        self.cuts -= {(one, other), (other, one)}
        self.publishers.clear()

    @rule(first=names)
    def heal_everything(self, first: str) -> None:
        """All links are back, and one server synchronizes once: all is equal, or all see the collision."""
        self.cluster.heal_all()
        self.cuts.clear()
        self.publishers.clear()
        self.synchronize(first)
        self._include_all()
        self.synchronize(first)
        if any(self.model.excluded[head] for head in self.heads.values()):
            return  # nobody can include it before the collision has ended
        banners = {name: self.cluster[name].status().message for name in NAMES}
        if len(set(self.heads.values())) == 1 and not any(map(self._kept_sides, NAMES)):
            for name in sorted(self.unsettled):
                self.synchronize(name)
            assert Banner.COLLISION not in banners.values()
            served = [self._served(name) for name in NAMES]
            assert served[0] == served[1] == served[2] == self.model.files[self.heads[first]]
        else:
            FIGURES["collisions seen by all"] += 1
            assert set(banners.values()) == {Banner.COLLISION}, f"somebody does not see the collision: {banners}"
            for name in NAMES:
                self.synchronize(name)
            lines = set().union(*map(self.model.reached, self.heads.values()))
            assert all(self._held(name) >= lines for name in NAMES), "with one server a line would be lost"

    @rule(name=names, to=st.none() | names, at=deaths, operation=st.sampled_from(
        ["publish", "synchronize", "promote", "force", "demote", "discard", "resolve", "begin"]
    ))  # fmt: skip
    def kill(self, name: str, operation: str, to: str | None, at: int) -> None:
        """A command is killed between two of its writes."""
        if operation in ("publish", "demote", "discard"):
            name = self._with_draft(name)
            self.edit(name, PATHS[at % len(PATHS)], executable=False)
        ended = faults.run(OPERATIONS[operation], self.cluster[name].path, to, die_at=at)
        FIGURES["killed"] += ended.ending is Ending.DIED
        if ended.ending is Ending.DIED:
            self.unsettled.add(name)
        self._learn()

    @rule(name=names, operation=st.sampled_from(["publish", "synchronize", "promote", "demote"]),
          to=st.none() | names, at=deaths)  # fmt: skip
    def kill_receivers(self, name: str, operation: str, to: str | None, at: int) -> None:
        """Whoever receives a push is killed between two writes."""
        if operation in ("publish", "demote"):
            name = self._with_draft(name)
            self.edit(name, PATHS[at % len(PATHS)], executable=False)
        before = dict(self.heads)
        faults.run(OPERATIONS[operation], self.cluster[name].path, to, receiver_dies_at=at)
        FIGURES["receivers killed"] += 1
        self.unsettled |= set(NAMES) - {name}
        self._learn()
        assert all(before[peer] in self.model.reached(self.heads[peer]) for peer in NAMES)

    @rule()
    def restart(self) -> None:
        """The agents of servers that were killed run again."""
        for name in sorted(self.unsettled):
            self.synchronize(name)

    @rule(name=names)
    def reboot(self, name: str) -> None:
        """No reader lives through it, so that folders of old revisions may be used again."""
        notes = self.cluster[name].path / "mha.git" / "mha" / "releases.json"
        if notes.exists():
            notes.write_text(notes.read_text().replace(_boot(), "a boot long ago"))

    @rule(minutes=st.integers(-100_000, 100_000))
    def set_clocks(self, minutes: int) -> None:
        """Clocks jump, back as well: nothing is decided by them."""
        os.environ["MHA_NOW"] = (BEGINNING + timedelta(minutes=minutes)).isoformat()

    @rule(name=names, other=names)
    def exclude(self, name: str, other: str) -> None:
        """The Active takes a server out of service; it is told."""
        name = self._with_draft(name)
        done, _ = _attempt(servers.exclude, self.cluster[name].home, name=other, author=JANA)
        self._learn()
        FIGURES["exclusions"] += done is not None
        assert done is None or other in self.model.excluded[self.heads[name]]

    @rule(name=names, other=names)
    def include(self, name: str, other: str) -> None:
        name = self._with_draft(name)
        done, _ = _attempt(servers.include, self.cluster[name].home, name=other, author=JANA)
        self._learn()
        assert done is None or other not in self.model.excluded[self.heads[name]]

    @rule(name=names)
    def snapshot(self, name: str) -> None:
        """The machine of a server is saved as it is, in the middle of whatever it does."""
        remove_tree(self._aside / name)
        shutil.copytree(self.cluster[name].path, self._aside / name, symlinks=True)
        self.snapshots[name] = self._held(name)

    @rule(name=names)
    def put_back(self, name: str) -> None:
        """A machine is put back from its snapshot, unless only it holds what was published since."""
        if name in self.snapshots and self._would_keep_all(name, self.snapshots[name]):
            remove_tree(self.cluster[name].path)
            shutil.copytree(self._aside / name, self.cluster[name].path, symlinks=True)
            FIGURES["put back"] += self.cluster[name].head != self.heads[name]
            self._came_back(name)

    @rule(name=names, path=st.sampled_from(PATHS))
    def grow_old(self, name: str, path: str) -> None:
        """A snapshot is put back after others went on."""
        self.snapshot(name)
        self.edit_and_publish(name, path, again=True)
        self.put_back(name)

    @rule(name=names)
    def back_up(self, name: str) -> None:
        done, _ = _attempt(backup.backup, self.cluster[name].home, self._aside / "backup", replace=True)
        if done is not None:
            self.saved = self._held(name)

    @rule(name=names)
    def restore(self, name: str) -> None:
        """A server's disk is gone, and comes back from a backup that any server made."""
        if not self.saved:
            self.back_up(name)
        if self.saved and self._would_keep_all(name, self.saved):
            state = self.cluster[name].home.state
            keys = {file.name: file.read_bytes() for file in state.glob("key*")}  # the administrators have that, too
            remove_tree(self.cluster[name].path)
            restoration.restore([self._aside / "backup"], self.cluster[name].path, name=name)
            for each, data in keys.items():
                write_whole(state / each, data)
                (state / each).chmod(0o600)
            FIGURES["restored"] += 1
            self._came_back(name)
            assert self._held(name) == self.saved

    @rule(name=names, is_lost=st.booleans())
    def rebuild(self, name: str, is_lost: bool) -> None:
        """`mha join --replace`, of a store that is sound or lost: what no other server has is not given up."""
        linked = [peer for peer in NAMES if peer != name and (name, peer) not in self.cuts]
        if not linked or (is_lost and not self._would_keep_all(name, set())):
            return
        server, peer = self.cluster[name], self.cluster[linked[0]]
        alone = self._held(name) - set().union(*map(self._held, linked))
        head, edits, work = self.heads[name], set(self.edits[name]), {data for data, _ in self._draft(name).values()}
        if is_lost:
            remove_tree(server.home.git_dir / "objects")
            (server.home.git_dir / "objects").mkdir()
        given_up = replacement.UNKNOWN if is_lost else None
        done, refusal = _attempt(replacement.replace, str(peer.path), server.path, abandon=given_up)
        assert (done is None) == (bool(alone) and not is_lost), refusal
        FIGURES["rebuilt"] += done is not None
        self._came_back(name)
        assert self.edits[name] >= (edits & work if is_lost else edits), "an edit went with the store"
        assert done is not None or self.heads[name] == head

    @rule(name=names)
    def abort(self, name: str) -> None:
        """A resolution by hand that was begun is taken back."""
        _attempt(by_hand.abort, self.cluster[name].home)

    @rule(name=names, which=st.integers(0, 2), how=st.sampled_from(["keep", "merge", "edit"]))
    def resolve(self, name: str, which: int, how: str) -> None:
        """`mha resolve` ends a collision, with the files of one side or merged; every server fast-forwards to it."""
        if not self._collided():
            return
        self.heal_everything(name)
        self.restart()
        self.synchronize(name)
        if not self._kept_sides(name):
            return
        home = self.cluster[name].home
        sides = collision.collision(home).sides
        side = sides[which % len(sides)]
        if how == "edit":
            done = self._edited(name)
        else:
            wish = self._settled(name, side.name) if how == "merge" else resolution.Wish(keep=side.head)
            done = resolution.resolve(home, wish, author=JANA)
        self._learn()
        FIGURES["merged"] += how != "keep"
        assert set(self.model.parents[done.id or ""]) == {side.head for side in sides}
        assert how != "keep" or self.model.files[done.id or ""] == self.model.files[side.head]
        if self.model.excluded[done.id or ""]:
            self._include_all()
            return
        assert set(self.heads.values()) == {done.id}
        for peer in NAMES:
            self.synchronize(peer)
        assert not any(map(self._kept_sides, NAMES))

    def _edited(self, name: str) -> resolution.Resolved:
        """A merge whose conflicts a person settles in the files, by deleting the marks."""
        home, wish = self.cluster[name].home, resolution.Wish()
        _attempt(by_hand.abort, home)
        while isinstance((refusal := _attempt(by_hand.begin, home, wish, author=JANA)[1]), Unmarked):
            left = refusal.hint.partition("--take ")[2].partition("=SERVER")[0]
            wish = wish._replace(taken={**wish.taken, left: name})
        assert refusal is None
        for path in home.work.rglob("*.yaml"):
            text = path.read_bytes()
            if b"# CONFLICT" in text:
                lines = [line for line in text.splitlines(keepends=True) if b"# CONFLICT" not in line]
                path.write_bytes(b"".join(lines))
        return by_hand.go_on(home, resolution.Wish(), author=JANA)

    def _settled(self, name: str, side: str) -> resolution.Wish:
        """A merge in which `side` holds wherever something conflicts."""
        taken: dict[str, str] = {}
        while True:
            wish = resolution.Wish(taken=taken)
            done, refusal = _attempt(resolution.resolve, self.cluster[name].home, wish, author=JANA, dry_run=True)
            if isinstance(refusal, UnknownConflict):  # what was taken for a folder settled the file in its place
                taken = {what: side for what, side in taken.items() if what != refusal.message.split()[0]}
                continue
            assert refusal is None
            if not done.conflicts:
                return wish
            taken |= {conflict.subject: side for conflict in done.conflicts}

    # The laws, looked at after every step

    @invariant()
    def no_revision_is_unreachable(self) -> None:
        if not self.heads:
            return
        FIGURES["steps"] += 1
        held = set().union(*map(self._held, NAMES))
        assert held == set(self.model.parents)

    @invariant()
    def readers_find_one_whole_revision(self) -> None:
        for name in self.heads:
            served = releases.served(self.cluster[name].home)
            assert served is not None
            assert served in self.model.reached(self.heads[name])
            assert self._served(name) == self.model.files[served]

    @invariant()
    def no_edit_is_lost(self) -> None:
        for name in self.heads:
            published = {data for files in self.model.files.values() for data, _ in files.values()}
            lost = self.edits[name] - published
            assert not lost or not (lost - self._kept_contents(name))

    # How it is looked at

    def _learn(self) -> None:
        """Read the heads; each moved forward. What is new in the history goes into the model."""
        for name in NAMES:
            head = self.cluster[name].head
            self._learn_from(name, head)
            before = self.heads.get(name, head)
            assert before in self.model.reached(head), f"main moved back on {name}"
            self.heads[name] = head
        FIGURES["collisions"] += self._collided() and not self.collided
        self.collided = self._collided()

    def _learn_from(self, name: str, head: str) -> None:
        repository = self.cluster[name].home.repository
        new = [commit for commit in repository.walk(head) if commit.id not in self.model.parents]
        for commit in reversed(new):
            record = records.parse(commit.message)
            assert record is not None
            FIGURES[self._kind(commit.parents, record.epoch)] += 1
            self.model.parents[commit.id] = commit.parents
            self.model.active[commit.id] = record.active
            self.model.epoch[commit.id] = record.epoch
            listed = tips.cluster_at(self.cluster[name].home, commit.id).servers.values()
            away = {server.name for server in listed if server.excluded}
            self.model.excluded[commit.id] = frozenset(away - {record.switch_point})
            held = {
                path: (trees.read(repository, blob), blob.executable)
                for path, blob in trees.files(repository, commit.tree)
            }
            self.model.files[commit.id] = held
            parents = commit.parents
            if len(parents) == 1 and record.epoch != self.model.epoch[parents[0]]:
                assert held == self.model.files[parents[0]], "a changeover changed a file"

    def _kind(self, parents: tuple[str, ...], epoch: int) -> str:
        if len(parents) == 1 and self.model.epoch[parents[0]] == epoch:
            return "publishes"
        return "resolutions" if len(parents) > 1 else "changeovers"

    def _draft(self, name: str) -> Files:
        work = self.cluster[name].path / "work"
        return {path: found for path, found in _files_below(work).items() if path != ".git"} if work.is_dir() else {}

    def _has_draft(self, name: str) -> bool:
        return self.model.active[self.heads[name]] == name and (self.cluster[name].path / "work" / ".git").is_file()

    def _take_over_from(self, name: str, taker: str, path: str) -> None:
        taker = taker if taker != name else NAMES[NAMES.index(name) - 1]
        self.isolate(name)
        self.promote(taker, force=True)
        self._edit_and_publish_at(taker, path)

    def _edit_and_publish_at(self, name: str, path: str) -> None:
        if self._has_draft(name):
            self.edit(name, path, executable=False)
            self.publish(name)

    def _with_draft(self, name: str) -> str:
        """A server with a draft: the named one, if it has one."""
        return next((server for server in (name, *NAMES) if self._has_draft(server)), name)

    def _take_back(self, name: str, path: Path) -> None:
        """Delete from work/ by hand: whoever does that does not expect to find it again."""
        if path.exists():
            gone = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
            self.edits[name] -= {file.read_bytes() for file in gone}
            remove_tree(path)

    def _kept_contents(self, name: str) -> set[bytes]:
        home = self.cluster[name].home
        found = {data for data, _ in self._draft(name).values()}
        for aside in self.cluster[name].path.glob("*work-*"):
            found |= {data for data, _ in _files_below(aside).values()}
        for oid in home.repository.refs(DRAFTS).values():
            tree = home.repository.commit(oid).tree
            found |= {trees.read(home.repository, blob) for _, blob in trees.files(home.repository, tree)}
        return found

    def _served(self, name: str) -> Files:
        return _files_below((self.cluster[name].path / "current").resolve(strict=True))

    def _held(self, name: str) -> set[str]:
        """The revisions that a server would still have if all others were lost."""
        pins = self.cluster[name].home.repository.refs(KEEP).values()
        return set().union(*(self.model.reached(oid) for oid in (self.heads[name], *pins)))

    def _kept_sides(self, name: str) -> list[str]:
        return tips.diverged_sides(self.cluster[name].home)

    def _reached_by(self, name: str) -> list[str]:
        """The peers that a server asks, and whose links are up."""
        away = self.model.excluded[self.heads[name]]
        asked = [] if name in away else [peer for peer in NAMES if peer not in away]
        return [peer for peer in asked if peer != name and (name, peer) not in self.cuts]

    def _include_all(self) -> None:
        for name in NAMES:
            for other in self.model.excluded[self.heads[name]]:
                _attempt(servers.include, self.cluster[name].home, name=other, author=JANA)
                self._learn()

    def _would_keep_all(self, name: str, held: set[str]) -> bool:
        """Whether all that was published is held if this server holds only so much."""
        others = (self._held(peer) for peer in NAMES if peer != name)
        return held.union(*others) == set(self.model.parents)

    def _came_back(self, name: str) -> None:
        """A server's home is another one: links are as they are now, and edits as it has them."""
        self.cluster.heal_all()
        for here, there in self.cuts:
            self.cluster.cut_one_way(here, there)
        self.heads[name] = self.cluster[name].head
        published = {data for files in self.model.files.values() for data, _ in files.values()}
        self.edits[name] &= published | self._kept_contents(name)
        self.unsettled.add(name)
        self.publishers.clear()
        self._learn()

    def _is_whole(self) -> bool:
        """All links are up, nobody was killed nor excluded, and all stand on one line."""
        torn = self.cuts or self.unsettled or self._collided() or any(map(self._kept_sides, NAMES))
        return not torn and not any(self.model.excluded[head] for head in self.heads.values())

    def _collided(self) -> bool:
        heads = set(self.heads.values())
        return any(self.model.diverged(one, other) for one in heads for other in heads)

    def _outcome_of_publish(self, name: str) -> str:
        """What `mha publish` has to say, told from sets alone."""
        head, peers = self.heads[name], [self.heads[peer] for peer in self._reached_by(name)]
        match self.model.active[head]:
            case None:
                return NoServerActive.__name__
            case active if active != name:
                return ReadOnlyServer.__name__
        kept = {oid for peer in (name, *self._reached_by(name)) for oid in self._kept_sides(peer)}
        if any(self.model.diverged(head, peer) for peer in peers) or kept - self.model.reached(head):
            return Collision.__name__
        further = [peer for peer in peers if self.model.follows(peer, head)]
        if further:
            best = max(further, key=lambda peer: self.model.ahead(peer, head))
            return "CaughtUp" if self.model.active[best] == name else "StoodDown"
        return "nothing" if self._draft(name) == self.model.files[head] else "published"

    def _outcome_of_sync(self, name: str) -> dict[str, str]:
        """Which head each server has after one `mha sync`, told from sets alone."""
        after = dict(self.heads)
        peers = self._reached_by(name)
        further = [peer for peer in peers if self.model.follows(after[peer], after[name])]
        if further:
            best = max(further, key=lambda peer: self.model.ahead(after[peer], after[name]))
            after[name] = after[best]
        for peer in peers:
            if self.model.follows(after[name], after[peer]):
                after[peer] = after[name]
        return after

    def _require_one_publisher(self, name: str, oid: str) -> None:
        """All links are up: nobody else publishes in this epoch, and nothing that exists is left out."""
        publishers = self.publishers.setdefault(self.model.epoch[oid], set())
        publishers.add(name)
        assert publishers == {name}, f"two servers published in epoch {self.model.epoch[oid]}"
        assert all(head in self.model.reached(oid) for head in self.heads.values())

    def _require_settled(self, name: str) -> None:
        """`current/` and `work/` are as main says."""
        home, head = self.cluster[name].home, self.heads[name]
        assert releases.served(home) == head
        assert home.repository.ref("refs/mha/current") == head
        assert home.work.is_dir() == (self.model.active[head] == name or tips.resolving(home) is not None)


FIGURES = Counter[str]()
AT_LEAST = Counter(  # in each part: about half of what happened least often in any of the fixed walks
    {
        "cases": 10, "steps": 300, "publishes": 35, "changeovers": 18, "collisions": 2, "resolutions": 1, "merged": 1,
        "killed": 1, "receivers killed": 3, "exclusions": 1, "put back": 1, "restored": 2, "rebuilt": 1,
    }
)  # fmt: skip


def _attempt(operation: Callable[..., Any], *args: object, **options: object) -> tuple[Any, MhaError | None]:
    """What an operation came to, or the error that it ended with; any other exception fails the test."""
    try:
        return operation(*args, **options), None
    except MhaError as error:
        return None, error


def _publish(path: Path, _to: str | None) -> None:
    publication.publish(open_home(path), message="Why", author=JANA)


def _synchronize(path: Path, _to: str | None) -> None:
    replication.sync(open_home(path))


def _promote(path: Path, _to: str | None) -> None:
    changeover.promote(open_home(path), author=JANA)


def _force(path: Path, _to: str | None) -> None:
    changeover.promote(open_home(path), author=JANA, force=True)


def _demote(path: Path, to: str | None) -> None:
    changeover.demote(open_home(path), author=JANA, to=to)


def _discard(path: Path, _to: str | None) -> None:
    drafts.discard(open_home(path))


def _resolve(path: Path, _to: str | None) -> None:
    sides = collision.collision(open_home(path)).sides
    if sides:
        resolution.resolve(open_home(path), resolution.Wish(sides[-1].head), author=JANA)


def _begin(path: Path, _to: str | None) -> None:
    if collision.collision(open_home(path)).exists:
        by_hand.begin(open_home(path), resolution.Wish(), author=JANA)


OPERATIONS: dict[str, Callable[[Path, str | None], None]] = {
    "publish": _publish,
    "synchronize": _synchronize,
    "promote": _promote,
    "force": _force,
    "demote": _demote,
    "discard": _discard,
    "resolve": _resolve,
    "begin": _begin,
}


def _files_below(folder: Path) -> Files:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in folder.rglob("*")
        if path.is_file()
    }


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


ALWAYS = settings(deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
PROFILES = {
    "ci": settings(ALWAYS, max_examples=10, stateful_step_count=40, phases=[Phase.generate]),
    "nightly": settings(ALWAYS, max_examples=150, stateful_step_count=60),
}
ROUNDS = 3


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three servers as they are on the first day; they believe that they stand in the folder `live` beside it."""
    root = tmp_path_factory.mktemp("cluster")
    (root / "home").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root / "home"))
        patch.setenv("MHA_NOW", BEGINNING.isoformat())
        Cluster.build(root / "live", NAMES)
    (root / "live").rename(root / "template")
    return root / "template"


@pytest.mark.timeout(6 * 3600 if os.environ.get("CLUSTER_PROFILE") == "nightly" else 600)
@pytest.mark.parametrize("part", range(ROUNDS))
def test_no_published_revision_is_ever_lost(template, part, monkeypatch):
    monkeypatch.setenv("MHA_NOW", BEGINNING.isoformat())
    profile = os.environ.get("CLUSTER_PROFILE", "ci")
    seed = int(os.environ.get("CLUSTER_SEED", "40" if profile == "ci" else str(random.randrange(1 << 32)))) + part
    print(f"Again: CLUSTER_PROFILE={profile} CLUSTER_SEED={seed - part} pytest -n0 '{__file__}' -k '[{part}]'")

    class Here(Servers):
        def __init__(self) -> None:
            super().__init__(template, template.parent / "live")

    FIGURES.clear()
    run_state_machine_as_test(hypothesis.seed(seed)(Here), settings=PROFILES[profile])

    print(dict(FIGURES))
    if "CLUSTER_SEED" not in os.environ:  # which is for looking at one walk
        assert FIGURES >= AT_LEAST, "too little happened for the laws to mean anything"
