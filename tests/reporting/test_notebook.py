"""Results and forecasters as HTML, which Jupyter shows."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.families.evaluation import Evaluation
from keras_rnn_recipes.reporting.notebook import scores_html
from keras_rnn_recipes.serving.saved_forecaster import SavedForecaster
from keras_rnn_recipes.workflows.run import RunResult

RECORD = {
    "model": {"mae": 2.0, "coverage-80": 81.0, "mase": 0.5},
    "baselines": {"drift": {"mae": 3.0, "mase": 0.9}, "naive": {"mae": 1.0, "mase": None}},
}


class Table(HTMLParser):
    """The rows of a table as texts, and which of them are bold; fails on other tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.bold: list[str] = []
        self.caption, self._open = "", [""]
        self.feed(text)
        assert self._open == [""]

    def handle_starttag(self, tag, attrs):
        assert tag in {"table", "caption", "tr", "th", "td", "b"} and not attrs
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1] == "caption":
            self.caption += data
        elif self._open[-1] in {"th", "td", "b"}:
            self.rows[-1].append(data)
            self.bold += [data] if self._open[-1] == "b" else []


def forecaster(**options) -> SavedForecaster:
    given = {"num_targets": 1, "num_past": 0, "time": None, "levels": ()}
    return SavedForecaster(Path("runs/<b>"), 12, **{**given, **options}, _module=None, _serve=None)


def test_the_model_comes_first_and_the_best_of_each_column_is_bold():
    table = Table(scores_html("lstm", RECORD, "A run"))
    assert table.caption == "A run"
    assert table.rows == [
        ["Model", "MAE", "MASE"],
        ["LSTM", "2.000", "0.5000"],
        ["naive", "1.000", "–"],
        ["drift", "3.000", "0.9000"],
    ]
    assert table.bold == ["0.5000", "1.000"]


def test_names_are_escaped():
    record = {"model": {"mae": 1.0}, "baselines": {"<script>": {"mae": 2.0}}}
    table = Table(scores_html("<i>", record, "<script>alert(1)</script>"))
    assert table.caption == "<script>alert(1)</script>"
    assert [row[0] for row in table.rows] == ["Model", "<i>", "<script>"]


def test_a_run_that_has_no_scores_is_shown_all_the_same():
    assert Table(scores_html("lstm", {"model": {}, "baselines": {}}, "A run")).rows == [["Model"]]


def test_the_result_of_a_run_shows_its_scores():
    config = config_from_dict({"data": {"source": "co2"}, "model": {"preset": "gru", "horizon": 3}})
    table = Table(RunResult(Path("runs/<b>"), config, RECORD, 1.0)._repr_html_())
    assert table.caption.startswith(f"{config.headline}, in runs/<b>")
    assert [row[0] for row in table.rows] == ["Model", "GRU", "naive", "drift"]


def test_an_evaluation_shows_its_scores():
    summary = {"lstm": RECORD["model"], **RECORD["baselines"]}
    table = Table(Evaluation("lstm", summary)._repr_html_())
    assert [row[0] for row in table.rows] == ["Model", "LSTM", "naive", "drift"]


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, [["input history", "(batch, time)"], ["output forecast", "(batch, 12)"]]),
        (
            {"num_targets": 2, "num_past": 3, "num_future": 4, "num_static": 5, "time": 24},
            [
                ["input history", "(batch, 24, 2)"],
                ["input past", "(batch, 24, 3)"],
                ["input future", "(batch, 24 + 12, 4)"],
                ["input static", "(batch, 5)"],
                ["output forecast", "(batch, 12, 2)"],
            ],
        ),
        (
            {"levels": (80.0, 97.5)},
            [
                ["input history", "(batch, time)"],
                ["output forecast", "(batch, 12)"],
                ["intervals", "80%, 97.5%, from quantiles()"],
            ],
        ),
    ],
)
def test_a_forecaster_shows_what_goes_in_and_comes_out(options, rows):
    table = Table(forecaster(**options)._repr_html_())
    assert table.rows == rows
    assert table.caption == "Forecaster of 12 steps, from runs/<b>"
