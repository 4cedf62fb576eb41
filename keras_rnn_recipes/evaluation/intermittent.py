"""Baselines for intermittent demand, that is, for series in which most values are zero.

The naive forecasts of such a series are mostly zero or far too high. These three are the usual
comparisons: a rate of demand from smoothed sizes and intervals (Croston), from smoothed sizes and
probabilities (Teunter, Syntetos and Babai), and no demand at all, which has the smallest absolute
error wherever zero is the median.
"""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.evaluation.histories import target_of

# Both smooth slowly, because demand is rare; the weights are those of statsforecast.
_CROSTON_WEIGHT, _TSB_WEIGHT = 0.1, 0.2
# Syntetos and Boylan's correction of Croston's bias, ``1 - weight / 2``.
_CORRECTION = 1 - _CROSTON_WEIGHT / 2


def zero(history: np.ndarray, horizon: int) -> np.ndarray:
    """No demand: 0 at every step; NaN where nothing was observed.

    Args:
        history: ``(batch, time)``, NaN = missing.
        horizon: steps to forecast.

    Example:
        >>> zero(np.array([[1.0, 2.0], [np.nan, np.nan]]), 2)
        array([[ 0.,  0.],
               [nan, nan]])
    """
    return _repeated(np.zeros(len(history)), history, horizon)


def croston(history: np.ndarray, horizon: int) -> np.ndarray:
    """Smoothed size of a demand over the smoothed interval between demands, corrected for bias.

    Args:
        history: ``(batch, time)``, NaN = missing; missing steps are left out.
        horizon: steps to forecast.

    Returns:
        ``(batch, horizon)``, the same rate at every step; 0 without any demand.

    Source: Croston 1972; the factor 0.95 is that of Syntetos and Boylan 2005 for a weight of 0.1.

    Example:
        >>> croston(np.array([[0.0, 4.0, 0.0, 4.0]]), 1).round(2)
        array([[1.9]])
    """
    target = target_of(history)
    size, interval = (np.zeros(len(target)) for _ in range(2))
    since = np.ones(len(target))
    for values in target.T:
        demand = values > 0
        first = demand & (interval == 0)
        weight = np.where(first, 1.0, _CROSTON_WEIGHT) * demand
        size += weight * (np.where(demand, values, 0.0) - size)
        interval += weight * (since - interval)
        since = np.where(demand, 1.0, since + ~np.isnan(values))
    rate = np.divide(size, interval, out=np.zeros(len(target)), where=interval > 0)
    return _repeated(_CORRECTION * rate, history, horizon)


def tsb(history: np.ndarray, horizon: int) -> np.ndarray:
    """Smoothed size of a demand times the smoothed probability of a demand.

    Unlike Croston's, the forecast falls while no demand comes.

    Args:
        history: ``(batch, time)``, NaN = missing; missing steps are left out.
        horizon: steps to forecast.

    Returns:
        ``(batch, horizon)``, the same rate at every step; 0 without any demand.

    Source: Teunter, Syntetos and Babai 2011.

    Example:
        >>> tsb(np.array([[0.0, 4.0, 0.0, 0.0]]), 1).round(3)
        array([[0.512]])
    """
    target = target_of(history)
    size, chance = np.zeros(len(target)), np.full(len(target), np.nan)
    for values in target.T:
        known, demand = ~np.isnan(values), values > 0
        weight = np.where(size == 0, 1.0, _TSB_WEIGHT) * demand
        size += weight * (np.where(demand, values, 0.0) - size)
        moved = np.where(np.isnan(chance), demand, chance + _TSB_WEIGHT * (demand - chance))
        chance = np.where(known, moved, chance)
    return _repeated(size * np.nan_to_num(chance), history, horizon)


def _repeated(rate: np.ndarray, history: np.ndarray, horizon: int) -> np.ndarray:
    known = ~np.isnan(target_of(history)).all(axis=1)
    return np.repeat(np.where(known, rate, np.nan)[:, None], horizon, axis=1)


BASELINES = {"croston": croston, "tsb": tsb, "zero": zero}
