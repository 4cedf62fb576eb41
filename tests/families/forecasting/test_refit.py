"""Trained again on all data: judged on what was not known, forecast with what is."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from training.toy import toy_batches, toy_model

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import forecasting
from keras_rnn_recipes.training.loop import best_epoch, fit
from keras_rnn_recipes.training.state import set_seeds
from keras_rnn_recipes.workflows.backtest import backtest_run
from keras_rnn_recipes.workflows.folds import plan_folds
from keras_rnn_recipes.workflows.inference import evaluate, predict

HORIZON, LENGTH = 4, 60


def sales(length: int = LENGTH) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": pd.date_range("2024-01-01", periods=LENGTH + HORIZON),
                "y": rng.normal(level, level / 9, LENGTH + HORIZON),
            }
        ).head(length)
        for name, level in (("a", 10.0), ("b", 300.0))
    ]
    return pd.concat(parts, ignore_index=True)


def config_of(file, frame: pd.DataFrame, **changed):
    frame.to_csv(file, index=False)
    model = {"preset": "gru", "horizon": HORIZON, "lookback": 12, "units": [3], "scaling": "last"}
    fit = {"epochs": 3, "steps_per_epoch": 4, "keep": "last", "balanced": True, "seed": 5}
    given = {
        "data": {"source": str(file), "test_size": HORIZON, "valid_size": 0, "season_length": 7},
        "model": model,
        "fit": {**fit, "refit": True},
        "evaluate": {"baselines": ["naive"]},
    }
    for section, values in changed.items():
        given[section] = {**given[section], **values}
    return config_from_dict(given)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refit")
    return krr.run(config_of(folder / "sales.csv", sales()), folder / "run").run_dir


def weights_of(run_dir) -> list[np.ndarray]:
    return keras.saving.load_model(run_dir / "model.keras").get_weights()


@pytest.mark.slow
def test_it_is_the_network_of_a_run_that_holds_out_only_what_follows(run, tmp_path):
    longer = sales(LENGTH + HORIZON)
    config = config_of(tmp_path / "longer.csv", longer, fit={"refit": False})
    later = krr.run(config, tmp_path / "run").run_dir
    for one, other in zip(weights_of(run), weights_of(later), strict=True):
        np.testing.assert_array_equal(one, other)
    ours = pd.read_csv(run / "forecasts.csv")
    theirs = pd.read_csv(later / "backtest.csv")
    assert ours["ds"].tolist() == theirs["ds"].tolist()
    np.testing.assert_allclose(ours["gru"], theirs["gru"], rtol=1e-4)


@pytest.mark.slow
def test_scores_are_of_the_network_that_did_not_know(run, tmp_path):
    known = config_of(tmp_path / "sales.csv", sales(), fit={"refit": False})
    judged = krr.run(known, tmp_path / "run").run_dir
    assert (run / "backtest.csv").read_bytes() == (judged / "backtest.csv").read_bytes()
    both = zip(weights_of(run), weights_of(judged), strict=True)
    assert not all(np.array_equal(one, other) for one, other in both)
    assert "trained again on all data" in (run / "report.html").read_text()
    assert "trained again on all data" not in (judged / "report.html").read_text()


@pytest.mark.slow
def test_interrupted_while_trained_again_it_ends_the_same(run, tmp_path):
    stopped = tmp_path / "run"
    shutil.copytree(run, stopped)
    for name in ("saved_model", "refit/checkpoints"):
        shutil.rmtree(stopped / name)
    config = config_of(run.parent / "sales.csv", sales())
    krr.run(config, stopped, resume=True)
    for one, other in zip(weights_of(run), weights_of(stopped), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(pd.read_csv(stopped / "refit" / "history.csv")) == 3


@pytest.mark.slow
def test_bounds_are_as_wide_as_the_widths_that_are_kept(tmp_path):
    parts = {"valid_size": 2 * HORIZON}
    config = config_of(
        tmp_path / "sales.csv", sales(), data=parts, evaluate={"baselines": [], "levels": [80]}
    )
    folder = krr.run(config, tmp_path / "run").run_dir
    widths = np.array(json.loads((folder / "intervals.json").read_text())["widths"])
    table = predict(folder, sales())
    below, above = (table["gru"] - table["gru-lo-80"]), (table["gru-hi-80"] - table["gru"])
    for _, rows in table.groupby("unique_id"):  # one scale for all the steps of a series
        scale = above[rows.index].to_numpy() / widths[:, 1]
        np.testing.assert_allclose(scale, scale[0], rtol=1e-3)
        np.testing.assert_allclose(below[rows.index] / -widths[:, 0], scale[0], rtol=1e-3)


@pytest.mark.slow
def test_what_it_has_learnt_from_cannot_judge_it(run, tmp_path):
    with pytest.raises(UserError, match=r"series 'a' before 2024-03-01.*from 2024-02-26"):
        evaluate(run, sales())
    with pytest.raises(UserError, match="--refit"):
        backtest_run(run, tmp_path / "out", folds=1)
    found = evaluate(run, sales(LENGTH + HORIZON))
    assert found.forecasts["ds"].min() == pd.Timestamp("2024-03-01")


def test_folds_are_not_trained_twice(tmp_path):
    config = config_of(tmp_path / "sales.csv", sales())
    folds = plan_folds(config, forecasting.load(config.data), folds=2)
    assert config.fit.refit and not any(fold.config.fit.refit for fold in folds)


def test_training_ends_early_on_the_way_of_all_epochs(tmp_path):
    config = FitConfig(epochs=6, batch_size=8, steps_per_epoch=5, patience=0, learning_rate=0.02)
    rows = {}
    for last in (None, 4):
        set_seeds(0)
        run = krr.RunDirectory.open(tmp_path / str(last))
        options = {"num_windows": 50, "config": config, "run": run, "last_epoch": last}
        rows[last] = fit(toy_model(), toy_batches(50, 8), **options).drop(columns="seconds")
    pd.testing.assert_frame_equal(rows[4], rows[None].head(4), check_exact=True)
    assert best_epoch(rows[4], config) == 4


def test_best_epoch_is_the_one_whose_weights_were_kept():
    history = pd.DataFrame({"epoch": [1, 2, 3, 4], "val_loss": [0.4, 0.1, 0.1, 0.3]})
    assert best_epoch(history, FitConfig()) == 2
    assert best_epoch(history, FitConfig(keep="last")) == 4
    assert best_epoch(history.drop(columns="val_loss"), FitConfig()) == 4
