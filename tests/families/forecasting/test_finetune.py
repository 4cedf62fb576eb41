"""The pretrained network trained on: from which windows, and what is kept if it only hurts."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.data.split import split_by_time
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import count_windows, window_dataset
from keras_rnn_recipes.families.forecasting.training import validation_windows, with_earlier_rows
from keras_rnn_recipes.families.forecasting.zero_shot import ZeroShotForecaster
from keras_rnn_recipes.pretrained.card import pretrained_card, read_weights
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster
from keras_rnn_recipes.workflows.inference import evaluate, predict

HORIZON, SEASON, LOOKBACK = 2, 3, 8
LENGTHS = {"a": 12, "b": 6}


def panel() -> pd.DataFrame:
    parts = [
        pd.DataFrame({"unique_id": name, "ds": range(n), "y": 100.0 * k + np.arange(1.0, n + 1)})
        for k, (name, n) in enumerate(LENGTHS.items(), start=1)
    ]
    return pd.concat(parts, ignore_index=True)


def config_of(source="panel.csv", **fit):
    data = {"source": str(source), "season_length": SEASON, "valid_size": 2, "test_size": 2}
    model = {"preset": "pretrained", "horizon": HORIZON, "lookback": LOOKBACK}
    return config_from_dict({"data": data, "model": model, "fit": fit})


def pairs(batches) -> list[tuple[list, list]]:
    """Every window: the observed part of its history, and its targets."""
    found = []
    for x, y, _ in batches:
        for history, target in zip(np.asarray(x)[..., 0], np.asarray(y)[..., 0], strict=True):
            found.append((history[~np.isnan(history)].tolist(), target.tolist()))
    return sorted(found)


def test_windows_end_at_every_step_after_the_first_season():
    train, _ = with_earlier_rows(panel(), None, config_of())
    found = pairs(window_dataset(train, WindowSpec(LOOKBACK, HORIZON)))
    expected = []
    for _, series in panel().groupby("unique_id"):
        y = series["y"].tolist()
        for end in range(SEASON, len(y) - HORIZON + 1):
            expected.append((y[max(0, end - LOOKBACK) : end], y[end : end + HORIZON]))
    assert found == sorted(expected)


def test_validation_windows_have_their_targets_in_the_validation_part():
    config = config_of()
    split = split_by_time(panel(), valid_size=2, test_size=2, lookback=LOOKBACK)
    _, valid = with_earlier_rows(split.train, split.valid, config)
    found = pairs(validation_windows(valid, WindowSpec(LOOKBACK, HORIZON)))
    expected = []
    for _, series in panel().groupby("unique_id"):
        y = series["y"].tolist()[:-2]
        expected.append((y[:-HORIZON][-LOOKBACK:], y[-HORIZON:]))
    assert found == sorted(expected)


def test_a_long_season_adds_no_rows_and_no_validation_part_stays_none():
    config = config_of()
    data = config.data.model_copy(update={"season_length": LOOKBACK + 1})
    train, valid = with_earlier_rows(panel(), None, config.model_copy(update={"data": data}))
    pd.testing.assert_frame_equal(train, panel())
    assert valid is None and count_windows(train, WindowSpec(LOOKBACK, HORIZON)) > 0


def table(folder, kinds=None):
    at = np.arange(40)
    usual = {"a": 50 + at + np.sin(at), "b": 9 + np.cos(2 * np.pi * at / 7)}
    parts = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2020-01-06", periods=40), "y": y})
        for name, y in (kinds or usual).items()
    ]
    pd.concat(parts).to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


def recipe(file, **fit):
    return config_from_dict(
        {
            "data": {"source": str(file), "season_length": 7},
            "model": {"preset": "pretrained", "horizon": 4, "lookback": 30},
            "fit": {"batch_size": 8, "steps_per_epoch": 3, "watch_gradients": False, **fit},
            "evaluate": {"baselines": ["naive"]},
        }
    )


@pytest.mark.slow
def test_training_that_only_hurts_leaves_the_network_as_it_was(tmp_path, capsys):
    file = table(tmp_path)
    hurting = {"learning_rate": 5.0, "schedule": "constant", "patience": 2, "refit": True}
    run = krr.run(recipe(file, epochs=4, **hurting), tmp_path / "run").run_dir
    assert "before the test part: as it was" in (said := capsys.readouterr().out)
    assert "it stays as it was." in said
    history = pd.read_csv(run / "history.csv")
    assert history["epoch"].tolist() == [0, 1, 2] and history["loss"].isna().tolist()[0]
    assert history["val_loss"].idxmin() == 0
    kept = keras.saving.load_model(run / "model.keras").get_weights()
    for one, other in zip(kept, read_weights(pretrained_card()), strict=True):
        np.testing.assert_array_equal(one, other)
    forecasts = pd.read_csv(run / "forecasts.csv").set_index("unique_id")["pretrained"]
    for name, series in pd.read_csv(file).groupby("unique_id"):
        window = series["y"].to_numpy()[None, -30:, None]
        network = ZeroShotForecaster(NumPyForecaster(4, 7), nonnegative=True)
        expected = network.forecast_windows(window)[0]
        np.testing.assert_allclose(forecasts[name], expected, rtol=1e-4)
    report = (run / "report.html").read_text()
    assert "Epoch 0 is the pretrained network before the training" in report


@pytest.mark.slow
def test_training_that_helps_is_kept_and_served(tmp_path):
    # Spikes every five days, which a network that is told of weeks has to learn.
    spikes = {name: 10 + 30.0 * (np.arange(40) % 5 == first) for first, name in enumerate("abc")}
    file = table(tmp_path, spikes)
    run = krr.run(recipe(file, epochs=6, learning_rate=3e-3), tmp_path / "run").run_dir
    history = pd.read_csv(run / "history.csv")
    assert history["val_loss"].idxmin() > 0
    answer, made = predict(run, file), pd.read_csv(run / "forecasts.csv")
    np.testing.assert_allclose(answer["pretrained"], made["pretrained"], rtol=1e-4)
    metrics = json.loads((run / "metrics.json").read_text())
    found = evaluate(run, file).summary["pretrained"]["mae"]
    assert found == pytest.approx(metrics["model"]["mae"], rel=1e-4)
