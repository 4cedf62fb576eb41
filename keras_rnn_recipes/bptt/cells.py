"""One step of each cell, forward and backward.

Forward, a cell maps ``x`` (batch, inputs) and its states (batch, units) to its new states and a
tape, which holds what the backward step needs. The first state is the output of the cell. Backward,
it maps ``d`` of its new states to ``d`` of ``x``, of the old states and of its weights.

``W`` is the kernel (inputs, gates x units), ``U`` the recurrent kernel (units, gates x units) and
``b`` the bias. The gates are concatenated in the order of Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from keras_rnn_recipes.bptt.activations import activation

States = tuple[np.ndarray, ...]


class StepGradients(NamedTuple):
    """The gradients of one step: ``d`` of its input, its old states and its weights."""

    dx: np.ndarray
    dstates: States
    dweights: States


class Cell(Protocol):
    """One step of a recurrent layer."""

    @property
    def weights(self) -> States:
        """Kernel, recurrent kernel and bias, as in Keras."""

    @property
    def num_states(self) -> int:
        """1; for an LSTM 2."""

    @property
    def units(self) -> int:
        """Width of each state."""

    def step(self, x: np.ndarray, states: States) -> tuple[States, Any]:
        """Compute the new states and the tape of this step."""

    def back(self, tape: Any, dstates: States) -> StepGradients:
        """From ``d`` of the new states to ``d`` of input, old states and weights."""


@dataclass(frozen=True)
class SimpleRNNCell:
    """One state: ``h' = f(a)`` with ``a = x W + h U + b``.

    Backward: ``da = dh' * f'``, ``dW = x^T da``, ``dU = h^T da``, ``db = sum of da``,
    ``dx = da W^T``, ``dh = da U^T``.

    Attributes:
        weights: ``W`` (inputs, units), ``U`` (units, units), ``b`` (units,).
        activation: name of ``f``.

    Source: Elman 1990; Werbos 1990, Backpropagation through time.
    """

    weights: States
    activation: str = "tanh"
    num_states: int = 1

    @property
    def units(self) -> int:
        """Width of the state."""
        return self.weights[1].shape[0]

    def step(self, x: np.ndarray, states: States) -> tuple[States, Any]:
        """Compute the new state ``h'``."""
        (h,), (W, U, b) = states, self.weights
        new = activation(self.activation).value(x @ W + h @ U + b)
        return (new,), (x, h, new)

    def back(self, tape: Any, dstates: States) -> StepGradients:
        """From ``dh'`` to ``dx``, ``dh`` and the gradients of the weights."""
        (x, h, new), (W, U, _) = tape, self.weights
        da = dstates[0] * activation(self.activation).derivative(new)
        return StepGradients(da @ W.T, (da @ U.T,), (x.T @ da, h.T @ da, da.sum(axis=0)))


@dataclass(frozen=True)
class LSTMCell:
    """Two states: the hidden state ``h``, which is the output, and the cell state ``c``.

    The gates ``i, f, o = s(.)`` and the candidate ``g = f(.)`` are functions of ``x W + h U + b``;
    then ``c' = f * c + i * g`` and ``h' = o * f(c')``. On the way from ``c'`` to ``c`` the gradient
    passes the forget gate only, ``dc = dc' * f``. No weight matrix multiplies it, and therefore it
    survives many steps.

    Attributes:
        weights: ``W`` (inputs, 4 units), ``U`` (units, 4 units), ``b`` (4 units,); gates in the
            order i, f, g, o.
        activation, recurrent_activation: of candidate and output; of the gates.

    Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000 (forget gate).
    """

    weights: States
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    num_states: int = 2

    @property
    def units(self) -> int:
        """Width of each state."""
        return self.weights[1].shape[0]

    def step(self, x: np.ndarray, states: States) -> tuple[States, Any]:
        """Compute the new states ``h'`` and ``c'``."""
        (h, c), (W, U, b) = states, self.weights
        value, gate = activation(self.activation).value, activation(self.recurrent_activation).value
        ai, af, ag, ao = np.split(x @ W + h @ U + b, 4, axis=1)
        i, f, g, o = gate(ai), gate(af), value(ag), gate(ao)
        new_c = f * c + i * g
        squashed = value(new_c)
        return (o * squashed, new_c), (x, h, c, i, f, g, o, squashed)

    def back(self, tape: Any, dstates: States) -> StepGradients:
        """From ``dh'`` and ``dc'`` to ``dx``, ``dh``, ``dc`` and the gradients of the weights."""
        (x, h, c, i, f, g, o, squashed), (W, U, _) = tape, self.weights
        derivative = activation(self.activation).derivative
        gate = activation(self.recurrent_activation).derivative
        dh, dc = dstates
        do = dh * squashed
        dc = dc + dh * o * derivative(squashed)
        di, df, dg = dc * g, dc * c, dc * i
        da = np.concatenate([di * gate(i), df * gate(f), dg * derivative(g), do * gate(o)], axis=1)
        weights = (x.T @ da, h.T @ da, da.sum(axis=0))
        return StepGradients(da @ W.T, (da @ U.T, dc * f), weights)


