"""The formulas of each cell at a step, forward and backward, with their numbers.

The formulas repeat what `cells` computes. Tests evaluate each right side from its numbers and
compare the results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_rnn_recipes.bptt.activations import activation
from keras_rnn_recipes.bptt.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras_rnn_recipes.bptt.equations import (
    Equation,
    Group,
    Piece,
    Symbols,
    Term,
    applied,
    arriving,
    name_of,
    readout_backward,
    readout_forward,
    readout_sum,
    so_far,
    step_of,
    times_derivative,
)
from keras_rnn_recipes.bptt.unrolled import Unrolled, full_state_gradients


def forward_equations(one: Unrolled, t: int) -> list[Group]:
    """The equations of a step of the forward pass, from the lowest layer to the output.

    Args:
        one: from `unroll`.
        t: the step, counted from 0.

    Example:
        >>> from keras_rnn_recipes.bptt.worked_example import reverse_digits
        >>> for equation in forward_equations(reverse_digits().unrolled, 1)[0].equations:
        ...     print(equation.left, "=", equation.formula)
        a₂ = x₂ W + h₁ U + b
        h₂ = tanh(a₂)
    """
    return [
        *(Group(heading, _of(_FORWARD, one, at, t)) for at, heading in _headings(one)),
        readout_forward(one, t),
    ]


def backward_equations(one: Unrolled, t: int) -> list[Group]:
    """The equations of a step of the backward pass, from the output to the lowest layer."""
    layers = [Group(heading, _of(_BACKWARD, one, at, t)) for at, heading in _headings(one)]
    return [readout_backward(one, t), *reversed(layers)]


def sum_equations(one: Unrolled, t: int) -> list[Group]:
    """The gradients of the weights, summed from the last step down to this one."""
    layers = [Group(heading, _of(_SUMS, one, at, t)) for at, heading in _headings(one)]
    return [Group("Output", readout_sum(one, t)), *reversed(layers)]


class _At:
    """A layer at a step: its symbols and numbers, as terms."""

    def __init__(self, one: Unrolled, at: int, t: int) -> None:
        self.one, self.layer, self.t, self.step = one, at, t, t + 1
        self.here = one.layers[t][at]
        self.cell: Any = one.network.cells[at]  # of the type that the calling writer is for
        self.tape = one.trace.tapes[t][at]
        self.depth = len(one.network.cells)
        self.named = Symbols(at, self.depth)

    def now(self, symbol: str, value: np.ndarray) -> Term:
        """A quantity of this step."""
        return Term(self.named(symbol, self.step), value)

    def before(self, symbol: str, number: int = 0) -> Term:
        """A state of the previous step."""
        return Term(self.named(symbol, self.step - 1), self.here.before[number])

    @property
    def x(self) -> Term:
        """The input from below: that of the network, or the output of the layer below."""
        if self.layer == 0:
            return Term(step_of("x", self.step), self.here.x)
        return Term(Symbols(self.layer - 1, self.depth)("h", self.step), self.here.x)

    def weight(self, symbol: str, value: np.ndarray) -> Term:
        """A weight, or the part of it that belongs to one gate."""
        return Term(self.named(symbol), np.atleast_2d(value))

    def arriving_later(self, symbol: str, number: int) -> Term:
        """The gradient of a state that comes from the next step."""
        name = f"{self.named(symbol, self.step)} from step {self.step + 1}"
        return Term(name, self.here.later[number])

    def onwards(self, *ways: tuple[str, tuple[Piece, ...]]) -> list[Equation]:
        """The gradients passed to the states of the previous step; none from the first step."""
        if self.t == 0:
            return []
        return [
            Equation(f"{self.named(symbol, self.t)} from step {self.step}", right, gradient)
            for (symbol, right), gradient in zip(ways, self.here.gradients.dstates, strict=True)
        ]

    def below(self, da: Term) -> Equation:
        """The gradient passed to the layer below, or to the input."""
        kernel = self.cell.weights[0]
        right = (da, Term(f"{self.named('W')}ᵀ", kernel.T))
        name = self.named("dx", self.step) if self.layer else step_of("dx", self.step)
        return Equation(name, right, self.here.gradients.dx)

    def sums(self, *new: tuple[str, tuple[Piece, ...]]) -> list[Equation]:
        """The gradient of each weight, summed from the last step down to this one."""
        steps = [layers[self.layer].gradients.dweights for layers in self.one.layers[self.t :]]
        parts = [[np.atleast_2d(weight) for weight in each] for each in zip(*steps, strict=True)]
        if len(new) > len(parts):  # a bias of two rows, each written by itself
            parts[2:] = [[b[:1] for b in parts[2]], [b[1:] for b in parts[2]]]
        return [
            so_far(self.named(left), right, part, self.step, self.one.steps)
            for (left, right), part in zip(new, parts, strict=True)
        ]


def _simple_rnn_forward(at: _At) -> list[Equation]:
    W, U, b = at.cell.weights
    x, h = at.x, at.before("h")
    a = at.now("a", x.value @ W + h.value @ U + b)
    right = (x, at.weight("W", W), "+", h, at.weight("U", U), "+", at.weight("b", b))
    new = at.here.after[0]
    return [
        Equation(a.name, right, a.value),
        Equation(at.now("h", new).name, applied(at.cell.activation, a), new),
    ]


def _simple_rnn_backward(at: _At) -> list[Equation]:
    function, U = at.cell.activation, at.cell.weights[1]
    dh, da = at.now("dh", at.here.arriving[0]), _da(at)
    derivative = activation(function).derivative(at.here.after[0])
    right = (dh, *times_derivative(function, at.named("a", at.step), derivative))
    onwards = at.onwards(("dh", (da, Term(f"{at.named('U')}ᵀ", U.T))))
    return [Equation(da.name, right, da.value), at.below(da), *onwards]


def _simple_rnn_sums(at: _At) -> list[Equation]:
    da = _da(at)
    return at.sums(
        ("dW", (_turned(at.x), da)), ("dU", (_turned(at.before("h")), da)), ("db", (da,))
    )


def _lstm_forward(at: _At) -> list[Equation]:
    x, h, c, i, f, g, o, squashed = at.tape
    gates = dict(zip("ifgo", (i, f, g, o), strict=True))
    parts = [np.split(weight, 4, axis=-1) for weight in at.cell.weights]
    found = []
    for number, gate in enumerate(gates):
        function = at.cell.activation if gate == "g" else at.cell.recurrent_activation
        W, U, b = (at.weight(f"{s}{gate}", p[number]) for s, p in zip("WUb", parts, strict=True))
        a = at.now(f"a{gate}", x @ W.value + h @ U.value + b.value)
        found += [Equation(a.name, (at.x, W, "+", at.before("h"), U, "+", b), a.value)]
        found += [Equation(at.now(gate, gates[gate]).name, applied(function, a), gates[gate])]
    new_h, new_c = at.here.after
    kept = (at.now("f", f), "∘", at.before("c", 1), "+", at.now("i", i), "∘", at.now("g", g))
    given = (at.now("o", o), "∘", *applied(at.cell.activation, at.now("c", new_c)))
    return [
        *found,
        Equation(at.now("c", new_c).name, kept, new_c),
        Equation(at.now("h", new_h).name, given, new_h),
    ]


def _lstm_backward(at: _At) -> list[Equation]:
    _, _, c, i, f, g, o, squashed = at.tape
    function, gate = at.cell.activation, at.cell.recurrent_activation
    derivative, gate_derivative = activation(function).derivative, activation(gate).derivative
    dh = at.now("dh", at.here.arriving[0])
    by_output = (dh, "∘", at.now("o", o), *_derivative(at, function, "c", derivative(squashed)))
    later = (at.arriving_later("dc", 1), "+") if at.step < at.one.steps else ()
    dc = at.now("dc", full_state_gradients(at.one, at.layer, at.t)[1])
    given = applied(function, at.now("c", at.here.after[1]))
    ways = {
        "i": ((dc, "∘", at.now("g", g)), gate, i),
        "f": ((dc, "∘", at.before("c", 1)), gate, f),
        "g": ((dc, "∘", at.now("i", i)), function, g),
        "o": ((dh, "∘", *given), gate, o),
    }
    parts = dict(zip("ifgo", np.split(_da(at).value, 4, axis=1), strict=True))
    found = [Equation(dc.name, (*later, *by_output), dc.value)]
    for name, (way, of, value) in ways.items():
        factor = derivative(value) if name == "g" else gate_derivative(value)
        right = (*way, *_derivative(at, of, f"a{name}", factor))
        found += [Equation(at.now(f"da{name}", parts[name]).name, right, parts[name])]
    U = at.cell.weights[1]
    onwards = at.onwards(
        ("dh", (_da(at), Term(f"{at.named('U')}ᵀ", U.T))), ("dc", (dc, "∘", at.now("f", f)))
    )
    return [*found, _joined(at, "da", parts), at.below(_da(at)), *onwards]


def _gru_forward(at: _At) -> list[Equation]:
    x, h, z, r, g, held = at.tape
    cell, x_, h_ = at.cell, at.x, at.before("h")
    W, U = ([*np.split(weight, 3, axis=1)] for weight in cell.weights[:2])
    b = np.split(np.atleast_2d(cell.weights[2]), 3, axis=1)
    found = []
    for number, (gate, value) in enumerate({"z": z, "r": r}.items()):
        terms = (at.weight(f"W{gate}", W[number]), at.weight(f"U{gate}", U[number]))
        biases = [Term(at.named(f"b{gate}{mark}"), b[number][[row]]) for row, mark in _rows(b)]
        a = at.now(f"a{gate}", x @ W[number] + h @ U[number] + sum(bias.value for bias in biases))
        right: tuple[Piece, ...] = (x_, terms[0], "+", h_, terms[1])
        right += tuple(piece for bias in biases for piece in ("+", bias))
        found += [Equation(a.name, right, a.value)]
        applied_ = applied(cell.recurrent_activation, a)
        found += [Equation(at.now(gate, value).name, applied_, value)]
    Wg, Ug, bg = at.weight("Wg", W[2]), at.weight("Ug", U[2]), at.weight("bg", b[2][[0]])
    r_, z_, g_ = at.now("r", r), at.now("z", z), at.now("g", g)
    if cell.reset_after:
        inner: tuple[Piece, ...] = (
            *(r_, "∘ (", h_, Ug, "+", Term(at.named("bg′"), b[2][[1]]), ")"),
        )
        product = r * held
    else:
        inner, product = ("(", r_, "∘", h_, ")", Ug), (r * held) @ U[2]
    ag = at.now("ag", x @ W[2] + b[2][[0]] + product)
    new = at.here.after[0]
    return [
        *found,
        Equation(ag.name, (at.x, Wg, "+", bg, "+", *inner), ag.value),
        Equation(g_.name, applied(cell.activation, ag), g),
        Equation(at.now("h", new).name, (z_, "∘", h_, "+ (1 −", z_, ") ∘", g_), new),
    ]


def _gru_backward(at: _At) -> list[Equation]:
    _, h, z, r, g, held = at.tape
    cell, U = at.cell, np.split(at.cell.weights[1], 3, axis=1)
    function, gate = cell.activation, cell.recurrent_activation
    derivative, gate_derivative = activation(function).derivative, activation(gate).derivative
    dh, h_ = at.now("dh", at.here.arriving[0]), at.before("h")
    z_, r_, g_ = at.now("z", z), at.now("r", r), at.now("g", g)
    parts = dict(zip("zrg", np.split(_da(at).value, 3, axis=1), strict=True))
    daz, dar, dag = (at.now(f"da{name}", value) for name, value in parts.items())
    Ug_turned = Term(f"{at.named('Ug')}ᵀ", U[2].T)
    if cell.reset_after:
        dr: tuple[Piece, ...] = (
            dag,
            "∘",
            Term(f"({h_.name} {at.named('Ug')} + {at.named('bg′')})", held),
        )
        back: tuple[Piece, ...] = ("(", dag, "∘", r_, ")", Ug_turned)
    else:
        dr = ("(", dag, Ug_turned, ") ∘", h_)
        back = ("(", dag, Ug_turned, ") ∘", r_)
    ways: dict[str, tuple[Piece, ...]] = {
        "g": (dh, "∘ (1 −", z_, ")", *_derivative(at, function, "ag", derivative(g))),
        "z": (dh, "∘ (", h_, "−", g_, ")", *_derivative(at, gate, "az", gate_derivative(z))),
        "r": (*dr, *_derivative(at, gate, "ar", gate_derivative(r))),
    }
    found = [
        Equation(at.now(f"da{name}", parts[name]).name, right, parts[name])
        for name, right in ways.items()
    ]
    gates = (daz, Term(f"{at.named('Uz')}ᵀ", U[0].T), "+", dar, Term(f"{at.named('Ur')}ᵀ", U[1].T))
    onwards = at.onwards(("dh", (dh, "∘", z_, "+", *gates, "+", *back)))
    return [*found, _joined(at, "da", parts), at.below(_da(at)), *onwards]


def _gru_sums(at: _At) -> list[Equation]:
    _, h, z, r, g, _ = at.tape
    da, h_turned = _da(at), _turned(at.before("h"))
    gates = zip("zrg", np.split(da.value, 3, axis=1), strict=True)
    daz, dar, dag = (at.now(f"da{gate}", value) for gate, value in gates)
    if at.cell.reset_after:
        recurrent = at.now("da′", at.here.gradients.dweights[2][[1]])
        ways = (("dU", (h_turned, recurrent)), ("db", (da,)), ("db′", (recurrent,)))
        return at.sums(("dW", (_turned(at.x), da)), *ways)
    held = Term(f"({at.named('r', at.step)} ∘ {at.before('h').name})ᵀ", (r * h).T)
    dU = ("[", h_turned, daz, ",", h_turned, dar, ",", held, dag, "]")
    return at.sums(("dW", (_turned(at.x), da)), ("dU", dU), ("db", (da,)))


def _da(at: _At) -> Term:
    """``d`` before the activations; for one example, the contribution to the bias gradient."""
    return at.now("da", np.atleast_2d(at.here.gradients.dweights[2])[:1])


def _joined(at: _At, symbol: str, parts: dict[str, np.ndarray]) -> Equation:
    """The gradients of the gates, concatenated in the order of the weights."""
    pieces: list[Piece] = []
    for name, value in parts.items():
        pieces += [",", at.now(symbol + name, value)]
    return Equation(at.named(symbol, at.step), ("[", *pieces[1:], "]"), _da(at).value)


def _derivative(at: _At, function: str, symbol: str, derivative: np.ndarray) -> tuple[Piece, ...]:
    return times_derivative(function, at.named(symbol, at.step), derivative)


def _turned(term: Term) -> Term:
    return Term(f"{term.name}ᵀ", term.value.T)


def _rows(biases: list[np.ndarray]) -> list[tuple[int, str]]:
    """The rows of a bias: one for input and recurrent product each, or one for both."""
    return [(0, ""), (1, "′")][: len(biases[0])]


Writer = Callable[[_At], list[Equation]]
_FORWARD: dict[type, Writer] = {
    **{SimpleRNNCell: _simple_rnn_forward, LSTMCell: _lstm_forward, GRUCell: _gru_forward}
}
_BACKWARD: dict[type, Writer] = {
    **{SimpleRNNCell: _simple_rnn_backward, LSTMCell: _lstm_backward, GRUCell: _gru_backward}
}
_SUMS: dict[type, Writer] = {
    **{SimpleRNNCell: _simple_rnn_sums, LSTMCell: _simple_rnn_sums, GRUCell: _gru_sums}
}


def _of(writers: dict[type, Writer], one: Unrolled, at: int, t: int) -> list[Equation]:
    found = writers[type(one.network.cells[at])](_At(one, at, t))
    return [*arriving(one, at, t), *found] if writers is _BACKWARD else found


def _headings(one: Unrolled) -> list[tuple[int, str]]:
    cells = one.network.cells
    if len(cells) == 1:
        return [(0, name_of(cells[0]))]
    return [(at, f"Layer {at + 1}, {name_of(cell)}") for at, cell in enumerate(cells)]
