"""`network_of` reads the graph of a model: the same answers as Keras, or a plain refusal."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_rnn_recipes.bptt.from_keras import keras_gradients, network_of
from keras_rnn_recipes.bptt.network import backward, forward

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def model_of(*stack: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((5, 3)), *stack])


def half(x):
    return ops.tanh(0.5 * x)


half.__name__ = "tanh"


def on_first_state() -> keras.Model:
    inputs = keras.Input((5, 3))
    _, h, _ = layers.LSTM(4, return_state=True)(inputs)
    return keras.Model(inputs, layers.Dense(2)(h))


RIGHT = {
    "go_backwards": lambda: model_of(layers.LSTM(4, go_backwards=True), layers.Dense(2)),
    "go_backwards below": lambda: model_of(
        layers.GRU(4, go_backwards=True, return_sequences=True), layers.LSTM(3), layers.Dense(2)
    ),
    "RNN of a cell": lambda: model_of(layers.RNN(layers.GRUCell(4)), layers.Dense(2)),
    "RNN of cells": lambda: model_of(
        layers.RNN([layers.LSTMCell(4), layers.SimpleRNNCell(3)], return_sequences=True),
        layers.Dense(2, activation="softmax"),
    ),
    "the same function by another name": lambda: model_of(
        layers.SimpleRNN(4, activation=ops.tanh), layers.Dense(2, activation=layers.ReLU())
    ),
    "layers without effect": lambda: model_of(
        layers.SpatialDropout1D(0.5),
        layers.GRU(4, reset_after=False, use_bias=False),
        layers.GaussianNoise(1.0),
        layers.Dense(2),
    ),
    "the state that is the output": on_first_state,
}


@pytest.mark.parametrize("make", RIGHT.values(), ids=RIGHT)
def test_the_answers_are_those_of_keras(make):
    model = make()
    wanted = np.asarray(model(X))
    found = forward(network_of(model), X).outputs
    np.testing.assert_allclose(found if wanted.ndim == 3 else found[:, -1], wanted, atol=1e-5)


def test_the_gradients_of_a_layer_that_goes_backwards_are_those_of_keras():
    import tensorflow as tf

    model = model_of(layers.LSTM(4, go_backwards=True), layers.Dense(2))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(X) ** 2)
    wanted = tape.gradient(loss, model.trainable_variables)
    options = {"loss": "squared_error", "reduction": "sum", "steps": 1}
    found = backward(network_of(model), X, np.zeros((2, 1, 2)), **options)
    for one, other in zip(keras_gradients(model, found), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def initial_state() -> keras.Model:
    inputs, state = keras.Input((5, 3)), keras.Input((4,))
    return keras.Model([inputs, state], layers.Dense(2)(layers.GRU(4)(inputs, initial_state=state)))


def fixed_initial_state() -> keras.Model:
    inputs = keras.Input((5, 3), batch_size=2)
    state = ops.ones((2, 4))
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(4)(inputs, initial_state=state)))


def residual() -> keras.Model:
    inputs = keras.Input((5, 3))
    h = layers.LSTM(4, return_sequences=True)(inputs)
    return keras.Model(inputs, layers.Dense(2)(h + layers.LSTM(4, return_sequences=True)(h)))


def cell_state() -> keras.Model:
    inputs = keras.Input((5, 3))
    return keras.Model(inputs, layers.Dense(2)(layers.LSTM(4, return_state=True)(inputs)[2]))


def first_step() -> keras.Model:
    inputs = keras.Input((5, 3))
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(4, return_sequences=True)(inputs)[:, 0]))


def called_twice() -> keras.Model:
    inputs, rnn = keras.Input((5, 3)), layers.SimpleRNN(3, return_sequences=True)
    return keras.Model(inputs, layers.Dense(2)(rnn(rnn(inputs))))


def stateful() -> keras.Model:
    inputs = keras.Input((5, 3), batch_size=2)
    return keras.Model(inputs, layers.Dense(2)(layers.GRU(4, stateful=True)(inputs)))


class Doubled(layers.LSTM):
    """Twice the output of an LSTM."""

    def call(self, sequences, initial_state=None, mask=None, training=False):
        return 2 * super().call(sequences, initial_state, mask, training)


REFUSED = {
    "initial_state": (initial_state, "2 inputs"),
    "a fixed initial_state": (fixed_initial_state, "other answers"),
    "residual": (residual, "reads 2 tensors"),
    "cell state": (cell_state, "A state of the layer"),
    "first step": (first_step, "get_item"),
    "called twice": (called_twice, "more than once"),
    "stateful": (stateful, "stateful"),
    "own activation": (
        lambda: model_of(layers.SimpleRNN(4, activation=half), layers.Dense(2)),
        "The activation 'tanh'",
    ),
    "own gate": (
        lambda: model_of(layers.LSTM(4, recurrent_activation="hard_sigmoid"), layers.Dense(2)),
        "The recurrent_activation 'hard_sigmoid'",
    ),
    "backwards above": (
        lambda: model_of(
            layers.GRU(4, return_sequences=True), layers.GRU(3, go_backwards=True), layers.Dense(2)
        ),
        "goes backwards",
    ),
    "mask": (lambda: model_of(layers.Masking(), layers.GRU(4), layers.Dense(2)), "a mask"),
    "both directions": (
        lambda: model_of(layers.Bidirectional(layers.GRU(4)), layers.Dense(2)),
        "bidirectional",
    ),
    "an LSTM changed": (lambda: model_of(Doubled(4), layers.Dense(2)), "other answers"),
    "not built": (lambda: keras.Sequential([layers.GRU(4), layers.Dense(2)]), "no graph"),
    "no recurrent layer": (lambda: model_of(layers.Dense(2)), "at least one recurrent layer"),
}


@pytest.mark.parametrize("make, told", REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_stack_of_layers_is_refused(make, told):
    with pytest.raises(ValueError, match=told):
        network_of(make())


def test_a_layer_that_also_serves_another_model_is_read():
    inputs, rnn = keras.Input((5, 3)), layers.GRU(4)
    model = keras.Model(inputs, layers.Dense(2)(rnn(inputs)))
    rnn(keras.Input((7, 3)))
    found = forward(network_of(model), X).outputs[:, -1]
    np.testing.assert_allclose(found, np.asarray(model(X)), atol=1e-5)
