"""What is said at each stage: a title, a sentence, and the formulas with their numbers."""

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
    """Every matrix once, however often it stands in a formula.

    Example:
        >>> kept = Matrices()
        >>> kept.index(np.eye(2)), kept.index(np.ones((1, 2))), kept.index(np.eye(2))
        (0, 1, 0)
    """

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self._known: dict[tuple[tuple[int, ...], bytes], int] = {}

    def index(self, value: np.ndarray) -> int:
        """The number of a matrix; of a large one its norm and shape are kept, not its numbers."""
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
    """All stages in order, and the matrices that their formulas are made of.

    Args:
        one: from `unroll`.
        learning_rate: of one gradient step at the end; none when left out.

    Example:
        >>> from keras_rnn_recipes.bptt.worked_example import reverse_digits
        >>> stages, matrices = story(reverse_digits().unrolled, 0.5)
        >>> [stage["title"] for stage in stages[::6]]
        ['Forward, step 1', 'Back, step 6', 'Gradients, step 6', 'One step of learning']
    """
    matrices, last = Matrices(), one.steps - 1
    forward = [
        _stage("forward", f"Forward, step {t + 1}", _forward(one, t), forward_equations(one, t))
        for t in range(one.steps)
    ]
    back = [
        _stage("back", f"Back, step {t + 1}", _back(one, t), backward_equations(one, t))
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
        text = f"At step {step} each layer reads what is below it and its own state of before."
    else:
        text = f"At step {step} the network reads {x} and its own state {h('h', t)}, and makes "
        text += f"{h('h', step)} of them."
    text += f" Its answer is {y}."
    if out.target is None:
        return f"{text} Nothing is asked for here, so it costs nothing."
    return (
        f"{text} It should have been {step_of('d', step)}; the difference costs "
        f"{step_of('E', step)} = {number(out.loss)}."
    )


def _back(one: Unrolled, t: int) -> str:
    out, step, last = one.outputs[t], t + 1, one.steps
    depth = len(one.network.cells)
    top = Symbols(depth - 1, depth)("h", step)
    asked = out.target is not None
    if step == last:
        text = f"The way back begins at the last step: its error reaches {top} from above alone."
    elif asked:
        text = f"Two errors meet in {top}: that of {step_of('y', step)}, and what step {step + 1} "
        text += "sends back."
    else:
        text = (
            f"No answer was asked for here: all that reaches {top} comes back from step {step + 1}."
        )
    if t == 0:
        return f"{text} Before the first step there is nothing to send it on to."
    return f"{text} What is left of it goes on to step {step - 1}."


def _sum(one: Unrolled, t: int) -> str:
    step = t + 1
    if step == one.steps:
        return (
            "Every step used the same weights, so each gives a part of their gradient: what went "
            f"in, times the error that came back. Step {step} is the first to be counted."
        )
    text = f"Step {step} gives its part: what it was given, times the error that came back to it."
    if not one.trace.x[:, t].any():
        text += f" It read nothing, {step_of('x', step)} being zero, so it gives nothing to "
        text += f"{Symbols(0, len(one.network.cells))('W')}."
    return text if t else f"{text} With it the gradients are whole."


def _update(one: Unrolled, rate: float) -> dict[str, Any]:
    targets = np.stack([out.target for out in one.outputs if out.target is not None], axis=1)
    after = gradient_step(one.network, one.gradients, rate)
    again = unroll(after, one.trace.x, targets, loss=one.loss, reduction=one.reduction)
    before, less = number(one.gradients.loss), number(again.gradients.loss)
    text = (
        f"Every weight goes against its gradient, {rate:g} times as far. The error was {before}; "
        f"with the new weights it is {less}."
    )
    depth = len(one.network.cells)
    groups = []
    for at, (cell, slopes, new) in enumerate(
        zip(one.network.cells, one.gradients.cells, after.cells, strict=True)
    ):
        named = Symbols(at, depth)
        heading = f"Layer {at + 1}" if depth > 1 else "Recurrent layer"
        steps = [
            _new(named(symbol), named(f"d{symbol}"), *values, rate)
            for symbol, values in zip(
                "WUb", zip(cell.weights, slopes, new.weights, strict=True), strict=True
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
    return _stage("update", "One step of learning", text, groups)


def _new(
    name: str, slope_name: str, old: np.ndarray, slope: np.ndarray, new: np.ndarray, rate: float
) -> Equation:
    old, slope, new = (np.atleast_2d(value) for value in (old, slope, new))
    right = (Term(name, old), f"− {rate:g} ·", Term(slope_name, slope))
    return Equation(f"new {name}", right, new)
