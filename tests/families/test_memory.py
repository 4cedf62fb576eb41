"""Networks climb until they fail; what is kept, resumed, tabled and told."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.config.files import config_from_dict, dump_toml
from keras_rnn_recipes.data.memory_problems import MemoryProblem
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import memory
from keras_rnn_recipes.families.memory import climbing
from keras_rnn_recipes.runs.records import record_run
from keras_rnn_recipes.serving.keras_model import load_model
from keras_rnn_recipes.workflows import run as runner
from keras_rnn_recipes.workflows.tables import results_markdown

EASY = {
    "family": "memory",
    "data": {"problem": "adding", "lags": [20, 4]},
    "model": {"cells": ["gru", "simple_rnn"], "units": [16]},
    "fit": {"epochs": 6, "steps_per_epoch": 50, "learning_rate": 0.01},
    "evaluate": {"solved": 0.3, "size": 200},
}


def trial(cell, lag, solved):
    figures = {"error": 0.1, "steps": 10 * lag, "gradient": 0.5, "reach": 1 / lag}
    return {"cell": cell, "lag": lag, "solved": solved, **figures, "seconds": 2.0}


def test_the_longest_lag_is_the_last_one_before_the_failure():
    rows = [trial("gru", 10, True), trial("gru", 20, True), trial("gru", 40, False)]
    rows += [trial("simple_rnn", 10, False)]
    found = memory.score(pd.DataFrame(rows))
    assert list(found) == ["gru", "simple_rnn"]
    assert found["gru"]["longest_lag"] == 20 and found["gru"]["steps"] == 200
    assert found["gru"]["reach"] == 1 / 20
    assert found["simple_rnn"]["longest_lag"] == 0 and found["simple_rnn"]["reach"] == 1 / 10
    record = {"model": found["gru"], "baselines": {"simple_rnn": found["simple_rnn"]}}
    lines = memory.results_table(record, name="gru").splitlines()
    assert [line.split()[-3:] for line in lines[1:]] == [["20", "0.05", "200"], ["0", "0.1", "100"]]


def test_a_network_stops_at_the_lag_that_it_fails_at_and_others_go_on(monkeypatch):
    limits, tried = {"gru": 30, "simple_rnn": 5}, []

    def attempt(name, lag, config):
        tried.append((name, lag))
        solved = lag <= limits[name]
        figures = (0.1, 5, 0.5, 0.5, 0.5, 1.0)
        return climbing.Trial(name, lag, solved, *figures), f"{name} at {lag}"

    monkeypatch.setattr(climbing, "attempt", attempt)
    data = {"problem": "adding", "lags": [40, 10, 20, 80]}
    config = config_from_dict({**EASY, "data": data})
    told: list[str] = []
    trials, model = climbing.climb(config, told=told.append)
    assert tried == [("gru", 10), ("gru", 20), ("gru", 40), ("simple_rnn", 10)]
    assert trials["solved"].tolist() == [True, True, False, False]
    assert model == "gru at 20" and len(told) == 4
    limits["gru"] = 5
    assert climbing.climb(config)[1] == "gru at 10"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "easy.toml").write_text(dump_toml(config_from_dict(EASY), given_only=True))
    return runner.run(folder / "easy.toml", folder / "easy")


def test_a_run_learns_and_keeps_everything(finished):
    names = {path.name for path in finished.run_dir.iterdir()}
    expected = {"config.json", "recipe.toml", "trials.csv", "model.keras", "metrics.json"}
    assert names == expected | {"report.html", "environment.json"}
    trials = pd.read_csv(finished.run_dir / "trials.csv")
    assert finished.config.data.lags == (4, 20)
    assert trials["lag"].iloc[0] == 4 and trials["solved"].iloc[0]
    assert (trials["steps"] <= 300).all() and (trials["steps"] % 50 == 0).all()
    assert ((trials["error"] <= 0.3) == trials["solved"]).all()
    assert trials["reach"].between(1e-9, 1e3).all() and trials["gradient"].gt(0).all()
    record = finished.metrics
    assert record["task"] == "memory" and list(record["baselines"]) == ["simple_rnn"]
    assert record["model"]["longest_lag"] in (4, 20)
    page = (finished.run_dir / "report.html").read_text()
    # Two figures, and the shape of the task.
    assert page.count("<svg") == 3 and "the adding problem" in page and "simple RNN" in page


def test_the_network_that_is_kept_is_the_first_at_its_longest_lag(finished):
    longest = finished.metrics["model"]["longest_lag"]
    drawn = MemoryProblem("adding", longest).draw(200, seed=0, unseen=True)
    model = load_model(finished.run_dir)
    assert model.name == "gru"
    error = MemoryProblem("adding", longest).error(drawn.answers, np.array(model(drawn.inputs)))
    trials = pd.read_csv(finished.run_dir / "trials.csv")
    row = trials[(trials["cell"] == "gru") & (trials["lag"] == longest)].iloc[0]
    assert error == pytest.approx(row["error"], rel=1e-3)


@pytest.mark.slow
def test_an_interrupted_run_goes_on_and_comes_to_the_same(finished, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(finished.run_dir, folder)
    trials = pd.read_csv(folder / "trials.csv")
    trials[trials["cell"] == "gru"].to_csv(folder / "trials.csv", index=False)
    for name in ("metrics.json", "report.html"):
        (folder / name).unlink()
    result = runner.run(finished.run_dir.parent / "easy.toml", folder, resume=True)
    again = pd.read_csv(folder / "trials.csv")
    columns = [name for name in trials if name != "seconds"]
    pd.testing.assert_frame_equal(again[columns], trials[columns])
    assert result.metrics["model"] == finished.metrics["model"]


def test_seeds_share_a_row_in_the_table(finished, tmp_path):
    for seed, lag in ((0, 20), (1, 40), (2, 100)):
        folder = tmp_path / str(seed)
        shutil.copytree(finished.run_dir, folder)
        record = json.loads((folder / "metrics.json").read_text())
        record["model"]["longest_lag"] = lag
        (folder / "metrics.json").write_text(json.dumps(record))
        config = json.loads((folder / "config.json").read_text())
        config["fit"]["seed"] = seed
        (folder / "config.json").write_text(json.dumps(config))
        record_run(folder, "memory/easy", tmp_path / "results")
    rows = results_markdown([tmp_path / "results"]).splitlines()
    assert rows[2].startswith("| easy | GRU | 40 (20 to 100) |") and rows[2].endswith("| 3 |")
    assert rows[3].startswith("|  | simple RNN | ") and "Longest lag" in rows[5]


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("data", {"problem": "adding", "lags": []}, "lags"),
        ("data", {"problem": "adding", "lags": [1]}, "lags"),
        ("data", {"problem": "forgetting"}, "problem"),
        ("data", {"problem": "adding", "symbols": 3}, "data.symbols 3"),
        ("model", {"cells": ["rnn"]}, "cells"),
        ("fit", {"schedule": "cosine"}, "schedule"),
        ("evaluate", {"solved": 1.5}, "solved"),
    ],
)
def test_mistakes_in_a_recipe_are_told(section, change, message):
    with pytest.raises(UserError, match=message):
        config_from_dict({**EASY, section: change})


def test_there_is_nothing_to_predict_evaluate_or_export(finished, tmp_path):
    (tmp_path / "new.csv").write_text("a\n1\n")
    given = ["--input", str(tmp_path / "new.csv")]
    for command in (
        ["predict", str(finished.run_dir), *given, "--output", str(tmp_path / "out.csv")],
        ["evaluate", str(finished.run_dir), *given],
        ["export", str(finished.run_dir), "--to", str(tmp_path / "out")],
        ["gradients", str(finished.run_dir)],
        ["backtest", str(finished.run_dir)],
        ["backtest", str(finished.run_dir), "--no-refit"],
        ["backtest", "memory/adding_quick", "--run-dir", str(tmp_path / "out")],
        ["tune", "memory/adding_quick", "--run-dir", str(tmp_path / "out")],
    ):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 2, (command, result.output, result.exception)
        assert not (tmp_path / "out.csv").exists() and not (tmp_path / "out").exists()
