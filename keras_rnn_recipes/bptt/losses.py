"""What the error is, and its slope at every output.

Outputs ``y`` and targets ``d`` are (batch, steps, units). A loss is summed over them, or their
mean; which of the two is always said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Loss(NamedTuple):
    """The error ``E`` and ``dE/dy``, of the shape of ``y``."""

    value: float
    dy: np.ndarray


def squared_error(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = sum (d - y)^2``, or the mean over all numbers; ``dE/dy = 2 (y - d)``.

    Example:
        >>> squared_error(np.array([[[1.0, 2.0]]]), np.array([[[0.0, 0.0]]]), reduction="sum").value
        5.0
    """
    share = _share(reduction, y.size)
    return Loss(share * float(((d - y) ** 2).sum()), share * 2.0 * (y - d))


def binary_cross_entropy(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = -sum (d log y + (1 - d) log(1 - y))``, or the mean over all numbers, of shares ``y``.

    ``dE/dy = (y - d) / (y (1 - y))``.
    """
    share = _share(reduction, y.size)
    value = -(d * np.log(y) + (1.0 - d) * np.log(1.0 - y)).sum()
    return Loss(share * float(value), share * (y - d) / (y * (1.0 - y)))


def categorical_cross_entropy(y: np.ndarray, d: np.ndarray, *, reduction: str) -> Loss:
    """``E = -sum d log y`` of shares that are 1 together, or the mean over examples and steps.

    ``dE/dy = -d / y``.
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
