"""Point forecast metrics per series, their mean over series, and the error by forecast horizon.

The metrics are those of ``utilsforecast``, which the tests compare with, with these conventions:
one value per series over all its origins, percentages in percent, and NaN where a metric is
undefined. They are computed for all series and models at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.intervals import score_intervals
from keras_rnn_recipes.evaluation.levels import model_columns
from keras_rnn_recipes.evaluation.metric_info import is_of_intervals
from keras_rnn_recipes.evaluation.scales import history_before, seasonal_scales

PLAIN = ("mae", "mse", "rmse", "bias", "mape", "smape")
# What a scaled metric divides by the power of the in-sample error.
SCALED = {"mase": ("mae", 1), "rmsse": ("mse", 2)}
ROOTS = ("rmse", "rmsse")


def score(
    forecasts: pd.DataFrame,
    train: pd.DataFrame,
    *,
    season_length: int,
    metrics: Sequence[str] = ("mae", "rmse", "smape", "mase"),
) -> pd.DataFrame:
    """Score every model on every series, over all its origins together.

    Rows whose ``y`` is missing are left out. A model with a missing or infinite forecast in a
    scored row gets NaN for that series: a mean over its other rows would hide the failure.

    Args:
        forecasts: columns ``unique_id, ds, y``, usually ``cutoff``, and one per model.
        train: columns ``unique_id, ds, y``, sorted, regular: the history that scales ``mase`` and
            ``rmsse``. Rows after a series' first cutoff are ignored.
        season_length: steps in a season; 1 scales by the one-step naive forecast.
        metrics: any of mae, mse, rmse, bias (forecast minus truth), all in the units of ``y``;
            mape, smape (mean of ``200 |y-f| / (|y|+|f|)``), in percent; mase, rmsse, in multiples
            of the in-sample error of the seasonal naive forecast. The scaled metrics are NaN for
            every model where that error is zero or unknown: for a constant or perfectly periodic
            series, or one no longer than a season. :func:`score_notes` counts these series.

    Returns:
        Columns ``metric, unique_id`` and one per model; a row for every metric and series. The
        rows of :func:`~keras_rnn_recipes.evaluation.intervals.score_intervals` follow where a
        model gives intervals.

    Raises:
        UserError: an unknown metric.

    Source:
        Hyndman and Koehler (2006), Another look at measures of forecast accuracy; the M4
        competition's definition of sMAPE.

    Example:
        >>> train = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 3.0, 1.0, 3.0]})
        >>> test = pd.DataFrame({"unique_id": ["a"], "ds": [4], "y": [2.0], "naive": [3.0]})
        >>> scores = score(test, train, season_length=1, metrics=("mae", "mase"))
        >>> scores["naive"].tolist()
        [1.0, 0.5]
    """
    _check_metrics(metrics)
    models = model_columns(forecasts)
    ids = pd.Index(forecasts["unique_id"].unique(), name="unique_id").sort_values()
    series = ids.get_indexer(forecasts["unique_id"])
    truth, given = forecasts["y"].to_numpy("float64"), forecasts[models].to_numpy("float64")
    known = ~np.isnan(truth)
    truth, given, series = truth[known], given[known], series[known]
    failed = np.nan_to_num(_group_means(~np.isfinite(given), series, len(ids))) > 0
    history = history_before(train, forecasts)
    parts = []
    for metric in metrics:
        name, power = SCALED.get(metric, (metric, 0))
        values = _group_means(_errors(name, truth[:, None], given), series, len(ids))
        if power:
            scales = seasonal_scales(history, season_length, power=power)
            values /= scales.reindex(ids).to_numpy()[:, None]
        values = np.sqrt(values) if metric in ROOTS else values
        table = pd.DataFrame(np.where(failed, np.nan, values), columns=models)
        parts.append(table.assign(metric=metric, unique_id=ids))
    intervals = score_intervals(forecasts, train, season_length=season_length)
    parts += [intervals] if len(intervals) else []
    return pd.concat(parts, ignore_index=True)[["metric", "unique_id", *models]]


def summarise(scores: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Average scores over series, the same series for every model.

    A series for which any model has no value of a metric is left out of that metric's mean for all
    models, so that the means are comparable; the mean is NaN when no series is left. Interval
    metrics are averaged for the models that give intervals only.

    Args:
        scores: the frame that :func:`score` returns.

    Returns:
        ``{model: {metric: mean over series}}``.

    Example:
        >>> scores = pd.DataFrame({"metric": "mae", "unique_id": ["a", "b"], "lstm": [1.0, 3.0]})
        >>> summarise(scores)
        {'lstm': {'mae': 2.0}}
    """
    models = [str(name) for name in scores.columns if name not in ("metric", "unique_id")]
    summary: dict[str, dict[str, float]] = {model: {} for model in models}
    for metric, rows in scores.groupby("metric", sort=False):
        scored = models_scored(rows, models)
        means = rows[scored].dropna().mean()
        for model in scored:
            summary[model][str(metric)] = float(means[model])
    return summary


