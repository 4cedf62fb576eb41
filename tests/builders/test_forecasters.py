"""What the builders return: shapes, numbers worked out by hand, and refusals."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from builders.cases import COMBINATIONS, positive, run, small, target_shape, with_holes

from keras_rnn_recipes.builders import (
    PRESETS,
    build_forecaster,
    direct_forecaster,
    forecaster,
    forecaster_info,
    recursive_forecaster,
    seq2seq_forecaster,
)


@pytest.mark.parametrize(("preset", "strategy"), COMBINATIONS)
def test_shapes_for_any_batch_and_time(preset, strategy):
    model = small(preset, strategy, season_length=4)
    assert model.input_shape == (None, None, 1)
    assert forecaster_info(model) == (strategy, 3, 1, 1)
    assert not model.compiled
    for time in (1, 9):
        output = run(model, with_holes(time))
        assert output.shape == target_shape(strategy, 4, time, 3)
        known = np.isfinite(with_holes(time)).any(axis=(1, 2))  # at one step, a history has nothing
        finite = np.isfinite(output).reshape(4, -1)
        assert finite[known].all() and not finite[~known].any()


@pytest.mark.parametrize(
    ("build", "strategy"),
    [
        (direct_forecaster, "direct"),
        (seq2seq_forecaster, "seq2seq"),
        (recursive_forecaster, "recursive"),
    ],
)
def test_each_strategy_has_a_function_of_its_own(build, strategy):
    model = build(5, cell="gru", units=(3, 2), num_features=2, num_targets=2)
    assert forecaster_info(model) == (strategy, 5, 2, 2)
    assert run(model, positive(6, 2)).shape == target_shape(strategy, 4, 6, 5, 2)


def test_the_presets_are_the_frozen_names():
    assert list(PRESETS) == ["simple_rnn", "deep_rnn", "lstm", "gru", "dense", "conv", "linear"]
    depths = {name: len(recurrent_layers(PRESETS[name]("direct", 2))) for name in PRESETS}
    expected = {"simple_rnn": 1, "deep_rnn": 3, "lstm": 1, "gru": 1}
    assert depths == {**dict.fromkeys(PRESETS, 0), **expected}


def recurrent_layers(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.RNN)]


def test_a_simple_rnn_by_hand():
    """2 and 6: magnitude 4, center 1, so -0.5 and 0.5 go in, each with its mark, 1."""
    model = forecaster("direct", 2, cell="simple_rnn", units=1, scaling="mean")
    model.get_layer("simple_rnn_1").set_weights(
        [np.array([[0.5], [0.25]]), np.array([[-2.0]]), np.array([0.125])]
    )
    model.get_layer("head").set_weights([np.array([[2.0, 3.0]]), np.array([0.1, 0.2])])
    first = math.tanh(0.5 * -0.5 + 0.25 + 0.125)
    second = math.tanh(0.5 * 0.5 + 0.25 - 2.0 * first + 0.125)
    expected = [4 * (1 + 2 * second + 0.1), 4 * (1 + 3 * second + 0.2)]
    found = run(model, np.array([[[2.0], [6.0]]]))
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


def test_a_missing_value_by_hand():
    """The gap takes the 2 before it, with mark 0; it does not count in the mean of 2 and 6."""
    model = forecaster("direct", 1, cell="linear", lags=3, scaling="mean")
    model.get_layer("head").set_weights([np.array([[1.0], [10], [100], [1000]]), np.zeros(1)])
    found = run(model, np.array([[[2.0], [np.nan], [6.0]]]))
    np.testing.assert_allclose(found.ravel(), 4 * (1 + 0.5 - 5 - 50 + 1000), rtol=1e-6)


def test_an_untrained_head_of_zeros_repeats_the_last_season():
    history = positive(9)
    for strategy in ("direct", "seq2seq"):
        model = small("lstm", strategy, 6, season_length=4)
        model.get_layer("head").set_weights([np.zeros((4, 6)), np.zeros(6)])
        found = run(model, history).reshape(4, -1, 6)[:, -1]
        np.testing.assert_allclose(found, history[:, [5, 6, 7, 8, 5, 6], 0], rtol=1e-6)


def test_targets_are_the_first_of_the_features():
    """With a head of zeros each target's forecast is its own mean."""
    model = small("gru", "direct", 2, num_features=3, num_targets=2, scaling="mean")
    model.get_layer("head").set_weights([np.zeros((4, 4)), np.zeros(4)])
    history = positive(7, 3)
    expected = np.repeat(history.mean(axis=1, keepdims=True)[:, :, :2], 2, axis=1)
    np.testing.assert_allclose(run(model, history), expected, rtol=1e-5)


