"""Series that are trend times season times noise, each without a memory of its own."""

from __future__ import annotations

import numpy as np
from scipy.special import gamma

from keras_rnn_recipes.data.synthetic.drawing import (
    Bounds,
    Seasons,
    Seed,
    check_size,
    chosen,
    log_uniform,
    normal,
    read_seasons,
    series_first,
)
from keras_rnn_recipes.data.synthetic.seasons import seasonal_profiles


def trend_season_noise(
    num_series: int,
    length: int,
    *,
    season_length: Seasons = 12,
    seed: Seed = 0,
    linear: float = 0.5,
    exponential: float = 0.5,
    season_share: float = 0.8,
    season_scale: Bounds = (0.02, 0.5),
    noise_shape: Bounds = (3.0, 100.0),
) -> np.ndarray:
    """Draw series ``trend * season * noise`` with a deterministic trend and season.

    The trend is a line times an exponential. The noise is Weibull with the mean 1, independent from
    step to step. A forecaster cannot do better here than to continue the curve, which makes
    this the easiest generator, and one that is good for tests.

    Args:
        num_series: number of series.
        length: their number of steps.
        season_length: steps of one season, or of each of several seasons; 1 for none.
        seed: an integer, or a generator to draw from.
        linear: standard deviation of the line's change over the whole series, relative to 1.
        exponential: standard deviation of the logarithm of the exponential's change.
        season_share: probability of each of the seasons.
        season_scale: bounds of the standard deviation of a season, log-uniform.
        noise_shape: bounds of the shape of the Weibull noise, log-uniform; the relative standard
            deviation is about 1.2 divided by it.

    Returns:
        Float32 ``(num_series, length)``, not negative.

    Raises:
        ValueError: a length or a season below 1.

    Source: the prior of ForecastPFN, Dooley et al. 2023.

    Example:
        >>> trend_season_noise(3, 48, season_length=1, seed=1).shape
        (3, 48)
    """
    check_size(num_series, length)
    random = np.random.default_rng(seed)
    part = np.linspace(0, 1, length, dtype="float32")[:, None]
    slope = np.maximum(linear * normal(random, num_series), -0.95)
    values = (1 + slope * part) * np.exp(exponential * normal(random, num_series) * part)
    for period in read_seasons(season_length):
        size = log_uniform(random, season_scale, num_series)
        size *= chosen(random, season_share, num_series)
        season = np.maximum(1 + size * seasonal_profiles(random, period, num_series), 0)
        values *= season[np.arange(length) % period]
    values *= _weibull(random, length, log_uniform(random, noise_shape, num_series))
    return series_first(values)


def _weibull(random: np.random.Generator, length: int, shape: np.ndarray) -> np.ndarray:
    """Weibull noise ``(length, num_series)`` of the mean 1."""
    exponential = -np.log(1 - random.random((length, len(shape)), dtype="float32"))
    values = exponential ** (1 / shape)
    return values / gamma(1 + 1 / shape).astype("float32")
