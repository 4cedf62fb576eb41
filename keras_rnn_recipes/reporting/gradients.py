"""How far errors reach back, as a picture for the report and as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from markupsafe import Markup
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from keras_rnn_recipes.diagnostics.gradient_health import FADED
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.reporting.page import Section
from keras_rnn_recipes.reporting.plots import INK, MODEL, MUTED, STYLE, figure_of, svg_of
from keras_rnn_recipes.storage import read_json

# More layers than that (of an ensemble, say) are drawn without their names.
_NAMED = 4

# What is less than that of the largest norm is rounding, and not drawn.
_DEPTH = 1e-8

_DASHES: tuple[Any, ...] = ("-", "--", ":", "-.")


def gradient_section(record: Mapping[str, Any]) -> Section | None:
    """The part of a report about gradients; None where nothing was measured.

    Args:
        record: the content of ``gradients.json``.
    """
    if not record:
        return None
    told = "; ".join(_told(row) for row in record["judged"][:_NAMED])
    rest = len(record["judged"]) - _NAMED
    more = f"; and {rest} further layers" if rest > 0 else ""
    found = " ".join(record["advice"]) or f"{told[:1].upper()}{told[1:]}{more}."
    caption = (
        "The slope of the error by what a layer gave out so many steps before: by how much the "
        f"network learns from there. {found}"
    )
    return Section("How far errors reach back", Markup(draw_flows(record)), caption)


def gradient_lines(run_dir: str | Path) -> list[str]:
    """What was measured in a run, and what to do about it, line by line.

    Raises:
        UserError: nothing was measured there.
    """
    record = read_json(Path(run_dir) / "gradients.json")
    if not record:
        raise UserError(
            f"{run_dir} does not tell how far errors reach back.",
            "gradients.json, which training a recurrent network writes.",
            "run it again, without fit.watch_gradients = false.",
        )
    rows = [("layer", "steps", "reach", "rate", "at the end", "")]
    rows += [
        (
            row["layer"],
            str(row["steps"]),
            str(row["reach"]),
            _number(row["rate"]),
            _number(row["last"]),
            row["verdict"],
        )
        for row in record["judged"]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join([row[0].ljust(widths[0]), *(_right(row[1:], widths[1:]))]).rstrip()
        for row in rows
    ]
    return [
        *table,
        "",
        f"reach: steps back to which more than {FADED:.0%} of the error at lag 0 comes; "
        "rate: what is left of it with each step.",
        *([""] if record["advice"] else []),
        *record["advice"],
    ]


def draw_flows(record: Mapping[str, Any]) -> str:
    """Draw the norms by lag on a logarithmic axis, of the first measurement and of the last.

    Args:
        record: the content of ``gradients.json``.
    """
    flows = record["flows"]
    last = flows[-1]["epoch"]
    final = [flow for flow in flows if flow["epoch"] == last]
    named = len(final) <= _NAMED
    with mpl.rc_context(STYLE):
        figure, axes = figure_of(2.8)
        largest = max((max(flow["norms"]) for flow in flows), default=1.0) or 1.0
        for start in flows if flows[0]["epoch"] != last else ():
            if start["epoch"] != last:
                axes.plot(_shown(start["norms"], largest), color=MUTED, lw=1.0, alpha=0.7)
        for number, flow in enumerate(final):
            dashes = _DASHES[number % len(_DASHES)] if named else "-"
            axes.plot(
                _shown(flow["norms"], largest),
                color=MODEL,
                linestyle=dashes,
                label=flow["layer"] if named else None,
            )
            if len(final) == 1:
                axes.axhline(
                    FADED * flow["norms"][0], color=INK, lw=0.9, ls=":", label="1% of lag 0"
                )
        if flows[0]["epoch"] != last:
            when = f"after {flows[0]['epoch']} epochs" if flows[0]["epoch"] else "before training"
            axes.plot([], [], color=MUTED, lw=1.0, label=when)
        axes.set(xlabel="lag, steps back", ylabel="norm of the slope", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(LogLocator(numticks=6))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="y", which="minor", length=0)
        axes.margins(x=0.01)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels))
        told = "; ".join(_told(row) for row in record["judged"][:_NAMED])
        return svg_of(figure, f"Norm of the error's slope by lag: {told}.")


def _told(row: Mapping[str, Any]) -> str:
    if row["verdict"] == "none":
        return f"no error comes to {row['layer']}"
    if row["verdict"] == "exploding":
        return f"in {row['layer']} it grows on the way back"
    if row["reach"] == row["steps"]:
        return f"in {row['layer']} it reaches back over all {row['steps']} steps"
    return (
        f"in {row['layer']} it falls below {FADED:.0%} after {row['reach']} of {row['steps']} steps"
    )


def _shown(norms: list[float], largest: float) -> np.ndarray:
    values = np.asarray([np.nan if norm is None else norm for norm in norms], "float64")
    return np.where(values > _DEPTH * largest, values, np.nan)


def _number(value: float | None) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.3g}"


def _right(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    return [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
