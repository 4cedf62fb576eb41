"""Metrics by one entry each: labels, directions, formats; and tables as plain text."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation import metric_info
from keras_rnn_recipes.evaluation.metric_info import METRICS, MetricInfo, metrics_of
from keras_rnn_recipes.evaluation.metrics import score, summarise
from keras_rnn_recipes.reporting.format import (
    best_baseline,
    deciding_metric,
    label,
    metric_value,
    verdict,
)
from keras_rnn_recipes.reporting.parts import figure_rows
from keras_rnn_recipes.reporting.results import results_table
from keras_rnn_recipes.reporting.text_table import text_table


def forecasting(**evaluate):
    return config_from_dict(
        {"data": {"source": "co2"}, "model": {"horizon": 2}, "evaluate": evaluate}
    )


def test_a_recipe_asks_for_rmsse_and_gets_the_number_worked_by_hand():
    config = forecasting(metrics=["rmsse", "mase"])
    # Differences of the history are 2, -2, 4: their mean square is 8. Errors are 3 and 1: 5.
    train = pd.DataFrame({"unique_id": "a", "ds": range(4), "y": [1.0, 3.0, 1.0, 5.0]})
    tested = pd.DataFrame({"unique_id": "a", "ds": [4, 5], "y": [5.0, 5.0], "lstm": [8.0, 4.0]})
    scores = score(tested, train, season_length=1, metrics=config.evaluate.metrics)
    assert summarise(scores)["lstm"] == pytest.approx({"rmsse": math.sqrt(5 / 8), "mase": 0.75})


def test_every_metric_of_series_can_be_asked_for_and_no_other():
    names = list(metrics_of("series"))
    assert {"mae", "mse", "rmse", "mape", "smape", "mase", "rmsse"} == set(names)
    assert list(forecasting(metrics=names).evaluate.metrics) == names
    with pytest.raises(UserError, match="'crps'"):
        forecasting(metrics=["crps"])


def test_a_metric_is_one_entry(monkeypatch):
    info = MetricInfo("hit rate", "hits, %", "series", more_is_better=True, form="percent")
    monkeypatch.setitem(metric_info.METRICS, "hits", info)
    record = {"model": {"hits": 75.0}, "baselines": {"naive": {"hits": 50.0}}}
    assert (
        "beats its best baseline, naive: hit rate 75, against 50."
        in verdict("lstm", record, "hits")[1]
    )
    rows = figure_rows("lstm", record, ["hits"], "hits")
    assert [row["cells"][0] for row in rows] == [
        {"text": "75.0%", "best": True, "range": ""},
        {"text": "50.0%", "best": False, "range": ""},
    ]
    assert results_table(record, name="lstm", metric="hits").splitlines()[:3] == [
        *("       hits, %", "lstm     75.0%", "naive    50.0%")
    ]
    assert "hits" in metrics_of("series")


@pytest.mark.parametrize("name", sorted(set(METRICS) - {"coverage"}))
def test_the_best_baseline_is_by_the_direction_of_the_metric(name):
    record = {"baselines": {"low": {name: 1.0}, "high": {name: 2.0}}}
    errors = {"error", "loss", "nats", "perplexity", "bits", "norm", "left", "steps", "score"}
    less = bool(errors & set(METRICS[name].name.split()))
    assert best_baseline(record, name) == ("low" if less else "high")
    assert not METRICS[name].more_is_better or not METRICS[name].in_units


def test_labels_are_told_apart():
    labels = [info.label for info in METRICS.values()]
    assert len(set(labels)) == len(labels)
    assert label("coverage-97.5") == "within 97.5%" and label("crps") == "CRPS"
    assert label("gru_skips") == "GRU (skips 2, 3)" and label("my_model") == "my model"


@pytest.mark.parametrize(
    ("figures", "series", "wanted"),
    [
        ({"mae": 1.0, "mase": 2.0}, 2, "mase"),
        ({"mae": 1.0, "mase": 2.0}, 1, "mae"),
        ({"mae": 1.0, "mase": float("nan"), "rmsse": 1.0}, 2, "rmsse"),
        ({"mae": 1.0, "rmsse": 1.0}, 1, "mae"),
        ({"mae": 1.0, "mase": None}, 2, "mae"),
        ({"smape": 1.0}, 2, "smape"),
        ({}, 2, "mae"),
    ],
)
def test_errors_in_units_do_not_decide_for_many_series(figures, series, wanted):
    assert deciding_metric(figures, series) == wanted


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("coverage-80", 79.96, "80.0%"),
        ("coverage-80", float("nan"), "–"),
        ("longest_lag", 1000.0, "1,000"),
        ("mae", 0.5, "0.5"),
        ("unheard of", 0.25, "0.25"),
    ],
)
def test_a_value_is_written_in_the_format_of_its_metric(metric, value, text):
    assert metric_value(metric, value) == text


def test_columns_of_a_text_table_are_aligned():
    rows = [("name", "", "n"), ("a", "bb", "10"), ("bcdef", "c", "2")]
    assert text_table(rows).splitlines() == ["name        n", "a      bb  10", "bcdef   c   2"]
    assert text_table(rows, left=3).splitlines() == [
        "name       n",
        "a      bb  10",
        "bcdef  c   2",
    ]
    assert text_table(rows, left=0).splitlines() == [
        *(" name       n", "    a  bb  10", "bcdef   c   2")
    ]
    assert text_table([]) == ""


@pytest.mark.parametrize(
    ("mine", "theirs", "kind", "said"),
    [
        (2.0, 2.5, "better", "by 20%"),
        (4.98, 5.0, "level", "does no better than"),
        (5.0, 4.0, "worse", "its error is 25% larger"),
        (5.0, 2.0, "worse", "its error is 150% larger"),
        (6.0, 2.0, "worse", "its error is 3.0 times as large"),
        (8.0, 2.0, "worse", "its error is 4.0 times as large"),
        (1.0, 0.0, "worse", "which made no error"),
        (0.0, 0.0, "level", "does no better than"),
    ],
)
def test_an_error_is_judged_by_its_ratio_to_that_of_the_best_baseline(mine, theirs, kind, said):
    record = {"model": {"mae": mine}, "baselines": {"naive": {"mae": theirs}, "drift": {"mae": 9}}}
    found, text = verdict("gru", record, "mae")
    assert found == kind and said in text and "naive" in text and "drift" not in text


@pytest.mark.parametrize(
    ("mine", "theirs", "kind"),
    [
        (0.9, 0.8, "better"),
        (0.8, 0.9, "worse"),
        (0.8, 0.8, "level"),
        (0.0, 0.0, "level"),
        (0.801, 0.8, "level"),
        (0.799, 0.8, "level"),
    ],
)
def test_a_share_is_judged_by_its_difference(mine, theirs, kind):
    record = {
        "model": {"accuracy": mine},
        "baselines": {"majority": {"accuracy": theirs}, "tfidf": {"accuracy": -1.0}},
    }
    found, text = verdict("gru", record, "accuracy")
    assert found == kind and "majority" in text and "%" not in text
