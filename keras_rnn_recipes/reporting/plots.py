"""Figures of forecasts, errors, training and gradients, for a notebook and for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator

from keras_rnn_recipes.diagnostics.gradient_health import FADED, judge_flow
from keras_rnn_recipes.errors import UserError, counted, did_you_mean
from keras_rnn_recipes.evaluation.levels import (
    bound_columns,
    check_levels,
    levels_of,
    model_columns,
)
from keras_rnn_recipes.reporting.format import label
from keras_rnn_recipes.reporting.style import (
    DASHES,
    INK,
    MODEL,
    MUTED,
    RIVAL,
    legend_above,
    log_axis,
    lone_points,
    new_figure,
    thousands,
    time_axis,
    whole_numbers,
)

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel

# With fewer epochs or steps than this a line is drawn with a dot at each.
_FEW_EPOCHS, _FEW_STEPS = 15, 4

# Series that are drawn where none are named.
_SERIES_SHOWN = 3

# Layers that are named in a figure of gradients; more (of an ensemble, say) share a color.
LAYERS_NAMED = 4

# Gradients below this share of the largest one are rounding, and not drawn.
_ROUNDING = 1e-8


def plot_forecasts(
    data: Panel | pd.DataFrame,
    forecasts: pd.DataFrame,
    levels: Sequence[float] | None = None,
    *,
    series: Sequence[Any] | Mapping[Any, str] | None = None,
    models: Sequence[str] | None = None,
    history: int | None = None,
) -> Figure:
    """Plot forecasts with the history before them and, where it is known, the truth.

    Each series has axes of its own. The first model is drawn with its intervals, others without.

    Args:
        data: the series: a panel, or columns ``unique_id, ds, y``.
        forecasts: columns ``unique_id, ds``, one for each model, perhaps with bounds such as
            ``lstm-lo-80``: from ``predict`` or ``forecast_future``; or from ``backtest``, with
            ``cutoff`` and ``y``.
        levels: of the intervals to shade, in percent; None: all that the first model has.
        series: names of the series to plot; of a backtest also pairs ``(name, cutoff)``. A mapping
            gives each a title. None: the first three series, of a backtest from their last cutoff.
        models: columns of ``forecasts``, the main one first; None: all.
        history: values to show before each forecast; None: three times as many as are forecast, at
            least 30.

    Returns:
        A figure of matplotlib, which belongs to no pyplot state; ``savefig`` writes it to a file.

    Raises:
        UserError: no such series, model, level or cutoff.

    Example:
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(9), "y": range(9)})
        >>> ahead = pd.DataFrame(
        ...     {"unique_id": "a", "ds": [9, 10], "lstm": [9, 11], "lstm-lo-80": [8, 9],
        ...      "lstm-hi-80": [10, 13]})
        >>> figure = plot_forecasts(frame, ahead, levels=[80])
        >>> [line.get_label() for line in figure.axes[0].lines[:2]]
        ['observed', 'LSTM']
    """
    models = _checked_models(forecasts, models)
    levels = _checked_levels(forecasts, models[0], levels)
    frame = data if isinstance(data, pd.DataFrame) else data.frame
    panels = [_panel(frame, ahead, title, history) for title, ahead in _choose(forecasts, series)]
    with new_figure(0.5 + 1.75 * len(panels), rows=len(panels)) as (figure, all_axes):
        for axes, panel in zip(np.atleast_1d(all_axes), panels, strict=True):
            _draw_forecast(axes, panel, models, levels)
        legend_above(figure, figure.axes[0])
        titles = "; ".join(panel.title for panel in panels)
        figure.set_label(f"Observed values and forecasts: {titles}.")
    return figure


def plot_history(history: pd.DataFrame | Mapping[str, Sequence[float]]) -> Figure:
    """Plot the loss of training and validation by epoch, the lowest validation loss marked.

    Args:
        history: from ``fit``, or a run's ``history.csv``: columns ``loss`` and perhaps ``epoch``
            and ``val_loss``; or the same as a mapping, such as ``History.history`` of Keras.

    Returns:
        A figure of matplotlib, which belongs to no pyplot state.

    Raises:
        UserError: there is no column ``loss``, or no epoch.

    Example:
        >>> figure = plot_history({"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 1.5, 2.0]})
        >>> figure.axes[0].get_xlabel(), figure.get_label()
        ('epoch', 'Loss by epoch over 3 epochs; validation is lowest at epoch 2.')
    """
    table = pd.DataFrame(history)
    if "loss" not in table or table.empty:
        raise UserError(
            "The history has no loss to plot.",
            "a column loss with a row for each epoch, as fit returns it.",
            "give what fit returned, or read a run's history.csv.",
        )
    epochs = np.arange(1, len(table) + 1) if "epoch" not in table else table["epoch"].to_numpy()
    dots = _dots(len(epochs), _FEW_EPOCHS, size=3.5)
    with new_figure(2.6) as (figure, axes):
        axes.plot(epochs, table["loss"], color=MUTED, label="training", **dots)
        best = ""
        if "val_loss" in table and table["val_loss"].notna().any():
            axes.plot(epochs, table["val_loss"], color=MODEL, label="validation", **dots)
            at = int(np.nanargmin(table["val_loss"].to_numpy()))
            low = table["val_loss"].iloc[at]
            axes.plot(epochs[at], low, "o", color=MODEL, markersize=6, label="lowest")
            best = f"; validation is lowest at epoch {epochs[at]}"
        axes.set(xlabel="epoch", ylabel="loss")
        axes.xaxis.set_major_locator(whole_numbers())
        if _spans_decades(table):
            log_axis(axes)
        else:
            thousands(axes)
        legend_above(figure, axes)
        figure.set_label(f"Loss by epoch over {counted(len(epochs), 'epoch')}{best}.")
    return figure


def plot_gradient_flow(flow: pd.DataFrame) -> Figure:
    """Plot by lag the norm of the loss gradient with respect to each layer's hidden state.

    Where a single layer is plotted, a dotted line marks 1 % of the norm at lag 0, below which a
    layer is said to learn next to nothing.

    Args:
        flow: from ``gradient_flow``: columns ``layer, lag, norm``; or with ``epoch`` as well, as
            ``GradientWatch.flows``: the first measurement is then drawn in gray, the last in color.

    Returns:
        A figure of matplotlib, which belongs to no pyplot state.

    Example:
        >>> flow = pd.DataFrame({"layer": "rnn", "lag": range(9), "norm": 0.5 ** np.arange(9)})
        >>> plot_gradient_flow(flow).get_label()
        'Gradient norm by lag: in rnn it falls below 1% of lag 0 after 6 of 8 steps.'
    """
    epochs = flow["epoch"] if "epoch" in flow else pd.Series(0, index=flow.index)
    first, last = epochs.iloc[0], epochs.iloc[-1]
    final = [(str(n), rows) for n, rows in flow[epochs == last].groupby("layer", sort=False)]
    floor = _ROUNDING * flow["norm"].max()
    with new_figure(2.8) as (figure, axes):
        if first != last:
            for _, rows in flow[epochs == first].groupby("layer", sort=False):
                axes.plot(*_above(rows, floor), color=MUTED, lw=1.0, alpha=0.7)
        for number, (name, rows) in enumerate(final):
            named = len(final) <= LAYERS_NAMED
            style = ("-", *DASHES)[number if named else 0]
            shown = name if named else None
            axes.plot(*_above(rows, floor), color=MODEL, linestyle=style, label=shown)
        if len(final) == 1:
            faded = FADED * final[0][1]["norm"].iloc[0]
            axes.axhline(faded, color=INK, lw=0.9, ls=":", label=f"{FADED:.0%} of lag 0")
        if first != last:
            when = f"after {counted(first, 'epoch')}" if first else "before training"
            axes.plot([], [], color=MUTED, lw=1.0, label=when)
        axes.set(xlabel="lag, steps back", ylabel="gradient norm")
        axes.xaxis.set_major_locator(whole_numbers())
        log_axis(axes)
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.tick_params(axis="y", which="minor", length=0)
        axes.margins(x=0.01)
        legend_above(figure, axes)
        judged: list[Any] = judge_flow(flow[epochs == last]).to_dict("records")
        reaches = "; ".join(map(describe_reach, judged[:LAYERS_NAMED]))
        figure.set_label(f"Gradient norm by lag: {reaches}.")
    return figure


def describe_reach(row: Mapping[str, Any]) -> str:
    """Say in words how far back a layer's gradient reaches.

    Args:
        row: of ``judge_flow``.
    """
    layer, steps = row["layer"], row["steps"]
    if row["verdict"] == "none":
        return f"no gradient arrives at {layer}"
    if row["verdict"] == "exploding":
        return f"in {layer} it grows on the way back"
    if row["reach"] == steps:
        return f"in {layer} it stays above {FADED:.0%} of lag 0 over all {steps} steps"
    return f"in {layer} it falls below {FADED:.0%} of lag 0 after {row['reach']} of {steps} steps"


def plot_error_by_step(
    profile: pd.DataFrame, *, model: str, rival: str | None, unit: str
) -> Figure:
    """Plot the error of the model and of each baseline against the step ahead.

    Args:
        profile: columns ``step`` and one per model.
        model: the model's column.
        rival: the best baseline's column, if any.
        unit: what the error is measured in.
    """
    others = [str(name) for name in profile.columns if name not in ("step", model, rival)]
    steps, dots = profile["step"], _dots(len(profile), _FEW_STEPS, size=4)
    with new_figure(2.9) as (figure, axes):
        for name, dashes in zip(others, DASHES, strict=False):
            thin = {"color": MUTED, "linestyle": dashes, "linewidth": 1.1}
            axes.plot(steps, profile[name], label=label(name), **thin, **dots)
        if rival is not None:
            axes.plot(steps, profile[rival], "--", color=RIVAL, label=label(rival), **dots)
        axes.plot(steps, profile[model], color=MODEL, linewidth=2, label=label(model), **dots)
        axes.set(xlabel="steps ahead", ylabel=unit)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(whole_numbers())
        thousands(axes)
        legend_above(figure, axes)
        first, last = profile[model].iloc[[0, -1]]
        figure.set_label(
            f"Mean absolute error by step ahead; {label(model)} goes from {first:.4g} at the first "
            f"step to {last:.4g} at step {steps.iloc[-1]}."
        )
    return figure


def plot_histogram(
    values: Mapping[str, np.ndarray], *, rival: str | None, unit: str, count: str
) -> Figure:
    """Plot the distribution of errors over series, of the model and of the best baseline.

    Args:
        values: per model, one error a series; the model first.
        rival: the best baseline's name, if it is among them.
        unit: what is on the horizontal axis.
        count: what is counted.
    """
    everything = np.concatenate(list(values.values()))
    low, high = everything.min(), np.quantile(everything, 0.99)
    edges = np.linspace(low, high if high > low else low + 1, min(40, 8 + len(everything) // 8))
    with new_figure(2.5) as (figure, axes):
        for name, errors in values.items():
            shown = np.clip(errors, edges[0], edges[-1])
            color = RIVAL if name == rival else MODEL
            style: dict[str, Any] = {"histtype": "step", "linewidth": 1.5, "linestyle": "--"}
            if name != rival:
                style = {"histtype": "stepfilled", "alpha": 0.35}
            axes.hist(shown, bins=edges.tolist(), color=color, label=label(name), **style)
            axes.axvline(np.median(errors), color=color, linewidth=1.2, linestyle=":")
        axes.set(xlabel=f"{unit} (the last bar holds all larger values)", ylabel=count)
        axes.yaxis.set_major_locator(whole_numbers(5))
        legend_above(figure, axes)
        medians = ", ".join(f"{label(n)} {np.median(v):.4g}" for n, v in values.items())
        figure.set_label(f"Distribution of {unit} over series; medians: {medians}.")
    return figure


def plot_residuals(errors: np.ndarray, bias: pd.DataFrame, *, model: str, unit: str) -> Figure:
    """Plot the distribution of the model's residuals, and their mean by step ahead.

    Args:
        errors: forecast minus truth.
        bias: columns ``step`` and the model's.
        model: the model's column.
        unit: what the errors are measured in.
    """
    low, high = np.quantile(errors, [0.005, 0.995])
    reach = max(abs(low), abs(high)) or 1.0
    with new_figure(2.4, columns=2) as (figure, (left, right)):
        bars = min(31, 8 + len(errors) // 8)
        left.hist(np.clip(errors, -reach, reach), bins=bars, color=MODEL, alpha=0.45)
        left.set_title("All residuals")
        left.set(xlabel=f"{unit}, forecast minus truth", ylabel="forecasts")
        left.axvline(0, color=INK, linewidth=0.9)
        right.bar(bias["step"], bias[model], color=MODEL, alpha=0.6, width=0.8)
        right.axhline(0, color=INK, linewidth=0.9)
        right.set_title("Mean residual by step ahead")
        right.set(xlabel="steps ahead")
        right.xaxis.set_major_locator(whole_numbers())
        thousands(right)
        thousands(left)
        if reach >= 1e4:
            left.xaxis.set_major_formatter(EngFormatter(sep=""))
        lower, upper = np.quantile(errors, [0.25, 0.75])
        figure.set_label(
            f"Residuals of {label(model)}: mean {np.mean(errors):.4g}, middle half from "
            f"{lower:.4g} to {upper:.4g}."
        )
    return figure


@dataclass(frozen=True)
class _Panel:
    """What is drawn in the axes of one series.

    Attributes:
        title: above the axes.
        past: columns ``ds, y``: the history before the forecast.
        ahead: the forecasts, with the truth as ``y`` where it is known.
    """

    title: str
    past: pd.DataFrame
    ahead: pd.DataFrame


def _choose(forecasts: pd.DataFrame, series: Any) -> list[tuple[str, pd.DataFrame]]:
    """The rows of ``forecasts`` to plot, with a title for each group of them."""
    groups = dict(list(forecasts.groupby("unique_id", sort=False)))
    if series is None:
        series = list(groups)[:_SERIES_SHOWN]
    titles = dict(series) if isinstance(series, Mapping) else dict.fromkeys(series, "")
    chosen = []
    for one, title in titles.items():
        name, *cutoff = one if isinstance(one, tuple) else (one,)
        if name not in groups:
            raise UserError(
                f"The forecasts have no series {name!r}.",
                f"one of their {len(groups)} series.",
                did_you_mean(str(name), map(str, groups), otherwise="choose one of unique_id."),
            )
        chosen.append((title or str(name), _from_cutoff(groups[name], *cutoff)))
    if not chosen:
        raise UserError(
            "There is no forecast to plot.",
            "at least one series with forecasts.",
            "give the table that predict or backtest returned, and series= with a name in it.",
        )
    return chosen


def _from_cutoff(rows: pd.DataFrame, cutoff: Any = None) -> pd.DataFrame:
    """The forecasts of one series that were made at one time, by default the last."""
    if "cutoff" not in rows:
        return rows
    found = rows[rows["cutoff"] == (rows["cutoff"].max() if cutoff is None else cutoff)]
    if found.empty:
        raise UserError(
            f"The series {rows['unique_id'].iloc[0]!r} has no forecast from {cutoff}.",
            "a value of the column cutoff of that series.",
            "leave the cutoff out to plot the last one.",
        )
    return found


def _panel(frame: pd.DataFrame, ahead: pd.DataFrame, title: str, history: int | None) -> _Panel:
    rows = frame[frame["unique_id"] == ahead["unique_id"].iloc[0]]
    past = rows[rows["ds"] < ahead["ds"].min()]
    if "cutoff" in ahead:  # a gap before the forecast was not known either
        past = past[past["ds"] <= ahead["cutoff"].iloc[0]]
    if "y" not in ahead:
        known = rows.set_index("ds")["y"]
        if ahead["ds"].isin(known.index).any():
            ahead = ahead.assign(y=ahead["ds"].map(known))
    shown = max(3 * len(ahead), 30) if history is None else history
    return _Panel(title, past.tail(shown) if shown else past.iloc[:0], ahead)


def _draw_forecast(
    axes: Axes, panel: _Panel, models: Sequence[str], levels: Sequence[float]
) -> None:
    past, ahead = panel.past, panel.ahead
    times, truth = past["ds"].to_numpy(), past["y"].to_numpy("float64")
    if "y" in ahead:
        times = np.concatenate([times, ahead["ds"].to_numpy()])
        truth = np.concatenate([truth, ahead["y"].to_numpy("float64")])
    model, *others = models
    _shade_intervals(axes, ahead, model, levels)
    axes.plot(times, truth, color=INK, lw=1.1, label="observed", **lone_points(truth))
    looks = [(RIVAL, "--"), *((MUTED, dashes) for dashes in DASHES[1:])]
    for name, (color, dashes) in reversed(list(zip(others, looks, strict=False))):
        values, style = ahead[name], {"color": color, "linestyle": dashes}
        axes.plot(ahead["ds"], values, label=label(name), **style, **lone_points(values))
    values = ahead[model]
    axes.plot(ahead["ds"], values, color=MODEL, label=label(model), **lone_points(values))
    if len(past):
        axes.axvline(past["ds"].iloc[-1], color=MUTED, linewidth=0.7, linestyle=":")
    axes.set_title(panel.title)
    time_axis(axes, np.concatenate([times, ahead["ds"].to_numpy()]))
    thousands(axes)
    axes.margins(x=0.01)


def _shade_intervals(axes: Axes, ahead: pd.DataFrame, model: str, levels: Sequence[float]) -> None:
    """Shade the intervals, the widest first, so that the darkest is where truth lies most often."""
    for level in sorted(levels, reverse=True):
        low, high = bound_columns(model, (level,))
        axes.fill_between(
            ahead["ds"],
            ahead[low].astype("float64"),
            ahead[high].astype("float64"),
            color=MODEL,
            alpha=0.14,
            linewidth=0,
            label=f"{level:g}% interval",
        )


def _checked_models(forecasts: pd.DataFrame, models: Sequence[str] | None) -> list[str]:
    there = model_columns(forecasts)
    chosen = there if models is None else list(models)
    for name in chosen:
        if name not in there:
            listed = ", ".join(there) or "none"
            raise UserError(
                f"The forecasts have no model {name!r}.",
                f"columns of the forecasts: {listed}.",
                did_you_mean(name, there, otherwise="choose one of those."),
            )
    if not chosen:
        raise UserError(
            "The forecasts have no column of a model.",
            "a column for each model, such as lstm.",
            "give the table that predict or backtest returned.",
        )
    return chosen


def _checked_levels(
    forecasts: pd.DataFrame, model: str, levels: Sequence[float] | None
) -> tuple[float, ...]:
    there = levels_of(model, forecasts.columns)
    wanted = there if levels is None else check_levels(levels)
    for level in wanted:
        if level not in there:
            listed = ", ".join(f"{one:g}" for one in there) or "none"
            raise UserError(
                f"The forecasts of {model} have no interval of {level:g}%.",
                f"one of the levels in the forecasts: {listed}.",
                "leave levels out, or forecast with that level.",
            )
    return wanted


def _dots(count: int, few: int, *, size: float) -> dict[str, Any]:
    return {"marker": "o", "markersize": size} if count < few else {}


def _spans_decades(history: pd.DataFrame) -> bool:
    """Whether losses differ so much that a linear axis would hide the later ones."""
    losses = history[[name for name in ("loss", "val_loss") if name in history]].to_numpy("float64")
    losses = losses[np.isfinite(losses)]
    return bool(losses.size and losses.min() > 0 and losses.max() / losses.min() > 50)


def _above(rows: pd.DataFrame, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Lags and norms of one layer, NaN where a norm is not above the floor."""
    norms = rows["norm"].to_numpy("float64")
    return rows["lag"].to_numpy(), np.where(norms > floor, norms, np.nan)
