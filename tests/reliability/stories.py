"""The commands that faults are let loose on, each with its scene, and what must hold after a fault.

After every fault: each server stands at the old or at the new revision and serves a
whole one; what was acknowledged is there. After the next command: nothing is left
of the fault, on either side.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mha.operations import backup, publication, restoration, servers, verification
from mha.operations import tip as tips
from mha.store import draft, lock, releases
from mha.store.files import remove_tree
from mha.store.repository import DRAFTS, RESOLVING
from tests.cluster import JANA, Cluster, Server, mha
from tests.reliability.syscalls import Plan, Ran, run

HOSTS, NETWORKS, NEW = "objects/hosts.yaml", "objects/networks.yaml", "new/place/one.yaml"
EDITS: dict[str, str | None] = {HOSTS: "hosts: {mine: 10.0.0.1}\n", NETWORKS: None, NEW: "new: 1\n"}
THEIRS = "hosts: {theirs: 10.0.0.9}\n"
MERGED = "hosts:\n  web: 10.0.0.1\n  theirs: 10.0.0.9\n"  # in lines, as what both sides come from
_UNFINISHED = re.compile(r"\.lock$|\.keep$|(^|/)(tmp_|incoming-|sharedindex_|packing$|\.)")


@dataclass(frozen=True)
class Story:
    """One command, on servers that are made ready for it, and what is done and looked at afterwards."""

    name: str
    server: str | None  # whose command it is; None: it names its home itself
    arguments: tuple[str, ...]  # {root} stands for the folder of all servers
    prepare: Callable[[Cluster], None]
    follow: Callable[[Cluster, "Before"], None]  # the next command, and what it must have led to
    held: str = "mha"
    acknowledged: str = ""  # what the command says once the revision is promised
    keeps: str = ""  # whose server's revision and mode it then has; empty: it makes the next one, as Active


@dataclass(frozen=True)
class Before:
    """How the servers stood before the fault."""

    heads: Mapping[str, str]
    revision: int
    wanted: Mapping[str, bytes]  # the files of the new revision, as its draft has them


@dataclass
class Scene:
    """The servers of a story, put back before each case."""

    cluster: Cluster
    story: Story
    before: Before
    kept: Path

    def case(self, plan: Plan | None) -> Ran:
        """Put all back, run the command under a plan, and look at what it left, before and after the next command."""
        self.restore()
        ran = run(self.words, plan=plan, held=self.story.held)
        self.look(ran)
        self.follow(ran)
        return ran

    def restore(self) -> None:
        """Put all back as it was before the command."""
        copy(self.kept, self.cluster.root)

    def look(self, ran: Ran) -> None:
        """Right after the command: old or new, and what was acknowledged is there."""
        with _explained(ran):
            _stands(self.cluster, self.before)
            _keeps_its_word(self.cluster, self.story, self.before, ran)

    def follow(self, ran: Ran) -> None:
        """Run the next command, and see that nothing is left of the fault."""
        with _explained(ran):
            self.story.follow(self.cluster, self.before)

    def sweep(self, plan: Callable[[int], Plan]) -> Iterator[Ran]:
        """A case for each call, until a run passes untouched."""
        at = 1
        while (ran := self.case(plan(at))).hit is not None:
            yield ran
            at += 1

    @property
    def words(self) -> list[str]:
        """The command line of the story."""
        home = ["--home", str(self.cluster.root / self.story.server)] if self.story.server else []
        return [*home, *(word.format(root=self.cluster.root) for word in self.story.arguments)]


def build(root: Path) -> Cluster:
    """The two servers that every story begins with; its folder is copied for each."""
    return Cluster.build(root / "servers", ["fw-a", "fw-b"])


def staged(base: Cluster, kept: Path, story: Story) -> Scene:
    """A scene for a story, made from the servers as `build` made them; they always stand at the same place."""
    cluster = Cluster(base.root, dict(base.servers))  # `prepare` may add some
    copy(kept, cluster.root)
    story.prepare(cluster)
    heads = {name: server.head for name, server in cluster.servers.items()}
    before = Before(heads, cluster["fw-a"].record.revision, cluster["fw-a"].draft())
    own = kept.with_name(f"kept-{story.name.replace(' ', '-')}")
    copy(cluster.root, own)
    return Scene(cluster, story, before, own)


def copy(source: Path, target: Path) -> None:
    """Copy servers, with times and links as they are."""
    remove_tree(target)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def unfinished(server: Server) -> list[str]:
    """Everything in a home that looks like the unfinished file of a program: of git, of libgit2, of mha."""
    names = (str(path.relative_to(server.path)) for path in server.path.rglob("*"))
    return sorted(name for name in names if _UNFINISHED.search(name) and name != "work/.git")


def sound(server: Server) -> None:
    """Nothing is wrong with a home, and nothing was left in it; its readers see its head."""
    assert verification.verify(server.home, deep=True).findings == ()
    assert unfinished(server) == []
    assert releases.served(server.home) == server.head


def clear(ran: Ran) -> bool:
    """Whether a command that could not do all of its work said so, in mha's own words."""
    return ran.code == 0 or "Error: " in ran.err or "Warning: " in ran.out + ran.err or "! fw-" in ran.out


