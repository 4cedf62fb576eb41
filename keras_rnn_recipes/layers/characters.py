"""A convolution over the characters of each token of a sentence."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class CharacterConvolution(layers.Layer):
    """Vectors of tokens from their characters: a convolution, and the maximum over all positions.

    What lies before and after a token counts as zeros, and so does padding. The vector of a token
    depends on its characters alone, which `training_kernels` uses: it computes equal tokens of a
    batch once.

    Args:
        num_characters: number of character ids, including padding (0).
        embedding_size: width of a character's vector.
        filters: channels of the output.
        kernel_size: characters that each position reads, at least 1.

    Call arguments:
        characters: ids ``(batch, time, length of the longest token)``; 0 is padding, on the right.

    Returns:
        ``(batch, time, filters)``, at least 0: the maximum of ReLU, and 0 for a token of padding.

    Raises:
        ValueError: a number below 1.

    Source: Ma and Hovy 2016, End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF, section
        2.1, with ReLU.

    Example:
        >>> import numpy as np
        >>> characters = np.array([[[1, 2, 0], [3, 0, 0]]])
        >>> CharacterConvolution(4, 5, 7)(characters).shape
        TensorShape([1, 2, 7])
    """

    def __init__(self, num_characters, embedding_size, filters, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        if min(num_characters, embedding_size, filters, kernel_size) < 1:
            raise ValueError(
                "num_characters, embedding_size, filters and kernel_size must be at least 1; "
                f"received {num_characters}, {embedding_size}, {filters} and {kernel_size}."
            )
        self.num_characters, self.embedding_size = num_characters, embedding_size
        self.filters, self.kernel_size = filters, kernel_size
        self.vectors = layers.Embedding(num_characters, embedding_size, name="vectors")
        self.convolution = layers.Conv1D(
            filters, kernel_size, padding="same", activation="relu", name="convolution"
        )

    def build(self, characters_shape):
        self.vectors.build(characters_shape)
        self.convolution.build((None, None, self.embedding_size))

    def call(self, characters):
        batch, time, length = ops.shape(characters)
        vectors = self.of_tokens(ops.reshape(characters, (batch * time, length)))
        return ops.reshape(vectors, (batch, time, self.filters))

    def of_tokens(self, characters):
        """Vectors ``(tokens, filters)`` of ids ``(tokens, length)``."""
        real = ops.cast(ops.not_equal(characters, 0), self.compute_dtype)[..., None]
        # Zero is the minimum of ReLU, so positions of padding are never the maximum.
        return ops.max(self.convolution(self.vectors(characters) * real) * real, axis=1)

    def compute_output_shape(self, characters_shape):
        return (*characters_shape[:2], self.filters)

    def get_config(self):
        names = ("num_characters", "embedding_size", "filters", "kernel_size")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
