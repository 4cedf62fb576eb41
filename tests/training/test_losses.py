"""The losses equal sums by hand, other libraries, and one another in other units."""

from __future__ import annotations

from typing import get_args

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import ops
from sklearn.metrics import mean_tweedie_deviance
from training.toy import HORIZON, LOOKBACK, toy_arrays, toy_model
from utilsforecast import losses

from keras_rnn_recipes.builders import forecaster, to_forecaster
from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import FitConfig, Loss
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import probabilities
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.losses import (
    loss_function,
    mae_log,
    prepare,
    smape,
    tweedie_deviance,
)
from keras_rnn_recipes.training.state import set_seeds


def evaluated(loss: str, target: np.ndarray, forecast: np.ndarray, weights: np.ndarray) -> float:
    """The loss that Keras reports for these numbers."""
    arrays = (np.zeros((len(target), LOOKBACK, 1), "float32"), target, weights)
    dataset = prepare(tf.data.Dataset.from_tensor_slices(arrays).batch(len(target)), loss)
    identity = keras.Sequential([keras.Input((HORIZON, 1)), keras.layers.Identity()])
    identity.compile(loss=loss_function(loss))
    _, y, *w = next(iter(dataset))
    return identity.evaluate(forecast, y, sample_weight=w[0] if w else None, verbose=0)


@pytest.fixture
def amounts() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    target = rng.poisson(1.0, (6, HORIZON, 1)).astype("float32")
    return target, rng.uniform(0.2, 5, target.shape).astype("float32")


def test_smape_equals_a_loop(amounts):
    target, forecast = amounts
    weights = np.ones(target.shape[:2], "float32")
    weights[1, 0] = 0
    forecast[0, 0] = target[0, 0] = 0  # zero forecast and zero observed is no error
    total = 0.0
    for y, f, w in zip(target.ravel(), forecast.ravel(), weights.ravel(), strict=True):
        total += w * (2 * abs(y - f) / (abs(y) + abs(f)) if y or f else 0)
    expected = total / target.size
    assert evaluated("smape", target, forecast, weights) == pytest.approx(expected, rel=1e-5)


def test_the_error_of_logarithms_equals_a_loop_and_leaves_out_what_is_missing(amounts):
    target, forecast = (values + 0.5 for values in amounts)
    weights = np.ones(target.shape[:2], "float32")
    target[1, 0], weights[1, 0] = 0, 0  # as a missing target comes
    total = sum(
        abs(np.log(f / y)) if w else 0.0
        for y, f, w in zip(target.ravel(), forecast.ravel(), weights.ravel(), strict=True)
    )
    found = evaluated("mae_log", target, forecast, weights)
    assert found == pytest.approx(total / target.size, rel=1e-5)
    assert FitConfig(loss="mae_log").window_weights == "none"


def test_nought_pulls_a_forecast_down_as_much_as_any_smaller_value():
    forecast = tf.Variable([[2.0], [2.0]])
    with tf.GradientTape() as tape:
        value = mae_log(ops.array([[0.0], [1.0]]), forecast)
    assert np.isfinite(value).all()
    np.testing.assert_allclose(tape.gradient(value, forecast), [[0.5], [0.5]])


def test_smape_does_not_depend_on_units_and_has_finite_slopes():
    forecast = tf.Variable([[1e-30], [0.0], [5e20], [0.0]])
    with tf.GradientTape() as tape:
        value = smape(ops.array([[3e-30], [0.0], [1.5e21], [2.0]]), forecast)
    np.testing.assert_allclose(value, [1, 0, 1, 2], rtol=1e-5)
    assert np.isfinite(tape.gradient(value, forecast)).all()
    assert FitConfig(loss="smape").window_weights == "none"
    assert FitConfig(loss="tweedie").window_weights == "scale"


def test_tweedie_equals_scikit_learn(amounts):
    target, forecast = amounts
    expected = mean_tweedie_deviance(target.ravel(), forecast.ravel(), power=1.5)
    assert float(ops.mean(tweedie_deviance(target, forecast))) == pytest.approx(expected, rel=1e-5)
    weights = np.ones(target.shape[:2], "float32")
    for scale in (1.0, 1e4):
        value = evaluated("tweedie", target * scale, forecast * scale, weights / scale)
        assert value == pytest.approx(expected, rel=1e-5)


