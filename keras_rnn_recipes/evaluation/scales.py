"""The in-sample error of the seasonal naive forecast, which divides MASE, RMSSE and MSIS."""

from __future__ import annotations

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.histories import series_bounds

# Seasonal differences this small relative to the values are rounding errors.
_ROUNDING = 1e-12


def seasonal_scales(train: pd.DataFrame, season_length: int, *, power: int = 1) -> pd.Series:
    """In-sample mean absolute error of the seasonal naive forecast of each series.

    Args:
        train: columns ``unique_id, ds, y``, sorted, regular, NaN = missing.
        season_length: steps in a season.
        power: 2 for the mean squared error.

    Returns:
        Mean of ``|y_t - y_{t-m}| ** power`` by ``unique_id``, in the units of ``y ** power``; NaN
        where it is zero (up to rounding) or unknown.

    Source:
        Hyndman and Koehler (2006), Another look at measures of forecast accuracy.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(3), "y": [1.0, 3.0, 2.0]})
        >>> float(seasonal_scales(train, 1)["a"])
        1.5
    """
    (starts, stops), y = series_bounds(train), train["y"].to_numpy("float64")
    names = pd.Index(train["unique_id"].iloc[starts], name="unique_id")
    if not len(names):
        return pd.Series([], index=names, dtype="float64")
    change = np.full(len(y), np.nan)
    change[season_length:] = np.abs(y[season_length:] - y[:-season_length])
    change[np.arange(len(y)) - np.repeat(starts, stops - starts) < season_length] = np.nan
    known = ~np.isnan(change)
    totals = np.add.reduceat(np.where(known, change, 0.0) ** power, starts)
    counts = np.add.reduceat(known, starts, dtype="int64")
    constant = np.fmax.reduceat(change, starts) <= _ROUNDING * np.fmax.reduceat(np.abs(y), starts)
    means = np.where((counts > 0) & ~constant, totals / np.maximum(counts, 1), np.nan)
    return pd.Series(means, index=names).sort_index()


def history_before(train: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows of each series up to its first cutoff; all rows where there are no cutoffs.

    Args:
        train: columns ``unique_id, ds, y``; the rows of each series are contiguous.
        forecasts: columns ``unique_id`` and perhaps ``cutoff``. Series that are not in it are
            left out where there are cutoffs.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": 1.0})
        >>> len(history_before(train, pd.DataFrame({"unique_id": ["a"], "cutoff": [2]})))
        3
    """
    if "cutoff" not in forecasts:
        return train[["unique_id", "ds", "y"]]
    starts, stops = series_bounds(train)
    first = forecasts.groupby("unique_id")["cutoff"].min()
    last = first.reindex(train["unique_id"].iloc[starts]).to_numpy()
    seen = train["ds"].to_numpy() <= np.repeat(last, stops - starts)
    return train.loc[seen, ["unique_id", "ds", "y"]]
