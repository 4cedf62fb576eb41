"""The same trained layers, called in another way: at one step, or with their state in the open."""

from __future__ import annotations

import keras
from keras import layers, saving, tree

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.alignment import AlignEnd, AlignStart
from keras_rnn_recipes.layers.known import KnownAhead
from keras_rnn_recipes.layers.lags import Lags
from keras_rnn_recipes.layers.missing import FillMissing
from keras_rnn_recipes.layers.output import ForecastOutput, LastStep
from keras_rnn_recipes.layers.scaling import WindowStatistics
from keras_rnn_recipes.layers.seasonality import SeasonalBase


@registered
class CellStep(layers.Layer):
    """One step of a recurrent cell, its state passed in and out.

    Args:
        cell: a Keras recurrent cell, shared with the layer that was trained.

    Call arguments:
        values: ``(batch, 1, channels)``; states: one ``(batch, units)`` tensor per state.

    Returns:
        The output ``(batch, 1, units)`` and the new states.
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


def rewire(model, inputs, call):
    """The same layers with the same weights on new inputs, ``call`` deciding how each is called."""
    if inputs is None:
        inputs = new_inputs(model)
    # Keras would compile the clone like the model, with a loss that it may not know by its name.
    compiled, model.compiled = model.compiled, False
    try:
        clone = keras.models.clone_model(
            model, input_tensors=inputs, clone_function=lambda layer: layer, call_function=call
        )
    finally:
        model.compiled = compiled
    return clone, inputs


def input_shapes(model):
    """The shapes of a model's inputs by name; a single one is the history."""
    given = model.input if isinstance(model.input, dict) else {"history": model.input}
    return {name: tuple(tensor.shape) for name, tensor in given.items()}


def new_inputs(model):
    """Inputs as those of a model: one, or a dict of them."""
    made = {name: keras.Input(shape[1:], name=name) for name, shape in input_shapes(model).items()}
    return made if isinstance(model.input, dict) else made["history"]


def at_last_step(layer, *args, **kwargs):
    """Head and output at the last time step alone."""
    if isinstance(layer, layers.Dense) and layer.name.startswith("head"):
        return layer(LastStep()(*args), **kwargs)
    if isinstance(layer, KnownAhead):
        return layer(*args, **{**kwargs, "last_only": True})
    if isinstance(layer, ForecastOutput):
        config = {**layer.get_config(), "strategy": "direct"}
        return ForecastOutput.from_config(config)(*args, **kwargs)
    return layer(*args, **kwargs)


def running(states):
    """Over the whole history, noting the state each recurrent layer ends in."""
    mask = None

    def call(layer, *args, **kwargs):
        nonlocal mask
        if isinstance(layer, AlignStart):
            *_, mask = result = layer(*args, **kwargs)
            return result
        if isinstance(layer, layers.RNN):
            # The mask keeps the padding behind a short history out of the final state. The cell is
            # the trained layer's own; the plain RNN layer around it never needs cuDNN.
            reader = layers.RNN(layer.cell, return_sequences=True, return_state=True)
            output, *final = reader(*args, mask=mask)
            states.extend(final)
            return output
        return at_last_step(layer, *args, **kwargs)

    return call


def reading(recent, call):
    """As ``call``, but on the recent values instead of the model's input."""
    return lambda layer, *args, **kwargs: (
        layer(recent) if isinstance(layer, FillMissing) else call(layer, *args, **kwargs)
    )


def stepping(carry, position, new_states):
    """At the latest step alone; recurrent states come from ``carry``, from ``position`` on."""

    def call(layer, *args, **kwargs):
        nonlocal position
        if isinstance(layer, Lags | WindowStatistics | SeasonalBase):
            return layer(*args, **{**kwargs, "last_only": True})
        if isinstance(layer, AlignStart):
            return args[0], args[0], args[0]  # one step, the latest: nothing to align
        if isinstance(layer, AlignEnd):
            return args[0]
        if isinstance(layer, layers.Concatenate) and layer.name == "inputs":
            return layer([LastStep()(part) for part in args[0]])
        if isinstance(layer, layers.RNN):
            states = []
            for width in tree.flatten(layer.cell.state_size):
                states.append(carry[:, position : position + width])
                position += width
            output, *new = CellStep(layer.cell)(*args, *states)
            new_states.extend(new)
            return output
        return at_last_step(layer, *args, **kwargs)

    return call


def context_of(model):
    """How many steps before the latest one a forecast depends on, beside the recurrent state."""
    nested = max(getattr(layer, "context", 0) for layer in model.layers)
    convolutions = sum(
        (layer.kernel_size[0] - 1) * layer.dilation_rate[0]
        for layer in model.layers
        if isinstance(layer, layers.Conv1D)
    )
    return nested + convolutions
