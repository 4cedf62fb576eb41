"""to_forecaster: recursion equals the growing window, and every weight is shared."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders.cases import (
    COMBINATIONS,
    STRATEGIES,
    growing_window,
    positive,
    run,
    shared,
    shared_forecaster,
    small,
    with_holes,
)
from profiles import slow_but

from keras_rnn_recipes.builders import PRESETS, forecaster_info, to_forecaster

OPTIONS: dict[str, dict] = {
    "plain": {},
    "lags and season": {"lags": 5, "season_length": 4},
    "spaced lags, robust, asinh": {"lags": (0, 6), "scaling": "robust", "transform": "asinh"},
    "two targets, last value": {"scaling": "last", "num_features": 2, "num_targets": 2},
    "logarithm, long season": {"scaling": "mean", "transform": "log", "season_length": 7},
    "no scaling": {"scaling": "none"},
    "short window": {"scaling": "mean", "scale_window": 2, "lags": 4},
    "whole block": {"residual": True, "layer_norm": True, "dropout": 0.3, "l2": 0.1},
}
EVERY_PRESET = [(preset, name) for preset in PRESETS for name in ("plain", "lags and season")]
EVERY_OPTION = [("lstm", name) for name in OPTIONS] + [("deep_rnn", name) for name in OPTIONS]
# Every preset once, and options that take each way through the graph.
QUICK = {("lstm", name) for name in OPTIONS if name not in ("no scaling", "short window")}
QUICK |= {(preset, "plain") for preset in PRESETS}
REST = [("conv", "two targets, last value"), ("dense", "whole block"), ("conv", "whole block")]


@pytest.mark.parametrize(
    ("preset", "name"),
    slow_but(QUICK, sorted({*EVERY_PRESET, *EVERY_OPTION, *REST})),
    ids=str,
)
def test_recursion_equals_the_growing_window(preset, name):
    options = OPTIONS[name]
    model = shared(preset, "recursive", 5, **options)
    forecast = shared_forecaster(preset, "recursive", 5, **options)
    for time in (1, 3, 15):  # shorter than the context and longer
        history = with_holes(time, options.get("num_features", 1))
        slow, fast = growing_window(model, history, 5), run(forecast, history)
        assert fast.shape == slow.shape
        np.testing.assert_allclose(fast, slow, rtol=2e-4, atol=1e-5)
    assert np.ptp(fast, axis=1).min() > 0  # steps that differ: the comparison can fail


@pytest.mark.parametrize("preset", PRESETS)
def test_seq2seq_is_read_at_its_last_step(preset):
    for options in ({}, {"lags": 3, "season_length": 4, "num_features": 2}):
        model = shared(preset, "seq2seq", **options)
        history = with_holes(9, options.get("num_features", 1))
        forecast = shared_forecaster(preset, "seq2seq", **options)
        np.testing.assert_allclose(
            run(forecast, history), run(model, history)[:, -1], rtol=1e-5, atol=1e-6
        )


def test_a_direct_model_is_a_forecaster_already():
    model = small("gru", "direct")
    assert to_forecaster(model) is model


@pytest.mark.parametrize("horizon", [1, 2, 40])
def test_a_recursive_model_goes_as_far_as_its_horizon(horizon):
    model = small("simple_rnn", "recursive", horizon)
    found = run(to_forecaster(model), positive(6))
    assert found.shape == (4, horizon, 1)
    np.testing.assert_allclose(found[:, :1], run(model, positive(6))[:, -1:], rtol=1e-5)


@pytest.mark.parametrize(("preset", "strategy"), COMBINATIONS)
def test_weights_are_shared_whenever_it_was_called(preset, strategy):
    model = small(preset, strategy)
    early, late = to_forecaster(model), to_forecaster(model)
    history = positive(8)
    before = run(early, history)
    model.set_weights([w * 0.5 + 0.1 for w in model.get_weights()])
    after = run(early, history)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(after, run(late, history))
    assert len(early.weights) == len(model.weights)
    assert early.count_params() == model.count_params()


def test_training_on_changes_a_forecaster_made_before():
    for strategy in STRATEGIES:
        model = small("gru", strategy)
        forecast, history = to_forecaster(model), positive(8)
        before = run(forecast, history)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(history, np.zeros_like(run(model, history)))
        assert np.abs(run(forecast, history) - before).max() > 1e-4


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_forecaster_says_what_it_is_and_can_be_made_again(strategy):
    forecast = to_forecaster(small("lstm", strategy, 4, num_features=2, num_targets=2))
    assert forecaster_info(forecast) == ("direct", 4, 2, 2)
    assert to_forecaster(forecast) is forecast


def test_a_model_from_elsewhere_is_refused():
    history = keras.Input((None, 1))
    model = keras.Model(history, keras.layers.LSTM(2)(history))
    for function in (to_forecaster, forecaster_info):
        with pytest.raises(ValueError, match=r"The model has no ForecastOutput layer\. Expected"):
            function(model)
