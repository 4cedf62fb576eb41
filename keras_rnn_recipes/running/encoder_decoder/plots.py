"""Where a decoder looked while it wrote each token."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np

from keras_rnn_recipes.running.plots import MODEL, STYLE, figure_of, svg_of

LONGEST_TICK = 14


def attention_matrix(weights: np.ndarray, source: Sequence[str], target: Sequence[str]) -> str:
    """Draw the attention of one text: a row for each token written, a column for each one read.

    Args:
        weights: ``(target time, source time)``, from 0 to 1.
        source, target: the tokens.
    """
    rows, columns = len(target), len(source)
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = figure_of(0.9 + 0.24 * rows)
        for (row, column), share in np.ndenumerate(weights[:rows, :columns]):
            box = mpl.patches.Rectangle(
                (column - 0.47, row - 0.47), 0.94, 0.94, facecolor=MODEL, alpha=0.04 + 0.9 * share
            )
            axes.add_patch(box)
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
        axes.set_xticks(range(columns), [_short(token) for token in source], rotation=45)
        axes.set_yticks(range(rows), [_short(token) for token in target])
        axes.xaxis.tick_top()
        return svg_of(figure, f"Attention from {rows} written tokens to {columns} read ones.")


def _short(token: str) -> str:
    shown = token if token.strip() else "␣"
    return shown if len(shown) <= LONGEST_TICK else shown[: LONGEST_TICK - 1] + "…"
