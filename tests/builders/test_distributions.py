"""Networks that give a distribution: bounds of all strategies, and paths of the recursive one."""

from __future__ import annotations

import itertools
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from builders.cases import positive, run, small, target_shape, with_holes
from scipy import stats

from keras_rnn_recipes.builders import (
    distribution_of_model,
    forecaster,
    forecaster_info,
    levels_of_model,
    to_forecaster,
)
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.data.windows import WindowSpec, count_windows, window_dataset
from keras_rnn_recipes.evaluation.levels import probabilities
from keras_rnn_recipes.serving.export_forecaster import export_saved_model, load_saved_model
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds

LEVELS = (80, 95)
NAMES = ("gaussian", "student_t", "negative_binomial")
# Each strategy and each distribution once in every profile, every pair in the thorough run.
QUICK = {("direct", "gaussian"), ("seq2seq", "student_t"), ("recursive", "negative_binomial")}
SERVED = [
    pytest.param(*pair, marks=() if pair in QUICK else pytest.mark.slow)
    for pair in itertools.product(("direct", "seq2seq", "recursive"), NAMES)
]


def autoregression(coefficient: float, horizon: int, scale: float = 2.0) -> keras.Model:
    """``y[t + 1] = coefficient * y[t] + scale * noise``, its weights set by hand."""
    model = forecaster("recursive", horizon, cell="linear", scaling="none", distribution="gaussian")
    kernel = np.zeros(model.get_layer("head").kernel.shape, "float32")
    kernel[0, 0] = coefficient
    bias = [0.0, np.log(np.expm1(scale - 1e-3))]  # the inverse of softplus
    model.get_layer("head").set_weights([kernel, np.array(bias, "float32")])
    return model


@pytest.mark.parametrize("coefficient", [1.0, 0.8, 0.0])
def test_paths_of_an_autoregression_are_as_wide_as_the_formula_says(coefficient):
    model = autoregression(coefficient, 16)
    history = np.array([[1.0, 4.0, 10.0], [0.0, 0.0, -5.0]], "float32")[..., None]
    found = run(to_forecaster(model, LEVELS, samples=4000), history)
    steps = np.arange(1, 17)
    variance = sum(coefficient ** (2.0 * age) * (age < steps) for age in range(16)) * 2.0**2
    mean = history[:, -1] * coefficient**steps
    expected = mean[..., None] + np.sqrt(variance)[:, None] * stats.norm.ppf(probabilities(LEVELS))
    # Within Monte Carlo error, and at the first step within none.
    error = np.abs(found - expected) / np.sqrt(variance)[:, None]
    assert error.max() < 0.15 and error[:, 0].max() < 0.01
    width = (found[..., 2] - found[..., 1]) / (expected[..., 2] - expected[..., 1])
    np.testing.assert_allclose(width, 1, atol=0.06)


@pytest.mark.parametrize(
    ("preset", "name", "options"),
    [
        ("lstm", "gaussian", {"lags": 3, "season_length": 4, "members": 2}),
        ("gru", "student_t", {"season_length": 4, "scaling": "mean"}),
        ("conv", "negative_binomial", {}),
    ],
)
def test_a_path_equals_the_growing_window(preset, name, options):
    samples, horizon = 5, 4
    model = small(preset, "recursive", horizon, distribution=name, **options)
    answers = to_forecaster(model, LEVELS, samples=samples, seed=3)
    order = answers.get_layer("paths")._order
    assert (np.sort(order, axis=1) == np.arange(samples)).all()
    history = np.round(with_holes(11))
    paths = []
    for path in range(samples):
        grown = history
        for step in range(horizon):
            parameters = run(model, grown)[:, -1].astype(float).T
            value = drawn(name, (order[step, path] + 0.5) / samples, *parameters)
            grown = np.concatenate([grown, np.float32(value)[:, None, None]], axis=1)
        paths.append(grown[:, -horizon:, 0])
    method = "inverted_cdf" if name == "negative_binomial" else "hazen"
    expected = np.quantile(paths, probabilities(LEVELS), axis=0, method=method)
    found = run(answers, history)
    np.testing.assert_allclose(found, np.moveaxis(expected, 0, -1), rtol=2e-4, atol=1e-4)
    assert (found[..., 2] > found[..., 1]).any()


def drawn(name, probability, level, scale, degrees=None):
    if name == "gaussian":
        return stats.norm.ppf(probability, level, scale)
    if name == "student_t":
        return stats.t.ppf(probability, degrees, level, scale)
    return stats.nbinom.ppf(probability, 1 / scale, 1 / (1 + scale * level))


@pytest.mark.parametrize("strategy", ["direct", "seq2seq"])
def test_bounds_are_those_of_the_distribution_at_the_last_step(strategy):
    model = small("gru", strategy, distribution="student_t", season_length=4)
    assert model.output_shape[1:] == (*target_shape(strategy, 0, None, 3)[1:-1], 3)
    history = with_holes()
    parameters = run(model, history)
    parameters = parameters if strategy == "direct" else parameters[:, -1]
    location, scale, degrees = np.moveaxis(parameters.astype(float), -1, 0)[..., None]
    expected = stats.t.ppf(probabilities(LEVELS), degrees, location, scale)
    answers = to_forecaster(model, LEVELS)
    np.testing.assert_allclose(run(answers, history), expected, rtol=1e-4, atol=1e-5)
    median = run(to_forecaster(model), history)
    np.testing.assert_allclose(median, expected[..., :1], rtol=1e-4)


