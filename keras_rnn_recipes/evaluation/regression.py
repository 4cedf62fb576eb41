"""Metrics of predicted numbers."""

from __future__ import annotations

import numpy as np


def number_scores(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Errors in the unit of the numbers, and the rank correlation.

    Args:
        truth, predicted: ``(examples,)``.

    Returns:
        ``mae``, the mean absolute error; ``rmse``, the root mean squared error; ``spearman``, the
        rank correlation, which is left out where either side is constant.

    Raises:
        ValueError: no examples, or shapes that do not match.

    Example:
        >>> scores = number_scores(np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0]))
        >>> {name: round(value, 3) for name, value in scores.items()}
        {'mae': 0.667, 'rmse': 0.816, 'spearman': 1.0}
    """
    from scipy.stats import spearmanr

    truth, predicted = np.asarray(truth, "float64"), np.asarray(predicted, "float64")
    if truth.ndim != 1 or not len(truth) or truth.shape != predicted.shape:
        raise ValueError(
            f"truth and predicted must both be (examples,); received {truth.shape} and "
            f"{predicted.shape}."
        )
    errors = predicted - truth
    scores = {"mae": float(np.abs(errors).mean()), "rmse": float(np.sqrt((errors**2).mean()))}
    if np.ptp(truth) and np.ptp(predicted):
        scores["spearman"] = float(spearmanr(truth, predicted).statistic)
    return scores
