"""The figures of a run: ``metrics.json``, and the table that is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.evaluation.metrics import is_of_intervals
from keras_rnn_recipes.reporting.format import deciding_metric, label, number, verdict

if TYPE_CHECKING:
    import keras
    import pandas as pd


def results_record(
    summary: Mapping[str, Mapping[str, float]],
    model: keras.Model,
    history: pd.DataFrame,
    *,
    name: str,
    task: str = "forecasting",
) -> dict[str, Any]:
    """The content of ``metrics.json``.

    Args:
        summary: metrics by model, from ``summarise``.
        model: the trained model, for its number of parameters.
        history: what ``fit`` returned, for the time that it took.
        name: which of the models in ``summary`` is the trained one; the others are baselines.
        task: what it was trained for.
    """
    return {
        "format_version": 1,
        "task": task,
        "model": dict(summary[name]),
        "baselines": {other: dict(m) for other, m in summary.items() if other != name},
        "num_parameters": int(model.count_params()),
        "fit_seconds": round(float(history["seconds"].sum()), 3),
    }


def results_table(
    record: Mapping[str, Any], *, name: str, num_series: int = 1, metric: str | None = None
) -> str:
    """A plain table, the model first, and in words whether it beats its baselines.

    Below it, where there are intervals, a table of how well they hold. The comparison is by
    ``metric``, of forecasters by default that which `deciding_metric` names.

    Example:
        >>> record = {"model": {"mae": 1.0}, "baselines": {"naive": {"mae": 2.0}}}
        >>> print(results_table(record, name="lstm"))
                    mae
        lstm          1
        naive         2
        The LSTM beats its best baseline, naive, by 50%: mean absolute error 1, against 2.
    """
    rows = {name: record["model"], **record["baselines"]}
    metrics = [metric for metric in record["model"] if not is_of_intervals(metric)]
    table = [["", *metrics]]
    table += [[row, *(_figure(figures.get(m)) for m in metrics)] for row, figures in rows.items()]
    widths = [max(9, len(metric)) for metric in metrics]
    lines = [
        f"{first:<{max(map(len, rows))}}"
        + "".join(f" {cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for first, *cells in table
    ]
    metric = metric or deciding_metric(record["model"], num_series)
    return "\n".join([*lines, verdict(name, record, metric)[1], *_interval_lines(rows)])


def interval_figures(
    rows: Mapping[str, Mapping[str, float | None]],
) -> tuple[list[str], dict[str, list[str]]]:
    """Pick and write the figures of intervals that tell most: coverage, MSIS and CRPS.

    Args:
        rows: figures by model, as in ``metrics.json``.

    Returns:
        Names of the metrics, and by model their figures as texts; coverage in percent. Models
        without intervals are left out.

    Example:
        >>> interval_figures({"lstm": {"mae": 1.0, "coverage-80": 81.26}, "naive": {"mae": 2.0}})
        (['coverage-80'], {'lstm': ['81.3%']})
    """
    wanted = ("coverage", "msis", "crps")
    first = next(iter(rows.values()), {})
    metrics = [name for kind in wanted for name in first if name.partition("-")[0] == kind]
    return metrics, {
        row: [_interval_figure(metric, figures.get(metric)) for metric in metrics]
        for row, figures in rows.items()
        if metrics and any(metric in figures for metric in metrics)
    }


def _interval_figure(metric: str, value: float | None) -> str:
    if metric.startswith("coverage") and value is not None and value == value:
        return f"{value:.1f}%"
    return number(value, padded=True)


def _interval_lines(rows: Mapping[str, Mapping[str, float | None]]) -> list[str]:
    metrics, figures = interval_figures(rows)
    if not metrics:
        return []
    table = [
        ["intervals", *map(label, metrics)],
        *([row, *found] for row, found in figures.items()),
    ]
    width = max(len(row[0]) for row in table)
    return [f"{row[0]:<{width}}" + "".join(f" {cell:>12}" for cell in row[1:]) for row in table]


def _figure(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
