"""Dropout on recurrent weights against the same network with weights that were dropped before."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from training.toy import toy_batches, toy_model, toy_valid

from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.state import set_seeds
from keras_rnn_recipes.training.weight_dropout import weight_dropout

RATE = 0.4
INPUTS = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def network(layer):
    set_seeds(0)
    model = keras.Sequential([keras.Input((None, 3)), layer])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_it_is_the_network_with_some_weights_left_out(kind, fast):
    """The same mask as TensorFlow draws from the seed and the number of the step."""
    model = network(layer := getattr(keras.layers, kind)(6))
    before = layer.cell.recurrent_kernel.numpy()
    kernels = training_kernels(model) if fast else weight_dropout(model, 0.0)
    with kernels, weight_dropout(model, RATE, seed=3):
        found = model(INPUTS, training=True)
        unchanged = model(INPUTS)
    drawn = tf.nn.experimental.stateless_dropout(before, RATE, [3_000, 0]).numpy()
    assert 0.1 < (drawn == 0).mean() < 0.7
    np.testing.assert_allclose(unchanged, model(INPUTS), rtol=1e-5, atol=1e-6)
    layer.cell.recurrent_kernel.assign(drawn)
    np.testing.assert_allclose(found, model(INPUTS), rtol=1e-5, atol=1e-6)


def test_each_step_and_each_layer_draws_anew():
    both = keras.layers.Bidirectional(keras.layers.GRU(6))
    model = network(both)
    both.backward_layer.set_weights(both.forward_layer.get_weights())
    mirrored = np.concatenate([INPUTS, INPUTS[:, ::-1]], axis=1)
    with weight_dropout(model, RATE):
        first = np.asarray(model(mirrored, training=True))
        model.optimizer.iterations.assign(1)
        assert not np.allclose(first, model(mirrored, training=True))
    halves = np.split(np.asarray(model(mirrored)), 2, axis=1)
    np.testing.assert_allclose(*halves, rtol=1e-5)
    assert not np.allclose(*np.split(first, 2, axis=1))


def test_training_with_it_repeats_itself_and_ends_with_all_weights():
    config = FitConfig(epochs=3, batch_size=8, weight_dropout=RATE, learning_rate=0.02)
    ends = []
    for _ in range(2):
        set_seeds(0)
        model = toy_model()
        history = fit(model, toy_batches(50, 8), toy_valid(), num_windows=50, config=config)
        ends.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*ends, strict=True))
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]
    assert all(np.count_nonzero(a) > 0.9 * a.size for a in ends[0] if a.ndim == 2)


def test_a_network_without_recurrent_weights_is_refused():
    model = network(keras.layers.Dense(1))
    refused = pytest.raises(UserError, match="no layer of the network has recurrent weights")
    with refused, weight_dropout(model, RATE):
        pass
