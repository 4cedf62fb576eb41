"""The pretrained network as it is: run, asked and exported, in NumPy as in its SavedModel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.config.files import config_from_dict, dump_toml
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.conformal import Calibration
from keras_rnn_recipes.families.forecasting.inference import evaluate, export, predict
from keras_rnn_recipes.families.forecasting.zero_shot import ZeroShotForecaster
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster
from keras_rnn_recipes.reporting.gradients import gradient_lines
from keras_rnn_recipes.serving.keras_model import load_model
from keras_rnn_recipes.serving.saved_forecaster import load_saved_model
from keras_rnn_recipes.workflows.backtest import backtest_recipe, backtest_run
from keras_rnn_recipes.workflows.run import run
from keras_rnn_recipes.workflows.update import update_run

HORIZON, MONTHS = 6, 60


def monthly(length: int, *, level: float = 100.0) -> pd.DataFrame:
    at = np.arange(length)
    noise = np.random.default_rng(length).normal(size=length)
    y = level + at + 20 * np.sin(2 * np.pi * at / 12) + noise
    ds = pd.date_range("2015-01-01", periods=length, freq="MS")
    return pd.DataFrame({"ds": ds, "y": y})


def recipe(file: Path, *levels: int, horizon: int = HORIZON, calibrated: bool = False):
    learned = levels and not calibrated
    return config_from_dict(
        {
            "data": {"source": str(file)},
            "model": {"preset": "pretrained", "horizon": horizon}
            | ({"quantiles": list(levels)} if learned else {}),
            "fit": {"epochs": 0, "loss": "pinball" if learned else "mae"},
            "evaluate": {"levels": list(levels)},
        }
    )


def table(folder: Path, frame: pd.DataFrame) -> Path:
    frame.to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def backtest_recipe_of(config, folder: Path):
    (folder / "zero.toml").write_text(dump_toml(config))
    return backtest_recipe(folder / "zero.toml", folder / "backtest", folds=2)


def forecasts(folder: Path) -> np.ndarray:
    return pd.read_csv(folder / "forecasts.csv")["pretrained"].to_numpy()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zero")
    file = table(folder, monthly(MONTHS))
    run(recipe(file, 80, 95), folder / "run")
    return folder / "run", file


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated")
    file = table(folder, monthly(90))
    run(recipe(file, 80, 99, calibrated=True), folder / "run")
    return folder / "run", file


def test_a_run_and_its_use_import_neither_tensorflow_nor_keras(tmp_path, run_python):
    file = table(tmp_path, monthly(MONTHS))
    toml = tmp_path / "zero.toml"
    toml.write_text(
        f"[data]\nsource = {str(file)!r}\n[model]\npreset = 'pretrained'\nhorizon = 6\n"
        "quantiles = [80]\n[fit]\nepochs = 0\nloss = 'pinball'\n[evaluate]\nlevels = [80]\n"
    )
    code = """
        import sys
        from keras_rnn_recipes.cli.commands import app
        recipe, data, run = sys.argv[1:]
        for command in (
            ["run", recipe, "--run-dir", run],
            ["predict", run, "--input", data, "--output", run + ".csv"],
            ["evaluate", run, "--input", data],
            ["backtest", run, "--folds", "1", "--run-dir", run + "-backtest"],
        ):
            app(command, standalone_mode=False)
        slow = {"tensorflow", "keras", "sklearn", "scipy", "statsmodels"} & set(sys.modules)
        print("imported:", sorted(slow))
    """
    code = "\n".join(line[8:] for line in code.splitlines())
    done = run_python(code, str(toml), str(file), str(tmp_path / "run"))
    assert "imported: []" in done.stdout
    assert f"krr export {tmp_path / 'run'} --to DIR" in done.stdout


def test_nothing_that_was_trained_is_written(made):
    names = {path.name for path in made[0].iterdir()}
    assert {"forecasts.csv", "backtest.csv", "scores.csv", "report.html"} <= names
    assert not {"model.keras", "saved_model", "history.csv", "checkpoints"} & names
    metrics = json.loads((made[0] / "metrics.json").read_text())
    assert metrics["fit_seconds"] == 0 and metrics["num_parameters"] > 1000
    report = (made[0] / "report.html").read_text()
    assert "not trained on these" in report and "Learning curve" not in report


def test_forecasts_are_those_of_the_network_on_the_series(made):
    network = NumPyForecaster(HORIZON, 12)
    expected = network.forecast_windows(monthly(MONTHS)["y"].to_numpy()[None, :, None])[0]
    np.testing.assert_allclose(forecasts(made[0]), expected, rtol=1e-6)


def test_the_backtest_knows_nothing_of_the_test_part(made):
    tested = pd.read_csv(made[0] / "backtest.csv")
    seen = monthly(MONTHS)["y"].to_numpy()[None, :-HORIZON, None]
    expected = NumPyForecaster(HORIZON, 12).forecast_windows(seen)[0]
    np.testing.assert_allclose(tested["pretrained"], expected, rtol=1e-6)


def test_predict_answers_longer_data(made, tmp_path):
    longer = monthly(MONTHS).assign(y=lambda frame: frame["y"] * 2)
    answer = predict(made[0], table(tmp_path, longer))
    network = NumPyForecaster(HORIZON, 12)
    expected = network.forecast_windows(longer["y"].to_numpy()[None, :, None])[0]
    np.testing.assert_allclose(answer["pretrained"], expected, rtol=1e-6)


def test_evaluate_gives_the_scores_of_the_run(made):
    found = evaluate(*made)
    metrics = json.loads((made[0] / "metrics.json").read_text())
    assert found.summary["pretrained"]["mae"] == pytest.approx(metrics["model"]["mae"])


@pytest.mark.parametrize(("length", "horizon"), [(16, 8), (10, 8)])
def test_a_short_series_is_scored(tmp_path, length, horizon):
    run(recipe(table(tmp_path, monthly(length)), horizon=horizon), tmp_path / "run")
    assert len(forecasts(tmp_path / "run")) == horizon
    tested = pd.read_csv(tmp_path / "run" / "backtest.csv")
    assert len(tested) == horizon and tested["cutoff"].nunique() == 1


@pytest.mark.parametrize(("length", "horizon"), [(9, 8), (5, 12), (2, 12)])
@pytest.mark.parametrize("levels", [[], [80]])
def test_a_shorter_series_is_forecast_without_scores(tmp_path, capsys, length, horizon, levels):
    config = recipe(table(tmp_path, monthly(length)), *levels, horizon=horizon)
    found = run(config, tmp_path / "run")
    assert np.isfinite(forecasts(tmp_path / "run")).all()
    assert "is not scored" in capsys.readouterr().out
    assert "is not scored" in (tmp_path / "run" / "report.html").read_text()
    assert not (tmp_path / "run" / "backtest.csv").exists()
    assert found.metrics["model"] == {} and found.config.data.test_size == 0


def test_a_run_on_a_short_series_reads_all_of_a_longer_one(tmp_path):
    run(recipe(table(tmp_path, monthly(5))), tmp_path / "run")
    answer = predict(tmp_path / "run", table(tmp_path, monthly(MONTHS)))
    expected = NumPyForecaster(HORIZON, 12).forecast_windows(
        monthly(MONTHS)["y"].to_numpy()[None, :, None]
    )[0]
    np.testing.assert_allclose(answer["pretrained"], expected, rtol=1e-6)


def test_series_of_different_lengths_are_scored_where_they_can_be(tmp_path):
    parts = [monthly(n).assign(shop=f"shop {n}") for n in (40, 24, 4)]
    run(recipe(table(tmp_path, pd.concat(parts))), tmp_path / "run")
    assert len(forecasts(tmp_path / "run")) == 3 * HORIZON
    tested = pd.read_csv(tmp_path / "run" / "backtest.csv")
    assert set(tested["unique_id"]) == {"shop 24", "shop 40"}


@pytest.mark.parametrize("value", [7.0, 0.0])
def test_a_constant_series_has_intervals(tmp_path, value):
    run(recipe(table(tmp_path, monthly(30).assign(y=value)), 80), tmp_path / "run")
    found = pd.read_csv(tmp_path / "run" / "forecasts.csv")
    np.testing.assert_allclose(found["pretrained"], value, atol=0.2)
    assert (found["pretrained-lo-80"] <= found["pretrained-hi-80"]).all()


def test_a_level_that_is_large_against_the_changes(tmp_path):
    meter = monthly(MONTHS, level=0.0)
    relative = meter["y"] - meter["y"].iloc[-1]
    run(recipe(table(tmp_path, meter.assign(y=87_654_321.0 + meter["y"]))), tmp_path / "run")
    network = NumPyForecaster(HORIZON, 12)
    expected = network.forecast_windows(relative.to_numpy()[None, :, None])[0]
    found = forecasts(tmp_path / "run") - 87_654_321 - meter["y"].iloc[-1]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_higher_levels_are_calibrated(calibrated):
    record = json.loads((calibrated[0] / "intervals.json").read_text())
    assert record["levels"] == [80, 99]
    found = pd.read_csv(calibrated[0] / "forecasts.csv")
    width = (found["pretrained-hi-99"] - found["pretrained-lo-99"]).to_numpy()
    assert (width > 0).all()
    answer = predict(*calibrated)
    columns = [name for name in found if name.startswith("pretrained")]
    np.testing.assert_allclose(answer[columns], found[columns], rtol=1e-6)


def test_bounds_are_kept_at_zero_but_not_for_negative_histories():
    calibration = Calibration((80.0,), np.array([[-50.0, 50.0]]), 1)
    forecaster = ZeroShotForecaster(NumPyForecaster(1), True, calibration=calibration)
    history = np.array([[1.0, 2.0, 1.0, 2.0], [-1.0, 2.0, -1.0, 2.0]])[..., None]
    lower = forecaster.forecast_windows(history)[:, 0, 1]
    assert lower[0] == 0 and lower[1] < -10


def test_padding_and_empty_histories():
    forecaster = ZeroShotForecaster(NumPyForecaster(2, 4))
    history = np.arange(8.0)[None, :, None]
    padded = np.concatenate([np.full((1, 5, 1), np.nan), history], axis=1)
    np.testing.assert_allclose(
        forecaster.forecast_windows(padded), forecaster.forecast_windows(history)
    )
    assert np.isnan(forecaster.forecast_windows(np.full((2, 5, 1), np.nan))).all()


def test_a_run_without_a_saved_model_says_how_to_make_one(made):
    with pytest.raises(UserError) as caught:
        load_saved_model(made[0])
    assert f"krr export {made[0]} --to DIR" in caught.value.fix


@pytest.mark.parametrize(
    ("ask", "told", "fix"),
    [
        (load_model, "it has no model.keras", "krr.pretrained_forecaster"),
        (gradient_lines, "trained nothing", "--model train"),
    ],
)
def test_what_only_training_writes_is_said_to_be_missing_for_that_reason(made, ask, told, fix):
    with pytest.raises(UserError) as caught:
        ask(made[0])
    assert told in caught.value.what and fix in caught.value.fix


def test_an_update_uses_the_network_on_the_longer_series(made, tmp_path):
    longer = table(tmp_path, monthly(MONTHS).assign(y=lambda frame: 2 * frame["y"]))
    done = update_run(made[0], longer, tmp_path / "updated")
    expected = NumPyForecaster(HORIZON, 12).forecast_windows(
        2 * monthly(MONTHS)["y"].to_numpy()[None, :, None]
    )[0]
    np.testing.assert_allclose(forecasts(tmp_path / "updated"), expected, rtol=1e-6)
    assert done.before["mae"] == pytest.approx(done.run.metrics["model"]["mae"])


def test_any_origin_may_be_tested_since_nothing_was_trained(made, tmp_path):
    found = backtest_run(made[0], tmp_path / "backtest", folds=4)
    assert found.by_cutoff["fold"].nunique() == 4
    tested = pd.read_csv(tmp_path / "backtest" / "backtest.csv")
    first = monthly(MONTHS)["y"].to_numpy()[None, : MONTHS - 4 * HORIZON, None]
    expected = NumPyForecaster(HORIZON, 12).forecast_windows(first)[0]
    np.testing.assert_allclose(tested["pretrained"][:HORIZON], expected, rtol=1e-6)


def test_folds_before_which_nothing_is_left_are_refused(tmp_path):
    config = recipe(table(tmp_path, monthly(13)))
    with pytest.raises(UserError, match="Fold 1 of 2.*two steps more than the horizon"):
        backtest_recipe_of(config, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["made", "calibrated"])
def test_the_saved_model_agrees_with_numpy(which, tmp_path, request):
    folder, file = request.getfixturevalue(which)
    saved = load_saved_model(export(folder, tmp_path / "saved"))
    y = pd.read_csv(file)["y"].to_numpy()
    answer = predict(folder, file)
    columns = [name for name in answer if name.startswith("pretrained")]
    np.testing.assert_allclose(saved.quantiles(y[None])[0], answer[columns], rtol=1e-4)


@pytest.mark.slow
def test_the_onnx_file_agrees_with_numpy(made, tmp_path):
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    folder, file = made
    session = runtime.InferenceSession(export(folder, tmp_path / "onnx", format="onnx"))
    y = pd.read_csv(file)["y"].to_numpy("float32")
    (found,) = session.run(["quantiles"], {"history": y[None]})
    answer = predict(folder, file)
    columns = [name for name in answer if name.startswith("pretrained")]
    np.testing.assert_allclose(found[0], answer[columns], rtol=1e-4)
