"""An embedding whose matrix is also the output layer (weight tying)."""

from __future__ import annotations

from keras import initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class TiedEmbedding(layers.Layer):
    """An embedding that is also the output layer: half of the weights, and lower perplexity.

    Args:
        vocabulary_size: number of ids.
        size: width of a vector.
        scale: factor from a row of the matrix to the vector of its id; logits are products with the
            row itself. With the square root of ``size`` both have variance 1 before training.

    Call arguments:
        inputs: ids ``(...)``; or, with ``reverse=True``, vectors ``(..., size)``.
        reverse: compute logits from vectors.

    Returns:
        Vectors ``(..., size)``; with ``reverse`` logits ``(..., vocabulary_size)`` with a bias.

    Raises:
        ValueError: ``vocabulary_size`` or ``size`` is below 1.

    Source: Press and Wolf 2017, Using the output embedding to improve language models; the scale:
        Vaswani et al. 2017, Attention is all you need, section 3.4.

    Example:
        >>> import numpy as np
        >>> layer = TiedEmbedding(50, 8)
        >>> vectors = layer(np.array([[4, 9, 2]]))
        >>> vectors.shape == (1, 3, 8), layer(vectors, reverse=True).shape == (1, 3, 50)
        (True, True)
    """

    def __init__(self, vocabulary_size, size, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        if min(vocabulary_size, size) < 1:
            raise ValueError(
                "vocabulary_size and size must be at least 1; "
                f"received {vocabulary_size} and {size}."
            )
        self.vocabulary_size, self.size, self.scale = vocabulary_size, size, scale
        self.supports_masking = True  # padding has a vector like any other id

    def build(self, input_shape=None):
        shape = (self.vocabulary_size, self.size)
        start = initializers.RandomNormal(stddev=self.size**-0.5)
        self.embeddings = self.add_weight(shape, initializer=start, name="embeddings")
        self.bias = self.add_weight(shape[:1], initializer="zeros", name="bias")

    def call(self, inputs, reverse=False):
        if reverse:
            return ops.matmul(inputs, ops.transpose(self.embeddings)) + self.bias
        return ops.cast(ops.take(self.embeddings, inputs, axis=0), self.compute_dtype) * self.scale

    def get_config(self):
        config = {"vocabulary_size": self.vocabulary_size, "size": self.size, "scale": self.scale}
        return {**super().get_config(), **config}
