"""The formulas of each step with their numbers, to be printed or shown on a page.

Symbols are those of `cells` and `network`. The step is a subscript, ``h₃``; with several layers the
layer is a superscript, ``h⁽²⁾₃``. Two symbols next to each other are a matrix product, ``∘`` is an
elementwise product, ``ᵀ`` is the transpose, ``′`` is the derivative.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from keras_rnn_recipes.bptt.cells import Cell, GRUCell, LSTMCell
from keras_rnn_recipes.bptt.unrolled import OutputStep, Unrolled

_BELOW, _ABOVE = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"


class Term(NamedTuple):
    """A symbol and its value, a vector (1, width) or a matrix."""

    name: str
    value: np.ndarray


Piece = str | Term


class Equation(NamedTuple):
    """``left = right``, where ``right`` is symbols and operators; and the value of both sides."""

    left: str
    right: tuple[Piece, ...]
    value: np.ndarray

    @property
    def formula(self) -> str:
        """The right side in symbols.

        Example:
            >>> one = np.ones((1, 1))
            >>> Equation("h₁", ("tanh(", Term("a₁", one), ")"), np.tanh(one)).formula
            'tanh(a₁)'
        """
        text = " ".join(piece if isinstance(piece, str) else piece.name for piece in self.right)
        return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")


class Group(NamedTuple):
    """Equations of one part of the network, with a heading."""

    heading: str
    equations: list[Equation]


class Symbols:
    """Names of the quantities of a layer.

    Args:
        layer: the layer, counted from 0.
        depth: number of layers; with a single layer its number is left out.

    Example:
        >>> Symbols(1, 2)("h", 12), Symbols(0, 1)("W")
        ('h⁽²⁾₁₂', 'W')
    """

    def __init__(self, layer: int, depth: int) -> None:
        self.layer = layer
        self.mark = f"⁽{_digits(layer + 1, _ABOVE)}⁾" if depth > 1 else ""

    def __call__(self, symbol: str, step: int | None = None) -> str:
        """The symbol of this layer at a step counted from 1."""
        return symbol + self.mark + ("" if step is None else _digits(step, _BELOW))


def step_of(symbol: str, step: int) -> str:
    """A symbol without a layer, at a step counted from 1.

    Example:
        >>> step_of("y", 4)
        'y₄'
    """
    return symbol + _digits(step, _BELOW)


def applied(function: str, term: Term) -> tuple[Piece, ...]:
    """``f(a)``; for "linear" ``a`` itself."""
    shown = {"sigmoid": "σ"}.get(function, function)
    return (term,) if function == "linear" else (f"{shown}(", term, ")")


def times_derivative(function: str, symbol: str, derivative: np.ndarray) -> tuple[Piece, ...]:
    """``∘ f′(a)``; for "linear" nothing, since its derivative is 1."""
    shown = {"sigmoid": "σ"}.get(function, function)
    return () if function == "linear" else ("∘", Term(f"{shown}′({symbol})", derivative))


def name_of(cell: Cell) -> str:
    """The name of a cell."""
    return {LSTMCell: "LSTM", GRUCell: "GRU"}.get(type(cell), "SimpleRNN")


def arriving(one: Unrolled, at: int, t: int) -> list[Equation]:
    """``dh``: the sum of what comes from above and from the next step."""
    depth, step = len(one.network.cells), t + 1
    symbols, here = Symbols(at, depth), one.layers[t][at]
    parts: list[Piece] = []
    if at + 1 < depth:
        parts += [Term(Symbols(at + 1, depth)("dx", step), here.above)]
    elif one.outputs[t].target is not None:
        kernel = one.network.readout.kernel
        parts += [Term(step_of("ds", step), one.outputs[t].ds), Term("Vᵀ", kernel.T)]
    if step < one.steps:
        later = Term(f"{symbols('dh', step)} from step {step + 1}", here.later[0])
        parts += ["+", later] if parts else [later]
    return [Equation(symbols("dh", step), tuple(parts), here.above + here.later[0])]


def readout_forward(one: Unrolled, t: int) -> Group:
    """From the highest layer to the output and its loss."""
    step, out, readout = t + 1, one.outputs[t], one.network.readout
    h = Symbols(len(one.network.cells) - 1, len(one.network.cells))("h", step)
    s, y = step_of("s", step), step_of("y", step)
    right = (Term(h, out.h), Term("V", readout.kernel), "+", Term("c", readout.bias[None]))
    found = [
        Equation(s, right, out.s),
        Equation(y, applied(readout.activation, Term(s, out.s)), out.y),
    ]
    if out.target is not None:
        found += [Equation(step_of("E", step), _error(one, out, step), np.array([[out.loss]]))]
    return Group("Output", found)


def readout_backward(one: Unrolled, t: int) -> Group:
    """From the loss to the output, and to the value before its activation."""
    step, out, readout = t + 1, one.outputs[t], one.network.readout
    y, dy, ds = (step_of(symbol, step) for symbol in ("y", "dy", "ds"))
    if readout.activation == "softmax":
        both = np.array([[float((out.dy * out.y).sum())]])
        right: tuple[Piece, ...] = (Term(y, out.y), "∘ (", Term(dy, out.dy), "−")
        right += (Term(f"sum of {dy} ∘ {y}", both), ")")
    else:
        derivative = readout.back(out.y, np.ones_like(out.y))
        right = (
            Term(dy, out.dy),
            *times_derivative(readout.activation, step_of("s", step), derivative),
        )
    found = [Equation(dy, _loss_gradient(one, out, step), out.dy), Equation(ds, right, out.ds)]
    return Group("Output", found)


def readout_sum(one: Unrolled, t: int) -> list[Equation]:
    """The gradients of ``V`` and ``c``, summed from the last step down to this one."""
    step, out = t + 1, one.outputs[t]
    h = Symbols(len(one.network.cells) - 1, len(one.network.cells))("h", step)
    ds = Term(step_of("ds", step), out.ds)
    kernel = [later.dkernel for later in one.outputs[t:]]
    bias = [later.dbias[None] for later in one.outputs[t:]]
    return [
        so_far("dV", (Term(f"{h}ᵀ", out.h.T), ds), kernel, step, one.steps),
        so_far("dc", (ds,), bias, step, one.steps),
    ]


def so_far(
    left: str, new: Iterable[Piece], parts: list[np.ndarray], step: int, last: int
) -> Equation:
    """A gradient summed over the later steps and this one.

    Args:
        left: symbol of the gradient.
        new: the contribution of this step, in symbols.
        parts: the contribution of each step, from this one to the last.
        step, last: the numbers of this and the last step, counted from 1.
    """
    value, later = sum(parts), sum(parts[1:])
    if step == last:
        return Equation(left, tuple(new), np.asarray(value))
    words = f"step {last}" if step + 1 == last else f"steps {last} to {step + 1}"
    before = Term(f"{left} of {words}", np.asarray(later))
    return Equation(left, (before, "+", *new), np.asarray(value))


def _error(one: Unrolled, out: OutputStep, step: int) -> tuple[Piece, ...]:
    """The contribution of this step to the loss, in the symbols of `losses`."""
    assert out.target is not None
    y, d = Term(step_of("y", step), out.y), Term(step_of("d", step), out.target)
    if one.loss == "squared_error":
        inside: tuple[Piece, ...] = ("sum (", d, "−", y, ")²")
    elif one.loss == "binary_cross_entropy":
        inside = ("− sum (", d, "∘ log", y, "+ (1 −", d, ") ∘ log(1 −", y, "))")
    else:
        inside = ("− sum (", d, "∘ log", y, ")")
    return (*_fraction(one), *inside)


def _loss_gradient(one: Unrolled, out: OutputStep, step: int) -> tuple[Piece, ...]:
    if out.target is None:
        return ("0, since this step has no target",)
    y, d = Term(step_of("y", step), out.y), Term(step_of("d", step), out.target)
    if one.loss == "squared_error":
        inside: tuple[Piece, ...] = ("2 (", y, "−", d, ")")
    elif one.loss == "binary_cross_entropy":
        inside = ("(", y, "−", d, ") / (", y, "∘ (1 −", y, "))")
    else:
        inside = ("−", d, "/", y)
    return (*_fraction(one), *inside)


def _fraction(one: Unrolled) -> tuple[Piece, ...]:
    """``1/n`` for a mean; nothing for a sum."""
    if one.reduction == "sum":
        return ()
    asked = sum(out.target is not None for out in one.outputs)
    width = 1 if one.loss == "categorical_cross_entropy" else one.trace.outputs.shape[-1]
    return (f"1/{asked * width} ·",)


def _digits(number: int, digits: str) -> str:
    return "".join(digits[int(digit)] for digit in str(number))
