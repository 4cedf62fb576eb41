"""Faster implementations of the same layers while training on a CPU; nothing of them is saved.

On a CPU Keras runs a recurrent layer as a loop of small operations and differentiates that loop.
TensorFlow has one operation for an LSTM over a whole sequence, with its own gradient: the same
numbers up to rounding, in about half of the time for a narrow layer. The gradient of that operation
goes through all weights at every time step, so a wide layer trains faster with the gradient written
by hand in `lstm_kernel`. Other cells can be unrolled into a longer graph without a loop.

Processors with instructions for bfloat16 multiply large matrices several times as fast in it. Where
a recipe asks for bfloat16, wide LSTMs and large dense layers use it. The characters of equal tokens
are read once a batch. Adam updates each variable in one operation (`adam_operation`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_rnn_recipes.config.base import Precision
from keras_rnn_recipes.layers import CharacterConvolution, TiedEmbedding
from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.training.adam_operation import adam_operation
from keras_rnn_recipes.training.lstm_kernel import multiply_all, run_wide_lstm

LONGEST_UNROLLED = 100

# The number of weights of an LSTM from which on TensorFlow's operation is slower than the gradient
# by hand. Measured on layers of 32 to 384 units, the operation takes half of the time at 32 units,
# 3/5 at 64, the same at 100, and up to 2.7 times as much at 256.
MOST_WEIGHTS = 100_000

# The number of weights of a dense layer from which on bfloat16 is worth the rounding.
MANY_WEIGHTS = 32_000

# The name of a method and what replaces it.
Override = tuple[str, Callable[..., Any]]


@contextlib.contextmanager
def training_kernels(
    model: keras.Model,
    *,
    lookback: int | None = None,
    unroll: bool = False,
    precision: Precision = "float32",
) -> Iterator[None]:
    """Run layers and Adam in the fastest way that gives the same numbers, on a CPU.

    On a GPU, or with another backend than TensorFlow, nothing changes. The layers and the optimizer
    are restored at the end, so what is saved or exported is the same as without this context.

    Args:
        model: the model to train; its optimizer too if it is compiled.
        lookback: number of steps of a training window, if known.
        unroll: unroll the cells that have no operation of their own, for windows of up to 100
            steps: the graph runs faster and takes longer to compile.
        precision: of the matrix products in wide LSTMs and large dense layers; ``"bfloat16"`` gives
            the same numbers to two or three digits.

    Example:
        >>> layer = keras.layers.LSTM(4)
        >>> model = keras.Sequential([keras.Input((None, 1)), layer])
        >>> with training_kernels(model):
        ...     "inner_loop" in vars(layer)
        True
        >>> "inner_loop" in vars(layer)
        False
    """
    on_cpu = keras.backend.backend() == "tensorflow" and not tf.config.list_physical_devices("GPU")
    overrides = _overrides(model, precision) if on_cpu else {}
    loops = _unrollable(model, overrides, lookback) if on_cpu and unroll else []
    before = [layer.unroll for layer in loops]
    try:
        with override_methods(overrides):
            for layer in loops:
                layer.unroll = True
            yield
    finally:
        for layer, value in zip(loops, before, strict=True):
            layer.unroll = value
        if overrides or loops:  # the compiled functions hold the other graph
            model.train_function = model.test_function = model.predict_function = None


def _overrides(model: keras.Model, precision: Precision) -> dict[Any, Override]:
    """By layer or optimizer the method to replace while training."""
    overrides: dict[Any, Override] = {
        layer: override
        for layer in all_layers(model)
        if (override := _override_of(layer, precision)) is not None
    }
    optimizer: Any = getattr(model, "optimizer", None)
    if type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        overrides[optimizer] = "update_step", adam_operation(optimizer)
    return overrides


def _unrollable(
    model: keras.Model, overrides: dict[Any, Override], lookback: int | None
) -> list[keras.layers.RNN]:
    """The recurrent layers that still run as a loop, if the training windows are short."""
    if lookback is None or lookback > LONGEST_UNROLLED:
        return []
    recurrent = (layer for layer in all_layers(model) if isinstance(layer, keras.layers.RNN))
    return [layer for layer in recurrent if layer not in overrides]


def _override_of(layer: keras.layers.Layer, precision: Precision) -> Override | None:
    """The method of ``layer`` to replace while training; None for most layers."""
    if type(layer) in SEQUENCE_KERNELS:
        inner_loop = SEQUENCE_KERNELS[type(layer)](layer, precision)
        return None if inner_loop is None else ("inner_loop", inner_loop)
    if type(layer) is CharacterConvolution:
        return "of_tokens", _of_different_tokens(layer)
    if precision == "float32" or layer.compute_dtype != "float32":
        return None
    if layer.count_params() < MANY_WEIGHTS:
        return None
    if type(layer) is keras.layers.Dense:
        return "call", _dense(layer, precision)
    return ("call", _tied(layer, precision)) if type(layer) is TiedEmbedding else None


def _of_different_tokens(layer: CharacterConvolution) -> Callable[..., Any]:
    """An ``of_tokens`` that computes equal tokens of a batch, such as those of padding, once."""
    of_tokens = layer.of_tokens

    def of_different_tokens(characters: Any) -> Any:
        different, numbers = tf.raw_ops.UniqueV2(x=characters, axis=[0])
        return tf.gather(of_tokens(different), numbers)

    return of_different_tokens


def _is_standard_lstm(layer: keras.layers.LSTM) -> bool:
    """Whether the layer computes what the operations for whole sequences compute."""
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


def _lstm_sequence(layer: keras.layers.LSTM, precision: Precision) -> Callable[..., Any] | None:
    """An ``inner_loop`` that computes all time steps at once; None for an unusual LSTM.

    If there is a mask, padding must be on the right, as everywhere in this package. The loop of
    Keras keeps the states at a padded step and repeats the last output, or gives zeros in one of
    two directions; this function gives the same. A layer that reads backwards reads the padding
    first: its outputs are zeros there, in the order of reading.
    """
    if not _is_standard_lstm(layer):
        return None

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        shape = tf.shape(sequences)
        if mask is None:
            lengths = tf.fill([shape[0]], shape[1])
        else:
            lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        if layer.go_backwards:
            sequences = tf.reverse_sequence(sequences, lengths, seq_axis=1)
        outputs, cell_states = _run(layer, sequences, initial_state, precision)
        if mask is None:
            return outputs[:, -1], outputs, [outputs[:, -1], cell_states[:, -1]]
        some, last = (lengths > 0)[:, None], tf.maximum(lengths - 1, 0)
        ends = [tf.gather(values, last, batch_dims=1) for values in (outputs, cell_states)]
        states = [tf.where(some, *pair) for pair in zip(ends, initial_state, strict=True)]
        output = tf.where(some, ends[0], 0.0)
        real = tf.sequence_mask(lengths, shape[1])[:, :, None]
        zeroed = layer.go_backwards or layer.zero_output_for_mask
        outputs = tf.where(real, outputs, 0.0 if zeroed else output[:, None])
        if layer.go_backwards:
            outputs = tf.reverse(tf.reverse_sequence(outputs, lengths, seq_axis=1), [1])
        return output, outputs, states

    return inner_loop


# For the exact class of a recurrent layer: from a layer and a precision to its ``inner_loop``, or
# to None if this layer has to keep its loop. A cell without a row here runs as a loop.
SEQUENCE_KERNELS: dict[type, Callable[[Any, Precision], Callable[..., Any] | None]] = {
    keras.layers.LSTM: _lstm_sequence,
}


def _run(layer: keras.layers.LSTM, sequences: Any, initial_state: Any, precision: Precision) -> Any:
    """Outputs and cell states at every time step, both ``(batch, time, units)``."""
    cell, by_time = layer.cell, _swap_batch_and_time(sequences)
    hidden, cell_state = initial_state
    weights = (
        tf.convert_to_tensor(cell.kernel),
        tf.convert_to_tensor(cell.recurrent_kernel),
        tf.convert_to_tensor(cell.bias),
    )
    if layer.count_params() < MOST_WEIGHTS:
        found = _run_operation(by_time, hidden, cell_state, *weights)
    else:
        found = run_wide_lstm(by_time, hidden, cell_state, weights, precision)
    return [_swap_batch_and_time(one) for one in found]


@tf.custom_gradient
def _swap_batch_and_time(values: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tf.Tensor]]:
    """Transpose ``(batch, time, channels)``, moved as integers: the same numbers.

    For floats TensorFlow uses an operation of oneDNN, which costs a small network a fifth of a
    training step.
    """

    def swap(floats: tf.Tensor) -> tf.Tensor:
        whole = tf.transpose(tf.bitcast(floats, tf.int32), [1, 0, 2])
        return tf.bitcast(whole, tf.float32)

    return swap(values), swap


def _run_operation(
    inputs: Any, hidden: Any, cell_state: Any, kernel: Any, recurrent: Any, bias: Any
) -> Any:
    none = tf.zeros([recurrent.shape[0]])
    # BlockLSTMV2 is registered with a gradient that expects another order of the gates (TensorFlow
    # 2.21); the gradient of the first version is right.
    result = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(tf.shape(inputs)[0], tf.int64),
        x=inputs,
        cs_prev=cell_state,
        h_prev=hidden,
        w=_input_cell_forget_output(tf.concat([kernel, recurrent], axis=0)),
        wci=none,
        wcf=none,
        wco=none,
        b=_input_cell_forget_output(bias),
        forget_bias=0.0,  # Keras adds it to the bias
        cell_clip=-1.0,
    )
    return result.h, result.cs


def _input_cell_forget_output(weights: tf.Tensor) -> tf.Tensor:
    """Reorder the gates from Keras' order (input, forget, cell, output) to the operation's."""
    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, c, f, o], axis=-1)
