"""Gradient flow: norm of the loss gradient with respect to each hidden state, by lag."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, final

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, tree

from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.layers.replay import all_layers

COLUMNS = ["layer", "lag", "norm"]


def gradient_flow(
    model: keras.Model, x: Any, y: Any, weights: Any = None, *, loss: Any = None
) -> pd.DataFrame:
    """Measure the norm of the loss gradient with respect to each hidden state, by layer and lag.

    If the model has an output at every step, only the loss of the last real step is used, because
    the losses of other steps would hide how far its gradient reaches. Lag 0 is the last step that a
    layer reads before that output, in the layer's own order of reading. Padding does not count.

    Args:
        model: with recurrent layers, for example from a builder.
        x, y, weights: one training batch; the weights are optional.
        loss: as `keras.Model.compile` takes it; None: mean squared error.

    Returns:
        Columns ``layer`` (name), ``lag`` (steps back) and ``norm``: the Euclidean norm of ``dL/dh``
        ``(units,)``, the mean over those rows of the batch that are long enough. ``L`` is the loss
        of one row and ``h`` the output of the layer.

    Raises:
        ValueError: the model has no recurrent layer.

    Example:
        >>> inputs = keras.Input((None, 1))
        >>> model = keras.Model(inputs, layers.Dense(1)(layers.SimpleRNN(4, name="rnn")(inputs)))
        >>> flow = gradient_flow(model, np.ones((2, 5, 1)), np.ones((2, 1)))
        >>> flow.columns.tolist(), flow["lag"].tolist()
        (['layer', 'lag', 'norm'], [0, 1, 2, 3, 4])

    Source: Bengio et al. 1994, Learning long-term dependencies with gradient descent is difficult;
        Pascanu et al. 2013, On the difficulty of training recurrent neural networks, section 2.
    """
    return GradientFlow(model, loss)(x, y, weights)


@final
class GradientFlow:
    """`gradient_flow` of one model, compiled once for repeated measurements.

    Args:
        model, loss: as in `gradient_flow`.

    Raises:
        ValueError: the model has no recurrent layer.

    Example:
        >>> inputs = keras.Input((None, 1))
        >>> model = keras.Model(inputs, layers.Dense(1)(layers.GRU(4, name="gru")(inputs)))
        >>> measure = GradientFlow(model)
        >>> len(measure(np.ones((2, 5, 1)), np.ones((2, 1))))
        5
    """

    def __init__(self, model: keras.Model, loss: Any = None) -> None:
        self._layers = [layer for layer in all_layers(model) if isinstance(layer, layers.RNN)]
        if not self._layers:
            raise ValueError(
                "The model has no recurrent layer, so no gradient flows back in time. Pass a model "
                "with at least one."
            )
        self._model, self._loss = model, loss
        self._stateful = [layer for layer in self._layers if layer.stateful]
        self._traced = tf.function(self._norms, reduce_retracing=True)
        self._called: list[layers.RNN] = []

    def __call__(self, x: Any, y: Any, weights: Any = None) -> pd.DataFrame:
        """Measure one batch; arguments and result as in `gradient_flow`."""
        weights = np.ones(1, "float32") if weights is None else weights
        states = [state for layer in self._stateful for state in tree.flatten(layer.states)]
        before = [state.numpy() for state in states]
        norms = self._traced(*tf.nest.map_structure(tf.convert_to_tensor, (x, y, weights)))
        for state, value in zip(states, before, strict=True):
            state.assign(value)
        tables = [
            _by_lag(layer, values.numpy())
            for layer, values in zip(self._called, norms, strict=True)
        ]
        return pd.concat(tables, ignore_index=True)[COLUMNS]

    def _norms(self, x: Any, y: Any, weights: Any) -> list[tf.Tensor]:
        """The norms ``(batch, time)`` of each layer, in the order of the calls."""
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, _added_zeros(self._layers, tape) as zeros:
            outputs = self._model(x, training=False)
            loss = _sum_of_losses(self._loss, *_last_step(x, y, weights, outputs))
        self._called = [layer for layer, _ in zeros]
        gradients = tape.gradient(loss, [added for _, added in zeros], unconnected_gradients="zero")
        return [tf.norm(tf.cast(gradient, tf.float32), axis=2) for gradient in gradients]


@final
class _AddingCell(layers.Layer):
    """A cell that adds a part of its input to its output, which is also its next state.

    If zeros are added, the gradient of the loss with respect to them is the gradient with respect
    to the hidden state at that step, through all later steps and higher layers.
    """

    def __init__(self, cell: Any) -> None:
        super().__init__(dtype=cell.dtype_policy)
        self.cell, self.state_size, self.output_size = cell, cell.state_size, cell.units
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step on ``(batch, channels + units)``: the inputs of the cell, then the addition."""
        units = self.cell.units
        output, states = self.cell(inputs[:, :-units], states, training=training)
        states = list(states) if tree.is_nested(states) else [states]
        added = output + inputs[:, -units:]
        return added, [added, *states[1:]]


