"""Back-propagation by hand against automatic differentiation, finite differences and paper."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, strategies as st
from profiles import draws

from keras_rnn_recipes.bptt.from_keras import keras_gradients, network_of
from keras_rnn_recipes.bptt.network import backward, forward

KINDS = {
    "simple_rnn": (keras.layers.SimpleRNN, {}),
    "lstm": (keras.layers.LSTM, {}),
    "gru": (keras.layers.GRU, {"reset_after": True}),
    "gru, reset before": (keras.layers.GRU, {"reset_after": False}),
}
LOSSES = {
    "squared_error": ("linear", keras.losses.MeanSquaredError),
    "binary_cross_entropy": ("sigmoid", keras.losses.BinaryCrossentropy),
    "categorical_cross_entropy": ("softmax", keras.losses.CategoricalCrossentropy),
}
SHAPES = st.fixed_dictionaries(
    {
        "inputs": st.integers(1, 3),
        "units": st.lists(st.integers(1, 4), min_size=1, max_size=3),
        "outputs": st.integers(2, 3),
        "batch": st.integers(1, 3),
        "steps": st.integers(1, 6),
        "activation": st.sampled_from(["tanh", "sigmoid", "relu", "linear"]),
        "loss": st.sampled_from(list(LOSSES)),
        "reduction": st.sampled_from(["sum", "mean"]),
        "last": st.integers(0, 6),
        "seed": st.integers(0, 10_000),
    }
)


def make(kind: str, drawn: dict) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """A Keras model in float64 with weights drawn at random, inputs and targets."""
    random = np.random.default_rng(drawn["seed"])
    layer, options = KINDS[kind]
    inputs = x = keras.Input((None, drawn["inputs"]), dtype="float64")
    for width in drawn["units"]:
        options = {**options, "activation": drawn["activation"], "return_sequences": True}
        x = layer(width, dtype="float64", **options)(x)
    name = LOSSES[drawn["loss"]][0]
    outputs = keras.layers.Dense(drawn["outputs"], activation=name, dtype="float64")(x)
    model = keras.Model(inputs, outputs)
    model.set_weights([random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    given_ = random.normal(size=(drawn["batch"], drawn["steps"], drawn["inputs"]))
    shape = (drawn["batch"], drawn["steps"], drawn["outputs"])
    targets = random.random(shape)
    if drawn["loss"] == "categorical_cross_entropy":
        targets = np.eye(drawn["outputs"])[random.integers(0, drawn["outputs"], shape[:2])]
    return model, given_, targets


def error_of(drawn: dict, y: tf.Tensor, d: np.ndarray) -> tf.Tensor:
    """The error written with TensorFlow, for its tape."""
    d = tf.constant(d)
    if drawn["loss"] == "squared_error":
        errors = (d - y) ** 2
    elif drawn["loss"] == "binary_cross_entropy":
        errors = -(d * tf.math.log(y) + (1 - d) * tf.math.log(1 - y))
    else:
        errors = -tf.reduce_sum(d * tf.math.log(y), axis=-1)
    return (tf.reduce_sum if drawn["reduction"] == "sum" else tf.reduce_mean)(errors)


def close(one: np.ndarray, other: np.ndarray) -> bool:
    scale = max(np.abs(other).max(), 1e-8)
    return bool(np.abs(one - other).max() <= 1e-10 * scale)


@pytest.mark.parametrize("kind", KINDS)
@draws(50)
@given(drawn=SHAPES)
def test_it_agrees_with_automatic_differentiation(kind, drawn):
    model, x, targets = make(kind, drawn)
    steps = min(drawn["last"], drawn["steps"]) or None
    targets = targets[:, -steps:] if steps else targets
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = model(inputs)
        error = error_of(drawn, y[:, -targets.shape[1] :], targets)
    # Next to a share of 1 float64 has no digits of 1 - y left that two ways could agree on.
    assume(drawn["loss"] != "binary_cross_entropy" or float(tf.reduce_max(y)) < 0.9999)
    dx, *expected = tape.gradient(error, [inputs, *model.trainable_variables])
    network = network_of(model)
    trace = forward(network, x)
    assert close(trace.outputs, y.numpy())
    found = backward(
        network, x, targets, loss=drawn["loss"], reduction=drawn["reduction"], steps=steps
    )
    assert found.loss == pytest.approx(float(error), rel=1e-12)
    assert close(found.x, dx.numpy())
    for mine, theirs in zip(keras_gradients(model, found), expected, strict=True):
        assert close(mine, tf.convert_to_tensor(theirs).numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_it_agrees_with_finite_differences(kind):
    drawn = {
        **{"inputs": 2, "units": [3, 2], "outputs": 2, "batch": 2, "steps": 4, "seed": 5},
        **{"activation": "tanh", "loss": "squared_error", "reduction": "mean"},
    }
    model, x, targets = make(kind, drawn)
    network = network_of(model)
    options = {"loss": "squared_error", "reduction": "mean"}
    found = backward(network, x, targets, **options)
    for weights, slopes in zip(network.cells, found.cells, strict=True):
        for weight, slope in zip(weights.weights, slopes, strict=True):
            place = tuple(np.random.default_rng(1).integers(0, size) for size in weight.shape)
            around = []
            for change in (1e-6, -1e-6):
                weight[place] += change
                around.append(backward(network, x, targets, **options).loss)
                weight[place] -= change
            assert slope[place] == pytest.approx((around[0] - around[1]) / 2e-6, rel=1e-5, abs=1e-9)


def test_the_published_forward_pass():
    layers = [
        keras.Input((2, 1)),
        keras.layers.SimpleRNN(1, activation="tanh", return_sequences=True),
        keras.layers.Dense(5, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.set_weights(
        [
            np.array([[1.9012635]]),
            np.array([[0.31144455]]),
            np.array([0.3112596]),
            np.array([[0.12269498, 0.35384947, 1.3085266, -0.8057373, 1.2569675]]),
            np.array([-0.38604417, -0.38676906, 0.3783856, -0.38306865, 0.3927357]),
        ]
    )
    y = forward(network_of(model), np.array([[[3.0], [1.0]]])).outputs[0, -1]
    expected = [0.06150893, 0.07722025, 0.42594433, 0.02466969, 0.4106568]
    np.testing.assert_allclose(y, expected, rtol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("truncate", [1, 2, 3])
def test_truncated_it_is_the_sum_of_short_ways_back(kind, truncate):
    """Each output's error on a tape that began ``truncate`` steps before, states held fixed."""
    drawn = {
        **{"inputs": 2, "units": [3], "outputs": 2, "batch": 2, "steps": 5, "seed": 7},
        **{"activation": "tanh", "loss": "squared_error", "reduction": "sum"},
    }
    model, x, targets = make(kind, drawn)
    network = network_of(model)
    options = {"loss": "squared_error", "reduction": "sum"}
    found = backward(network, x, targets, truncate=truncate, **options)
    trace = forward(network, x)
    recurrent, dense = model.layers[1], model.layers[2]
    total = [np.zeros(v.shape) for v in model.trainable_variables]
    for t in range(5):
        first = max(t - truncate + 1, 0)
        width = network.cells[0].units
        before = (
            trace.states[first - 1][0]
            if first
            else [np.zeros((2, width))] * (network.cells[0].num_states)
        )
        with tf.GradientTape() as tape:
            h = recurrent(
                tf.constant(x[:, first : t + 1]), initial_state=[*map(tf.constant, before)]
            )
            error = tf.reduce_sum((targets[:, t] - dense(h)[:, -1]) ** 2)
        for kept, new in zip(total, tape.gradient(error, model.trainable_variables), strict=True):
            kept += tf.convert_to_tensor(new).numpy()
    for mine, theirs in zip(keras_gradients(model, found), total, strict=True):
        assert close(mine, theirs)
    whole = backward(network, x, targets, truncate=5, **options)
    for one, other in zip(
        keras_gradients(model, whole),
        keras_gradients(model, backward(network, x, targets, **options)),
        strict=True,
    ):
        assert close(one, other)


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"loss": "mse"}, "loss must be one of"),
        ({"reduction": "average"}, 'must be "sum" or "mean"'),
        ({"steps": 9}, "from 1 to 3"),
        ({"truncate": 0}, "at least 1"),
        ({"steps": 2}, "the shape"),
    ],
)
def test_what_cannot_be_is_refused(changed, told):
    drawn = {
        **{"inputs": 1, "units": [2], "outputs": 2, "batch": 1, "steps": 3, "seed": 1},
        **{"activation": "tanh", "loss": "squared_error", "reduction": "sum"},
    }
    model, x, targets = make("gru", drawn)
    options = {"loss": "squared_error", "reduction": "sum"} | changed
    with pytest.raises(ValueError, match=told):
        backward(network_of(model), x, targets, **options)
