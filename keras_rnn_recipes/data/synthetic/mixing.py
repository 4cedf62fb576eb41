"""Weighted means of several series: TSMixup."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import Seed


def mixup(
    series: np.ndarray,
    num_mixed: int,
    *,
    most: int = 4,
    concentration: float = 1.5,
    seed: Seed = 0,
) -> np.ndarray:
    """Draw weighted means of one to `most` series, each divided by its mean absolute value.

    Args:
        series: ``(num_series, length)``, without missing values.
        num_mixed: number of means to draw.
        most: most series in one mean.
        concentration: of the Dirichlet distribution of the weights.
        seed: an integer, or a generator to draw from.

    Returns:
        Float32 ``(num_mixed, length)``.

    Raises:
        ValueError: no series to draw from.

    Source: TSMixup of Ansari et al. 2024, Chronos: Learning the Language of Time Series.

    Example:
        >>> mixup(np.array([[1.0, 3.0], [20.0, 20.0]]), 3, seed=1).mean(axis=1).round(3)
        array([1., 1., 1.], dtype=float32)
    """
    if not len(series):
        raise ValueError("mixup needs at least one series to draw from.")
    random = np.random.default_rng(seed)
    unit = np.maximum(np.abs(series).mean(axis=1, dtype="float64"), 1e-12)
    drawn = random.integers(len(series), size=(most, num_mixed))
    weights = _weights(random, most, num_mixed, concentration) / unit[drawn]
    mixed = np.zeros((num_mixed, series.shape[1]))
    for weight, rows in zip(weights, drawn, strict=True):
        used = np.flatnonzero(weight)
        mixed[used] += weight[used, None] * series[rows[used]]
    return mixed.astype("float32")


def _weights(
    random: np.random.Generator, most: int, num_mixed: int, concentration: float
) -> np.ndarray:
    """Weights ``(most, num_mixed)`` of sum 1, of which only the first few are above zero."""
    # Gamma variables divided by their sum have a Dirichlet distribution.
    weights = random.standard_gamma(concentration, (most, num_mixed))
    weights *= np.arange(most)[:, None] < random.integers(1, most + 1, num_mixed)
    return weights / weights.sum(axis=0)
