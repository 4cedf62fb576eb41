"""The figures of a forecaster's report, with their headings and captions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.metrics import horizon_profile
from keras_rnn_recipes.evaluation.scales import history_before, seasonal_scales
from keras_rnn_recipes.families.forecasting.report_content import ReportContent
from keras_rnn_recipes.reporting.format import best_baseline, label, number, percent
from keras_rnn_recipes.reporting.gradients import gradient_section
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.parts import learning_section
from keras_rnn_recipes.reporting.plots import (
    plot_error_by_step,
    plot_forecasts,
    plot_histogram,
    plot_residuals,
)
from keras_rnn_recipes.reporting.style import svg_of

# With fewer series than this, a histogram of them says less than the table of scores.
ENOUGH_SERIES = 8


def report_sections(content: ReportContent) -> list[Section]:
    """The sections that the content allows, in reading order.

    Example:
        >>> report_sections(content)[0].heading  # doctest: +SKIP
        'Forecast'
    """
    made = [_forecast(content), *([] if content.tested.empty else _of_errors(content))]
    made += [
        learning_section(content.history, content.config),
        gradient_section(content.gradients),
    ]
    return [section for section in made if section is not None]


def _of_errors(content: ReportContent) -> list[Section | None]:
    scales, unit = _scales(content)
    return [
        _backtest(content),
        _by_step(content, scales, unit),
        _by_series(content),
        _residuals(content, scales, unit),
    ]


def _forecast(content: ReportContent) -> Section | None:
    if content.future.empty:
        return None
    there = content.future["unique_id"].unique().tolist()
    chosen = list(dict.fromkeys(name for name, _, _ in choose_examples(content)))
    names = [name for name in chosen or there[:3] if name in there]
    if not names:
        return None
    titles = {name: str(name) if len(there) > 1 else "After the last value" for name in names}
    figure = plot_forecasts(
        content.frame,
        content.future,
        series=titles,
        models=[content.name],
        history=_history_shown(content),
    )
    some = len(there) > len(names)
    shown = f" of {len(names)} of {len(there):,} series" if some else ""
    caption = (
        f"The forecast{shown} after the last known value. The numbers for every series are in "
        "forecasts.csv."
    )
    return Section("Forecast", svg_of(figure), caption)


def _backtest(content: ReportContent) -> Section | None:
    examples = choose_examples(content)
    if not examples:
        return None
    rival = best_baseline(content.record, content.metric)
    there = rival is not None and rival in content.tested
    figure = plot_forecasts(
        content.frame,
        content.tested,
        series={(name, cutoff): title for name, cutoff, title in examples},
        models=[content.name, *([rival] if rival is not None and there else [])],
        history=_history_shown(content),
    )
    caption = (
        "Forecasts of test values, which the model had not seen: compare them with what was "
        "observed. The model knew only what is left of the dotted line."
    )
    return Section("Backtest", svg_of(figure), caption)


def choose_examples(content: ReportContent) -> list[tuple[str, object, str]]:
    """Pick the best, the median and the worst: of three series or more, else of the origins.

    Returns:
        ``(unique_id, cutoff, title)`` for each.
    """
    rows = content.tested.dropna(subset=["y", content.name])
    if rows.empty:
        return []
    if rows["unique_id"].nunique() >= 3:
        scores = content.scores[content.scores["metric"] == content.metric]
        ranked = scores.set_index("unique_id")[content.name].dropna().sort_values(kind="stable")
        last = content.tested.groupby("unique_id")["cutoff"].max()
        return [
            (name, last[name], f"{rank}: {name}, {label(content.metric)} {number(ranked[name])}")
            for rank, name in _extremes(ranked)
        ]
    errors = (rows[content.name] - rows["y"]).abs()
    ranked = errors.groupby([rows["unique_id"], rows["cutoff"]]).mean().sort_values(kind="stable")
    several = content.tested["unique_id"].nunique() > 1
    return [
        (
            name,
            cutoff,
            f"{rank}: {f'{name}, ' if several else ''}from {_moment(cutoff)}, "
            f"MAE {number(ranked[name, cutoff])}",
        )
        for rank, (name, cutoff) in _extremes(ranked)
    ]


def _extremes(ranked: pd.Series) -> list[tuple[str, Any]]:
    """Name the best, median and worst of a sorted series; fewer when it is shorter."""
    places = {"Best": 0, "Median": (len(ranked) - 1) // 2, "Worst": len(ranked) - 1}
    if len(ranked) == 1:
        places = {"The one origin": 0}
    elif len(ranked) == 2:
        del places["Median"]
    return [(rank, ranked.index[place]) for rank, place in places.items() if len(ranked)]


def _by_step(content: ReportContent, scales: pd.Series | None, unit: str) -> Section | None:
    profile = horizon_profile(content.tested, scales=scales)
    if len(profile) < 2:
        return None
    rival = best_baseline(content.record, content.metric)
    figure = plot_error_by_step(profile, model=content.name, rival=rival, unit=_axis(scales))
    caption = f"Mean absolute error at each step ahead, over all series and origins, {unit}."
    if rival is not None:
        wins = int((profile[content.name] < profile[rival]).sum())
        caption += (
            f" The model has a smaller error than {label(rival)} at {wins} of {len(profile)} steps."
        )
    return Section("Error by horizon", svg_of(figure), caption)


def _by_series(content: ReportContent) -> Section | None:
    scores = content.scores[content.scores["metric"] == content.metric]
    rival = best_baseline(content.record, content.metric)
    names = [content.name, *([rival] if rival is not None else [])]
    values = scores[names].dropna()
    if len(values) < ENOUGH_SERIES:
        return None
    unit = label(content.metric)
    errors = {name: values[name].to_numpy("float64") for name in names}
    figure = plot_histogram(errors, rival=rival, unit=unit, count="series")
    caption = f"{unit} of each of {len(values):,} series; the dotted lines are medians."
    if rival is not None:
        share = float((values[content.name] < values[rival]).mean())
        caption += f" The model is better than {label(rival)} on {percent(share)} of them."
    return Section("Error by series", svg_of(figure), caption)


def _residuals(content: ReportContent, scales: pd.Series | None, unit: str) -> Section | None:
    rows = content.tested.dropna(subset=["y", content.name])
    errors = (rows[content.name] - rows["y"]).to_numpy("float64")
    if scales is not None:
        errors = errors / rows["unique_id"].map(scales).to_numpy("float64")
    errors = errors[np.isfinite(errors)]
    if len(errors) < 10:
        return None
    bias = horizon_profile(content.tested, scales=scales, metric="bias")
    figure = plot_residuals(errors, bias, model=content.name, unit=_axis(scales))
    mean, size = float(errors.mean()), float(np.abs(errors).mean())
    way = "high" if mean > 0 else "low"
    caption = f"On average the forecasts are too {way} by {number(abs(mean))}, {unit}"
    caption += f": {percent(abs(mean) / size)} of the mean absolute error." if size else "."
    return Section("Residuals", svg_of(figure), caption + _autocorrelation(content, scales))


def _autocorrelation(content: ReportContent, scales: pd.Series | None) -> str:
    """The autocorrelation of one-step errors in words; nothing where origins are steps apart."""
    first = content.tested.groupby(["unique_id", "cutoff"]).head(1)
    horizon = len(content.tested) // max(len(first), 1)
    counts = content.tested.groupby("unique_id").agg({"cutoff": "nunique", "ds": "nunique"})
    if (counts["ds"] - counts["cutoff"]).ne(horizon - 1).any() or counts["cutoff"].max() < 20:
        return ""
    errors = first[content.name] - first["y"]
    if scales is not None:
        errors = errors / first["unique_id"].map(scales)
    errors = errors - errors.groupby(first["unique_id"]).transform("mean")
    related = errors.corr(errors.groupby(first["unique_id"]).shift(1))
    if not np.isfinite(related):
        return ""
    if abs(related) < 0.2:
        return (
            " Errors one step ahead are nearly uncorrelated with those before them "
            f"(autocorrelation {number(round(related, 2))}), as they should be."
        )
    return (
        " Errors one step ahead are correlated with those before them "
        f"(autocorrelation {number(round(related, 2))}): the residuals can still be predicted."
    )


def _scales(content: ReportContent) -> tuple[pd.Series | None, str]:
    """Give what errors are divided by so that series count alike: nothing for a single one."""
    if content.tested["unique_id"].nunique() == 1:
        return None, "in the units of the series"
    history = history_before(content.frame, content.tested)
    scales = seasonal_scales(history, content.season_length)
    if scales.isna().all():
        return None, "in the units of the series"
    return scales, "in multiples of the seasonal naive error in training"


def _axis(scales: pd.Series | None) -> str:
    return "error" if scales is None else "scaled error"


def _history_shown(content: ReportContent) -> int:
    """Values that are drawn before a forecast: a few horizons or seasons of them."""
    if content.tested.empty:
        horizon = content.future.groupby("unique_id").size().max()
    else:
        horizon = content.tested.groupby(["unique_id", "cutoff"]).size().max()
    return int(min(max(3 * horizon, 2 * content.season_length, 30), 400))


def _moment(time: object) -> str:
    if not isinstance(time, pd.Timestamp):
        return str(time)
    return time.strftime("%Y-%m-%d" if time == time.normalize() else "%Y-%m-%d %H:%M")
