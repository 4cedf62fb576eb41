"""One way to write arithmetic for NumPy arrays and for tensors of Keras.

The functions of `keras.ops` mostly have the names and arguments of NumPy. A function of this
package asks for them by an array that it was given: ``ops = ops_of(values)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class _NumPy:
    """NumPy with the functions of `keras.ops` that it lacks."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    cast = staticmethod(lambda x, dtype: np.asarray(x).astype(dtype))
    convert_to_tensor = staticmethod(lambda x, dtype=None: np.asarray(x, dtype))
    shape = staticmethod(np.shape)
    sigmoid = staticmethod(lambda x: 0.5 * (1.0 + np.tanh(0.5 * x)))
    softplus = staticmethod(lambda x: np.logaddexp(0.0, x))

    @staticmethod
    def softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


_NUMPY = _NumPy()


def ops_of(values: Any) -> Any:
    """`keras.ops` for a tensor, and the same functions of NumPy for an array.

    Example:
        >>> ops = ops_of(np.zeros(2))
        >>> ops.softmax(np.zeros((1, 2))).tolist(), ops.sigmoid(np.zeros(1)).tolist()
        ([[0.5, 0.5]], [0.5])
    """
    if isinstance(values, np.ndarray):
        return _NUMPY
    from keras import ops

    return ops


def carry_forward(values: Any) -> Any:
    """Replace NaN by the last value before it, else by the first value after it, else by zero.

    Args:
        values: ``(batch, time, features)``.

    Returns:
        An array of the same shape without NaN.

    Example:
        >>> values = np.array([np.nan, 2.0, np.nan]).reshape(1, 3, 1)
        >>> np.ravel(carry_forward(values)).tolist()
        [2.0, 2.0, 2.0]
    """
    ops = ops_of(values)
    time = ops.shape(values)[1]
    missing = ops.isnan(values)
    steps = ops.reshape(ops.arange(time, dtype="int32"), (1, -1, 1))
    # Missing steps are numbered past the end, so sorting puts the observed steps first. The running
    # count of observations is then the index of the latest observed step.
    observed_steps = ops.sort(ops.where(missing, time, steps), axis=1)
    count = ops.cumsum(ops.cast(ops.logical_not(missing), "int32"), axis=1)
    latest = ops.take_along_axis(observed_steps, ops.maximum(count - 1, 0), axis=1)
    filled = ops.take_along_axis(values, ops.minimum(latest, time - 1), axis=1)
    return ops.where(ops.isnan(filled), ops.zeros_like(filled), filled)
