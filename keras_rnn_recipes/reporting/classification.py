"""What the reports of all classifiers have: scores by class and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from keras_rnn_recipes.evaluation.classification import (
    calibration_bins,
    class_scores,
    confusion,
    roc_points,
)
from keras_rnn_recipes.reporting.format import label
from keras_rnn_recipes.reporting.page import Section, Table
from keras_rnn_recipes.reporting.style import INK, MODEL, MUTED, legend_above, new_figure, svg_of

# With more classes the names would not be legible.
MOST_CLASSES = 24


def class_table(
    truth: np.ndarray, found: np.ndarray, classes: Sequence[str], *, noun: str
) -> Table:
    """The table of precision, recall and F1 by class.

    Args:
        truth: class numbers of the test part ``(examples,)``.
        found: probabilities ``(examples, classes)``.
        classes: their names.
        noun: what is classified, in the plural, such as "texts".
    """
    return table_of_scores(truth, found.argmax(axis=1), classes, noun=noun)


def table_of_scores(
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    *,
    noun: str,
    kind: str = "class",
) -> Table:
    """The table of precision, recall and F1 by class or by label.

    Args:
        truth, predicted, classes: as in `class_scores`.
        noun: as in `class_table`.
        kind: ``"class"`` or ``"label"``.
    """
    rows = class_scores(truth, predicted, classes)
    cells = [
        (
            name,
            False,
            [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
            + [f"{row['support']:,.0f}"],
        )
        for name, row in rows.items()
    ]
    return Table(
        f"Scores by {kind}",
        f"Precision: share of the {noun} predicted as the {kind} that belong to it. Recall: share "
        f"of the {noun} of the {kind} that are predicted as it. F1: their harmonic mean.",
        kind.capitalize(),
        ["precision", "recall", "F1", noun],
        cells,
    )


def classifier_figures(
    name: str,
    truth: np.ndarray,
    answers: Mapping[str, np.ndarray],
    classes: Sequence[str],
    *,
    noun: str,
) -> list[Section]:
    """The confusion matrix, of two classes the ROC curve, and the calibration of a classifier.

    Args:
        name: of the trained model.
        truth: class numbers of the test part ``(examples,)``.
        answers: probabilities ``(examples, classes)`` by model.
        classes: their names.
        noun: as in `class_table`.
    """
    found = answers[name]
    made: list[Section] = []
    if len(classes) <= MOST_CLASSES:
        counts = confusion(truth, found.argmax(axis=1), len(classes))
        made.append(
            Section(
                "Confusion matrix",
                svg_of(plot_confusion_matrix(counts, classes)),
                f"{noun.capitalize()} by true class (rows) and predicted class (columns). The "
                "stronger its color, the larger is a cell's share of its row.",
            )
        )
    if len(classes) == 2 and len(np.unique(truth)) == 2:
        curves = {label(one): roc_points(truth, given[:, 1]) for one, given in answers.items()}
        made.append(
            Section(
                "ROC curve",
                svg_of(plot_roc_curve(curves, model=label(name))),
                f"True positive rate of {classes[1]!r} against its false positive rate, for every "
                "threshold.",
            )
        )
    made.append(
        Section(
            "Calibration",
            svg_of(plot_reliability(calibration_bins(truth, found))),
            "Accuracy by predicted probability. On the dotted line they are equal; below it the "
            f"model is overconfident. Larger dots have more {noun}.",
        )
    )
    return made


def plot_confusion_matrix(counts: Sequence[Sequence[int]], classes: Sequence[str]) -> Figure:
    """Plot how often each true class (row) was predicted as each class (column).

    Args:
        counts: from `confusion`.
        classes: their names.
    """
    table = np.asarray(counts, "float64")
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    with new_figure(1.4 + 0.34 * len(classes), axes_grid=False) as (figure, axes):
        for (row, column), share in np.ndenumerate(shares):
            # A transparent tint of the page's color suits light and dark pages.
            box = Rectangle(
                (column - 0.48, row - 0.48), 0.96, 0.96, facecolor=MODEL, alpha=0.08 + 0.6 * share
            )
            axes.add_patch(box)
            if len(classes) <= 12 or table[row, column]:
                text = f"{int(table[row, column]):,}"
                axes.text(column, row, text, ha="center", va="center", fontsize=8, color=INK)
        ends = (-0.5, len(classes) - 0.5)
        axes.set(xlim=ends, ylim=ends[::-1], xlabel="predicted", ylabel="true")
        axes.set_xticks(range(len(classes)), [_short(name) for name in classes], rotation=30)
        axes.set_yticks(range(len(classes)), [_short(name) for name in classes])
        figure.set_label(f"Confusion matrix of {len(classes)} classes.")
    return figure


def plot_roc_curve(points: Mapping[str, Mapping[str, Sequence[float]]], *, model: str) -> Figure:
    """Plot ROC curves, the model's and its baselines'.

    Args:
        points: by name, from `roc_points`.
        model: name of the trained model.
    """
    with new_figure(3.4) as (figure, axes):
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
        legend_above(figure, axes, columns=3)
        figure.set_label("ROC curves.")
    return figure


def plot_reliability(
    bins: Sequence[Mapping[str, Any]],
    *,
    axes_names: tuple[str, str] = ("confidence", "share of right answers"),
) -> Figure:
    """Plot accuracy by confidence; a perfectly calibrated model lies on the diagonal.

    Args:
        bins: from `calibration_bins`.
        axes_names: what the axes show.
    """
    with new_figure(3.0) as (figure, axes):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
        most = max(row["count"] for row in bins)
        axes.scatter(
            [row["confidence"] for row in bins],
            [row["accuracy"] for row in bins],
            s=[8 + 120 * row["count"] / most for row in bins],
            color=MODEL,
            alpha=0.75,
        )
        axes.set(xlabel=axes_names[0], ylabel=axes_names[1], xlim=(0, 1.02), ylim=(0, 1.05))
        figure.set_label(f"{axes_names[0].capitalize()} and {axes_names[1]}, {len(bins)} bins.")
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 14 else name[:13] + "…"
