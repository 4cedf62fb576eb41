"""What the report of a regression has: predicted against true numbers, and their errors."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.style import MODEL, MUTED, new_figure, svg_of, whole_numbers

# More dots would cover each other, and make the page large.
MOST_DOTS = 1000


def regression_figures(truth: np.ndarray, found: np.ndarray) -> list[Section]:
    """Predicted against true numbers, and the distribution of the errors.

    Args:
        truth, found: of the test part ``(examples,)``.
    """
    count = min(len(truth), MOST_DOTS)
    shown = "every text" if count == len(truth) else f"{count:,} of {len(truth):,} texts"
    errors = found - truth
    return [
        Section(
            "Predicted and true numbers",
            svg_of(plot_predicted(truth, found)),
            f"A dot for {shown}. On the dotted line both are equal.",
        ),
        Section(
            "Errors",
            svg_of(plot_errors(errors)),
            f"Predicted minus true number; the mean is {errors.mean():.3g}, and half of the errors "
            f"are at most {np.median(np.abs(errors)):.3g} in size.",
        ),
    ]


def plot_predicted(truth: np.ndarray, found: np.ndarray) -> Figure:
    """Plot predicted against true numbers, at most `MOST_DOTS` evenly chosen ones.

    Args:
        truth, found: ``(examples,)``.
    """
    rows = np.unique(np.linspace(0, len(truth) - 1, min(len(truth), MOST_DOTS)).astype(int))
    low, high = min(truth.min(), found.min()), max(truth.max(), found.max())
    with new_figure(3.4) as (figure, axes):
        axes.plot([low, high], [low, high], color=MUTED, linewidth=0.8, linestyle=":")
        axes.scatter(truth[rows], found[rows], s=12, color=MODEL, alpha=0.35, linewidths=0)
        axes.set(xlabel="true", ylabel="predicted")
        figure.set_label(f"Predicted against true numbers of {len(rows):,} texts.")
    return figure


def plot_errors(errors: np.ndarray) -> Figure:
    """Plot the distribution of errors.

    Args:
        errors: predicted minus true numbers ``(examples,)``.
    """
    with new_figure(2.4) as (figure, axes):
        axes.hist(errors, bins=min(40, 8 + len(errors) // 8), color=MODEL, alpha=0.5)
        axes.axvline(0, color=MUTED, linewidth=0.8, linestyle=":")
        axes.set(xlabel="predicted minus true", ylabel="texts")
        axes.yaxis.set_major_locator(whole_numbers(5))
        figure.set_label(f"Distribution of {len(errors):,} errors.")
    return figure
