"""Series of exponential smoothing models: level, damped trend, seasons that drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    check_size,
    chosen,
    log_uniform,
    noise,
    normal,
    pace,
    read_seasons,
    series_first,
    uniform,
)
from keras_rnn_recipes.data.synthetic.seasons import seasonal_profiles

# Relative errors stay above -1 with this, so that multiplicative states stay positive. The limits
# of the level are for trends that run away, undamped, in long multiplicative series.
_LEAST_ERROR, _LEVELS = -0.8, (1e-3, 1e3)


def exponential_smoothing(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    multiplicative: float = 0.5,
    trend_share: float = 0.6,
    season_share: float = 0.8,
    damping: Bounds = (0.8, 1.0),
    season_scale: Bounds = (0.02, 0.4),
    noise_scale: Bounds = (0.005, 0.2),
    heavy_share: float = 0.2,
) -> np.ndarray:
    """Draw series of the models ETS(A,Ad,A) and ETS(M,Md,M) with random parameters.

    The rate of the level is uniform from 0 to 1, that of the trend is 0.001 to 0.2 times as large,
    those of the seasons are 0.001 to 0.3, all log-uniform. The first slope is normal with a
    standard deviation of 0.005. Rates and slopes of trends are smaller in series of more than 156
    steps.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        multiplicative: probability of multiplicative errors and seasons.
        trend_share: probability of a trend.
        season_share: probability of each of the seasons.
        damping: bounds of the damping factor, uniform.
        season_scale: bounds of the standard deviation of the first season, log-uniform.
        noise_scale: bounds of the standard deviation of the errors, log-uniform.
        heavy_share: probability of errors with heavy tails.

    Returns:
        Float32 ``(num_series, length)`` that start at a level of 1.

    Raises:
        ValueError: a length or a season below 1.

    Source: Hyndman, Koehler, Ord and Snyder 2008, Forecasting with Exponential Smoothing.

    Example:
        >>> exponential_smoothing(3, 48, season_length=4, seed=1).shape
        (3, 48)
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    errors = noise(random, length, num_series, heavy_share=heavy_share)
    errors *= log_uniform(random, noise_scale, num_series)
    trending = chosen(random, trend_share, num_series)
    seasons = _first_seasons(random, num_series, season_length, season_share, season_scale)
    states = _rates(random, num_series, trending * pace(length)) | {
        "damping": uniform(random, damping, num_series),
        "trend": 0.005 * pace(length) * trending * normal(random, num_series),
    }
    product = chosen(random, multiplicative, num_series)
    return _both_kinds(random, errors, product, states, seasons)


def _rates(
    random: np.random.Generator, num_series: int, trending: np.ndarray
) -> dict[str, np.ndarray]:
    alpha = uniform(random, (0.0, 1.0), num_series)
    beta = trending * alpha * log_uniform(random, (1e-3, 0.2), num_series)
    return {"alpha": alpha, "beta": beta}


def _first_seasons(
    random: np.random.Generator,
    num_series: int,
    season_length: Seasons,
    share: float,
    scale: Bounds,
) -> list[np.ndarray]:
    """Additive states of the first season, ``(period, num_series)`` for each period."""
    sizes = [
        chosen(random, share, num_series) * log_uniform(random, scale, num_series)
        for _ in read_seasons(season_length)
    ]
    return [
        size * seasonal_profiles(random, period, num_series)
        for period, size in zip(read_seasons(season_length), sizes, strict=True)
    ]


def _both_kinds(
    random: np.random.Generator,
    errors: np.ndarray,
    product: np.ndarray,
    states: dict[str, np.ndarray],
    seasons: list[np.ndarray],
) -> np.ndarray:
    """The additive series, then the multiplicative ones, each kind in its own loop."""
    values = np.empty_like(errors)
    gammas = [log_uniform(random, (1e-3, 0.3), len(product)) * s.any(axis=0) for s in seasons]
    for multiplicative in (False, True):
        members = np.flatnonzero(product == multiplicative)
        first = [season[:, members] for season in seasons]
        values[:, members] = smoothing_paths(
            np.maximum(errors[:, members], _LEAST_ERROR) if multiplicative else errors[:, members],
            **{name: state[members] for name, state in states.items()},
            gammas=[gamma[members] for gamma in gammas],
            seasons=[np.exp(season) for season in first] if multiplicative else first,
            multiplicative=multiplicative,
        )
    return series_first(values)


def smoothing_paths(
    errors: np.ndarray,
    *,
    alpha: np.ndarray,
    beta: np.ndarray,
    damping: np.ndarray,
    trend: np.ndarray,
    gammas: Sequence[np.ndarray] = (),
    seasons: Sequence[np.ndarray] = (),
    multiplicative: bool = False,
) -> np.ndarray:
    """Run the recursion of exponential smoothing forward from its errors, from a level of 1.

    Additive, with ``base = level + damping * trend``::

        y = base + season + e
        level, trend, season = base + alpha * e, damping * trend + beta * e, season + gamma * e

    Multiplicative, with relative errors, the trend being the logarithm of the growth at each step,
    and ``base = level * exp(damping * trend)``::

        y = base * season * (1 + e)
        level, season = base * (1 + alpha * e), season * (1 + gamma * e)
        trend = damping * trend + beta * e

    Args:
        errors: ``(length, num_series)``; relative ones must be above -1.
        alpha: rate of the level, ``(num_series,)``; `beta` of the trend.
        damping: factor of the trend at each step; `trend` is the slope at the first step.
        gammas: for each season the rate ``(num_series,)``.
        seasons: for each season its first states ``(period, num_series)``.
        multiplicative: relative errors, multiplicative trend and seasons.

    Returns:
        ``(length, num_series)``.

    Example:
        >>> half, one = np.array([0.5]), np.array([1.0])
        >>> smoothing_paths(np.ones((3, 1)), alpha=half, beta=0 * one, damping=one, trend=one).T
        array([[3. , 4.5, 6. ]])
    """
    states = [season.copy() for season in seasons]
    run = _multiplicative_paths if multiplicative else _additive_paths
    return run(errors, alpha, beta, damping, trend, list(zip(gammas, states, strict=True)))


def _additive_paths(
    errors: np.ndarray,
    alpha: np.ndarray,
    beta: np.ndarray,
    damping: np.ndarray,
    trend: np.ndarray,
    seasons: Sequence[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    values, level = np.empty_like(errors), np.ones_like(trend)
    for step, error in enumerate(errors):
        trend = damping * trend
        base = level + trend
        value = base + error
        for gamma, states in seasons:
            season = states[step % len(states)]
            value += season
            season += gamma * error
        values[step] = value
        level = base + alpha * error
        trend = trend + beta * error
    return values


def _multiplicative_paths(
    errors: np.ndarray,
    alpha: np.ndarray,
    beta: np.ndarray,
    damping: np.ndarray,
    trend: np.ndarray,
    seasons: Sequence[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    values, level = np.empty_like(errors), np.ones_like(trend)
    for step, error in enumerate(errors):
        trend = damping * trend
        base = np.clip(level * np.exp(trend), *_LEVELS)
        value = base * (1 + error)
        for gamma, states in seasons:
            season = states[step % len(states)]
            value *= season
            season *= 1 + gamma * error
        values[step] = value
        level = base * (1 + alpha * error)
        trend = trend + beta * error
    return values