@pytest.mark.parametrize(("preset", "strategy"), COMBINATIONS)
def test_nothing_is_saved_that_costs_accuracy_speed_or_portability(preset, strategy):
    """No dropout inside recurrent layers, nothing unrolled, and names that any process knows."""
    model = small(preset, strategy, dropout=0.25, residual=True, layer_norm=True, l2=0.1)
    for layer in recurrent_layers(model):
        config = layer.get_config()
        assert config["dropout"] == config["recurrent_dropout"] == 0
        assert not config["unroll"] and not config["stateful"]
    for layer in model.layers:
        if not type(layer).__module__.startswith("keras."):
            registered = keras.saving.get_registered_name(type(layer))
            assert registered.startswith("keras_rnn_recipes>")
            assert layer.get_config()["name"] == layer.name
    assert "Lambda" not in {type(layer).__name__ for layer in model.layers}


def test_half_precision_is_for_the_network_alone():
    """Around 1e6 bfloat16 knows multiples of 4096 only, and float16 no number at all."""
    history = 1e6 + positive(10)
    expected = history.mean(axis=1, keepdims=True).repeat(3, axis=1)
    for policy in ("mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = small("gru", "direct", scaling="mean")
        finally:
            keras.config.set_dtype_policy("float32")
        model.get_layer("head").set_weights([np.zeros((4, 3)), np.zeros(3)])
        output = run(model, history)
        assert output.dtype == "float32"
        np.testing.assert_allclose(output, expected, rtol=1e-6)
        assert model.get_layer("gru_1").compute_dtype == policy.removeprefix("mixed_")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, r"horizon must be at least 1; received 0\."),
        ({"num_targets": 2}, r"num_targets must be between 1 and num_features=1; received 2\."),
        ({"num_targets": 0}, r"num_targets must be between 1 and num_features=1; received 0\."),
        ({"cell": "rnn"}, r"cell must be one of \('simple_rnn', .*'linear'\); received 'rnn'\."),
        ({"units": ()}, r"units must be one or more widths of at least 1; received \(\)\."),
        ({"units": (4, 0)}, r"units must be one or more widths .*; received \(4, 0\)\."),
        ({"lags": 0}, r"lags must be one or more steps back, none negative; received range"),
        ({"lags": (0, -1)}, r"lags must be .* none negative; received \(0, -1\)\."),
        ({"scaling": "max"}, r"scaling must be one of .*; received 'max'\."),
        ({"transform": "sqrt"}, r"transform must be one of .*; received 'sqrt'\."),
        ({"scaling": "none", "transform": "log"}, r"choose a scaling other than 'none'\."),
        ({"scale_window": 0}, r"The scaling window must be at least 1 step; received 0\."),
        ({"season_length": 0}, r"season_length must be at least 1; received 0\."),
        ({"strategy": "mimo"}, r"strategy must be one of .*; received 'mimo'\."),
        (
            {"cell": "dense", "bidirectional": True},
            r"bidirectional is for recurrent cells; received cell='dense'\.",
        ),
        (
            {"strategy": "seq2seq", "bidirectional": True},
            r"reads later steps, which the seq2seq strategy forecasts; "
            r"use it with the direct strategy\.",
        ),
        (
            {"strategy": "recursive", "num_features": 2},
            r"every feature must be a target; received num_features=2, num_targets=1\. "
            r"Use the direct or seq2seq strategy for features that are not forecast\.",
        ),
    ],
)
def test_what_does_not_exist_or_go_together_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        forecaster(**{"strategy": "direct", "horizon": 3, **arguments})


def test_an_unknown_preset_is_refused():
    with pytest.raises(ValueError, match=r"preset must be one of \('simple_rnn', .*'lstn'\."):
        build_forecaster("lstn", "direct", 3)
