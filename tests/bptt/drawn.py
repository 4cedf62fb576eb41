"""Networks drawn at random, of any cells, for the tests of this folder."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout

KINDS = ["simple_rnn", "lstm", "gru", "gru, reset before"]


def network_of_kinds(
    kinds: list[str],
    units: int,
    random: np.random.Generator,
    *,
    activation: str = "tanh",
    output: str = "sigmoid",
) -> Network:
    """Two inputs, a layer for each kind, two outputs.

    Weights are small, so that no sigmoid comes to 0 or 1, where cross-entropy has no slope.
    """

    def drawn(*shape: int) -> np.ndarray:
        return random.normal(0.0, 0.4, shape)

    cells, inputs = [], 2
    for kind in kinds:
        gates = {"lstm": 4, "simple_rnn": 1}.get(kind, 3) * units
        bias = drawn(2, gates) if kind == "gru" else drawn(gates)
        weights = (drawn(inputs, gates), drawn(units, gates), bias)
        cell: Any = {"lstm": LSTMCell, "simple_rnn": SimpleRNNCell}.get(kind, GRUCell)
        options = {"reset_after": False} if kind == "gru, reset before" else {}
        cells.append(cell(weights, activation, **options))
        inputs = units
    readout = Readout(drawn(units, 2), drawn(2), output)
    return Network(tuple(cells), readout)
