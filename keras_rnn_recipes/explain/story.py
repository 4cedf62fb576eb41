"""The text of each stage: a title, a few sentences, and the formulas with their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.cell_equations import (
    backward_equations,
    forward_equations,
    sum_equations,
)
from keras_rnn_recipes.bptt.equations import Equation, Group, Symbols, Term, step_of
from keras_rnn_recipes.bptt.network import gradient_step
from keras_rnn_recipes.bptt.unrolled import Unrolled, unroll
from keras_rnn_recipes.explain.scene import MOST_UNITS
from keras_rnn_recipes.reporting.format import number


class Matrices:
    """The matrices of all formulas, each stored once.

    Example:
        >>> kept = Matrices()
        >>> kept.index(np.eye(2)), kept.index(np.ones((1, 2))), kept.index(np.eye(2))
        (0, 1, 0)
    """

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._known: dict[tuple[tuple[int, ...], bytes], int] = {}

    def index(self, value: np.ndarray) -> int:
        """The index of a matrix; of a large one only the norm and the shape are stored."""
        value = np.atleast_2d(value)
        key = (value.shape, value.tobytes())
        if key not in self._known:
            self._known[key] = len(self.all)
            large = max(value.shape) > MOST_UNITS
            kept = {
                "norm": float(np.linalg.norm(value)),
                "shape": " × ".join(map(str, value.shape)),
            }
            self.all.append(kept if large else {"rows": value.tolist()})
        return self._known[key]


def story(
    one: Unrolled, learning_rate: float | None = None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Make all stages in order, and the matrices of their formulas.

    Args:
        one: from `unroll`.
        learning_rate: learning rate of one gradient step at the end; None: no such step.

    Example:
        >>> from keras_rnn_recipes.bptt.worked_example import reverse_digits
        >>> stages, matrices = story(reverse_digits().unrolled, 0.5)
        >>> [stage["title"] for stage in stages[::6]]
        ['Forward, step 1', 'Backward, step 6', 'Gradients, step 6', 'Gradient step']
    """
    matrices, last = Matrices(), one.steps - 1
    forward = [
        _stage("forward", f"Forward, step {t + 1}", _forward(one, t), forward_equations(one, t))
        for t in range(one.steps)
    ]
    back = [
        _stage("back", f"Backward, step {t + 1}", _back(one, t), backward_equations(one, t))
        for t in range(last, -1, -1)
    ]
    sums = [
        _stage("sum", f"Gradients, step {t + 1}", _sum(one, t), sum_equations(one, t))
        for t in range(last, -1, -1)
    ]
    stages = forward + back + sums
    if learning_rate is not None:
        stages.append(_update(one, learning_rate))
    for stage in stages:
        stage["groups"] = [
            {
                "heading": group.heading,
                "equations": [_written(equation, matrices) for equation in group.equations],
            }
            for group in stage["groups"]
        ]
    return stages, matrices.all


def _stage(way: str, title: str, text: str, groups: list[Group]) -> dict[str, Any]:
    return {"way": way, "title": title, "text": text, "groups": groups}


def _written(equation: Equation, matrices: Matrices) -> dict[str, Any]:
    pieces = [
        piece if isinstance(piece, str) else {"name": piece.name, "of": matrices.index(piece.value)}
        for piece in equation.right
    ]
    value = matrices.index(equation.value)
    return {
        "left": equation.left,
        "formula": equation.formula,
        "pieces": pieces,
        "value": value,
    }


def _forward(one: Unrolled, t: int) -> str:
    depth, out, step = len(one.network.cells), one.outputs[t], t + 1
    h, x, y = Symbols(depth - 1, depth), step_of("x", step), step_of("y", step)
    if depth > 1:
        text = f"At step {step} each layer reads the output of the layer below and its own "
        text += "previous state."
    else:
        text = f"At step {step} the network reads {x} and its previous state {h('h', t)}, and "
        text += f"computes the new state {h('h', step)}."
    text += f" The output is {y}."
    if out.target is None:
        return f"{text} This step has no target, so it adds nothing to the loss."
    return (
        f"{text} The target is {step_of('d', step)}; this step adds "
        f"{step_of('E', step)} = {number(out.loss)} to the loss."
    )


def _back(one: Unrolled, t: int) -> str:
    out, step, last = one.outputs[t], t + 1, one.steps
    depth = len(one.network.cells)
    top = Symbols(depth - 1, depth)("h", step)
    asked = out.target is not None
    if step == last:
        text = f"The backward pass begins at the last step. The gradient with respect to {top} "
        text += "comes from the output only."
    elif asked:
        text = f"The gradient with respect to {top} is a sum of two parts: one from the output "
        text += f"{step_of('y', step)}, one from step {step + 1}."
    else:
        text = f"This step has no target: the gradient with respect to {top} comes from step "
        text += f"{step + 1} only."
    if t == 0:
        return f"{text} Before the first step there is no state to pass it to."
    return f"{text} It is passed on to step {step - 1}."


def _sum(one: Unrolled, t: int) -> str:
    step = t + 1
    if step == one.steps:
        return (
            "All steps share the same weights, so their gradient is a sum over the steps: the "
            "input of a step times the gradient that arrived there. The sum begins with step "
            f"{step}."
        )
    text = f"Step {step} adds its part: its input times the gradient that arrived there."
    if not one.trace.x[:, t].any():
        text += f" Its input {step_of('x', step)} is zero, so it adds nothing to the gradient of "
        text += f"{Symbols(0, len(one.network.cells))('W')}."
    return text if t else f"{text} The gradients are now complete."


def _update(one: Unrolled, rate: float) -> dict[str, Any]:
    targets = np.stack([out.target for out in one.outputs if out.target is not None], axis=1)
    after = gradient_step(one.network, one.gradients, rate)
    x = after.in_order_of_reading(one.trace.x)
    again = unroll(after, x, targets, loss=one.loss, reduction=one.reduction)
    before, less = number(one.gradients.loss), number(again.gradients.loss)
    text = (
        f"The gradient times the learning rate {rate:g} is subtracted from every weight. The loss "
        f"was {before}; with the new weights it is {less}."
    )
    depth = len(one.network.cells)
    groups = []
    for at, (cell, gradients, new) in enumerate(
        zip(one.network.cells, one.gradients.cells, after.cells, strict=True)
    ):
        named = Symbols(at, depth)
        heading = f"Layer {at + 1}" if depth > 1 else "Recurrent layer"
        steps = [
            _new(named(symbol), named(f"d{symbol}"), *values, rate)
            for symbol, values in zip(
                "WUb", zip(cell.weights, gradients, new.weights, strict=True), strict=True
            )
        ]
        groups.append(Group(heading, steps))
    old, new_readout, found = one.network.readout, after.readout, one.gradients
    groups.append(
        Group(
            "Output",
            [
                _new("V", "dV", old.kernel, found.kernel, new_readout.kernel, rate),
                _new("c", "dc", old.bias, found.bias, new_readout.bias, rate),
            ],
        )
    )
    return _stage("update", "Gradient step", text, groups)


def _new(
    name: str,
    gradient_name: str,
    old: np.ndarray,
    gradient: np.ndarray,
    new: np.ndarray,
    rate: float,
) -> Equation:
    old, gradient, new = (np.atleast_2d(value) for value in (old, gradient, new))
    right = (Term(name, old), f"− {rate:g} ·", Term(gradient_name, gradient))
    return Equation(f"new {name}", right, new)
