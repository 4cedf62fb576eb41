"""Intervals from the command line's levels to what is served, with a network of known answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.builders import forecaster, levels_of_model, to_forecaster
from keras_rnn_recipes.config.files import config_from_dict, dump_toml, load_config
from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.baselines import fit_baselines
from keras_rnn_recipes.evaluation.conformal import calibrate
from keras_rnn_recipes.families.forecasting.intervals import (
    FILE,
    add_intervals,
    read_intervals,
    refit_intervals,
)
from keras_rnn_recipes.reporting.results import results_table
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model
from keras_rnn_recipes.workflows.inference import evaluate, export_run, predict

HORIZON, LOOKBACK, LEVELS = 3, 12, (80.0, 95.0)
BOUNDS = ["gru-lo-80", "gru-hi-80", "gru-lo-95", "gru-hi-95"]


def frame_of(num_series: int, length: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(length)
    parts = [
        pd.DataFrame(
            {
                "unique_id": f"s{number}",
                "ds": pd.date_range("2024-01-01", periods=length),
                "y": 10.0**number * rng.normal(0, 1, length).cumsum(),
            }
        )
        for number in range(num_series)
    ]
    return pd.concat(parts, ignore_index=True)


def config_with(levels=LEVELS, **data) -> Config:
    given = {"source": "x.csv", "valid_size": 9, "test_size": 6, "freq": "D", "season_length": 7}
    model = {"preset": "gru", "horizon": HORIZON, "lookback": LOOKBACK}
    return config_from_dict(
        {"data": {**given, **data}, "model": model, "evaluate": {"levels": list(levels)}}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run whose network is untrained, the model with bounds and what it rests on."""
    config, panel = config_with(), read_panel(frame_of(4), season_length=7)
    run = RunDirectory.open(tmp_path_factory.mktemp("runs") / "run")
    run.write_config(config)
    model = forecaster("direct", HORIZON, cell="gru", units=4, scaling="last")
    run.write_model(model)
    train = panel.frame[panel.frame.groupby("unique_id").cumcount(ascending=False) >= 15]
    baselines = fit_baselines(train, horizon=HORIZON, season_length=7, names=("naive",))
    sure, others = add_intervals(to_forecaster(model), baselines, panel, config, run=run)
    export_saved_model(sure, run.path / "saved_model", verify=False)
    return run.path, sure, others, panel


def test_trained_again_widths_come_from_all_that_was_not_learnt_from(made, tmp_path):
    _, sure, _, panel = made
    point = to_forecaster(forecaster("direct", HORIZON, cell="gru", units=4, scaling="last"))
    point.set_weights(sure.get_weights())
    run = RunDirectory.open(tmp_path / "run")
    again = refit_intervals(to_forecaster(point), sure, panel, config_with(), run=run)
    expected = calibrate(
        panel.frame,
        point.predict_on_batch,
        levels=LEVELS,
        lookback=LOOKBACK,
        horizon=HORIZON,
        season_length=7,
        valid_size=9 + 6,
    )
    kept = read_intervals(run.path)
    np.testing.assert_allclose(kept["widths"], expected.widths, atol=1e-5)
    assert levels_of_model(again) == LEVELS
    assert refit_intervals(point, sure, panel, config_with(levels=())) is point


def test_widths_come_from_the_validation_part_alone(made):
    path, sure, others, panel = made
    kept = read_intervals(path)
    changed = panel.frame.copy()
    left = changed.groupby("unique_id").cumcount(ascending=False)
    changed.loc[left < 6, "y"] = 1e9  # the test part
    forecast = to_forecaster(forecaster("direct", HORIZON, cell="gru", units=4, scaling="last"))
    forecast.set_weights(sure.get_weights())
    expected = calibrate(
        changed[left >= 6].reset_index(drop=True),
        forecast.predict_on_batch,
        levels=LEVELS,
        lookback=LOOKBACK,
        horizon=HORIZON,
        season_length=7,
        valid_size=9,
    )
    np.testing.assert_allclose(kept["widths"], expected.widths, atol=1e-5)
    assert kept["levels"] == list(LEVELS) and kept["season_length"] == 7
    history = np.random.default_rng(0).normal(size=(2, LOOKBACK, 1))
    assert others["naive"](history).shape == (2, HORIZON, 5)


def test_what_is_served_are_the_bounds_of_the_live_model(made):
    path, sure, _, panel = made
    served = load_saved_model(path)
    assert served.levels == LEVELS and served.num_targets == 1
    history = panel.frame["y"].to_numpy("float32").reshape(4, -1)
    history[1, 3:9] = np.nan
    expected = sure.predict_on_batch(history[..., None])
    np.testing.assert_allclose(served.quantiles(history), expected, rtol=1e-4)
    np.testing.assert_allclose(served(history), expected[..., 0], rtol=1e-4)
    windows = served.forecast_windows(history[..., None], batch_size=3)
    np.testing.assert_allclose(windows, expected, rtol=1e-4)