@contextlib.contextmanager
def _added_zeros(
    recurrent: list[layers.RNN], tape: tf.GradientTape
) -> Iterator[list[tuple[layers.RNN, tf.Tensor]]]:
    """Make every recurrent layer add zeros, which the tape watches, to its state at each step.

    Yields:
        A list that each call of a layer extends by the layer and its zeros (batch, time, units).
    """
    zeros: list[tuple[layers.RNN, tf.Tensor]] = []
    with override_methods(
        {layer: ("inner_loop", _adding(layer, tape, zeros)) for layer in recurrent}
    ):
        yield zeros


def _adding(
    layer: layers.RNN, tape: tf.GradientTape, zeros: list[tuple[layers.RNN, tf.Tensor]]
) -> Callable[..., Any]:
    """An ``inner_loop`` for ``layer`` that adds zeros to each state."""
    reader = layers.RNN(
        _AddingCell(layer.cell),
        return_sequences=layer.return_sequences,
        go_backwards=layer.go_backwards,
        zero_output_for_mask=layer.zero_output_for_mask,
        dtype=layer.dtype_policy,
    )

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        added = tf.zeros([*tf.unstack(tf.shape(sequences)[:2]), layer.cell.units], sequences.dtype)
        tape.watch(added)
        zeros.append((layer, added))
        return reader.inner_loop(
            tf.concat([sequences, added], axis=-1), initial_state, mask, training=training
        )

    return inner_loop


def _last_step(x: Any, y: Any, weights: Any, outputs: Any) -> tuple[Any, ...]:
    """Target, weight and output at the last real step, if the model has outputs at every step."""
    parts = (y, weights, outputs)
    if any(tree.is_nested(part) for part in parts) or outputs.shape.rank < 3:
        return parts
    last = tf.fill([tf.shape(outputs)[0]], tf.shape(outputs)[1] - 1)
    for ids in tf.nest.flatten(x):
        # Ids of tokens, in which 0 is padding, on the right.
        if ids.dtype.is_integer and ids.shape.rank == 2 and ids.shape[1] == outputs.shape[1]:
            last = tf.maximum(tf.math.count_nonzero(ids, axis=1, dtype=tf.int32) - 1, 0)
    return tuple(
        tf.gather(part, last[:, None], batch_dims=1)
        if part.shape.rank > 1 and part.shape[1] == outputs.shape[1]
        else part
        for part in parts
    )


def _sum_of_losses(loss: Any, y: Any, weights: Any, outputs: Any) -> Any:
    """The sum over the batch of each row's mean loss; its gradient in a row is the row's own."""
    function = keras.losses.get("mean_squared_error" if loss is None else loss)
    losses = getattr(function, "call", function)(y, outputs)
    while weights.shape.rank < losses.shape.rank:
        weights = weights[..., None]
    losses *= tf.cast(weights, losses.dtype)
    return tf.reduce_mean(losses) * tf.cast(tf.shape(losses)[0], losses.dtype)


def _by_lag(layer: layers.RNN, norms: np.ndarray) -> pd.DataFrame:
    """The mean over the rows, where lag 0 of a row is its last step with a gradient.

    Args:
        layer: the layer of the norms.
        norms: (batch, time) in the order of the inputs.
    """
    back = norms if layer.go_backwards else norms[:, ::-1]
    sums, rows = np.zeros(back.shape[1]), np.zeros(back.shape[1])
    for row in back[(back > 0).any(axis=1)]:
        # In this order the right padding comes first. It has no gradient.
        real = row[(row > 0).argmax() :]
        sums[: len(real)] += real
        rows[: len(real)] += 1
    longest = int((rows > 0).sum()) or back.shape[1]
    means = sums[:longest] / np.maximum(rows[:longest], 1)
    return pd.DataFrame({"layer": layer.name, "lag": np.arange(longest), "norm": means})
