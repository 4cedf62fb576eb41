"""Parts of the reports of all families: the table of scores and the learning curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.metric_info import more_is_better
from keras_rnn_recipes.reporting.format import label, metric_value, number, spread, verdict
from keras_rnn_recipes.reporting.gradients import gradient_section
from keras_rnn_recipes.reporting.page import Page, Section, Table, render_page, settings_tables
from keras_rnn_recipes.reporting.plots import plot_history
from keras_rnn_recipes.reporting.shapes import report_shape
from keras_rnn_recipes.reporting.style import svg_of
from keras_rnn_recipes.storage import read_json, read_table, replacing


def figure_rows(
    name: str,
    record: Mapping[str, Any],
    metrics: Sequence[str],
    deciding: str,
    seeds: Sequence[Mapping[str, float]] = (),
) -> list[dict[str, Any]]:
    """Give the table: the model, then baselines from best to worst; the best of a column marked.

    Args:
        name: what the model is called.
        record: the content of ``metrics.json``.
        metrics: the columns.
        deciding: the one that baselines are sorted by.
        seeds: the model's figures of several seeds, if there are.

    Example:
        >>> record = {"model": {"accuracy": 0.9}, "baselines": {"majority": {"accuracy": 0.5}}}
        >>> rows = figure_rows("gru", record, ["accuracy"], "accuracy")
        >>> [row["cells"][0]["best"] for row in rows]
        [True, False]
    """
    figures = {name: dict(record["model"]), **record["baselines"]}
    ranges: dict[str, str] = {}
    if len(seeds) > 1:
        for metric in metrics:
            if found := spread([seed.get(metric) for seed in seeds]):
                figures[name][metric] = found[0]
                ranges[metric] = " to ".join(
                    metric_value(metric, end, padded=True) for end in found[1:]
                )
    cost = {(one, m): _cost(m, row.get(m)) for one, row in figures.items() for m in metrics}
    best = {metric: min(cost[one, metric] for one in figures) for metric in metrics}
    baselines = sorted(record["baselines"], key=lambda one: cost[one, deciding])
    return [
        {
            "name": label(one),
            "model": one == name,
            "cells": [
                {
                    "text": metric_value(metric, figures[one].get(metric), padded=True),
                    "best": cost[one, metric] == best[metric] < math.inf,
                    "range": ranges.get(metric, "") if one == name else "",
                }
                for metric in metrics
            ],
        }
        for one in (name, *baselines)
    ]


def learning_section(history: pd.DataFrame, config: Mapping[str, Any]) -> Section | None:
    """Draw the loss by epoch; None where nothing was recorded."""
    if history.empty or "loss" not in history:
        return None
    if "epoch" not in history:
        history = history.assign(epoch=np.arange(1, len(history) + 1))
    caption = "Loss after each epoch."
    if "val_loss" in history and history["val_loss"].notna().any():
        best = history.iloc[int(np.nanargmin(history["val_loss"].to_numpy()))]
        kept = "last" if config.get("fit", {}).get("keep") == "last" else "that"
        caption = (
            f"Loss after each epoch. Validation was best, {number(best['val_loss'])}, at epoch "
            f"{int(best['epoch'])} of {int(history['epoch'].max())}; the weights of {kept} epoch "
            "were kept."
        )
        if history["epoch"].min() == 0:
            caption += " Epoch 0 is the pretrained network before the training."
    return Section("Learning curve", svg_of(plot_history(history)), caption)


def scores_table(
    title: str, caption: str, first: str, scores: Mapping[str, Mapping[str, float]]
) -> Table:
    """A row for each way in which one network was used.

    Args:
        title, caption: of the table.
        first: heading of the column of names.
        scores: by name and metric; without any, the table is empty and left out of a page.
    """
    metrics = list(next(iter(scores.values()), {}))
    rows = [
        (label(name), False, [metric_value(one, values[one], padded=True) for one in metrics])
        for name, values in scores.items()
    ]
    return Table(title, caption, first, [label(one) for one in metrics], rows)


def write_text_page(
    run_dir: str | Path,
    *,
    name: str,
    kind: str,
    facts: Sequence[str],
    first: str,
    caption: str,
    more_tables: Sequence[Table] = (),
    figures: Sequence[Section | None] = (),
) -> Path:
    """Write ``report.html`` of a text run: what all families have, and what one brings along.

    Args:
        run_dir: with ``metrics.json`` and, if they are there, ``config.json``, ``history.csv`` and
            ``environment.json``.
        name: what the model is called; its first metric decides.
        kind: what it is, such as "classifier", for the title.
        facts: phrases below the verdict, before those of every model.
        first, caption: of the table of figures.
        more_tables, figures: below it, before the learning curve; empty tables are left out.

    Returns:
        The path of the report.
    """
    folder = Path(run_dir)
    record, config = read_json(folder / "metrics.json"), read_json(folder / "config.json")
    metrics = list(record["model"])
    colour, sentence = verdict(name, record, metrics[0])
    sections = [
        *figures,
        learning_section(read_table(folder / "history.csv"), config),
        gradient_section(read_json(folder / "gradients.json")),
    ]
    page = Page(
        title=f"{label(name)} {kind}" + _on_data(config.get("data", {})),
        kind=colour,
        verdict=sentence,
        facts=[
            *facts,
            f"{record['num_parameters']:,} parameters",
            f"trained in {number(round(record['fit_seconds'], 1))} s",
        ],
        caption=caption,
        first=first,
        columns=[label(metric) for metric in metrics],
        rows=figure_rows(name, record, metrics, metrics[0]),
        more_tables=[table for table in more_tables if table.rows],
        figures=[section for section in sections if section is not None],
        shape=report_shape(config),
        tables=settings_tables(config, read_json(folder / "environment.json")),
    )
    target = folder / "report.html"
    with replacing(target) as staged:
        staged.write_text(render_page(page), encoding="utf-8")
    return target


def _on_data(data: Mapping[str, Any]) -> str:
    source = data.get("source") or data.get("train") or ""
    source = source[0] if isinstance(source, list) else source
    return f", on {Path(source).name}" if source else ""


def _cost(metric: str, value: float | None) -> float:
    """Smaller is better; what is missing is worst."""
    if value is None or not math.isfinite(value):
        return math.inf
    return -float(value) if more_is_better(metric) else float(value)
