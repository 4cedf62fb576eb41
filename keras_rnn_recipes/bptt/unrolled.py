"""One example forward and backward through a network, with all intermediate values.

`backward` sums gradients as it goes. Here they are kept separately: what arrives at each layer and
step, from the layer above and from the next step, and what each passes on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_rnn_recipes.bptt.activations import activation
from keras_rnn_recipes.bptt.cells import LSTMCell, States, StepGradients
from keras_rnn_recipes.bptt.losses import LOSSES
from keras_rnn_recipes.bptt.network import Gradients, Network, Trace, backward, forward


@dataclass(frozen=True)
class LayerStep:
    """A layer at a step.

    Attributes:
        x: its input from below, (1, inputs).
        before, after: its states.
        above: the part of ``dE/dh`` that comes from above at this step, (1, units).
        later: the part of ``d`` of the states that comes from later steps.
        arriving: the sum of both.
        gradients: what is passed down and to the previous step, and the contribution of this step
            to the gradients of the weights.
    """

    x: np.ndarray
    before: States
    after: States
    above: np.ndarray
    later: States
    arriving: States
    gradients: StepGradients


@dataclass(frozen=True)
class OutputStep:
    """The readout at a step.

    Attributes:
        h: its input, (1, units).
        s: ``h V + c``, (1, outputs).
        y: its output.
        target: the target of ``y``; None for a step without a target.
        loss: the contribution of this step to ``E``.
        dy, ds: ``dE/dy`` and ``dE/ds``.
        dh: ``dE/dh``, which is passed to the layer below.
        dkernel, dbias: the contribution of this step to the gradients of ``V`` and ``c``.
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
    """A network unrolled in time.

    Attributes:
        network, trace, gradients: as in `forward` and `backward`.
        loss, reduction: names of the loss and of its reduction.
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
        """Number of steps."""
        return len(self.layers)


def unroll(
    network: Network,
    x: np.ndarray,
    targets: np.ndarray,
    *,
    loss: str,
    reduction: str,
) -> Unrolled:
    """Compute all steps forward and backward, and keep every value.

    Args:
        network, loss, reduction: as in `backward`.
        x: one example, (1, steps, inputs).
        targets: targets of the last outputs, (1, targets, outputs).

    Raises:
        ValueError: more than one example, or as `backward`.

    Example:
        >>> from keras_rnn_recipes.bptt.textbook import two_linear_layers
        >>> network, x, target = two_linear_layers()
        >>> unrolled = unroll(network, x, target, loss="squared_error", reduction="sum")
        >>> unrolled.layers[1][0].arriving[0].round(4).tolist()
        [[2.8813]]
    """
    if len(x) != 1:
        raise ValueError(f"One example is needed, of shape (1, steps, inputs); received {len(x)}.")
    trace = forward(network, x)
    total, depth = trace.x.shape[1], len(network.cells)
    asked = np.shape(targets)[1]
    found = backward(network, x, targets, loss=loss, reduction=reduction, steps=asked)
    first = total - asked
    outputs = [
        _output(network, trace, t, _target(targets, t - first), loss, reduction, asked)
        for t in range(total)
    ]
    of_steps = [
        [network.cells[at].back(trace.tapes[t][at], found.states[t][at]) for at in range(depth)]
        for t in range(total)
    ]
    layers = [
        [
            LayerStep(
                x=trace.states[t][at - 1][0] if at else trace.x[:, t],
                before=trace.states[t - 1][at] if t else _zeros(trace.states[0][at]),
                after=trace.states[t][at],
                above=of_steps[t][at + 1].dx if at + 1 < depth else outputs[t].dh,
                later=of_steps[t + 1][at].dstates if t + 1 < total else _zeros(trace.states[0][at]),
                arriving=found.states[t][at],
                gradients=of_steps[t][at],
            )
            for at in range(depth)
        ]
        for t in range(total)
    ]
    return Unrolled(network, trace, found, loss, reduction, layers, outputs)


def full_state_gradients(one: Unrolled, at: int, t: int) -> States:
    """``d`` of the states of a layer after a step, through everything that reads them.

    The output of an LSTM depends on its cell state, ``h = o * f(c)``. The result contains that part
    of ``dc``; `LayerStep.arriving` contains only what comes from outside the layer.

    Args:
        one: from `unroll`.
        at: the layer, counted from 0.
        t: the step, counted from 0.
    """
    dstates, cell = one.layers[t][at].arriving, one.network.cells[at]
    if not isinstance(cell, LSTMCell):
        return dstates
    *_, o, squashed = one.trace.tapes[t][at]
    dh, dc = dstates
    return dh, dc + dh * o * activation(cell.activation).derivative(squashed)


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
        # The mean over all steps with a target is the mean of the means of these steps.
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
