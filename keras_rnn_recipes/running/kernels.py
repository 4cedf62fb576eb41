"""Faster ways to run the same recurrent layers while training on a CPU; nothing of it is saved.

Keras runs a recurrent layer on a CPU as a loop of small operations. TensorFlow has the whole
sequence of an LSTM as one operation with a gradient of its own: the same numbers, up to rounding,
in about half of the time. Other cells can be unrolled into a longer graph without a loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

LONGEST_UNROLLED = 100


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
    """Whether the operation computes what this layer does: an LSTM as it comes."""
    if type(layer) is not keras.layers.LSTM or layer.stateful or layer.go_backwards:
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
    """An ``inner_loop`` for ``layer`` that hands the sequence over as a whole."""
    loop = type(layer).inner_loop

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        if mask is not None:
            return loop(layer, sequences, initial_state, mask, training=training)
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
        outputs = tf.transpose(result.h, [1, 0, 2])
        return result.h[-1], outputs, [result.h[-1], result.cs[-1]]

    return inner_loop


def _input_cell_forget_output(weights: tf.Tensor) -> tf.Tensor:
    """From Keras' order of gates (input, forget, cell, output) to the operation's."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], axis=-1)
