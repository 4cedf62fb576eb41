"""The frames of a video, each encoded as a vector by the same convolutions."""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from keras_rnn_recipes.layers._registry import registered

# Frames that are encoded at a time outside of training, which bounds the memory of long videos.
_FRAMES_AT_ONCE = 256


@registered
class EncodeFrames(layers.Layer):
    """Encode every frame of a video by convolutions, without regard to the other frames.

    Each convolution of 3 by 3 pixels halves height and width, and is followed by normalization over
    the whole frame, which keeps plain ground plain, and ReLU. A dense layer reads all that remains,
    so that the encoding tells where things are in the picture.

    Args:
        filters: channels of each convolution.
        units: numbers for each frame.

    Call arguments:
        values: ``(batch, time, height, width, channels)``.
        mask: bool ``(batch, time)``, true for real frames.

    Returns:
        ``(batch, time, units)``, zeros as padding.

    Raises:
        ValueError: a number below 1, or no convolution.

    Source: Wu and He 2018, Group normalization, with one group.

    Example:
        >>> import numpy as np
        >>> layer = EncodeFrames((4, 8), 16)
        >>> layer(np.ones((2, 3, 20, 30, 1)), np.ones((2, 3), bool)).shape
        TensorShape([2, 3, 16])
    """

    def __init__(self, filters=(16, 32, 32), units=64, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.units = tuple(filters), units
        if not self.filters or min(*self.filters, units) < 1:
            raise ValueError(
                "filters must be one or more numbers of at least 1, and units at least 1; received "
                f"{filters} and {units}."
            )
        self.parts = [
            part
            for number, width in enumerate(self.filters, start=1)
            for part in (
                layers.Conv2D(width, 3, strides=2, padding="same", name=f"convolution_{number}"),
                layers.GroupNormalization(1, name=f"norm_{number}"),
                layers.ReLU(name=f"relu_{number}"),
            )
        ]
        self.parts += [layers.Flatten(name="flatten"), layers.Dense(units, "relu", name="dense")]

    def build(self, values_shape, mask_shape=None):
        shape = (None, *values_shape[2:])
        for part in self.parts:
            part.build(shape)
            shape = part.compute_output_shape(shape)

    def call(self, values, mask, training=False):
        batch, time = ops.shape(values)[0], ops.shape(values)[1]
        # One batch of frames; time is not copied to encode it.
        frames = ops.reshape(values, (-1, *values.shape[2:]))
        encoded = self._encoded(frames) if training else self._in_groups(frames)
        encoded = ops.reshape(encoded, (batch, time, self.units))
        return encoded * ops.cast(mask, encoded.dtype)[:, :, None]

    def _encoded(self, frames):
        for part in self.parts:
            frames = part(frames)
        return frames

    def _in_groups(self, frames):
        """The encoding, of a bounded number of frames at a time."""
        count = ops.shape(frames)[0]
        groups = (count + _FRAMES_AT_ONCE - 1) // _FRAMES_AT_ONCE
        size = (count + groups - 1) // groups
        padded = ops.pad(frames, [[0, groups * size - count], [0, 0], [0, 0], [0, 0]])
        grouped = ops.reshape(padded, (-1, size, *frames.shape[1:]))
        encoded = ops.reshape(ops.map(self._encoded, grouped), (-1, self.units))
        return encoded[:count]

    def compute_output_spec(self, values, mask, training=False):
        return KerasTensor((*values.shape[:2], self.units), dtype=self.compute_dtype)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "units": self.units}
