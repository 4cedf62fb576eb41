"""Lagged values for every time step, gathered inside the graph from plain histories."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class Lags(layers.Layer):
    """The lagged values of every time step.

    Lags before the start of the history repeat its first value.

    Args:
        offsets: lags in steps, each at least 0 (0 is the time step itself).

    Call arguments:
        values: ``(batch, time, features)`` without NaN.
        last_only: return only the last time step; recursion uses this.

    Returns:
        ``(batch, time, offsets, features)``, or ``(batch, 1, offsets, features)``.

    Raises:
        ValueError: no offsets, or a negative offset.

    Example:
        >>> import numpy as np
        >>> np.array(Lags((0, 2))(np.arange(4.0).reshape(1, 4, 1)))[0, :, :, 0].tolist()
        [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [3.0, 1.0]]
    """

    def __init__(self, offsets, **kwargs):
        super().__init__(**kwargs)
        self.offsets = tuple(int(offset) for offset in offsets)
        if not self.offsets or min(self.offsets) < 0:
            raise ValueError(
                f"lags must be one or more steps back, none negative; received {offsets!r}."
            )

    @property
    def context(self) -> int:
        """The number of steps before a time step that its output depends on."""
        return max(self.offsets)

    def call(self, values, last_only=False):
        return take_lags(values, self.offsets, last_only)[0]

    def call_one_step(self, *args):
        return self(*args, last_only=True)

    def get_config(self):
        return {**super().get_config(), "offsets": list(self.offsets)}


def take_lags(values, offsets, last_only=False):
    """Gather lagged values.

    Args:
        values: ``(batch, time, features)``.
        offsets: lags in steps, at least 0.
        last_only: gather for the last time step only.

    Returns:
        The values, ``(batch, time or 1, offsets, features)``, and whether each lag lies inside the
        history, ``(1, time or 1, offsets, 1)`` bool; a lag outside repeats the first value.

    Example:
        >>> import numpy as np
        >>> values, inside = take_lags(np.arange(3.0).reshape(1, 3, 1), [0, 2], last_only=True)
        >>> np.array(values).ravel().tolist(), np.array(inside).ravel().tolist()
        ([2.0, 0.0], [True, True])
    """
    time = ops.shape(values)[1]
    steps = ops.arange(time, dtype="int32")
    if last_only:
        steps = steps[-1:]
    index = steps[:, None] - ops.convert_to_tensor(list(offsets), dtype="int32")[None, :]
    return ops.take(values, ops.maximum(index, 0), axis=1), (index >= 0)[None, :, :, None]
