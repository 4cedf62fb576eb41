"""What the report of a forecaster is made of: the files of a run, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import model_columns
from keras_rnn_recipes.reporting.format import deciding_metric, label
from keras_rnn_recipes.storage import read_json, read_table


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


def read_content(
    run_dir: str | Path,
    frame: pd.DataFrame | None = None,
    *,
    notes: Sequence[str] = (),
    seeds: Sequence[Mapping[str, float]] = (),
) -> ReportContent:
    """Read what a report is made of from a run directory; arguments as ``write_report``."""
    folder = Path(run_dir)
    record = read_json(folder / "metrics.json")
    config = read_json(folder / "config.json")
    scored = bool(record.get("model"))
    if not record or (scored and not (folder / "backtest.csv").exists()):
        raise UserError(
            f"There is no evaluated run in {folder}.",
            "a run directory with metrics.json and backtest.csv.",
            "finish the run with --resume, or check the path.",
        )
    future = read_table(folder / "forecasts.csv")
    tested = read_table(folder / "backtest.csv") if scored else future.assign(cutoff=0, y=0)[:0]
    name = next(one for one in model_columns(tested) if one not in record["baselines"])
    data = config.get("data", {})
    return ReportContent(
        title=_title(name, config),
        name=name,
        record=record,
        tested=tested,
        scores=read_table(folder / "scores.csv") if scored else _no_scores(name),
        frame=_truths(tested) if frame is None else frame,
        season_length=_main_season(data),
        history=read_table(folder / "history.csv"),
        gradients=read_json(folder / "gradients.json"),
        future=future,
        config=config,
        environment=read_json(folder / "environment.json"),
        notes=[*notes, *read_json(folder / "intervals.json").get("notes", ())],
        seeds=seeds,
    )


def _no_scores(name: str) -> pd.DataFrame:
    return pd.DataFrame({"metric": [], "unique_id": [], name: []})


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
