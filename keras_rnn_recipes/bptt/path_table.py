"""Paths as a table: their nodes, the product of their Jacobians, and their contribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_rnn_recipes.bptt.network import Network, forward
from keras_rnn_recipes.bptt.paths import Node, Path

if TYPE_CHECKING:
    import pandas as pd

WEIGHTS = ("kernel", "recurrent_kernel", "bias")


def paths_table(
    network: Network,
    x: np.ndarray,
    found: Sequence[Path],
    *,
    weight: str = "kernel",
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Make a table with a row for each path.

    Args:
        network: the network of the paths.
        x: the example of the paths, (1, steps, inputs).
        found: from `paths`.
        weight: the weight whose gradient is shown: "kernel", "recurrent_kernel" or "bias".
        names: names of the layers, from the lowest; None: A, B, C and so on.

    Returns:
        Columns ``path`` ("Z2 -> Z1 -> S1"), ``lag``, ``jacobian`` (the product of the Jacobians
        along the path: its value if it is a single number, else its largest singular value) and
        ``contribution`` (to the gradient: its value if it is a single number, else its Frobenius
        norm).

    Raises:
        ValueError: more than one example, an unknown weight, or a wrong number of names.

    Example:
        >>> from keras_rnn_recipes.bptt.paths import paths
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> found = paths(network, x, target, loss="squared_error", reduction="sum", steps=1)
        >>> table = paths_table(network, x, found, names="SZ")
        >>> table["path"].tolist()
        ['Z2 -> S2', 'Z2 -> S2 -> S1', 'Z2 -> Z1 -> S1']
        >>> table["jacobian"].round(4).tolist()
        [0.9, 0.45, 0.54]
    """
    import pandas as pd

    if weight not in WEIGHTS:
        raise ValueError(f"weight must be one of {WEIGHTS}; received {weight!r}.")
    number, labels = WEIGHTS.index(weight), layer_names(network, names)
    rows = [
        (
            path_text(path.nodes, labels),
            path.lag,
            _size(jacobian(network, x, path.nodes), 2),
            _size(np.atleast_2d(path.gradients[number]), "fro"),
        )
        for path in found
    ]
    return pd.DataFrame(rows, columns=["path", "lag", "jacobian", "contribution"])


def jacobian(network: Network, x: np.ndarray, nodes: Sequence[Node]) -> np.ndarray:
    """The product of the Jacobians along a path.

    Args:
        network: of any depth.
        x: one example, (1, steps, inputs).
        nodes: (layer, step), both counted from 0, as in `Path`.

    Returns:
        (units of the first node, states of the last node): the derivative of the output of the
        first node with respect to the states of the last, along this path only. The two states of
        an LSTM are concatenated.

    Raises:
        ValueError: more than one example.

    Example:
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, _ = two_linear_layers()
        >>> jacobian(network, x, [(1, 1), (1, 0), (0, 0)]).round(6).tolist()
        [[0.54]]
    """
    if len(x) != 1:
        raise ValueError(f"A Jacobian is of one example, (1, steps, inputs); received {len(x)}.")
    # One copy of the example for each unit of the first node, with a gradient of 1 at that unit.
    units = network.cells[nodes[0][0]].units
    trace = forward(network, np.repeat(np.asarray(x, "float64"), units, axis=0))
    dstates = _of_output(np.eye(units), network, nodes[0])
    for (layer, t), following in zip(nodes, nodes[1:], strict=False):
        of_step = network.cells[layer].back(trace.tapes[t][layer], dstates)
        within = following[0] == layer
        dstates = of_step.dstates if within else _of_output(of_step.dx, network, following)
    return np.concatenate(dstates, axis=1)


def layer_names(network: Network, names: Sequence[str] | None = None) -> list[str]:
    """The given names, or a letter for each layer.

    Raises:
        ValueError: the number of names is not that of the layers.
    """
    depth = len(network.cells)
    given = [chr(ord("A") + at) for at in range(depth)] if names is None else list(names)
    if len(given) != depth:
        raise ValueError(f"names must be one for each of {depth} layers; received {given}.")
    return given


def path_text(nodes: Sequence[Node], names: Sequence[str], arrow: str = " -> ") -> str:
    """Write a path with steps counted from 1.

    Example:
        >>> path_text([(1, 1), (1, 0), (0, 0)], "SZ")
        'Z2 -> Z1 -> S1'
    """
    return arrow.join(f"{names[layer]}{step + 1}" for layer, step in nodes)


def _of_output(dh: np.ndarray, network: Network, node: Node) -> tuple[np.ndarray, ...]:
    """``d`` of a node's states if only its output is read."""
    others = network.cells[node[0]].num_states - 1
    return (dh, *(np.zeros_like(dh) for _ in range(others)))


def _size(matrix: np.ndarray, norm: str | int) -> float:
    return matrix.item() if matrix.size == 1 else float(np.linalg.norm(matrix, norm))  # type: ignore[arg-type]
