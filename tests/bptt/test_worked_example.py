"""The worked example against automatic differentiation of the same network in Keras."""

from __future__ import annotations

import re
from math import exp, log, tanh
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_rnn_recipes.bptt.from_keras import keras_gradients, network_of
from keras_rnn_recipes.bptt.worked_example import describe, reverse_digits, stages


@pytest.fixture(scope="module")
def example():
    return reverse_digits()


@pytest.fixture(scope="module")
def keras_model(example) -> keras.Model:
    """The same network, with the initial weights of the example."""
    inputs = keras.Input((None, 3), dtype="float64")
    states = keras.layers.SimpleRNN(2, return_sequences=True, dtype="float64")(inputs)
    outputs = keras.layers.Dense(3, activation="sigmoid", dtype="float64")(states)
    model = keras.Model(inputs, outputs)
    readout = example.network.readout
    model.set_weights([*example.network.cells[0].weights, readout.kernel, readout.bias])
    return model


def error_of(model: keras.Model, example) -> tf.Tensor:
    y, d = model(tf.constant(example.x))[:, -3:], example.targets
    return -tf.reduce_sum(d * tf.math.log(y) + (1 - d) * tf.math.log(1 - y))


def test_the_digits_are_the_digits(example):
    def numbers(bits):
        return [int("".join(str(int(bit)) for bit in row), 2) for row in bits]

    assert numbers(example.x[0]) == [1, 3, 5, 0, 0, 0]
    assert numbers(example.targets[0]) == [5, 3, 1]


def test_one_step_of_learning_is_that_of_automatic_differentiation(example, keras_model):
    with tf.GradientTape() as tape:
        error = error_of(keras_model, example)
    expected = tape.gradient(error, keras_model.trainable_variables)
    assert example.loss_before == pytest.approx(float(error), rel=1e-12)
    mine = keras_gradients(keras_model, example.gradients)
    for one, other in zip(mine, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)
    twin = keras.models.clone_model(keras_model)
    twin.set_weights(
        [w - 0.5 * g.numpy() for w, g in zip(keras_model.get_weights(), expected, strict=True)]
    )
    assert example.loss_after == pytest.approx(float(error_of(twin, example)), rel=1e-12)
    assert example.loss_after < example.loss_before
    after = network_of(twin)
    np.testing.assert_allclose(example.after.cells[0].weights[1], after.cells[0].weights[1])
    np.testing.assert_allclose(example.after.readout.bias, after.readout.bias)


def test_the_start_weights_are_of_the_seed_that_is_given(example):
    np.testing.assert_array_equal(
        reverse_digits(seed=0).network.cells[0].weights[0], example.network.cells[0].weights[0]
    )
    assert reverse_digits(seed=1).loss_before != example.loss_before


def computed(example, way: str, step: int, name: str) -> np.ndarray:
    """The numbers of a quantity that a stage of the example computes."""
    return next(
        np.ravel(equation.value)
        for stage_way, stage_step, groups in stages(example.unrolled)
        if (stage_way, stage_step) == (way, step)
        for group in groups
        for equation in group.equations
        if equation.left == name
    )


def test_the_stages_compute_states_and_their_gradients(example, keras_model):
    """States equal those of Keras' layer; gradients equal finite differences of the loss."""
    layer, dense = keras_model.layers[1:]
    states = layer(tf.constant(example.x)).numpy()[0]
    for step in range(1, 7):
        h = computed(example, "forward", step, f"h{'₁₂₃₄₅₆'[step - 1]}")
        np.testing.assert_allclose(h, states[step - 1], rtol=1e-12)

    def error_with(step: int, move: np.ndarray) -> float:
        """The error where the state after a step is moved and all later ones follow from it."""
        after = tf.constant(states[None, step - 1] + move)
        tops = [states[None, : step - 1], after[:, None]]
        if step < 6:
            tops.append(layer(tf.constant(example.x[:, step:]), initial_state=[after]))
        y, d = dense(tf.concat(tops, axis=1)).numpy()[:, -3:], example.targets
        return float(-(d * np.log(y) + (1 - d) * np.log(1 - y)).sum())

    for step in range(1, 7):
        dh = computed(example, "back", step, f"dh{'₁₂₃₄₅₆'[step - 1]}")
        for unit in range(2):
            move = np.eye(2)[[unit]] * 1e-5
            slope = (error_with(step, move) - error_with(step, -move)) / 2e-5
            assert dh[unit] == pytest.approx(slope, rel=1e-6)


