"""The gradient flow of models built by others: masks, several cells, shared layers, own cells."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.utils import pad_sequences
from profiles import slow_but

from keras_rnn_recipes.diagnostics.gradient_flow import gradient_flow
from keras_rnn_recipes.errors import UserError

ROWS = [[3, 4, 5, 6, 7, 8], [5, 6], [7, 8, 9]]


def embedded(*above: layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(0)
    ids = layers.Embedding(12, 4, mask_zero=True)
    return keras.Sequential([keras.Input((None,), dtype="int32"), ids, *above])


def mean_of_rows(model: keras.Model, *shape: int) -> list[float]:
    """The norms of each row alone, and their mean over the rows that are long enough."""
    alone = [
        gradient_flow(model, np.array([row]), np.ones((1, *shape), "float32"))["norm"].to_numpy()
        for row in ROWS
    ]
    longest = max(map(len, alone))
    return [np.mean([norms[lag] for norms in alone if len(norms) > lag]) for lag in range(longest)]


@pytest.mark.parametrize(
    ("backwards", "padding"),
    slow_but([(False, "pre"), (True, "post")], itertools.product((False, True), ("pre", "post"))),
)
def test_masked_steps_do_not_count_wherever_they_are(padding, backwards):
    model = embedded(layers.GRU(5, go_backwards=backwards), layers.Dense(1))
    x = pad_sequences(ROWS, padding=padding)
    norms = gradient_flow(model, x, np.ones((3, 1), "float32"))["norm"]
    np.testing.assert_allclose(norms, mean_of_rows(model, 1), rtol=1e-4)


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_the_last_real_output_of_a_row_is_found_under_padding_on_either_side(padding):
    model = embedded(layers.SimpleRNN(5, return_sequences=True), layers.Dense(1))
    x = pad_sequences(ROWS, padding=padding)
    norms = gradient_flow(model, x, np.ones((3, 6, 1), "float32"))["norm"]
    expected = [
        gradient_flow(model, np.array([row]), np.ones((1, len(row), 1), "float32"))["norm"]
        for row in ROWS
    ]
    means = [np.mean([n[lag] for n in expected if len(n) > lag]) for lag in range(6)]
    np.testing.assert_allclose(norms, means, rtol=1e-4)


def test_cells_in_one_layer_measure_as_layers_one_above_the_other():
    first, second = layers.LSTMCell(4), layers.GRUCell(3)
    inputs, dense = keras.Input((6, 2)), layers.Dense(1)
    together = layers.RNN([first, second], name="both")
    model = keras.Model(inputs, dense(together(inputs)))
    below, above = layers.RNN(first, return_sequences=True), layers.RNN(second)
    apart = keras.Model(inputs, dense(above(below(inputs))))
    x, y = np.random.default_rng(0).normal(size=(2, 6, 2)).astype("float32"), np.ones((2, 1))
    flow, wanted = gradient_flow(model, x, y), gradient_flow(apart, x, y)
    np.testing.assert_allclose(flow["norm"], wanted["norm"], rtol=1e-5)
    assert flow["layer"].unique().tolist() == [f"both/{first.name}", f"both/{second.name}"]


def test_an_initial_state_and_a_residual_connection_do_not_disturb():
    inputs, state = keras.Input((5, 4)), keras.Input((4,))
    rnn = layers.SimpleRNN(4, return_sequences=True, activation="linear", name="rnn")
    model = keras.Model([inputs, state], (inputs + rnn(inputs, initial_state=state))[:, -1])
    x = [np.ones((1, 5, 4), "float32"), np.ones((1, 4), "float32")]
    norms = gradient_flow(model, x, np.zeros((1, 4)))["norm"]
    output, recurrent = np.asarray(model(x))[0], rnn.get_weights()[1]
    slope = 2 * output / 4
    for norm in norms:
        assert norm == pytest.approx(np.linalg.norm(slope), rel=1e-5)
        slope = recurrent @ slope


def test_calls_of_a_shared_layer_are_told_apart():
    rnn = layers.SimpleRNN(3, return_sequences=True, name="rnn")
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, layers.Dense(1)(rnn(rnn(inputs))))
    flow = gradient_flow(model, np.ones((1, 4, 3), "float32"), np.ones((1, 4, 1)))
    assert flow["layer"].unique().tolist() == ["rnn (call 1)", "rnn (call 2)"]
    assert flow.groupby("layer")["lag"].max().tolist() == [3, 3]


class SumCell(layers.Layer):
    """A running sum; the output is a multiple of the state."""

    def __init__(self, scale: float, **options) -> None:
        super().__init__(**options)
        self.scale, self.state_size = scale, 2

    def call(self, inputs, states, training=False):
        return self.scale * (states[0] + inputs), [states[0] + inputs]


def test_a_cell_of_ones_own_is_measured_where_its_first_state_is_its_output():
    def model(scale: float) -> keras.Model:
        inputs = keras.Input((4, 2))
        return keras.Model(inputs, ops.sum(layers.RNN(SumCell(scale))(inputs), -1, keepdims=True))

    x, y = np.ones((1, 4, 2), "float32"), np.zeros((1, 1), "float32")
    # The answer is 8 and the loss its square, so each state has the gradient (16, 16).
    norms = gradient_flow(model(1.0), x, y)["norm"]
    np.testing.assert_allclose(norms, 16 * np.sqrt(2), rtol=1e-5)
    with pytest.raises(UserError, match="other answers"):
        gradient_flow(model(0.5), x, y)


def test_states_with_more_axes_are_refused():
    inputs = keras.Input((3, 8, 8, 1))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.ConvLSTM2D(2, 3)(inputs))))
    with pytest.raises(UserError, match="more axes"):
        gradient_flow(model, np.ones((1, 3, 8, 8, 1), "float32"), np.ones((1, 1)))


def test_several_outputs_have_the_sum_of_their_losses():
    keras.utils.set_random_seed(0)
    inputs, rnn = keras.Input((4, 2)), layers.GRU(3, name="rnn")
    h = rnn(inputs)
    outputs = {"a": layers.Dense(1)(h), "b": layers.Dense(2)(h)}
    model = keras.Model(inputs, outputs)
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype("float32")
    y = {"a": np.ones((1, 1), "float32"), "b": np.zeros((1, 2), "float32")}
    norms = gradient_flow(model, x, y)["norm"]
    answers, h = model(x), keras.Model(inputs, h)(x)
    slope = 2 * (np.asarray(answers["a"]) - 1) @ model.layers[2].get_weights()[0].T
    slope += np.asarray(answers["b"]) @ model.layers[3].get_weights()[0].T
    assert norms[0] == pytest.approx(np.linalg.norm(slope), rel=1e-5)
    with pytest.raises(ValueError, match="2 outputs and 1 targets"):
        gradient_flow(model, x, y["a"])


class Own(keras.Model):
    """A model with its own ``call``, not built yet."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.dense = layers.GRU(3, go_backwards=True, name="rnn"), layers.Dense(1)

    def call(self, x, training=False):
        return self.dense(self.rnn(x))


def test_a_model_with_its_own_call_is_measured():
    keras.utils.set_random_seed(0)
    model, x, y = Own(), np.random.default_rng(0).normal(size=(1, 5, 2)), np.ones((1, 1))
    norms = gradient_flow(model, x.astype("float32"), y)["norm"]
    reversed_ = layers.GRU(3)
    inputs = keras.Input((5, 2))
    twin = keras.Model(inputs, model.dense(reversed_(inputs)))
    reversed_.set_weights(model.rnn.get_weights())
    wanted = gradient_flow(twin, x[:, ::-1].astype("float32"), y)["norm"]
    np.testing.assert_allclose(norms, wanted, rtol=1e-4)
