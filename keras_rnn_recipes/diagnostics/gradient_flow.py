"""How far an error reaches back: its slope by each recurrent layer's state, at every lag."""

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
    """Measure the norm of the slope of an error by the state of each layer, at each lag.

    The error is that of the last step alone where the model answers at every step: an error at each
    of them would hide how far one reaches. Lag 0 is the last step that a layer reads before it, in
    the layer's own order of reading; padding does not count.

    Args:
        model: with recurrent layers, such as the builders give.
        x, y, weights: one batch, as the model is trained on; the weights may be left out.
        loss: as `keras.Model.compile` takes it; mean squared error when left out.

    Returns:
        Columns ``layer`` (its name, in the order of the layers), ``lag`` (steps) and ``norm``: the
        Euclidean norm of ``dE/dh`` ``(units,)``, the mean over the rows of the batch that are so
        long. ``E`` is a row's own error and ``h`` what the layer gives out.

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
    """`gradient_flow` of one model, traced once and called as often as wanted.

    Args:
        model, loss: as `gradient_flow` takes them.
    """

    def __init__(self, model: keras.Model, loss: Any = None) -> None:
        found = [one for one in all_layers(model) if isinstance(one, layers.RNN)]
        if not found:
            raise ValueError("The model has no recurrent layer, so no error flows back in time.")
        self._model, self._loss = model, loss
        self._stateful = [one for one in found if one.stateful]
        self._layers = found
        self._traced = tf.function(self._slopes, reduce_retracing=True)
        self._read: list[layers.RNN] = []

    def __call__(self, x: Any, y: Any, weights: Any = None) -> pd.DataFrame:
        """The norms on one batch, as `gradient_flow` gives them."""
        weights = np.ones(1, "float32") if weights is None else weights
        kept = [[state.numpy() for state in tree.flatten(one.states)] for one in self._stateful]
        norms = self._traced(*tf.nest.map_structure(tf.convert_to_tensor, (x, y, weights)))
        for layer, values in zip(self._stateful, kept, strict=True):
            for state, value in zip(tree.flatten(layer.states), values, strict=True):
                state.assign(value)
        tables = [
            _by_lag(layer, values.numpy()) for layer, values in zip(self._read, norms, strict=True)
        ]
        return pd.concat(tables, ignore_index=True)[COLUMNS]

    def _slopes(self, x: Any, y: Any, weights: Any) -> list[tf.Tensor]:
        """Of each layer that was read the norms, (batch, time)."""
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, _moved_states(self._layers, tape) as moved:
            answers = self._model(x, training=False)
            error = _error(self._loss, *_last_step(x, y, weights, answers))
        self._read = [layer for layer, _ in moved]
        slopes = tape.gradient(error, [by for _, by in moved], unconnected_gradients="zero")
        return [tf.norm(tf.cast(slope, tf.float32), axis=2) for slope in slopes]


@final
class _MovedCell(layers.Layer):
    """A cell that adds a part of its input to what it gives out, and carries on so.

    The slope of an error by what is added at a step, while nothing is added, is its slope by the
    state at that step, through all that comes of it later and above.
    """

    def __init__(self, cell: Any) -> None:
        super().__init__(dtype=cell.dtype_policy)
        self.cell, self.state_size, self.output_size = cell, cell.state_size, cell.units
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step on ``(batch, channels + units)``: the cell's own inputs, then what is added."""
        units = self.cell.units
        output, states = self.cell(inputs[:, :-units], states, training=training)
        states = list(states) if tree.is_nested(states) else [states]
        added = output + inputs[:, -units:]
        return added, [added, *states[1:]]


@contextlib.contextmanager
def _moved_states(
    found: list[layers.RNN], tape: tf.GradientTape
) -> Iterator[list[tuple[layers.RNN, tf.Tensor]]]:
    """Let every recurrent layer add zeros, which the tape watches, to its state at each step.

    Yields:
        The layers in the order in which they are called, each with what is added (batch, time,
        units).
    """
    moved: list[tuple[layers.RNN, tf.Tensor]] = []
    overrides = {layer: ("inner_loop", _moving(layer, tape, moved)) for layer in found}
    with override_methods(overrides):
        yield moved


def _moving(
    layer: layers.RNN, tape: tf.GradientTape, moved: list[tuple[layers.RNN, tf.Tensor]]
) -> Callable[..., Any]:
    reader = layers.RNN(
        _MovedCell(layer.cell),
        return_sequences=layer.return_sequences,
        go_backwards=layer.go_backwards,
        zero_output_for_mask=layer.zero_output_for_mask,
        dtype=layer.dtype_policy,
    )

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        added = tf.zeros([*tf.unstack(tf.shape(sequences)[:2]), layer.cell.units], sequences.dtype)
        tape.watch(added)
        moved.append((layer, added))
        return reader.inner_loop(
            tf.concat([sequences, added], axis=-1), initial_state, mask, training=training
        )

    return inner_loop


def _last_step(x: Any, y: Any, weights: Any, answers: Any) -> tuple[Any, ...]:
    """Truth, weight and answer at the last real step, where there are answers at every step."""
    if any(tree.is_nested(one) for one in (y, weights, answers)) or answers.shape.rank < 3:
        return y, weights, answers
    last = tf.fill([tf.shape(answers)[0]], tf.shape(answers)[1] - 1)
    for ids in tf.nest.flatten(x):
        # Ids of tokens: 0 is padding, on the right.
        if ids.dtype.is_integer and ids.shape.rank == 2 and ids.shape[1] == answers.shape[1]:
            last = tf.maximum(tf.math.count_nonzero(ids, axis=1, dtype=tf.int32) - 1, 0)
    return tuple(
        tf.gather(one, last[:, None], batch_dims=1)
        if one.shape.rank > 1 and one.shape[1] == answers.shape[1]
        else one
        for one in (y, weights, answers)
    )


def _error(loss: Any, y: Any, weights: Any, answers: Any) -> Any:
    """The sum over a batch of each row's mean error, so that rows do not share their slopes."""
    function = keras.losses.get("mean_squared_error" if loss is None else loss)
    errors = getattr(function, "call", function)(y, answers)
    while weights.shape.rank < errors.shape.rank:
        weights = weights[..., None]
    errors *= tf.cast(weights, errors.dtype)
    return tf.reduce_mean(errors) * tf.cast(tf.shape(errors)[0], errors.dtype)


def _by_lag(layer: layers.RNN, norms: np.ndarray) -> pd.DataFrame:
    """The mean over rows, each counted from the first step at which an error arrives.

    Args:
        layer: that was read.
        norms: (batch, time) in the order of the inputs.
    """
    back = norms if layer.go_backwards else norms[:, ::-1]
    sums, rows = np.zeros(back.shape[1]), np.zeros(back.shape[1])
    for row in back[(back > 0).any(axis=1)]:
        # Right padding comes first, read backwards: no error arrives there.
        real = row[(row > 0).argmax() :]
        sums[: len(real)] += real
        rows[: len(real)] += 1
    longest = int((rows > 0).sum()) or back.shape[1]
    means = sums[:longest] / np.maximum(rows[:longest], 1)
    return pd.DataFrame({"layer": layer.name, "lag": np.arange(longest), "norm": means})
