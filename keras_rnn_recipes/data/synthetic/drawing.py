"""What the generators share: random parameters, noise, first-order recursions, checked arguments.

Inside the generators time is the first axis, ``(length, num_series)``: a recursion then reads and
writes whole rows, which are contiguous. `series_first` turns the result.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

# Lowest and highest value of a parameter that is drawn for each series.
Bounds = tuple[float, float]
Seed = int | np.random.Generator
Seasons = int | Iterable[int]
# Innovations of levels and slopes have their scale in series of up to this many steps.
_USUAL_LENGTH = 156


def uniform(random: np.random.Generator, bounds: Bounds, size: int) -> np.ndarray:
    """Draw float32 ``(size,)`` evenly between the bounds."""
    return random.uniform(*bounds, size).astype("float32")


def log_uniform(random: np.random.Generator, bounds: Bounds, size: int) -> np.ndarray:
    """Draw float32 ``(size,)`` whose logarithm is uniform between the logarithms of the bounds."""
    return np.exp(random.uniform(np.log(bounds[0]), np.log(bounds[1]), size)).astype("float32")


def chosen(random: np.random.Generator, share: float, size: int) -> np.ndarray:
    """Draw booleans ``(size,)``, each true with the probability ``share``."""
    return random.random(size) < share


def normal(random: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw standard normal float32 values."""
    return random.standard_normal(shape, dtype="float32")


def noise(
    random: np.random.Generator, length: int, num_series: int, *, heavy_share: float = 0.0
) -> np.ndarray:
    """Draw white noise of variance 1 ``(length, num_series)``, heavy-tailed in some series.

    Args:
        heavy_share: probability that a series has Student's t noise of 4 degrees of freedom,
            divided by its standard deviation; the others have normal noise.
    """
    values = normal(random, length, num_series)
    heavy = np.flatnonzero(chosen(random, heavy_share, num_series))
    # A chi-square variable of 4 degrees of freedom is -2 times the logarithm of the product of two
    # uniform ones, and t = normal * sqrt(4 / chi-square) has the variance 2. 1 - u is never 0.
    product = 1 - random.random((length, len(heavy)), dtype="float32")
    product *= 1 - random.random((length, len(heavy)), dtype="float32")
    values[:, heavy] /= np.sqrt(np.maximum(-np.log(product), 1e-6))
    return values


def pace(length: int) -> float:
    """Factor of slopes for each step: 1 in series of up to 156 steps, smaller in longer ones.

    An hour changes the level of a series less than a month does. A series of a thousand steps then
    rises as much in all as one of 156 steps.
    """
    return min(1.0, _USUAL_LENGTH / length)


def first_order(shocks: np.ndarray, coefficient: np.ndarray) -> np.ndarray:
    """Solve ``y[t] = coefficient * y[t - 1] + shocks[t]`` from ``y[-1] = 0``.

    Args:
        shocks: ``(length, num_series)``.
        coefficient: ``(num_series,)``.
    """
    values = shocks.copy()
    for before, now in zip(values[:-1], values[1:], strict=True):
        now += coefficient * before
    return values


def running_sum(values: np.ndarray) -> np.ndarray:
    """Add to each step those before it, in place: a quarter of the time of NumPy's `cumsum`."""
    for before, now in zip(values[:-1], values[1:], strict=True):
        now += before
    return values


def standardize(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Subtract the mean and divide by the standard deviation; a constant becomes zero."""
    centered = values - values.mean(axis=axis, keepdims=True)
    scale = np.sqrt(np.mean(np.square(centered), axis=axis, keepdims=True))
    return centered / np.maximum(scale, 1e-6)


def around_one(
    random: np.random.Generator, paths: np.ndarray, spread: Bounds, multiplicative: float
) -> np.ndarray:
    """Give standardized paths a spread, and a level of 1: ``1 + path`` or ``exp(path)``.

    Args:
        paths: ``(length, num_series)``; each is standardized first.
        spread: bounds of the standard deviation, log-uniform.
        multiplicative: probability of ``exp(path)``.
    """
    num_series = paths.shape[1]
    paths = standardize(paths) * log_uniform(random, spread, num_series)
    return to_level(paths, chosen(random, multiplicative, num_series))


def to_level(paths: np.ndarray, multiplicative: np.ndarray) -> np.ndarray:
    """``exp(path)`` of the multiplicative series, else ``1 + path``."""
    values = 1 + paths
    values[:, multiplicative] = np.exp(paths[:, multiplicative])
    return values


def series_first(values: np.ndarray) -> np.ndarray:
    """Turn ``(length, num_series)`` into contiguous float32 ``(num_series, length)``."""
    return np.ascontiguousarray(values.T, dtype="float32")


def read_seasons(season_length: Seasons) -> tuple[int, ...]:
    """Read the seasonal periods, shortest first, without the period 1, which is no season.

    Raises:
        ValueError: a period below 1.

    Example:
        >>> read_seasons(12), read_seasons((168, 24)), read_seasons(1)
        ((12,), (24, 168), ())
    """
    given = [season_length] if isinstance(season_length, int | np.integer) else season_length
    seasons = sorted({int(season) for season in given})
    if seasons and seasons[0] < 1:
        raise ValueError(f"season_length must be at least 1; received {seasons[0]}.")
    return tuple(season for season in seasons if season > 1)


def check_size(num_series: int, length: int) -> None:
    """Refuse negative numbers of series and lengths below 1.

    Raises:
        ValueError: of one of them.
    """
    if num_series < 0 or length < 1:
        raise ValueError(
            "num_series must be at least 0 and length at least 1; "
            f"received {num_series} and {length}."
        )
