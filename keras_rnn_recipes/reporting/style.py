"""How figures look: colors, fonts and axes, and figures as SVG or PNG.

Figures are made without pyplot, so that no state is shared and no window toolkit is needed. They
have the light colors of the report page; `svg_of` replaces them by the page's CSS variables, so
that a figure in a report follows light and dark. Text stays text.
"""

from __future__ import annotations

import contextlib
import html
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, MaxNLocator, NullFormatter

PAPER, INK, MUTED, RULE = "#fdfdfb", "#1c1e22", "#5f646d", "#dddcd6"

MODEL, RIVAL = "#0b5cad", "#a8500a"

_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", MODEL: "model", RIVAL: "rival"}

STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a series may be called "a$b$"
    "font.family": "sans-serif",
    "font.size": 9.0,
    "text.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
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

# Inches: on the page a figure is as wide as the text.
WIDTH = 7.4

_PNG_DPI = 110

DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (1, 3)), (0, (6, 2, 1, 2, 1, 2)))


@contextlib.contextmanager
def new_figure(
    height: float, *, rows: int = 1, columns: int = 1, **style: Any
) -> Iterator[tuple[Figure, Any]]:
    """An empty figure of this style; what is drawn inside the ``with`` block has the style too.

    Args:
        height: in inches.
        rows, columns: of axes.
        style: further settings of matplotlib, with ``_`` for each dot: ``axes_grid=False``.

    Yields:
        The figure and its axes, as `matplotlib.figure.Figure.subplots` gives them. Set the label
        of the figure (``figure.set_label``) to a description for screen readers.

    Example:
        >>> with new_figure(2.0) as (figure, axes):
        ...     _ = axes.plot([1, 2], [3, 4], color=MODEL)
        ...     figure.set_label("A rising line.")
        >>> svg_of(figure)[:45]
        Markup('<svg role="img" aria-label="A rising line." v')
    """
    settings: Any = {name.replace("_", "."): value for name, value in style.items()}
    with mpl.rc_context({**STYLE, **settings}):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        # Jupyter shows it also where pyplot, which would register figures, was never imported.
        vars(figure)["_repr_png_"] = partial(png_of, figure)
        all_axes = figure.subplots(rows, columns)
        for axes in np.atleast_1d(all_axes).flat:
            for axis in (axes.xaxis, axes.yaxis):
                # Later ticks, which are made when the figure is drawn, copy these.
                axis.get_major_ticks(1)
                axis.get_minor_ticks(1)
        yield figure, all_axes


def svg_of(figure: Figure) -> Markup:
    """The figure as an ``<svg>`` element in the page's colors, its label as the description.

    Args:
        figure: from `new_figure`.
    """
    description = str(figure.get_label())
    buffer = io.StringIO()
    # The salt makes names differ between the figures of a page, and be the same for the same run.
    with mpl.rc_context({**STYLE, "svg.hashsalt": description}), warnings.catch_warnings():
        # Letters stay text in the file, and a browser has fonts for other scripts.
        warnings.filterwarnings("ignore", r"Glyph \d+ .*missing from")
        metadata: Any = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", facecolor="none", metadata=metadata)
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
    return Markup(re.sub(r"\n\s*", "\n", text))


def png_of(figure: Figure) -> bytes:
    """The figure as a PNG file, on light paper."""
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format="png", dpi=_PNG_DPI)
    return buffer.getvalue()


def legend_above(figure: Figure, axes: Axes, *, columns: int | None = None) -> None:
    """One legend above all axes, of what the given ones show.

    Args:
        figure: that the axes belong to.
        axes: whose labels are listed.
        columns: labels in a row; None for all.
    """
    handles, labels = axes.get_legend_handles_labels()
    columns = columns or max(len(labels), 1)
    figure.legend(handles, labels, loc="outside upper left", ncols=columns, handlelength=2.2)


def lone_points(values: Sequence[float] | np.ndarray | pd.Series) -> dict[str, Any]:
    """Options of ``plot`` that draw a dot for a point whose neighbors are missing: it has no line.

    Example:
        >>> lone_points([1.0, float("nan"), 2.0, 3.0])["markevery"]
        [0]
    """
    there = ~np.isnan(np.asarray(values, dtype="float64"))
    around = np.pad(there, 1)
    alone = np.flatnonzero(there & ~around[:-2] & ~around[2:])
    return {"marker": "o", "markersize": 2.5, "markevery": alone.tolist()} if len(alone) else {}


_SECOND_YEAR = np.datetime64("0003-01-01")


def time_axis(axes: Axes, times: np.ndarray) -> None:
    """Label the horizontal axis with dates, or with whole numbers where times are numbers."""
    if np.issubdtype(times.dtype, np.datetime64):
        locator = AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        if times.min() < _SECOND_YEAR:  # Matplotlib has no dates in the margin before year 1
            axes.set_xlim(times.min(), times.max())
    else:
        axes.xaxis.set_major_locator(whole_numbers())


def whole_numbers(count: int = 8) -> MaxNLocator:
    """Ticks at whole numbers, at most so many."""
    return MaxNLocator(nbins=count, integer=True, steps=[1, 2, 5, 10])


def thousands(axes: Axes) -> None:
    """Label the vertical axis as 29,015 and 1.2M; never with a factor above the axis."""
    largest = max(map(abs, axes.get_ylim()))
    plain = FuncFormatter(lambda value, _: f"{value:,.6g}".replace("-", "−"))
    axes.yaxis.set_major_formatter(EngFormatter(sep="") if largest >= 1e5 else plain)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))


def log_axis(axes: Axes) -> None:
    """Make the vertical axis logarithmic, labelled 0.01, 0.1 and 1."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
