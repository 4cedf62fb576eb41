"""A wide LSTM over a whole sequence for training, with its gradient written by hand.

Automatic differentiation adds to the gradient of every weight at every time step. By hand, as in
`keras_rnn_recipes.bptt`, the gradients of all gates (``deltas``) are collected first, and one large
matrix product gives the gradient of each kernel. The products with the inputs are one large product
too.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_rnn_recipes.config.base import Precision


def run_wide_lstm(
    inputs: tf.Tensor,
    hidden: tf.Tensor,
    cell_state: tf.Tensor,
    weights: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    precision: Precision = "float32",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs and cell states of an LSTM at every time step.

    Args:
        inputs: ``(time, batch, channels)`` float32.
        hidden: the output before the first step, ``(batch, units)``.
        cell_state: the cell state before the first step, ``(batch, units)``.
        weights: kernel ``(channels, 4 units)``, recurrent kernel ``(units, 4 units)`` and bias ``(4
            units,)``, in Keras' order of gates: input, forget, cell, output.
        precision: of matrix products, ``"float32"`` or ``"bfloat16"``; everything else, and the
            sums within a product, are float32.

    Returns:
        Outputs and cell states, ``(time, batch, units)`` each, with gradients for all arguments.

    Source: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; one product
        for all steps: Appleyard et al. 2016, Optimizing performance of recurrent neural networks.

    Example:
        >>> weights = tf.ones((3, 8)), tf.ones((2, 8)), tf.zeros(8)
        >>> zeros = tf.zeros((5, 2))
        >>> outputs, cell_states = run_wide_lstm(tf.ones((7, 5, 3)), zeros, zeros, weights)
        >>> outputs.shape, cell_states.shape
        (TensorShape([7, 5, 2]), TensorShape([7, 5, 2]))
    """

    @tf.custom_gradient
    def run(
        inputs: Any, hidden: Any, cell_state: Any, kernel: Any, recurrent: Any, bias: Any
    ) -> Any:
        driven = tf.nn.bias_add(multiply_all(inputs, kernel, precision), bias)
        gates, outputs, cell_states = _forward(driven, hidden, cell_state, recurrent, precision)

        def grad(to_outputs: Any, to_cell_states: Any) -> Any:
            before = tf.concat([cell_state[None], cell_states[:-1]], axis=0)
            deltas, to_hidden, to_cell_state = _backward(
                (to_outputs, to_cell_states), gates, cell_states, before, recurrent, precision
            )
            before = tf.concat([hidden[None], outputs[:-1]], axis=0)
            return (
                multiply_all(deltas, tf.transpose(kernel), precision),
                to_hidden,
                to_cell_state,
                _kernel_gradient(inputs, deltas, precision),
                _kernel_gradient(before, deltas, precision),
                _kernel_gradient(tf.ones_like(deltas[..., :1]), deltas, precision)[0],
            )

        return (outputs, cell_states), grad

    outputs, cell_states = run(inputs, hidden, cell_state, *weights)
    return outputs, cell_states


def multiply(left: tf.Tensor, right: tf.Tensor, precision: Precision, **how: bool) -> tf.Tensor:
    """The product of two float32 matrices, multiplied in ``precision``, as float32.

    Example:
        >>> float(multiply(tf.fill((1, 1), 1.001), tf.ones((1, 1)), "bfloat16")[0, 0])
        1.0
    """
    if precision == "float32":
        return tf.matmul(left, right, **how)
    product = tf.matmul(tf.cast(left, precision), tf.cast(right, precision), **how)
    return tf.cast(product, tf.float32)


def multiply_all(vectors: tf.Tensor, matrix: tf.Tensor, precision: Precision) -> tf.Tensor:
    """Multiply all vectors ``(..., m)`` by one matrix ``(m, n)``, as one matrix product.

    Example:
        >>> multiply_all(tf.ones((2, 3, 4)), tf.ones((4, 5)), "float32").shape
        TensorShape([2, 3, 5])
    """
    products = multiply(_rows(vectors), matrix, precision)
    return tf.reshape(products, tf.concat([tf.shape(vectors)[:-1], matrix.shape[1:]], axis=0))


