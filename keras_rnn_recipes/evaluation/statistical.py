"""Exponential smoothing, ARIMA and Theta, chosen by statsforecast and fitted to each history.

Unlike the other baselines these learn nothing from a panel: every series, at every origin, gets a
model of its own, fitted to what lies before that origin. That is what a forecaster expects beside a
network, and it is slow: from milliseconds (Theta) to many seconds (ARIMA with a long season) a fit.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np

from keras_rnn_recipes.evaluation.histories import Baseline, fill_missing, target_of
from keras_rnn_recipes.extras import require_extra

# By the names under which statsforecast has them.
MODELS = {"auto_ets": "AutoETS", "auto_arima": "AutoARIMA", "auto_theta": "AutoTheta"}
# All that lies before an origin, unless that is more than this: fitting takes ever longer, and a
# model of a few numbers learns no more from it.
MOST_STEPS = 4096


def fit_each(name: str, *, horizon: int, season_length: int) -> Baseline:
    """Make a baseline that fits a statistical model to every history that it is given.

    Missing values are filled from a season earlier, else carried forward; what lies before the
    first observation is left out. A history that is constant is continued as it is. One that the
    model cannot be fitted to, such as one of three steps, is forecast as NaN, so that it is
    counted and told rather than passed over.

    Args:
        name: ``"auto_ets"``, ``"auto_arima"`` or ``"auto_theta"``.
        horizon: steps to forecast.
        season_length: steps in a season.

    Returns:
        A baseline ``(batch, time) -> (batch, horizon)`` that sees at most 4096 steps.

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
        begun = np.isfinite(target).argmax(axis=1)
        rows = [
            _forecast_one(kind(season_length=season_length), row[start:], horizon)
            for row, start in zip(filled, begun, strict=True)
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
        warnings.simplefilter("ignore")  # remarks on tests of stationarity, on steps of a search
        # Whatever it says, it comes to the same: there is no forecast of this model here.
        with contextlib.suppress(Exception):
            found = np.asarray(model.forecast(y=values, h=horizon)["mean"], dtype="float64")
            if found.shape == (horizon,) and np.isfinite(found).all():
                return found
    return nothing
