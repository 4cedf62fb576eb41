"""``report.html`` of a memory recipe: the longest lag that each network solves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.reporting.format import label, number, spread
from keras_rnn_recipes.reporting.page import Page, Section, Table, render_page, settings_tables
from keras_rnn_recipes.reporting.parts import figure_rows
from keras_rnn_recipes.reporting.readme_tables import Named, markdown_rows, with_range
from keras_rnn_recipes.reporting.shapes import report_shape
from keras_rnn_recipes.reporting.style import (
    INK,
    MODEL,
    MUTED,
    legend_above,
    log_axis,
    new_figure,
    svg_of,
)
from keras_rnn_recipes.storage import read_json, replacing

_METRICS = ("longest_lag", "gradient", "reach", "steps")
EXPLANATION = (
    "Each network is trained at the lags of its recipe in ascending order until it fails at one. "
    "With several seeds: the median, with the minimum and maximum in brackets. Longest lag: the "
    "last one solved, 0 for none. Gradient norm: norm of the loss gradient with respect to the "
    "hidden state at the first step, after training at that lag (at the shortest lag if none was "
    "solved). Gradient left: its ratio to the norm at the last step. Steps: training steps until "
    "the lag was solved."
)


def write_report(run_dir: str | Path, trials: pd.DataFrame) -> Path:
    """Write the report of a memory recipe into its run directory.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json`` and
            ``environment.json``.
        trials: from `climb`.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    record, config = read_json(folder / "metrics.json"), read_json(folder / "config.json")
    name = str(trials["cell"].iloc[0])
    data, fit = config.get("data", {}), config.get("fit", {})
    steps = int(fit.get("epochs", 0) * (fit.get("steps_per_epoch") or 100))
    page = Page(
        title=f"How far back: the {data.get('problem', '')} problem",
        kind="unknown",
        verdict=_sentence({name: record["model"], **record["baselines"]}),
        facts=[
            counted(len(trials), "trial"),
            f"at most {counted(steps, 'step')}",
            f"trained in {number(round(record['fit_seconds']))} s",
        ],
        caption="Longest lag solved; after training at that lag, the norm of the loss gradient "
        "with respect to the hidden state at the first step and its ratio to the norm at the last "
        "step. ● marks the longest lag.",
        first="Network",
        columns=[label(metric) for metric in _METRICS],
        rows=_rows(name, record),
        more_tables=[_every_trial(trials, name)],
        figures=[_climbs(trials), _gradients(trials)],
        shape=report_shape(config),
        tables=settings_tables(config, read_json(folder / "environment.json")),
    )
    target = folder / "report.html"
    with replacing(target) as staged:
        staged.write_text(render_page(page), encoding="utf-8")
    return target


def markdown_table(named: Sequence[Named]) -> str:
    """The Markdown table of memory recipes: a row per network, in the order of the recipe.

    Args:
        named: recipes and their recorded runs, which differ in the seed alone.
    """
    headings = ("Recipe", "Network", *map(label, _METRICS), "Seeds")
    rows = []
    for recipe, records in named:
        networks = [{r["name"]: r["model"], **r["baselines"]} for r in records]
        for place, name in enumerate(networks[0]):
            found = [spread([one.get(name, {}).get(m) for one in networks]) for m in _METRICS]
            cells = [with_range(figures, len(records), padded=False) for figures in found]
            rows.append([recipe if place == 0 else "", label(name), *cells, str(len(records))])
    ruler = "---|---|" + "---:|" * (len(_METRICS) + 1)
    return markdown_rows(headings, ruler, rows) + f"\n{EXPLANATION}\n"


def _rows(name: str, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table; only the longest lag has a best value."""
    rows = figure_rows(name, record, _METRICS, "longest_lag")
    for row in rows:
        for cell in row["cells"][1:]:
            cell["best"] = False
    return rows


def _sentence(figures: Mapping[str, Mapping[str, Any]]) -> str:
    longest = {name: row["longest_lag"] for name, row in figures.items()}
    furthest = max(longest.values())
    if not furthest:
        return "No network solved the shortest lag within its training steps."
    names = [label(name) for name, lag in longest.items() if lag == furthest]
    others = [f"{label(name)} {lag}" for name, lag in longest.items() if lag < furthest]
    rest = f". Others: {', '.join(others)}" if others else ""
    return f"The longest lag solved is {furthest}, by {', '.join(names)}{rest}."


def _every_trial(trials: pd.DataFrame, name: str) -> Table:
    columns = ("lag", "solved", "error", "steps", "reach_before", "reach", "seconds")
    rows = [
        (
            label(row["cell"]),
            row["cell"] == name,
            [
                ("yes" if row[one] else "no") if one == "solved" else number(row[one])
                for one in columns
            ],
        )
        for row in trials.to_dict("records")
    ]
    headings = ["lag", "solved", "error", "steps", "gradient left before", "after", "s"]
    caption = (
        "All trials in the order in which they ran. A network stops at the first lag it fails at."
    )
    return Table("Trials", caption, "Network", headings, rows)


def _climbs(trials: pd.DataFrame) -> Section:
    """A row per network, a dot per solved lag, a cross per failed one."""
    names, lags = list(dict.fromkeys(trials["cell"])), sorted(set(trials["lag"]))
    with new_figure(0.9 + 0.3 * len(names), axes_grid_axis="both") as (figure, axes):
        for row, name in enumerate(names):
            of_cell = trials[trials["cell"] == name]
            solved, failed = of_cell[of_cell["solved"]], of_cell[~of_cell["solved"].astype(bool)]
            ends = [lags[0], solved["lag"].max() if len(solved) else lags[0]]
            axes.plot(ends, [row, row], color=MODEL, linewidth=2.5 if len(solved) else 0)
            axes.plot(solved["lag"], [row] * len(solved), "o", color=MODEL, markersize=6)
            axes.plot(failed["lag"], [row] * len(failed), "x", color=MUTED, markersize=6)
        axes.set(xlabel="lag", ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), [label(name) for name in names], color=INK)
        _lag_axis(axes, lags)
        figure.set_label(_sentence({n: _longest(trials, n) for n in names}))
    return Section(
        "Lags solved", svg_of(figure), "● solved, × not solved within the training steps."
    )


def _gradients(trials: pd.DataFrame) -> Section:
    """The ratio of the gradient norm at the first step to that at the last, by lag."""
    with new_figure(2.8) as (figure, axes):
        for number_of, (name, rows) in enumerate(trials.groupby("cell", sort=False)):
            shown = rows[rows["reach"] > 0]
            style = ("-", "--", ":", "-.")[number_of // 2 % 4]
            color = (MODEL, INK)[number_of % 2]
            axes.plot(
                shown["lag"],
                shown["reach"],
                style,
                color=color,
                marker="o",
                ms=3,
                label=label(str(name)),
            )
        axes.set(xlabel="lag", ylabel="share left")
        log_axis(axes)
        _lag_axis(axes, sorted(set(trials["lag"])))
        legend_above(figure, axes, columns=3)
        figure.set_label(
            "Ratio of the gradient norm at the first step to that at the last, by lag."
        )
    caption = (
        "Norm of the loss gradient with respect to the hidden state at the first step, divided by "
        "the norm at the last step, after training at each lag, solved or not."
    )
    return Section("Gradient left at the first step", svg_of(figure), caption)


def _longest(trials: pd.DataFrame, name: str) -> dict[str, int]:
    solved = trials[(trials["cell"] == name) & trials["solved"].astype(bool)]
    return {"longest_lag": int(solved["lag"].max()) if len(solved) else 0}


def _lag_axis(axes: Any, lags: list[int]) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(lags))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
