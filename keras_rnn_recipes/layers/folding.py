"""Fold nested sequences, such as the characters of each token, into the batch axis, and back."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class FoldTokens(layers.Layer):
    """Make every token of every sentence a row of the batch.

    Call arguments:
        values: ``(batch, time, ...)``.

    Returns:
        ``(batch * time, ...)``, the tokens of the first sentence first.

    Example:
        >>> import numpy as np
        >>> tuple(FoldTokens()(np.zeros((2, 3, 5, 4))).shape)
        (6, 5, 4)
    """

    def call(self, values):
        batch, time, *rest = ops.shape(values)
        return ops.reshape(values, (batch * time, *rest))

    def compute_output_shape(self, shape):
        return (None, *shape[2:])


@registered
class UnfoldTokens(layers.Layer):
    """Undo `FoldTokens`, for one vector per token.

    Call arguments:
        vectors: ``(batch * time, channels)``.
        like: ``(batch, time, ...)``, a tensor with the shape of the sentences.

    Returns:
        ``(batch, time, channels)``.

    Example:
        >>> import numpy as np
        >>> vectors = np.array([[1.0], [2.0], [3.0], [4.0]])
        >>> np.array(UnfoldTokens()(vectors, np.zeros((2, 2))))[..., 0].tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """

    def call(self, vectors, like):
        batch, time = ops.shape(like)[:2]
        return ops.reshape(vectors, (batch, time, vectors.shape[-1]))

    def compute_output_shape(self, vectors_shape, like_shape):
        return (*like_shape[:2], vectors_shape[-1])
