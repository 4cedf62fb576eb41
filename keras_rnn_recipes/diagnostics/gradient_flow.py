"""Gradient flow: norm of the loss gradient with respect to each hidden state, by lag."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, final

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, tree

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.cells import CELLS
from keras_rnn_recipes.layers.overrides import override_methods
from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.layers.skip_cell import SkipCell

COLUMNS = ["layer", "lag", "norm"]


def gradient_flow(
    model: keras.Model, x: Any, y: Any, weights: Any = None, *, loss: Any = None
) -> pd.DataFrame:
    """Measure the norm of the loss gradient with respect to each hidden state, by layer and lag.

    If the model has an output at every step, only the loss of the last real step is used, because
    the losses of other steps would hide how far its gradient reaches. Lag 0 is the last step that a
    layer reads before that output, in the layer's own order of reading. Padding does not count:
    steps that a Keras mask leaves out, wherever they are, and steps after the last one whose state
    has a gradient. A layer that is called more than once has a name for each call; a
    ``keras.layers.RNN`` of several cells has a name for each cell. For cells that are not Keras'
    own, the first measurement checks that it leaves the outputs of the model as they are.

    Args:
        model: with recurrent layers, for example from a builder.
        x, y, weights: one training batch; the weights are optional. A model with several outputs
            has a target for each, in the same structure.
        loss: as `keras.Model.compile` takes it, of each output; None: mean squared error.

    Returns:
        Columns ``layer`` (name), ``lag`` (steps back) and ``norm``: the Euclidean norm of ``dL/dh``
        ``(units,)``, the mean over those rows of the batch that are long enough. ``L`` is the loss
        of one row and ``h`` the output of the layer.

    Raises:
        ValueError: the model has no recurrent layer.
        UserError: a layer whose states are not (batch, units), such as ``ConvLSTM2D``; or a cell
            whose first state is not its output.

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
        _check_states(self._layers)
        self._model, self._loss = model, loss
        self._stateful = [layer for layer in self._layers if layer.stateful]
        # As `keras.Model.fit`, which does not convert Python's conditions and loops either.
        self._traced = tf.function(self._norms, reduce_retracing=True, autograph=False)
        self._called: list[str] = []
        self.rows: int | None = None  # of the batch that was measured last
        self._checked = all(map(_is_known, self._layers))

    def __call__(self, x: Any, y: Any, weights: Any = None) -> pd.DataFrame:
        """Measure one batch; arguments and result as in `gradient_flow`."""
        weights = np.ones(1, "float32") if weights is None else weights
        batch = tf.nest.map_structure(tf.convert_to_tensor, (x, y, weights))
        self.rows = len(tf.nest.flatten(batch)[0])
        if not all(layer.built for layer in self._layers):
            self._model(batch[0], training=False)
        with _states_kept(self._stateful):
            norms, real, outputs = self._traced(*batch)
        if not self._called:
            raise ValueError("The model calls none of its recurrent layers step by step.")
        if not self._checked:
            with _states_kept(self._stateful):
                _check_outputs(outputs, self._model(batch[0], training=False))
            self._checked = True
        tables = [
            _by_lag(name, values.numpy(), mask.numpy())
            for name, values, mask in zip(self._called, norms, real, strict=True)
        ]
        return pd.concat(tables, ignore_index=True)[COLUMNS]

    def _norms(self, x: Any, y: Any, weights: Any) -> tuple[list[tf.Tensor], list[tf.Tensor], Any]:
        """Norms and unmasked steps of each cell in the order of the calls, and the outputs.

        Both are ``(batch, time)`` in the order in which the layer reads.
        """
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, _added_zeros(self._layers, tape) as calls:
            outputs = self._model(x, training=False)
            loss = _total_loss(self._loss, x, y, weights, outputs)
        self._called = _names([call.name for call in calls])
        gradients = tape.gradient(
            loss, [call.zeros for call in calls], unconnected_gradients="zero"
        )
        norms = [tf.norm(tf.cast(gradient, tf.float32), axis=2) for gradient in gradients]
        both = [
            tuple(tf.reverse(part, [1]) if call.backwards else part for part in (norm, call.real))
            for call, norm in zip(calls, norms, strict=True)
        ]
        return [norm for norm, _ in both], [real for _, real in both], outputs


