"""Attention: where in a memory of vectors to look, and what is found there."""

from __future__ import annotations

from keras import initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered

# What padding scores: less than anything real, yet finite, so that no softmax gives NaN.
_NEVER = -1e9


@registered
class AdditiveAttention(layers.Layer):
    """Scores from a small network that sees query and memory together.

    ``score = v . tanh(query @ W + memory @ U + b)``; the weights are the softmax of the scores over
    the memory's real steps, the context the memory's mean under these weights.

    Args:
        units: width of the small network.

    Call arguments:
        query: ``(batch, queries, channels)``, such as a decoder's outputs or states.
        memory: ``(batch, time, memory channels)``, such as an encoder's outputs.
        mask: ``(batch, time)`` bool, true for real steps of the memory; all are when left out.

    Returns:
        ``context`` ``(batch, queries, memory channels)``; and ``weights`` ``(batch, queries,
        time)``, which sum to 1 and are 0 on padding.

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
        self.supports_masking = True  # it has one of its own

    def build(self, query_shape, memory_shape):
        width = (self.units,)
        self.query_kernel = self.add_weight((query_shape[-1], *width), name="query_kernel")
        self.memory_kernel = self.add_weight((memory_shape[-1], *width), name="memory_kernel")
        self.bias = self.add_weight(width, initializer="zeros", name="bias")
        # A single column; Glorot's rule would have it too large for the few scores it gives.
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
    """Scores from a bilinear form of query and memory, ``score = query @ W . memory``.

    Quicker than `AdditiveAttention`, and as good where both sides are as wide as each other.

    Call arguments and returns: as those of `AdditiveAttention`.

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
        self.supports_masking = True  # it has one of its own

    def build(self, query_shape, memory_shape):
        self.kernel = self.add_weight((query_shape[-1], memory_shape[-1]), name="kernel")

    def call(self, query, memory, mask=None):
        # The query is projected, not the memory: a decoder that goes step by step then pays for
        # one row a step, and not for the whole memory anew.
        asked = ops.matmul(query, self.kernel)
        return attend(ops.matmul(asked, ops.swapaxes(memory, 1, 2)), memory, mask)

    def compute_mask(self, *args, **kwargs):
        return None


def attend(scores, memory, mask):
    """Context and weights from scores ``(batch, queries, time)``, as the layers give them."""
    scores = ops.cast(scores, "float32")  # half precision has no room for what padding scores
    if mask is not None:
        scores = ops.where(mask[:, None], scores, _NEVER)
    # Written out, for Keras warns of a softmax over one element: a source of one word is none.
    weights = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    weights = ops.cast(weights / ops.sum(weights, axis=-1, keepdims=True), memory.dtype)
    return ops.matmul(weights, memory), weights
