"""Activation functions and their derivatives, each derivative as a function of the output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative.

    Attributes:
        value: ``y = f(a)``.
        derivative: ``f'(a)``, computed from ``y``.
    """

    value: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-a))``, without overflow for very negative ``a``.

    Example:
        >>> sigmoid(np.array([0.0, -1000.0])).tolist()
        [0.5, 0.0]
    """
    small = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, small) / (1.0 + small)


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda y: 1.0 - y * y),
    "sigmoid": Activation(sigmoid, lambda y: y * (1.0 - y)),
    "relu": Activation(lambda a: np.maximum(a, 0.0), lambda y: (y > 0.0).astype(y.dtype)),
    "linear": Activation(lambda a: a, np.ones_like),
}


def activation(name: str) -> Activation:
    """Look up an activation by name.

    Raises:
        ValueError: the name is not ``tanh``, ``sigmoid``, ``relu`` or ``linear``.

    Example:
        >>> y = activation("tanh").value(np.array([0.5]))
        >>> activation("tanh").derivative(y).round(4).tolist()
        [0.7864]
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation must be one of {tuple(ACTIVATIONS)}; received {name!r}.")
    return ACTIVATIONS[name]
