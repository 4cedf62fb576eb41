"""Series as a sum, or a product, of level, season, cycle, level shifts, noise and outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    check_size,
    chosen,
    first_order,
    log_uniform,
    noise,
    normal,
    pace,
    read_seasons,
    running_sum,
    series_first,
    to_level,
    uniform,
)
from keras_rnn_recipes.data.synthetic.effects import add_level_shifts, add_outliers, slow_cycles
from keras_rnn_recipes.data.synthetic.seasons import seasonal_component

# A level moves by at most this much, a factor of about 1,000 in a multiplicative series. Without a
# limit, undamped trends of long series leave the range of float32.
_MOST_RANGE = 7.0


@dataclass(frozen=True)
class StructuralOptions:
    """Distributions of the generator `structural`.

    Shares are probabilities for each series. Pairs are bounds: log-uniform for scales, uniform for
    `damping`, `persistence` and `season_growth`. Scales are relative to a level of 1. Those of the
    level and the slope hold for up to 156 steps, for which they were chosen; in longer series they
    are smaller, so that the whole series moves as far.

    Args:
        multiplicative: share of series that are the exponential of the sum of their components.
        level_scale: standard deviation of the level's innovations.
        trend_scale: standard deviation of the slope's innovations.
        drift_share: share with a constant slope besides.
        drift_scale: standard deviation of that slope, which is normal.
        damping: factor by which the slope keeps its distance from the constant one at each step.
        stationary_share: share whose level is a stationary AR(1) process without a slope.
        persistence: coefficient of that process.
        cycle_share: share with a slow cycle, longer than any season.
        cycle_scale: amplitude of the cycle.
        shift_share: share with one to three level shifts.
        heavy_level_share: share whose level has innovations with heavy tails.
        heavy_noise_share: share whose noise has heavy tails.
        season_share: share that has a season, for each of the seasons by itself.
        season_scale: standard deviation of the season.
        season_drift_share: share of the seasons whose shape drifts.
        season_drift: standard deviation of the drift within one season, in radians.
        season_growth_share: share of the seasons whose amplitude grows or shrinks.
        season_growth: ratio of the last amplitude to the first.
        noise_scale: standard deviation of the noise.
        outlier_share: share with outliers.

    Example:
        >>> StructuralOptions(season_share=1.0).noise_scale
        (0.002, 0.3)
    """

    multiplicative: float = 0.6
    level_scale: Bounds = (1e-3, 1e-1)
    trend_scale: Bounds = (1e-4, 5e-3)
    drift_share: float = 0.7
    drift_scale: float = 0.006
    damping: Bounds = (0.85, 1.0)
    stationary_share: float = 0.2
    persistence: Bounds = (0.3, 0.98)
    cycle_share: float = 0.2
    cycle_scale: Bounds = (0.02, 0.3)
    shift_share: float = 0.15
    heavy_level_share: float = 0.3
    heavy_noise_share: float = 0.25
    season_share: float = 0.8
    season_scale: Bounds = (0.006, 0.7)
    season_drift_share: float = 0.5
    season_drift: Bounds = (0.03, 0.5)
    season_growth_share: float = 0.15
    season_growth: Bounds = (0.2, 3.0)
    noise_scale: Bounds = (0.002, 0.3)
    outlier_share: float = 0.1


def structural(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    options: StructuralOptions = StructuralOptions(),
) -> np.ndarray:
    """Draw series that are a level with a trend, seasons, cycles, shifts, noise and outliers.

    The level is a random walk with a local damped trend::

        slope[t] = drift + damping * (slope[t-1] - drift) + trend_scale * normal
        level[t] = level[t-1] + slope[t] + level_scale * normal

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        options: the distributions.

    Returns:
        Float32 ``(num_series, length)`` around a level of 1 at the first step. Multiplicative
        series are positive.

    Raises:
        ValueError: a length or a season below 1.

    Source: the structural time series model of Harvey 1989, Forecasting, Structural Time Series
    Models and the Kalman Filter, chapter 2.

    Example:
        >>> structural(3, 48, season_length=(7, 365), seed=1).shape
        (3, 48)
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    paths = _levels(random, length, num_series, options)
    paths += slow_cycles(
        random,
        length,
        num_series,
        _longest(season_length),
        options.cycle_share,
        options.cycle_scale,
    )
    for period in read_seasons(season_length):
        paths += _season(random, length, num_series, period, options)
    add_level_shifts(random, paths, options.shift_share)
    scale = log_uniform(random, options.noise_scale, num_series)
    paths += scale * noise(random, length, num_series, heavy_share=options.heavy_noise_share)
    add_outliers(random, paths, options.outlier_share)
    return series_first(to_level(paths, chosen(random, options.multiplicative, num_series)))


def _longest(season_length: Seasons) -> int:
    return max(read_seasons(season_length), default=4)


def _levels(
    random: np.random.Generator, length: int, num_series: int, options: StructuralOptions
) -> np.ndarray:
    """Paths of the level, which start near 0."""
    shocks = noise(random, length, num_series, heavy_share=options.heavy_level_share)
    shocks *= np.sqrt(pace(length)) * log_uniform(random, options.level_scale, num_series)
    stationary = chosen(random, options.stationary_share, num_series)
    persistence = uniform(random, options.persistence, num_series)
    walks = running_sum(shocks + _slopes(random, length, num_series, options))
    walks[:, stationary] = first_order(shocks[:, stationary], persistence[stationary])
    return walks * np.minimum(1, _MOST_RANGE / np.maximum(np.ptp(walks, axis=0), 1e-6))


def _slopes(
    random: np.random.Generator, length: int, num_series: int, options: StructuralOptions
) -> np.ndarray:
    drift = options.drift_scale * normal(random, num_series)
    drift *= chosen(random, options.drift_share, num_series)
    shocks = log_uniform(random, options.trend_scale, num_series) * normal(
        random, length, num_series
    )
    return pace(length) * (
        drift + first_order(shocks, uniform(random, options.damping, num_series))
    )


def _season(
    random: np.random.Generator,
    length: int,
    num_series: int,
    period: int,
    options: StructuralOptions,
) -> np.ndarray:
    """One season of each series; zero for the series that have none."""
    values = np.zeros((length, num_series), "float32")
    members = np.flatnonzero(chosen(random, options.season_share, num_series))
    count = len(members)
    drifting = chosen(random, options.season_drift_share, count)
    growing = chosen(random, options.season_growth_share, count)
    values[:, members] = seasonal_component(
        random,
        length,
        period,
        amplitude=log_uniform(random, options.season_scale, count),
        drift=drifting * log_uniform(random, options.season_drift, count),
        growth=np.where(growing, uniform(random, options.season_growth, count), 1),
    )
    return values
