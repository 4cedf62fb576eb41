"""Seasonal components: random profiles of one period, which drift and grow over the series."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import (
    chosen,
    log_uniform,
    normal,
    running_sum,
    standardize,
    uniform,
)

_HARMONICS = 6
# A free profile of a longer season is interpolated between this many values: noise from each day
# of the year to the next would be no season that people meet.
_MOST_KNOTS = 52
_MOST_HEIGHT = 2.5


def seasonal_component(
    random: np.random.Generator,
    length: int,
    period: int,
    *,
    amplitude: np.ndarray,
    drift: np.ndarray,
    growth: np.ndarray,
) -> np.ndarray:
    """Draw a season of each series, ``(length, num_series)``.

    Two profiles of the same period are drawn for a series. The season turns from one towards the
    other by an angle that is a random walk, so that its shape changes while its size stays.

    Args:
        period: steps of one season, at least 2.
        amplitude: standard deviation of the season at the first step, ``(num_series,)``. It is
            lowered where the highest peak would be above 2.5, a factor of 12 in a multiplicative
            series.
        drift: standard deviation of the change of the angle within one period, in radians,
            ``(num_series,)``; with 0 the season repeats exactly.
        growth: ratio of the last amplitude to the first, ``(num_series,)``.
    """
    repeated = np.arange(length) % period
    profiles = seasonal_profiles(random, period, len(amplitude))
    largest = np.abs(profiles).max(axis=0) * np.maximum(growth, 1)
    amplitude = np.minimum(amplitude, _MOST_HEIGHT / np.maximum(largest, 1e-6))
    values = profiles[repeated]
    moving = np.flatnonzero(drift)
    angle = running_sum(normal(random, length, len(moving)))
    angle *= drift[moving] / np.float32(np.sqrt(period))
    other = seasonal_profiles(random, period, len(moving))[repeated]
    values[:, moving] = np.cos(angle) * values[:, moving] + np.sin(angle) * other
    growing = np.flatnonzero(growth != 1)
    values[:, growing] *= 1 + np.linspace(0, 1, length)[:, None] * (growth[growing] - 1)
    return values * amplitude


def seasonal_profiles(random: np.random.Generator, period: int, num_series: int) -> np.ndarray:
    """Draw profiles ``(period, num_series)`` of mean 0 and standard deviation 1.

    Each is, with equal probability, a sum of harmonics, a free value at each step, or one or two
    peaks.
    """
    kinds = (_fourier_profiles, _free_profiles, _peak_profiles)
    kind = random.integers(len(kinds), size=num_series)
    values = np.empty((period, num_series), "float32")
    for number, draw in enumerate(kinds):
        members = np.flatnonzero(kind == number)
        values[:, members] = draw(random, period, len(members))
    return standardize(values)


def _fourier_profiles(random: np.random.Generator, period: int, num_series: int) -> np.ndarray:
    """Up to six harmonics, the amplitudes of the higher ones smaller."""
    most = min(_HARMONICS, period // 2)
    order = np.arange(1, most + 1, dtype="float32")
    last = random.integers(1, most + 1, num_series)
    size = order[:, None] ** -uniform(random, (0.0, 2.0), num_series) * (order[:, None] <= last)
    angle = 2 * np.pi / period * np.arange(period)[:, None] * order
    cosine, sine = np.cos(angle).astype("float32"), np.sin(angle).astype("float32")
    if 2 * most == period:  # there the sine is zero at every step
        sine[:, -1] = 0
    first, second = normal(random, 2, most, num_series) * size
    return cosine @ first + sine @ second


def _free_profiles(random: np.random.Generator, period: int, num_series: int) -> np.ndarray:
    knots = min(period, _MOST_KNOTS)
    values = normal(random, knots, num_series)
    position = np.arange(period) * knots / period
    lower = position.astype(int)
    part = (position - lower).astype("float32")[:, None]
    return (1 - part) * values[lower] + part * values[(lower + 1) % knots]


def _peak_profiles(random: np.random.Generator, period: int, num_series: int) -> np.ndarray:
    """One peak or two, narrow or wide, upwards in three of four series."""
    sign = np.where(chosen(random, 0.75, num_series), 1, -1).astype("float32")
    values = _peaks(random, period, num_series)
    two = np.flatnonzero(chosen(random, 0.5, num_series))
    values[:, two] += uniform(random, (0.2, 1.0), len(two)) * _peaks(random, period, len(two))
    return sign * values


def _peaks(random: np.random.Generator, period: int, num_series: int) -> np.ndarray:
    """The density of a von Mises distribution around a random step, with the height 1."""
    # The center is a step of the season: a narrow peak between two steps would be seen by none.
    distance = np.arange(period)[:, None] - random.integers(period, size=num_series)
    concentration = log_uniform(random, (1.0, 60.0), num_series)
    cosine = np.cos(2 * np.pi / period * distance).astype("float32")
    return np.exp(concentration * (cosine - 1))
