"""The negative log likelihood equals SciPy's, and its slopes are numbers wherever it is asked."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import stats

from keras_rnn_recipes.builders import forecaster, to_forecaster
from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.data.windows import window_dataset
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.distributions import DISTRIBUTIONS
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.losses import (
    forecast_loss,
    likelihood_loss,
    loss_function,
    negative_log_likelihood,
    prepare,
)


def cases(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, parameters and SciPy's logarithm of the likelihood."""
    rng = np.random.default_rng(0)
    level, scale = rng.normal(0, 5, 200), rng.lognormal(0, 1, 200)
    if name == "negative_binomial":
        level = rng.lognormal(2, 3, 200)
        y = np.floor(level * rng.exponential(size=200))
        log = stats.nbinom.logpmf(y, 1 / scale, 1 / (1 + scale * level))
        return y[:, None], np.stack([level, scale], axis=-1), log
    y = level + scale * rng.normal(0, 3, 200)
    if name == "gaussian":
        return y[:, None], np.stack([level, scale], axis=-1), stats.norm.logpdf(y, level, scale)
    degrees = 2 + rng.lognormal(0, 2, 200)
    log = stats.t.logpdf(y, degrees, level, scale)
    return y[:, None], np.stack([level, scale, degrees], axis=-1), log


def slopes(name: str, packed: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    given = tf.Variable(np.float32(parameters))
    with tf.GradientTape() as tape:
        loss = likelihood_loss(name)(tf.constant(np.float32(packed)), given)
    assert np.isfinite(loss).all()
    return tape.gradient(loss, given).numpy()


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_it_equals_scipy(name):
    target, parameters, log = cases(name)
    found = negative_log_likelihood(name, target, parameters)
    np.testing.assert_allclose(found, -log, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_keras_reports_its_mean_with_what_is_missing_left_out(name):
    target, parameters, log = (np.reshape(x, (20, 10, -1)) for x in cases(name))
    weight = np.full((20, 10), 0.5)
    weight[:, 3] = target[:, 3] = 0
    arrays = [np.float32(x) for x in (parameters, target, weight)]
    dataset = prepare(tf.data.Dataset.from_tensor_slices(tuple(arrays)).batch(20), "nll")
    identity = keras.Sequential([keras.Input(parameters.shape[1:]), keras.layers.Identity()])
    identity.compile(loss=loss_function("nll", distribution=name))
    found = identity.evaluate(dataset, verbose=0)
    # Half the values have twice the density; counts are what they are.
    units = 0 if name == "negative_binomial" else np.log(0.5)
    expected = np.where(weight > 0, units - log[..., 0], 0).mean()
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["gaussian", "student_t"])
def test_it_is_free_of_units(name):
    target, parameters, _ = cases(name)
    for unit in (1e-9, 1e9):
        scaled = np.concatenate([parameters[:, :2] * unit, parameters[:, 2:]], axis=-1)
        packed = np.concatenate([target * unit, np.full_like(target, 1 / unit)], axis=-1)
        loss = likelihood_loss(name)(packed, tf.constant(scaled))
        np.testing.assert_allclose(loss, negative_log_likelihood(name, target, parameters))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_slopes_are_numbers_at_the_extremes(name):
    levels = [1e-6, 1.0, 1e9] if name == "negative_binomial" else [-1e9, 0.0, 1e9]
    targets = [0.0, 1.0, 1e9]
    rest = [[s, d] if name == "student_t" else [s] for s in (1e-4, 1.0, 1e6) for d in (2.01, 1e6)]
    for target in targets:
        for weight in (0.0, 1e-9, 1.0):
            parameters = np.array([[level, *others] for level in levels for others in rest])
            packed = np.tile([target, weight], (len(parameters), 1))
            found = slopes(name, packed, parameters)
            assert np.isfinite(found).all()
            assert weight or not found.any()


def test_a_compiled_model_is_saved_and_loaded_with_its_loss(tmp_path):
    model = forecaster("seq2seq", 2, units=2, distribution="negative_binomial")
    model.compile("adam", loss_function("nll", distribution="negative_binomial"))
    model.optimizer.build(model.trainable_variables)
    history, packed = np.full((1, 4, 1), 3.0, "float32"), np.ones((1, 4, 2, 2), "float32")
    expected = model.evaluate(history, packed, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.evaluate(history, packed, verbose=0) == pytest.approx(expected)
    np.testing.assert_array_equal(to_forecaster(again)(history), to_forecaster(model)(history))


def test_a_likelihood_and_a_distribution_need_each_other():
    for name, distribution in (("nll", None), ("mae", "gaussian")):
        with pytest.raises(UserError, match="the loss 'nll' and a model with a distribution"):
            loss_function(name, distribution=distribution)


def recipe(**model) -> dict:
    return {
        "data": {"source": "x.csv"},
        "model": {"horizon": 3, "distribution": "negative_binomial", **model},
        "fit": {"loss": "nll"},
        "evaluate": {"levels": [80]},
    }


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["fit.loss=mae"], "distribution 'negative_binomial' and fit.loss 'mae'"),
        (["model.quantiles=80"], "one of them: a distribution has its own quantiles"),
        (["model.transform=log"], "transform none"),
        (["model.distribution=poisson"], "model.distribution"),
    ],
)
def test_a_recipe_that_does_not_go_together_is_refused(changed, told):
    assert config_from_dict(recipe()).model.options() == {"distribution": "negative_binomial"}
    with pytest.raises(UserError, match=told):
        config_from_dict(recipe(), changed)
    del (without := recipe())["model"]["distribution"]
    with pytest.raises(UserError, match="distribution None and fit.loss 'nll'"):
        config_from_dict(without)


