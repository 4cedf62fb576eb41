"""The pictures of a report: inline SVG whose colours are the page's, light or dark.

Matplotlib draws with stand-in colours; these are then replaced by CSS variables, and its text stays
text. Figures are made without pyplot, so that no state is shared and no window toolkit is needed.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullFormatter

from keras_rnn_recipes.evaluation.levels import bound_columns, levels_of
from keras_rnn_recipes.reporting.format import label

INK, MUTED, RULE, MODEL, RIVAL = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"

_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", MODEL: "model", RIVAL: "rival"}

STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a series may be called "a$b$"
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
}

WIDTH = 7.4

_DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (1, 3)), (0, (6, 2, 1, 2, 1, 2)))


def learning_curves(history: pd.DataFrame) -> str:
    """Draw loss and validation loss by epoch, the best epoch marked.

    Args:
        history: columns ``epoch``, ``loss`` and perhaps ``val_loss``.
    """
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(2.6)
        epochs = history["epoch"].to_numpy()
        dots: dict[str, Any] = {"marker": "o", "markersize": 3.5} if len(epochs) < 15 else {}
        axes.plot(epochs, history["loss"], color=MUTED, label="training", **dots)
        best = ""
        if "val_loss" in history and history["val_loss"].notna().any():
            axes.plot(epochs, history["val_loss"], color=MODEL, label="validation", **dots)
            at = int(np.nanargmin(history["val_loss"].to_numpy()))
            low = history["val_loss"].iloc[at]
            axes.plot(epochs[at], low, "o", color=MODEL, markersize=6, label="lowest")
            best = f"; validation is lowest at epoch {epochs[at]}"
        axes.set(xlabel="epoch", ylabel="loss")
        axes.xaxis.set_major_locator(_whole())
        _wide_range(axes, history)
        _legend(figure, axes)
        return svg_of(figure, f"Loss by epoch over {len(epochs)} epochs{best}.")


def forecast_panels(panels: Sequence[Mapping], *, model: str, rival: str | None) -> str:
    """Draw forecasts one above the other, each with the history before it and the truth.

    Args:
        panels: each with ``title``, ``past`` (columns ds, y) and ``ahead`` (columns ds, model,
            rival, the model's bounds, and ``y`` where the truth is known).
        model: the model's column.
        rival: the best baseline's column, if any.
    """
    with mpl.rc_context(STYLE):
        figure, all_axes = figure_of(0.5 + 1.75 * len(panels), rows=len(panels))
        for axes, panel in zip(np.atleast_1d(all_axes), panels, strict=True):
            past, ahead = panel["past"], panel["ahead"]
            times, truth = past["ds"].to_numpy(), past["y"].to_numpy()
            if "y" in ahead:
                times = np.concatenate([times, ahead["ds"].to_numpy()])
                truth = np.concatenate([truth, ahead["y"].to_numpy()])
            _bands(axes, ahead, model)
            axes.plot(times, truth, color=INK, lw=1.1, label="observed", **_lonely(truth))
            if rival is not None and rival in ahead:
                axes.plot(
                    ahead["ds"],
                    ahead[rival],
                    color=RIVAL,
                    linestyle="--",
                    label=label(rival),
                    **_lonely(ahead[rival]),
                )
            axes.plot(
                ahead["ds"], ahead[model], color=MODEL, label=label(model), **_lonely(ahead[model])
            )
            if len(past):
                axes.axvline(past["ds"].iloc[-1], color=MUTED, linewidth=0.7, linestyle=":")
            axes.set_title(panel["title"])
            _time_axis(axes, times)
            _thousands(axes)
            axes.margins(x=0.01)
        _legend(figure, np.atleast_1d(all_axes)[0])
        titles = "; ".join(panel["title"] for panel in panels)
        return svg_of(figure, f"Observed values and forecasts: {titles}.")


def _bands(axes: Axes, ahead: pd.DataFrame, model: str) -> None:
    """Shade the intervals, the widest first, so that the darkest is where truth lies most often."""
    for level in reversed(levels_of(model, ahead.columns)):
        low, high = bound_columns(model, (level,))
        axes.fill_between(
            ahead["ds"],
            ahead[low],
            ahead[high],
            color=MODEL,
            alpha=0.14,
            linewidth=0,
            label=f"{level:g}% interval",
        )


def error_by_step(profile: pd.DataFrame, *, model: str, rival: str | None, unit: str) -> str:
    """Draw the error of the model and of each baseline against the step ahead.

    Args:
        profile: columns ``step`` and one per model.
        model: the model's column.
        rival: the best baseline's column, if any.
        unit: what the error is measured in.
    """
    others = [str(name) for name in profile.columns if name not in ("step", model, rival)]
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(2.9)
        dots: dict[str, Any] = {"marker": "o", "markersize": 4} if len(profile) < 4 else {}
        for name, dashes in zip(others, _DASHES, strict=False):
            axes.plot(
                profile["step"],
                profile[name],
                color=MUTED,
                linestyle=dashes,
                linewidth=1.1,
                label=label(name),
                **dots,
            )
        if rival is not None:
            axes.plot(
                profile["step"], profile[rival], color=RIVAL, ls="--", label=label(rival), **dots
            )
        axes.plot(
            profile["step"], profile[model], color=MODEL, linewidth=2, label=label(model), **dots
        )
        axes.set(xlabel="steps ahead", ylabel=unit)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(_whole())
        _thousands(axes)
        _legend(figure, axes)
        first, last = profile[model].iloc[[0, -1]]
        return svg_of(
            figure,
            f"Mean absolute error by step ahead; {label(model)} goes from {first:.4g} at the first "
            f"step to {last:.4g} at step {profile['step'].iloc[-1]}.",
        )


def histogram(values: Mapping[str, np.ndarray], *, rival: str | None, unit: str, count: str) -> str:
    """Draw how the errors of the series are distributed, model and best baseline.

    Args:
        values: per model, one error a series; the model first.
        rival: the best baseline's name, if it is among them.
        unit: what is on the horizontal axis.
        count: what is counted.
    """
    everything = np.concatenate(list(values.values()))
    low, high = everything.min(), np.quantile(everything, 0.99)
    edges = np.linspace(low, high if high > low else low + 1, min(40, 8 + len(everything) // 8))
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(2.5)
        for name, errors in values.items():
            shown = np.clip(errors, edges[0], edges[-1])
            color = RIVAL if name == rival else MODEL
            style: dict[str, Any] = {"histtype": "step", "linewidth": 1.5, "linestyle": "--"}
            if name != rival:
                style = {"histtype": "stepfilled", "alpha": 0.35}
            axes.hist(shown, bins=edges.tolist(), color=color, label=label(name), **style)
            axes.axvline(np.median(errors), color=color, linewidth=1.2, linestyle=":")
        axes.set(xlabel=f"{unit} (the last bar holds all that is larger)", ylabel=count)
        axes.yaxis.set_major_locator(_whole(5))
        _legend(figure, axes)
        medians = ", ".join(f"{label(n)} {np.median(v):.4g}" for n, v in values.items())
        return svg_of(figure, f"Distribution of {unit} over series; medians: {medians}.")


def residuals(errors: np.ndarray, bias: pd.DataFrame, *, model: str, unit: str) -> str:
    """Draw the distribution of the model's errors and its mean error by step ahead.

    Args:
        errors: forecast minus truth.
        bias: columns ``step`` and the model's.
        model: the model's column.
        unit: what the errors are measured in.
    """
    low, high = np.quantile(errors, [0.005, 0.995])
    reach = max(abs(low), abs(high)) or 1.0
    with mpl.rc_context(STYLE):
        figure, (left, right) = figure_of(2.4, columns=2)
        left.hist(
            np.clip(errors, -reach, reach),
            bins=min(31, 8 + len(errors) // 8),
            color=MODEL,
            alpha=0.45,
        )
        left.set_title("All errors")
        left.set(xlabel=f"{unit}, forecast minus truth", ylabel="forecasts")
        left.axvline(0, color=INK, linewidth=0.9)
        right.bar(bias["step"], bias[model], color=MODEL, alpha=0.6, width=0.8)
        right.axhline(0, color=INK, linewidth=0.9)
        right.set_title("Mean error by step ahead")
        right.set(xlabel="steps ahead")
        right.xaxis.set_major_locator(_whole())
        _thousands(right)
        _thousands(left)
        if reach >= 1e4:
            left.xaxis.set_major_formatter(EngFormatter(sep=""))
        return svg_of(
            figure,
            f"Errors of {label(model)}: mean {np.mean(errors):.4g}, middle half from "
            f"{np.quantile(errors, 0.25):.4g} to {np.quantile(errors, 0.75):.4g}.",
        )


def figure_of(height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """An empty figure as wide as a page, so many inches high, and its axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns)


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), handlelength=2.2)