def test_pinball_equals_utilsforecast_and_is_twice_the_mean_error_of_a_median():
    rng = np.random.default_rng(3)
    target, forecast = rng.normal(size=(40, 1)), rng.normal(size=(40, 5))
    columns = list("vwxuz")
    table = pd.DataFrame(forecast, columns=columns).assign(unique_id="a", y=target[:, 0])
    expected = losses.mqloss(table, {"net": columns}, probabilities((80, 95)))["net"].item()
    found = loss_function("pinball", (80, 95))(ops.array(target), ops.array(forecast))
    assert float(ops.mean(found)) == pytest.approx(2 * expected, rel=1e-5)
    alone = loss_function("pinball")(ops.array(target), ops.array(forecast[:, :1]))
    np.testing.assert_allclose(alone, np.abs(target - forecast[:, :1])[:, 0], rtol=1e-5)


def test_missing_targets_do_not_count_in_tweedie(amounts):
    target, forecast = amounts
    weights = np.ones(target.shape[:2], "float32")
    weights[:, 1] = 0
    whole = evaluated(
        "tweedie", target[:, :1].repeat(HORIZON, 1), forecast[:, :1].repeat(HORIZON, 1), weights
    )
    assert evaluated("tweedie", target, forecast, weights) == pytest.approx(whole, rel=1e-5)


def test_tweedie_pulls_forecasts_of_nought_and_less_up():
    """Past its bend the deviance goes on without a jump, in value or slope."""
    points = [-5.0, 0.0, 0.01 - 1e-4, 0.01 + 1e-4]
    forecast = tf.Variable(points)
    with tf.GradientTape() as tape:
        value = tweedie_deviance(ops.array([2.0] * 4), forecast)
    slopes = tape.gradient(value, forecast).numpy()
    assert np.isfinite(value).all() and (slopes < 0).all()
    assert float(value[2]) == pytest.approx(float(value[3]), rel=0.02)
    assert slopes[2] == pytest.approx(slopes[3], rel=0.05)


@pytest.mark.parametrize("loss", ["smape", "tweedie", "mae_log"])
def test_training_makes_the_loss_smaller(loss):
    x, y, w = toy_arrays(48)
    dataset = tf.data.Dataset.from_tensor_slices((x + 2, y + 2, w)).batch(8).repeat()
    set_seeds(0)
    model = toy_model(dropout=0.0)
    # Of the other sign than the truth, a forecast has an sMAPE of 2 and nowhere to go.
    model.layers[-2].bias.assign(np.full(HORIZON, 0.3))
    config = FitConfig(epochs=15, learning_rate=0.03, loss=loss)
    history = fit(model, lambda first_epoch: dataset, num_windows=48, config=config)
    assert history["loss"].iloc[-1] < 0.6 * history["loss"].iloc[0]


@pytest.mark.parametrize("loss", ["tweedie", "mae_log"])
def test_negative_values_are_a_users_mistake_where_the_loss_is_not_for_them(loss):
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=40), "y": [1.0, -2.0] * 20})
    config = config_from_dict(
        {"data": {"source": "x.csv"}, "model": {"horizon": 3}, "fit": {"loss": loss}}
    )
    with pytest.raises(UserError, match="is -2 at 2024-01-02"):
        choose_defaults(config, read_panel(table))


@pytest.mark.parametrize("loss", sorted(set(get_args(Loss)) - {"nll"}))
def test_a_model_trained_with_any_loss_becomes_a_forecaster_and_is_saved(loss, tmp_path):
    """Nobody else knows our losses: whoever clones or loads the model must do without."""
    model = forecaster("seq2seq", 2, units=2)
    model.compile("adam", loss_function(loss))
    model.optimizer.build(model.trainable_variables)
    history = np.full((1, 4, 1), 3.0, "float32")
    expected = to_forecaster(model)(history)
    assert model.compiled
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras", compile=loss != "pinball")
    np.testing.assert_array_equal(to_forecaster(again)(history), expected)
