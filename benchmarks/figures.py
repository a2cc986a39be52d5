"""What a replay measured: samples in, figures and their text out."""

import resource
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_WORDS = {
    "local": "served by the Active",
    "path": "served by a Standby reached by path",
    "ssh": "served by a Standby reached by ssh",
    "whole": "`publish` returns",
}


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took over a replay, in seconds."""

    median: float
    worst: float
    first_hundred: float  # medians
    last_hundred: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Spread":
        return cls(
            statistics.median(samples),
            max(samples),
            statistics.median(samples[:100]),
            statistics.median(samples[-100:]),
        )


@dataclass(frozen=True, slots=True)
class Store:
    """What a server's mha.git came to."""

    kib: int
    loose: int
    packs: int


@dataclass
class Figures:
    """A replay, counted and measured."""

    history: str
    revisions: int
    adopted: int = 0
    published: int = 0
    empty: int = 0  # revisions that change no file: nothing to publish
    refused: list[str] = field(default_factory=list)  # revisions that mha does not take, and why
    late: list[str] = field(default_factory=list)  # servers that missed a publish's deadline, and needed a `sync`
    planned: list[float] = field(default_factory=list)  # seconds of each changeover
    forced: list[float] = field(default_factory=list)
    synced: list[float] = field(default_factory=list)  # seconds of each `sync`, which packs what has become many
    setup: dict[str, float] = field(default_factory=dict)  # seconds of init and of each join
    verify: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0  # of the replay itself, without setting up and comparing
    publish: dict[str, Spread] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    memory_mib: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # what is not as it must be; none after a good replay

    def json(self) -> dict[str, Any]:
        return asdict(self)

    def text(self) -> str:
        """The summary that people read."""
        return "\n".join(
            [
                f"{self.history}: {self._counted()}",
                f"{self.seconds:.0f} s, {self.published / self.seconds:.2f} revisions a second" if self.seconds else "",
                _listed("set up", self.setup.items(), "s"),
                *(_listed(f"{len(found)} {what}", _extent(found), "s") for what, found in self._moves() if found),
                "",
                f"{'seconds until':40}{'median':>9}{'worst':>9}{'first 100':>11}{'last 100':>10}",
                *(_row(_WORDS[name], spread) for name, spread in self.publish.items()),
                "",
                *(f"{n}/mha.git: {s.kib:,} KiB, {s.loose:,} loose objects, {s.packs} packs" for n, s in self._stores()),
                _listed("peak memory", self.memory_mib.items(), "MiB"),
                _listed("verify --deep", self.verify.items(), "s"),
                *(f"refused: {line}" for line in self.refused),
                *(f"late: {line}" for line in self.late),
                *(f"PROBLEM: {line}" for line in self.problems),
                self._verdict(),
            ]
        )

    def _counted(self) -> str:
        parts = [(self.published, "published"), (self.empty, "without a change"), (len(self.refused), "refused")]
        told = ", ".join(f"{count:,} {word}" for count, word in parts if count)
        return f"{self.revisions:,} revisions, {told or 'none published'}, on top of {self.adopted:,} adopted ones"

    def _moves(self) -> list[tuple[str, list[float]]]:
        return [
            ("planned changeovers", self.planned),
            ("forced changeovers", self.forced),
            ("synchronizations with nothing to give", self.synced),
        ]

    def _stores(self) -> Iterable[tuple[str, Store]]:
        return self.stores.items()

    def _verdict(self) -> str:
        if self.problems:
            return "The replay went wrong."
        return "Three identical heads; every revision equals its source; all files are equal byte by byte; verified."


def store(git_dir: Path) -> Store:
    """What a repository takes on disk, and in how many pieces."""
    files = [path for path in git_dir.rglob("*") if path.is_file()]
    loose = [path for path in files if len(path.parent.name) == 2 and path.parent.parent.name == "objects"]
    blocks = sum(path.stat().st_blocks for path in files)
    return Store(blocks // 2, len(loose), sum(path.suffix == ".pack" for path in files))


def memory() -> dict[str, float]:
    """The peak memory of this process, and of the largest of those that it started."""
    whom = {"this process": resource.RUSAGE_SELF, "the largest child": resource.RUSAGE_CHILDREN}
    return {name: resource.getrusage(who).ru_maxrss / 1024 for name, who in whom.items()}


def _row(words: str, spread: Spread) -> str:
    return f"{words:40}{spread.median:9.3f}{spread.worst:9.3f}{spread.first_hundred:11.3f}{spread.last_hundred:10.3f}"


def _extent(samples: Sequence[float]) -> Iterable[tuple[str, float]]:
    return [("median", statistics.median(samples)), ("worst", max(samples))] if samples else []


def _listed(what: str, values: Iterable[tuple[str, float]], unit: str) -> str:
    return f"{what}: " + ", ".join(f"{name} {value:.2f} {unit}" for name, value in values)