def moments(metafunc: pytest.Metafunc, short: Sequence[tuple[str, Plan]], effects: Sequence[Plan]) -> None:
    """The parameters of a test: in the long profile each story with each effect, at each call; else some cases."""
    if metafunc.config.getoption("--full"):
        cases = [(name, plan, True) for name in STORIES for plan in effects]
    else:
        cases = [(name, plan, False) for name, plan in short]
    ids = [f"{name}: {plan}" for name, plan, _ in cases]
    metafunc.parametrize(("name", "plan", "each"), cases, ids=ids)


@contextmanager
def _explained(ran: Ran) -> Iterator[None]:
    """Say which fault it was, where something does not hold after it."""
    try:
        yield
    except Exception as error:
        error.add_note(f"after: {ran.hit}; exit code {ran.code}; {ran.out}{ran.err}")
        raise


def _stands(cluster: Cluster, before: Before) -> None:
    """Right after a fault: old or new, and nothing between."""
    for name, server in cluster.servers.items():
        if name not in before.heads:  # it was about to join
            continue
        repository, served = server.home.repository, releases.served(server.home)
        assert served is not None
        assert releases.differences(server.home, served) == [] or name in _damaged(cluster)
        assert repository.contains(server.head, before.heads[name])
        assert repository.contains(server.head, served)
        assert server.record.revision <= before.revision + 1


def _damaged(cluster: Cluster) -> set[str]:
    """The servers whose scene begins with damage."""
    return {"fw-a"} if (cluster.root / "damaged").exists() else set()


def _keeps_its_word(cluster: Cluster, story: Story, before: Before, ran: Ran) -> None:
    """What was acknowledged is there, on each server that was named."""
    said = ran.out + ran.err
    assert "Traceback" not in said, said
    assert "mistake in mha" not in said, said
    if story.acknowledged and story.acknowledged in ran.out:
        owner = Server(cluster.root / (story.server or "fw-c"))
        assert owner.record.revision == before.revision + (not story.keeps)
        assert owner.record.active == (story.keeps or story.server)
    assert ran.code != 0 or story.acknowledged in ran.out
    if story.name == "publish" and ran.code > 0 and cluster["fw-a"].head != before.heads["fw-a"]:  # not killed
        assert f"evision {before.revision + 1}" in said  # it failed, and does not deny what it did
    if "Held by fw-b as well." in ran.out:
        assert cluster["fw-b"].head == cluster["fw-a"].head


# The scenes


def _edited(cluster: Cluster) -> None:
    for path, text in EDITS.items():
        cluster["fw-a"].edit(path, text)


def _as_packs(cluster: Cluster) -> None:
    """Let fw-b keep what it is pushed as a pack, as it does with a hundred objects and more."""
    _edited(cluster)
    _configure(cluster["fw-b"].path, "receive.unpackLimit", "1")


def _behind(cluster: Cluster) -> None:
    """fw-a with old releases, and a head that `current` does not serve yet, as after a kill."""
    server = cluster["fw-a"]
    cluster.cut("fw-a", "fw-b")
    for number in range(4):
        server.publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
    cluster.heal("fw-a", "fw-b")
    note = server.home.state / "releases.json"
    left = json.loads(note.read_text())
    note.write_text(json.dumps([entry | {"boot": "an earlier one"} for entry in left]))  # their readers are long gone
    server.sync()
    _edited(cluster)
    home = server.home
    with lock.held(home.git_dir):
        here, tree = tips.tip(home), draft.of(home)
        assert tree is not None
        publication.advance(here, tree.store(tree.edits(here.id)), message="Behind", author=JANA)


def _cut(cluster: Cluster) -> None:
    _edited(cluster)
    cluster.cut("fw-a", "fw-b")


