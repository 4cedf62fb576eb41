"""Pool a padded sequence into one vector, from its real steps only."""

from __future__ import annotations

import keras
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered

POOLINGS = ("last", "ends", "max", "mean")


@registered
class MaskedPooling(layers.Layer):
    """The last step, the maximum or the mean over the real steps of each sequence.

    Args:
        kind: ``"last"``: the last real step. ``"ends"``, for a bidirectional layer: the first half
            of the channels (forward) at the last real step, the second half (backward) at the first
            step, so that each direction has read the whole sequence. ``"max"`` and ``"mean"``: of
            each channel over the real steps.

    Call arguments:
        values: ``(batch, time, channels)``.
        mask: bool ``(batch, time)``, true for real steps; padding must be on the right.

    Returns:
        ``(batch, channels)``; zeros for a sequence without a real step.

    Raises:
        ValueError: an unknown kind.

    Example:
        >>> import numpy as np
        >>> values, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
        >>> [float(MaskedPooling(kind)(values, mask)[0, 0]) for kind in ("last", "max", "mean")]
        [3.0, 3.0, 2.0]
    """

    def __init__(self, kind="last", **kwargs):
        super().__init__(**kwargs)
        if kind not in POOLINGS:
            raise ValueError(f"kind must be one of {POOLINGS}; received {kind!r}.")
        self.kind = kind
        self.supports_masking = True  # a bidirectional layer attaches its mask to its output

    def compute_mask(self, values, mask=None):
        return None  # the output has no time steps

    def call(self, values, mask):
        if self.kind == "mean":
            return ops.sum(_real(values, mask), axis=1) / _at_least_one(values, mask)
        some = ops.any(mask, axis=1)[:, None]
        if self.kind == "max":
            highest = ops.max(_real(values, mask, -_huge(values)), axis=1)
            return ops.where(some, highest, ops.zeros_like(highest))
        last = ops.maximum(ops.sum(ops.cast(mask, "int32"), axis=1) - 1, 0)
        end = ops.take_along_axis(values, last[:, None, None], axis=1)[:, 0]
        if self.kind == "ends":
            half = values.shape[2] // 2
            end = ops.concatenate([end[:, :half], values[:, 0, half:]], axis=1)
        return ops.where(some, end, ops.zeros_like(end))

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}


@registered
class AttentionPooling(layers.Layer):
    """The weighted mean of the real steps, with trained attention weights.

    The weights are the softmax of ``v tanh(W x + b)`` over the real steps.

    Args:
        units: width of ``W x``.

    Call arguments:
        values: ``(batch, time, channels)``.
        mask: bool ``(batch, time)``, true for real steps.
        return_weights: return the weights ``(batch, time)`` too.

    Returns:
        ``(batch, channels)``. A sequence without a real step gives zeros and weights of zero.

    Raises:
        ValueError: ``units`` is below 1.

    Source: Yang et al. 2016, Hierarchical attention networks for document classification, eqs. 5-7.

    Example:
        >>> import numpy as np
        >>> layer = AttentionPooling(4)
        >>> layer(np.ones((2, 3, 5)), np.ones((2, 3), bool)).shape
        TensorShape([2, 5])
    """

    def __init__(self, units=64, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units must be at least 1; received {units}.")
        self.units = units
        self.supports_masking = True

    def compute_mask(self, values, mask=None):
        return None

    def build(self, values_shape, mask_shape=None):
        self.kernel = self.add_weight(
            shape=(values_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.context = self.add_weight(
            shape=(self.units, 1), initializer="glorot_uniform", name="context"
        )

    def call(self, values, mask, return_weights=False):
        values = _real(values, mask)
        hidden = ops.tanh(ops.matmul(values, self.kernel) + self.bias)
        scores = _real(ops.matmul(hidden, self.context), mask, -_huge(values))
        # Keras' softmax would warn about sequences of one step. Without real steps the sum is 0.
        sizes = _real(ops.exp(scores - ops.max(scores, axis=1, keepdims=True)), mask)
        total = ops.sum(sizes, axis=1, keepdims=True)
        weights = sizes / ops.where(total > 0, total, ops.ones_like(total))
        pooled = ops.sum(weights * values, axis=1)
        return (pooled, weights[:, :, 0]) if return_weights else pooled

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def _real(values, mask, otherwise=0.0):
    """The values at real steps and ``otherwise`` at padding, even if the padding is NaN."""
    return ops.where(mask[:, :, None], values, ops.cast(otherwise, values.dtype))


def _at_least_one(values, mask):
    """The number of real steps ``(batch, 1)``, at least 1."""
    count = ops.sum(ops.cast(mask, values.dtype), axis=1)
    return ops.maximum(count, ops.ones_like(count))[:, None]


def _huge(values):
    """A number larger than any value of a network, within the range of the dtype."""
    return 6e4 if keras.backend.standardize_dtype(values.dtype) == "float16" else 1e30
