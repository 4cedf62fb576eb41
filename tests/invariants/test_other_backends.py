"""What is trained on another Keras backend forecasts the same when TensorFlow loads it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import keras_rnn_recipes as krr
import keras_rnn_recipes.layers  # registers what the saved models name

# Every preset, and every strategy twice: JAX compiles each for seconds.
COMBINATIONS = (
    "simple_rnn direct",
    "simple_rnn recursive",
    "deep_rnn seq2seq",
    "lstm direct",
    "lstm recursive",
    "gru seq2seq",
)

# Trains every combination for a few steps, says whether the loss fell, saves model and forecasts.
TRAIN = """
import sys
import keras, numpy as np
import keras_rnn_recipes as krr

folder, backend, combinations = sys.argv[1], sys.argv[2], sys.argv[3:]
assert keras.backend.backend() == backend
rng = np.random.default_rng(0)
x = np.cumsum(rng.normal(size=(8, 20, 1)), axis=1).astype("float32")
x[0, :3], x[1, 5] = np.nan, np.nan
shapes = {"direct": (8, 3, 1), "recursive": (8, 20, 1), "seq2seq": (8, 20, 3, 1)}
for combination in combinations:
    preset, strategy = combination.split()
    keras.utils.set_random_seed(1)
    units = (4, 3) if preset == "deep_rnn" else 4
    model = krr.build_forecaster(preset, strategy, 3, units=units)
    model.compile(keras.optimizers.Adam(0.01), "mae")
    y = np.full(shapes[strategy], 5.0, "float32")
    losses = [float(model.train_on_batch(x, y)) for _ in range(8)]
    assert losses[-1] < losses[0], (preset, strategy, losses)
    model.save(f"{folder}/{preset}_{strategy}.keras")
    forecast = krr.to_forecaster(model).predict(x, verbose=0)
    np.savez(f"{folder}/{preset}_{strategy}.npz", x=x, forecast=forecast)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax"])
def test_trained_on_another_backend_it_forecasts_the_same_on_tensorflow(
    run_under_backend, backend, tmp_path
):
    run_under_backend(backend, TRAIN, str(tmp_path), backend, *COMBINATIONS)
    saved = sorted(tmp_path.glob("*.keras"))
    assert len(saved) == len(COMBINATIONS)
    for path in saved:
        there = np.load(path.with_suffix(".npz"))
        model = keras.saving.load_model(path, compile=False)
        forecast = krr.to_forecaster(model).predict(there["x"], verbose=0)
        assert forecast.shape == (8, 3, 1)
        np.testing.assert_allclose(forecast, there["forecast"], rtol=1e-4, atol=1e-4)
