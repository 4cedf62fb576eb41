"""Parts that the reports of all families share: the table of figures, and how it was learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from keras_rnn_recipes.running import plots
from keras_rnn_recipes.running.report_page import Section
from keras_rnn_recipes.running.wording import MORE_IS_BETTER, label, number, spread


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
                ranges[metric] = " to ".join(number(end, padded=True) for end in found[1:])
    cost = {(one, m): _cost(m, row.get(m)) for one, row in figures.items() for m in metrics}
    best = {metric: min(cost[one, metric] for one in figures) for metric in metrics}
    baselines = sorted(record["baselines"], key=lambda one: cost[one, deciding])
    return [
        {
            "name": label(one),
            "model": one == name,
            "cells": [
                {
                    "text": number(figures[one].get(metric), padded=True),
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
            f"{int(best['epoch'])} of {len(history)}; the weights of {kept} epoch were kept."
        )
    return Section("Learning", Markup(plots.learning_curves(history)), caption)


def _cost(metric: str, value: float | None) -> float:
    """Smaller is better; what is missing is worst."""
    if value is None or not math.isfinite(value):
        return math.inf
    return -float(value) if metric in MORE_IS_BETTER else float(value)
