"""A wide LSTM over a whole sequence while training, its way back written by hand.

Automatic differentiation adds to the gradient of every weight at every step. By hand, as in
`keras_rnn_recipes.bptt`, the errors of all steps are collected first, and one large product gives
the gradient of all weights; the products with the input are one large product too.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_rnn_recipes.config.base import Precision


def run_wide_lstm(
    inputs: tf.Tensor,
    hidden: tf.Tensor,
    memory: tf.Tensor,
    weights: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    precision: Precision = "float32",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Outputs and memories of an LSTM at every step.

    Args:
        inputs: ``(time, batch, channels)`` float32.
        hidden: the output before the first step, ``(batch, units)``.
        memory: the memory before the first step, ``(batch, units)``.
        weights: of the inputs ``(channels, 4 units)``, of the output before ``(units, 4 units)``,
            and the bias ``(4 units,)``, for Keras' gates: input, forget, cell, output.
        precision: in which matrices are multiplied, ``"float32"`` or ``"bfloat16"``; everything
            else, and what is added up within a product, is float32.

    Returns:
        Two tensors ``(time, batch, units)``, whose gradients reach all that was given.

    Source: Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000; one product
        for all steps: Appleyard et al. 2016, Optimizing performance of recurrent neural networks.

    Example:
        >>> weights = tf.ones((3, 8)), tf.ones((2, 8)), tf.zeros(8)
        >>> zeros = tf.zeros((5, 2))
        >>> outputs, memories = run_wide_lstm(tf.ones((7, 5, 3)), zeros, zeros, weights)
        >>> outputs.shape, memories.shape
        (TensorShape([7, 5, 2]), TensorShape([7, 5, 2]))
    """

    @tf.custom_gradient
    def run(inputs: Any, hidden: Any, memory: Any, kernel: Any, recurrent: Any, bias: Any) -> Any:
        driven = tf.nn.bias_add(multiply_all(inputs, kernel, precision), bias)
        gates, outputs, memories = _forward(driven, hidden, memory, recurrent, precision)

        def grad(to_outputs: Any, to_memories: Any) -> Any:
            before = tf.concat([memory[None], memories[:-1]], axis=0)
            errors, to_hidden, to_memory = _backward(
                (to_outputs, to_memories), gates, memories, before, recurrent, precision
            )
            before = tf.concat([hidden[None], outputs[:-1]], axis=0)
            return (
                multiply_all(errors, tf.transpose(kernel), precision),
                to_hidden,
                to_memory,
                _slope_of_weights(inputs, errors, precision),
                _slope_of_weights(before, errors, precision),
                _slope_of_weights(tf.ones_like(errors[..., :1]), errors, precision)[0],
            )

        return (outputs, memories), grad

    outputs, memories = run(inputs, hidden, memory, *weights)
    return outputs, memories


def multiply(left: tf.Tensor, right: tf.Tensor, precision: Precision, **how: bool) -> tf.Tensor:
    """The product of two matrices of float32, multiplied in ``precision``, in float32.

    Example:
        >>> float(multiply(tf.fill((1, 1), 1.001), tf.ones((1, 1)), "bfloat16")[0, 0])
        1.0
    """
    if precision == "float32":
        return tf.matmul(left, right, **how)
    product = tf.matmul(tf.cast(left, precision), tf.cast(right, precision), **how)
    return tf.cast(product, tf.float32)


def multiply_all(vectors: tf.Tensor, matrix: tf.Tensor, precision: Precision) -> tf.Tensor:
    """Every vector ``(..., m)`` by one matrix ``(m, n)``, as one product of two matrices.

    Example:
        >>> multiply_all(tf.ones((2, 3, 4)), tf.ones((4, 5)), "float32").shape
        TensorShape([2, 3, 5])
    """
    products = multiply(_rows(vectors), matrix, precision)
    return tf.reshape(products, tf.concat([tf.shape(vectors)[:-1], matrix.shape[1:]], axis=0))


def _slope_of_weights(inputs: tf.Tensor, errors: tf.Tensor, precision: Precision) -> tf.Tensor:
    """Over all steps and rows at once."""
    return multiply(_rows(inputs), _rows(errors), precision, transpose_a=True)


def _rows(vectors: tf.Tensor) -> tf.Tensor:
    return tf.reshape(vectors, [-1, vectors.shape[-1]])


def _forward(driven: Any, hidden: Any, memory: Any, recurrent: Any, precision: Precision) -> Any:
    """The gates, outputs and memories of all steps, from what the inputs add to the gates.

    The gates, which the way back alone reads, step by step, stay an array of tensors.
    """
    time = tf.shape(driven)[0]
    recurrent = tf.cast(recurrent, precision)
    kept = [tf.TensorArray(tf.float32, time, clear_after_read=False) for _ in range(3)]

    def step(t: Any, hidden: Any, memory: Any, kept: Any) -> Any:
        raw = driven[t] + multiply(hidden, recurrent, precision)
        i, f, c, o = tf.split(raw, 4, axis=1)
        i, f, c, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(c), tf.sigmoid(o)
        memory = f * memory + i * c
        hidden = o * tf.tanh(memory)
        of_step = tf.concat([i, f, c, o], axis=1), hidden, memory
        kept = [array.write(t, one) for array, one in zip(kept, of_step, strict=True)]
        return t + 1, hidden, memory, kept

    *_, kept = tf.while_loop(
        lambda t, *_: t < time, step, (0, hidden, memory, kept), maximum_iterations=time
    )
    gates, *shown = kept
    shape = (None, None, recurrent.shape[0])
    return gates, *(tf.ensure_shape(one.stack(), shape) for one in shown)


def _backward(
    slopes: Any, gates: Any, memories: Any, before: Any, recurrent: Any, precision: Precision
) -> Any:
    """The error of every gate at every step, before its activation; and of both first states.

    Errors are rounded once, for the products that they all go into.
    """
    time = tf.shape(memories)[0]
    transposed = tf.transpose(tf.cast(recurrent, precision))
    to_outputs, to_memories = slopes

    def step(t: Any, hidden: Any, memory: Any, errors: Any) -> Any:
        i, f, c, o = tf.split(gates.read(t), 4, axis=1)
        squashed = tf.tanh(memories[t])
        hidden = hidden + to_outputs[t]
        memory = memory + to_memories[t] + hidden * o * (1 - squashed * squashed)
        of_gates = (
            memory * c * i * (1 - i),
            memory * before[t] * f * (1 - f),
            memory * i * (1 - c * c),
            hidden * squashed * o * (1 - o),
        )
        error = tf.cast(tf.concat(of_gates, axis=1), precision)
        hidden = multiply(error, transposed, precision)
        return t - 1, hidden, memory * f, errors.write(t, error)

    none = tf.zeros_like(memories[0])
    _, hidden, memory, errors = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (time - 1, none, none, tf.TensorArray(precision, time)),
        maximum_iterations=time,
    )
    errors = tf.ensure_shape(errors.stack(), (None, None, transposed.shape[0]))
    return errors, hidden, memory
