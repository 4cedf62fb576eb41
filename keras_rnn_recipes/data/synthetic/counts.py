"""Counts with many zeros: intermittent demand."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    check_size,
    chosen,
    first_order,
    log_uniform,
    normal,
    read_seasons,
    series_first,
    uniform,
)
from keras_rnn_recipes.data.synthetic.seasons import seasonal_profiles


def intermittent_counts(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    demand_share: Bounds = (0.05, 1.0),
    mean_excess: Bounds = (0.1, 30.0),
    season_share: float = 0.5,
    season_scale: Bounds = (0.1, 0.8),
    drift: Bounds = (1e-3, 0.1),
) -> np.ndarray:
    """Draw demand: at each step none, or a count of at least 1.

    A demand is 1 plus a Poisson variable. The logarithm of its mean follows an AR(1) process and
    the seasons, and so does the probability of a demand, the more so the rarer demands are. In half
    of the series the mean is multiplied by an exponential variable: overdispersed counts.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        demand_share: bounds of the usual probability of a demand, log-uniform.
        mean_excess: bounds of the usual mean by which a demand exceeds 1, log-uniform.
        season_share: probability of each of the seasons.
        season_scale: bounds of the standard deviation of a season of the logarithm, log-uniform.
        drift: bounds of the standard deviation of the logarithm's innovations, log-uniform.

    Returns:
        Float32 ``(num_series, length)`` of whole numbers, not negative.

    Raises:
        ValueError: a length or a season below 1.

    Source: Croston 1972; Syntetos and Boylan 2005, with geometric sizes in half of the series.

    Example:
        >>> counts = intermittent_counts(2, 50, seed=1)
        >>> bool((counts >= 0).all() and (counts == counts.round()).all())
        True
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    paths = _log_means(random, length, num_series, drift)
    for period in read_seasons(season_length):
        size = log_uniform(random, season_scale, num_series)
        size *= chosen(random, season_share, num_series)
        paths += (size * seasonal_profiles(random, period, num_series))[np.arange(length) % period]
    # A factor of at most e² each way keeps the counts in the range of a Poisson variable.
    factor = np.exp(np.clip(paths, -2, 2))
    usual = log_uniform(random, demand_share, num_series)
    demanded = random.random(paths.shape, dtype="float32") < usual * factor ** (1 - usual)
    means = (log_uniform(random, mean_excess, num_series) * factor)[demanded]
    values = np.zeros_like(paths)
    values[demanded] = 1 + random.poisson(_dispersed(random, means, demanded))
    return series_first(values)


def _log_means(
    random: np.random.Generator, length: int, num_series: int, drift: Bounds
) -> np.ndarray:
    shocks = log_uniform(random, drift, num_series) * normal(random, length, num_series)
    return first_order(shocks, uniform(random, (0.8, 1.0), num_series))


def _dispersed(random: np.random.Generator, means: np.ndarray, demanded: np.ndarray) -> np.ndarray:
    """Multiply the means of half of the series by exponential variables."""
    series = np.nonzero(demanded)[1]
    dispersed = chosen(random, 0.5, demanded.shape[1])[series]
    return np.where(dispersed, means * random.standard_exponential(len(means), "float32"), means)
