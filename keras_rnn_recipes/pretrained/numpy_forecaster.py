"""The pretrained forecaster in NumPy: an answer for a few series without TensorFlow's import."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_rnn_recipes.pretrained.arrays import ops_of
from keras_rnn_recipes.pretrained.mixture import Parts


def numpy_parts(weights: Sequence[np.ndarray]) -> Parts:
    """The trained parts of a network as functions of arrays.

    Args:
        weights: in the order of the Keras layer: kernel and recurrent kernel of the LSTM, then
            kernel and bias of each dense layer (`of_step` has no bias).
    """
    kernel, recurrent, origin, origin_bias, step, middle, middle_bias, head, head_bias = (
        np.asarray(array, "float64") for array in weights
    )
    return Parts(
        lambda features: _lstm(features, kernel, recurrent),
        _dense(origin, origin_bias),
        _dense(step),
        _dense(middle, middle_bias),
        _dense(head, head_bias),
    )


def _dense(kernel: np.ndarray, bias: np.ndarray | float = 0.0) -> Callable:
    return lambda values: values @ kernel + bias


def _lstm(features: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray) -> np.ndarray:
    """The state after each step; the gates in the order of Keras (Hochreiter and Schmidhuber)."""
    ops = ops_of(features)
    units = len(recurrent)
    state = memory = np.zeros((len(features), units))
    inputs, states = features @ kernel, np.empty((*features.shape[:2], units))
    for step in range(features.shape[1]):
        gates = inputs[:, step] + state @ recurrent
        taken, kept, shown = (ops.sigmoid(gates[:, k * units : (k + 1) * units]) for k in (0, 1, 3))
        memory = kept * memory + taken * np.tanh(gates[:, 2 * units : 3 * units])
        state = states[:, step] = shown * np.tanh(memory)
    return states
