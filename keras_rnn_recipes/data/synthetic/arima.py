"""Seasonal ARIMA series with stable poles, fractional and whole differences."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    around_one,
    check_size,
    chosen,
    noise,
    normal,
    read_seasons,
    running_sum,
    series_first,
    uniform,
)

_LARGEST_POLE = 0.95
# Steps before the first one that is kept: at least these, and two of the longest season, but no
# more than the series has, since a season of a year hardly shows in a month.
_WARM_UP = 64


def seasonal_arima(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    pairs: tuple[int, int] = (5, 2),
    pair_share: float = 0.35,
    fractional_share: float = 0.4,
    integrated_share: float = 0.5,
    season_share: float = 0.7,
    drift_share: float = 0.3,
    spread: Bounds = (0.03, 0.6),
    multiplicative: float = 0.5,
) -> np.ndarray:
    """Draw series of seasonal ARIMA models with random coefficients.

    Polynomials are products of second-order factors with random poles, so that every model is
    stable and invertible. Each season has polynomials of order 2, half of them a difference.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        pairs: most second-order factors of the autoregressive and of the moving-average part.
        pair_share: probability of each factor.
        fractional_share: share with a fractional difference, its order uniform from -0.4 to 0.45.
        integrated_share: share that is summed, so that the level is a random walk.
        season_share: share with each of the seasons.
        drift_share: share with a straight line besides, of normal slope.
        spread: bounds of the standard deviation of a series, log-uniform.
        multiplicative: probability of ``exp(path)`` in place of ``1 + path``.

    Returns:
        Float32 ``(num_series, length)`` around a level of 1.

    Raises:
        ValueError: a length or a season below 1.

    Source: Box and Jenkins 1970; Granger and Joyeux 1980 for the fractional difference.

    Example:
        >>> seasonal_arima(3, 48, season_length=(24, 168), seed=1).shape
        (3, 48)
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    seasons = read_seasons(season_length)
    longer = length + max(_WARM_UP, min(length, 2 * max(seasons, default=1)))
    paths = noise(random, longer, num_series, heavy_share=0.2)
    paths = moving_filter(paths, -random_factors(random, pairs[1], num_series, pair_share))
    paths = recursive_filter(paths, random_factors(random, pairs[0], num_series, pair_share))
    _integrate_fractionally(random, paths, fractional_share)
    for period in seasons:
        paths = _seasonal(random, paths, period, season_share)
    paths = _integrated(random, paths[-length:], integrated_share)
    slope = chosen(random, drift_share, num_series) * normal(random, num_series)
    paths += slope * np.linspace(-1.5, 1.5, length, dtype="float32")[:, None]
    return series_first(around_one(random, paths, spread, multiplicative))


def _seasonal(
    random: np.random.Generator, paths: np.ndarray, period: int, share: float
) -> np.ndarray:
    """Filter at the lags ``period`` and twice it, in a share of the series."""
    num_series = paths.shape[1]
    chance = chosen(random, share, num_series)
    whole = chance & chosen(random, 0.5, num_series)
    moving = chance * random_factors(random, 1, num_series, 1.0)
    poles = chance * random_factors(random, 1, num_series, 1.0, least=0.0)
    # A seasonal difference takes the place of the seasonal poles.
    poles = np.where(whole, np.array([[1.0], [0.0]], "float32"), poles)
    return recursive_filter(moving_filter(paths, -moving, lag=period), poles, lag=period)


def _integrated(random: np.random.Generator, paths: np.ndarray, share: float) -> np.ndarray:
    members = np.flatnonzero(chosen(random, share, paths.shape[1]))
    paths = paths.copy()
    paths[:, members] = running_sum(paths[:, members])
    return paths


def _integrate_fractionally(random: np.random.Generator, paths: np.ndarray, share: float) -> None:
    members = np.flatnonzero(chosen(random, share, paths.shape[1]))
    order = uniform(random, (-0.4, 0.45), len(members))
    paths[:, members] = fractional_sum(paths[:, members], order)


