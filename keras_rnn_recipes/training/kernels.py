"""Faster ways to run the same layers while training on a CPU; nothing of it is saved.

Keras runs a recurrent layer on a CPU as a loop of small operations, and learns its way back from
them. TensorFlow has the whole sequence of an LSTM as one operation with a gradient of its own: the
same numbers, up to rounding, in about half of the time where the layer is narrow. On the way back
it goes through all weights at every step, so that a wide layer is better off with a way back by
hand (`wide_lstm`). Other cells can be unrolled into a longer graph without a loop.

Processors with units for bfloat16 multiply large matrices several times as fast in it. Where a
recipe asks for it, wide LSTMs and large layers of output do. And Adam takes its step as one
operation (`adam_operation`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_rnn_recipes.config.base import Precision
from keras_rnn_recipes.layers import TiedEmbedding
from keras_rnn_recipes.training.adam_operation import adam_operation
from keras_rnn_recipes.training.lstm_kernel import multiply_all, run_wide_lstm

LONGEST_UNROLLED = 100

# Weights of an LSTM from which on TensorFlow's operation is the slower one, measured on layers of
# 32 to 384 units: with 32 it takes half the time of the way back by hand, with 64 about 3/5, with
# 100 as much, with 256 up to 2.7 times as much.
MOST_WEIGHTS = 100_000

# Weights of another layer from which on a product in bfloat16 is worth the rounding.
MANY_WEIGHTS = 32_000


@contextlib.contextmanager
def training_kernels(
    model: keras.Model,
    *,
    lookback: int | None = None,
    unroll: bool = False,
    precision: Precision = "float32",
) -> Iterator[None]:
    """While training on a CPU, run layers in the fastest way that gives the same numbers.

    The layers are as before afterwards, so that what is saved or exported knows nothing of it.

    Args:
        model: the model that is trained.
        lookback: steps of a training window, where they are known.
        unroll: unroll cells that have no operation of their own over up to 100 steps: the graph
            runs faster and compiles slower.
        precision: in which wide LSTMs and large dense layers multiply matrices; with
            ``"bfloat16"`` the numbers are the same to two or three digits.
    """
    on_cpu = keras.backend.backend() == "tensorflow" and not tf.config.list_physical_devices("GPU")
    flat = model._flatten_layers() if on_cpu else ()
    layers = [layer for layer in flat if isinstance(layer, keras.layers.Layer)]
    short = lookback is not None and lookback <= LONGEST_UNROLLED
    # Looked up on an object before its class, and not tracked as part of it.
    replaced: dict[Any, tuple[str, Callable[..., Any]]] = {
        layer: replacement
        for layer in layers
        if (replacement := _replacement(layer, precision)) is not None
    }
    optimizer: Any = getattr(model, "optimizer", None)
    if on_cpu and type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        replaced[optimizer] = "update_step", adam_operation(optimizer)
    loops = [
        layer
        for layer in layers
        if unroll and short and isinstance(layer, keras.layers.RNN) and layer not in replaced
    ]
    before = [layer.unroll for layer in loops]
    try:
        for owner, (name, method) in replaced.items():
            object.__setattr__(owner, name, method)
        for layer in loops:
            layer.unroll = True
        yield
    finally:
        for owner, (name, _) in replaced.items():
            object.__delattr__(owner, name)
        for layer, value in zip(loops, before, strict=True):
            layer.unroll = value
        if replaced or loops:  # the compiled functions hold the other graph
            model.train_function = model.test_function = model.predict_function = None


def _replacement(
    layer: keras.layers.Layer, precision: Precision
) -> tuple[str, Callable[..., Any]] | None:
    """The method of ``layer`` to be replaced while training, and what by."""
    if type(layer) is keras.layers.LSTM and _as_it_comes(layer):
        return "inner_loop", _whole_sequence(layer, precision)
    if precision == "float32" or layer.compute_dtype != "float32":
        return None
    if layer.count_params() < MANY_WEIGHTS:
        return None
    if type(layer) is keras.layers.Dense:
        return "call", _dense(layer, precision)
    if type(layer) is TiedEmbedding:
        return "call", _tied(layer, precision)
    return None


def _as_it_comes(layer: keras.layers.LSTM) -> bool:
    """Whether the layer computes what the operations for whole sequences do."""
    plain = (keras.activations.tanh, keras.activations.sigmoid)
    return (
        (layer.activation, layer.recurrent_activation) == plain
        and layer.use_bias
        and (layer.return_sequences or not layer.zero_output_for_mask)
        and not layer.dropout
        and not layer.recurrent_dropout
        and layer.compute_dtype == "float32"
    )


def _dense(layer: keras.layers.Dense, precision: Precision) -> Callable[..., Any]:
    def call(inputs: Any, training: bool | None = None) -> Any:
        outputs = multiply_all(inputs, tf.convert_to_tensor(layer.kernel), precision)
        return layer.activation(outputs + layer.bias if layer.use_bias else outputs)

    return call


def _tied(layer: TiedEmbedding, precision: Precision) -> Callable[..., Any]:
    def call(inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return type(layer).call(layer, inputs)
        matrix = tf.transpose(tf.convert_to_tensor(layer.embeddings))
        return multiply_all(inputs, matrix, precision) + layer.bias

    return call


def _whole_sequence(layer: keras.layers.LSTM, precision: Precision) -> Callable[..., Any]:
    """An ``inner_loop`` for ``layer`` that hands the sequence over as a whole.

    Where there is a mask, padding must be on the right, as everywhere in this package. The loop
    leaves a padded step's state as it was and repeats the last output, or gives noughts in one of
    two directions; so it is here. Read backwards, padding comes first: outputs are nought there, in
    the order of reading.
    """

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        shape = tf.shape(sequences)
        if mask is None:
            lengths = tf.fill([shape[0]], shape[1])
        else:
            lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        if layer.go_backwards:
            sequences = tf.reverse_sequence(sequences, lengths, seq_axis=1)
        outputs, memories = _run(layer, sequences, initial_state, precision)
        if mask is None:
            return outputs[:, -1], outputs, [outputs[:, -1], memories[:, -1]]
        some, last = (lengths > 0)[:, None], tf.maximum(lengths - 1, 0)
        ends = [tf.gather(values, last, batch_dims=1) for values in (outputs, memories)]
        states = [tf.where(some, *pair) for pair in zip(ends, initial_state, strict=True)]
        output = tf.where(some, ends[0], 0.0)
        real = tf.sequence_mask(lengths, shape[1])[:, :, None]
        zeroed = layer.go_backwards or layer.zero_output_for_mask
        outputs = tf.where(real, outputs, 0.0 if zeroed else output[:, None])
        if layer.go_backwards:
            outputs = tf.reverse(tf.reverse_sequence(outputs, lengths, seq_axis=1), [1])
        return output, outputs, states

    return inner_loop


def _run(layer: keras.layers.LSTM, sequences: Any, initial_state: Any, precision: Precision) -> Any:
    """Outputs and memories at every step, both (batch, time, units)."""
    cell, by_time = layer.cell, tf.transpose(sequences, [1, 0, 2])
    hidden, memory = initial_state
    weights = (
        tf.convert_to_tensor(cell.kernel),
        tf.convert_to_tensor(cell.recurrent_kernel),
        tf.convert_to_tensor(cell.bias),
    )
    if layer.count_params() < MOST_WEIGHTS:
        found = _run_operation(by_time, hidden, memory, *weights)
    else:
        found = run_wide_lstm(by_time, hidden, memory, weights, precision)
    return [tf.transpose(one, [1, 0, 2]) for one in found]


def _run_operation(
    inputs: Any, hidden: Any, memory: Any, kernel: Any, recurrent: Any, bias: Any
) -> Any:
    none = tf.zeros([recurrent.shape[0]])
    # The second version of the operation (BlockLSTMV2) is registered with a gradient that
    # takes the gates in another order (TensorFlow 2.21); the first one is right.
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(inputs)[0], tf.int64),
        x=inputs,
        cs_prev=memory,
        h_prev=hidden,
        w=_input_cell_forget_output(tf.concat([kernel, recurrent], axis=0)),
        wci=none,
        wcf=none,
        wco=none,
        b=_input_cell_forget_output(bias),
        forget_bias=0.0,  # it is part of Keras' bias
        cell_clip=-1.0,
    )
    return result.h, result.cs


def _input_cell_forget_output(weights: tf.Tensor) -> tf.Tensor:
    """From Keras' order of gates (input, forget, cell, output) to the operation's."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], axis=-1)