def _kernel_gradient(inputs: tf.Tensor, deltas: tf.Tensor, precision: Precision) -> tf.Tensor:
    """The gradient of a kernel, over all steps and rows at once."""
    return multiply(_rows(inputs), _rows(deltas), precision, transpose_a=True)


def _rows(vectors: tf.Tensor) -> tf.Tensor:
    return tf.reshape(vectors, [-1, vectors.shape[-1]])


def _forward(
    driven: Any, hidden: Any, cell_state: Any, recurrent: Any, precision: Precision
) -> Any:
    """The gates, outputs and cell states of all steps, from the inputs' part of the gates.

    The four gates stay tensor arrays, because only the backward pass reads them, step by step.
    """
    time = tf.shape(driven)[0]
    recurrent = tf.cast(recurrent, precision)
    kept = [tf.TensorArray(tf.float32, time, clear_after_read=False) for _ in range(6)]

    def step(t: Any, hidden: Any, cell_state: Any, kept: Any) -> Any:
        raw = driven[t] + multiply(hidden, recurrent, precision)
        i, f, c, o = tf.split(raw, 4, axis=1)
        i, f, c, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(c), tf.sigmoid(o)
        cell_state = f * cell_state + i * c
        hidden = o * tf.tanh(cell_state)
        of_step = i, f, c, o, hidden, cell_state
        kept = [array.write(t, one) for array, one in zip(kept, of_step, strict=True)]
        return t + 1, hidden, cell_state, kept

    *_, kept = tf.while_loop(
        lambda t, *_: t < time, step, (0, hidden, cell_state, kept), maximum_iterations=time
    )
    *gates, outputs, cell_states = kept
    shape = (None, None, recurrent.shape[0])
    return gates, *(tf.ensure_shape(one.stack(), shape) for one in (outputs, cell_states))


def _backward(
    gradients: Any, gates: Any, cell_states: Any, before: Any, recurrent: Any, precision: Precision
) -> Any:
    """Gradients with respect to every gate before its activation, and to both initial states.

    Args:
        gradients: gradients with respect to the outputs and the cell states, at every step.
        gates: a tensor array for each of the four gates.
        cell_states, before: the cell states, and those one step earlier.
        recurrent: recurrent kernel.
        precision: of the gate gradients, which are rounded once for all products.
    """
    time = tf.shape(cell_states)[0]
    transposed = tf.transpose(tf.cast(recurrent, precision))
    to_outputs, to_cell_states = gradients
    # Both compute, in one pass, the gradient dy times the derivative at the output y.
    through_sigmoid, through_tanh = tf.raw_ops.SigmoidGrad, tf.raw_ops.TanhGrad

    def step(t: Any, hidden: Any, cell_state: Any, deltas: Any) -> Any:
        i, f, c, o = (gate.read(t) for gate in gates)
        squashed = tf.tanh(cell_states[t])
        hidden = hidden + to_outputs[t]
        cell_state = cell_state + to_cell_states[t] + through_tanh(y=squashed, dy=hidden * o)
        of_gates = (
            through_sigmoid(y=i, dy=cell_state * c),
            through_sigmoid(y=f, dy=cell_state * before[t]),
            through_tanh(y=c, dy=cell_state * i),
            through_sigmoid(y=o, dy=hidden * squashed),
        )
        delta = tf.cast(tf.concat(of_gates, axis=1), precision)
        hidden = multiply(delta, transposed, precision)
        return t - 1, hidden, cell_state * f, deltas.write(t, delta)

    none = tf.zeros_like(cell_states[0])
    _, hidden, cell_state, deltas = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (time - 1, none, none, tf.TensorArray(precision, time)),
        maximum_iterations=time,
    )
    deltas = tf.ensure_shape(deltas.stack(), (None, None, transposed.shape[0]))
    return deltas, hidden, cell_state
