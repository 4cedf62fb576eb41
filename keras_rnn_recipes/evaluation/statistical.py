"""Automatic ETS, ARIMA and Theta models of statsforecast, fitted to each history.

Unlike the other baselines these learn nothing from the rest of a panel: each series gets its own
model at each origin, fitted to the values before that origin. This is the standard comparison for a
network, and it is slow: a fit takes milliseconds (Theta) to many seconds (ARIMA, long season).
"""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np

from keras_rnn_recipes.evaluation.histories import Baseline, fill_missing, target_of
from keras_rnn_recipes.extras import require_extra

# Our names, and the names of the classes in statsforecast.
MODELS = {"auto_ets": "AutoETS", "auto_arima": "AutoARIMA", "auto_theta": "AutoTheta"}
# At most this much history: fitting takes longer with each step, and a model with few parameters
# gains nothing from more.
MOST_STEPS = 4096


def fit_each(name: str, *, horizon: int, season_length: int) -> Baseline:
    """Make a baseline that fits a statistical model to each history.

    Missing values are filled from a season earlier, else from the previous value; steps before the
    first observed value are left out. The forecast of a constant history is that constant. Where
    the model cannot be fitted, as to a history of three steps, the forecast is NaN, so that the
    scores report the failure.

    Args:
        name: ``"auto_ets"``, ``"auto_arima"`` or ``"auto_theta"``.
        horizon: steps to forecast.
        season_length: steps in a season.

    Returns:
        A baseline ``(batch, time) -> (batch, horizon)`` with a lookback of 4096 steps.

    Raises:
        UserError: the extra ``baselines`` is not installed.

    Source:
        statsforecast; Hyndman and Khandakar (2008), Automatic time series forecasting; Fiorucci and
        others (2016), Models for optimising the theta method.

    Example:
        >>> ets = fit_each("auto_ets", horizon=6, season_length=12)  # doctest: +SKIP
    """
    require_extra("baselines", f"The baseline {name}")
    from statsforecast import models

    kind = getattr(models, MODELS[name])

    def forecast(history: np.ndarray) -> np.ndarray:
        target = target_of(history)
        filled = fill_missing(target, season_length)
        first = np.isfinite(target).argmax(axis=1)
        rows = [
            _forecast_one(kind(season_length=season_length), row[start:], horizon)
            for row, start in zip(filled, first, strict=True)
        ]
        return np.reshape(rows, (len(target), horizon))

    return Baseline(name, forecast, MOST_STEPS)


def _forecast_one(model: Any, values: np.ndarray, horizon: int) -> np.ndarray:
    nothing = np.full(horizon, np.nan)
    if not len(values) or not np.isfinite(values).all():
        return nothing
    if len(values) > 1 and np.ptp(values) == 0:
        return np.full(horizon, values[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about tests of stationarity and steps of a search
        # Whatever the error, the model has no forecast for this history.
        with contextlib.suppress(Exception):
            found = np.asarray(model.forecast(y=values, h=horizon)["mean"], dtype="float64")
            if found.shape == (horizon,) and np.isfinite(found).all():
                return found
    return nothing