def totals(forecasts: pd.DataFrame, model: str) -> dict[str, float] | None:
    """The sums of forecast and observed values, to see a bias that mean errors do not show.

    A step that was forecast from several origins counts once, with the mean of its forecasts.

    Args:
        forecasts: as in :func:`score`.
        model: name of the column of the model.

    Returns:
        ``forecast`` and ``observed``, the sums; and ``standard_error``, that of their difference if
        the errors were independent. None if an observed value is negative, since its sum has
        another meaning, or if there is nothing to compare.

    Example:
        >>> forecasts = pd.DataFrame({"unique_id": "a", "ds": [1, 2], "y": [4, 0], "lstm": [1, 1]})
        >>> {name: round(total, 3) for name, total in totals(forecasts, "lstm").items()}
        {'forecast': 2.0, 'observed': 4.0, 'standard_error': 4.0}
    """
    steps = step_means(forecasts, model)
    if len(steps) < 2 or steps["y"].min() < 0 or not steps["y"].sum() > 0:
        return None
    errors = (steps[model] - steps["y"]).to_numpy("float64")
    return {
        "forecast": float(steps[model].sum()),
        "observed": float(steps["y"].sum()),
        "standard_error": float(errors.std(ddof=1) * np.sqrt(len(errors))),
    }


def step_means(forecasts: pd.DataFrame, model: str) -> pd.DataFrame:
    """Observed value and mean forecast of each step of each series; steps without one are left out.

    Args:
        forecasts: as in :func:`score`.
        model: name of the column of the model.

    Returns:
        Columns ``y`` and ``model``, indexed by ``unique_id`` and ``ds``.

    Example:
        >>> forecasts = pd.DataFrame({"unique_id": "a", "ds": [1, 1], "y": [4, 4], "lstm": [1, 2]})
        >>> step_means(forecasts, "lstm")["lstm"].tolist()
        [1.5]
    """
    rows = forecasts[["unique_id", "ds", "y", model]]
    rows = rows[np.isfinite(rows[["y", model]].to_numpy("float64")).all(axis=1)]
    return rows.groupby(["unique_id", "ds"])[["y", model]].mean()


def models_scored(rows: pd.DataFrame, models: Sequence[str]) -> list[str]:
    """The models that a metric applies to: interval metrics need a model that gives intervals.

    Args:
        rows: the rows of one metric of the frame that :func:`score` returns.
        models: names of all models.

    Example:
        >>> rows = pd.DataFrame({"metric": ["crps"], "lstm": [0.2], "naive": [None]})
        >>> models_scored(rows, ["lstm", "naive"])
        ['lstm']
    """
    metric = str(rows["metric"].iloc[0])
    return [m for m in models if not is_of_intervals(metric) or rows[m].notna().any()]


def score_notes(scores: pd.DataFrame) -> tuple[str, ...]:
    """Notes on the series that the means leave out: one sentence per metric and failing model.

    Example:
        >>> scores = pd.DataFrame({"metric": "mase", "unique_id": ["a", "b"], "lstm": [1.0, None]})
        >>> score_notes(scores)[0].split(":")[0]
        'MASE leaves out 1 of 2 series'
    """
    if scores.empty:
        return ()
    models = [str(name) for name in scores.columns if name not in ("metric", "unique_id")]
    scores = scores[[not is_of_intervals(str(name)) for name in scores["metric"]]]
    known = scores[models].notna()
    notes = _failure_notes(scores, known[known.any(axis=1)])
    for metric, rows in scores[~known.any(axis=1)].groupby("metric", sort=False):
        reason = (
            "constant, perfectly periodic or no longer than a season, so without a scale"
            if metric in SCALED
            else "nothing observed in the test part, or no model gave a finite forecast"
        )
        notes.append(
            f"{str(metric).upper()} leaves out {_counted(rows, scores)}: {reason} "
            f"({_some(rows['unique_id'])})."
        )
    return tuple(notes)


