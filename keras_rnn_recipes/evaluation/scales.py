"""The in-sample error of the seasonal naive forecast, which divides MASE, RMSSE and MSIS."""

from __future__ import annotations

import pandas as pd

# Seasonal differences this small relative to the values are rounding errors.
_ROUNDING = 1e-12


def seasonal_scales(train: pd.DataFrame, season_length: int) -> pd.Series:
    """In-sample mean absolute error of the seasonal naive forecast of each series.

    Args:
        train: columns ``unique_id, ds, y``, sorted, regular, NaN = missing.
        season_length: steps in a season.

    Returns:
        Mean of ``|y_t - y_{t-m}|`` by ``unique_id``, in the units of ``y``; NaN where it is zero
        (up to rounding) or unknown.

    Source:
        Hyndman and Koehler (2006), Another look at measures of forecast accuracy.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(3), "y": [1.0, 3.0, 2.0]})
        >>> float(seasonal_scales(train, 1)["a"])
        1.5
    """
    # Integer codes instead of names: grouping a large panel by them is many times faster.
    codes, names = pd.factorize(train["unique_id"], sort=True)
    y = train["y"].reset_index(drop=True)
    change = (y - y.groupby(codes).shift(season_length)).abs().groupby(codes)
    constant = change.max() <= _ROUNDING * y.abs().groupby(codes).max()
    scales = change.mean().mask(constant).astype("float64")
    return scales.set_axis(pd.Index(names, name="unique_id"))


def history_before(train: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows of each series up to its first cutoff; all rows where there are no cutoffs.

    Args:
        train: columns ``unique_id, ds, y``.
        forecasts: columns ``unique_id`` and perhaps ``cutoff``. Series that are not in it are
            left out where there are cutoffs.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": 1.0})
        >>> len(history_before(train, pd.DataFrame({"unique_id": ["a"], "cutoff": [2]})))
        3
    """
    if "cutoff" not in forecasts:
        return train[["unique_id", "ds", "y"]]
    first = forecasts.groupby("unique_id")["cutoff"].min()
    return train.loc[train["ds"] <= train["unique_id"].map(first), ["unique_id", "ds", "y"]]
