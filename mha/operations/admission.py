"""Admission: may these revisions from elsewhere become part of the history here?

The same judgement for what a peer pushes and for what is fetched: each new
revision must follow its parents, and its files must be fit to be published.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from mha.core import changes, cluster, succession
from mha.core.record import MalformedRecord
from mha.errors import MhaError, RefusedHistory
from mha.store import trees
from mha.store.repository import Commit, Repository
from mha.store.trees import Delta

Counter = Callable[[int, int], None]  # done, of how many


def uncounted(_done: int, _total: int) -> None:
    """Show no progress."""


@dataclass
class Judge:
    """Reads each revision once, however many children ask for it."""

    repository: Repository
    introduction: str
    _facts: dict[str, succession.Revision] = field(default_factory=dict)
    _servers: dict[str, frozenset[str]] = field(default_factory=dict)

    def admit(self, new: str, *, known: list[str], files: bool = True, counted: Counter = uncounted) -> None:
        """Judge all revisions that `new` reaches and `known` does not; raises RefusedHistory at the first bad one.

        `known` are heads that are admitted already. Without `files` only succession is judged.
        """
        before = list(self.repository.commit(self.introduction).parents)
        commits = list(self.repository.walk(new, hide=[*known, *before]))
        for done, commit in enumerate(reversed(commits), 1):
            self.judge(commit)
            if files:
                self._require_files(commit)
            counted(done, len(commits))

    def judge(self, commit: Commit) -> succession.Kind:
        """What a revision is; raises RefusedHistory where it may not follow its parents."""
        parents = [] if commit.id == self.introduction else [self._revision(parent) for parent in commit.parents]
        diverged = len(parents) < 2 or self.repository.diverged(commit.parents)
        verdict = succession.judge(parents, self._revision(commit.id, commit), diverged=diverged)
        if isinstance(verdict, succession.Refusal):
            raise RefusedHistory(commit.id, verdict.reason)
        if verdict is succession.Kind.INIT and commit.id != self.introduction:
            raise RefusedHistory(commit.id, "It begins another history.")
        return verdict

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
        if blob.id not in self._servers:
            try:
                self._servers[blob.id] = frozenset(cluster.parse(trees.read(self.repository, blob)).servers)
            except MhaError as error:
                raise RefusedHistory(commit.id, error.message) from error
        return self._servers[blob.id]

    def _require_files(self, commit: Commit) -> None:
        parent = commit.parents[0] if commit.parents and commit.id != self.introduction else None
        old = self.repository.commit(parent).tree if parent is not None else None
        deltas = trees.deltas(self.repository, old, commit.tree)
        found = [f"{p.path} {p.problem}." for p in changes.problems(trees.entries(self.repository, deltas))]
        found = found or [
            f"{one} and {other} are one file to some." for one, other in twins(self.repository, commit, deltas)
        ]
        if found:
            raise RefusedHistory(commit.id, found[0])


def twins(repository: Repository, commit: Commit, deltas: list[Delta]) -> list[tuple[str, str]]:
    """Paths of a commit that differ only in case from others, as far as `deltas` brought them in."""
    added = [delta.path.decode("utf-8", "replace") for delta in deltas if delta.old is None]
    return changes.twins({*added, *trees.neighbours(repository, commit.tree, added)})
