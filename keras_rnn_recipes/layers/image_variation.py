"""Images drawn a little differently at each step of training."""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from keras_rnn_recipes.layers._registry import registered


@registered
class ImageVariation(layers.Layer):
    """Shift, rotate and scale each image at random while training; otherwise leave it as it is.

    The three are one affine transform with one bilinear interpolation, so that small images are not
    blurred three times. (Keras' own layers vary images wherever ``training`` is not given, so a
    loaded model would answer at random.)

    Args:
        shift: largest shift, as a share of height and width.
        rotate: largest angle, as a share of a full turn.
        zoom: largest enlargement or reduction, as a share of the size, below 1.
        seed: of the random numbers.

    Call arguments:
        images: ``(batch, height, width, channels)``.
        training: whether to vary them.

    Returns:
        A tensor in the shape of ``images``; 0 where nothing of an image is.

    Example:
        >>> import numpy as np
        >>> images = np.ones((2, 4, 4, 1), "float32")
        >>> varied = ImageVariation(shift=0.5, seed=1)(images, training=True)
        >>> bool((np.array(varied) == images).all())
        False
    """

    def __init__(self, shift=0.0, rotate=0.0, zoom=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.shift, self.rotate, self.zoom, self.seed = shift, rotate, zoom, seed
        self.random = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if not training:
            return images
        transforms = self._transforms(*ops.shape(images)[:3])
        return ops.image.affine_transform(
            images, transforms, interpolation="bilinear", fill_mode="constant", fill_value=0.0
        )

    def _transforms(self, count, height, width):
        """Rows ``a0 a1 a2 b0 b1 b2 0 0``: a pixel (x, y) is read at (a0 x + a1 y + a2, ...)."""

        def drawn(largest):
            return keras.random.uniform((count,), -largest, largest, seed=self.random)

        angle, scale = drawn(2 * math.pi * self.rotate), 1 / (1 + drawn(self.zoom))
        cosine, sine = ops.cos(angle) * scale, ops.sin(angle) * scale
        middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
        right = middle_x - cosine * middle_x + sine * middle_y + drawn(self.shift * width)
        down = middle_y - sine * middle_x - cosine * middle_y + drawn(self.shift * height)
        zero = ops.zeros_like(angle)
        return ops.stack([cosine, -sine, right, sine, cosine, down, zero, zero], axis=1)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        settings = {name: getattr(self, name) for name in ("shift", "rotate", "zoom", "seed")}
        return {**super().get_config(), **settings}
