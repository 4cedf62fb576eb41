"""``report.html`` of a forecaster: what a run came to, in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.evaluation.metric_info import is_of_intervals
from keras_rnn_recipes.evaluation.metrics import score_notes
from keras_rnn_recipes.families.forecasting.report_content import ReportContent, read_content
from keras_rnn_recipes.families.forecasting.report_sections import report_sections
from keras_rnn_recipes.reporting.format import label, number, verdict
from keras_rnn_recipes.reporting.page import Page, Table, render_page, settings_tables
from keras_rnn_recipes.reporting.parts import figure_rows
from keras_rnn_recipes.reporting.readme_tables import table_of_series
from keras_rnn_recipes.reporting.results import interval_figures
from keras_rnn_recipes.reporting.shapes import report_shape
from keras_rnn_recipes.storage import replacing

markdown_table = table_of_series


def write_report(
    run_dir: str | Path,
    frame: pd.DataFrame | None = None,
    *,
    notes: Sequence[str] = (),
    seeds: Sequence[Mapping[str, float]] = (),
) -> Path:
    """Write ``report.html`` into a run directory, from the files that stand there.

    Read are ``metrics.json``, ``backtest.csv`` and ``scores.csv``, and if they are there
    ``config.json``, ``history.csv``, ``forecasts.csv`` and ``environment.json``.

    Args:
        run_dir: the folder of the run.
        frame: columns ``unique_id, ds, y``: the series that the run was about. Without them the
            history before a forecast is only what the backtest holds of it.
        notes: sentences about the data, such as ``Panel.notes``.
        seeds: the model's figures of several seeds, this run's among them, as the ``"model"`` of
            their ``metrics.json``.

    Returns:
        The path of the report.

    Raises:
        UserError: if the run was not evaluated, or the report cannot be written.

    Example:
        >>> write_report("runs/co2", panel.frame, notes=panel.notes)  # doctest: +SKIP
    """
    content = read_content(run_dir, frame, notes=notes, seeds=seeds)
    target = Path(run_dir) / "report.html"
    with replacing(target) as staged:
        staged.write_text(render_report(content), encoding="utf-8")
    return target


def render_report(content: ReportContent) -> str:
    """Make the page.

    Example:
        >>> table = pd.DataFrame(
        ...     {"unique_id": "a", "ds": [1], "cutoff": 0, "y": [1.0], "lstm": [1.5], "naive": [3]})
        >>> page = render_report(ReportContent(
        ...     title="A run", name="lstm", tested=table,
        ...     record={"model": {"mae": 0.5}, "baselines": {"naive": {"mae": 2.0}}},
        ...     scores=pd.DataFrame({"metric": ["mae"], "unique_id": "a", "lstm": 0.5, "naive": 2}),
        ...     frame=pd.DataFrame({"unique_id": "a", "ds": [0, 1], "y": [3.0, 1.0]})))
        >>> "beats its best baseline" in page
        True
    """
    figures = [seed.get(content.metric) for seed in content.seeds]
    kind, sentence = verdict(content.name, content.record, content.metric, figures)
    return render_page(
        Page(
            title=content.title,
            kind=kind,
            verdict=sentence,
            facts=_facts(content),
            caption="Mean over series; smaller is better, and ● marks the best of each column.",
            first="Model",
            columns=[label(metric) for metric in _metrics(content)],
            rows=_rows(content),
            num_seeds=len(content.seeds),
            more_tables=_intervals(content),
            figures=report_sections(content),
            notes=[*content.notes, *score_notes(content.scores)],
            shape=report_shape(content.config),
            tables=settings_tables(content.config, content.environment),
        )
    )


def _rows(content: ReportContent) -> list[dict[str, Any]]:
    if content.tested.empty:
        return []
    metrics = _metrics(content)
    return figure_rows(content.name, content.record, metrics, content.metric, content.seeds)


def _metrics(content: ReportContent) -> list[str]:
    return [metric for metric in content.record["model"] if not is_of_intervals(metric)]


def _intervals(content: ReportContent) -> list[Table]:
    """Give the table of intervals: coverage, MSIS and CRPS of every model that has some."""
    metrics, figures = interval_figures(
        {content.name: content.record["model"], **content.record["baselines"]}
    )
    if not figures:
        return []
    return [
        Table(
            "Forecast intervals",
            "The share of test values inside the intervals of each level: it should be the level; "
            "below it, the model is too sure. MSIS is the width of the intervals plus a penalty "
            "for each miss, CRPS the mean error over all quantiles; smaller is better for both.",
            "Model",
            [label(metric) for metric in metrics],
            [(label(name), name == content.name, row) for name, row in figures.items()],
        )
    ]


def _facts(content: ReportContent) -> list[str]:
    tested, record = content.tested, content.record
    facts = _tested_facts(tested) if len(tested) else []
    if record.get("num_parameters"):
        facts.append(f"{record['num_parameters']:,} parameters")
    if record.get("fit_seconds"):
        facts.append(f"trained in {number(round(record['fit_seconds'], 1))} s")
    fit = content.config.get("fit", {})
    if fit.get("epochs") == 0:
        facts.append("pretrained on generated series, not trained on these")
    if fit.get("refit"):
        facts.append("trained again on all data for the forecast")
    return facts


def _tested_facts(tested: pd.DataFrame) -> list[str]:
    origins = tested.drop_duplicates(["unique_id", "cutoff"])
    steps = int(len(tested) / len(origins))
    series = origins["unique_id"].nunique()
    return [
        f"{series:,} series" if series > 1 else "one series",
        f"tested from {len(origins):,} origins, {counted(steps, 'step')} ahead each"
        if len(origins) > 1
        else f"tested from one origin, {counted(steps, 'step')} ahead",
    ]