@pytest.mark.parametrize(("strategy", "name"), SERVED)
def test_it_is_saved_and_served_like_any_forecaster(strategy, name, tmp_path):
    model = small("lstm", strategy, distribution=name)
    answers = to_forecaster(model, (95, 80))
    history = np.round(10 * positive(9))
    found = run(answers, history)
    assert found.shape == (4, 3, 5)
    assert levels_of_model(answers) == LEVELS and distribution_of_model(model) == name
    assert forecaster_info(answers) == ("direct", 3, 1, 1)
    assert to_forecaster(answers) is answers and distribution_of_model(answers) is None
    assert name != "negative_binomial" or (found % 1 == 0).all() and found.min() >= 0
    # Neither the call nor the rest of the batch changes a series' forecast.
    np.testing.assert_array_equal(run(answers, history), found)
    np.testing.assert_allclose(run(answers, history[2:3]), found[2:3], rtol=1e-5)
    answers.save(tmp_path / "answers.keras")
    model.save(tmp_path / "model.keras")
    for again in (
        keras.saving.load_model(tmp_path / "answers.keras"),
        to_forecaster(keras.saving.load_model(tmp_path / "model.keras"), LEVELS),
    ):
        np.testing.assert_allclose(run(again, history), found, rtol=1e-5)
    if strategy != "seq2seq":
        saved = load_saved_model(export_saved_model(answers, tmp_path / "saved", verify=False))
        assert saved.levels == LEVELS
        for series in (history, history[:2, :5]):
            expected = run(answers, series)
            np.testing.assert_allclose(saved.quantiles(series[..., 0]), expected, rtol=1e-4)
            np.testing.assert_allclose(saved(series[..., 0]), expected[..., 0], rtol=1e-4)


@pytest.mark.slow
def test_columns_beside_the_history_are_repeated_for_every_path():
    keras.utils.set_random_seed(2)
    known = {"num_future": 2, "num_static": 1}
    model = small("gru", "recursive", distribution="gaussian", **known)
    rng = np.random.default_rng(0)
    given = {
        "history": positive(8),
        "future": rng.normal(size=(4, 11, 2)).astype("float32"),
        "static": rng.normal(size=(4, 1)).astype("float32"),
    }
    answers = to_forecaster(model, LEVELS)
    found = answers.predict_on_batch(given)
    one = answers.predict_on_batch({name: values[1:2] for name, values in given.items()})
    np.testing.assert_allclose(found[1:2], one, rtol=1e-5)
    changed = given | {"future": given["future"] + np.eye(11)[-1][:, None].astype("float32")}
    differs = (answers.predict_on_batch(changed) != found).any(axis=(0, 2))
    assert differs.tolist() == [False, False, True]


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match=r"distribution must be one of .* received 'cauchy'"):
        forecaster("direct", 3, distribution="cauchy")
    for options in (
        {"num_features": 2, "num_targets": 2},
        {"quantiles": LEVELS},
        {"transform": "log"},
    ):
        with pytest.raises(ValueError, match="one target, without a transform and without learned"):
            forecaster("direct", 3, distribution="gaussian", **options)
    for levels in ((0,), (80, 80)):
        with pytest.raises(ValueError, match="levels must be different levels above 0"):
            to_forecaster(small("gru", "direct", distribution="gaussian"), levels)


def test_without_a_distribution_a_model_is_what_it_was():
    model = small("gru", "direct")
    assert "distribution" not in model.get_layer("forecast").get_config()
    assert to_forecaster(model, LEVELS) is model and levels_of_model(model) == ()


@pytest.mark.parametrize("name", ["gaussian", "negative_binomial"])
def test_the_distribution_of_noise_is_learnt(name):
    """Of noise that nothing foretells, the bounds are those of its distribution."""
    set_seeds(0)
    truth = {"gaussian": stats.norm(5, 2), "negative_binomial": stats.nbinom(2, 0.25)}[name]
    noise = truth.rvs(4000, random_state=0).astype(float)
    frame = pd.DataFrame({"unique_id": "a", "ds": range(4000), "y": noise})
    spec = WindowSpec(lookback=12, horizon=2)
    model = forecaster("direct", 2, cell="linear", lags=1, scaling="none", distribution=name)
    train = partial(window_dataset, frame, spec, shuffle=True, repeat=True, batch_size=64)
    config = FitConfig(epochs=8, batch_size=64, learning_rate=0.05, loss="nll")
    fit(model, train, num_windows=count_windows(frame, spec), config=config)
    history = noise[:1200].reshape(100, 12, 1).astype("float32")
    found = run(to_forecaster(model, LEVELS), history).mean(axis=(0, 1))
    np.testing.assert_allclose(found, truth.ppf(probabilities(LEVELS)), rtol=0.12, atol=0.5)
