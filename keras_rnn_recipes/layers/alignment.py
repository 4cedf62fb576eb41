"""Histories of different lengths in one batch, without masks.

A short history is padded with NaN on the left, because all of them end now. A recurrent layer
would let its state wander through that padding; a mask would stop it, at the price of cuDNN, which
takes only padding on the right. So the padding is moved: `AlignStart` shifts each history to the
left, the recurrent layers run, and `AlignEnd` shifts their output back. Layers in between must be
causal.
"""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class AlignStart(layers.Layer):
    """Moves the steps before the first observation to the end.

    Call arguments:
        values: ``(batch, time, channels)``.
        observed: ``(batch, time, features)``, 1.0 where a value was observed.

    Returns:
        ``aligned``: ``(batch, time, channels)``, the first observation at step 0, the last value
        repeated behind the end; ``lead``: ``(batch, 1)`` int32, how far each history moved;
        ``mask``: ``(batch, time)`` bool, true for the steps that are not padding.
    """

    def call(self, values, observed):
        time = ops.shape(values)[1]
        any_observed = ops.max(observed, axis=2) > 0
        steps = ops.arange(time, dtype="int32")[None, :]
        # Not by argmax, in which Keras looks at bits, and for that ONNX has no word. A history
        # without any observation stays where it is.
        first = ops.min(ops.where(any_observed, steps, time), axis=1, keepdims=True)
        lead = ops.where(first < time, first, 0)
        aligned = _shift(values, ops.minimum(steps + lead, time - 1), lead)
        return aligned, lead, steps < time - lead

    def call_one_step(self, values, observed):
        return values, values, values  # there is nothing to align, and nobody reads lead and mask


@registered
class AlignEnd(layers.Layer):
    """Undoes `AlignStart`: step t of the result belongs to step t of the history again.

    Steps before a history's first observation repeat the output at that observation.

    Call arguments:
        values: ``(batch, time, channels)``; lead: ``(batch, 1)``.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # a mask over the moved padding ends here

    def compute_mask(self, *args, **kwargs):
        return None

    def call(self, values, lead):
        steps = ops.arange(ops.shape(values)[1], dtype="int32")[None, :]
        return _shift(values, ops.maximum(steps - lead, 0), lead)

    def call_one_step(self, values, lead):
        return values


def _shift(values, index, lead):
    def shifted():
        # Whole rows of one flat table: many times faster than gathering number by number.
        batch, time = ops.shape(values)[:2]
        first_rows = time * ops.arange(batch, dtype="int32")[:, None]
        flat = ops.reshape(values, (-1, values.shape[2]))
        return ops.reshape(ops.take(flat, first_rows + index, axis=0), ops.shape(values))

    # Batches without padding, the usual ones, are passed through unchanged: as a tensor of its
    # own, because passing on the same one would, outside a graph, pass on its mask.
    return ops.cond(ops.any(lead > 0), shifted, lambda: ops.copy(values))
