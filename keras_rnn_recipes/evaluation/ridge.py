"""A linear forecaster fitted to all series together: the baseline that is hardest to beat."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.backtest import backtest
from keras_rnn_recipes.evaluation.histories import (
    Baseline,
    fill_missing,
    series_bounds,
    target_of,
    training_windows,
)
from keras_rnn_recipes.evaluation.metrics import horizon_profile
from keras_rnn_recipes.evaluation.scales import seasonal_scales


def fit_ridge(
    train: pd.DataFrame,
    *,
    lookback: int,
    horizon: int,
    season_length: int = 1,
    alpha: float = 1.0,
    log: bool = False,
    max_windows: int = 200_000,
    seed: int = 0,
) -> Baseline:
    """Fit one linear map, last values to next values, to the windows of all series together.

    Every window is taken relative to the mean of its history and divided by the mean distance from
    it, so that series of any level and scale share the coefficients. Missing values are filled from
    the season before. A series too short for a whole window gives one that is padded in front.

    Args:
        train: columns ``unique_id, ds, y``, sorted, regular, NaN = missing: nothing of the test
            part may be in it.
        lookback: steps the map sees.
        horizon: steps it forecasts.
        season_length: steps in a season, used for filling only.
        alpha: weight of the penalty on squared coefficients.
        log: work on logarithms; values of nought or less then count as missing.
        max_windows: fit at most this many windows, drawn at random; fewer where they would take
            more than about 80 MB.
        seed: for that draw.

    Returns:
        A :class:`Baseline` named ``ridge``; NaN for a history without any observation.

    Raises:
        UserError: if no series is longer than the horizon.

    Source:
        The pooled regression of Godahewa et al. (2021), Monash time series forecasting archive.

    Example:
        >>> ramp = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": np.arange(40.0)})
        >>> ridge = fit_ridge(ramp, lookback=4, horizon=2, alpha=1e-6)
        >>> ridge(np.array([[100.0, 101.0, 102.0, 103.0]])).round(3)
        array([[104., 105.]])
    """
    from sklearn.linear_model import Ridge  # here, because it takes a second to import

    windows = training_windows(
        train.assign(y=_logarithm(train["y"].to_numpy("float64"))) if log else train,
        lookback=lookback,
        horizon=horizon,
        max_windows=max_windows,
        seed=seed,
    )
    if not len(windows):
        raise UserError(
            f"Ridge found no series with values observed both before and in {horizon} steps.",
            f"at least {horizon + 1} steps of training data in some series.",
            "give longer series, or a shorter horizon.",
        )
    windows = fill_missing(windows, season_length)
    centre, scale = _level(windows[:, :lookback])
    # Not float32: a pooled panel makes the normal equations too ill-conditioned for it.
    relative = (windows - centre) / scale
    model = Ridge(alpha=alpha).fit(relative[:, :lookback], relative[:, lookback:])
    weights = model.coef_.reshape(horizon, lookback).T
    intercept = model.intercept_
    # Beyond what any training window did, a forecast in logarithms would explode.
    lowest, highest = relative[:, lookback:].min(), relative[:, lookback:].max()

    def forecast(history: np.ndarray) -> np.ndarray:
        target = target_of(history)[:, -lookback:]
        target = _logarithm(target) if log else target
        padding = ((0, 0), (lookback - target.shape[1], 0))
        target = fill_missing(np.pad(target, padding, constant_values=np.nan), season_length)
        centre, scale = _level(target)
        ahead = ((target - centre) / scale) @ weights + intercept
        if not log:
            return ahead * scale + centre
        return np.exp(np.clip(ahead, lowest, highest) * scale + centre)

    return Baseline("ridge", forecast, lookback)


def tune_ridge(train: pd.DataFrame, *, horizon: int, season_length: int, seed: int = 0) -> Baseline:
    """Fit :func:`fit_ridge` with the lookback and scale that forecast the end of ``train`` best.

    Tried are 1.25 and 3.5 times the season or the horizon, whichever is longer, as lookback, each
    on the values and, where all are positive, on their logarithms. The last fifth of the median
    series (the horizon at least) is held back for the choice, in which at most 500 series, drawn at
    random, take part; the winner is fitted again on all.

    Args:
        train: as in :func:`fit_ridge`.
        horizon: steps to forecast.
        season_length: steps in a season.
        seed: as in :func:`fit_ridge`.

    Returns:
        A :class:`Baseline` named ``ridge``.

    Raises:
        UserError: as in :func:`fit_ridge`.

    Example:
        >>> ramp = pd.DataFrame({"unique_id": "a", "ds": range(60), "y": np.arange(60.0) - 30})
        >>> tune_ridge(ramp, horizon=4, season_length=1).lookback
        5
    """
    span = max(horizon, season_length)
    positive = bool((train["y"].dropna() > 0).all())
    choices = list(itertools.product((-(-5 * span // 4), -(-7 * span // 2)), {False, positive}))
    options = {"horizon": horizon, "season_length": season_length, "seed": seed}
    sample = _some_series(train, 500, seed)
    errors = [_held_back_error(sample, lookback, log, options) for lookback, log in choices]
    lookback, log = choices[int(np.argmin(errors))]
    return fit_ridge(train, lookback=lookback, log=log, **options)


def _some_series(train: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    starts, stops = series_bounds(train)
    if len(starts) <= count:
        return train
    chosen = np.zeros(len(starts), dtype=bool)
    chosen[np.random.default_rng(seed).choice(len(starts), count, replace=False)] = True
    return train[np.repeat(chosen, stops - starts)]


def _held_back_error(train: pd.DataFrame, lookback: int, log: bool, options: dict) -> float:
    """Give the scaled error over the held back end of ``train``; infinite if none can be had."""
    horizon, season_length = options["horizon"], options["season_length"]
    starts, stops = series_bounds(train)
    size = max(horizon, int(np.median(stops - starts)) // 5)
    before = train[train.groupby("unique_id").cumcount(ascending=False) >= size]
    try:
        ridge = fit_ridge(before, lookback=lookback, log=log, max_windows=20_000, **options)
        # Ten origins a series are enough to choose by.
        forecasts = backtest(
            train,
            {"ridge": ridge},
            lookback=lookback,
            horizon=horizon,
            test_size=size,
            stride=max(1, (size - horizon) // 10),
        )
    except UserError:
        return np.inf
    profile = horizon_profile(forecasts, scales=seasonal_scales(before, season_length))
    error = profile["ridge"].mean()
    return float(error) if np.isfinite(error) else np.inf


def _logarithm(values: np.ndarray) -> np.ndarray:
    return np.log(np.where(values > 0, values, np.nan))


def _level(history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centre = history.mean(axis=1, keepdims=True)
    scale = np.abs(history - centre).mean(axis=1, keepdims=True)
    return centre, np.where(scale > 1e-9 * np.abs(centre), scale, 1.0)
