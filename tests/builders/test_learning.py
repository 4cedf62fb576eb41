"""Toys that must be solved: a ramp goes on from its next value, a sine is forecast."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
from builders.cases import STRATEGIES, run, sine, small, windows
from profiles import slow_but

from keras_rnn_recipes.builders import forecaster, to_forecaster


def fit(model, x, y, epochs, rate):
    model.compile(keras.optimizers.Adam(rate), "mse", jit_compile=False)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)


def ramp_model(strategy, horizon=3):
    """k ahead of x_t on a ramp: x_t + k * (x_t - x_(t-1)); in, the two values and their mark."""
    model = forecaster(strategy, horizon, cell="linear", lags=2, scaling="last")
    ahead = np.arange(1, 2 if strategy == "recursive" else horizon + 1)
    kernel = np.stack([ahead, -ahead, 0 * ahead]).astype("float32")
    model.get_layer("head").set_weights([kernel, np.zeros(len(ahead))])
    return model


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_ramp_goes_on_from_its_next_value(strategy):
    ramp = np.arange(5.0, 14.0).reshape(1, -1, 1)
    found = run(to_forecaster(ramp_model(strategy)), ramp)
    np.testing.assert_allclose(found.ravel(), [14, 15, 16], rtol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_windows_ask_for_what_goes_on_from_the_next_value(strategy):
    """A model that is right about ramps has no error on windows of one (but at its first step)."""
    from keras_rnn_recipes.data.window_spec import WindowSpec
    from keras_rnn_recipes.data.windows import window_dataset

    frame = pd.DataFrame({"unique_id": "ramp", "ds": range(40), "y": np.arange(20.0, 100.0, 2.0)})
    spec = WindowSpec(lookback=10, horizon=3, strategy=strategy)
    for x, y, w in window_dataset(frame, spec, batch_size=16, shuffle=True):
        found, first = run(ramp_model(strategy), x), 0 if strategy == "direct" else 1
        np.testing.assert_allclose(found[:, first:], y[:, first:], rtol=1e-5)
        assert np.array(w).all()


@pytest.mark.slow
def test_a_trained_model_goes_on_from_the_next_value():
    """Every window of a ramp looks alike once scaled, so that little training is needed."""
    model = small("gru", "direct", 3)
    x, y = windows(np.arange(60.0), 10, 3, "direct")
    fit(model, x, y, epochs=40, rate=0.03)
    forecast = run(to_forecaster(model), np.arange(30.0, 40.0).reshape(1, -1, 1))
    np.testing.assert_allclose(forecast.ravel(), [40, 41, 42], atol=0.3)


@pytest.mark.parametrize(
    ("cell", "strategy"),
    slow_but(
        [("gru", "seq2seq")],
        [("lstm", "direct"), ("gru", "seq2seq"), ("simple_rnn", "recursive")],
    ),
)
def test_a_sine_is_forecast(cell, strategy):
    """From every phase; the swing is 3, so an error of 0.3 is a tenth of it."""
    series = sine(150)
    model = small(cell, strategy, 12, units=16, lags=4, scaling="mean")
    x, y = windows(series[:120], 24, 12, strategy)
    fit(model, x, y, epochs=60 if strategy == "direct" else 30, rate=0.01)
    history, future = windows(series[100:], 24, 12, "direct")
    assert len(history) >= 12
    assert np.abs(run(to_forecaster(model), history) - future).mean() < 0.3
