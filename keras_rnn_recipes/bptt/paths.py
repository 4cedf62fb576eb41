"""The chain rule, path by path: each way along which an error reaches a weight.

Draw the network unrolled, a node for each layer ``l`` and step ``t``. From a node the error goes to
the same layer a step earlier, or to the layer below at the same step. A path goes from an output
down to the layer whose weights are asked for; along it stands a product of Jacobians, one for each
edge. The gradient is the sum over all paths, and back-propagation a way to add them up without
ever listing them.
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
    """One way from an output to the weights of a layer.

    Attributes:
        nodes: (layer, step) from the output's on, both counted from 0; the last is where the
            weights are.
        dstates: the error that arrives there, ``d`` of the states of the last node: what the output
            gave times the Jacobians of all edges.
        slopes: what the path gives to the gradient of the layer's weights, as the cell has them.
    """

    nodes: tuple[Node, ...]
    dstates: States
    slopes: States

    @property
    def lag(self) -> int:
        """Steps between the output and the use of the weights."""
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
        layer: whose weights, from 0 for the lowest.

    Returns:
        The paths; the sum of their slopes is what `backward` gives for the layer.

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
    """How many paths lead from the output at a step to the weights of a layer.

    With ``k = depth - 1 - layer`` ways down and a lag of ``m`` steps there are as many paths as
    ways to mix them, ``(m + k)! / (m! k!)``; summed over all lags up to ``step`` that is
    ``(step + k + 1)! / (step! (k + 1)!)``.

    Args:
        depth: layers.
        step: of the output, from 0.
        layer: from 0 for the lowest.

    Example:
        >>> count_paths(depth=2, step=1)
        3
    """
    below = depth - 1 - layer
    return comb(step + below + 1, below + 1)


def _from(
    network: Network, trace: Trace, nodes: tuple[Node, ...], dstates: States, layer: int
) -> Iterator[Path]:
    """All ways on from the last of the nodes, at which the error ``dstates`` arrives."""
    at, t = nodes[-1]
    slopes = network.cells[at].back(trace.tapes[t][at], dstates)
    if at == layer:
        yield Path(nodes, dstates, slopes.dweights)
    else:
        below = (at - 1, t)
        arriving = _of_output(trace, below, slopes.dx)
        yield from _from(network, trace, (*nodes, below), arriving, layer)
    if t > 0:
        yield from _from(network, trace, (*nodes, (at, t - 1)), slopes.dstates, layer)


def _of_output(trace: Trace, node: Node, dh: np.ndarray) -> States:
    """``d`` of a node's states where only what it gives out, its first state, is read."""
    layer, t = node
    return (dh, *(np.zeros_like(state) for state in trace.states[t][layer][1:]))
