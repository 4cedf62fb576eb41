"""How far an error reaches back: its slope by each layer's state at every lag, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, ops

from keras_rnn_recipes.builders.stepping import call_anew
from keras_rnn_recipes.layers.perturbed_cell import PerturbedCell

# Per step back; over the 69 steps in which 0.9 becomes a thousandth, nothing is learnt any more.
VANISHING, EXPLODING = 0.9, 1.05


def gradient_flow(
    model: keras.Model, x: Any, y: Any, *, loss: Callable[[Any, Any], Any] | None = None
) -> pd.DataFrame:
    """The norm of the error's slope by each recurrent layer's state, at each lag.

    Args:
        model: with recurrent layers; of the builders, or any functional model.
        x, y: one batch, as the model is trained on.
        loss: from truths and answers to an error; mean squared error when left out.

    Returns:
        Columns ``layer``, ``lag`` (steps before the last one) and ``norm``: of ``dE/dh``
        ``(units,)``, the mean over the batch.

    Example:
        >>> inputs = keras.Input((None, 1))
        >>> model = keras.Model(inputs, layers.Dense(1)(layers.SimpleRNN(4, name="rnn")(inputs)))
        >>> flow = gradient_flow(model, np.ones((2, 5, 1)), np.ones((2, 1)))
        >>> flow.columns.tolist(), flow["lag"].tolist()
        (['layer', 'lag', 'norm'], [0, 1, 2, 3, 4])

    Source: Pascanu et al. 2013, On the difficulty of training recurrent neural networks.
    """
    given = tf.nest.map_structure(tf.convert_to_tensor, x)
    moved, names, widths = _perturbed(model)
    first = tf.nest.flatten(given)[0]
    size = tf.shape(first)[:2]
    moves = [tf.zeros([*size, width], model.compute_dtype) for width in widths]
    with tf.GradientTape() as tape:
        tape.watch(moves)
        answers = moved([given, *moves], training=False)
        error = tf.reduce_mean((loss or keras.losses.mean_squared_error)(y, answers))
    slopes = tape.gradient(error, moves)
    rows = []
    for name, slope in zip(names, slopes, strict=True):
        norms = tf.reduce_mean(tf.norm(slope, axis=2), axis=0).numpy()[::-1]
        rows += [(name, lag, float(norm)) for lag, norm in enumerate(norms)]
    return pd.DataFrame(rows, columns=["layer", "lag", "norm"])


def rate_of(flow: pd.DataFrame, layer: str) -> float:
    """By what the norm is multiplied with every step back: the slope of a line through its logs.

    Args:
        flow: from `gradient_flow`.
        layer: one of its layers.

    Returns:
        Below 1 the error fades, above 1 it grows; NaN with fewer than two lags above nought.

    Example:
        >>> flow = pd.DataFrame({"layer": "rnn", "lag": [0, 1, 2], "norm": [8.0, 4.0, 2.0]})
        >>> round(rate_of(flow, "rnn"), 6)
        0.5
    """
    part = flow[(flow["layer"] == layer) & (flow["norm"] > 0)]
    if len(part) < 2:
        return float("nan")
    return float(np.exp(np.polyfit(part["lag"], np.log(part["norm"]), 1)[0]))


def _perturbed(model: keras.Model) -> tuple[keras.Model, list[str], list[int]]:
    """The same network with a further input for each recurrent layer: what its states are moved by.

    Returns:
        The model, and of each such layer its name and width.
    """
    inputs = tf.nest.map_structure(
        lambda tensor: keras.Input(tensor.shape[1:], dtype=tensor.dtype), model.input
    )
    names: list[str] = []
    moves: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, layers.RNN):
            return layer(*args, **kwargs)
        names.append(layer.name)
        moves.append(keras.Input((None, layer.cell.units), name=f"move_{len(moves)}"))
        reader = layers.RNN(
            PerturbedCell(layer.cell),
            return_sequences=layer.return_sequences,
            return_state=layer.return_state,
            go_backwards=layer.go_backwards,
        )
        return reader(ops.concatenate([args[0], moves[-1]], axis=-1), *args[1:], **kwargs)

    outputs = call_anew(model, inputs, call)
    return keras.Model([inputs, *moves], outputs), names, [move.shape[-1] for move in moves]
