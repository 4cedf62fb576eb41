"""Cells with connections from further back beside loops in numpy; without them, Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.layers import SkipCell

CELLS = {
    "simple_rnn": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.7, shape).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_loop(cell, weights, inputs, skips):
    """Every output, one step and one skip at a time; what is before the start is zero."""
    kernel, recurrent, bias = (np.asarray(w, "float64") for w in weights)
    units = len(recurrent) // (1 + len(skips))
    before = np.zeros((len(inputs), units))
    outputs, memory = [], before
    for step in range(inputs.shape[1]):
        recalled = 0
        for place, back in enumerate((1, *skips)):
            seen = outputs[step - back] if back <= step else before
            recalled = recalled + seen @ recurrent[place * units : (place + 1) * units]
        given_now, last = inputs[:, step] @ kernel, outputs[-1] if outputs else before
        if cell == "simple_rnn":
            output = np.tanh(given_now + recalled + bias)
        elif cell == "lstm":
            i, f, c, o = np.split(given_now + recalled + bias, 4, axis=-1)
            memory = sigmoid(f) * memory + sigmoid(i) * np.tanh(c)
            output = sigmoid(o) * np.tanh(memory)
        else:
            (z, r, h), (rz, rr, rh) = (
                np.split(part, 3, axis=-1) for part in (given_now + bias[0], recalled + bias[1])
            )
            keep = sigmoid(z + rz)
            output = keep * last + (1 - keep) * np.tanh(h + sigmoid(r + rr) * rh)
        outputs.append(output)
    return np.stack(outputs, axis=1)


def made(cell, skips, seed=0, channels=2, units=3, **options):
    layer = keras.layers.RNN(SkipCell(cell, units, skips), return_sequences=True, **options)
    layer.build((None, None, channels))
    layer.set_weights([numbers(*w.shape, seed=seed) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("cell", CELLS)
@given(
    skips=st.sets(st.integers(2, 6), max_size=3).map(lambda found: tuple(sorted(found))),
    time=st.integers(1, 9),
    seed=st.integers(0, 99),
)
@draws(12)
def test_outputs_equal_a_loop(cell, skips, time, seed):
    layer, inputs = made(cell, skips, seed), numbers(2, time, 2, seed=seed + 1)
    expected = by_loop(cell, layer.get_weights(), inputs, skips)
    np.testing.assert_allclose(layer(inputs), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_without_skips_it_is_the_cell_of_keras(cell):
    keras.utils.set_random_seed(1)
    plain = CELLS[cell](5, return_sequences=True)
    plain.build((None, None, 2))
    layer = keras.layers.RNN(SkipCell(cell, 5, ()), return_sequences=True)
    layer.build((None, None, 2))
    shapes = [[tuple(w.shape) for w in one.get_weights()] for one in (plain, layer)]
    assert shapes[0] == shapes[1]
    # Forget gates are open in both at the start, and nothing else has a bias.
    np.testing.assert_array_equal(layer.get_weights()[2], plain.get_weights()[2])
    layer.set_weights(plain.get_weights())
    inputs = numbers(3, 8, 2)
    np.testing.assert_allclose(layer(inputs), plain(inputs), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("skips", [(), (2,), (2, 3), (4, 9)])
def test_at_the_start_what_goes_round_neither_grows_nor_fades(skips):
    """Of the map from one step's states to the next's: eigenvalues of size 1, one for each unit."""
    units, longest = 60, max(skips, default=1)
    keras.utils.set_random_seed(2)
    cell = SkipCell("simple_rnn", units, skips)
    cell.build((None, 2))
    recurrent = np.array(cell.recurrent_kernel)
    round_trip = np.zeros((longest * units, longest * units))
    for place, back in enumerate((1, *skips)):
        block = recurrent[place * units : (place + 1) * units]
        round_trip[(back - 1) * units : back * units, :units] = block
    for shift in range(longest - 1):
        there = slice((shift + 1) * units, (shift + 2) * units)
        round_trip[shift * units : (shift + 1) * units, there] = np.eye(units)
    sizes = np.sort(np.abs(np.linalg.eigvals(round_trip)))
    np.testing.assert_allclose(sizes[-units:], 1, atol=1e-3)
    assert longest == 1 or sizes[:-units].max() < 0.95
    # An impulse comes to rest at one over the mean delay, and goes on turning for ever.
    reached = np.linalg.matrix_power(round_trip, 200)[:units, :units]
    np.testing.assert_allclose(np.linalg.norm(reached, 2), 1 / np.mean((1, *skips)), rtol=1e-2)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_on_the_right_leaves_the_states_as_they_were(cell):
    layer = made(cell, (2, 4), return_state=True)
    inputs, lengths = numbers(3, 9, 2), (9, 1, 5)
    mask = np.arange(9) < np.array(lengths)[:, None]
    _, *states = layer(inputs, mask=mask)
    assert len(states) == (5 if cell == "lstm" else 4)
    for row, length in enumerate(lengths):
        _, *alone = layer(inputs[row : row + 1, :length])
        for one, other in zip(alone, states, strict=True):
            np.testing.assert_allclose(other[row], one[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_unrolled_it_is_the_same(cell):
    layer, inputs = made(cell, (2, 3)), numbers(2, 6, 2)
    looped = np.array(layer(inputs))
    layer.unroll = True
    np.testing.assert_allclose(layer(inputs), looped, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("conv", 3), r"cell must be one of \('simple_rnn', 'lstm', 'gru'\); received 'conv'"),
        (("gru", 0), "units must be at least 1; received 0"),
        (("gru", 3, (1, 2)), r"at least 2 .*; received \(1, 2\)"),
        (("gru", 3, (3, 3)), r"different numbers of steps back.*; received \(3, 3\)"),
    ],
)
def test_what_is_no_cell_no_width_and_no_skip_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SkipCell(*arguments)
