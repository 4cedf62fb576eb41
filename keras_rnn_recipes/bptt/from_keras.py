"""A `Network` with the weights of a Keras model, and gradients in the order of its weights.

The layers are read from the graph of the model, not from ``model.layers``, and the answers of the
network are then compared with those of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.activations import ACTIVATIONS
from keras_rnn_recipes.bptt.cells import Cell, GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout, forward

# Layers of `keras.layers` that return their input outside training.
_WITHOUT_EFFECT = (
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
    "Identity",
)
_EXAMPLES, _STEPS = 2, 5  # of the inputs that the network and the model are compared on
_POINTS = np.array([-40.0, -3.0, -1.1, -0.4, 0.0, 0.3, 0.9, 2.2, 7.0, 40.0])


def network_of(model: Any) -> Network:
    """Make a `Network` of a Keras model: stacked recurrent layers, then a dense layer.

    Args:
        model: inputs (batch, steps, inputs), recurrent layers that return their output at every
            step (the last of them may return its last output only), and one ``Dense``. Layers
            without effect outside training, such as ``Dropout``, may stand between them. A
            recurrent layer may be a ``keras.layers.RNN`` of one cell or a list of cells. The lowest
            may go backwards: the network then reads its inputs from the last step to the first.

    Raises:
        ValueError: the graph of the model has other layers or operations, other connections (an
            initial state, a residual connection, a layer called twice), stateful layers or unknown
            activations; or its answers differ from those of the network.

    Example:
        >>> import keras
        >>> layers = [keras.Input((None, 2)), keras.layers.GRU(3), keras.layers.Dense(1)]
        >>> network_of(keras.Sequential(layers)).cells[0].units
        3
    """
    import keras

    recurrent: list[Any] = []
    dense = None
    for layer in _chain(model):
        if isinstance(layer, keras.layers.RNN) and dense is not None:
            recurrent.insert(0, layer)
        elif isinstance(layer, keras.layers.Dense) and dense is None:
            dense = layer
        elif not isinstance(layer, _without_effect()):
            raise ValueError(f"The layer or operation {layer.name!r} is not supported here.")
    if dense is None or not recurrent:
        raise ValueError(
            "The model needs at least one recurrent layer, and a Dense layer on top of it."
        )
    _check_called_once([*recurrent, dense])
    network = network_of_layers(recurrent, dense)
    _compare(network, model)
    return network


def network_of_layers(recurrent: Sequence[Any], dense: Any) -> Network:
    """Make a `Network` of recurrent layers, from the lowest to the highest, and a dense layer.

    Args:
        recurrent: Keras layers of SimpleRNN, LSTM or GRU cells.
        dense: a Keras layer ``Dense``.

    Raises:
        ValueError: a layer is of another kind, stateful, or has another activation; or a layer
            above the lowest goes backwards.
    """
    kernel, *rest = _float64(dense.get_weights())
    bias = rest[0] if rest else np.zeros(kernel.shape[1])  # use_bias=False
    readout = Readout(kernel, bias, _activation_of(dense, "activation", softmax=True))
    cells = tuple(cell for layer in recurrent for cell in _cells_of(layer))
    # The layers above read the outputs of a layer that goes backwards in its order of reading.
    if any(layer.go_backwards for layer in recurrent[1:]):
        raise ValueError("A recurrent layer above the lowest one goes backwards.")
    return Network(cells, readout, backwards=bool(recurrent[0].go_backwards))


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


def _chain(model: Any) -> Iterator[Any]:
    """The layers from the output of a model down to its input, each with one input tensor."""
    import keras

    inputs, outputs = (getattr(model, name, None) for name in ("inputs", "outputs"))
    if not inputs or not outputs:
        raise ValueError(
            "The model has no graph: it is not built yet, or is a subclass with its own `call`."
        )
    if len(inputs) > 1 or len(outputs) > 1:
        raise ValueError(f"The model has {len(inputs)} inputs and {len(outputs)} outputs.")
    tensor = outputs[0]
    while True:
        layer, node_index, place = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            return
        read = layer._inbound_nodes[node_index].input_tensors
        if len(read) != 1:
            raise ValueError(
                f"{layer.name!r} reads {len(read)} tensors: besides the one below it a mask, an "
                "initial state or another layer."
            )
        if place and not (isinstance(layer, keras.layers.RNN) and place == 1 and _is_output(layer)):
            raise ValueError(f"A state of the layer {layer.name!r} is read, not its output.")
        yield layer
        tensor = read[0]


def _is_output(layer: Any) -> bool:
    """Whether the first state that a layer returns is its output."""
    return not layer.return_sequences and not isinstance(layer.cell, _stacked())


def _check_called_once(layers: Sequence[Any]) -> None:
    for layer in layers:
        if layers.count(layer) > 1:
            raise ValueError(f"The layer {layer.name!r} is called more than once.")


def _compare(network: Network, model: Any) -> None:
    """Compare the answers of a network with those of its model on inputs drawn at random."""
    batch, steps, width = model.inputs[0].shape
    shape = (batch or _EXAMPLES, steps or _STEPS, width or network.cells[0].weights[0].shape[0])
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    wanted = np.asarray(model(x, training=False), "float64")
    with np.errstate(all="ignore"):
        found = forward(network, x).outputs
    found = found if wanted.ndim == 3 else found[:, -1]
    precise = "16" not in str(model.compute_dtype)
    if not np.allclose(found, wanted, rtol=1e-3 if precise else 0.1, atol=1e-4 if precise else 0.1):
        raise ValueError("The layers, one above the other, give other answers than the model.")


def _cells_of(layer: Any) -> list[Cell]:
    if layer.stateful:
        raise ValueError(
            f"The layer {layer.name!r} is stateful: its answer depends on earlier calls."
        )
    stacked = isinstance(layer.cell, _stacked())
    cells = layer.cell.cells if stacked else [layer.cell]
    return [_cell_of(cell, layer.name) for cell in cells]


def _cell_of(cell: Any, name: str) -> Cell:
    import keras

    known = (keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell)
    if type(cell) not in known:  # such as one with skip connections
        raise ValueError(f"The cell of the layer {name!r} is not supported here.")
    weights = tuple(_float64(cell.get_weights()))
    if len(weights) == 2:  # use_bias=False
        gates = weights[1].shape[1]
        rows = (2, gates) if getattr(cell, "reset_after", False) else (gates,)
        weights = (*weights, np.zeros(rows))
    function = _activation_of(cell, "activation")
    if isinstance(cell, keras.layers.SimpleRNNCell):
        return SimpleRNNCell(weights, function)
    gate = _activation_of(cell, "recurrent_activation")
    if isinstance(cell, keras.layers.LSTMCell):
        return LSTMCell(weights, function, gate)
    return GRUCell(weights, function, gate, cell.reset_after)


def _activation_of(owner: Any, attribute: str, *, softmax: bool = False) -> str:
    """The name of the activation with the same values; a function may have a wrong name."""
    function = getattr(owner, attribute)
    given = np.asarray(function(_POINTS.astype("float32")[None]), "float64")[0]
    shares = np.exp(_POINTS - _POINTS.max())
    values = {name: one.value(_POINTS) for name, one in ACTIVATIONS.items()}
    if softmax:
        values["softmax"] = shares / shares.sum()
    for name, known in values.items():
        if np.allclose(given, known, rtol=1e-4, atol=1e-6):
            return name
    shown = getattr(function, "__name__", type(function).__name__)
    raise ValueError(f"The {attribute} {shown!r} of {owner.name!r} is none of {', '.join(values)}.")


def _without_effect() -> tuple[type, ...]:
    import keras

    return tuple(getattr(keras.layers, name) for name in _WITHOUT_EFFECT)


def _stacked() -> type:
    import keras

    return keras.layers.StackedRNNCells


def _float64(weights: list[np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(w, "float64") for w in weights]
