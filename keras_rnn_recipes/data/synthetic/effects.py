"""What happens to any series: level shifts, outliers, slow cycles, gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seed,
    chosen,
    log_uniform,
    normal,
    running_sum,
    uniform,
)

_MOST_SHIFTS = 3


def slow_cycles(
    random: np.random.Generator,
    length: int,
    num_series: int,
    season: int,
    share: float,
    amplitude: Bounds,
) -> np.ndarray:
    """Draw cycles ``(length, num_series)`` longer than a season; zero outside the share.

    The period is log-uniform from twice the season to the longer of the series and four seasons.
    The phase is a random walk: business cycles, for which this stands, do not keep time.
    """
    values = np.zeros((length, num_series), "float32")
    members = np.flatnonzero(chosen(random, share, num_series))
    period = log_uniform(random, (2 * season, max(length, 4 * season)), len(members))
    steps = 1 + 0.3 * normal(random, length, len(members))
    start = uniform(random, (0, 2 * np.pi), len(members))
    angle = start + 2 * np.pi / period * running_sum(steps)
    values[:, members] = log_uniform(random, amplitude, len(members)) * np.sin(angle)
    return values


def add_level_shifts(random: np.random.Generator, paths: np.ndarray, share: float) -> None:
    """Add one to three lasting shifts to a share of the paths ``(length, num_series)``, in place.

    Their sizes are normal with a standard deviation that is log-uniform from 0.05 to 0.5.
    """
    length, num_series = paths.shape
    members = np.flatnonzero(chosen(random, share, num_series))
    number = random.integers(1, _MOST_SHIFTS + 1, len(members))
    sizes = normal(random, _MOST_SHIFTS, len(members)) * (np.arange(_MOST_SHIFTS)[:, None] < number)
    sizes *= log_uniform(random, (0.05, 0.5), len(members))
    steps = np.zeros((length, len(members)), "float32")
    moments = random.integers(length, size=sizes.shape)
    np.add.at(steps, (moments, np.arange(len(members))), sizes)
    paths[:, members] += running_sum(steps)


def add_outliers(random: np.random.Generator, paths: np.ndarray, share: float) -> None:
    """Add outliers to a share of the paths ``(length, num_series)``, in place.

    A series with outliers has them at 0.5 to 5 % of its steps. Their size is log-uniform from 0.1
    to 1, their sign random.
    """
    length, num_series = paths.shape
    members = np.flatnonzero(chosen(random, share, num_series))
    rate = log_uniform(random, (0.005, 0.05), len(members))
    rows, columns = np.nonzero(random.random((length, len(members)), dtype="float32") < rate)
    sizes = log_uniform(random, (0.1, 1.0), len(rows))
    paths[rows, members[columns]] += np.where(chosen(random, 0.5, len(rows)), sizes, -sizes)


def with_level_shifts(series: np.ndarray, *, share: float = 1.0, seed: Seed = 0) -> np.ndarray:
    """Add level shifts, in units of each series' mean absolute value.

    Args:
        series: ``(num_series, length)``; NaN where missing.
        share: probability that a series gets one to three shifts.
        seed: an integer, or a generator to draw from.

    Returns:
        A float32 copy. The sizes are normal with a standard deviation of 0.05 to 0.5 units.

    Example:
        >>> shifted = with_level_shifts(np.ones((1, 50)), seed=1)
        >>> len(np.unique(shifted)) <= 4
        True
    """
    return _added(series, add_level_shifts, share, seed)


def with_outliers(series: np.ndarray, *, share: float = 1.0, seed: Seed = 0) -> np.ndarray:
    """Add outliers, in units of each series' mean absolute value.

    Args:
        series: ``(num_series, length)``; NaN where missing.
        share: probability that a series gets outliers, at 0.5 to 5 % of its steps.
        seed: an integer, or a generator to draw from.

    Returns:
        A float32 copy. The sizes are log-uniform from 0.1 to 1 unit.

    Example:
        >>> changed = with_outliers(np.ones((1, 1000)), seed=1) != 1
        >>> 0 < changed.mean() < 0.1
        np.True_
    """
    return _added(series, add_outliers, share, seed)


def _added(
    series: np.ndarray,
    add: Callable[[np.random.Generator, np.ndarray, float], None],
    share: float,
    seed: Seed,
) -> np.ndarray:
    paths = np.zeros(series.shape[::-1], "float32")
    add(np.random.default_rng(seed), paths, share)
    unit = np.nan_to_num(np.abs(series)).mean(axis=1, keepdims=True, dtype="float64")
    return (series + unit * paths.T).astype("float32")


def with_gaps(series: np.ndarray, *, share: float = 1.0, seed: Seed = 0) -> np.ndarray:
    """Remove values: single steps, whole stretches, or the steps before a late start.

    A series with gaps has one kind of the three, each with equal probability: single steps missing
    at a rate of 1 to 30 %; one stretch of up to a quarter of the series; or a start that is late by
    up to three quarters of the series. At least one value of each series stays.

    Args:
        series: ``(num_series, length)``.
        share: probability that a series gets gaps.
        seed: an integer, or a generator to draw from.

    Returns:
        A float32 copy with NaN in the gaps.

    Example:
        >>> gapped = with_gaps(np.ones((100, 40)), share=0.5, seed=1)
        >>> 30 < np.isnan(gapped).any(axis=1).sum() < 60
        np.True_
    """
    random = np.random.default_rng(seed)
    result = np.array(series, dtype="float32")
    members = np.flatnonzero(chosen(random, share, len(result)))
    missing = _gaps(random, len(members), result.shape[1])
    # The last step of a series that would lose all values stays.
    missing[missing.all(axis=1), -1] = False
    result[members] = np.where(missing, np.float32(np.nan), result[members])
    return result


def _gaps(random: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Booleans ``(count, length)``: true where a value is missing."""
    kind = random.integers(3, size=(count, 1))
    step = np.arange(length)
    rate = log_uniform(random, (0.01, 0.3), count)[:, None]
    single = random.random((count, length), dtype="float32") < rate
    first = random.integers(length, size=(count, 1))
    width = 1 + length / 4 * random.random((count, 1))
    stretch = (step >= first) & (step < first + width)
    late = step < 0.75 * length * random.random((count, 1))
    return np.where(kind == 0, single, np.where(kind == 1, stretch, late))
