"""Baseline forecasts without a network.

Each works on a batch of series, ``history (batch, time) -> forecast (batch, horizon)``, and accepts
missing values (NaN). A history ``(batch, time, features)`` is read at its first feature, the
target.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError, did_you_mean
from keras_rnn_recipes.evaluation.histories import (
    Baseline,
    Forecaster,
    last_observed,
    target_of,
)
from keras_rnn_recipes.evaluation.intermittent import BASELINES as OF_DEMAND
from keras_rnn_recipes.evaluation.ridge import fit_ridge, tune_ridge
from keras_rnn_recipes.evaluation.statistical import MODELS, fit_each
from keras_rnn_recipes.extras import require_extra

__all__ = [
    "ALL_NAMES",
    "NAMES",
    "Baseline",
    "drift",
    "fit_baselines",
    "fit_ridge",
    "naive",
    "require_baselines",
    "seasonal_naive",
]

NAMES = ("naive", "seasonal_naive", "drift", "ridge")
ALL_NAMES = (*NAMES, *OF_DEMAND, *MODELS)
# Steps of history for intermittent demand: demands are rare.
_STEPS_OF_DEMAND = 512


def naive(history: np.ndarray, horizon: int) -> np.ndarray:
    """Repeat the last observed value; NaN where nothing was observed.

    Args:
        history: ``(batch, time)``, NaN = missing.
        horizon: steps to forecast.

    Returns:
        ``(batch, horizon)`` in the units of the history.

    Example:
        >>> naive(np.array([[1.0, 2.0, np.nan]]), 2)
        array([[2., 2.]])
    """
    value, _ = last_observed(target_of(history))
    return np.repeat(value[:, None], horizon, axis=1)


def seasonal_naive(history: np.ndarray, horizon: int, season_length: int) -> np.ndarray:
    """Repeat the last season; a missing value is taken from the last season that has it.

    Where no season has it, as in a history shorter than a season, the last observed value is used.

    Args:
        history: ``(batch, time)``, NaN = missing.
        horizon: steps to forecast; may exceed a season.
        season_length: steps in a season.

    Returns:
        ``(batch, horizon)`` in the units of the history.

    Example:
        >>> seasonal_naive(np.array([[1.0, 2.0, 3.0, 4.0, np.nan]]), 3, season_length=2)
        array([[4., 3., 4.]])
    """
    target = target_of(history)
    seasons = -(-target.shape[1] // season_length)
    padding = seasons * season_length - target.shape[1]
    padded = np.pad(target, ((0, 0), (padding, 0)), constant_values=np.nan)
    by_phase = padded.reshape(len(target), seasons, season_length)
    latest, _ = last_observed(by_phase.swapaxes(1, 2))
    fallback, _ = last_observed(target)
    latest = np.where(np.isnan(latest), fallback[:, None], latest)
    return latest[:, np.arange(horizon) % season_length]


def drift(history: np.ndarray, horizon: int) -> np.ndarray:
    """Extrapolate the line from the first observed value to the last.

    Args:
        history: ``(batch, time)``, NaN = missing. A single observation gives a constant.
        horizon: steps to forecast.

    Returns:
        ``(batch, horizon)`` in the units of the history.

    Source:
        Hyndman and Athanasopoulos, Forecasting: principles and practice, section 5.2.

    Example:
        >>> drift(np.array([[1.0, 2.0, 3.0]]), 2)
        array([[4., 5.]])
    """
    target = target_of(history)
    end, end_at = last_observed(target)
    start, from_end = last_observed(target[:, ::-1])
    span = end_at - (target.shape[1] - 1 - from_end)
    slope = (end - start) / np.maximum(span, 1)
    ahead = target.shape[1] + np.arange(horizon) - end_at[:, None]
    return end[:, None] + slope[:, None] * ahead


def fit_baselines(
    train: pd.DataFrame,
    *,
    horizon: int,
    season_length: int,
    names: Sequence[str] = NAMES,
    seed: int = 0,
) -> dict[str, Baseline]:
    """Fit the named baselines for a backtest.

    Args:
        train: columns ``unique_id, ds, y``, sorted, regular, NaN = missing, without the test part.
        horizon: steps to forecast.
        season_length: steps in a season.
        names: any of naive, seasonal_naive (left out for a season of 1, where it equals naive),
            drift, ridge (tuned; left out where ``train`` is too short); croston, tsb and zero for
            intermittent demand; and with the extra ``baselines`` auto_ets, auto_arima, auto_theta,
            which are refitted at every origin.
        seed: of ridge.

    Returns:
        Forecasters by name, in the order of ``names``. Their own lookback is at least five seasons
        and two horizons, whatever the lookback of the model that they are compared with. Where no
        value of ``train`` is negative, forecasts below 0 become 0, as those of networks do.

    Raises:
        UserError: an unknown name, or one that needs an extra that is not installed.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(30), "y": np.arange(30.0)})
        >>> list(fit_baselines(train, horizon=3, season_length=1))
        ['naive', 'drift', 'ridge']
    """
    require_baselines(names)
    simple: dict[str, Forecaster] = {
        "naive": lambda history: naive(history, horizon),
        "drift": lambda history: drift(history, horizon),
    }
    if season_length > 1:
        simple["seasonal_naive"] = lambda history: seasonal_naive(history, horizon, season_length)
    lookback = max(5 * season_length, 2 * horizon)
    ready = {name: Baseline(name, function, lookback) for name, function in simple.items()}
    if "ridge" in names:
        with contextlib.suppress(UserError):
            ready["ridge"] = tune_ridge(
                train, horizon=horizon, season_length=season_length, seed=seed
            )
    for name in names:
        if name in OF_DEMAND:
            function = partial(OF_DEMAND[name], horizon=horizon)
            ready[name] = Baseline(name, function, max(lookback, _STEPS_OF_DEMAND))
        if name in MODELS:
            ready[name] = fit_each(name, horizon=horizon, season_length=season_length)
    found = {name: ready[name] for name in names if name in ready}
    if not train["y"].min() >= 0:
        return found
    return {
        name: replace(one, function=_at_least_zero(one.function)) for name, one in found.items()
    }


def _at_least_zero(function: Forecaster) -> Forecaster:
    """The forecasts of a function at 0 or above, except for histories with negative values."""

    def forecast(history: np.ndarray) -> np.ndarray:
        negative = np.any(target_of(history) < 0, axis=1, keepdims=True)
        ahead = function(history)
        return np.where(negative | ~(ahead < 0), ahead, 0.0)

    return forecast


def require_baselines(names: Sequence[str]) -> None:
    """Check the names of baselines, before a model is trained to be compared with them.

    Args:
        names: as in `fit_baselines`.

    Raises:
        UserError: an unknown name, or one that needs an extra that is not installed.

    Example:
        >>> require_baselines(["naive", "ridge"])
    """
    for name in names:
        if name not in ALL_NAMES:
            raise UserError(
                f"There is no baseline {name!r}.",
                f"any of: {', '.join(ALL_NAMES)}.",
                did_you_mean(name, ALL_NAMES, otherwise="choose among these."),
            )
        if name in MODELS:
            require_extra("baselines", f"The baseline {name}")
