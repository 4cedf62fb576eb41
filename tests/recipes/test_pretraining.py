"""The script that makes the pretrained network, with a few steps of a tiny one."""

from __future__ import annotations

import importlib.util
import tomllib

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.pretrained.card import pretrained_card, read_weights
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster


@pytest.fixture(scope="module")
def folder(project_root):
    return project_root / "recipes" / "pretraining"


@pytest.fixture(scope="module")
def script(folder):
    spec = importlib.util.spec_from_file_location("pretrain", folder / "pretrain.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def settings(folder):
    """Those of the shipped network, with a few steps of one kind of series."""
    found = tomllib.loads((folder / "any_season.toml").read_text("utf-8"))
    yearly = next(kind for kind in found["series"] if kind["season_length"] == [1])
    few = {"steps": 12, "warmup": 2, "report_every": 6, "units": 5, "hidden": 4, "averaging": 0.5}
    return found | few | {"series": [yearly | {"batch_size": 8}]}


@pytest.mark.slow
def test_it_learns_writes_a_usable_folder_and_repeats_itself(script, settings, tmp_path):
    settings["steps"] = 60
    script.main(settings, tmp_path / "a")
    curve = pd.read_csv(tmp_path / "a" / "curve.csv")
    assert curve["steps"].tolist() == list(range(6, 61, 6))
    assert curve["loss_1"].iloc[-3:].mean() < curve["loss_1"].iloc[0]
    card = pretrained_card(tmp_path / "a")
    assert card.facts["series"] == 60 * 8
    history = np.arange(1.0, 31).reshape(1, 30, 1)
    assert np.isfinite(NumPyForecaster(4, folder=tmp_path / "a").forecast_windows(history)).all()
    settings["steps"] = 12
    for name in ("b", "c"):
        script.main(settings, tmp_path / name)
    first, second = (read_weights(pretrained_card(tmp_path / name)) for name in ("b", "c"))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_origins_and_steps_ahead_stay_within_the_series(script, folder):
    found = tomllib.loads((folder / "any_season.toml").read_text("utf-8"))
    for number, kind in enumerate(found["series"]):
        source = script.batches(kind, number, found)
        for _ in range(3):
            series, origins, ahead = next(source)
            begin = np.isfinite(series).argmax(axis=1)
            assert series.shape == (kind["batch_size"], kind["length"] + kind["most_ahead"])
            assert np.isfinite(series).any(axis=1).all()
            assert (origins >= begin[:, None]).all() and origins.max() < kind["length"]
            assert ahead.min() >= 1 and ahead.max() <= kind["most_ahead"]
