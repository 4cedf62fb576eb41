"""A sequence model's layers called one step at a time, their recurrent states in the open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, tree

from keras_rnn_recipes.layers import CellStep


def call_anew(model: keras.Model, inputs: Any, call: Callable[..., Any]) -> Any:
    """Follow a model's graph from other tensors, ``call(layer, *args, **kwargs)`` at every layer.

    Args:
        model: a functional model.
        inputs: tensors in the structure of the model's own.
        call: gives what a layer gives; ``layer(*args, **kwargs)``, or anything in its place.

    Returns:
        What the graph ends in. Weights are the model's own.
    """
    # This is what `keras.models.clone_model` does, which cannot take inputs beside the model's own.
    return model._run_through_graph(inputs, operation_fn=lambda layer: layer, call_fn=call)


class StepStates:
    """The states of recurrent layers as inputs and outputs of a model of one step.

    Made as the layers are met; ``inputs[i]`` is followed by ``outputs[i]``.
    """

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    def step(self, layer: layers.RNN, values: Any) -> Any:
        """One step of the layer's cell on ``(batch, 1, channels)``."""
        cell = CellStep(layer.cell, name=f"{layer.name}_step", dtype=layer.dtype_policy)
        output, *new = cell(values, *self._inputs_of(layer))
        self.outputs += new
        return output

    def run(self, layer: layers.RNN, values: Any, mask: Any) -> Any:
        """The layer's cell over ``(batch, time, channels)``, real where the mask is true."""
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
            for number, width in enumerate(tree.flatten(layer.cell.state_size), start=1)
        ]
        self.inputs += given
        return given
