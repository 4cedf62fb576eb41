"""Fill missing values inside the graph, and mark which values were observed."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class FillMissing(layers.Layer):
    """Replace NaN by the last observed value, and mark the observed values.

    Before the first observation of a feature, its first observation is used. Such steps are
    padding: `AlignStart` keeps them from the recurrent layers, and windows give them no weight in
    the loss. A feature without any observation is zero.

    Call arguments:
        history: ``(batch, time, features)``, NaN = missing.

    Returns:
        ``filled`` and ``observed`` (1.0 or 0.0), ``(batch, time, features)`` each.

    Example:
        >>> import numpy as np
        >>> filled, observed = FillMissing()(np.array([[[np.nan], [2.0], [np.nan]]]))
        >>> np.ravel(filled).tolist(), np.ravel(observed).tolist()
        ([2.0, 2.0, 2.0], [0.0, 1.0, 0.0])
    """

    def call(self, history):
        missing = ops.isnan(history)
        # The fill sorts, which is slow, and most batches are complete.
        filled = ops.cond(ops.any(missing), lambda: carry_forward(history), lambda: history)
        return filled, ops.cast(ops.logical_not(missing), filled.dtype)


def carry_forward(values):
    """Replace NaN by the last value before it, else by the first value after it, else by zero.

    Args:
        values: ``(batch, time, features)``.

    Returns:
        A tensor of the same shape without NaN.

    Example:
        >>> import numpy as np
        >>> values = np.array([np.nan, 2.0, np.nan]).reshape(1, 3, 1)
        >>> np.ravel(carry_forward(values)).tolist()
        [2.0, 2.0, 2.0]
    """
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
