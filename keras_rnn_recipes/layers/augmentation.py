"""Random changes of sequences while training; in evaluation and after export they do nothing."""

from __future__ import annotations

import keras
from keras import layers, ops, random

from keras_rnn_recipes.layers._registry import registered


@registered
class MaskSpans(layers.Layer):
    """Set spans of steps and of neighboring channels to zero while training.

    Args:
        steps: longest span of steps, as a share of the real steps of each sequence.
        channels: widest span of channels, as a share of the channels.
        spans: number of spans of each kind; they may overlap.
        seed: of the random numbers.

    Call arguments:
        values: ``(batch, time, channels)``.
        mask: bool ``(batch, time)``, true for real steps.

    Returns:
        In the shape of ``values``.

    Raises:
        ValueError: a share out of range.

    Source: Park et al. 2019, SpecAugment, sections 2 and 3.

    Example:
        >>> import numpy as np
        >>> values, mask = np.ones((1, 8, 2)), np.ones((1, 8), bool)
        >>> bool(np.all(MaskSpans(0.5)(values, mask, training=False) == values))
        True
    """

    def __init__(self, steps=0.0, channels=0.0, spans=1, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not (0 <= steps < 1 and 0 <= channels < 1 and spans >= 1):
            raise ValueError(
                "steps and channels must be from 0 to below 1, spans at least 1; received "
                f"{steps}, {channels} and {spans}."
            )
        self.steps, self.channels, self.spans, self.seed = steps, channels, spans, seed
        self.generator = random.SeedGenerator(seed)

    def call(self, values, mask, training=False):
        if not training:
            return values
        lengths = ops.sum(ops.cast(mask, "float32"), axis=1)
        widths = ops.ones_like(lengths) * values.shape[-1]
        for _ in range(self.spans):
            if self.steps:
                kept = self._kept(lengths, self.steps, ops.shape(values)[1])
                values = values * ops.cast(kept, values.dtype)[:, :, None]
            if self.channels:
                kept = self._kept(widths, self.channels, values.shape[-1])
                values = values * ops.cast(kept, values.dtype)[:, None, :]
        return values

    def _kept(self, sizes, share, length):
        """True outside one random span for each row, bool ``(batch, length)``."""
        drawn = random.uniform((2, ops.shape(sizes)[0]), seed=self.generator)
        span = drawn[0] * share * sizes
        start = drawn[1] * (sizes - span)
        places = ops.cast(ops.arange(length), "float32")[None] + 0.5
        return ops.logical_or(places < start[:, None], places >= (start + span)[:, None])

    def get_config(self):
        return {
            **super().get_config(),
            "steps": self.steps,
            "channels": self.channels,
            "spans": self.spans,
            "seed": self.seed,
        }


@registered
class RandomSpeed(layers.Layer):
    """Play each sequence faster or slower while training, by linear interpolation.

    Args:
        change: largest change of the speed, such as 0.2 for 0.8 to 1.2 times the speed.
        seed: of the random numbers.
        keep_ends: make the batch longer, so that no sequence is cut.

    Call arguments:
        values: ``(batch, time, channels)``, zeros as padding.
        mask: bool ``(batch, time)``, true for real steps; padding must be on the right.

    Returns:
        The values and the mask. A sequence that would become longer than the batch is cut, unless
        ``keep_ends`` is set.

    Raises:
        ValueError: a change out of range.

    Example:
        >>> import numpy as np
        >>> values, mask = np.ones((1, 8, 2)), np.ones((1, 8), bool)
        >>> RandomSpeed(0.2)(values, mask, training=True)[0].shape
        TensorShape([1, 8, 2])
    """

    def __init__(self, change=0.2, seed=None, keep_ends=False, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= change < 1:
            raise ValueError(f"change must be from 0 to below 1; received {change}.")
        self.change, self.seed, self.keep_ends = change, seed, keep_ends
        self.generator = random.SeedGenerator(seed)

    def call(self, values, mask, training=False):
        if not training or not self.change:
            return values, mask
        rows, time = ops.shape(values)[0], ops.shape(values)[1]
        wide = self._longest(time)
        bounds = {"minval": 1 - self.change, "maxval": 1 + self.change}
        speed = random.uniform((rows, 1), seed=self.generator, **bounds)
        last = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True) - 1
        places = ops.cast(ops.arange(wide), "float32")[None] * speed
        real = places <= last
        places = ops.clip(places, 0.0, ops.maximum(last, 0.0))
        before = ops.cast(ops.floor(places), "int32")
        after = ops.minimum(before + 1, time - 1)
        share = (places - ops.floor(places))[:, :, None]
        first = ops.take_along_axis(values, before[:, :, None], axis=1)
        second = ops.take_along_axis(values, after[:, :, None], axis=1)
        mixed = first * (1 - share) + second * share
        return mixed * ops.cast(real, values.dtype)[:, :, None], real

    def _longest(self, time):
        """The steps of the batch at the lowest speed."""
        if not self.keep_ends:
            return time
        longest = ops.ceil(ops.cast(time, "float32") / (1 - self.change))
        return ops.cast(longest, "int32")

    def compute_output_spec(self, values, mask, training=False):
        time = None if self.keep_ends else values.shape[1]
        shape = (values.shape[0], time)
        return (
            keras.KerasTensor((*shape, values.shape[2]), dtype=self.compute_dtype),
            keras.KerasTensor(shape, dtype="bool"),
        )

    def get_config(self):
        config = {"change": self.change, "seed": self.seed, "keep_ends": self.keep_ends}
        return {**super().get_config(), **config}


@registered
class RandomTurn(layers.Layer):
    """Turn skeletons about the vertical axis while training.

    Args:
        degrees: largest angle in either direction.
        coordinates: numbers for each joint, which stand next to each other; the first and the last
            of them are turned.
        seed: of the random numbers.

    Call arguments:
        values: ``(batch, time, joints * coordinates)``.

    Returns:
        In the shape of ``values``.

    Example:
        >>> import numpy as np
        >>> turned = RandomTurn(30)(np.ones((1, 5, 6)), training=True)
        >>> np.round(np.sum(np.array(turned)[0, 0, [0, 2]] ** 2), 4)
        np.float32(2.0)
    """

    def __init__(self, degrees=20.0, coordinates=3, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.degrees, self.coordinates, self.seed = degrees, coordinates, seed
        self.generator = random.SeedGenerator(seed)

    def call(self, values, training=False):
        if not training:
            return values
        shape, size = ops.shape(values), self.coordinates
        joints = ops.reshape(values, (shape[0], shape[1], values.shape[-1] // size, size))
        largest = self.degrees * 3.141592653589793 / 180
        angle = random.uniform(
            (shape[0], 1, 1), minval=-largest, maxval=largest, seed=self.generator
        )
        across, depth = joints[..., 0], joints[..., size - 1]
        turned = [
            across * ops.cos(angle) - depth * ops.sin(angle),
            *(joints[..., place] for place in range(1, size - 1)),
            across * ops.sin(angle) + depth * ops.cos(angle),
        ]
        return ops.reshape(ops.stack(turned, axis=-1), shape)

    def compute_output_spec(self, values, training=False):
        return keras.KerasTensor(values.shape, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "degrees": self.degrees,
            "coordinates": self.coordinates,
            "seed": self.seed,
        }


@registered
class RandomStretch(layers.Layer):
    """Change height, width and depth of skeletons while training, as other people have other ones.

    Args:
        change: largest change of each, such as 0.2 for factors from 0.8 to 1.2; they are drawn by
            themselves, once for each sequence.
        coordinates: numbers for each joint, which stand next to each other.
        seed: of the random numbers.

    Call arguments:
        values: ``(batch, time, joints * coordinates)``.

    Returns:
        In the shape of ``values``.

    Raises:
        ValueError: a change out of range.

    Example:
        >>> import numpy as np
        >>> stretched = RandomStretch(0.2)(np.ones((1, 5, 6)), training=True)
        >>> bool(np.all(stretched[0, 0, :3] == stretched[0, 4, 3:]))
        True
    """

    def __init__(self, change=0.2, coordinates=3, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= change < 1:
            raise ValueError(f"change must be from 0 to below 1; received {change}.")
        self.change, self.coordinates, self.seed = change, coordinates, seed
        self.generator = random.SeedGenerator(seed)

    def call(self, values, training=False):
        if not training:
            return values
        shape = (ops.shape(values)[0], 1, self.coordinates)
        bounds = {"minval": 1 - self.change, "maxval": 1 + self.change}
        factors = random.uniform(shape, seed=self.generator, **bounds)
        return values * ops.tile(factors, [1, 1, values.shape[-1] // self.coordinates])

    def get_config(self):
        return {
            **super().get_config(),
            "change": self.change,
            "coordinates": self.coordinates,
            "seed": self.seed,
        }
