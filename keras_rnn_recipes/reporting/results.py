"""The figures of a run: ``metrics.json``, and the table that is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.evaluation.metric_info import is_of_intervals
from keras_rnn_recipes.reporting.format import deciding_metric, label, metric_value, verdict
from keras_rnn_recipes.reporting.text_table import text_table

if TYPE_CHECKING:
    import pandas as pd


def results_record(
    summary: Mapping[str, Mapping[str, float]],
    model: Any,
    history: pd.DataFrame | None,
    *,
    name: str,
    task: str = "forecasting",
    totals: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The content of ``metrics.json``.

    Args:
        summary: metrics by model, from ``summarise``.
        model: the model, for its number of parameters (``count_params``).
        history: what ``fit`` returned, for the time that it took; None if nothing was trained.
        name: which of the models in ``summary`` is the trained one; the others are baselines.
        task: what it was trained for.
        totals: the sums of forecast and observed values, from ``totals``; left out if None.
    """
    return {
        "format_version": 1,
        "task": task,
        "model": dict(summary[name]),
        "baselines": {other: dict(m) for other, m in summary.items() if other != name},
        "num_parameters": int(model.count_params()),
        "fit_seconds": 0.0 if history is None else round(float(history["seconds"].sum()), 3),
        **({"totals": dict(totals)} if totals else {}),
    }


def results_table(
    record: Mapping[str, Any], *, name: str, num_series: int = 1, metric: str | None = None
) -> str:
    """The scores as plain text, the model first, and in words whether it beats its baselines.

    Below them, where there are intervals, stands a table of how well those hold.

    Args:
        record: the content of ``metrics.json``.
        name: what the model is called.
        num_series: how many series were forecast.
        metric: to compare by; None for that which `deciding_metric` names.

    Example:
        >>> record = {"model": {"mae": 1.0}, "baselines": {"naive": {"mae": 2.0}}}
        >>> print(results_table(record, name="lstm"))
               MAE
        lstm     1
        naive    2
        The LSTM beats its best baseline, naive, by 50%: mean absolute error 1, against 2.
    """
    if not record["model"]:
        return verdict(name, record, "mae")[1]
    rows = {name: record["model"], **record["baselines"]}
    metrics = [metric for metric in record["model"] if not is_of_intervals(metric)]
    table = [["", *map(label, metrics)]]
    table += [
        [row, *(metric_value(m, values.get(m)) for m in metrics)] for row, values in rows.items()
    ]
    metric = metric or deciding_metric(record["model"], num_series)
    lines = [text_table(table), verdict(name, record, metric)[1]]
    of_intervals, figures = interval_figures(rows)
    if figures:
        table = [["intervals", *map(label, of_intervals)]]
        table += [[row, *cells] for row, cells in figures.items()]
        lines.append(text_table(table))
    return "\n".join(lines)


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
        row: [metric_value(metric, figures.get(metric), padded=True) for metric in metrics]
        for row, figures in rows.items()
        if metrics and any(metric in figures for metric in metrics)
    }
