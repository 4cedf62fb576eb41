"""What must hold for every forecaster, whatever its weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders.cases import (
    COMBINATIONS,
    positive,
    run,
    shared,
    shared_forecaster,
    small,
    target_shape,
    with_holes,
)

from keras_rnn_recipes.builders import PRESETS

EVERY_STEP = [(p, s) for p, s in COMBINATIONS if s != "direct"]
# Combinations that take other ways through the layers than the presets do.
VARIANTS = [
    ("gru", "direct", {"bidirectional": True, "units": (3, 3)}),
    ("lstm", "direct", {"bidirectional": True}),
    ("gru", "direct", {"scale_window": 4, "scaling": "robust"}),
    ("lstm", "seq2seq", {"lags": 4, "season_length": 4, "scaling": "mean", "transform": "log"}),
    ("deep_rnn", "recursive", {"residual": True, "layer_norm": True, "transform": "asinh"}),
    ("lstm", "seq2seq", {"members": 2, "units": (3, 3)}),
    ("gru", "recursive", {"members": 3}),
]
EVERYTHING = [(p, s, {}) for p, s in COMBINATIONS] + VARIANTS


def name_of(value):
    return "-".join(value) if isinstance(value, dict) else str(value)


everything = pytest.mark.parametrize(("preset", "strategy", "options"), EVERYTHING, ids=name_of)


@everything
def test_every_weight_learns(preset, strategy, options):
    """One step of plain gradient descent moves each of them, recurrent kernels above all."""
    model = small(preset, strategy, **options)
    # A ReLU that is shut in a small layer for every input would have no gradient by chance.
    model.set_weights(
        [np.abs(w) if preset in ("dense", "conv") else w for w in model.get_weights()]
    )
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    history = with_holes(9)
    targets = np.random.default_rng(1).uniform(size=target_shape(strategy, 4, 9, 3))
    model.train_on_batch(history, targets)
    still = [
        weight.path
        for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True)
        if np.abs(new - old).max() < 1e-7
    ]
    assert still == []
    recurrent = sum("recurrent_kernel" in weight.path for weight in model.weights)
    assert recurrent == sum(
        1 + bool(options.get("bidirectional"))
        for layer in model.layers
        if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional)
    )


@everything
def test_the_last_observation_alone_changes_the_forecast(preset, strategy, options):
    forecast, history = shared_forecaster(preset, strategy, **options), positive(9)
    changed = history.copy()
    changed[:, -1] += 0.5
    moved = np.abs(run(forecast, changed) - run(forecast, history))
    assert (moved.max(axis=(1, 2)) > 1e-4).all()


@pytest.mark.parametrize(("preset", "strategy"), EVERY_STEP)
@pytest.mark.parametrize(
    "options",
    [{}, {"season_length": 4, "scaling": "robust"}, {"scaling": "last", "layer_norm": True}],
    ids=name_of,
)
def test_nothing_after_a_time_step_changes_its_output(preset, strategy, options):
    model, history = shared(preset, strategy, **options), positive(10)
    expected = run(model, history)
    for step in (3, 7):
        changed = history.copy()
        changed[:2, step + 1 :] *= 100
        changed[2:, step + 1 :] = np.nan
        found = run(model, changed)
        np.testing.assert_allclose(
            found[:, : step + 1], expected[:, : step + 1], rtol=1e-5, atol=1e-6
        )
        assert np.abs(found[:, step + 1 :] - expected[:, step + 1 :]).max() > 1e-3


@everything
def test_padding_on_the_left_never_changes_a_forecast(preset, strategy, options):
    forecast, history = shared_forecaster(preset, strategy, **options), with_holes(8)
    expected = run(forecast, history)
    for length in (1, 11):
        padding = np.full((4, length, 1), np.nan, "float32")
        found = run(forecast, np.concatenate([padding, history], axis=1))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@everything
def test_the_rest_of_the_batch_never_changes_a_forecast(preset, strategy, options):
    forecast, history = shared_forecaster(preset, strategy, **options), with_holes(8)
    together = run(forecast, history)
    alone = np.concatenate([run(forecast, history[row : row + 1]) for row in range(4)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(run(forecast, history[::-1]), together[::-1], rtol=1e-4, atol=1e-5)


@everything
def test_forecasts_have_the_units_of_the_history(preset, strategy, options):
    """Ten times the history, ten times the forecast; and as well at 1e-9 and at 1e12."""
    history = with_holes(9)
    history[0, 3:] = 2.5  # constant from there on
    forecast = shared_forecaster(preset, strategy, **options)
    expected = run(forecast, history)
    for unit in (10.0, 1e-9, 1e12):
        np.testing.assert_allclose(
            run(forecast, unit * history) / unit, expected, rtol=2e-3, atol=2e-3
        )


@pytest.mark.parametrize("preset", PRESETS)
def test_a_gap_longer_than_every_window_keeps_the_units(preset):
    history = positive(30)
    history[:, 8:28] = np.nan
    for strategy in ("seq2seq", "recursive"):
        model = small(preset, strategy, scaling="standard", scale_window=5)
        expected = run(model, history)
        np.testing.assert_allclose(run(model, 1e6 * history) / 1e6, expected, rtol=2e-3, atol=2e-3)


@everything
def test_degenerate_histories_have_finite_forecasts_and_empty_ones_none(preset, strategy, options):
    forecast = shared_forecaster(preset, strategy, 8, **options)
    history = np.full((6, 9, 1), np.nan, "float32")  # the first is missing altogether
    history[1] = 0
    history[2] = 1e12
    history[3, -1] = 1e-9
    history[4, 0] = -7
    history[5, ::2] = np.array([0, 1e12, 0, 1e-9, 0])[:, None]
    for given in (history, history[:, -1:]):
        found, observed = run(forecast, given), (~np.isnan(given)).any(axis=(1, 2))
        assert np.isfinite(found[observed]).all()
        assert np.isnan(found[~observed]).all()
