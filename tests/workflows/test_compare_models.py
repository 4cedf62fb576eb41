"""The pretrained network or a new one, by their errors before the test part."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.config.files import load_config
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows import compare_models as module
from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast

LENGTH, HORIZON = 420, 12


@pytest.fixture
def file(tmp_path):
    at = np.arange(LENGTH)
    noise = np.random.default_rng(0).normal(size=LENGTH)
    values = 50 + 9 * np.sin(2 * np.pi * at / 12) + noise
    ds = pd.date_range("1985-01-01", periods=LENGTH, freq="MS")
    pd.DataFrame({"ds": ds, "y": values}).to_csv(tmp_path / "data.csv", index=False)
    return tmp_path / "data.csv"


@pytest.mark.parametrize(
    ("trained", "preset"), [(0.5, "lstm"), (1.0, "pretrained"), (2, "pretrained")]
)
def test_the_one_with_the_lower_error_before_the_test_part_is_kept(
    file, monkeypatch, trained, preset
):
    folds = []

    def score_fold(main, fold, metric, *, smoke):
        folds.append(fold)
        assert metric == "mae" and smoke
        return trained if fold.config.model.preset == "lstm" else 1.0

    monkeypatch.setattr(module, "score_fold", score_fold)
    plan = plan_forecast(ForecastOptions(file, HORIZON))
    test = plan.config.data.test_size
    kept = module.compare_models(plan, smoke=True)
    assert kept.rival is None and kept.config.model.preset == preset
    assert kept.config == (plan.rival if preset == "lstm" else plan).config
    assert f"on the {test} steps before the test part" in kept.reasons[0]
    assert kept.reasons[0].endswith("(--model).")
    # Each forecasts as many steps as the test part has, and reads none of that.
    assert [fold.config.data.drop_last for fold in folds] == [test, test]
    assert [fold.before_end for fold in folds] == [2 * test, 2 * test]


def test_a_rival_that_cannot_be_tried_is_told(file, monkeypatch):
    def score_fold(main, fold, metric, *, smoke):
        if fold.config.trains:
            raise UserError("The loss is not finite.", "a number.", "lower fit.learning_rate.")
        return 1.0

    monkeypatch.setattr(module, "score_fold", score_fold)
    kept = module.compare_models(plan_forecast(ForecastOptions(file, HORIZON)))
    assert kept.config.model.preset == "pretrained" and kept.rival is None
    assert "no new one could be tried: The loss is not finite." in kept.reasons[0]


@pytest.mark.slow
def test_the_command_compares_and_carries_out_what_is_better(file, tmp_path):
    options = ["--horizon", str(HORIZON), "--run-dir", str(tmp_path / "run"), "--smoke"]
    done = CliRunner().invoke(app, ["forecast", str(file), *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "it is compared with the pretrained one" in done.output
    # A few steps of training are not enough against a network that has learned.
    assert "The pretrained network forecasts as it is: on the 36 steps" in done.output
    assert load_config(tmp_path / "run" / "config.json").model.preset == "pretrained"
