"""Each time step sees past values: cut inside the graph, so that callers pass plain histories."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class Lags(layers.Layer):
    """The values that stand the given numbers of steps back, for every time step.

    Steps before the start of the history repeat its first value.

    Args:
        offsets: steps back from each time step, each at least 0 (0 is the step itself).

    Call arguments:
        values: ``(batch, time, features)`` without NaN.
        last_only: give the last time step alone; recursion asks for nothing else.

    Returns:
        ``(batch, time, offsets, features)``, or ``(batch, 1, offsets, features)``.

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
        """How many steps before a time step its output depends on."""
        return max(self.offsets)

    def call(self, values, last_only=False):
        return take_lags(values, self.offsets, last_only)[0]

    def call_one_step(self, *args):
        return self(*args, last_only=True)

    def get_config(self):
        return {**super().get_config(), "offsets": list(self.offsets)}


def take_lags(values, offsets, last_only=False):
    """Gathers values a number of steps back.

    Args:
        values: ``(batch, time, features)``.
        offsets: steps back, at least 0.
        last_only: gather for the last time step alone.

    Returns:
        The values, ``(batch, time or 1, offsets, features)``, and whether each of them lies inside
        the history, ``(1, time or 1, offsets, 1)``; those that do not repeat the first value.
    """
    time = ops.shape(values)[1]
    steps = ops.arange(time, dtype="int32")
    if last_only:
        steps = steps[-1:]
    index = steps[:, None] - ops.convert_to_tensor(list(offsets), dtype="int32")[None, :]
    return ops.take(values, ops.maximum(index, 0), axis=1), (index >= 0)[None, :, :, None]
