"""An embedding of words that training contains, and of others with fixed vectors."""

from __future__ import annotations

from typing import Any, final

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@final
@registered
class ExtendedEmbedding(layers.Layer):
    """An embedding whose last rows are fixed.

    Words that training does not contain get no gradient. As fixed rows they cost no time and no
    memory of the optimizer.

    Args:
        size: number of ids.
        num_fixed: number of last ids whose vectors are fixed, below ``size``.
        width: of a vector.

    Call arguments:
        ids: integers ``(...)``, from 0 to ``size - 1``.

    Returns:
        The vectors ``(..., width)``.

    Raises:
        ValueError: ``num_fixed`` is below 1 or leaves no id to learn.

    Example:
        >>> import numpy as np
        >>> layer = ExtendedEmbedding(4, 1, 2)
        >>> layer.set_vectors(np.arange(8.0).reshape(4, 2))
        >>> ops.convert_to_numpy(layer(np.array([[0, 3]]))).tolist()
        [[[0.0, 1.0], [6.0, 7.0]]]
    """

    def __init__(self, size: int, num_fixed: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        if not 1 <= num_fixed < size:
            raise ValueError(f"num_fixed must be from 1 to {size - 1}; received {num_fixed}.")
        self.size, self.num_fixed, self.width = size, num_fixed, width
        self.num_learned = size - num_fixed

    def build(self, input_shape: Any) -> None:
        """Make both tables."""
        shape = (self.num_learned, self.width)
        self.learned = self.add_weight(shape=shape, initializer="uniform", name="embeddings")
        self.fixed = self.add_weight(
            shape=(self.num_fixed, self.width), initializer="zeros", trainable=False, name="fixed"
        )

    def set_vectors(self, matrix: Any) -> None:
        """Set the vectors of all ids, ``(size, width)``."""
        if not hasattr(self, "learned"):
            self.build((None,))
        self.learned.assign(matrix[: self.num_learned])
        self.fixed.assign(matrix[self.num_learned :])

    def call(self, ids: Any) -> Any:
        """The vectors of ids."""
        ids = ops.cast(ids, "int32")
        learned = ops.take(self.learned, ops.minimum(ids, self.num_learned - 1), axis=0)
        fixed = ops.take(self.fixed, ops.maximum(ids - self.num_learned, 0), axis=0)
        is_learned = ops.expand_dims(ids < self.num_learned, -1)
        return ops.where(is_learned, learned, ops.cast(fixed, learned.dtype))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """``(..., width)``."""
        return (*input_shape, self.width)

    def get_config(self) -> dict[str, Any]:
        """The arguments, for saving."""
        sizes = {"size": self.size, "num_fixed": self.num_fixed, "width": self.width}
        return {**super().get_config(), **sizes}