@final
class _AddingCell(layers.Layer):
    """Cells, one above the other, that add a part of their input to their outputs.

    The output of each cell is also its next state. If zeros are added, the gradient of the loss
    with respect to them is the gradient with respect to the hidden state at that step, through all
    later steps and higher layers.
    """

    def __init__(self, cell: Any) -> None:
        super().__init__(dtype=cell.dtype_policy)
        self.cell, self.state_size = cell, cell.state_size
        self.cells = _cells(cell)
        self.widths = [_width(one) for one in self.cells]
        self.output_size = self.widths[-1]
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step on ``(batch, channels + widths)``: the inputs, then what each cell adds."""
        x, *added = tf.split(inputs, [-1, *self.widths], axis=1)
        stacked = isinstance(self.cell, layers.StackedRNNCells)
        found = []
        for cell, state, addition in zip(
            self.cells, states if stacked else [states], added, strict=True
        ):
            output, after = cell(x, _listed(state), training=training)
            x = output + addition
            after = [x, *_listed(after)[1:]]
            found.append(after if tree.is_nested(state) else after[0])
        return x, found if stacked else _listed(found[0])


def _cells(cell: Any) -> list[Any]:
    return list(cell.cells) if isinstance(cell, layers.StackedRNNCells) else [cell]


def _listed(states: Any) -> list[Any]:
    return list(states) if tree.is_nested(states) else [states]


def _width(cell: Any) -> int:
    """The width of the first state of a cell."""
    size = cell.state_size[0] if tree.is_nested(cell.state_size) else cell.state_size
    return int(size)


def _check_states(recurrent: list[layers.RNN]) -> None:
    """Check that the states are (batch, units).

    Raises:
        UserError: a layer is convolutional.
    """
    for layer in recurrent:
        if isinstance(layer, (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)):
            raise UserError(
                f"The states of the layer {layer.name!r} have more axes than (batch, units).",
                "recurrent layers that read (batch, time, channels).",
                "measure a model without convolutional recurrent layers.",
            )


def _is_known(layer: layers.RNN) -> bool:
    """Whether the first state of a layer's cells is known to be their output."""
    registered = tuple(known.cell for known in CELLS.values())
    own = type(layer) in (layers.RNN, layers.SimpleRNN, layers.LSTM, layers.GRU)
    return own and all(type(cell) in (*registered, SkipCell) for cell in _cells(layer.cell))


@contextlib.contextmanager
def _states_kept(stateful: list[layers.RNN]) -> Iterator[None]:
    """Put the states of stateful layers back in the end."""
    states = [state for layer in stateful for state in tree.flatten(layer.states)]
    before = [state.numpy() for state in states]
    yield
    for state, value in zip(states, before, strict=True):
        state.assign(value)


def _check_outputs(found: Any, wanted: Any) -> None:
    """Check that measuring does not change what the model computes.

    Raises:
        UserError: it does, since the output of a cell is not its first state.
    """
    pairs = zip(tree.flatten(found), tree.flatten(wanted), strict=True)
    if not all(np.allclose(one, other, rtol=1e-3, atol=1e-4) for one, other in pairs):
        raise UserError(
            "The model gives other answers while its gradient flow is measured.",
            "recurrent cells whose first state is their output.",
            "return the output as the first state of your cell.",
        )


def _names(called: list[str]) -> list[str]:
    """Names of calls; those of a layer that is called more than once are numbered."""
    numbers = [called[:place].count(name) + 1 for place, name in enumerate(called)]
    return [
        f"{name} (call {number})" if called.count(name) > 1 else name
        for name, number in zip(called, numbers, strict=True)
    ]


class _Call(NamedTuple):
    """One call of a cell.

    Attributes:
        name: of the layer, and of the cell where the layer has several.
        zeros: that are added to its state, (batch, time, width).
        real: which steps are not masked, (batch, time).
        backwards: whether the layer reads from the last step to the first.
    """

    name: str
    zeros: tf.Tensor
    real: tf.Tensor
    backwards: bool


@contextlib.contextmanager
def _added_zeros(recurrent: list[layers.RNN], tape: tf.GradientTape) -> Iterator[list[_Call]]:
    """Make every recurrent layer add zeros, which the tape watches, to its state at each step.

    Yields:
        A list that each call of a layer extends by a `_Call` for each of its cells.
    """
    calls: list[_Call] = []
    with override_methods(
        {layer: ("inner_loop", _adding(layer, tape, calls)) for layer in recurrent}
    ):
        yield calls


