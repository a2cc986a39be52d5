"""What the checks say, as values, and what they read of a draft.

Rule: nothing is imported for it: a publish of files that are no YAML needs no parser.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from mha.core.changes import escaped, is_yaml
from mha.core.model.severity import Severity
from mha.store import trees
from mha.store.draft import Edit, WorkTree
from mha.store.repository import Repository
from mha.store.trees import Blob

if TYPE_CHECKING:
    from mha.core.model.differences import ObjectChange
    from mha.core.model.findings import Finding

KINDS = "kinds/"  # where a store has schemas of its own


class Remark(NamedTuple):
    """A finding as it is shown."""

    finding: "Finding"
    severity: Severity
    new: bool  # the published revision does not have it
    source: str = ""  # the line of the file

    def line(self, severity: str = "") -> str:
        """It as a compiler prints it: where, what, about what; with a word for how grave it is, where that is said."""
        finding = self.finding
        what = f"{severity} {finding.code}" if severity else finding.code
        return f"{escaped(finding.path)}:{finding.line}: {what}: {escaped(finding.sentence)}"

    @property
    def blocks(self) -> bool:
        """Whether it stands against publishing."""
        return self.new and self.severity is Severity.ERROR and not self.finding.waiver


def _nothing(_tree: str) -> None:
    """Nothing was looked at, and nothing is to be kept."""


class Verdict(NamedTuple):
    """What the checks say about a draft that may be published."""

    remarks: tuple[Remark, ...] = ()  # what it adds
    standing: int = 0  # how many errors there are with it, but for those that a rule allows
    objects: "tuple[ObjectChange, ...]" = ()  # what it does to objects
    keep: Callable[[str], None] = _nothing  # what is known for the next command, once the draft has become a tree


def concern(path: str) -> bool:
    """Whether the checks look at a file: YAML, and the schemas of a store's own kinds."""
    return is_yaml(path) or path.startswith(KINDS)


def stored_texts(repository: Repository, files: Mapping[str, Blob | None]) -> dict[str, bytes | None]:
    """What the checks read of stored files; None stands for one that is deleted."""
    wanted = {path: blob for path, blob in files.items() if concern(path)}
    return {path: None if blob is None else trees.read(repository, blob) for path, blob in wanted.items()}


def texts(tree: WorkTree, edits: Iterable[Edit]) -> dict[str, bytes | None]:
    """What the checks read of a draft; None stands for a file that is deleted."""
    return {edit.text: tree.content(edit) if edit.exists else None for edit in edits if concern(edit.text)}