def random_factors(
    random: np.random.Generator,
    pairs: int,
    num_series: int,
    share: float,
    *,
    least: float = -0.6,
) -> np.ndarray:
    """Draw coefficients ``(2 * pairs, num_series)`` of stable autoregressions.

    Each second-order factor has two complex poles in half of the cases, of a modulus up to 0.95 and
    any angle, or two real ones from `least` to 0.95.

    Args:
        pairs: number of factors.
        share: probability of each factor; a missing one has the coefficients 0.
        least: lowest real pole.

    Returns:
        ``a`` of ``y[t] = a[0] y[t-1] + a[1] y[t-2] + ...``.
    """
    polynomial = np.ones((1, num_series), "float32")
    for _ in range(pairs):
        factor = _factor(random, num_series, least) * chosen(random, share, num_series)
        longer = np.pad(polynomial, ((0, 2), (0, 0)))
        longer[1:-1] -= factor[0] * polynomial
        longer[2:] -= factor[1] * polynomial
        polynomial = longer
    return -polynomial[1:]


def _factor(random: np.random.Generator, num_series: int, least: float) -> np.ndarray:
    """Coefficients ``(2, num_series)`` of autoregressions of order 2."""
    modulus = _LARGEST_POLE * np.sqrt(uniform(random, (0.0, 1.0), num_series))
    angle = uniform(random, (0.0, np.pi), num_series)
    first, second = (uniform(random, (least, _LARGEST_POLE), num_series) for _ in range(2))
    pair = np.stack([2 * modulus * np.cos(angle), -(modulus**2)])
    real = np.stack([first + second, -first * second])
    return np.where(chosen(random, 0.5, num_series), pair, real)


def recursive_filter(shocks: np.ndarray, coefficients: np.ndarray, *, lag: int = 1) -> np.ndarray:
    """Solve ``y[t] = shocks[t] + sum over k of coefficients[k - 1] * y[t - k * lag]``.

    Args:
        shocks: ``(length, num_series)``; values before the first step are zero.
        coefficients: ``(order, num_series)``.
        lag: steps from one coefficient to the next, such as a season.

    Returns:
        ``(length, num_series)``.

    Example:
        >>> recursive_filter(np.eye(4)[:, :1], np.array([[0.5]])).T
        array([[1.   , 0.5  , 0.25 , 0.125]])
    """
    order, num_series = coefficients.shape
    # As many zeros before the first step spare the loop a special case.
    values = np.concatenate([np.zeros((order * lag, num_series), shocks.dtype), shocks])
    # The latest coefficient last, as the steps lie.
    backwards = np.ascontiguousarray(coefficients[::-1, None])
    # `lag` steps depend on earlier ones only, so they are one operation.
    for start in range(order * lag, len(values), lag):
        now = values[start : start + lag]
        before = values[start - order * lag : start].reshape(order, lag, num_series)
        now += np.add.reduce(backwards * before, axis=0)[: len(now)]
    return values[order * lag :]


def moving_filter(shocks: np.ndarray, coefficients: np.ndarray, *, lag: int = 1) -> np.ndarray:
    """Compute ``shocks[t] + sum over k of coefficients[k - 1] * shocks[t - k * lag]``.

    Args:
        shocks: ``(length, num_series)``; values before the first step are zero.
        coefficients: ``(order, num_series)``.
        lag: steps from one coefficient to the next.

    Returns:
        ``(length, num_series)``.

    Example:
        >>> moving_filter(np.eye(4)[:, :1], np.array([[0.5]]), lag=2).T
        array([[1. , 0. , 0.5, 0. ]])
    """
    values = shocks.copy()
    for number, row in enumerate(coefficients, start=1):
        values[number * lag :] += row * shocks[: max(0, len(shocks) - number * lag)]
    return values


def fractional_sum(shocks: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Apply ``(1 - B) ** -order``, with ``B`` the backshift, by a Fourier transform.

    Args:
        shocks: ``(length, num_series)``; values before the first step are zero.
        order: ``(num_series,)``; 1 is a cumulative sum, -1 a difference, between -0.5 and 0.5 the
            process has a long memory and is stationary.

    Returns:
        ``(length, num_series)``.

    Source: Granger and Joyeux 1980; Hosking 1981.
    """
    length = len(shocks)
    padded = next_fast_len(2 * length, real=True)
    weights = rfft(fractional_weights(order, length).T, padded)
    return irfft(weights * rfft(shocks.T, padded), padded)[:, :length].T


def fractional_weights(order: np.ndarray, length: int) -> np.ndarray:
    """The coefficients of ``(1 - B) ** -order``, ``(length, num_series)`` in the type of `order`.

    Example:
        >>> fractional_weights(np.array([0.5]), 4).T
        array([[1.    , 0.5   , 0.375 , 0.3125]])
    """
    step = np.arange(1, length, dtype=order.dtype)[:, None]
    first = np.ones((1, len(order)), order.dtype)
    return np.concatenate([first, np.cumprod((step - 1 + order) / step, axis=0)])