def _collided(cluster: Cluster) -> None:
    """Both published on top of the same revision, and see each other again; fw-a has a draft."""
    cluster.cut("fw-a", "fw-b")
    for number in range(2):
        cluster["fw-a"].publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
    cluster["fw-b"].promote(force=True)
    cluster["fw-b"].publish_edit(HOSTS, THEIRS)
    cluster.heal_all()
    _edited(cluster)


def _merging(cluster: Cluster) -> None:
    """fw-a has the merged files of both sides in `work/`, and its draft is set aside."""
    _collided(cluster)
    assert cluster["fw-a"].mha("resolve", "--edit").returncode == 0


def _listed(cluster: Cluster) -> None:
    active = cluster["fw-a"]
    servers.add(active.home, name="fw-c", url=str(cluster.root / "fw-c"), key=None, author=JANA)


def _damage(cluster: Cluster) -> None:
    """fw-a with a damaged object, a tampered release, stale locks and what a killed git left."""
    (cluster.root / "damaged").touch()
    server = cluster["fw-a"]
    blob = _git(server, "rev-parse", f"main:{NETWORKS}").strip()
    for path in (server.home.git_dir / "objects" / blob[:2] / blob[2:], server.path / "current" / HOSTS):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:9])
    (server.home.git_dir / "refs" / "heads" / "main.lock").touch()
    (server.home.git_dir / "objects" / "tmp_objdir-incoming-Ab12").mkdir()


def _rebuildable(cluster: Cluster) -> None:
    """fw-a damaged as before a repair, with a kept draft and edits."""
    _drafted(cluster)
    _damage(cluster)


def _drafted(cluster: Cluster) -> None:
    """fw-a has a kept draft, and edits."""
    cluster["fw-a"].edit(HOSTS, "hosts: {kept: 10.0.0.8}\n")
    cluster["fw-a"].mha("discard", check=True)
    _edited(cluster)


def _saved(cluster: Cluster) -> None:
    """A backup of fw-a stands there, fw-c is listed in it, and there are drafts in it."""
    _listed(cluster)
    _drafted(cluster)
    backup.backup(cluster["fw-a"].home, cluster.root / SAVED)


def _carried(cluster: Cluster) -> None:
    """fw-b is behind, cannot be reached, and what it lacks was carried to it."""
    cluster.cut("fw-a", "fw-b")
    for number in range(3):
        cluster["fw-a"].publish_edit(HOSTS, f"hosts: {{web: 10.0.0.{number}}}\n")
    backup.backup(cluster["fw-a"].home, cluster.root / SAVED, since=str(cluster["fw-b"].record.revision))


# What follows


def _backup_again(cluster: Cluster, before: Before) -> None:
    """Under its name there is a whole one or none; the next one is whole, and leaves nothing else there.

    Where the home's disk failed, the first one may lack what lies in work/, and says so.
    """
    active, path = cluster["fw-a"], cluster.root / SAVED
    if path.exists():
        assert _drafts_in(active, path) >= {"1"}
    done = active.mha("backup", str(path), "--force")
    assert done.returncode == 0, done
    assert _drafts_in(active, path) == {"1", "2"}
    assert sorted(entry.name for entry in cluster.root.iterdir() if not entry.is_dir()) == [SAVED]
    sound(active)
    assert active.draft() == before.wanted
    assert active.home.repository.refs(DRAFTS).keys() == {"1"}


def _drafts_in(active: Server, path: Path) -> set[str]:
    """The numbers of the drafts in a backup, which is whole: it is restored, and thrown away."""
    target = path.with_name("restored")
    restoration.restore([path], target, name="fw-a")
    restored = Server(target)
    assert (restored.head, restored.served()) == (active.head, active.served())
    drafts = set(restored.home.repository.refs(DRAFTS))
    remove_tree(target)
    return drafts


def _restore_again(cluster: Cluster, before: Before) -> None:
    path = cluster.root / "fw-c"
    joined = Server(path)
    if not (path / "mha.git" / "mha" / "name").exists() or joined.home.repository.head() is None:
        done = mha("restore", str(cluster.root / SAVED), str(path), "--name", "fw-c")
    else:
        done = joined.mha("sync")
    assert done.returncode == 0, done
    assert joined.sync().complete
    sound(joined)
    assert joined.head == cluster["fw-a"].head
    assert joined.served() == cluster["fw-a"].served()
    assert joined.home.repository.refs(DRAFTS).keys() == {"1", "2"}
    assert _files_of(joined, joined.home.repository.refs(DRAFTS)["2"]) == before.wanted