def test_new_series_are_forecast_and_judged_with_intervals(made):
    path, *_ = made
    new = frame_of(2, 40)
    forecasts = predict(path, new)
    assert list(forecasts) == ["unique_id", "ds", "gru", *BOUNDS]
    assert (forecasts["gru-lo-80"] < forecasts["gru"]).all()
    result = evaluate(path, new)
    assert set(BOUNDS) < set(result.forecasts)
    assert 0 <= result.summary["gru"]["coverage-80"] <= result.summary["gru"]["coverage-95"]
    assert "coverage-80" not in result.summary["naive"]
    others = {name: figures for name, figures in result.summary.items() if name != "gru"}
    table = results_table({"model": result.summary["gru"], "baselines": others}, name="gru")
    assert "within 95%" in table and "coverage" not in table.splitlines()[0]


def test_exported_again_it_has_its_intervals_and_must_have_its_levels(made, tmp_path):
    path, *_ = made
    folder = export_run(path, tmp_path / "again")  # compares in a process of its own
    again = load_saved_model(folder)
    history = np.random.default_rng(1).normal(size=(2, 20)).cumsum(axis=1)
    np.testing.assert_allclose(
        again.quantiles(history), load_saved_model(path).quantiles(history), rtol=1e-4
    )
    (folder / "assets.extra" / "quantiles.json").unlink()
    with pytest.raises(UserError, match="levels of the quantiles of .* cannot be read"):
        load_saved_model(folder)


def test_without_levels_nothing_changes(made, tmp_path):
    *_, panel = made
    model = to_forecaster(forecaster("direct", HORIZON, cell="gru", units=4))
    baselines = {"naive": lambda history: history}
    config = config_with(levels=())
    run = RunDirectory.open(tmp_path / "run")
    same, others = add_intervals(model, baselines, panel, config, run=run)
    assert same is model and others == baselines and levels_of_model(same) == ()
    assert not (tmp_path / "run" / FILE).exists()
    saved = load_saved_model(export_saved_model(model, tmp_path / "saved", verify=False))
    assert saved.levels == ()
    with pytest.raises(UserError, match="has no intervals"):
        saved.quantiles([[1.0, 2.0]])


def test_a_validation_part_too_short_is_said_in_the_record(made, tmp_path, capsys):
    *_, panel = made
    model = to_forecaster(forecaster("direct", HORIZON, cell="gru", units=4))
    run = RunDirectory.open(tmp_path / "run")
    add_intervals(model, {}, panel, config_with(valid_size=0), run=run)
    notes = json.loads((tmp_path / "run" / FILE).read_text())["notes"]
    assert any("likely too narrow" in note for note in notes)
    assert "likely too narrow" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["model.quantiles=80,95"], "fit.loss 'mae'"),
        (["fit.loss=pinball"], r"model.quantiles \[\] and fit.loss 'pinball'"),
        (["model.quantiles=80", "fit.loss=pinball"], "the same levels in both keys"),
        (
            ["model.quantiles=80,95", "fit.loss=pinball", "model.strategy=recursive"],
            "strategy direct or seq2seq",
        ),
    ],
)
def test_learnt_quantiles_go_with_their_loss_and_levels(changed, told):
    given = config_with().model_dump()
    whole = config_from_dict(given, ["model.quantiles=80,95", "fit.loss=pinball"])
    assert whole.model.options()["quantiles"] == LEVELS
    with pytest.raises(UserError, match=told):
        config_from_dict(given, changed)


@pytest.mark.slow
def test_a_distribution_has_intervals_of_its_own_and_keeps_them_when_exported_again(made, tmp_path):
    *_, panel = made
    given = config_with().model_dump()
    changed = ["model.distribution=gaussian", "fit.loss=nll", "model.strategy=recursive"]
    config = config_from_dict(given, changed)
    model = forecaster("recursive", HORIZON, cell="gru", units=4, distribution="gaussian")
    answers = to_forecaster(model, config.evaluate.levels)
    run = RunDirectory.open(tmp_path / "run")
    same, _ = add_intervals(answers, {}, panel, config, run=run)
    assert same is answers and not (run.path / FILE).exists()
    run.write_config(config)
    run.write_model(model)
    export_saved_model(answers, run.path / "saved_model", verify=False)
    again = load_saved_model(export_run(run.path, tmp_path / "again"))
    history = panel.frame["y"].to_numpy("float32").reshape(4, -1)
    found = load_saved_model(run.path).quantiles(history)
    assert again.levels == LEVELS and found.shape == (4, HORIZON, 5)
    np.testing.assert_allclose(again.quantiles(history), found, rtol=1e-4)
    forecasts = predict(run.path, frame_of(2, 40))
    assert list(forecasts) == ["unique_id", "ds", "gru", *BOUNDS]


def test_levels_in_a_recipe_are_read_written_and_checked(tmp_path):
    config = config_with(levels=(95, 80))
    assert config.evaluate.levels == (80.0, 95.0)
    (tmp_path / "r.toml").write_text(dump_toml(config))
    assert load_config(tmp_path / "r.toml") == config
    assert config_from_dict(config.model_dump(), ["evaluate.levels=90"]).evaluate.levels == (90.0,)
    asked = config_from_dict(config.model_dump(), ["evaluate.levels=95,80.5"])
    assert asked.evaluate.levels == (80.5, 95.0)
    for levels in ((80, 80), (0,), (100,), (True,), ("many",)):
        with pytest.raises(UserError, match="evaluate.levels"):
            config_with(levels=levels)
