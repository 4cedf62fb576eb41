"""Steps of padded sequences of vectors: which are real, their scale, their differences."""

from __future__ import annotations

import math

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.pretrained.arrays import carry_forward

SCOPES = ("channel", "sequence")

# A constant channel is only centered.
_LEAST_DEVIATION = 1e-6


@registered
class RealSteps(layers.Layer):
    """Find the real steps of sequences padded with NaN, and fill missing values in them.

    The steps up to the last one with an observed value are real. A missing value of a real step is
    replaced by the last observed value of its channel, or the first one where there is none before.

    Call arguments:
        values: ``(batch, time, channels)``, NaN = missing or padding; or frames ``(batch, time,
            height, width, channels)``.

    Returns:
        ``filled``, in the shape of ``values`` with zeros as padding, and ``mask``, bool
        ``(batch, time)``, true for real steps.

    Example:
        >>> import numpy as np
        >>> nan = np.nan
        >>> filled, mask = RealSteps()(np.array([[[1.0], [nan], [3.0], [nan]]], "float32"))
        >>> np.ravel(filled).tolist(), np.ravel(mask).tolist()
        ([1.0, 1.0, 3.0, 0.0], [True, True, True, False])
    """

    def call(self, values):
        if len(values.shape) > 3:
            steps = ops.shape(values)
            flat = ops.reshape(values, (steps[0], steps[1], math.prod(values.shape[2:])))
            filled, mask = self.call(flat)
            return ops.reshape(filled, (steps[0], steps[1], *values.shape[2:])), mask
        missing = ops.isnan(values)
        steps = ops.arange(1, ops.shape(values)[1] + 1, dtype="int32")
        observed = ops.logical_not(ops.all(missing, axis=2))
        lengths = ops.max(ops.where(observed, steps, 0), axis=1, initial=0)
        mask = steps[None] <= lengths[:, None]
        kept = ops.where(mask[:, :, None], values, ops.zeros_like(values))
        # The fill sorts, which is slow, and most sequences are complete.
        filled = ops.cond(ops.any(ops.isnan(kept)), lambda: carry_forward(kept), lambda: kept)
        return filled, mask

    def compute_output_spec(self, values):
        return (
            KerasTensor(values.shape, dtype=self.compute_dtype),
            KerasTensor(values.shape[:2], dtype="bool"),
        )


@registered
class StandardizeSequence(layers.Layer):
    """Subtract each channel's mean over the real steps, and divide by a deviation of the sequence.

    Args:
        scope: ``"channel"``: each channel is divided by its own standard deviation; ``"sequence"``:
            all channels by the root mean square of their deviations, which keeps the proportions
            of coordinates.

    Call arguments:
        values: ``(batch, time, channels)``.
        mask: bool ``(batch, time)``, true for real steps.

    Returns:
        In the shape of ``values``, zeros as padding.

    Raises:
        ValueError: an unknown scope.

    Example:
        >>> import numpy as np
        >>> values, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
        >>> np.ravel(StandardizeSequence()(values, mask)).tolist()
        [-1.0, 1.0, 0.0]
    """

    def __init__(self, scope="channel", **kwargs):
        super().__init__(**kwargs)
        if scope not in SCOPES:
            raise ValueError(f"scope must be one of {SCOPES}; received {scope!r}.")
        self.scope = scope

    def call(self, values, mask):
        real = ops.cast(mask, values.dtype)[:, :, None]
        count = ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)
        centered = (values - ops.sum(values * real, axis=1, keepdims=True) / count) * real
        variance = ops.sum(centered * centered, axis=1, keepdims=True) / count
        if self.scope == "sequence":
            variance = ops.mean(variance, axis=2, keepdims=True)
        deviation = ops.sqrt(variance)
        constant = deviation < _LEAST_DEVIATION
        return centered / ops.where(constant, ops.ones_like(deviation), deviation)

    def get_config(self):
        return {**super().get_config(), "scope": self.scope}


@registered
class StepDifferences(layers.Layer):
    """Add the difference from the step before to each channel; it is 0 at the first step.

    Call arguments:
        values: ``(batch, time, channels)``, or frames ``(batch, time, height, width, channels)``.
        mask: bool ``(batch, time)``, true for real steps.

    Returns:
        In the shape of ``values`` with twice as many channels, zeros as padding.

    Example:
        >>> import numpy as np
        >>> values, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
        >>> np.array(StepDifferences()(values, mask))[0].tolist()
        [[1.0, 0.0], [3.0, 2.0], [0.0, 0.0]]
    """

    def call(self, values, mask):
        before = ops.concatenate([values[:, :1], values[:, :-1]], axis=1)
        both = ops.concatenate([values, values - before], axis=-1)
        real = ops.reshape(mask, (*ops.shape(mask), *[1] * (len(values.shape) - 2)))
        return both * ops.cast(real, both.dtype)
