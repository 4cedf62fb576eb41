"""Two linear layers over two steps: a small example of the chain rule."""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.bptt.cells import SimpleRNNCell
from keras_rnn_recipes.bptt.network import Network, Readout


def two_linear_layers(
    ws: float = 0.5, wx: float = 0.8, wz: float = 0.6, wu: float = 0.9, wv: float = 1.1
) -> tuple[Network, np.ndarray, np.ndarray]:
    """``S' = ws S + wx X``, ``Z' = wz Z + wu S'``, ``y = wv Z'``, ``E = (d - y)^2``, two steps.

    The loss at the second step depends on ``wx`` along three paths: directly, ``Z2 S2``; through
    the previous state of the upper layer, ``Z2 Z1 S1``; and through that of the lower layer,
    ``Z2 S2 S1``.

    Args:
        ws, wx, wz, wu, wv: the weights.

    Returns:
        The network, its inputs (1, 2, 1), and the target of the last step (1, 1, 1).

    Example:
        >>> from keras_rnn_recipes.bptt.network import forward
        >>> network, x, target = two_linear_layers()
        >>> forward(network, x).outputs.round(4).ravel().tolist()
        [0.792, 2.4552]
    """

    def cell(kernel: float, recurrent: float) -> SimpleRNNCell:
        weights = (np.full((1, 1), kernel), np.full((1, 1), recurrent), np.zeros(1))
        return SimpleRNNCell(weights, "linear")

    network = Network((cell(wx, ws), cell(wu, wz)), Readout(np.full((1, 1), wv), np.zeros(1)))
    return network, np.array([[[1.0], [2.0]]]), np.array([[[1.0]]])
