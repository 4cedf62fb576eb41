"""Markdown tables of recorded runs, as READMEs show them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from keras_rnn_recipes.evaluation.metric_info import more_is_better
from keras_rnn_recipes.reporting.format import best_baseline, label, number, spread

Named = tuple[str, Sequence[Mapping[str, Any]]]


METRICS = ("mae", "smape", "mase")

HEADINGS = (
    "Recipe",
    "Model",
    *(label(metric) for metric in METRICS),
    "Best baseline",
    "Its MAE",
    "Its MASE",
    "Ratio",
    "Parameters",
    "Fit, s",
    "Seeds",
)

EXPLANATION = (
    "Figures are means over series; with several seeds, the median and in brackets the least and "
    "the greatest. Ratio is the error of the model over that of its best baseline (MASE, else "
    "MAE): below 1, in bold, the model is better."
)

TEXT_EXPLANATION = (
    "With several seeds, the median and in brackets the least and the greatest; baselines, below "
    "the model that they belong to from the best on, by their medians."
)


def table_of_series(named: Sequence[Named]) -> str:
    """The Markdown table of forecasting recipes: a row each, with the best baseline.

    Args:
        named: recipes and their recorded runs, which differ in the seed alone.
    """
    rows = [_row(name, records) for name, records in named]
    return markdown_rows(
        HEADINGS, "---|---|" + "---:|" * len(METRICS) + "---|" + "---:|" * 6, rows
    ) + (f"\n{EXPLANATION}\n")


def table_of_answers(named: Sequence[Named]) -> str:
    """The Markdown table of text recipes: a row of the model, then each baseline, best first.

    Args:
        named: recipes and their recorded runs, which differ in the seed alone.
    """
    metrics = list(dict.fromkeys(m for _, records in named for m in records[0]["model"]))
    headings = ("Recipe", "Answered by", *map(label, metrics), "Parameters", "Fit, s", "Seeds")
    rows = [row for name, records in named for row in _text_rows(name, records, metrics)]
    ruler = "---|---|" + "---:|" * (len(metrics) + 3)
    return markdown_rows(headings, ruler, rows) + f"\n{TEXT_EXPLANATION}\n"


def markdown_rows(headings: Sequence[str], ruler: str, rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table.

    Args:
        headings: of the columns.
        ruler: the cells of the line below them, such as ``"---|---:|"``.
        rows: cells as texts.
    """
    lines = [headings, *rows]
    head, *body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, f"|{ruler}", *body]) + "\n"


def _text_rows(
    recipe: str, records: Sequence[Mapping[str, Any]], metrics: Sequence[str]
) -> list[list[str]]:
    first, *_ = metrics_of = list(records[0]["model"])
    sign = -1.0 if more_is_better(first) else 1.0
    figures = {
        name: {
            metric: spread([r["baselines"].get(name, {}).get(metric) for r in records])
            for metric in metrics_of
        }
        for name in records[0]["baselines"]
    }

    def worse(name: str) -> float:
        found = figures[name][first]
        return math.inf if found is None else sign * found[0]

    mine = {metric: spread([r["model"].get(metric) for r in records]) for metric in metrics_of}
    rows = [
        [
            recipe,
            f"**{label(records[0]['name'])}**",
            *(with_range(mine.get(metric), len(records)) for metric in metrics),
            f"{records[0]['num_parameters']:,}",
            number(round(statistics.median(r["fit_seconds"] for r in records))),
            str(len(records)),
        ]
    ]
    for name in sorted(figures, key=worse):
        cells = [with_range(figures[name].get(metric), 1) for metric in metrics]
        rows.append(["", label(name), *cells, "", "", ""])
    return rows


def _row(recipe: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
    mine = {metric: spread([r["model"].get(metric) for r in records]) for metric in METRICS}
    deciding = "mase" if mine["mase"] and best_baseline(records[0], "mase") else "mae"
    # Of the baselines only ridge depends on the seed, and little: medians will do.
    theirs = {
        name: {
            metric: (spread([r["baselines"].get(name, {}).get(metric) for r in records]) or [None])[
                0
            ]
            for metric in METRICS
        }
        for name in records[0]["baselines"]
    }
    rival = best_baseline({"baselines": theirs}, deciding)
    against = theirs[rival] if rival is not None else dict.fromkeys(METRICS)
    return [
        recipe,
        label(records[0]["name"]),
        *(with_range(mine[metric], len(records)) for metric in METRICS),
        label(rival) if rival is not None else "–",
        number(against["mae"], padded=True),
        number(against["mase"], padded=True),
        _ratio(mine[deciding], against[deciding]),
        f"{records[0]['num_parameters']:,}",
        number(round(statistics.median(r["fit_seconds"] for r in records))),
        str(len(records)),
    ]


def with_range(found: tuple[float, float, float] | None, count: int, *, padded: bool = True) -> str:
    """Write a median, with the least and the greatest where there are several seeds.

    Args:
        found: from `spread`; a dash for None.
        count: of seeds.
        padded: as in `number`.
    """
    if found is None:
        return "–"
    middle, low, high = (number(value, padded=padded) for value in found)
    return f"{middle} ({low} to {high})" if count > 1 else middle


def _ratio(mine: tuple[float, float, float] | None, theirs: float | None) -> str:
    if mine is None or not theirs:
        return "–"
    ratio = mine[0] / theirs
    return f"**{ratio:.3f}**" if ratio < 1 else f"{ratio:.3f}"
