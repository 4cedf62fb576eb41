"""The pictures of a report with their headings and the sentences under them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.evaluation.metrics import horizon_profile
from keras_rnn_recipes.evaluation.scales import history_before, seasonal_scales
from keras_rnn_recipes.reporting import plots
from keras_rnn_recipes.reporting.format import best_baseline, label, number, percent
from keras_rnn_recipes.reporting.gradients import gradient_section
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.parts import learning_section

if TYPE_CHECKING:
    from keras_rnn_recipes.families.forecasting.report import ReportContent


# With fewer series than this, a histogram of them says less than the table of scores.
ENOUGH_SERIES = 8


def figures(content: ReportContent) -> list[Section]:
    """Draw every picture that the content allows, in reading order.

    Example:
        >>> figures(content)[0].heading  # doctest: +SKIP
        'What comes next'
    """
    scales, unit = _scales(content)
    made = [
        _future(content),
        _examples(content),
        _by_step(content, scales, unit),
        _by_series(content),
        _residuals(content, scales, unit),
        learning_section(content.history, content.config),
        gradient_section(content.gradients),
    ]
    return [section for section in made if section is not None]


def _future(content: ReportContent) -> Section | None:
    if content.future.empty:
        return None
    names = [name for name, _, _ in choose_examples(content)]
    names = list(dict.fromkeys(names)) or content.future["unique_id"].unique()[:3].tolist()
    panels = []
    for name in names:
        ahead = content.future[content.future["unique_id"] == name]
        if len(ahead):
            title = (
                f"{name}" if content.future["unique_id"].nunique() > 1 else "After the last value"
            )
            panels.append({"title": title, "past": _past(content, name), "ahead": ahead})
    if not panels:
        return None
    picture = plots.forecast_panels(panels, model=content.name, rival=None)
    number_of = content.future["unique_id"].nunique()
    shown = f" of {len(panels)} of {number_of:,} series" if number_of > len(panels) else ""
    caption = f"The forecast{shown}; every number is in forecasts.csv."
    return Section("What comes next", Markup(picture), caption)


def _examples(content: ReportContent) -> Section | None:
    rival = best_baseline(content.record, content.metric)
    panels = []
    for name, cutoff, title in choose_examples(content):
        rows = content.tested
        ahead = rows[(rows["unique_id"] == name) & (rows["cutoff"] == cutoff)]
        panels.append({"title": title, "past": _past(content, name, cutoff), "ahead": ahead})
    if not panels:
        return None
    picture = plots.forecast_panels(panels, model=content.name, rival=rival)
    caption = (
        "Forecasts of values that the model had not seen. Nothing to the right of the dotted line "
        "was known when they were made."
    )
    return Section("Forecasts and what happened", Markup(picture), caption)


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
    picture = plots.error_by_step(profile, model=content.name, rival=rival, unit=_axis(scales))
    caption = f"Mean absolute error at each step ahead, over all series and origins, {unit}."
    if rival is not None:
        wins = int((profile[content.name] < profile[rival]).sum())
        caption += f" The model is below {label(rival)} at {wins} of {len(profile)} steps."
    return Section("Error by step ahead", Markup(picture), caption)


def _by_series(content: ReportContent) -> Section | None:
    scores = content.scores[content.scores["metric"] == content.metric]
    rival = best_baseline(content.record, content.metric)
    names = [content.name, *([rival] if rival is not None else [])]
    values = scores[names].dropna()
    if len(values) < ENOUGH_SERIES:
        return None
    unit = label(content.metric)
    errors = {name: values[name].to_numpy("float64") for name in names}
    picture = plots.histogram(errors, rival=rival, unit=unit, count="series")
    caption = f"{unit} of each of {len(values):,} series; the dotted lines are medians."
    if rival is not None:
        share = float((values[content.name] < values[rival]).mean())
        caption += f" The model is better than {label(rival)} on {percent(share)} of them."
    return Section("Error by series", Markup(picture), caption)


def _residuals(content: ReportContent, scales: pd.Series | None, unit: str) -> Section | None:
    rows = content.tested.dropna(subset=["y", content.name])
    errors = (rows[content.name] - rows["y"]).to_numpy("float64")
    if scales is not None:
        errors = errors / rows["unique_id"].map(scales).to_numpy("float64")
    errors = errors[np.isfinite(errors)]
    if len(errors) < 10:
        return None
    bias = horizon_profile(content.tested, scales=scales, metric="bias")
    picture = plots.residuals(errors, bias, model=content.name, unit=_axis(scales))
    mean, size = float(errors.mean()), float(np.abs(errors).mean())
    way = "high" if mean > 0 else "low"
    caption = f"On average the forecasts are {number(abs(mean))} too {way}, {unit}"
    caption += f": {percent(abs(mean) / size)} of the mean absolute error." if size else "."
    return Section("What is left over", Markup(picture), caption + _memory(content, scales))


def _memory(content: ReportContent, scales: pd.Series | None) -> str:
    """Say how one-step errors at neighbouring origins correlate; nothing if origins are apart."""
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
            " Errors one step ahead are nearly unrelated to the ones before them "
            f"(correlation {number(round(related, 2))}), as they should be."
        )
    return (
        " Errors one step ahead resemble the ones before them "
        f"(correlation {number(round(related, 2))}): something predictable is left."
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


def _past(content: ReportContent, name: str, cutoff: object | None = None) -> pd.DataFrame:
    rows = content.frame[content.frame["unique_id"] == name]
    if cutoff is not None:
        rows = rows[rows["ds"] <= cutoff]
    horizon = content.tested.groupby(["unique_id", "cutoff"]).size().max()
    return rows.tail(int(min(max(3 * horizon, 2 * content.season_length, 30), 400)))


def _moment(time: object) -> str:
    if not isinstance(time, pd.Timestamp):
        return str(time)
    return time.strftime("%Y-%m-%d" if time == time.normalize() else "%Y-%m-%d %H:%M")
