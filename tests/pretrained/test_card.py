"""The shipped weights, their card, and the models made of them."""

from __future__ import annotations

import hashlib
import json
import shutil

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import build_forecaster, pretrained_forecaster, to_forecaster
from keras_rnn_recipes.builders.intervals import levels_of_model
from keras_rnn_recipes.builders.to_forecaster import forecaster_info
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.zero_shot import ZeroShotForecaster
from keras_rnn_recipes.pretrained.card import CARD, FOLDER, WEIGHTS, pretrained_card, read_weights
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster


def test_the_shipped_weights_are_those_of_the_card_and_small():
    card = pretrained_card()
    weights = read_weights(card)
    assert sum(array.size for array in weights) == card.facts["parameters"] <= 3_000_000
    assert card.file.stat().st_size < 6e6
    assert all(np.isfinite(array).all() for array in weights)


@pytest.fixture
def copied(tmp_path):
    for name in (CARD, WEIGHTS):
        shutil.copy(FOLDER / name, tmp_path)
    return tmp_path


def test_a_damaged_file_is_refused(copied):
    content = bytearray((copied / WEIGHTS).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / WEIGHTS).write_bytes(content)
    with pytest.raises(UserError, match="its SHA-256 differs"):
        NumPyForecaster(3, folder=copied)
    (copied / WEIGHTS).unlink()
    with pytest.raises(UserError, match="cannot be read"):
        pretrained_forecaster(3, folder=copied)
    (copied / CARD).unlink()
    with pytest.raises(UserError, match="cannot be read"):
        pretrained_card(copied)


def test_a_folder_of_other_sizes_is_used_as_its_card_says(copied):
    random = np.random.default_rng(0)
    shapes = [(52, 20), (5, 20), (17, 4), (4,), (20, 4), (4, 4), (4,), (4, 28), (28,)]
    arrays = {str(k): random.normal(size=shape) for k, shape in enumerate(shapes)}
    np.savez(copied / WEIGHTS, **arrays)
    card = json.loads((copied / CARD).read_text())
    card |= {"units": 5, "hidden": 4}
    card["sha256"] = hashlib.sha256((copied / WEIGHTS).read_bytes()).hexdigest()
    (copied / CARD).write_text(json.dumps(card))
    history = np.arange(1.0, 25).reshape(1, 24, 1)
    model = pretrained_forecaster(3, season_length=4, folder=copied)
    expected = NumPyForecaster(3, 4, folder=copied).forecast_windows(history)
    np.testing.assert_allclose(np.asarray(model(history))[..., 0], expected, rtol=1e-3)


def test_the_model_keeps_the_contract_of_a_direct_forecaster(tmp_path):
    model = pretrained_forecaster(5, season_length=(7, 365), levels=(80, 95))
    assert model.output_shape == (None, 5, 5)
    assert forecaster_info(model)[:2] == ("direct", 5) and levels_of_model(model) == (80, 95)
    history = np.random.default_rng(1).normal(size=(2, 60, 1)).cumsum(axis=1)
    expected = NumPyForecaster(5, (7, 365), (80.0, 95.0)).forecast_windows(history)
    np.testing.assert_allclose(np.asarray(model(history)), expected, rtol=1e-3, atol=1e-4)
    served = to_forecaster(model, lookback=40, nonnegative=True)
    assert np.isnan(np.asarray(served(np.full((1, 9, 1), np.nan)))).all()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(np.asarray(again(history)), expected, rtol=1e-3, atol=1e-4)


def test_as_a_preset_it_refuses_what_it_has_no_part_for():
    model = build_forecaster("pretrained", "direct", 3, num_features=1, season_length=4)
    assert model.output_shape == (None, 3, 1)
    with pytest.raises(ValueError, match="no option units"):
        build_forecaster("pretrained", "direct", 3, units=8)
    with pytest.raises(ValueError, match="no option num_future"):
        build_forecaster("pretrained", "direct", 3, num_future=2)
    with pytest.raises(ValueError, match="strategy 'direct'"):
        build_forecaster("pretrained", "seq2seq", 3)
    with pytest.raises(ValueError, match="at most 95 percent"):
        pretrained_forecaster(3, levels=(99,))


def test_with_scaling_change_a_meter_keeps_its_digits():
    steps = np.sin(np.arange(60.0)) + np.arange(60.0)
    history = (87_654_717.0 + 0.01 * steps).reshape(1, 60, 1)
    served = to_forecaster(pretrained_forecaster(4, scaling="change"), lookback=60)
    answer = np.asarray(served(history)).ravel() - 87_654_717.0
    alone = np.asarray(pretrained_forecaster(4)(history - history[:, -1:])).ravel()
    np.testing.assert_allclose(answer, alone + history[0, -1, 0] - 87_654_717.0, atol=1e-4)


def test_negative_forecasts_are_cut_where_no_value_was_negative():
    history = np.array([5.0, 4, 3, 2, 1, 0, 0, 0]).reshape(1, 8, 1)
    forecaster = ZeroShotForecaster(NumPyForecaster(6, levels=(95.0,)), nonnegative=True)
    cut = forecaster.forecast_windows(history)
    assert cut.min() == 0
    both = np.concatenate([history, -history])
    assert forecaster.forecast_windows(both)[1].min() < 0
    assert NumPyForecaster(2).forecast_windows(np.empty((0, 4, 1))).shape == (0, 2)
    nothing = NumPyForecaster(2).forecast_windows(np.full((1, 4, 1), np.nan))
    assert np.isnan(nothing).all()