def by_hand(example) -> dict[str, Any]:
    """The example with single numbers only: no arrays, no matrix products.

    Returns:
        By name ``h``, ``y`` and ``dh`` of each step, ``dU`` and ``dV``, and the loss ``E``.
    """
    W, U, b = (weight.tolist() for weight in example.network.cells[0].weights)
    V, c = example.network.readout.kernel.tolist(), example.network.readout.bias.tolist()
    x, d = example.x[0].tolist(), [None] * 3 + example.targets[0].tolist()
    units, outputs, steps = range(2), range(3), range(6)
    h, y, loss = [[0.0, 0.0]], [], 0.0
    for t in steps:
        h += [[tanh(dot(x[t], W, k) + dot(h[t], U, k) + b[k]) for k in units]]
        y += [[1 / (1 + exp(-dot(h[t + 1], V, j) - c[j])) for j in outputs]]
        if d[t]:
            loss -= sum(log(y[t][j] if d[t][j] else 1 - y[t][j]) for j in outputs)
    dh = [[0.0, 0.0] for _ in range(7)]
    dU, dV = [[0.0, 0.0] for _ in units], [[0.0] * 3 for _ in units]
    for t in reversed(steps):
        # Of a sigmoid and the cross-entropy together, the derivative is the difference.
        ds = [y[t][j] - d[t][j] if d[t] else 0.0 for j in outputs]
        da_next = [dh[t + 1][k] * (1 - h[t + 2][k] ** 2) if t < 5 else 0.0 for k in units]
        dh[t] = [
            sum(ds[j] * V[k][j] for j in outputs) + sum(da_next[m] * U[k][m] for m in units)
            for k in units
        ]
        for k in units:
            dV[k] = [dV[k][j] + h[t + 1][k] * ds[j] for j in outputs]
            da = [dh[t][m] * (1 - h[t + 1][m] ** 2) for m in units]
            dU[k] = [dU[k][m] + h[t][k] * da[m] for m in units]
    return {"h": h[1:], "y": y, "dh": dh[:6], "dU": dU, "dV": dV, "E": loss}


def dot(row: list[float], matrix: list[list[float]], column: int) -> float:
    """One number of a row times a matrix."""
    return sum(number * other[column] for number, other in zip(row, matrix, strict=True))


def test_every_step_is_what_single_numbers_give(example):
    expected = by_hand(example)
    assert example.loss_before == pytest.approx(expected["E"], rel=1e-12)
    for t, mark in enumerate("₁₂₃₄₅₆"):
        for way, name in (("forward", "h"), ("forward", "y"), ("back", "dh")):
            found = computed(example, way, t + 1, name + mark)
            np.testing.assert_allclose(found, expected[name][t], rtol=1e-11)
    # The sums are complete at the first step.
    for name in ("dU", "dV"):
        found = computed(example, "sum", 1, name)
        np.testing.assert_allclose(found, np.ravel(expected[name]), rtol=1e-11)
        assert np.abs(found).max() > 0.05


def printed(text: str, heading: str, name: str) -> list[float]:
    """The numbers of a quantity below a heading of the text."""
    lines = iter(text.split(f"{heading}\n")[1].split("\n\n")[0].split("\n"))
    line = next(line for line in lines if line.startswith(f"  {name} = "))
    rows = [line.rpartition("=")[2]]
    for line in lines:
        if not line.startswith("    "):
            break
        rows.append(line)
    return [float(number) for number in re.findall(r"-?\d+\.\d*", " ".join(rows))]


def test_the_text_tells_every_step_and_both_losses(example):
    text, expected = describe(example), by_hand(example)
    assert f"Loss before: {expected['E']:.6f}" in text
    assert f"Loss after:  {example.loss_after:.6f}" in text
    for t, mark in enumerate("₁₂₃₄₅₆"):
        h = printed(text, f"Forward, step {t + 1}", f"h{mark}")
        assert h == pytest.approx(expected["h"][t], abs=6e-5)
        dh = printed(text, f"Backward, step {t + 1}", f"dh{mark}")
        assert dh == pytest.approx(expected["dh"][t], abs=6e-5)
        assert len(printed(text, f"Gradients down to step {t + 1}", "dU")) == 4
    U = example.network.cells[0].weights[1]
    new = printed(text, "Weights after one step with the learning rate 0.5", "U")
    assert new == pytest.approx(np.ravel(U - 0.5 * np.array(expected["dU"])), abs=6e-5)


def test_it_prints_itself(run_python):
    code = (
        "import runpy; runpy.run_module('keras_rnn_recipes.bptt.worked_example', None, '__main__')"
    )
    assert "Loss before: " in run_python(code).stdout
