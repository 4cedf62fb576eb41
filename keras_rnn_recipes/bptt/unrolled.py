"""One example's way through a network and back, with all that came about in between kept.

`backward` adds things up as it goes. Here they are side by side, one by one: what arrives at each
layer and step, from above and from the step after, and what goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_rnn_recipes.bptt.activations import activation
from keras_rnn_recipes.bptt.cells import LSTMCell, Slopes, States
from keras_rnn_recipes.bptt.losses import LOSSES
from keras_rnn_recipes.bptt.network import Gradients, Network, Trace, backward, forward


@dataclass(frozen=True)
class LayerStep:
    """A layer at a step.

    Attributes:
        x: what it is given from below, (1, inputs).
        before, after: its states.
        above: ``dE/dh`` by what lies above at this step, (1, units).
        later: ``d`` of the states after this step by what comes at later steps.
        arriving: both together.
        slopes: what goes on to below and to the step before, and what this step gives to the
            gradient of the weights.
    """

    x: np.ndarray
    before: States
    after: States
    above: np.ndarray
    later: States
    arriving: States
    slopes: Slopes


@dataclass(frozen=True)
class OutputStep:
    """The readout at a step.

    Attributes:
        h: what it reads, (1, units).
        s: ``h V + c``, (1, outputs).
        y: its output.
        target: what ``y`` should have been; None where nothing was asked for.
        loss: this step's share of ``E``.
        dy, ds: ``dE/dy`` and ``dE/ds``.
        dh: ``dE/dh``, what goes on to the layer below.
        dkernel, dbias: what this step gives to the gradient of ``V`` and ``c``.
    """

    h: np.ndarray
    s: np.ndarray
    y: np.ndarray
    target: np.ndarray | None
    loss: float
    dy: np.ndarray
    ds: np.ndarray
    dh: np.ndarray
    dkernel: np.ndarray
    dbias: np.ndarray


@dataclass(frozen=True)
class Unrolled:
    """A network drawn out in time.

    Attributes:
        network, trace, gradients: as `forward` and `backward` give them.
        loss, reduction: the names of the error and of how it is taken together.
        layers: ``layers[t][l]``.
        outputs: ``outputs[t]``.
    """

    network: Network
    trace: Trace
    gradients: Gradients
    loss: str
    reduction: str
    layers: list[list[LayerStep]]
    outputs: list[OutputStep]

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.layers)


def unroll(
    network: Network,
    x: np.ndarray,
    targets: np.ndarray,
    *,
    loss: str,
    reduction: str,
) -> Unrolled:
    """Go through all steps and back, and keep everything.

    Args:
        network, loss, reduction: as `backward` takes them.
        x: one example, (1, steps, inputs).
        targets: what the last outputs should have been, as many as there are of them, (1, targets,
            outputs).

    Raises:
        ValueError: more than one example, or what `backward` refuses.

    Example:
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> all_of_it = unroll(network, x, target, loss="squared_error", reduction="sum")
        >>> all_of_it.layers[1][0].arriving[0].round(4).tolist()
        [[2.8813]]
    """
    if len(x) != 1:
        raise ValueError(f"One example can be shown, of shape (1, steps, inputs); got {len(x)}.")
    trace = forward(network, x)
    total, depth = trace.x.shape[1], len(network.cells)
    asked = np.shape(targets)[1]
    found = backward(network, x, targets, loss=loss, reduction=reduction, steps=asked)
    first = total - asked
    outputs = [
        _output(network, trace, t, _target(targets, t - first), loss, reduction, asked)
        for t in range(total)
    ]
    slopes = [
        [network.cells[at].back(trace.tapes[t][at], found.states[t][at]) for at in range(depth)]
        for t in range(total)
    ]
    layers = [
        [
            LayerStep(
                x=trace.states[t][at - 1][0] if at else trace.x[:, t],
                before=trace.states[t - 1][at] if t else _zeros(trace.states[0][at]),
                after=trace.states[t][at],
                above=slopes[t][at + 1].dx if at + 1 < depth else outputs[t].dh,
                later=slopes[t + 1][at].dstates if t + 1 < total else _zeros(trace.states[0][at]),
                arriving=found.states[t][at],
                slopes=slopes[t][at],
            )
            for at in range(depth)
        ]
        for t in range(total)
    ]
    return Unrolled(network, trace, found, loss, reduction, layers, outputs)


def whole_slopes(one: Unrolled, at: int, t: int) -> States:
    """``d`` of the states of a layer after a step, by everything that reads them.

    An LSTM's own output reads what it keeps, ``h = o * f(c)``: ``dc`` has that part as well, where
    `LayerStep.arriving` has what comes from outside alone.

    Args:
        one: from `unroll`.
        at: layer, from 0.
        t: step, from 0.
    """
    dstates, cell = one.layers[t][at].arriving, one.network.cells[at]
    if not isinstance(cell, LSTMCell):
        return dstates
    *_, o, squashed = one.trace.tapes[t][at]
    dh, dc = dstates
    return dh, dc + dh * o * activation(cell.activation).slope(squashed)


def _output(
    network: Network,
    trace: Trace,
    t: int,
    target: np.ndarray | None,
    loss: str,
    reduction: str,
    count: int,
) -> OutputStep:
    readout, y, h = network.readout, trace.outputs[:, t], trace.states[t][-1][0]
    value, dy = 0.0, np.zeros_like(y)
    if target is not None:
        # A mean over all steps that have a target is the mean of the steps' own means.
        share = 1.0 if reduction == "sum" else 1.0 / count
        error = LOSSES[loss](y[:, None], target[:, None], reduction=reduction)
        value, dy = share * error.value, share * error.dy[:, 0]
    ds = readout.back(y, dy)
    s = h @ readout.kernel + readout.bias
    dh = ds @ readout.kernel.T
    return OutputStep(h, s, y, target, value, dy, ds, dh, h.T @ ds, ds.sum(axis=0))


def _target(targets: np.ndarray, number: int) -> np.ndarray | None:
    return None if number < 0 else np.asarray(targets, "float64")[:, number]


def _zeros(states: States) -> States:
    return tuple(np.zeros_like(state) for state in states)
