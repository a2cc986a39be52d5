"""Measure mha against git on stores of many files, both sides in the same run, and print the ratios.

Each figure is the median of several rounds; ours and the reference take turns.
A goal is a ratio, because machines differ and are busy.
"""

import argparse
import compileall
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import mha
from benchmarks import checks, measures
from benchmarks.measures import Pair
from benchmarks.stage import Stage
from mha.store.files import remove_tree


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what was measured on how many files, in seconds, and what is to be reached."""

    work: str
    files: int
    ours: float
    reference: float
    goal: float
    rounds: int
    series: tuple[float, ...] = ()  # for the length of the history: seconds of each publish, in order

    @property
    def ratio(self) -> float:
        return self.ours / self.reference

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: which stores it is for, and what it is to reach."""

    name: str
    work: str
    reference: str
    goal: float
    measure: Callable[[Stage, int], Iterator[Pair]]
    rounds: int = 7
    sizes: tuple[int, ...] = ()  # all, where none is named


ROWS = [
    Row("startup", "`mha --help`", "`python -c pass`", 6, measures.help_, 25, (10,)),
    Row("offline", "`mha status --offline`", "`python -c pass`", 15, measures.offline, 25, (10,)),
    Row("bare", "`publish`, one file", "`python -c 'import pygit2, typer'`", 0, measures.publish_bare, 15, (1_000,)),
    Row("publish", "`publish`, one file", "`git add -A && git commit`", 1.0, measures.publish),
    Row("known", "publish from Python, path known", "`git add -A && git commit`", 0.2, measures.publish_known),
    Row("burst", "`publish` in a burst", "`git add -A && git commit`", 1.0, measures.burst, 12),
    Row("take", "a Standby takes one file", "`git read-tree -m -u`", 0.2, measures.take),
    Row("import", "`init --from` a folder", "`git add -A && git commit`", 0.3, measures.import_, 1),
    Row("join", "`join` over ssh", "`git clone` over ssh", 1.3, measures.join, 1),
    Row(
        "serve", "publish until two ssh Standbys serve it", "commit, then two pushes", 1.0, measures.serve, 7, (10_000,)
    ),
    Row("status", "`status` with four ssh peers", "one `git ls-remote` over ssh", 1.5, measures.status, 9, (1_000,)),
    Row("length", "the 2,815th revision", "the 100th revision", 1.3, measures.length, 2_815, (1_000,)),
    Row("memory", "memory at the 2,815th revision", "at the 100th", 1.0, measures.memory, 1, (1_000,)),
    Row("promote", "planned `promote` over ssh", "one `git push` over ssh", 4, measures.promote, 7, (1_000,)),
    Row("backup", "`backup`", "`git bundle create --all`", 1.2, measures.backup, 5),
    Row("backup_size", "size of the backup", "of that bundle", 1.2, measures.backup_size, 1),
    Row("lint", "`validate`, the first time", "`yamllint`", 0.05, checks.against_yamllint, 3, (10_000,)),
    Row(
        "schema",
        "`validate`, the first time",
        "`check-jsonschema`",
        0.05,
        checks.against_check_jsonschema,
        1,
        (10_000,),
    ),
    Row("share", "the checks of one change", "with 1,000 objects", 1.5, checks.share, 25, (100_000,)),
    Row("rules", "checks of 2,000 rules over 10,000 objects", "half a second", 1.0, checks.rules, 7, (1_000,)),
    Row("rules_memory", "memory of these checks, all objects read", "300 MB", 1.0, checks.rules_memory, 1, (1_000,)),
    Row("rename", "`rename` of what each file names", r"`grep -rl … \| xargs sed -i`", 3, checks.rename, 5, (10_000,)),
]


def figures(
    rows: Sequence[Row], sizes: Sequence[int], folder: Path, progress: Callable[[str], None]
) -> Iterator[Figure]:
    """Measure the rows on stores of each size; each store is removed before the next is made."""
    for size in sorted({*sizes, *(s for row in rows for s in row.sizes if s < 1000)}):
        chosen = [row for row in rows if (size in row.sizes if row.sizes else size in sizes and size >= 1000)]
        if not chosen:
            continue
        progress(f"making {size:,} files")
        stage = Stage.of(folder / str(size), size)
        for row in chosen:
            progress(f"{size:,} files: {row.work}")
            pairs = list(row.measure(stage, row.rounds))
            ours, reference = (statistics.median(side) for side in zip(*pairs, strict=True))
            yield Figure(row.name, size, ours, reference, row.goal, len(pairs), tuple(stage.series))
            stage.series.clear()
        remove_tree(folder / str(size))


def table(found: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = {row.name: row for row in ROWS}
    lines = ["| work | files | mha | reference | | ratio | to reach |", "|---|---:|---:|---|---:|---:|---:|"]
    for figure in found:
        row = rows[figure.work]
        if row.goal == 0:
            more = (figure.ours - figure.reference) * 1000
            verdict, goal = f"{more:.0f} ms more", "60 ms more"
        else:
            verdict, goal = f"{figure.ratio:.2f}", f"{row.goal:g}"
        lines.append(
            f"| {row.work} | {figure.files:,} | {_amount(row, figure.ours)} | {row.reference} | "
            f"{_amount(row, figure.reference)} | {verdict} | {goal} |"
        )
    return "\n".join(lines)


def _amount(row: Row, value: float) -> str:
    if "size" in row.name:
        return f"{value * (1 << 20):.0f} KiB"
    return f"{value * 1024:.0f} MiB" if "memory" in row.name else _seconds(value)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line names; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of files (1000,10000,100000)")
    parser.add_argument("--only", default="", help=f"some of {','.join(row.name for row in ROWS)}")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    sizes = [int(size) for size in chosen.sizes.split(",")]
    wanted = chosen.only.split(",") if chosen.only else [row.name for row in ROWS]
    compileall.compile_dir(str(Path(mha.__file__).parent), quiet=1)  # as an installation does
    start = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="mha-bench-"))

    def progress(what: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s  {what}", file=sys.stderr, flush=True)

    found = []
    try:
        for figure in figures([row for row in ROWS if row.name in wanted], sizes, folder, progress):
            progress(f"        {_seconds(figure.ours)} against {_seconds(figure.reference)}: {figure.ratio:.2f}")
            found.append(figure)
    finally:
        remove_tree(folder)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps([asdict(figure) for figure in found], indent=2) if chosen.json else table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
