"""Missing values: filled inside the graph, with a mark that says which were observed."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class FillMissing(layers.Layer):
    """Replaces NaN by the last observed value and marks what was observed.

    Values before a feature's first observation take that first observation (such steps are
    padding: `AlignStart` keeps them from the recurrent layers, and windows give them no weight in
    the loss). A feature that was never observed is zero.

    Call arguments:
        history: ``(batch, time, features)``, NaN = missing.

    Returns:
        ``filled`` and ``observed`` (1.0 or 0.0), both ``(batch, time, features)``.

    Example:
        >>> import numpy as np
        >>> filled, observed = FillMissing()(np.array([[[np.nan], [2.0], [np.nan]]]))
        >>> np.ravel(filled).tolist(), np.ravel(observed).tolist()
        ([2.0, 2.0, 2.0], [0.0, 1.0, 0.0])
    """

    def call(self, history):
        missing = ops.isnan(history)
        # Most batches are complete, and the fill sorts: pay for it only where it is needed.
        filled = ops.cond(ops.any(missing), lambda: carry_forward(history), lambda: history)
        return filled, ops.cast(ops.logical_not(missing), filled.dtype)


def carry_forward(values):
    """NaN becomes the last value before it, else the first after it, else zero.

    Args:
        values: ``(batch, time, features)``.

    Returns:
        A tensor of the same shape without NaN.
    """
    time = ops.shape(values)[1]
    missing = ops.isnan(values)
    steps = ops.reshape(ops.arange(time, dtype="int32"), (1, -1, 1))
    # Sorting the steps with the missing ones pushed past the end lists the observed steps first;
    # the running count of observations then says which of them was the latest.
    observed_steps = ops.sort(ops.where(missing, time, steps), axis=1)
    count = ops.cumsum(ops.cast(ops.logical_not(missing), "int32"), axis=1)
    latest = ops.take_along_axis(observed_steps, ops.maximum(count - 1, 0), axis=1)
    filled = ops.take_along_axis(values, ops.minimum(latest, time - 1), axis=1)
    return ops.where(ops.isnan(filled), ops.zeros_like(filled), filled)
