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
        heads: contexts for each query, with scores of their own.

    Call arguments:
        query: ``(batch, queries, channels)``, such as a decoder's outputs or states.
        memory: ``(batch, time, memory channels)``, such as an encoder's outputs.
        mask: ``(batch, time)`` bool, true for real steps of the memory; None: all steps are real.

    Returns:
        ``context`` ``(batch, queries, heads * memory channels)``; and ``weights`` ``(batch,
        queries, time)``, the mean over the heads, which sum to 1 and are 0 on padding.

    Raises:
        ValueError: ``units`` or ``heads`` is below 1.

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

    def __init__(self, units, heads=1, **kwargs):
        super().__init__(**kwargs)
        if min(units, heads) < 1:
            raise ValueError(f"units and heads must be at least 1; received {units} and {heads}.")
        self.units, self.heads = units, heads
        self.supports_masking = True  # the layer receives its mask as an argument

    def build(self, query_shape, memory_shape):
        width = (self.units,)
        self.query_kernel = self.add_weight((query_shape[-1], *width), name="query_kernel")
        self.memory_kernel = self.add_weight((memory_shape[-1], *width), name="memory_kernel")
        self.bias = self.add_weight(width, initializer="zeros", name="bias")
        # Glorot's rule would make this single column too large.
        scale = initializers.RandomNormal(stddev=self.units**-0.5)
        several = () if self.heads == 1 else (self.heads,)
        self.scale = self.add_weight((*width, *several), initializer=scale, name="scale")

    def call(self, query, memory, mask=None):
        asked = ops.matmul(query, self.query_kernel) + self.bias
        known = ops.matmul(memory, self.memory_kernel)
        seen = ops.tanh(asked[:, :, None] + known[:, None])
        if self.heads == 1:
            return attend(ops.sum(seen * self.scale, axis=-1), memory, mask)
        scores = ops.matmul(seen, self.scale)
        return attend_by_heads(ops.transpose(scores, (0, 3, 1, 2)), memory, mask)

    def compute_mask(self, *args, **kwargs):
        return None

    def get_config(self):
        return {**super().get_config(), "units": self.units, "heads": self.heads}


@registered
class MultiplicativeAttention(layers.Layer):
    """Attention with bilinear scores, ``score = query @ W . memory`` (Luong).

    Faster than `AdditiveAttention`, and as accurate if query and memory have the same width.

    Args:
        heads: contexts for each query, with scores of their own.

    Call arguments and returns: as in `AdditiveAttention`.

    Raises:
        ValueError: ``heads`` is below 1.

    Source: Luong et al. 2015, Effective approaches to attention-based neural machine translation,
    the form they call general.

    Example:
        >>> import numpy as np
        >>> query, memory = np.ones((1, 2, 3)), np.ones((1, 4, 5))
        >>> context, weights = MultiplicativeAttention()(query, memory)
        >>> np.array(weights)[0, 1].tolist()
        [0.25, 0.25, 0.25, 0.25]
    """

    def __init__(self, heads=1, **kwargs):
        super().__init__(**kwargs)
        if heads < 1:
            raise ValueError(f"heads must be at least 1; received {heads}.")
        self.heads = heads
        self.supports_masking = True  # the layer receives its mask as an argument

    def build(self, query_shape, memory_shape):
        width = self.heads * memory_shape[-1]
        self.kernel = self.add_weight((query_shape[-1], width), name="kernel")

    def call(self, query, memory, mask=None):
        # Projecting the query instead of the memory costs a step-by-step decoder one row per step
        # instead of the whole memory.
        asked = ops.matmul(query, self.kernel)
        if self.heads == 1:
            return attend(ops.matmul(asked, ops.swapaxes(memory, 1, 2)), memory, mask)
        by_head = ops.stack(ops.split(asked, self.heads, axis=-1), axis=1)
        scores = ops.matmul(by_head, ops.swapaxes(memory, 1, 2)[:, None])
        return attend_by_heads(scores, memory, mask)

    def compute_mask(self, *args, **kwargs):
        return None

    def get_config(self):
        return {**super().get_config(), "heads": self.heads}


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


def attend_by_heads(scores, memory, mask):
    """Compute the contexts of several heads, next to each other, and the mean of their weights.

    Args:
        scores: ``(batch, heads, queries, time)``.
        memory, mask: as in `attend`.

    Returns:
        Context ``(batch, queries, heads * channels)`` and weights ``(batch, queries, time)``.
    """
    found = [attend(scores[:, head], memory, mask) for head in range(scores.shape[1])]
    contexts, weights = zip(*found, strict=True)
    return ops.concatenate(contexts, axis=-1), sum(weights) / len(weights)