def _receive_again(cluster: Cluster, before: Before) -> None:
    standby = cluster["fw-b"]
    done = standby.mha("receive", str(cluster.root / SAVED))
    assert done.returncode == 0, done
    sound(standby)
    assert standby.head == before.heads["fw-a"]
    assert standby.served() == before.wanted


def _publish_again(cluster: Cluster, before: Before) -> None:
    active, standby = cluster["fw-a"], cluster["fw-b"]
    done = active.mha("publish", "-m", "again")
    assert done.returncode == 0, done
    _unconfigure(standby.path)
    sound(active)
    assert active.record.revision == before.revision + 1
    assert active.served() == active.draft() == before.wanted
    assert active.sync().complete
    _also(standby, active)


def _sync_again(cluster: Cluster, before: Before) -> None:
    active = cluster["fw-a"]
    done = active.mha("sync")
    assert done.returncode == 0, done
    sound(active)
    assert active.record.revision == before.revision
    _also(cluster["fw-b"], active)


def _promote_again(cluster: Cluster, before: Before) -> None:
    old, new = cluster["fw-a"], cluster["fw-b"]
    forced = ["--force"] if "cut" in (new.home.git_dir / "config").read_text() else []
    done = new.mha("promote", *forced)
    assert done.returncode in (0, 4 if forced else 0), done
    sound(new)
    cluster.heal_all()
    assert new.sync().complete
    _also(old, new)
    assert (new.record.active, new.record.epoch, new.record.revision) == ("fw-b", 2, before.revision + 1)
    assert old.home.repository.refs(DRAFTS).keys() == {"1"}
    assert _files_of(old, old.home.repository.refs(DRAFTS)["1"]) == before.wanted


def _resolve_again(cluster: Cluster, before: Before) -> None:
    _ended(cluster, before, ("--keep", before.heads["fw-b"]), THEIRS)


def _merge_again(cluster: Cluster, before: Before) -> None:
    _ended(cluster, before, ("--merge",), MERGED)


def _edit_again(cluster: Cluster, before: Before) -> None:
    done = cluster["fw-a"].mha("resolve", "--edit")
    assert done.returncode == 0 or "work/ holds the merged files" in done.stderr, done
    assert cluster["fw-a"].draft()[HOSTS] == MERGED.encode()
    _continue_again(cluster, before)


def _continue_again(cluster: Cluster, before: Before) -> None:
    _ended(cluster, before, ("--continue",), MERGED)
    assert cluster["fw-a"].home.repository.ref(RESOLVING) is None


def _abort_again(cluster: Cluster, before: Before) -> None:
    done = cluster["fw-a"].mha("resolve", "--abort")
    assert done.returncode == 0 or "No merged files are being edited" in done.stderr, done
    assert cluster["fw-a"].head == before.heads["fw-a"]
    _merge_again(cluster, before)


def _ended(cluster: Cluster, before: Before, how: Sequence[str], hosts: str) -> None:
    """The collision ends, or has ended, with these hosts, and both sides in the history."""
    server, other = cluster["fw-a"], cluster["fw-b"]
    done = server.mha("resolve", *how)
    assert done.returncode == 0 or "There is no collision" in done.stderr, done
    sound(server)
    assert server.sync().complete
    _also(other, server)
    assert server.revisions() >= {before.heads["fw-a"], before.heads["fw-b"]}
    assert (server.record.active, server.record.revision) == ("fw-a", before.revision + 1)
    assert server.served()[HOSTS] == hosts.encode()
    assert server.home.repository.refs(DRAFTS).keys() == {"1"}
    kept = _files_of(server, server.home.repository.refs(DRAFTS)["1"])
    wanted = _files_of(server, before.heads["fw-a"]) | {path: (text or "").encode() for path, text in EDITS.items()}
    assert kept == {path: data for path, data in wanted.items() if data}


def _join_again(cluster: Cluster, before: Before) -> None:
    path = cluster.root / "fw-c"
    joined = Server(path)
    if not (path / "mha.git" / "mha" / "name").exists() or joined.home.repository.head() is None:
        done = mha("join", str(cluster["fw-a"].path), str(path), "--name", "fw-c")
    else:
        done = joined.mha("sync")
    assert done.returncode == 0, done
    _unconfigure(path)
    sound(joined)
    assert joined.head == cluster["fw-a"].head
    assert joined.served() == before.wanted


def _repair_again(cluster: Cluster, before: Before) -> None:
    server = cluster["fw-a"]
    done = server.mha("repair")
    assert done.returncode == 0, done
    sound(server)
    assert server.served() == before.wanted
    assert server.head == before.heads["fw-a"]


