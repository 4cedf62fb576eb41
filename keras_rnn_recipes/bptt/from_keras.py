"""A `Network` with the weights of a Keras model, and gradients in the order of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.cells import Cell, GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout


def network_of(model: Any) -> Network:
    """Make a `Network` of a Keras model: stacked recurrent layers, then a dense layer.

    Args:
        model: inputs (batch, steps, inputs), recurrent layers that return their output at every
            step (the last of them may return its last output only), and one ``Dense``. Layers
            without effect outside training, such as ``Dropout``, may stand between them.

    Raises:
        ValueError: the model has other layers, or lacks a recurrent or a dense layer.

    Example:
        >>> import keras
        >>> layers = [keras.Input((None, 2)), keras.layers.GRU(3), keras.layers.Dense(1)]
        >>> network_of(keras.Sequential(layers)).cells[0].units
        3
    """
    import keras

    recurrent: list[Any] = []
    dense = None
    for layer in model.layers:
        if isinstance(layer, keras.layers.RNN) and dense is None:
            recurrent.append(layer)
        elif isinstance(layer, keras.layers.Dense) and recurrent and dense is None:
            dense = layer
        elif not isinstance(layer, (keras.layers.InputLayer, keras.layers.Dropout)):
            raise ValueError(f"The layer {layer.name!r} is not supported here.")
    if dense is None:
        raise ValueError(
            "The model needs at least one recurrent layer, and a Dense layer on top of it."
        )
    return network_of_layers(recurrent, dense)


def network_of_layers(recurrent: Sequence[Any], dense: Any) -> Network:
    """Make a `Network` of recurrent layers, from the lowest to the highest, and a dense layer.

    Args:
        recurrent: Keras layers of SimpleRNN, LSTM or GRU.
        dense: a Keras layer ``Dense``.

    Raises:
        ValueError: a layer is of another kind.
    """
    kernel, *rest = _float64(dense.get_weights())
    bias = rest[0] if rest else np.zeros(kernel.shape[1])  # use_bias=False
    readout = Readout(kernel, bias, dense.activation.__name__)
    return Network(tuple(_cell_of(layer) for layer in recurrent), readout)


def keras_gradients(model: Any, gradients: Any) -> list[np.ndarray]:
    """Gradients in the order of ``model.trainable_variables``.

    Args:
        model: as `network_of` takes it.
        gradients: from `backward`.
    """
    return [
        *(gradient for cell in gradients.cells for gradient in cell),
        gradients.kernel,
        gradients.bias,
    ]


def _cell_of(layer: Any) -> Cell:
    import keras

    supported = (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU)
    if not isinstance(layer, supported):  # such as one with skip connections
        raise ValueError(f"The cell of the layer {layer.name!r} is not supported here.")
    weights = tuple(_float64(layer.get_weights()))
    if len(weights) == 2:  # use_bias=False
        gates = weights[1].shape[1]
        rows = (2, gates) if getattr(layer, "reset_after", False) else (gates,)
        weights = (*weights, np.zeros(rows))
    name = layer.activation.__name__
    if isinstance(layer, keras.layers.SimpleRNN):
        return SimpleRNNCell(weights, name)
    gate = layer.recurrent_activation.__name__
    if isinstance(layer, keras.layers.LSTM):
        return LSTMCell(weights, name, gate)
    return GRUCell(weights, name, gate, layer.reset_after)


def _float64(weights: list[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(w, "float64") for w in weights]
