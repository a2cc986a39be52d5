"""Admission: may these revisions from elsewhere become part of the history here?

The same judgement for what a peer pushes and for what is fetched: each new
revision must follow its parents, and its files must be fit to be published.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mha.core import changes, cluster, succession
from mha.core.record import MalformedRecord
from mha.errors import MhaError, RefusedHistory
from mha.store import trees, weighing
from mha.store.repository import Commit, Repository
from mha.store.trees import Blob, Delta
from mha.store.weighing import Scale

COMMIT_BYTES = 1 << 20  # the message included
MOST_PARENTS = 16  # each is compared with each; more sides than that are merged in several steps
MOST_PATHS = 10_000_000  # that the revisions of one push or fetch may add or change together

Counter = Callable[[int, int], None]  # done, of how many


def uncounted(_done: int, _total: int) -> None:
    """Show no progress."""


@dataclass
class Judge:
    """Reads each revision once, however many children ask for it."""

    repository: Repository
    introduction: str
    servers: dict[str, frozenset[str]] = field(default_factory=dict)  # which a `mha.yaml` lists, by that file's id
    _facts: dict[str, succession.Revision] = field(default_factory=dict)
    _scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        self._scale = Scale(self.repository)

    def admit(self, new: str, *, known: list[str], files: bool = True, counted: Counter = uncounted) -> None:
        """Judge all revisions that `new` reaches and `known` does not; raises RefusedHistory at the first bad one.

        `known` are heads that are admitted already. Without `files` only succession is judged.
        """
        before = list(self.repository.commit(self.introduction).parents)
        ids = list(self.repository.line(new, hide=[*known, *before]))
        paths = 0
        for done, oid in enumerate(reversed(ids), 1):
            commit = self._commit(oid)
            self.judge(commit)
            if files:
                paths += self.require_files(commit)
            if known and paths > MOST_PATHS:  # whoever joins takes all there is
                raise RefusedHistory(new, f"It and those before it change more than {MOST_PATHS:,} files together.")
            counted(done, len(ids))

    def judge(self, commit: Commit) -> succession.Kind:
        """What a revision is; raises RefusedHistory where it may not follow its parents."""
        if len(commit.parents) > MOST_PARENTS:
            raise RefusedHistory(commit.id, f"It merges more than {MOST_PARENTS} revisions.")
        parents = [] if commit.id == self.introduction else [self._revision(parent) for parent in commit.parents]
        diverged = len(parents) < 2 or self.repository.diverged(commit.parents)
        verdict = succession.judge(parents, self._revision(commit.id, commit), diverged=diverged)
        if isinstance(verdict, succession.Refusal):
            raise RefusedHistory(commit.id, verdict.reason)
        if verdict is succession.Kind.INIT and commit.id != self.introduction:
            raise RefusedHistory(commit.id, "It begins another history.")
        return verdict

    def _commit(self, oid: str) -> Commit:
        if self.repository.size(oid) > COMMIT_BYTES:
            raise RefusedHistory(oid, f"Its message is larger than {COMMIT_BYTES >> 20} MiB.")
        return self.repository.commit(oid)

    def _revision(self, oid: str, commit: Commit | None = None) -> succession.Revision:
        if oid not in self._facts:
            found = commit or self.repository.commit(oid)
            self._facts[oid] = self._read(found)
        return self._facts[oid]

    def _read(self, commit: Commit) -> succession.Revision:
        try:
            record = commit.record
        except MalformedRecord as error:
            raise RefusedHistory(commit.id, str(error)) from error
        if record is None:
            raise RefusedHistory(commit.id, "It carries no record: it was not made by mha.")
        return succession.Revision(record, commit.tree, self._listed(commit))

    def _listed(self, commit: Commit) -> frozenset[str]:
        blob = trees.find(self.repository, commit.tree, cluster.FILE)
        if blob is None:
            raise RefusedHistory(commit.id, f"It has no {cluster.FILE}.")
        if blob.id not in self.servers:
            self.servers[blob.id] = self._read_listed(commit, blob)
        return self.servers[blob.id]

    def _read_listed(self, commit: Commit, blob: Blob) -> frozenset[str]:
        from mha.core import cluster_reader  # it needs a parser of YAML

        if self.repository.size(blob.id) > changes.YAML_BYTES:
            raise RefusedHistory(commit.id, f"{cluster.FILE} is larger than {changes.YAML_BYTES >> 20} MiB.")
        try:
            return frozenset(cluster_reader.parse(trees.read(self.repository, blob)).servers)
        except MhaError as error:
            raise RefusedHistory(commit.id, error.message) from error

    def require_files(self, commit: Commit) -> int:
        """How many files a revision adds or changes; raises RefusedHistory where one may not be published."""
        parent = commit.parents[0] if commit.parents and commit.id != self.introduction else None
        old = self.repository.commit(parent).tree if parent is not None else None
        found = next(self._faults(commit, old), None)
        if found is not None:
            raise RefusedHistory(commit.id, found)
        return self._scale.paths(old, commit.tree)

    def _faults(self, commit: Commit, old: str | None) -> Iterator[str]:
        """What stands against a revision's files, from what is told at once to what takes time."""
        try:
            paths = self._scale.paths(old, commit.tree)
        except weighing.Unbearable as error:
            yield str(error)
            return
        if (excess := changes.excess(paths, 0)) is not None:
            yield excess
            return
        deltas = trees.deltas(self.repository, old, commit.tree)
        entries = trees.entries(self.repository, deltas)
        if (excess := changes.excess(paths, sum(entry.size for entry in entries))) is not None:
            yield excess
        yield from (f"{problem.path} {problem.problem}." for problem in changes.problems(entries))
        pairs = twins(self.repository, commit, deltas)
        yield from (f"{one} and {other} are one name to some file systems." for one, other in pairs)


def twins(repository: Repository, commit: Commit, deltas: list[Delta]) -> list[tuple[str, str]]:
    """Paths of a commit that differ only in case from others, as far as `deltas` brought them in."""
    added = [delta.path.decode("utf-8", "replace") for delta in deltas if delta.old is None]
    return changes.twins({*added, *trees.neighbours(repository, commit.tree, added)})
