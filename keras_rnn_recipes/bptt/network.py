"""A stack of cells under a dense layer: forward through all steps, and back through time.

Layer ``l`` at step ``t`` reads the output of layer ``l - 1`` at step ``t`` and its own states at
step ``t - 1``. The gradient arrives on the same two ways: from the layer above, and from the next
step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.activations import activation
from keras_rnn_recipes.bptt.cells import Cell, States
from keras_rnn_recipes.bptt.losses import LOSSES


@dataclass(frozen=True)
class Readout:
    """``y = f(h V + c)`` at each step, where ``h`` is the output of the last layer.

    Attributes:
        kernel: ``V`` (units, outputs).
        bias: ``c`` (outputs,).
        activation: name of ``f``; "softmax" is allowed as well.
    """

    kernel: np.ndarray
    bias: np.ndarray
    activation: str = "linear"

    def value(self, h: np.ndarray) -> np.ndarray:
        """Compute ``y``."""
        a = h @ self.kernel + self.bias
        if self.activation != "softmax":
            return activation(self.activation).value(a)
        shares = np.exp(a - a.max(axis=-1, keepdims=True))
        return shares / shares.sum(axis=-1, keepdims=True)

    def back(self, y: np.ndarray, dy: np.ndarray) -> np.ndarray:
        """Compute ``da``: ``dy * f'``; for softmax ``y * (dy - sum dy y)``."""
        if self.activation != "softmax":
            return dy * activation(self.activation).derivative(y)
        return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


@dataclass(frozen=True)
class Network:
    """Cells from the lowest to the highest, and the dense layer on top of them.

    Attributes:
        cells: from the lowest to the highest.
        readout: the dense layer.
        backwards: whether the inputs are read from the last step to the first. Step ``t`` of the
            network then reads ``x[:, -1 - t]``.
    """

    cells: tuple[Cell, ...]
    readout: Readout
    backwards: bool = False

    def in_order_of_reading(self, x: np.ndarray) -> np.ndarray:
        """Inputs (batch, steps, inputs) in the order of reading; applied twice, as they were."""
        return x[:, ::-1] if self.backwards else x


@dataclass(frozen=True)
class Trace:
    """The values of a forward pass.

    Attributes:
        x: the inputs in the order of reading, (batch, steps, inputs).
        states: ``states[t][l]`` of layer ``l`` after step ``t``; each a tuple of (batch, units).
        tapes: ``tapes[t][l]``, what the backward pass needs.
        outputs: ``y``, (batch, steps, outputs).
    """

    x: np.ndarray
    states: list[list[States]]
    tapes: list[list[Any]]
    outputs: np.ndarray


@dataclass(frozen=True)
class Gradients:
    """The gradients of the loss.

    Attributes:
        loss: ``E``.
        cells: with respect to the weights of each layer, in the shapes of the cell.
        kernel, bias: with respect to the readout.
        x: with respect to the inputs in the order of reading, (batch, steps, inputs).
        states: ``states[t][l]``: with respect to the states of layer ``l`` after step ``t``,
            through all that depends on them at later steps and in higher layers.
    """

    loss: float
    cells: list[States]
    kernel: np.ndarray
    bias: np.ndarray
    x: np.ndarray
    states: list[list[States]]


