"""The chain rule path by path: every path along which the loss depends on a weight.

The unrolled network has a node for each layer ``l`` and step ``t``. From a node, the gradient goes
to the same layer one step earlier, or to the layer below at the same step. A path leads from an
output to the layer of the weights; its contribution contains a product of Jacobians, one for each
edge. The gradient is the sum over all paths. Back-propagation computes that sum without listing
the paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

import numpy as np

from keras_rnn_recipes.bptt.cells import States
from keras_rnn_recipes.bptt.losses import LOSSES
from keras_rnn_recipes.bptt.network import Network, Trace, forward

Node = tuple[int, int]


@dataclass(frozen=True)
class Path:
    """One path from an output to the weights of a layer.

    Attributes:
        nodes: (layer, step), both counted from 0, from the output's node to that of the weights.
        dstates: the gradient that arrives at the last node, ``d`` of its states: the gradient at
            the output times the Jacobians of all edges.
        gradients: the contribution of the path to the gradients of the layer's weights, in the
            shapes of the cell.
    """

    nodes: tuple[Node, ...]
    dstates: States
    gradients: States

    @property
    def lag(self) -> int:
        """Steps between the output and this use of the weights."""
        return self.nodes[0][1] - self.nodes[-1][1]


def paths(
    network: Network,
    x: np.ndarray,
    targets: np.ndarray,
    *,
    loss: str,
    reduction: str,
    layer: int = 0,
    steps: int | None = None,
) -> list[Path]:
    """List every path from the outputs to the weights of a layer.

    Args:
        network, x, targets, loss, reduction, steps: as `backward` takes them.
        layer: the layer of the weights, counted from 0 for the lowest.

    Returns:
        The paths. The sum of their gradients equals the gradient from `backward`.

    Example:
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> found = paths(network, x, target, loss="squared_error", reduction="sum", steps=1)
        >>> [path.nodes for path in found]
        [((1, 1), (0, 1)), ((1, 1), (0, 1), (0, 0)), ((1, 1), (1, 0), (0, 0))]
    """
    trace = forward(network, x)
    total = trace.x.shape[1]
    first = total - (total if steps is None else steps)
    error = LOSSES[loss](trace.outputs[:, first:], np.asarray(targets), reduction=reduction)
    found: list[Path] = []
    for t in range(first, total):
        da = network.readout.back(trace.outputs[:, t], error.dy[:, t - first])
        above = da @ network.readout.kernel.T
        top = (len(network.cells) - 1, t)
        found += _from(network, trace, (top,), _of_output(trace, top, above), layer)
    return sorted(found, key=lambda path: (path.nodes[0], path.lag, path.nodes))


def count_paths(depth: int, step: int, layer: int = 0) -> int:
    """Count the paths from the output at a step to the weights of a layer.

    A path goes down ``k = depth - 1 - layer`` times and back ``m`` steps. There are
    ``(m + k)! / (m! k!)`` orders of these moves; the sum over all lags ``m`` up to ``step`` is
    ``(step + k + 1)! / (step! (k + 1)!)``.

    Args:
        depth: number of layers.
        step: step of the output, counted from 0.
        layer: layer of the weights, counted from 0 for the lowest.

    Example:
        >>> count_paths(depth=2, step=1)
        3
    """
    below = depth - 1 - layer
    return comb(step + below + 1, below + 1)


def _from(
    network: Network, trace: Trace, nodes: tuple[Node, ...], dstates: States, layer: int
) -> Iterator[Path]:
    """Continue a path from its last node, at which the gradient ``dstates`` arrives."""
    at, t = nodes[-1]
    of_step = network.cells[at].back(trace.tapes[t][at], dstates)
    if at == layer:
        yield Path(nodes, dstates, of_step.dweights)
    else:
        below = (at - 1, t)
        arriving = _of_output(trace, below, of_step.dx)
        yield from _from(network, trace, (*nodes, below), arriving, layer)
    if t > 0:
        yield from _from(network, trace, (*nodes, (at, t - 1)), of_step.dstates, layer)


def _of_output(trace: Trace, node: Node, dh: np.ndarray) -> States:
    """``d`` of a node's states if only its output, the first state, is read."""
    layer, t = node
    return (dh, *(np.zeros_like(state) for state in trace.states[t][layer][1:]))