def _failure_notes(scores: pd.DataFrame, known: pd.DataFrame) -> list[str]:
    """The models that failed where others did not, which excludes the series for every model."""
    notes = []
    for model in known.columns[~known.all()]:
        failed = scores.loc[known.index[~known[model]]].drop_duplicates("unique_id")
        notes.append(
            f"{model} gave no forecast for {_counted(failed, scores)}, which the means leave out "
            f"for every model ({_some(failed['unique_id'])})."
        )
    return notes


def _counted(rows: pd.DataFrame, scores: pd.DataFrame) -> str:
    return f"{len(rows)} of {scores['unique_id'].nunique()} series"


def _some(names: pd.Series) -> str:
    return ", ".join(map(str, names.head(3))) + ("…" if len(names) > 3 else "")


def horizon_profile(
    forecasts: pd.DataFrame, *, scales: pd.Series | None = None, metric: str = "mae"
) -> pd.DataFrame:
    """Mean error for each step of the horizon, over all series and origins.

    Args:
        forecasts: as in :func:`score`, with a row for every step of every origin, also where
            ``y`` is missing: such rows count as steps and are left out of the means.
        scales: one divisor per ``unique_id``, as
            :func:`~keras_rnn_recipes.evaluation.scales.seasonal_scales` gives, so that the series
            of a panel have equal weight; None keeps the units of ``y``. Series without a finite
            divisor are left out.
        metric: mae, mse, rmse, bias, mape or smape.

    Returns:
        Columns ``step`` (1 to horizon) and one per model.

    Raises:
        UserError: an unknown or a scaled metric.

    Example:
        >>> forecasts = pd.DataFrame(
        ...     {"unique_id": "a", "ds": [3, 4], "cutoff": 2, "y": [1.0, 2.0], "naive": [1.0, 1.0]})
        >>> horizon_profile(forecasts)["naive"].tolist()
        [0.0, 1.0]
    """
    _check_metrics([metric], PLAIN)
    models = model_columns(forecasts)
    origin = [name for name in ("unique_id", "cutoff") if name in forecasts]
    rows = forecasts.sort_values([*origin, "ds"])
    rows = rows.assign(step=rows.groupby(origin).cumcount() + 1)
    if scales is not None:
        divisor = rows["unique_id"].map(scales).to_numpy(float)
        rows[["y", *models]] = rows[["y", *models]].div(divisor, axis=0)
    rows = rows[["step", "y", *models]].dropna(subset=["y"])
    if rows.empty:
        return _empty_table(["step", *models])[["step", *models]]
    steps, places = np.unique(rows["step"].to_numpy(), return_inverse=True)
    errors = _errors(metric, rows[["y"]].to_numpy("float64"), rows[models].to_numpy("float64"))
    means = _group_means(errors, places, len(steps))
    means = np.sqrt(means) if metric in ROOTS else means
    profile = pd.DataFrame(means, columns=models)
    profile.insert(0, "step", steps)
    return profile


def _errors(metric: str, truth: np.ndarray, forecast: np.ndarray) -> np.ndarray:
    """What a metric averages, (rows, models); NaN where it is undefined.

    Args:
        metric: of `PLAIN`.
        truth: (rows, 1).
        forecast: (rows, models).
    """
    with np.errstate(all="ignore"):
        error = forecast - truth
        if metric == "bias":
            return error
        if metric in ("mse", "rmse"):
            return error**2
        error = np.abs(error)
        if metric == "mae":
            return error
        if metric == "mape":
            return np.where(truth == 0, np.nan, 100.0 * error / np.abs(truth))
        size = np.abs(truth) + np.abs(forecast)
        return np.where(size == 0, 0.0, 200.0 * error / size)


def _group_means(values: np.ndarray, groups: np.ndarray, number: int) -> np.ndarray:
    """Means of the values of each group that are not NaN, (groups, models); NaN without any.

    Args:
        values: (rows, models).
        groups: number of the group of each row, (rows,).
        number: of groups.
    """
    means = np.full((number, values.shape[1]), np.nan)
    for model, column in enumerate(values.T):
        known = ~np.isnan(column)
        counts = np.bincount(groups[known], minlength=number)
        totals = np.bincount(groups[known], weights=column[known], minlength=number)
        np.divide(totals, counts, out=means[:, model], where=counts > 0)
    return means


def _empty_table(models: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in ("unique_id", *models)}, dtype="float64")


def _check_metrics(metrics: Sequence[str], allowed: Sequence[str] = (*PLAIN, *SCALED)) -> None:
    for metric in metrics:
        if metric not in allowed:
            raise UserError(
                f"There is no metric {metric!r}.",
                f"one of: {', '.join(allowed)}.",
                "name one of those.",
            )
