"""Histories of different lengths in one batch, without masks.

All histories end at the same time, so a short history is padded with NaN on the left. A recurrent
layer would update its state over that padding. A mask would prevent this, but cuDNN supports only
padding on the right. So `AlignStart` shifts each history to the left, the recurrent layers run, and
`AlignEnd` shifts their output back. Layers in between must be causal.
"""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

# More steps than any history has.
_LONGEST = 2**31 - 1


@registered
class AlignStart(layers.Layer):
    """Move the steps before the first observation to the end.

    Call arguments:
        values: ``(batch, time, channels)``.
        observed: ``(batch, time, features)``, 1.0 where a value was observed.

    Returns:
        ``aligned``: ``(batch, time, channels)``, the first observation at step 0, the last value
        repeated after the end; ``lead``: ``(batch, 1)`` int32, the number of steps that each
        history moved; ``mask``: ``(batch, time)`` bool, true for the steps that are not padding.

    Example:
        >>> import numpy as np
        >>> values = np.array([[[0.0], [5.0], [6.0]]])
        >>> aligned, lead, mask = AlignStart()(values, np.array([[[0.0], [1.0], [1.0]]]))
        >>> np.array(aligned)[0, :, 0].tolist(), np.array(lead).tolist(), np.array(mask).tolist()
        ([5.0, 6.0, 6.0], [[1]], [[True, True, False]])
    """

    def call(self, values, observed):
        time = ops.shape(values)[1]
        any_observed = ops.any(observed > 0, axis=2)
        steps = ops.arange(time, dtype="int32")[None, :]
        # A minimum instead of argmax, for which Keras uses bit operations that ONNX does not have.
        # A history without any observation is not moved.
        # Without an initial value Keras refuses a batch without rows.
        first = ops.where(any_observed, steps, time)
        first = ops.min(first, axis=1, keepdims=True, initial=_LONGEST)
        lead = ops.where(first < time, first, 0)
        aligned = _shift(values, ops.minimum(steps + lead, time - 1), lead)
        return aligned, lead, steps < time - lead

    def compute_output_spec(self, values, observed):
        # Keras would trace `call` to find these shapes, whenever a model is built or converted.
        batch, time = values.shape[:2]
        aligned = KerasTensor(values.shape, dtype=self.compute_dtype)
        lead = KerasTensor((batch, 1), dtype="int32")
        return aligned, lead, KerasTensor((batch, time), dtype="bool")

    def call_one_step(self, values, observed):
        return values, values, values  # there is nothing to align, and nobody reads lead and mask


@registered
class AlignEnd(layers.Layer):
    """Undo `AlignStart`: step t of the result belongs to step t of the history again.

    Steps before the first observation of a history repeat the output at that observation.

    Call arguments:
        values: ``(batch, time, channels)``.
        lead: ``(batch, 1)`` int32, from `AlignStart`.

    Returns:
        ``(batch, time, channels)``.

    Example:
        >>> import numpy as np
        >>> moved = AlignEnd()(np.array([[[5.0], [6.0], [6.0]]]), np.array([[1]], "int32"))
        >>> np.array(moved)[0, :, 0].tolist()
        [5.0, 5.0, 6.0]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # a mask over the moved padding ends here

    def compute_mask(self, *args, **kwargs):
        return None

    def call(self, values, lead):
        steps = ops.arange(ops.shape(values)[1], dtype="int32")[None, :]
        return _shift(values, ops.maximum(steps - lead, 0), lead)

    def compute_output_spec(self, values, lead):
        return KerasTensor(values.shape, dtype=self.compute_dtype)

    def call_one_step(self, values, lead):
        return values


def _shift(values, index, lead):
    def shifted():
        # Gathering whole rows of one flat table is many times faster than gathering single numbers.
        batch, time = ops.shape(values)[:2]
        first_rows = time * ops.arange(batch, dtype="int32")[:, None]
        flat = ops.reshape(values, (-1, values.shape[2]))
        return ops.reshape(ops.take(flat, first_rows + index, axis=0), ops.shape(values))

    # Most batches have no padding and are returned unchanged. The copy matters in eager mode: the
    # same tensor would carry its Keras mask along.
    return ops.cond(ops.any(lead > 0), shifted, lambda: ops.copy(values))
