"""A search finds what is best, never reads the test part, and goes on where it was interrupted."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes import extras
from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.errors import UserError

optuna = pytest.importorskip(
    "optuna", reason="needs the extra tune: pip install 'keras-rnn-recipes[tune]'"
)
from keras_rnn_recipes.workflows import fold_score, tune as tuning  # noqa: E402

RECIPE = """
[data]
source = "shop.csv"
test_size = 5
[model]
horizon = 2
dropout = 0.1
[fit]
epochs = 10
[evaluate]
baselines = ["naive"]
[tune]
trials = 25
folds = 2
model.dropout = {low = 0.0, high = 0.9}
fit.loss = ["mae", "mse"]
"""
# Trains nothing: its figure is the distance of the settings from the best ones, and it leaves word
# of what it saw. With the loss "mse" nothing is the figure that the folds must not differ in.
SCRIPT = """
from pathlib import Path
import keras_rnn_recipes as krr
from keras_rnn_recipes.families import forecasting


def main(config, run):
    panel = forecasting.load(config.data)
    config = forecasting.choose_defaults(config, panel)
    run.write_config(config)
    with open(Path(config.data.source).parent / "seen.txt", "a") as seen:
        seen.write(f"{panel.frame['y'].max():.0f} {config.data.test_size}\\n")
    for epoch in (1, 2, 3):
        run.watcher("epoch", {"epoch": epoch, "val_loss": 1 / epoch + config.model.dropout})
    worse = abs(config.model.dropout - 0.6) + (config.fit.loss == "mse")
    if config.model.dropout > 0.85:
        raise krr.UserError("The loss is no longer a number.", "a number.", "lower it.")
    (metric,) = config.evaluate.metrics
    run.write_json("metrics.json", {"model": {metric: worse}})
    raise AssertionError("a trial ends with its figure")
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    # Half a second a fold, to tidy up after a network that is not there.
    monkeypatch.setattr(keras.utils, "clear_session", lambda: None)
    days = pd.date_range("2024-01-01", periods=60)
    frame = pd.DataFrame({"ds": days, "y": [float(n) for n in range(1, 61)]})
    frame.to_csv(tmp_path / "shop.csv", index=False)
    (tmp_path / "my.toml").write_text(RECIPE)
    (tmp_path / "forecast.py").write_text(SCRIPT)
    return tmp_path / "my.toml"


def test_the_best_is_found_on_parts_before_the_test_part(recipe, tmp_path, capsys):
    result = tuning.tune(recipe, tmp_path / "out")
    assert result.best.fit.loss == "mae" and abs(result.best.model.dropout - 0.6) < 0.1
    assert result.value == pytest.approx(abs(result.best.model.dropout - 0.6))
    lines = (tmp_path / "seen.txt").read_text().splitlines()
    seen = {tuple(map(int, line.split())) for line in lines}
    # Values are 1 to 60, the last five are for the test: two folds of five steps before them.
    assert seen == {(55, 5), (50, 5)}
    best = load_config(result.run_dir / "best.toml")
    assert best.model.dropout == result.best.model.dropout
    assert best.evaluate.baselines == ("naive",) and best.data.drop_last == 0
    assert {path.name for path in result.run_dir.iterdir()} == {
        *("config.json", "recipe.toml", "best.toml", "trials.csv", "study.log", "environment.json")
    }
    table = pd.read_csv(result.run_dir / "trials.csv")
    assert len(table) == 25 and table["value"].iloc[0] == result.value
    first = table[table["trial"] == 0].iloc[0]
    assert first["model.dropout"] == 0.1 and first["fit.loss"] == '"mae"'  # the recipe itself
    text = tuning.describe(result)
    assert "25 trials" in text and "and 10 more" in text and "best.toml" in text
    assert "trial 24: mae" in capsys.readouterr().out


