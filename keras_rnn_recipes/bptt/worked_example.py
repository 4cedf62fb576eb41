"""The worked example: read three digits, answer them in reverse order, make one gradient step.

At steps 1 to 3 the network reads 1, 3 and 5 in binary. At steps 4 to 6 it reads zeros and has to
answer 5, 3 and 1. ``python -m keras_rnn_recipes.bptt.worked_example`` prints every value of the
forward pass, of the backward pass and after one gradient step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keras_rnn_recipes.bptt.cell_equations import (
    backward_equations,
    forward_equations,
    sum_equations,
)
from keras_rnn_recipes.bptt.cells import SimpleRNNCell
from keras_rnn_recipes.bptt.equations import Group
from keras_rnn_recipes.bptt.network import (
    Gradients,
    Network,
    Readout,
    Trace,
    gradient_step,
)
from keras_rnn_recipes.bptt.unrolled import Unrolled, unroll

DIGITS, BITS, UNITS = (1, 3, 5), 3, 2
LOSS, REDUCTION = "binary_cross_entropy", "sum"


@dataclass(frozen=True)
class WorkedExample:
    """The example: everything is computed from the digits, the learning rate and the seed.

    Attributes:
        network: one SimpleRNN layer of 2 units with tanh, and 3 sigmoid outputs, before the step.
        x: the digits, then zeros, (1, 6, 3).
        targets: the digits in reverse order, for the last three steps, (1, 3, 3).
        unrolled: every value of the forward and the backward pass.
        after: the network after one gradient step.
        learning_rate: the learning rate of that step.
        loss_before, loss_after: the loss, summed over the nine outputs that have a target.
    """

    network: Network
    x: np.ndarray
    targets: np.ndarray
    unrolled: Unrolled
    after: Network
    learning_rate: float
    loss_before: float
    loss_after: float

    @property
    def trace(self) -> Trace:
        """The values of the forward pass."""
        return self.unrolled.trace

    @property
    def gradients(self) -> Gradients:
        """The gradients of the backward pass."""
        return self.unrolled.gradients


def reverse_digits(*, learning_rate: float = 0.5, seed: int = 0) -> WorkedExample:
    """Make the example: initial weights, forward, backward, one gradient step, forward again.

    Args:
        learning_rate: the factor of the gradient, which is subtracted from the weights.
        seed: of the initial weights, which are normal with a standard deviation of 0.5; biases are
            zero.

    Example:
        >>> example = reverse_digits()
        >>> example.x[0].astype(int).tolist()
        [[0, 0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
        >>> example.targets[0].astype(int).tolist()
        [[1, 0, 1], [0, 1, 1], [0, 0, 1]]
        >>> example.loss_after < example.loss_before
        True
    """
    digits = np.array([[digit >> bit & 1 for bit in reversed(range(BITS))] for digit in DIGITS])
    x = np.concatenate([digits, np.zeros_like(digits)])[None].astype("float64")
    targets = digits[::-1][None].astype("float64")
    draw = np.random.default_rng(seed).normal
    weights = (
        draw(0.0, 0.5, (BITS, UNITS)),
        draw(0.0, 0.5, (UNITS, UNITS)),
        np.zeros(UNITS),
    )
    readout = Readout(draw(0.0, 0.5, (UNITS, BITS)), np.zeros(BITS), "sigmoid")
    network = Network((SimpleRNNCell(weights),), readout)
    unrolled = unroll(network, x, targets, loss=LOSS, reduction=REDUCTION)
    after = gradient_step(network, unrolled.gradients, learning_rate)
    again = unroll(after, x, targets, loss=LOSS, reduction=REDUCTION)
    losses = (unrolled.gradients.loss, again.gradients.loss)
    return WorkedExample(network, x, targets, unrolled, after, learning_rate, *losses)


def stages(one: Unrolled) -> Iterator[tuple[str, int, list[Group]]]:
    """Yield the stages in order: the pass, the step counted from 1, and the equations."""
    for t in range(one.steps):
        yield "forward", t + 1, forward_equations(one, t)
    for t in reversed(range(one.steps)):
        yield "back", t + 1, backward_equations(one, t)
    for t in reversed(range(one.steps)):
        yield "sum", t + 1, sum_equations(one, t)


def describe(example: WorkedExample) -> str:
    """Write the example as text: weights, every value in order, losses."""
    titles = {"forward": "Forward, step", "back": "Backward, step", "sum": "Gradients down to step"}
    readout, (W, U, b) = example.network.readout, example.network.cells[0].weights
    start = {"W": W, "U": U, "b": b, "V": readout.kernel, "c": readout.bias}
    lines = ["Initial weights"]
    lines += [_line(name, "", value) for name, value in start.items()]
    lines += ["", "Inputs and targets"]
    for t, (x, out) in enumerate(zip(example.x[0], example.unrolled.outputs, strict=True)):
        lines += [_line(f"x{t + 1}", "", x)]
        lines += [] if out.target is None else [_line(f"d{t + 1}", "", out.target)]
    for way, step, groups in stages(example.unrolled):
        lines += ["", f"{titles[way]} {step}"]
        lines += [
            _line(equation.left, equation.formula, equation.value)
            for group in groups
            for equation in group.equations
        ]
    after, (W, U, b) = example.after.readout, example.after.cells[0].weights
    lines += ["", f"Weights after one step with the learning rate {example.learning_rate:g}"]
    new = {"W": W, "U": U, "b": b, "V": after.kernel, "c": after.bias}
    lines += [_line(name, f"{name} − {example.learning_rate:g} d{name}", new[name]) for name in new]
    lines += ["", f"Loss before: {example.loss_before:.6f}"]
    lines += [f"Loss after:  {example.loss_after:.6f}"]
    return "\n".join(lines)


def _line(left: str, formula: str, value: np.ndarray) -> str:
    numbers = np.array2string(np.atleast_2d(value), precision=4, suppress_small=True, sign=" ")
    head = f"  {left} = {formula} =" if formula else f"  {left} ="
    if numbers.count("\n") == 0:
        return f"{head} {numbers[1:-1]}"
    return "\n    ".join([head, *(row.strip(" ") for row in numbers[1:-1].split("\n"))])


if __name__ == "__main__":
    print(describe(reverse_digits()))
