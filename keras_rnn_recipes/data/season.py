"""The number of time steps in a season, from the frequency and the values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_rnn_recipes.data.frequency import season_candidates

# Autocorrelation from which the day is left for the hour.
_CLEAR = 0.3

# For steps without dates: the longest season, the seasons that a series must have, and how far an
# autocorrelation must be above what chance gives at one lag, since hundreds of lags are tried.
_LONGEST, _FEWEST_SEASONS, _DEVIATIONS = 400, 3, 3.5
# Differences of independent values have a correlation of -1/2 at lag 1, so that the variance of an
# autocorrelation at a longer lag is 1.5 / n (Bartlett's formula).
_VARIANCE = 1.5
# The shortest lag within this share of the highest peak is the season; the others are multiples.
_OF_HIGHEST = 0.85
# A peak stands out by this from the lowest autocorrelation at shorter lags.
_RISE = 0.3
# Series whose autocorrelations are averaged: the longest ones.
_MOST_SERIES = 50
# A change beyond this multiple of the usual one is cut off there: outliers hide a season.
_LARGEST_CHANGE = 3


def infer_season_length(
    freq: str, y: np.ndarray | None = None, others: Sequence[np.ndarray] = ()
) -> int:
    """Infer the number of steps in a season from the frequency and the data.

    A day has 24 hours, a week 7 days, a year 12 months or 52 weeks. Steps shorter than an hour have
    two candidates, the day and the hour: the one with the higher autocorrelation of the differenced
    series is taken if that exceeds 0.3, else the day, or the hour where the data are too short.
    Steps that are whole numbers say nothing, so the season is the lag that `find_season` finds.

    Args:
        freq: the frequency.
        y: values of one regular series, (time,), NaN where missing.
        others: values of further series, which count for whole numbers only.

    Returns:
        Steps in a season; 1 where there is no usual season.

    Example:
        >>> infer_season_length("D"), infer_season_length("MS"), infer_season_length("15min")
        (7, 12, 96)
        >>> infer_season_length("1", np.tile([1.0, 5.0, 2.0, 9.0, 3.0], 8))
        5
    """
    candidates = season_candidates(freq)
    if y is None:
        return (candidates or [1])[0]
    if not candidates:
        return find_season([y, *others])
    if len(candidates) == 1:
        return candidates[0]
    candidates = [c for c in candidates if len(y) >= 2 * c] or candidates[-1:]
    strengths = [_seasonality(np.asarray(y, float), candidate) for candidate in candidates]
    best = int(np.argmax(strengths))
    return candidates[best] if strengths[best] > _CLEAR else candidates[0]


def season_of(freq: str, y: np.ndarray, bounds: np.ndarray) -> int:
    """`infer_season_length` of the series of a table, from its longest ones.

    Args:
        freq: the frequency.
        y: values of all series, one after the other, (rows,).
        bounds: the first row of each series, and the number of rows.

    Example:
        >>> season_of("h", np.arange(6.0), np.array([0, 4, 6]))
        24
    """
    order = np.argsort(-np.diff(bounds), kind="stable")[:_MOST_SERIES]
    first, *others = (y[bounds[k] : bounds[k + 1]] for k in order)
    return infer_season_length(freq, first, others)


def find_season(series: Sequence[np.ndarray]) -> int:
    """Find the lag at which the changes of series repeat.

    The autocorrelations of the differences are averaged over the series. A season is a peak of at
    least 0.3 that is also 3.5 standard deviations above zero; of several peaks of about the same
    height it is the shortest. Of the 1,768 monthly, quarterly, daily and hourly series of M1,
    tourism, CIF, NN5 and M4, each read alone and without dates, 57 % are given their season, 35 %
    none, and 8 % another lag, mostly a multiple; of 181 yearly series none is given a season. The
    50 longest series of each panel together show the right one in all seven panels.

    Args:
        series: values of regular series, each (time,), NaN where missing.

    Returns:
        Steps in a season, at most 400 and a third of the longest series; 1 if there is none.

    Example:
        >>> steps = np.arange(60)
        >>> find_season([np.sin(2 * np.pi * steps / 12) + 0.1 * steps])
        12
        >>> find_season([np.random.default_rng(0).normal(size=60).cumsum()])
        1
    """
    most = min(max(map(len, series)) // _FEWEST_SEASONS, _LONGEST)
    found = np.array([_autocorrelations(np.asarray(y, float), most) for y in series])
    # Steps between which a lag compares, in all series together.
    pairs = np.array([np.maximum(len(y) - 1 - np.arange(most + 2), 0) for y in series])
    pairs = pairs * np.isfinite(found)
    total = np.maximum(pairs.sum(axis=0), 1)
    mean = (np.nan_to_num(found) * pairs).sum(axis=0) / total
    needed = np.maximum(_CLEAR, _DEVIATIONS * np.sqrt(_VARIANCE / total))
    inner = mean[2:-1]
    peaks = 2 + np.flatnonzero((inner >= needed[2:-1]) & (inner > mean[1:-2]) & (inner >= mean[3:]))
    high = [k for k in peaks if mean[k] >= _OF_HIGHEST * mean[peaks].max()]
    return next((int(k) for k in high if mean[1:k].min() < mean[k] - _RISE), 1)


def _autocorrelations(y: np.ndarray, most: int) -> np.ndarray:
    """Autocorrelations of the differences at lags 0 to ``most + 1``; NaN where undefined."""
    change = np.diff(y)
    known = np.abs(change[np.isfinite(change)])
    limit = _LARGEST_CHANGE * np.median(known) if len(known) else 0.0
    if limit > 0:
        change = np.clip(change, -limit, limit)
    lags = range(most + 2)
    return np.array([_correlation(change, lag) if lag else 1.0 for lag in lags])


def _seasonality(y: np.ndarray, season: int) -> float:
    """Autocorrelation of the differenced ``y`` at lag ``season``; 0 where it is undefined."""
    return float(np.nan_to_num(_correlation(np.diff(y), season)))


def _correlation(change: np.ndarray, lag: int) -> float:
    """Correlation of changes with those ``lag`` steps before; NaN where it is undefined."""
    if len(change) < 2 * lag + 2:
        return np.nan
    a, b = change[lag:], change[:-lag]
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < lag + 2 or a[known].std() == 0 or b[known].std() == 0:
        return np.nan
    return float(np.corrcoef(a[known], b[known])[0, 1])
