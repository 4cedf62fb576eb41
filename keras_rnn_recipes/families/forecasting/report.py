"""``report.html``: what a run came to, in one file that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import model_columns
from keras_rnn_recipes.evaluation.metrics import is_of_intervals, score_notes
from keras_rnn_recipes.families.forecasting import report_sections as sections
from keras_rnn_recipes.reporting.format import deciding_metric, label, number, verdict
from keras_rnn_recipes.reporting.page import Page, Table, render_page, settings_tables
from keras_rnn_recipes.reporting.parts import figure_rows
from keras_rnn_recipes.reporting.readme_tables import table_of_series
from keras_rnn_recipes.reporting.results import interval_figures
from keras_rnn_recipes.storage import read_json, read_table, replacing

markdown_table = table_of_series


@dataclass(frozen=True)
class ReportContent:
    """All that a report is made of; what is empty is left out of it.

    Args:
        title: the heading.
        name: the model's column in ``tested``, ``scores`` and ``future``.
        record: the content of ``metrics.json``.
        tested: what ``backtest`` returned.
        scores: what ``score`` returned.
        frame: columns ``unique_id, ds, y``: the series, for the history before the forecasts.
        season_length: steps in a season.
        history: one row per epoch: ``epoch``, ``loss``, perhaps ``val_loss``.
        gradients: the content of ``gradients.json``.
        future: what ``forecast_future`` returned.
        config: the resolved configuration.
        environment: the content of ``environment.json``.
        notes: sentences about the data.
        seeds: the model's figures of several seeds, this run's among them.
    """

    title: str
    name: str
    record: Mapping[str, Any]
    tested: pd.DataFrame
    scores: pd.DataFrame
    frame: pd.DataFrame
    season_length: int = 1
    history: pd.DataFrame = field(default_factory=pd.DataFrame)
    gradients: Mapping[str, Any] = field(default_factory=dict)
    future: pd.DataFrame = field(default_factory=pd.DataFrame)
    config: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seeds: Sequence[Mapping[str, float]] = ()

    @property
    def metric(self) -> str:
        """The figure that decides."""
        return deciding_metric(self.record["model"], self.scores["unique_id"].nunique())


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


def read_content(
    run_dir: str | Path,
    frame: pd.DataFrame | None = None,
    *,
    notes: Sequence[str] = (),
    seeds: Sequence[Mapping[str, float]] = (),
) -> ReportContent:
    """Read what a report is made of from a run directory; arguments as :func:`write_report`."""
    folder = Path(run_dir)
    record = read_json(folder / "metrics.json")
    config = read_json(folder / "config.json")
    if not record or not (folder / "backtest.csv").exists():
        raise UserError(
            f"There is no evaluated run in {folder}.",
            "a run directory with metrics.json and backtest.csv.",
            "finish the run with --resume, or check the path.",
        )
    tested = read_table(folder / "backtest.csv")
    trained = [name for name in model_columns(tested) if name not in record["baselines"]]
    data = config.get("data", {})
    return ReportContent(
        title=_title(trained[0], config),
        name=trained[0],
        record=record,
        tested=tested,
        scores=read_table(folder / "scores.csv"),
        frame=_truths(tested) if frame is None else frame,
        season_length=_main_season(data),
        history=read_table(folder / "history.csv"),
        gradients=read_json(folder / "gradients.json"),
        future=read_table(folder / "forecasts.csv"),
        config=config,
        environment=read_json(folder / "environment.json"),
        notes=[*notes, *read_json(folder / "intervals.json").get("notes", ())],
        seeds=seeds,
    )


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
            caption="Means over series; smaller is better, ● marks the best of a column.",
            first="Forecast by",
            columns=[label(metric) for metric in _metrics(content)],
            rows=figure_rows(
                content.name, content.record, _metrics(content), content.metric, content.seeds
            ),
            num_seeds=len(content.seeds),
            more_tables=_intervals(content),
            figures=sections.figures(content),
            notes=[*content.notes, *score_notes(content.scores)],
            tables=settings_tables(content.config, content.environment),
        )
    )


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
            "How sure the forecasts are",
            "Truths of the test part that lay within the intervals of each level; their share "
            "should be the level. MSIS is the width with a fine for every miss, CRPS the error of "
            "all quantiles together; of both, less is better.",
            "Forecast by",
            [label(metric) for metric in metrics],
            [(label(name), name == content.name, row) for name, row in figures.items()],
        )
    ]


def _facts(content: ReportContent) -> list[str]:
    tested, record = content.tested, content.record
    origins = tested.drop_duplicates(["unique_id", "cutoff"])
    steps = int(len(tested) / len(origins))
    series = origins["unique_id"].nunique()
    facts = [
        f"{series:,} series" if series > 1 else "one series",
        f"tested from {len(origins):,} origins, {steps} step{'s' * (steps > 1)} ahead each"
        if len(origins) > 1
        else f"tested from one origin, {steps} step{'s' * (steps > 1)} ahead",
    ]
    if record.get("num_parameters"):
        facts.append(f"{record['num_parameters']:,} parameters")
    if record.get("fit_seconds"):
        facts.append(f"trained in {number(round(record['fit_seconds'], 1))} s")
    if content.config.get("fit", {}).get("refit"):
        facts.append("trained again on all data for the forecast")
    return facts


def _title(name: str, config: Mapping[str, Any]) -> str:
    source = str(config.get("data", {}).get("source") or "")
    model = config.get("model", {})
    parts = [label(name)[0].upper() + label(name)[1:]]
    parts += [str(model["strategy"])] if model.get("strategy") else []
    return ", ".join(parts) + (f", on {Path(source).name}" if source else "")


def _main_season(data: Mapping[str, Any]) -> int:
    season = data.get("season_length") or 1
    return int(season[0]) if isinstance(season, list) else int(season)


def _truths(tested: pd.DataFrame) -> pd.DataFrame:
    rows = tested[["unique_id", "ds", "y"]].drop_duplicates(["unique_id", "ds"])
    return rows.sort_values(["unique_id", "ds"], ignore_index=True)