def _rebuild_again(cluster: Cluster, before: Before) -> None:
    server = cluster["fw-a"]
    done = server.mha("join", str(cluster["fw-b"].path), str(server.path), "--replace")
    assert done.returncode == 0, done
    for aside in server.path.glob("mha.git-replaced*"):  # whoever was killed does not know whether it was needed
        remove_tree(aside)
    sound(server)
    assert server.head == before.heads["fw-a"]
    assert server.served()[HOSTS] != server.draft()[HOSTS]
    assert server.draft() == before.wanted
    assert server.home.repository.refs(DRAFTS).keys() == {"1"}


def _also(server: Server, leader: Server) -> None:
    """The next command of the other side."""
    assert server.sync().complete
    sound(server)
    assert server.head == leader.head


def _files_of(server: Server, oid: str) -> dict[str, bytes]:
    """The files of a commit."""
    names = _git(server, "ls-tree", "-r", "--name-only", oid).splitlines()
    return {name: _git(server, "cat-file", "blob", f"{oid}:{name}").encode() for name in names}


def _git(server: Server, *arguments: str) -> str:
    command = ["git", "--git-dir", str(server.home.git_dir), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _configure(home: Path, name: str, value: str) -> None:
    subprocess.run(["git", "config", "--file", str(home / "mha.git" / "config"), name, value], check=True)


def _unconfigure(home: Path) -> None:
    for name in ("receive.unpackLimit", "fetch.unpackLimit"):
        command = ["git", "config", "--file", str(home / "mha.git" / "config"), "--unset-all", name]
        subprocess.run(command, check=False)


def _keyed(cluster: Cluster) -> None:
    """fw-c has its key, and will keep what it fetches as a pack, as it does with a hundred objects and more."""
    path = cluster.root / "fw-c"
    assert mha("key", str(path), "--name", "fw-c").returncode == 0
    _configure(path, "fetch.unpackLimit", "1")
    _listed(cluster)


PUBLISH = ("publish", "-m", "x")
SAVED = "saved.bundle"
RESTORE = ("restore", f"{{root}}/{SAVED}", "{root}/fw-c", "--name", "fw-c")
CARRY = ("receive", f"{{root}}/{SAVED}")
JOIN = ("join", "{root}/fw-a", "{root}/fw-c", "--name", "fw-c")
REBUILD = ("join", "{root}/fw-b", "{root}/fw-a", "--replace")
STORIES = {
    story.name: story
    for story in (
        Story("publish", "fw-a", PUBLISH, _edited, _publish_again, acknowledged="Published revision"),
        Story("receive", "fw-a", PUBLISH, _edited, _publish_again, "mha.cli.serve", "Published revision"),
        Story("receive a pack", "fw-a", PUBLISH, _as_packs, _publish_again, "mha.cli.serve", "Published revision"),
        Story("switch a release", "fw-a", ("sync",), _behind, _sync_again),
        Story("promote", "fw-b", ("promote",), _edited, _promote_again, acknowledged="is Active"),
        Story("promote by force", "fw-b", ("promote", "--force"), _cut, _promote_again, acknowledged="is Active"),
        Story("resolve", "fw-a", ("resolve", "--keep", "fw-b"), _collided, _resolve_again, acknowledged="has ended"),
        Story("merge", "fw-a", ("resolve", "--merge"), _collided, _merge_again, acknowledged="has ended"),
        Story("edit a merge", "fw-a", ("resolve", "--edit"), _collided, _edit_again),
        Story("continue", "fw-a", ("resolve", "--continue"), _merging, _continue_again, acknowledged="has ended"),
        Story("abort", "fw-a", ("resolve", "--abort"), _merging, _abort_again),
        Story("join", None, JOIN, _listed, _join_again, acknowledged="is a Standby of", keeps="fw-a"),
        Story("join with a pack", None, JOIN, _keyed, _join_again, acknowledged="is a Standby of", keeps="fw-a"),
        Story("backup", "fw-a", ("backup", f"{{root}}/{SAVED}"), _drafted, _backup_again),
        Story("restore", None, RESTORE, _saved, _restore_again, acknowledged="is restored", keeps="fw-a"),
        Story("receive a file", "fw-b", CARRY, _carried, _receive_again, acknowledged="Took 3", keeps="fw-a"),
        Story("repair", "fw-a", ("repair",), _damage, _repair_again),
        Story("rebuild", "fw-a", REBUILD, _rebuildable, _rebuild_again, acknowledged="was rebuilt", keeps="fw-a"),
    )
}
