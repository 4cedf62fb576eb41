"""A forecaster and its windows, small enough to train in a second."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import tensorflow as tf

LOOKBACK, HORIZON = 6, 2


def toy_arrays(num_windows: int = 50) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Windows of a noisy sine: x (n, 6, 1), y (n, 2, 1), w (n, 2)."""
    rng = np.random.default_rng(0)
    steps = np.arange(num_windows)[:, None] + np.arange(LOOKBACK + HORIZON)
    values = np.sin(steps / 3) + 0.1 * rng.standard_normal(steps.shape)
    values = values[..., None].astype("float32")
    weights = np.ones((num_windows, HORIZON), "float32")
    return values[:, :LOOKBACK], values[:, LOOKBACK:], weights


def _endless(
    arrays: tuple[np.ndarray, ...], batch_size: int, first_epoch: int = 0
) -> tf.data.Dataset:
    """Passes in an order that depends on the number of the pass alone, as window_dataset's."""
    tensors = [tf.constant(array) for array in arrays]
    num = len(arrays[0])

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        keys = tf.random.stateless_uniform([num], seed=[7, number])
        order = tf.data.Dataset.from_tensor_slices(tf.argsort(keys)).batch(batch_size)
        return order.map(lambda rows: tuple(tf.gather(tensor, rows) for tensor in tensors))

    return tf.data.Dataset.range(first_epoch, 2**31).flat_map(one_pass)


def toy_batches(num_windows: int = 50, batch_size: int = 8):
    """A factory of endless training batches, as ``fit`` takes it."""
    return partial(_endless, toy_arrays(num_windows), batch_size)


def toy_valid(num_windows: int = 20) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(toy_arrays(num_windows)).batch(8)


def toy_model(cell: str = "lstm", dropout: float = 0.3, units: int = 4) -> keras.Model:
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    history = keras.Input((None, 1))
    hidden = keras.layers.Dropout(dropout)(layer(units)(history))
    outputs = keras.layers.Reshape((HORIZON, 1))(keras.layers.Dense(HORIZON)(hidden))
    return keras.Model(history, outputs)
