"""Intervals in the report: a table of how often they held, and bands in the pictures."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from keras_rnn_recipes.evaluation.levels import bound_columns
from keras_rnn_recipes.evaluation.metrics import score, summarise
from keras_rnn_recipes.families.forecasting.report import render_report
from keras_rnn_recipes.families.forecasting.report_content import ReportContent

LEVELS = (80, 95)


def content_with(levels: tuple[float, ...]) -> ReportContent:
    """Three series, one origin each; the network's intervals hold three truths of four."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(["a", "b", "c"], 40),
            "ds": [*range(40)] * 3,
            "y": rng.normal(size=120),
        }
    )
    tested = frame[frame["ds"] >= 36].assign(cutoff=35, naive=0.5).reset_index(drop=True)
    missed = tested["ds"] == 39
    tested["lstm"] = tested["y"] + np.where(missed, 9.0, 0.1)
    for level in levels:
        low, high = bound_columns("lstm", (level,))
        tested[low], tested[high] = tested["lstm"] - level / 50, tested["lstm"] + level / 50
    scores = score(tested, frame, season_length=1)
    summary = summarise(scores)
    return ReportContent(
        title="A run",
        name="lstm",
        record={"model": summary.pop("lstm"), "baselines": summary},
        tested=tested,
        scores=scores,
        frame=frame,
        future=tested.drop(columns=["y", "cutoff", "naive"]),
    )


def test_the_report_says_how_often_intervals_held_and_shades_them():
    page = render_report(content_with(LEVELS))
    table = page[page.index("Forecast intervals") :]
    table = table[: table.index("</table>")]
    assert re.findall(r"<td>([\d.]+%)</td>", table) == ["75.0%", "75.0%"]
    assert "naive" not in table and "MSIS 95%" in table and "CRPS" in table
    first = page[page.index("<h2>Forecast</h2>") :]
    assert "95% interval" in first and "80% interval" in first
    # Coverage is no error of which less is better: it stands in no column beside MASE.
    errors = page[page.index("Model and baselines") : page.index("Forecast intervals")]
    assert "within" not in errors


def test_without_intervals_there_is_nothing_of_them():
    page = render_report(content_with(()))
    assert "Forecast intervals" not in page and "interval" not in page
