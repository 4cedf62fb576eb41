"""The pictures of a classifier's report: what is taken for what, ranking, and honesty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np

from keras_rnn_recipes.running.plots import INK, MODEL, MUTED, STYLE, figure_of, svg_of

# With more classes than this the names would not be legible, and the worst pairs tell more.
MOST_CLASSES = 24


def confusion_matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Draw how often each true class (row) was answered as each class (column).

    Args:
        counts: from `confusion`.
        classes: their names.
    """
    table = np.asarray(counts, "float64")
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = figure_of(1.4 + 0.34 * len(classes))
        for (row, column), share in np.ndenumerate(shares):
            # The page's own colour, more or less of it, so that it serves light and dark alike.
            box = mpl.patches.Rectangle(
                (column - 0.48, row - 0.48), 0.96, 0.96, facecolor=MODEL, alpha=0.08 + 0.6 * share
            )
            axes.add_patch(box)
            if len(classes) <= 12 or table[row, column]:
                text = f"{int(table[row, column]):,}"
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color=INK)
        ends = (-0.5, len(classes) - 0.5)
        axes.set(xlim=ends, ylim=ends[::-1], xlabel="answered", ylabel="true")
        axes.set_xticks(range(len(classes)), [_short(name) for name in classes], rotation=30)
        axes.set_yticks(range(len(classes)), [_short(name) for name in classes])
        return svg_of(figure, f"How {len(classes)} true classes were answered.")


def roc_curve(points: Mapping[str, Mapping[str, Sequence[float]]], *, model: str) -> str:
    """Draw ROC curves, the model's and its baselines'.

    Args:
        points: by name, from `roc_points`.
        model: which of the names is the model.
    """
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(3.4)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
        for name, curve in points.items():
            look: dict[str, Any] = {"color": MODEL} if name == model else {"color": MUTED}
            axes.plot(
                curve["false_positive_rate"],
                curve["true_positive_rate"],
                label=name,
                linestyle="-" if name == model else "--",
                **look,
            )
        axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1))
        figure.legend(loc="outside upper left", ncols=3, handlelength=2.2)
        return svg_of(figure, "ROC curves.")


def reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Draw how often answers of each confidence were right; a perfect model lies on the diagonal.

    Args:
        bins: from `calibration_bins`.
    """
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(3.0)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
        most = max(row["count"] for row in bins)
        axes.scatter(
            [row["confidence"] for row in bins],
            [row["accuracy"] for row in bins],
            s=[8 + 120 * row["count"] / most for row in bins],
            color=MODEL,
            alpha=0.75,
        )
        axes.set(
            xlabel="confidence", ylabel="share of right answers", xlim=(0, 1.02), ylim=(0, 1.05)
        )
        return svg_of(figure, f"Confidence and accuracy in {len(bins)} bins.")


def _short(name: str) -> str:
    return name if len(name) <= 14 else name[:13] + "…"
