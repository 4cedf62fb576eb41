"""Where in an image each place of a feature map lies."""

from __future__ import annotations

from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class PlacePositions(layers.Layer):
    """Append the position of each place to its channels, as two numbers from -1 to 1.

    Attention weighs places by their content alone. With these channels a network can tell left
    from right and above from below.

    Call arguments:
        places: ``(batch, height, width, channels)``.

    Returns:
        ``(batch, height, width, channels + 2)``: vertical position, downward, and horizontal
        position, to the right. A side with a single place has the position 0.

    Source: Liu et al. 2018, An intriguing failing of convolutional neural networks and the
    CoordConv solution.

    Example:
        >>> import numpy as np
        >>> found = PlacePositions()(np.zeros((1, 2, 3, 1), "float32"))
        >>> np.array(found)[0, 1].tolist()
        [[0.0, 1.0, -1.0], [0.0, 1.0, 0.0], [0.0, 1.0, 1.0]]
    """

    def call(self, places):
        height, width = places.shape[1:3]
        down = ops.reshape(_from_minus_one(height), (1, height, 1, 1))
        right = ops.reshape(_from_minus_one(width), (1, 1, width, 1))
        zeros = ops.zeros_like(places[..., :1])
        return ops.concatenate(
            [places, zeros + ops.cast(down, places.dtype), zeros + ops.cast(right, places.dtype)],
            axis=-1,
        )

    def compute_output_shape(self, places_shape):
        return (*places_shape[:-1], places_shape[-1] + 2)


def _from_minus_one(count):
    """Evenly spaced numbers from -1 to 1."""
    return ops.linspace(-1.0, 1.0, count) if count > 1 else ops.zeros((1,))
