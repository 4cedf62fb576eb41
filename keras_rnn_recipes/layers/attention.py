"""Attention over a memory of vectors: a weight for each step, and the weighted mean."""

from __future__ import annotations

from keras import initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered

# The score of padding: below any real score, but finite, so that no softmax gives NaN.
_PADDING_SCORE = -1e9


@registered
class AdditiveAttention(layers.Layer):
    """Attention with scores from a small network of query and memory (Bahdanau).

    ``score = v . tanh(query @ W + memory @ U + b)``. The weights are the softmax of the scores over
    the real steps of the memory; the context is the mean of the memory with these weights.

    Args:
        units: width of the hidden layer.

    Call arguments:
        query: ``(batch, queries, channels)``, such as a decoder's outputs or states.
        memory: ``(batch, time, memory channels)``, such as an encoder's outputs.
        mask: ``(batch, time)`` bool, true for real steps of the memory; None: all steps are real.

    Returns:
        ``context`` ``(batch, queries, memory channels)``; and ``weights`` ``(batch, queries,
        time)``, which sum to 1 and are 0 on padding.

    Raises:
        ValueError: ``units`` is below 1.

    Source: Bahdanau et al. 2015, Neural machine translation by jointly learning to align and
    translate.

    Example:
        >>> import numpy as np
        >>> query, memory = np.ones((1, 2, 3)), np.ones((1, 4, 5))
        >>> mask = np.array([[True, True, False, False]])
        >>> context, weights = AdditiveAttention(8)(query, memory, mask=mask)
        >>> context.shape == (1, 2, 5), np.array(weights)[0, 0].tolist()
        (True, [0.5, 0.5, 0.0, 0.0])
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"units must be at least 1; received {units}.")
        self.units = units
        self.supports_masking = True  # the layer receives its mask as an argument

    def build(self, query_shape, memory_shape):
        width = (self.units,)
        self.query_kernel = self.add_weight((query_shape[-1], *width), name="query_kernel")
        self.memory_kernel = self.add_weight((memory_shape[-1], *width), name="memory_kernel")
        self.bias = self.add_weight(width, initializer="zeros", name="bias")
        # Glorot's rule would make this single column too large.
        scale = initializers.RandomNormal(stddev=self.units**-0.5)
        self.scale = self.add_weight(width, initializer=scale, name="scale")

    def call(self, query, memory, mask=None):
        asked = ops.matmul(query, self.query_kernel) + self.bias
        known = ops.matmul(memory, self.memory_kernel)
        seen = ops.tanh(asked[:, :, None] + known[:, None])
        return attend(ops.sum(seen * self.scale, axis=-1), memory, mask)

    def compute_mask(self, *args, **kwargs):
        return None

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@registered
class MultiplicativeAttention(layers.Layer):
    """Attention with bilinear scores, ``score = query @ W . memory`` (Luong).

    Faster than `AdditiveAttention`, and as accurate if query and memory have the same width.

    Call arguments and returns: as in `AdditiveAttention`.

    Source: Luong et al. 2015, Effective approaches to attention-based neural machine translation,
    the form they call general.

    Example:
        >>> import numpy as np
        >>> query, memory = np.ones((1, 2, 3)), np.ones((1, 4, 5))
        >>> context, weights = MultiplicativeAttention()(query, memory)
        >>> np.array(weights)[0, 1].tolist()
        [0.25, 0.25, 0.25, 0.25]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True  # the layer receives its mask as an argument

    def build(self, query_shape, memory_shape):
        self.kernel = self.add_weight((query_shape[-1], memory_shape[-1]), name="kernel")

    def call(self, query, memory, mask=None):
        # Projecting the query instead of the memory costs a step-by-step decoder one row per step
        # instead of the whole memory.
        asked = ops.matmul(query, self.kernel)
        return attend(ops.matmul(asked, ops.swapaxes(memory, 1, 2)), memory, mask)

    def compute_mask(self, *args, **kwargs):
        return None


def attend(scores, memory, mask):
    """Compute context and weights from scores.

    Args:
        scores: ``(batch, queries, time)``.
        memory: ``(batch, time, channels)``.
        mask: ``(batch, time)`` bool, or None.

    Returns:
        Context ``(batch, queries, channels)`` and weights ``(batch, queries, time)``.
    """
    scores = ops.cast(scores, "float32")  # float16 cannot hold the score of padding
    if mask is not None:
        scores = ops.where(mask[:, None], scores, _PADDING_SCORE)
    # Keras' softmax would warn about an axis of one element, such as a source of one word.
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    weights = ops.cast(weights / ops.sum(weights, axis=-1, keepdims=True), memory.dtype)
    return ops.matmul(weights, memory), weights