@dataclass(frozen=True)
class GRUCell:
    """One state: ``h' = z * h + (1 - z) * g``, a mixture of the old state and the candidate.

    The gates are ``z, r = s(x W + h U + b)``. With ``reset_after``, the default of Keras, the reset
    gate acts after the recurrent product: ``g = f(x Wg + bg + r * (h Ug + bg'))``. Without it,
    ``g = f(x Wg + (r * h) Ug + bg)``.

    Attributes:
        weights: ``W`` (inputs, 3 units), ``U`` (units, 3 units), and ``b``: with ``reset_after``
            (2, 3 units), one row for the input and one for the recurrent product, else (3 units,).
            The order is z, r, g.
        activation, recurrent_activation: of the candidate; of the gates.
        reset_after: whether the reset gate acts after the recurrent product.

    Source: Cho et al. 2014 (before the product); Keras and cuDNN (after it).
    """

    weights: States
    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    reset_after: bool = True
    num_states: int = 1

    @property
    def units(self) -> int:
        """Width of the state."""
        return self.weights[1].shape[0]

    def step(self, x: np.ndarray, states: States) -> tuple[States, Any]:
        """Compute the new state ``h'``."""
        (h,), (W, U, b) = states, self.weights
        value, gate = activation(self.activation).value, activation(self.recurrent_activation).value
        n = 2 * self.units
        from_x = x @ W + (b[0] if self.reset_after else b)
        from_h = h @ U[:, :n] + (b[1, :n] if self.reset_after else 0.0)
        z, r = np.split(gate(from_x[:, :n] + from_h), 2, axis=1)
        # What the reset gate multiplies: the recurrent product, or the state itself.
        held = h @ U[:, n:] + b[1, n:] if self.reset_after else h
        recurrent = r * held if self.reset_after else (r * held) @ U[:, n:]
        g = value(from_x[:, n:] + recurrent)
        return (z * h + (1.0 - z) * g,), (x, h, z, r, g, held)

    def back(self, tape: Any, dstates: States) -> StepGradients:
        """From ``dh'`` to ``dx``, ``dh`` and the gradients of the weights."""
        (x, h, z, r, g, held), (W, U, _) = tape, self.weights
        derivative = activation(self.activation).derivative
        gate = activation(self.recurrent_activation).derivative
        (dnew,), n = dstates, 2 * self.units
        dag = dnew * (1.0 - z) * derivative(g)
        dproduct = dag * r if self.reset_after else dag
        dreset_held = dag if self.reset_after else dag @ U[:, n:].T
        dr = dreset_held * held
        dgates = np.concatenate([dnew * (h - g) * gate(z), dr * gate(r)], axis=1)
        da = np.concatenate([dgates, dag], axis=1)
        da_recurrent = np.concatenate([dgates, dproduct], axis=1)
        dh = dnew * z + dgates @ U[:, :n].T
        if self.reset_after:
            dh = dh + dproduct @ U[:, n:].T
            dU = h.T @ da_recurrent
            db = np.stack([da.sum(axis=0), da_recurrent.sum(axis=0)])
        else:
            dh = dh + dreset_held * r
            dU = np.concatenate([h.T @ dgates, (r * h).T @ dag], axis=1)
            db = da.sum(axis=0)
        return StepGradients(da @ W.T, (dh,), (x.T @ da, dU, db))
