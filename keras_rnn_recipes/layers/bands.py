"""Follow a tone of unknown pitch: attention over the frequency bands of a recording."""

from __future__ import annotations

from keras import KerasTensor, initializers, layers, ops

from keras_rnn_recipes.layers._registry import registered

# Of the first training step. In a band with a tone that is switched on and off the energy varies
# more than noise does, and its mean is higher.
_FIRST_WEIGHTS = {"of_mean": 1.0, "of_deviation": 3.0}

# Added to a variance, so that a constant band has a slope.
_FLOOR = 1e-6


@registered
class AttendBands(layers.Layer):
    """The mean of frequency bands, weighted by how likely a recording has its tone in each.

    The weights of the bands are a softmax of scores, one distribution for each recording. A score
    is a learned weight times the mean of the band, and another one times its standard deviation
    over time; both numbers are first standardized over the bands. They are taken of the
    average of three steps, which keeps the length of a tone and makes noise vary less.

    Call arguments:
        values: energies ``(batch, time, bands)``, in the same unit in all bands.
        mask: bool ``(batch, time)``, true for real steps; padding must be on the right.

    Returns:
        ``(batch, time, 1)``, zeros as padding.

    Source: attention by scores of statistics, as Hu et al. 2018 (Squeeze-and-excitation networks)
    weight channels; here one distribution over the bands.

    Example:
        >>> import numpy as np
        >>> energies = np.random.default_rng(0).normal(size=(1, 50, 8))
        >>> energies[0, ::10, 5] += 9  # a tone that comes and goes
        >>> followed = np.array(AttendBands()(energies, np.ones((1, 50), bool)))[0, :, 0]
        >>> bool(np.corrcoef(followed, energies[0, :, 5])[0, 1] > 0.9)
        True
    """

    def build(self, values_shape, mask_shape=None):
        self.of_mean, self.of_deviation = (
            self.add_weight(shape=(), initializer=initializers.Constant(first), name=name)
            for name, first in _FIRST_WEIGHTS.items()
        )

    def call(self, values, mask):
        real = ops.cast(mask, values.dtype)[:, :, None]
        values = values * real
        means, deviations = _statistics(_average_of_three(values, real), real)
        scores = self.of_mean * _standardized(means) + self.of_deviation * _standardized(deviations)
        weights = ops.softmax(scores, axis=-1)
        return ops.sum(values * weights[:, None], axis=-1, keepdims=True)

    def compute_output_spec(self, values, mask):
        return KerasTensor((*values.shape[:2], 1), dtype=self.compute_dtype)


def _average_of_three(values, real):
    """The average of each step and its real neighbors."""
    sums, counts = (
        padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
        for padded in (ops.pad(one, [[0, 0], [1, 1], [0, 0]]) for one in (values, real))
    )
    return sums / ops.maximum(counts, 1) * real


def _statistics(values, real):
    """Mean and standard deviation of each band over the real steps: ``(batch, bands)`` each."""
    count = ops.maximum(ops.sum(real, axis=1), 1)
    means = ops.sum(values, axis=1) / count
    squares = ops.sum(ops.square(values - means[:, None]) * real, axis=1)
    return means, ops.sqrt(squares / count + _FLOOR)


def _standardized(values):
    """Mean 0 and deviation 1 over the bands; about 0 where all are equal."""
    centered = values - ops.mean(values, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centered), axis=-1, keepdims=True)
    return centered / ops.sqrt(variance + _FLOOR)
