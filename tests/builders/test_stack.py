"""Cells, depth, residuals, normalisation and dropout, put together by recurrent_stack."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders.cases import positive, run

from keras_rnn_recipes.builders import recurrent_stack
from keras_rnn_recipes.builders.encoders import feedforward_stack


def stack_model(**options):
    keras.utils.set_random_seed(3)
    inputs = keras.Input((None, 2))
    return keras.Model(inputs, recurrent_stack(inputs, **options))


def simple_rnn(inputs, kernel, recurrent, bias):
    """h_t = tanh(x_t W + h_{t-1} U + b), by a loop."""
    states = [np.zeros((len(inputs), len(bias)))]
    for step in range(inputs.shape[1]):
        states.append(np.tanh(inputs[:, step] @ kernel + states[-1] @ recurrent + bias))
    return np.stack(states[1:], axis=1)


def test_the_number_of_widths_is_the_depth():
    model = stack_model(cell="simple_rnn", units=(3, 4))
    first, second = (model.get_layer(f"simple_rnn_{depth}") for depth in (1, 2))
    inputs = positive(5, 2)
    expected = simple_rnn(simple_rnn(inputs, *first.get_weights()), *second.get_weights())
    np.testing.assert_allclose(run(model, inputs), expected, rtol=1e-5, atol=1e-6)


def test_residual_then_normalisation_by_numpy():
    """The first layer changes the width, so its shortcut is projected; the second's is not."""
    model = stack_model(cell="simple_rnn", units=(4, 4), residual=True, layer_norm=True)
    x = inputs = positive(5, 2)
    for depth in (1, 2):
        output = simple_rnn(x, *model.get_layer(f"simple_rnn_{depth}").get_weights())
        shortcut = x @ model.get_layer("projection_1").get_weights()[0] if depth == 1 else x
        total = output + shortcut
        spread = np.sqrt(total.var(axis=-1, keepdims=True) + 1e-3)
        x = (total - total.mean(axis=-1, keepdims=True)) / spread
    assert "projection_2" not in [layer.name for layer in model.layers]
    np.testing.assert_allclose(run(model, inputs), x, rtol=1e-4, atol=1e-5)


def test_a_bidirectional_stack_joins_both_directions_and_skips_padding():
    inputs, mask = keras.Input((None, 2)), keras.Input((None,), dtype="bool")
    output = recurrent_stack(inputs, cell="gru", units=3, mask=mask, bidirectional=True)
    model = keras.Model([inputs, mask], output)
    values = positive(6, 2)
    real = np.arange(6)[None] < np.array([[6], [4], [6], [1]])
    found = np.array(model([values, real]))
    assert found.shape == (4, 6, 6)
    for row, length in enumerate((6, 4, 6, 1)):
        alone = np.array(model([values[row : row + 1, :length], real[row : row + 1, :length]]))
        np.testing.assert_allclose(found[row, :length], alone[0], rtol=1e-5, atol=1e-6)


def test_dropout_draws_anew_for_every_step_and_only_in_training():
    model = stack_model(cell="lstm", units=40, dropout=0.5)
    inputs = positive(6, 2)
    np.testing.assert_array_equal(run(model, inputs), run(model, inputs))
    dropped = np.array(model(inputs, training=True)) == 0
    assert 0.4 < dropped.mean() < 0.6
    assert (dropped[0, 0] != dropped[0, 1]).any()


def test_the_penalty_is_on_both_kernels_and_on_no_bias():
    model = stack_model(cell="gru", units=3, l2=0.5)
    kernel, recurrent, _ = model.get_layer("gru_1").get_weights()
    expected = 0.5 * ((kernel**2).sum() + (recurrent**2).sum())
    np.testing.assert_allclose(float(sum(model.losses)), expected, rtol=1e-5)
    assert stack_model(cell="gru", units=3).losses == []


def test_the_convolution_is_causal_and_doubles_its_dilation():
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, feedforward_stack(inputs, kernel_size=3, units=(4, 4, 4)))
    for depth in (1, 2, 3):
        layer = model.get_layer(f"conv_{depth}")
        layer.set_weights([np.full(w.shape, 0.1) for w in layer.get_weights()])
    values, reached = positive(20, 2), []
    expected = run(model, values)
    for step in range(20):
        changed = values.copy()
        changed[:, step] += 1
        reached.append(~np.isclose(run(model, changed), expected).all(axis=(0, 2)))
    for step, steps_reached in enumerate(reached):  # 2 * (1 + 2 + 4) steps back, none ahead
        assert np.flatnonzero(steps_reached).tolist() == list(range(step, min(step + 15, 20)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "conv"}, r"cell must be one of \('simple_rnn', 'lstm', 'gru'\); received 'conv'"),
        ({"units": 0}, r"units must be one or more widths of at least 1; received 0\."),
    ],
)
def test_an_unknown_cell_or_a_width_of_nothing_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stack_model(**options)