@pytest.mark.parametrize("value", [0.5, -1.0])
def test_counts_are_whole_numbers(value):
    table = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=40), "y": [1.0, value] * 20})
    with pytest.raises(UserError, match=f"is {value:g} at 2024-01-02.*Expected: whole numbers"):
        choose_defaults(config_from_dict(recipe()), read_panel(table))
    table["y"] = [1.0, 2.0] * 20
    choose_defaults(config_from_dict(recipe()), read_panel(table))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_compiled_by_hand_it_weights_the_likelihood_of_plain_targets(name):
    target, parameters, log = (np.reshape(x, (20, 10, -1)) for x in cases(name))
    weight = np.linspace(0, 1, 200).reshape(20, 10)
    model = forecaster("direct", 10, units=2, distribution=name)
    model.compile("adam", loss=forecast_loss(model))
    reported = model.compute_loss(
        None, *(tf.constant(np.float32(x)) for x in (target, parameters, weight))
    )
    expected = -(log[..., 0] * weight).mean()
    np.testing.assert_allclose(float(reported), expected, rtol=1e-4)


@pytest.mark.slow
def test_fit_takes_the_losses_of_this_package_by_name():
    frame = pd.DataFrame({"unique_id": "a", "ds": range(60), "y": np.arange(60) % 7 + 1.0})
    spec = WindowSpec(lookback=14, horizon=2)
    train = functools.partial(window_dataset, frame, spec, shuffle=True, repeat=True)
    config = FitConfig(epochs=1, steps_per_epoch=2)
    losses = {}
    for name, options in {
        "nll": {"distribution": "gaussian"}, "pinball": {"quantiles": (80,)}, "smape": {}
    }.items():  # fmt: skip
        given = config.model_copy(update={"loss": name})
        for way in ({"loss": name, "config": config}, {"config": given}):
            keras.utils.set_random_seed(0)
            model = forecaster("direct", 2, units=2, **options)
            history = fit(model, train, num_windows=45, **way)
            losses.setdefault(name, []).append(history["loss"].item())
        assert losses[name][0] == losses[name][1]


@pytest.mark.parametrize("loss", ["mse", "huber", "tweedie", "nll"])
def test_weights_of_rows_are_refused_where_the_errors_are_weighted(loss):
    frame = pd.DataFrame({"unique_id": "a", "ds": range(60), "y": 1.0, "weight": 1.0})
    train = functools.partial(
        window_dataset, frame, WindowSpec(4, 2), shuffle=True, repeat=True, weight_col="weight"
    )
    model = forecaster("direct", 2, units=2, distribution="gaussian" if loss == "nll" else None)
    with pytest.raises(UserError, match="'weight', and the loss is"):
        fit(model, train, num_windows=9, config=FitConfig(loss=loss))
