"""Ridge regression fitted to the windows of all series together."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError, counted
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
    """Fit one linear map from the last values to the next to the windows of all series together.

    Each window is centered on the mean of its history and divided by its mean absolute deviation,
    so that series of any level and scale share the coefficients. Missing values are filled from a
    season earlier. A series too short for a whole window gives one left-padded window.

    Args:
        train: columns ``unique_id, ds, y``, sorted, regular, NaN = missing, without the test part.
        lookback: steps of the input.
        horizon: steps to forecast.
        season_length: steps in a season, used to fill missing values only.
        alpha: weight of the penalty on squared coefficients.
        log: fit on logarithms; values of zero or less then count as missing.
        max_windows: fit at most this many windows, a random sample; fewer where they would take
            more than about 80 MB.
        seed: of that sample.

    Returns:
        A :class:`Baseline` named ``ridge``; it forecasts NaN for a history without a value.

    Raises:
        UserError: no series is longer than the horizon.

    Source:
        The pooled regression of Godahewa et al. (2021), Monash time series forecasting archive.

    Example:
        >>> ramp = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": np.arange(40.0)})
        >>> ridge = fit_ridge(ramp, lookback=4, horizon=2, alpha=1e-6)
        >>> ridge(np.array([[100.0, 101.0, 102.0, 103.0]])).round(3)
        array([[104., 105.]])
    """
    windows = training_windows(
        train.assign(y=_logarithm(train["y"].to_numpy("float64"))) if log else train,
        lookback=lookback,
        horizon=horizon,
        max_windows=max_windows,
        seed=seed,
    )
    if not len(windows):
        steps = counted(horizon, "step", "and before it", "and before them")
        raise UserError(
            f"Ridge cannot be fitted: no series has values in {steps}.",
            f"at least {horizon + 1} steps of training data in some series.",
            "give longer series, or shorten the horizon.",
        )
    windows = fill_missing(windows, season_length)
    center, scale = _level(windows[:, :lookback])
    # In float64: the normal equations of a pooled panel are too ill-conditioned for float32.
    relative = (windows - center) / scale
    weights, intercept = _coefficients(relative[:, :lookback], relative[:, lookback:], alpha)
    # Clipped to the range of the training windows, since exp() would amplify an extrapolation.
    lowest, highest = relative[:, lookback:].min(), relative[:, lookback:].max()

    def forecast(history: np.ndarray) -> np.ndarray:
        target = target_of(history)[:, -lookback:]
        target = _logarithm(target) if log else target
        padding = ((0, 0), (lookback - target.shape[1], 0))
        target = fill_missing(np.pad(target, padding, constant_values=np.nan), season_length)
        center, scale = _level(target)
        ahead = ((target - center) / scale) @ weights + intercept
        if not log:
            return ahead * scale + center
        return np.exp(np.clip(ahead, lowest, highest) * scale + center)

    return Baseline("ridge", forecast, lookback)


def _coefficients(
    inputs: np.ndarray, outputs: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """The weights and the intercept, which has no penalty, from the normal equations.

    They are those of scikit-learn, whose import takes longer than the forecast of a short series.
    """
    mean, target = inputs.mean(axis=0), outputs.mean(axis=0)
    centered = inputs - mean
    penalty = alpha * np.eye(inputs.shape[1])
    weights = np.linalg.solve(centered.T @ centered + penalty, centered.T @ (outputs - target))
    return weights, target - mean @ weights


def tune_ridge(train: pd.DataFrame, *, horizon: int, season_length: int, seed: int = 0) -> Baseline:
    """Fit ridge with the lookback and transform that forecast the end of ``train`` best.

    The candidates are lookbacks of 1.25 and 3.5 times the longer of season and horizon, each on the
    values and, where all are positive, on their logarithms. A fifth of the median series length,
    and at least the horizon, is held out at the end of at most 500 randomly drawn series. The best
    candidate is refitted on all of ``train``.

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
    errors = [_held_out_error(sample, lookback, log, options) for lookback, log in choices]
    lookback, log = choices[int(np.argmin(errors))]
    return fit_ridge(train, lookback=lookback, log=log, **options)


def _some_series(train: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    starts, stops = series_bounds(train)
    if len(starts) <= count:
        return train
    chosen = np.zeros(len(starts), dtype=bool)
    chosen[np.random.default_rng(seed).choice(len(starts), count, replace=False)] = True
    return train[np.repeat(chosen, stops - starts)]


def _held_out_error(train: pd.DataFrame, lookback: int, log: bool, options: dict) -> float:
    """Scaled error over the held-out end of ``train``; infinite where it cannot be computed."""
    horizon, season_length = options["horizon"], options["season_length"]
    starts, stops = series_bounds(train)
    size = max(horizon, int(np.median(stops - starts)) // 5)
    before = train[train.groupby("unique_id").cumcount(ascending=False) >= size]
    try:
        ridge = fit_ridge(before, lookback=lookback, log=log, max_windows=20_000, **options)
        # Ten origins per series are enough for the choice.
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
    center = history.mean(axis=1, keepdims=True)
    scale = np.abs(history - center).mean(axis=1, keepdims=True)
    return center, np.where(scale > 1e-9 * np.abs(center), scale, 1.0)
