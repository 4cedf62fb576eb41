"""Dropout on recurrent weights, a part of training only; nothing of it is saved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.layers.replay import all_layers


@contextlib.contextmanager
def weight_dropout(model: keras.Model, rate: float, *, seed: int = 0) -> Iterator[None]:
    """Drop recurrent weights of a model while it is trained, other ones in each training step.

    All steps and rows of a batch have the same weights, so that the network is recurrent as ever.
    The draws follow from the number of the training step, so that a resumed training repeats them.

    Args:
        model: a compiled model; all recurrent layers with one recurrent kernel take part.
        rate: share of the weights that are zero; the others grow by ``1 / (1 - rate)``.
        seed: of the draws.

    Raises:
        UserError: ``rate`` is above 0 and no layer has a recurrent kernel.

    Source: Merity et al. 2018, Regularizing and optimizing LSTM language models, section 2; Wan et
        al. 2013, Regularization of neural networks using DropConnect.

    Example:
        >>> layer = keras.layers.GRU(4)
        >>> model = keras.Sequential([keras.Input((None, 1)), layer])
        >>> model.compile("adam", "mse")
        >>> inputs = tf.ones((1, 3, 1))
        >>> with weight_dropout(model, 0.5):
        ...     same = bool(tf.reduce_all(model(inputs, training=True) == model(inputs)))
        >>> same
        False
    """
    if not rate:
        yield
        return
    found = [
        layer
        for layer in all_layers(model)
        if isinstance(layer, keras.layers.RNN) and hasattr(layer.cell, "recurrent_kernel")
    ]
    if not found:
        raise UserError(
            "fit.weight_dropout is set, and no layer of the network has recurrent weights to drop.",
            "a network of simple_rnn, lstm or gru layers.",
            "remove fit.weight_dropout.",
        )
    steps: Any = model.optimizer.iterations
    dropped = {
        layer: ("inner_loop", _with_dropout(layer, rate, number, steps))
        for number, layer in enumerate(found, start=1_000 * seed)
    }
    try:
        with override_methods(dropped):
            yield
    finally:  # the compiled functions hold the other graph
        model.train_function = model.test_function = model.predict_function = None


def _with_dropout(
    layer: keras.layers.RNN, rate: float, seed: int, steps: Any
) -> Callable[..., Any]:
    run, cell = layer.inner_loop, layer.cell

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        if not training:
            return run(sequences, initial_state, mask, training=training)
        kernel = cell.recurrent_kernel
        drawn = [seed, tf.cast(steps, tf.int32)]
        some = tf.nn.experimental.stateless_dropout(tf.convert_to_tensor(kernel), rate, drawn)
        # The cell reads its kernel while the graph is built.
        object.__setattr__(cell, "recurrent_kernel", some)
        try:
            return run(sequences, initial_state, mask, training=training)
        finally:
            object.__setattr__(cell, "recurrent_kernel", kernel)

    return inner_loop