def _adding(layer: layers.RNN, tape: tf.GradientTape, calls: list[_Call]) -> Callable[..., Any]:
    """An ``inner_loop`` for ``layer`` that adds zeros to each state."""
    cells = _cells(layer.cell)
    names = [layer.name] if len(cells) == 1 else [f"{layer.name}/{cell.name}" for cell in cells]

    def inner_loop(sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        reader = layers.RNN(
            _AddingCell(layer.cell),
            return_sequences=layer.return_sequences,
            go_backwards=layer.go_backwards,
            zero_output_for_mask=layer.zero_output_for_mask,
            dtype=layer.dtype_policy,
        )
        steps = tf.unstack(tf.shape(sequences)[:2])
        added = [tf.zeros([*steps, _width(cell)], sequences.dtype) for cell in cells]
        real = tf.ones(steps, "bool") if mask is None else tf.reshape(mask, steps)
        for name, zeros in zip(names, added, strict=True):
            tape.watch(zeros)
            calls.append(_Call(name, zeros, real, layer.go_backwards))
        return reader.inner_loop(
            tf.concat([sequences, *added], axis=-1), initial_state, mask, training=training
        )

    return inner_loop


def _total_loss(loss: Any, x: Any, y: Any, weights: Any, outputs: Any) -> Any:
    """The loss of the last step of each row, summed over the rows and the outputs."""
    if not tree.is_nested(outputs):
        return _sum_of_losses(loss, *_last_step(x, y, weights, outputs))
    targets, found = tree.flatten(y), tree.flatten(outputs)
    if len(targets) != len(found):
        raise ValueError(f"The model has {len(found)} outputs and {len(targets)} targets.")
    pairs = zip(targets, found, strict=True)
    parts = (_last_step(x, target, weights, output) for target, output in pairs)
    return sum(_sum_of_losses(loss, *part) for part in parts)


def _last_step(x: Any, y: Any, weights: Any, outputs: Any) -> tuple[Any, ...]:
    """Target, weight and output at the last real step, if the model has outputs at every step."""
    parts = (y, weights, outputs)
    if any(tree.is_nested(part) for part in parts) or outputs.shape.rank < 3:
        return parts
    steps = tf.shape(outputs)[1]
    last = tf.fill([tf.shape(outputs)[0]], steps - 1)
    for ids in tf.nest.flatten(x):
        # Ids of tokens, in which 0 is padding.
        if ids.dtype.is_integer and ids.shape.rank == 2 and ids.shape[1] == outputs.shape[1]:
            last = _last_true(ids != 0)
    mask = getattr(outputs, "_keras_mask", None)
    last = last if mask is None else _last_true(mask)
    return tuple(
        tf.gather(part, last[:, None], batch_dims=1)
        if part.shape.rank > 1 and part.shape[1] == outputs.shape[1]
        else part
        for part in parts
    )


def _last_true(mask: tf.Tensor) -> tf.Tensor:
    """The place of the last True in each row ``(batch, time)``, 0 in a row without one."""
    return tf.reduce_max(tf.where(mask, tf.range(tf.shape(mask)[1]), 0), axis=1)


def _sum_of_losses(loss: Any, y: Any, weights: Any, outputs: Any) -> Any:
    """The sum over the batch of each row's mean loss; its gradient in a row is the row's own."""
    function = keras.losses.get("mean_squared_error" if loss is None else loss)
    losses = getattr(function, "call", function)(y, outputs)
    while weights.shape.rank < losses.shape.rank:
        weights = weights[..., None]
    losses *= tf.cast(weights, losses.dtype)
    return tf.reduce_mean(losses) * tf.cast(tf.shape(losses)[0], losses.dtype)


def _by_lag(name: str, norms: np.ndarray, real: np.ndarray) -> pd.DataFrame:
    """The mean over the rows, where lag 0 of a row is its last step with a gradient.

    Args:
        name: of the layer or cell.
        norms: (batch, time) in the order of reading.
        real: which steps are not masked, (batch, time), in the same order.
    """
    sums, rows = np.zeros(norms.shape[1]), np.zeros(norms.shape[1])
    for row, mask in zip(norms[:, ::-1], real[:, ::-1], strict=True):
        # What is masked is not read. In this order the right padding comes first and has no
        # gradient.
        read = row[mask]
        if not read.any():
            continue
        read = read[(read > 0).argmax() :]
        sums[: len(read)] += read
        rows[: len(read)] += 1
    longest = int((rows > 0).sum()) or norms.shape[1]
    means = sums[:longest] / np.maximum(rows[:longest], 1)
    return pd.DataFrame({"layer": name, "lag": np.arange(longest), "norm": means})