def _lonely(values: Sequence[float] | np.ndarray | pd.Series) -> dict[str, Any]:
    """A point whose neighbours are missing makes no line, so it is drawn as a dot."""
    there = ~np.isnan(np.asarray(values, dtype="float64"))
    around = np.pad(there, 1)
    alone = np.flatnonzero(there & ~around[:-2] & ~around[2:])
    return {"marker": "o", "markersize": 2.5, "markevery": alone.tolist()} if len(alone) else {}


def _time_axis(axes: Axes, times: np.ndarray) -> None:
    if np.issubdtype(times.dtype, np.datetime64):
        locator = AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        axes.xaxis.set_major_locator(_whole())


def _whole(count: int = 8) -> MaxNLocator:
    return MaxNLocator(nbins=count, integer=True, steps=[1, 2, 5, 10])


def _thousands(axes: Axes) -> None:
    """Write 29,015 and 1.2M; never a factor above the axis."""
    largest = max(map(abs, axes.get_ylim()))
    plain = FuncFormatter(lambda value, _: f"{value:,.6g}".replace("-", "−"))
    axes.yaxis.set_major_formatter(EngFormatter(sep="") if largest >= 1e5 else plain)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))


def _wide_range(axes: Axes, history: pd.DataFrame) -> None:
    losses = history[[name for name in ("loss", "val_loss") if name in history]].to_numpy()
    losses = losses[np.isfinite(losses)]
    if losses.size and losses.min() > 0 and losses.max() / losses.min() > 50:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        _thousands(axes)


def svg_of(figure: Figure, description: str) -> str:
    """Give the figure as an ``<svg>`` element with a description and the page's colours."""
    buffer = io.StringIO()
    # The salt makes names differ between the figures of a page, and be the same for the same run.
    with mpl.rc_context({"svg.hashsalt": description}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    # Groups are named alike in every figure; only clip paths and markers are referred to.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = re.sub(r"font: ([^;\"']*?)'[^;\"]*", r"font: \1system-ui, sans-serif", text)
    for color, variable in _VARIABLES.items():
        text = text.replace(color, f"var(--{variable})")
    head = f'<svg role="img" aria-label="{html.escape(description)}" '
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', head + r"\1>", text, count=1)
    return re.sub(r"\n\s*", "\n", text)
