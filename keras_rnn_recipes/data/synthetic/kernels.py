"""Gaussian processes whose kernels are sums and products of simple ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.fft import dct, irfft, next_fast_len

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    around_one,
    check_size,
    chosen,
    log_uniform,
    normal,
    read_seasons,
    uniform,
)

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def gaussian_process(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    most_kernels: int = 5,
    product_share: float = 0.5,
    linear_share: float = 0.3,
    noise_share: float = 0.5,
    spread: Bounds = (0.03, 0.6),
    multiplicative: float = 0.5,
) -> np.ndarray:
    """Draw paths of Gaussian processes with composed kernels.

    One to `most_kernels` kernels are drawn with replacement among squared exponential, rational
    quadratic, Ornstein-Uhlenbeck and a periodic kernel for each season, and joined by sums and
    products. Their length scales are log-uniform from one step to a quarter of the series. A
    linear kernel is added, or multiplies the rest, in a share of the series; a line that multiplies
    has its zero outside of the series.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        most_kernels: most kernels of a series.
        product_share: probability that a further kernel multiplies, otherwise it is added.
        linear_share: probability of a linear kernel.
        noise_share: probability of white noise.
        spread: bounds of the standard deviation of a series, log-uniform.
        multiplicative: probability of ``exp(path)`` in place of ``1 + path``.

    Returns:
        Float32 ``(num_series, length)`` around a level of 1.

    Raises:
        ValueError: a length or a season below 1.

    Source: KernelSynth of Ansari et al. 2024, Chronos: Learning the Language of Time Series;
    sampling by circulant embedding after Dietrich and Newsam 1997.

    Example:
        >>> gaussian_process(3, 48, season_length=7, seed=1).shape
        (3, 48)
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    seasons = read_seasons(season_length)
    size = circle_size(length, seasons)
    numbers = random.integers(1, most_kernels + 1, num_series)
    covariance = _composed(random, size, length, numbers, seasons, product_share)
    paths = sample_stationary(random, covariance)[:, :length]
    _add_linear(random, paths, linear_share)
    level = log_uniform(random, (0.03, 1.0), num_series) * chosen(random, noise_share, num_series)
    paths += level[:, None] * normal(random, *paths.shape)
    return np.ascontiguousarray(around_one(random, paths.T, spread, multiplicative).T)


def _composed(
    random: np.random.Generator,
    size: int,
    length: int,
    numbers: np.ndarray,
    seasons: Sequence[int],
    product_share: float,
) -> np.ndarray:
    """Covariances ``(num_series, size // 2 + 1)`` by distance, of as many kernels as `numbers`."""
    order = np.argsort(-numbers, kind="stable")  # those with many kernels come first
    distance = np.arange(size // 2 + 1, dtype="float32")
    values = np.zeros((len(numbers), len(distance)), "float32")
    for number in range(max(numbers, default=0)):
        members = order[: np.count_nonzero(numbers > number)]
        kernels = _draw_kernels(random, distance, length, len(members), seasons)
        multiplies = chosen(random, product_share if number else 0.0, len(members))[:, None]
        values[members] = np.where(multiplies, values[members] * kernels, values[members] + kernels)
    return values


def _draw_kernels(
    random: np.random.Generator,
    distance: np.ndarray,
    length: int,
    count: int,
    seasons: Sequence[int],
) -> np.ndarray:
    """One kernel for each of ``count`` series, ``(count, len(distance))``; seasons in half."""
    kinds: list[Kernel] = [squared_exponential, rational_quadratic, ornstein_uhlenbeck]
    kinds += [_periodic_of(season) for season in seasons]
    odds = np.ones(len(kinds))
    odds[3:] *= 3 / max(1, len(seasons))
    kind = random.choice(len(kinds), size=count, p=odds / odds.sum())
    scale = log_uniform(random, (1.0, max(2.0, length / 4)), count)[:, None]
    shape = log_uniform(random, (0.3, 3.0), count)[:, None]
    values = np.empty((count, len(distance)), "float32")
    for number, kernel in enumerate(kinds):
        members = np.flatnonzero(kind == number)
        values[members] = kernel(distance, (scale if number < 3 else shape)[members])
    return values


def squared_exponential(distance: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """``exp(-distance² / (2 scale²))``."""
    return np.exp(-np.square(distance / scale) / 2)


def rational_quadratic(distance: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """``1 / (1 + distance² / (2 scale²))``: a mixture of squared exponentials, of shape 1."""
    return 1 / (1 + np.square(distance / scale) / 2)


def ornstein_uhlenbeck(distance: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """``exp(-distance / scale)``, the covariance of an AR(1) process."""
    return np.exp(-distance / scale)


def periodic(distance: np.ndarray, scale: np.ndarray, *, period: int) -> np.ndarray:
    """``exp(-2 sin²(pi distance / period) / scale²)``, a season that repeats exactly."""
    # The sine is of one row alone; the distance is reduced first, so that it repeats exactly.
    sine = np.sin(np.pi / period * (distance % period))
    return np.exp(-2 * np.square(sine) / np.square(scale))


def _periodic_of(period: int) -> Kernel:
    return lambda distance, scale: periodic(distance, scale, period=period)


def circle_size(length: int, seasons: Sequence[int]) -> int:
    """Steps of the circle on which a series is sampled: even, at least twice its length.

    It is a multiple of the seasons where their least common multiple is at most twice the length,
    else of the longest season: periodic kernels are then exact on the circle.
    """
    common = int(np.lcm.reduce(seasons)) if seasons else 1
    if common > 2 * length:
        common = max(season for season in seasons)
    common = int(np.lcm(common, 2))
    return common * next_fast_len(-(-2 * length // common), real=True)


def sample_stationary(random: np.random.Generator, covariance: np.ndarray) -> np.ndarray:
    """Draw stationary Gaussian processes on a circle, by the Fourier transform of the covariance.

    Args:
        covariance: ``(num_series, size // 2 + 1)`` at the distances 0, 1, ..., half the circle. The
            negative part of its spectrum is set to zero, so that a kernel that has not decayed at
            half the circle is met approximately.

    Returns:
        ``(num_series, size)``, with the variance ``covariance[:, 0]``.
    """
    size = 2 * (covariance.shape[1] - 1)
    spectrum = np.maximum(dct(covariance, type=1, axis=1), 0)
    total = spectrum[:, 0] + spectrum[:, -1] + 2 * spectrum[:, 1:-1].sum(axis=1)
    spectrum *= (size * covariance[:, 0] / np.maximum(total, 1e-12))[:, None]
    waves = normal(random, *spectrum.shape) + 1j * normal(random, *spectrum.shape)
    waves *= np.sqrt(spectrum * (size / 2))
    # The first and the last wave are real, with all of the variance in that part.
    waves[:, [0, -1]] *= np.float32(np.sqrt(2))
    return irfft(waves, size)


def _add_linear(random: np.random.Generator, paths: np.ndarray, share: float) -> None:
    """Add a line, or multiply by one, in place: the sum or the product with a linear kernel."""
    num_series, length = paths.shape
    members = np.flatnonzero(chosen(random, share, num_series))
    line = np.linspace(-1.0, 1.0, length, dtype="float32")
    multiplies = chosen(random, 0.3, len(members))[:, None]
    slope = 2 * normal(random, len(members), 1)
    # A line that crosses zero would make the middle of the series flat, unlike any real one.
    factor = 1 + line * uniform(random, (-0.9, 0.9), len(members))[:, None]
    paths[members] = np.where(multiplies, paths[members] * factor, paths[members] + slope * line)