def test_a_search_goes_on_where_it_was_interrupted(recipe, tmp_path, monkeypatch):
    out = tmp_path / "out"
    calls = []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 7:  # in the second fold of the fourth trial... as by Ctrl-C
            raise KeyboardInterrupt
        return run_script(*args, **kwargs)

    run_script = fold_score.run_script
    monkeypatch.setattr(fold_score, "run_script", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tuning.tune(recipe, out, trials=6)
    before = pd.read_json(out / "study.log", lines=True)
    assert len(before) > 3 and not (out / "best.toml").exists()
    with pytest.raises(UserError, match="already holds a run"):
        tuning.tune(recipe, out, trials=6)
    result = tuning.tune(recipe, out, trials=6, resume=True)
    assert len(result.trials) == 6 and result.trials["model.dropout"].nunique() == 6
    assert len(tuning.tune(recipe, out, trials=6, resume=True).trials) == 6
    with pytest.raises(UserError, match="had another section"):
        tuning.tune(recipe, out, folds=3, resume=True)
    with pytest.raises(UserError, match="another experiment"):
        tuning.tune(recipe, out, overrides=["fit.batch_size=7"], resume=True)


@pytest.mark.slow
def test_processes_share_the_trials(recipe, tmp_path):
    """Each value is worked out by hand; the recipe itself is tried once, no setting twice."""
    result = tuning.tune(recipe, tmp_path / "out", trials=7, workers=2)
    table = result.trials
    assert sorted(table["trial"]) == list(range(7))
    settings = table[["model.dropout", "fit.loss"]]
    assert not settings.duplicated().any()
    worse = (table["model.dropout"] - 0.6).abs() + (table["fit.loss"] == '"mse"')
    done = table["state"] == "complete"
    assert done.sum() >= 3
    np.testing.assert_allclose(table["value"][done], worse[done])
    assert (table["model.dropout"] == 0.1).sum() == 1
    again = tuning.tune(recipe, tmp_path / "out", trials=8, workers=2, resume=True)
    assert len(again.trials) == 8


def test_settings_that_do_not_train_are_noted_and_alone_are_an_error(recipe, tmp_path):
    text = RECIPE.replace("{low = 0.0, high = 0.9}", "[0.9]").replace("dropout = 0.1\n", "")
    recipe.write_text(text)
    with pytest.raises(UserError, match="No trial could be completed.*no longer a number"):
        tuning.tune(recipe, tmp_path / "out", trials=2)
    table = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert (table["state"] == "pruned").all()
    assert (table["note"] == "The loss is no longer a number.").all()


def test_validation_losses_of_the_first_fold_are_told_where_they_can_be_compared(recipe, tmp_path):
    def losses(name: str) -> list[dict[int, float]]:
        tuning.tune(recipe, tmp_path / name, trials=2)
        backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / name / "study.log"))
        storage = optuna.storages.JournalStorage(backend)
        trials = optuna.load_study(study_name="krr", storage=storage).trials
        return [trial.intermediate_values for trial in trials]

    assert losses("different") == [{}, {}]  # the space has losses of two kinds
    recipe.write_text(RECIPE.replace('fit.loss = ["mae", "mse"]', ""))
    assert losses("alike")[0] == {1: 1.1, 2: 0.6, 3: pytest.approx(1 / 3 + 0.1)}


def test_a_trial_that_is_behind_is_given_up():
    study = optuna.create_study(pruner=optuna.pruners.MedianPruner(n_startup_trials=2))
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def trial(trial: optuna.Trial) -> float:
        for epoch in (1, 2, 3):
            tuning._report(trial, epoch, float(trial.number))
        return float(trial.number)

    study.optimize(trial, n_trials=4)
    assert [one.state.name for one in study.trials] == ["COMPLETE", "COMPLETE", "PRUNED", "PRUNED"]
    assert study.trials[2].user_attrs["note"] == "behind the median after epoch 1"


def test_without_the_extra_it_says_how_to_get_it(recipe, tmp_path, monkeypatch):
    monkeypatch.setitem(extras.MODULES, "tune", ("optuna_of_nobody",))
    with pytest.raises(UserError, match=r"optuna_of_nobody.*keras-rnn-recipes\[tune\]"):
        tuning.tune(recipe, tmp_path / "out")
    assert not (tmp_path / "out").exists()
