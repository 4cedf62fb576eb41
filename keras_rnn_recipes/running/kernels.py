"""Faster ways to run the same recurrent layers while training on a CPU; nothing of it is saved.

Keras runs a recurrent layer on a CPU as a loop of small operations. TensorFlow has the whole
sequence of an LSTM as one operation with a gradient of its own: the same numbers, up to rounding,
in about half of the time where the layer is narrow. On the way back it goes through all weights at
every step, which makes it the slower one where they are many. Other cells can be unrolled into a
longer graph without a loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

LONGEST_UNROLLED = 100
# Weights of a layer from which on TensorFlow's operation is slower than Keras' loop, measured on
# layers of 16 to 384 units: 2.4 times as fast with 32 units and 16 channels, half as fast with 384.
MOST_WEIGHTS = 32_000


@contextlib.contextmanager
def training_kernels(
    model: keras.Model, *, lookback: int | None = None, unroll: bool = False
) -> Iterator[None]:
    """While training on a CPU, run recurrent layers in the fastest way that gives the same numbers.

    The layers are as before afterwards, so that what is saved or exported knows nothing of it.

    Args:
        model: the model that is trained.
        lookback: steps of a training window, where they are known.
        unroll: unroll cells that have no operation of their own over up to 100 steps: the graph
            runs faster and compiles slower.
    """
    on_cpu = keras.backend.backend() == "tensorflow" and not tf.config.list_physical_devices("GPU")
    layers = [x for x in model._flatten_layers() if isinstance(x, keras.layers.RNN)]
    blocks = [layer for layer in layers if on_cpu and _has_operation(layer)]
    short = lookback is not None and lookback <= LONGEST_UNROLLED
    loops = [x for x in layers if on_cpu and unroll and short and x not in blocks]
    before = [layer.unroll for layer in loops]
    try:
        for layer in blocks:
            # Looked up on the layer before its class, and not tracked as part of it.
            object.__setattr__(layer, "inner_loop", _whole_sequence(layer))
        for layer in loops:
            layer.unroll = True
        yield
    finally:
        for layer in blocks:
            object.__delattr__(layer, "inner_loop")
        for layer, value in zip(loops, before, strict=True):
            layer.unroll = value
        if blocks or loops:  # the compiled functions hold the other graph
            model.train_function = model.test_function = model.predict_function = None


def _has_operation(layer: keras.layers.RNN) -> bool:
    """Whether the operation computes what this layer does, an LSTM as it comes, and is faster."""
    if type(layer) is not keras.layers.LSTM or layer.zero_output_for_mask:
        return False
    if layer.count_params() >= MOST_WEIGHTS:
        return False
    plain = (keras.activations.tanh, keras.activations.sigmoid)
    return (
        (layer.activation, layer.recurrent_activation) == plain
        and layer.use_bias
        and not layer.dropout
        and not layer.recurrent_dropout
        and layer.compute_dtype == "float32"
    )


def _whole_sequence(layer: keras.layers.LSTM) -> Any:
    """An ``inner_loop`` for ``layer`` that hands the sequence over as a whole.

    Where there is a mask, padding must be on the right, as everywhere in this package. The loop
    leaves a padded step's state as it was and repeats the last output; so it is here. Read
    backwards, padding comes first: outputs are nought there, in the order of reading.
    """

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        shape = tf.shape(sequences)
        if mask is None:
            lengths = tf.fill([shape[0]], shape[1])
        else:
            lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        if layer.go_backwards:
            sequences = tf.reverse_sequence(sequences, lengths, seq_axis=1)
        outputs, memories = _run_operation(layer, sequences, initial_state)
        if mask is None:
            return outputs[:, -1], outputs, [outputs[:, -1], memories[:, -1]]
        some, last = (lengths > 0)[:, None], tf.maximum(lengths - 1, 0)
        ends = [tf.gather(values, last, batch_dims=1) for values in (outputs, memories)]
        states = [tf.where(some, *pair) for pair in zip(ends, initial_state, strict=True)]
        output = tf.where(some, ends[0], 0.0)
        real = tf.sequence_mask(lengths, shape[1])[:, :, None]
        outputs = tf.where(real, outputs, 0.0 if layer.go_backwards else output[:, None])
        if layer.go_backwards:
            outputs = tf.reverse(tf.reverse_sequence(outputs, lengths, seq_axis=1), [1])
        return output, outputs, states

    return inner_loop


def _run_operation(layer: keras.layers.LSTM, sequences: Any, initial_state: Any) -> Any:
    """Outputs and memories at every step, both (batch, time, units)."""
    hidden, memory = initial_state
    cell = layer.cell
    kernel = tf.concat([cell.kernel, cell.recurrent_kernel], axis=0)
    none = tf.zeros([layer.units])
    # The second version of the operation (BlockLSTMV2) is registered with a gradient that
    # takes the gates in another order (TensorFlow 2.21); the first one is right.
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(sequences)[1], tf.int64),
        x=tf.transpose(sequences, [1, 0, 2]),
        cs_prev=memory,
        h_prev=hidden,
        w=_input_cell_forget_output(kernel),
        wci=none,
        wcf=none,
        wco=none,
        b=_input_cell_forget_output(tf.convert_to_tensor(cell.bias)),
        forget_bias=0.0,  # it is part of Keras' bias
        cell_clip=-1.0,
    )
    return tf.transpose(result.h, [1, 0, 2]), tf.transpose(result.cs, [1, 0, 2])


def _input_cell_forget_output(weights: tf.Tensor) -> tf.Tensor:
    """From Keras' order of gates (input, forget, cell, output) to the operation's."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], axis=-1)