def forward(network: Network, x: np.ndarray) -> Trace:
    """Compute all steps, starting from states of zeros.

    Args:
        network: a network of any depth.
        x: inputs, (batch, steps, inputs).

    Example:
        >>> from keras_rnn_recipes.bptt.cells import SimpleRNNCell
        >>> one = np.ones((1, 1))
        >>> cell = SimpleRNNCell((one, one, np.zeros(1)), "linear")
        >>> network = Network((cell,), Readout(one, np.zeros(1)))
        >>> forward(network, np.ones((1, 3, 1))).outputs.ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    x = network.in_order_of_reading(np.asarray(x, "float64"))
    running: list[States] = [
        (np.zeros((len(x), cell.units)),) * cell.num_states for cell in network.cells
    ]
    states, tapes = [], []
    for t in range(x.shape[1]):
        below, tape_of_step = x[:, t], []
        for layer, cell in enumerate(network.cells):
            running[layer], tape = cell.step(below, running[layer])
            below = running[layer][0]
            tape_of_step.append(tape)
        states.append(list(running))
        tapes.append(tape_of_step)
    tops = np.stack([of_step[-1][0] for of_step in states], axis=1)
    return Trace(x, states, tapes, network.readout.value(tops))


def backward(
    network: Network,
    x: np.ndarray,
    targets: np.ndarray,
    *,
    loss: str,
    reduction: str,
    steps: int | None = None,
    truncate: int | None = None,
) -> Gradients:
    """Back-propagation through time.

    Args:
        network: a network of any depth.
        x: inputs, (batch, steps, inputs).
        targets: the targets of the last ``steps`` outputs, (batch, steps, outputs).
        loss: one of `LOSSES`: "squared_error", "binary_cross_entropy" or
            "categorical_cross_entropy".
        reduction: "sum" or "mean" over the outputs that have a target.
        steps: how many of the last outputs have a target (1: only the last); None: all.
        truncate: over how many steps the gradient of an output goes back at most, its own step
            included; None: without a limit.

    Returns:
        The loss, and its gradients with respect to every weight, input and state.

    Raises:
        ValueError: an unknown loss or reduction, targets of another shape, or a number below 1.

    Source: Werbos 1990, Backpropagation through time; truncated: Williams and Peng 1990.
    """
    trace = forward(network, x)
    total = trace.x.shape[1]
    first = total - (total if steps is None else steps)
    _check(trace, targets, loss, first, truncate)
    error = LOSSES[loss](trace.outputs[:, first:], np.asarray(targets), reduction=reduction)
    dy = np.zeros_like(trace.outputs)
    dy[:, first:] = error.dy
    found = _zero_gradients(network, trace, error.value)
    if truncate is None:
        _go_back(network, trace, dy, range(total), found)
        return found
    # Each output by itself: the steps that its gradient goes back over are its own.
    for t in range(first, total):
        alone = np.zeros_like(dy)
        alone[:, t] = dy[:, t]
        _go_back(network, trace, alone, range(max(t - truncate + 1, 0), t + 1), found)
    return found


def gradient_step(network: Network, gradients: Gradients, learning_rate: float) -> Network:
    """Make one gradient step: subtract the gradient times the learning rate from every weight.

    Args:
        network, gradients: from `backward`.
        learning_rate: above 0.

    Returns:
        A new network; the given one is unchanged.

    Example:
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> options = {"loss": "squared_error", "reduction": "sum", "steps": 1}
        >>> before = backward(network, x, target, **options)
        >>> after = gradient_step(network, before, 0.01)
        >>> backward(after, x, target, **options).loss < before.loss
        True
    """
    cells = tuple(
        replace(
            cell,  # type: ignore[type-var]
            weights=tuple(
                weight - learning_rate * gradient
                for weight, gradient in zip(cell.weights, of_cell, strict=True)
            ),
        )
        for cell, of_cell in zip(network.cells, gradients.cells, strict=True)
    )
    readout = replace(
        network.readout,
        kernel=network.readout.kernel - learning_rate * gradients.kernel,
        bias=network.readout.bias - learning_rate * gradients.bias,
    )
    return replace(network, cells=cells, readout=readout)


def _go_back(
    network: Network, trace: Trace, dy: np.ndarray, steps: range, found: Gradients
) -> None:
    """Add the gradients that come from ``dy`` on the way back over ``steps``."""
    later = [tuple(np.zeros_like(s) for s in layer) for layer in trace.states[0]]
    for t in reversed(steps):
        top = trace.states[t][-1][0]
        da = network.readout.back(trace.outputs[:, t], dy[:, t])
        found.kernel[...] += top.T @ da
        found.bias[...] += da.sum(axis=0)
        above = da @ network.readout.kernel.T
        for layer in reversed(range(len(network.cells))):
            dstates = (later[layer][0] + above, *later[layer][1:])
            for kept, new in zip(found.states[t][layer], dstates, strict=True):
                kept[...] += new
            of_step = network.cells[layer].back(trace.tapes[t][layer], dstates)
            for kept, new in zip(found.cells[layer], of_step.dweights, strict=True):
                kept[...] += new
            later[layer], above = of_step.dstates, of_step.dx
        found.x[:, t] += above


def _zero_gradients(network: Network, trace: Trace, loss: float) -> Gradients:
    def zeros(arrays: Sequence[np.ndarray]) -> States:
        return tuple(np.zeros_like(array) for array in arrays)

    return Gradients(
        loss,
        [zeros(cell.weights) for cell in network.cells],
        np.zeros_like(network.readout.kernel),
        np.zeros_like(network.readout.bias),
        np.zeros_like(trace.x),
        [[zeros(layer) for layer in of_step] for of_step in trace.states],
    )


def _check(trace: Trace, targets: np.ndarray, loss: str, first: int, truncate: int | None) -> None:
    if loss not in LOSSES:
        raise ValueError(f"loss must be one of {tuple(LOSSES)}; received {loss!r}.")
    if truncate is not None and truncate < 1:
        raise ValueError(f"truncate must be at least 1; received {truncate}.")
    if not 0 <= first < trace.x.shape[1]:
        raise ValueError(f"steps must be from 1 to {trace.x.shape[1]}, the steps of the inputs.")
    wanted = trace.outputs[:, first:].shape
    if np.shape(targets) != wanted:
        raise ValueError(f"targets must have the shape {wanted}; received {np.shape(targets)}.")
