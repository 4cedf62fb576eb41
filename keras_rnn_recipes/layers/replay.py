"""Replay a functional model: call its layers again, in order, on other inputs.

A trained forecaster, language model or decoder is turned into another model with the same weights
by replaying it: `replay_layers` walks the graph of the model and lets a function decide how each
layer is called. Keras offers the same in `keras.models.clone_model` only for inputs that have the
structure and no other source than the model's own, so this module uses the private method behind
it. `tests/layers/test_keras_internals.py` fails when a version of Keras changes that method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras

# The names by which `keras_rnn_recipes.layers.stepping` finds layers of Keras' own classes in a
# forecaster. They are part of every saved model. Those of a member of an ensemble have a suffix.
HEAD = "head"  # the dense layer before `ForecastOutput`
INPUTS = "inputs"  # the concatenation of everything that the network reads at a time step


def replay_layers(model: keras.Model, inputs: Any, call: Callable[..., Any]) -> Any:
    """Call the layers of a model again, in order, on other inputs.

    Args:
        model: a functional model.
        inputs: tensors in the structure of ``model.input``.
        call: called as ``call(layer, *args, **kwargs)`` for each layer; returns what stands for the
            layer's output, such as ``layer(*args, **kwargs)``.

    Returns:
        The outputs, in the structure of ``model.output``.

    Example:
        >>> inputs = keras.Input((3,))
        >>> layer = keras.layers.Dense(2, kernel_initializer="ones")
        >>> model = keras.Model(inputs, layer(inputs))
        >>> doubled = lambda layer, *args: 2 * layer(*args)
        >>> replay_layers(model, keras.ops.ones((1, 3)), doubled).numpy().tolist()
        [[6.0, 6.0]]
    """
    return model._run_through_graph(inputs, operation_fn=lambda layer: layer, call_fn=call)


def all_layers(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The model and its layers, with the layers inside of others, such as in ``Bidirectional``.

    Example:
        >>> both = keras.layers.Bidirectional(keras.layers.GRU(2, name="gru"))
        >>> model = keras.Sequential([keras.Input((None, 1)), both])
        >>> "forward_gru" in [layer.name for layer in all_layers(model)]
        True
    """
    found = model._flatten_layers()
    return (layer for layer in found if isinstance(layer, keras.layers.Layer))


def input_shapes(model: keras.Model) -> dict[str, tuple[Any, ...]]:
    """The shapes of a model's inputs by name; a single input has the name ``"history"``.

    Example:
        >>> inputs = keras.Input((None, 2))
        >>> input_shapes(keras.Model(inputs, inputs))
        {'history': (None, None, 2)}
    """
    given = model.input if isinstance(model.input, dict) else {"history": model.input}
    return {name: tuple(tensor.shape) for name, tensor in given.items()}


def new_inputs(model: keras.Model) -> Any:
    """New symbolic inputs in the structure of a model's own: a tensor, or a dict of tensors.

    Example:
        >>> inputs = keras.Input((None, 2))
        >>> new_inputs(keras.Model(inputs, inputs)).shape
        (None, None, 2)
    """
    made = {name: keras.Input(shape[1:], name=name) for name, shape in input_shapes(model).items()}
    return made if isinstance(model.input, dict) else made["history"]
