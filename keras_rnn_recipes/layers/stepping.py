"""A trained model's layers called one step at a time, or with their recurrent states exposed.

Each function here is a ``call`` for `replay_layers`. Where a layer of this package treats time in
its own way it says so itself, by one of two methods:

- ``call_last_step(...)``: compute only the last time step, from inputs over the whole history;
- ``call_one_step(...)``: compute one time step, from the recent values and the latest step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, saving, tree

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.alignment import AlignStart
from keras_rnn_recipes.layers.missing import FillMissing
from keras_rnn_recipes.layers.output import LastStep
from keras_rnn_recipes.layers.replay import HEAD, INPUTS, new_inputs, replay_layers

# How a layer is called in place of ``layer(*args, **kwargs)``.
Call = Callable[..., Any]


@registered
class CellStep(layers.Layer):
    """One step of a recurrent cell, with its states as inputs and outputs.

    Args:
        cell: a Keras recurrent cell, shared with the layer that was trained.

    Call arguments:
        values: ``(batch, 1, channels)``; states: one ``(batch, units)`` tensor per state.

    Returns:
        The output ``(batch, 1, units)``, then the new states, ``(batch, units)`` each.

    Example:
        >>> import numpy as np
        >>> layer = layers.GRU(4)
        >>> layer.build((None, None, 3))
        >>> step = CellStep(layer.cell)
        >>> output, state = step(np.ones((2, 1, 3)), np.zeros((2, 4)))
        >>> output.shape, state.shape
        (TensorShape([2, 1, 4]), TensorShape([2, 4]))
    """

    def __init__(self, cell, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell

    def call(self, values, *states):
        output, new_states = self.cell(values[:, 0], list(states))
        return output[:, None], *new_states

    def get_config(self):
        return {**super().get_config(), "cell": saving.serialize_keras_object(self.cell)}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cell": saving.deserialize_keras_object(config["cell"])})


class StepStates:
    """The states of recurrent layers as inputs and outputs of a model of one step.

    Each call of `step` or `run` adds the states of one layer. After all calls ``inputs`` holds
    symbolic inputs ``(batch, units)`` and ``outputs`` the new states, in the same order.

    Example:
        >>> layer, states = layers.LSTM(4), StepStates()
        >>> layer.build((None, None, 3))
        >>> states.step(layer, keras.Input((1, 3))).shape
        (None, 1, 4)
        >>> [state.shape for state in states.inputs], [state.shape for state in states.outputs]
        ([(None, 4), (None, 4)], [(None, 4), (None, 4)])
    """

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def step(self, layer: layers.RNN, values: Any) -> Any:
        """Run the layer's cell for one step on ``values (batch, 1, channels)``."""
        cell = CellStep(layer.cell, name=f"{layer.name}_step", dtype=layer.dtype_policy)
        output, *new = cell(values, *self._inputs_of(layer))
        self.outputs += new
        return output

    def run(self, layer: layers.RNN, values: Any, mask: Any) -> Any:
        """Run the layer's cell over ``values (batch, time, channels)``; false mask: padding."""
        reader = layers.RNN(
            layer.cell,
            return_sequences=True,
            return_state=True,
            name=f"{layer.name}_reader",
            dtype=layer.dtype_policy,
        )
        output, *new = reader(values, initial_state=self._inputs_of(layer), mask=mask)
        self.outputs += new
        return output

    def _inputs_of(self, layer: layers.RNN) -> list[Any]:
        given = [
            keras.Input((width,), name=f"{layer.name}_state_{number}")
            for number, width in enumerate(state_widths(layer), start=1)
        ]
        self.inputs += given
        return given


def state_widths(layer: layers.RNN) -> list[int]:
    """The widths of a recurrent layer's states.

    Example:
        >>> state_widths(layers.LSTM(4))
        [4, 4]
    """
    return tree.flatten(layer.cell.state_size)


def model_at_last_step(model: keras.Model) -> keras.Model:
    """A seq2seq model read at its last time step: ``(batch, time, ...)`` to ``(batch, ...)``.

    Args:
        model: functional, with a `ForecastOutput`; its weights are shared.
    """
    inputs = new_inputs(model)
    return keras.Model(inputs, replay_layers(model, inputs, at_last_step), name=model.name)


def at_last_step(layer: layers.Layer, *args: Any, **kwargs: Any) -> Any:
    """Call the head and the output for the last time step alone, other layers as they are."""
    if isinstance(layer, layers.Dense) and layer.name.startswith(HEAD):
        return layer(LastStep()(*args), **kwargs)
    return getattr(layer, "call_last_step", layer)(*args, **kwargs)


def warm_up_call(final_states: list[Any]) -> Call:
    """Run over the whole history and append the last states of each recurrent layer to a list."""
    mask = None

    def call(layer: layers.Layer, *args: Any, **kwargs: Any) -> Any:
        nonlocal mask
        if isinstance(layer, AlignStart):
            *_, mask = result = layer(*args, **kwargs)
            return result
        if isinstance(layer, layers.RNN):
            # The mask keeps the padding after a short history out of the last states. The plain RNN
            # layer around the trained cell never uses cuDNN, which some masks would forbid.
            reader = layers.RNN(layer.cell, return_sequences=True, return_state=True)
            output, *states = reader(*args, mask=mask)
            final_states.extend(states)
            return output
        return at_last_step(layer, *args, **kwargs)

    return call


def one_step_call(carry: Any, position: int, new_states: list[Any]) -> Call:
    """Compute one time step, the latest, and append the new states to a list.

    Args:
        carry: ``(batch, width)``; from column ``position`` on it holds the recurrent states.
        position: the first column of the states.
        new_states: receives the states after the step.
    """

    def call(layer: layers.Layer, *args: Any, **kwargs: Any) -> Any:
        nonlocal position
        if isinstance(layer, layers.Concatenate) and layer.name == INPUTS:
            return layer([LastStep()(part) for part in args[0]])
        if isinstance(layer, layers.RNN):
            states = []
            for width in state_widths(layer):
                states.append(carry[:, position : position + width])
                position += width
            output, *new = CellStep(layer.cell)(*args, *states)
            new_states.extend(new)
            return output
        if hasattr(layer, "call_one_step"):
            return layer.call_one_step(*args, **kwargs)
        return at_last_step(layer, *args, **kwargs)

    return call


def read_instead(recent: Any, call: Call) -> Call:
    """As ``call``, with the recent values in place of the model's history."""
    return lambda layer, *args, **kwargs: (
        layer(recent) if isinstance(layer, FillMissing) else call(layer, *args, **kwargs)
    )


def has_convolutions(model: keras.Model) -> bool:
    """Whether a model has convolutions over more than one time step."""
    return any(
        isinstance(layer, layers.Conv1D) and layer.kernel_size[0] > 1 for layer in model.layers
    )


def context_of(model: keras.Model) -> int:
    """The number of steps before the latest that a forecast depends on without recurrent states."""
    nested = max(getattr(layer, "context", 0) for layer in model.layers)
    convolutions = sum(
        (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        for layer in model.layers
        if isinstance(layer, layers.Conv1D)
    )
    return nested + convolutions
