"""Draw the guide's picture of generated series: ``draw_synthetic.py OUT.svg``.

A row for each generator and for the mixture of all, four series in a row.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from keras_rnn_recipes.bptt.path_drawing import STYLE
from keras_rnn_recipes.data.synthetic import GENERATORS, synthetic_series, with_gaps

LENGTH, SEASON, COLUMNS, SEED = 144, 12, 4, 11
COLOR = "#0b6e99"


def rows() -> Iterator[tuple[str, np.ndarray]]:
    """The label of a row and its series."""
    for name, (draw, _) in GENERATORS.items():
        yield name, draw(COLUMNS, LENGTH, season_length=SEASON, seed=SEED)
    two = GENERATORS["structural"][0](COLUMNS, 24 * 21, season_length=(24, 168), seed=SEED)
    yield "structural, seasons 24 and 168", two
    gaps = GENERATORS["exponential_smoothing"][0](COLUMNS, LENGTH, season_length=4, seed=SEED)
    yield "with_gaps, season 4", with_gaps(gaps, seed=SEED)
    mixed = synthetic_series(COLUMNS, LENGTH, season_length=SEASON, seed=SEED, mixed_share=1.0)
    yield "mixup of all", mixed


def main(out: Path) -> None:
    """Generate, draw, write."""
    shown = list(rows())
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 1.15 * len(shown)), layout="constrained", facecolor="white")
        grid = figure.subplots(len(shown), COLUMNS, squeeze=False)
        for line, (label, series) in zip(grid, shown, strict=True):
            line[0].set_title(label, loc="left", fontsize=10)
            for axes, values in zip(line, series, strict=True):
                axes.plot(values, color=COLOR, linewidth=0.9)
                axes.spines[["top", "right"]].set_visible(False)
                axes.set_xlim(0, len(values))
                axes.set_xticks([0, len(values)])
                axes.locator_params(axis="y", nbins=3)
                axes.tick_params(labelsize=7, length=2)
        figure.savefig(
            out, metadata={"Date": None, "Creator": None} if out.suffix == ".svg" else {}
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
