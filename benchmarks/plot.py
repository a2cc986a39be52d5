"""Draw what a benchmark measured: cost against the size of the store, and against the length of its history.

`python benchmarks/bench.py --json > docs/benchmarks.json`, then
`python benchmarks/plot.py docs/benchmarks.json docs/benchmarks.svg`.
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the choice of what it draws on

_WORDS = {
    "publish": "mha publish",
    "known": "publish from Python, path known",
    "take": "a Standby takes a revision",
}
_WINDOW = 25  # revisions, of which the median is drawn


def draw(figures: list[dict[str, Any]], target: Path) -> None:
    """Two charts beside each other, as SVG."""
    mpl.rcParams |= {"svg.hashsalt": "mha", "svg.fonttype": "none", "font.size": 9}
    drawn, (size, length) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    _size(size, figures)
    _length(length, next((f["series"] for f in figures if f["work"] == "length"), []))
    drawn.savefig(target, metadata={"Date": None})


def _size(axes: Any, figures: list[dict[str, Any]]) -> None:
    for name, words in _WORDS.items():
        rows = sorted((f["files"], f["ours"] * 1000) for f in figures if f["work"] == name)
        axes.plot(*zip(*rows, strict=True), marker="o", label=words)
    rows = sorted((f["files"], f["reference"] * 1000) for f in figures if f["work"] == "publish")
    axes.plot(*zip(*rows, strict=True), marker="s", linestyle="--", color="grey", label="git add -A && git commit")
    axes.set(xscale="log", yscale="log", xlabel="files in the store", ylabel="milliseconds", title="One changed file")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylim(bottom=10)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2, frameon=False)
    axes.grid(visible=True, alpha=0.3)


def _length(axes: Any, series: list[float]) -> None:
    starts = range(0, len(series) - _WINDOW, _WINDOW)
    medians = [statistics.median(series[start : start + _WINDOW]) * 1000 for start in starts]
    axes.plot([start + _WINDOW // 2 for start in starts], medians)
    axes.set(xlabel="revisions published", ylabel="milliseconds", title="One publish from Python, 1,000 files")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
