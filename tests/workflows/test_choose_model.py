"""The model that `krr forecast` chooses, and the recipe and the reasons that follow from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes import extras
from keras_rnn_recipes.config.files import dump_toml, load_config
from keras_rnn_recipes.config.recommended import FINETUNED
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.choose_model import choose_model
from keras_rnn_recipes.workflows.forecast import ForecastOptions, plan_forecast


def series(number: int, length: int) -> dict[str, int]:
    return {f"s{k}": length for k in range(number)}


def choose(lengths, wanted="auto", *, horizon=12, **more):
    return choose_model(wanted, lengths, horizon=horizon, season_length=12, **more)


def write(path: Path, lengths: dict[str, int], y=None) -> Path:
    parts = []
    for name, length in lengths.items():
        at = np.arange(length)
        values = 50 + at + 5 * np.sin(2 * np.pi * at / 12) if y is None else y[:length]
        ds = pd.date_range("2010-01-01", periods=length, freq="MS")
        parts.append(pd.DataFrame({"unique_id": name, "ds": ds, "y": values}))
    pd.concat(parts).to_csv(path / "data.csv", index=False)
    return path / "data.csv"


@pytest.mark.parametrize(
    ("lengths", "more", "model", "why"),
    [
        (series(1, 120), {}, "pretrained", "one series teaches a new one too little"),
        (series(19, 399), {}, "pretrained", "19 series teach a new one too little"),
        (series(19, 400), {}, "train", "19 series teach it enough from 400 steps on"),
        (series(1, 400), {}, "train", "one series teaches it enough"),
        (series(1, 400), {"horizon": 250}, "pretrained", "501 steps or more"),
        (series(1, 24), {}, "pretrained", "25 steps or more"),
        (series(1, 25), {}, "pretrained", "one series"),
        (series(50, 24), {}, "pretrained", "25 steps or more"),
        (series(20, 100), {}, "finetune", "20 series"),
        (series(20, 400), {}, "train", "20 series of this length are enough"),
        (series(1, 120), {"demand": True}, "train", "forecasts medians"),
        (series(1, 20), {"demand": True}, "pretrained", "25 steps or more"),
        (series(1, 120), {"asked": ["--units"]}, "train", "no part for --units"),
        (series(30, 100), {"asked": ["--calendar", "--cell"]}, "train", "--calendar, --cell"),
        (series(1, 10), {"asked": ["--units"]}, "train", "no part for --units"),
    ],
)
def test_choice_by_the_data_and_by_what_is_asked_for(lengths, more, model, why):
    choice = choose(lengths, **more)
    assert choice.model == model
    assert why in choice.reason and choice.reason.endswith("(--model).")


@pytest.mark.parametrize("model", ["pretrained", "finetune", "train"])
def test_a_given_model_is_taken(model):
    for lengths in (series(1, 5), series(30, 900)):
        choice = choose(lengths, model, demand=True)
        assert choice.model == model and "as given" in choice.reason


@pytest.mark.parametrize("model", ["pretrained", "finetune"])
def test_a_given_model_without_a_part_for_an_option_is_refused(model):
    with pytest.raises(UserError, match=f"--model {model} is combined with --units"):
        choose(series(1, 120), model, asked=["--units"])
    assert choose(series(1, 120), "train", asked=["--units"]).model == "train"


def test_one_series_is_forecast_without_training(tmp_path):
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(1, 120)), 12, levels="80,95"))
    model, fit, data = plan.config.model, plan.config.fit, plan.config.data
    assert (model.preset, model.strategy, model.lookback) == ("pretrained", "direct", 180)
    assert (fit.epochs, fit.refit, fit.loss) == (0, False, "pinball")
    assert model.quantiles == plan.config.evaluate.levels == (80, 95)
    assert (data.test_size, data.valid_size, data.season_length) == (12, 0, 12)
    text = "\n".join(plan.reasons)
    assert text.startswith("The pretrained network forecasts as it is")
    for words in ("Frequency MS: inferred", "Season of 12 steps", "last 180 steps", "below 0"):
        assert words in text


def test_higher_levels_are_calibrated(tmp_path):
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(1, 120)), 12, levels="80,99"))
    assert plan.config.model.quantiles is None and plan.config.evaluate.levels == (80, 99)
    assert plan.config.data.valid_size == 12
    assert any("calibrated" in reason for reason in plan.reasons)


@pytest.mark.parametrize(("length", "test", "told"), [(16, 8, False), (9, 0, True), (5, 0, True)])
def test_short_series_are_planned_and_told_if_they_are_not_scored(tmp_path, length, test, told):
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(1, length)), 8))
    assert plan.config.data.test_size == test
    assert any("not scored" in reason for reason in plan.reasons) is told


def test_series_that_are_not_scored_are_named(tmp_path):
    plan = plan_forecast(ForecastOptions(write(tmp_path, {"long": 40, "tiny": 5}), 8))
    (told,) = [reason for reason in plan.reasons if "too short" in reason]
    assert told.startswith("1 of 2 series") and told.endswith("tiny.")


def test_a_panel_trains_the_pretrained_network_on(tmp_path):
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(20, 72)), 12))
    model, fit, data = plan.config.model, plan.config.fit, plan.config.data
    assert (model.preset, model.strategy, model.lookback) == ("pretrained", "direct", 180)
    assert {name: getattr(fit, name) for name in FINETUNED} == FINETUNED
    assert (fit.refit, fit.loss, data.valid_size, data.test_size) == (True, "mae", 12, 12)
    text = "\n".join(plan.reasons)
    assert "epoch 0 is the network before the training" in text
    assert "the pretrained network is trained on all data" in text
    kept = plan_forecast(ForecastOptions(write(tmp_path, series(20, 72)), 12, refit=False))
    assert kept.config.fit.refit is False


def test_a_panel_too_short_to_validate_on_is_forecast_as_it_is(tmp_path):
    file = write(tmp_path, series(20, 26))
    plan = plan_forecast(ForecastOptions(file, 12))
    assert plan.config.fit.epochs == 0 and "too short for a validation part" in plan.reasons[0]
    asked = plan_forecast(ForecastOptions(file, 12, model="finetune"))
    assert asked.config.fit.epochs > 0 and asked.config.data.valid_size == 0
    assert any("training runs all epochs" in reason for reason in asked.reasons)


def test_demand_is_trained_for_but_a_given_model_is_taken(tmp_path):
    file = write(tmp_path, series(1, 120), y=np.resize([0, 0, 0, 2, 0, 1], 120))
    assert plan_forecast(ForecastOptions(file, 6)).config.model.distribution == "negative_binomial"
    given = plan_forecast(ForecastOptions(file, 6, model="pretrained"))
    assert given.config.model.preset == "pretrained"


@pytest.mark.parametrize(
    "asked",
    [{"calendar": "month"}, {"cell": "lstm"}, {"strategy": "direct"}, {"units": "4"}],
)
def test_what_a_new_network_is_needed_for(tmp_path, asked):
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(1, 120)), 6, **asked))
    assert plan.config.model.preset == "lstm" and plan.config.fit.epochs > 0
    assert f"--{next(iter(asked))}" in plan.reasons[0]


@pytest.mark.parametrize(("number", "installed", "shown"), [(1, True, 2), (2, True, 0), (1, 0, 0)])
def test_statistical_models_are_shown_beside_a_single_series(
    tmp_path, monkeypatch, number, installed, shown
):
    package = "pytest" if installed else "nobodys_forecasts"
    monkeypatch.setitem(extras.MODULES, "baselines", (package,))
    plan = plan_forecast(ForecastOptions(write(tmp_path, series(number, 60)), 6))
    assert len({"auto_ets", "auto_theta"} & set(plan.config.evaluate.baselines)) == shown


@pytest.mark.parametrize(("number", "model"), [(1, "auto"), (25, "auto"), (1, "finetune")])
@pytest.mark.parametrize("levels", [None, "80", "99"])
def test_every_plan_is_a_recipe(tmp_path, number, model, levels):
    file = write(tmp_path, series(number, 80))
    plan = plan_forecast(ForecastOptions(file, 12, model=model, levels=levels))
    (tmp_path / "recipe.toml").write_text(dump_toml(plan.config))
    assert load_config(tmp_path / "recipe.toml") == plan.config
