"""Toys that must be solved: a ramp goes on from its next value, a sine is forecast."""

from __future__ import annotations

import keras
import numpy as np
import pandas as pd
import pytest
from builders.cases import STRATEGIES, run, sine, small, windows

from keras_rnn_recipes.builders import forecaster, to_forecaster


def fit(model, x, y, epochs, rate, weights=None):
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(x, y, batch_size=32, epochs=epochs, sample_weight=weights, verbose=0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_linear_model_set_by_hand_goes_on_from_the_next_value(strategy):
    """k ahead of x_t on a ramp: x_t + k * (x_t - x_(t-1)); in, the two values and their mark."""
    model = forecaster(strategy, 3, cell="linear", lags=2, scaling="last")
    ahead = np.arange(1, 2 if strategy == "recursive" else 4)
    kernel = np.stack([ahead, -ahead, 0 * ahead]).astype("float32")
    model.get_layer("head").set_weights([kernel, np.zeros(len(ahead))])
    ramp = np.arange(5.0, 14.0).reshape(1, -1, 1)
    np.testing.assert_allclose(run(to_forecaster(model), ramp).ravel(), [14, 15, 16], rtol=1e-5)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_linear_model_trained_on_windows_goes_on_from_the_next_value(strategy):
    from keras_rnn_recipes.data.windows import WindowSpec, window_dataset

    frame = pd.DataFrame({"unique_id": "ramp", "ds": range(80), "y": np.arange(20.0, 100.0)})
    spec = WindowSpec(lookback=10, horizon=3, strategy=strategy)
    data = window_dataset(frame, spec, batch_size=16, shuffle=True)
    parts = [
        np.concatenate([np.array(part) for part in column]) for column in zip(*data, strict=True)
    ]
    model = small("linear", strategy, lags=2, scaling="standard")
    fit(model, *parts[:2], epochs=40, rate=0.05, weights=parts[2])
    forecast = run(to_forecaster(model), np.arange(90.0, 100.0).reshape(1, -1, 1))
    np.testing.assert_allclose(forecast.ravel(), [100, 101, 102], atol=0.3)


@pytest.mark.parametrize(
    ("cell", "strategy"), [("lstm", "direct"), ("gru", "seq2seq"), ("simple_rnn", "recursive")]
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
