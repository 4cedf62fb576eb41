"""Metrics of prediction intervals: coverage, interval score, pinball loss and CRPS.

The conventions are those of `metrics`: one value per series over all its origins, percentages in
percent, and NaN where a metric is undefined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.levels import (
    bound_columns,
    levels_of,
    model_columns,
    probabilities,
)
from keras_rnn_recipes.evaluation.scales import history_before, seasonal_scales


def score_intervals(
    forecasts: pd.DataFrame, train: pd.DataFrame, *, season_length: int
) -> pd.DataFrame:
    """Score the prediction intervals of every model that gives intervals, on every series.

    Rows whose ``y`` is missing are left out. A model with a missing or infinite forecast or bound
    in a scored row gets NaN for that series.

    Args:
        forecasts: columns ``unique_id, ds, y``, usually ``cutoff``, and one per model with its
            bounds, such as ``lstm, lstm-lo-80, lstm-hi-80``.
        train: columns ``unique_id, ds, y``, sorted, regular: the history that scales MSIS. Rows
            after a series' first cutoff are ignored.
        season_length: steps in a season, for that scale.

    Returns:
        Columns ``metric, unique_id`` and one per model with intervals; a row for every metric and
        series. For each level: ``coverage-80``, the percentage of true values inside the closed
        interval, and ``msis-80``, the mean scaled interval score, in multiples of the in-sample
        error of the seasonal naive forecast. Over all levels: ``pinball``, the mean pinball loss
        of the median and the bounds, in the units of ``y``, and ``crps``, twice that divided by
        the mean of ``|y|``. Empty where no model gives intervals.

    Source:
        Gneiting and Raftery (2007), Strictly proper scoring rules; the M4 competition's guide for
        MSIS; Gasthaus et al. (2019) for CRPS from quantiles.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 3.0, 1.0, 3.0]})
        >>> test = pd.DataFrame({"unique_id": "a", "ds": [4, 5], "y": [2.0, 4.0], "lstm": [2, 2],
        ...     "lstm-lo-80": [1, 1], "lstm-hi-80": [3.0, 3.0]})
        >>> scores = score_intervals(test, train, season_length=1).set_index("metric")["lstm"]
        >>> scores["coverage-80"].item(), round(scores["msis-80"].item(), 6)
        (50.0, 3.5)
    """
    models = {
        name: levels
        for name in model_columns(forecasts)
        if (levels := levels_of(name, forecasts.columns))
    }
    if not models:
        return pd.DataFrame(columns=["metric", "unique_id"])
    ids = pd.Index(forecasts["unique_id"].unique(), name="unique_id").sort_values()
    known = forecasts[forecasts["y"].notna()]
    scales = seasonal_scales(history_before(train, forecasts), season_length)
    columns = {
        name: _scores(known, name, levels, scales).reindex(ids) for name, levels in models.items()
    }
    metrics = list(dict.fromkeys(name for table in columns.values() for name in table))
    empty = pd.Series(np.nan, index=ids)
    parts = [
        pd.DataFrame({"metric": metric, "unique_id": ids}).assign(
            **{name: table.get(metric, empty).to_numpy() for name, table in columns.items()}
        )
        for metric in metrics
    ]
    return pd.concat(parts, ignore_index=True)


def pinball(truth: np.ndarray, forecast: np.ndarray, probability: np.ndarray | float) -> np.ndarray:
    """Pinball loss, which a quantile minimizes: ``max(p (y - f), (p - 1) (y - f))``.

    Args:
        truth: true values ``y``.
        forecast: forecast quantiles ``f``; broadcasts with ``truth``.
        probability: of the quantiles, between 0 and 1; broadcasts with ``truth``.

    Returns:
        An array in the units of ``truth``.

    Source:
        Koenker and Bassett (1978), Regression quantiles.

    Example:
        >>> pinball(np.array([1.0, 4.0]), np.array([2.0, 2.0]), 0.9).round(3).tolist()
        [0.1, 1.8]
    """
    error = truth - forecast
    return np.maximum(probability * error, (probability - 1) * error)


def interval_score(
    truth: np.ndarray, low: np.ndarray, high: np.ndarray, level: float
) -> np.ndarray:
    """Interval score: width plus ``2 / (1 - level / 100)`` times the distance outside the interval.

    Args:
        truth: true values.
        low, high: bounds, arrays of the shape of ``truth``.
        level: of the interval, in percent.

    Returns:
        An array in the units of ``truth``; its scaled mean is the M4 competition's MSIS.

    Source:
        Gneiting and Raftery (2007), Strictly proper scoring rules, section 6.2.

    Example:
        >>> interval_score(np.array([2.0, 4.0]), np.ones(2), np.full(2, 3.0), 80).round(3).tolist()
        [2.0, 12.0]
    """
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return high - low + outside * 2 / (1 - level / 100)


def _scores(
    known: pd.DataFrame, name: str, levels: Sequence[float], scales: pd.Series
) -> pd.DataFrame:
    """The metrics of one model: a row for every series, a column for every metric."""
    truth = known["y"].to_numpy("float64")
    quantiles = known[[name, *bound_columns(name, levels)]].to_numpy("float64")
    ids = known["unique_id"]
    by_row: dict[str, np.ndarray] = {}
    for number, level in enumerate(levels):
        low, high = quantiles[:, 1 + 2 * number], quantiles[:, 2 + 2 * number]
        by_row[f"coverage-{level:g}"] = 100.0 * ((low <= truth) & (truth <= high))
        by_row[f"msis-{level:g}"] = interval_score(truth, low, high, level)
    by_row["pinball"] = pinball(truth[:, None], quantiles, probabilities(levels)).mean(axis=1)
    table = pd.DataFrame(by_row, index=known.index)
    failed = (~pd.Series(np.isfinite(quantiles).all(axis=1), index=known.index)).groupby(ids).any()
    table = table.groupby(ids).mean()
    table.loc[failed.reindex(table.index, fill_value=False)] = np.nan
    for level in levels:
        table[f"msis-{level:g}"] /= scales.reindex(table.index)
    size = known["y"].abs().groupby(ids).mean()
    table["crps"] = 2 * table["pinball"] / size.where(size > 0)
    return table
