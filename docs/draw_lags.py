"""Draw the README's picture of what networks remember: ``draw_lags.py OUT.svg``.

From the recorded runs of adding and copying: for each network the longest lag that it solved, a dot
for each seed and a line to the median.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from keras_rnn_recipes.bptt.path_drawing import STYLE
from keras_rnn_recipes.reporting.format import label
from keras_rnn_recipes.runs.records import read_records

RECORDED = Path(__file__).resolve().parent.parent / "recipes/memory/results"
PROBLEMS = ("adding", "copying")
# Where a network stands that solved no lag at all.
NONE = 5
TICKS = (10, 20, 50, 100, 200, 500)
COLOR = "#0b6e99"


def longest_lags(problem: str) -> dict[str, list[int]]:
    """By network, the longest lag solved with each seed, 0 for none."""
    found: dict[str, list[int]] = {}
    for record in read_records([RECORDED / problem]):
        for name, figures in {record["name"]: record["model"], **record["baselines"]}.items():
            found.setdefault(name, []).append(figures["longest_lag"])
    return found


def draw(axes: Any, lags: dict[str, list[int]], names: list[str], title: str) -> None:
    """One problem: a row for each network."""
    for row, name in enumerate(names):
        shown = np.maximum(lags[name], NONE)
        axes.plot([NONE, np.median(shown)], [row, row], color=COLOR, linewidth=3, alpha=0.35)
        axes.plot(shown, [row] * len(shown), "o", color=COLOR, markersize=6, alpha=0.75)
    axes.set(xscale="log", xlim=(NONE * 0.85, 650), ylim=(len(names) - 0.5, -0.5))
    axes.set_title(title, fontsize=12)
    axes.set_xticks([NONE, *TICKS], ["none", *map(str, TICKS)])
    axes.minorticks_off()
    axes.set_xlabel("longest lag solved, steps")
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)


def main(out: Path) -> None:
    """Read, draw, write."""
    lags = {problem: longest_lags(problem) for problem in PROBLEMS}
    names = list(lags["adding"])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.5, 3.1), layout="constrained", facecolor="white")
        both = figure.subplots(1, 2, sharey=True)
        for axes, problem in zip(both, PROBLEMS, strict=True):
            draw(axes, lags[problem], names, problem)
        both[0].set_yticks(range(len(names)), [label(name) for name in names])
        figure.savefig(
            out, metadata={"Date": None, "Creator": None} if out.suffix == ".svg" else {}
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
