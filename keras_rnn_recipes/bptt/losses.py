"""Losses, and their gradients with respect to the outputs.

Outputs ``y`` and targets ``d`` have the shape (batch, steps, units). The argument ``reduction``
says whether a loss is the sum or the mean over them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Loss(NamedTuple):
    """The loss ``E``, and ``dE/dy`` in the shape of ``y``."""

    value: float
    dy: np.ndarray


def squared_error(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = sum (d - y)^2``, or the mean over all elements; ``dE/dy = 2 (y - d)``.

    Example:
        >>> squared_error(np.array([[[1.0, 2.0]]]), np.array([[[0.0, 0.0]]]), reduction="sum").value
        5.0
    """
    share = _share(reduction, y.size)
    return Loss(share * float(((d - y) ** 2).sum()), share * 2.0 * (y - d))


def binary_cross_entropy(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = -sum (d log y + (1 - d) log(1 - y))``, or the mean over all elements.

    The outputs ``y`` are probabilities.
    ``dE/dy = (y - d) / (y (1 - y))``.
    """
    share = _share(reduction, y.size)
    value = -(d * np.log(y) + (1.0 - d) * np.log(1.0 - y)).sum()
    return Loss(share * float(value), share * (y - d) / (y * (1.0 - y)))


def categorical_cross_entropy(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = -sum d log y``, or the mean over examples and steps.

    The outputs ``y`` of a step are probabilities with the sum 1. ``dE/dy = -d / y``.
    """
    share = _share(reduction, y.size // y.shape[-1])
    return Loss(share * float(-(d * np.log(y)).sum()), share * -d / y)


LOSSES: dict[str, Callable[..., Loss]] = {
    "squared_error": squared_error,
    "binary_cross_entropy": binary_cross_entropy,
    "categorical_cross_entropy": categorical_cross_entropy,
}


def _share(reduction: str, count: int) -> float:
    if reduction not in ("sum", "mean"):
        raise ValueError(f'reduction must be "sum" or "mean"; received {reduction!r}.')
    return 1.0 if reduction == "sum" else 1.0 / count
