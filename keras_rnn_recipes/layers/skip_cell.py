"""A recurrent cell that sees its own outputs of several steps back, beside the last one."""

from __future__ import annotations

from typing import Any

from keras import initializers, layers, ops, regularizers

from keras_rnn_recipes.layers._registry import registered

# How many blocks of units the kernels of each cell hold, in the order of Keras' own cells.
_BLOCKS = {"simple_rnn": 1, "lstm": 4, "gru": 3}


@registered
class SkipCell(layers.Layer):
    """A SimpleRNN, LSTM or GRU cell with connections from further back, for ``keras.layers.RNN``.

    Wherever the cell of Keras has ``h_{t-1} U`` this one has ``h_{t-1} U + sum_k h_{t-k} U_k``, k
    in ``recurrent_skips``; of a SimpleRNN, with (2, 3)::

        h_t = tanh(x_t W + h_{t-1} U + h_{t-2} U_2 + h_{t-3} U_3 + b)

    So in an LSTM the earlier outputs reach all four gates, and in a GRU all three, the reset gate
    acting on the sum; the LSTM's memory, and what a GRU keeps of its state, stay with the last
    step. An error takes a third as many steps to the same lag along the longest connections: it
    fades by fewer factors, which is less and not nothing.

    Args:
        cell: ``"simple_rnn"``, ``"lstm"`` or ``"gru"``.
        units: width.
        recurrent_skips: how many steps back, each at least 2. None: the cell of Keras, number by
            number.
        kernel_regularizer, recurrent_regularizer: as in Keras' cells.

    The recurrent kernels stand below each other in one matrix ``((1 + skips) * units, blocks *
    units)``. That of a SimpleRNN begins with an orthogonal matrix Q, as Keras' does, and its
    powers: ``U_k = Q^k / (1 + skips)``, so that what came in turns on and neither grows nor fades,
    whichever way it goes. Those of gated cells begin as one orthogonal matrix. Forget gates begin
    with a bias of 1, as Keras' do.

    Call arguments:
        inputs: ``(batch, channels)``.
        states: the states of Keras' cell, then the outputs of two, three, ... steps back, as far as
            the longest skip needs, ``(batch, units)`` each; zeros at the start.

    Returns:
        The output ``(batch, units)`` and the new states.

    Raises:
        ValueError: an unknown cell, a width below 1, or skips that are no steps from 2 on.

    Source: connections from further back: El Hihi and Bengio 1995; Lin et al. 1996 (NARX networks);
        Zhang et al. 2016, on recurrent skip coefficients; DiPietro et al. 2017 (MIST), on what they
        do to gradients.

    Example:
        >>> import numpy as np
        >>> layer = layers.RNN(SkipCell("gru", 4, (2, 3)), return_state=True)
        >>> [tuple(x.shape) for x in layer(np.ones((1, 5, 2)))]  # output, h_t, h_{t-1}, h_{t-2}
        [(1, 4), (1, 4), (1, 4), (1, 4)]
    """

    def __init__(
        self,
        cell: str,
        units: int,
        recurrent_skips: Any = (2, 3),
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if cell not in _BLOCKS:
            raise ValueError(f"cell must be one of {tuple(_BLOCKS)}; received {cell!r}.")
        if units < 1:
            raise ValueError(f"units must be at least 1; received {units}.")
        self.cell, self.units, self.recurrent_skips = (
            cell,
            int(units),
            checked_skips(recurrent_skips),
        )
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.recurrent_initializer = initializers.Orthogonal()
        self._own = 2 if cell == "lstm" else 1  # states that Keras' cell has
        further = max(self.recurrent_skips, default=1) - 1
        self.state_size, self.output_size = [self.units] * (self._own + further), self.units

    def build(self, input_shape):
        width, rows = _BLOCKS[self.cell] * self.units, (1 + len(self.recurrent_skips)) * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], width), regularizer=self.kernel_regularizer, name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            (rows, width),
            initializer=self._rotations
            if self.cell == "simple_rnn"
            else self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            name="recurrent_kernel",
        )
        # A GRU has one bias outside of the reset gate and one inside.
        shape = (2, width) if self.cell == "gru" else (width,)
        start = self._open_gates if self.cell == "lstm" else "zeros"
        self.bias = self.add_weight(shape, initializer=start, name="bias")

    def call(self, inputs, states, training=None):
        past = [states[0], *states[self._own :]]  # h_{t-1}, h_{t-2}, ...
        seen = ops.concatenate(
            [past[0], *(past[skip - 1] for skip in self.recurrent_skips)], axis=-1
        )
        given, recalled = ops.matmul(inputs, self.kernel), ops.matmul(seen, self.recurrent_kernel)
        output, *memory = getattr(self, f"_{self.cell}")(given, recalled, states)
        return output, [output, *memory, *past[:-1]]

    def _simple_rnn(self, given, recalled, states):
        return (ops.tanh(given + recalled + self.bias),)

    def _lstm(self, given, recalled, states):
        take, keep, new, show = ops.split(given + recalled + self.bias, 4, axis=-1)
        memory = ops.sigmoid(keep) * states[1] + ops.sigmoid(take) * ops.tanh(new)
        return ops.sigmoid(show) * ops.tanh(memory), memory

    def _gru(self, given, recalled, states):
        of_given = ops.split(given + self.bias[0], 3, axis=-1)
        of_recalled = ops.split(recalled + self.bias[1], 3, axis=-1)
        keep, reset = (ops.sigmoid(of_given[i] + of_recalled[i]) for i in (0, 1))
        new = ops.tanh(of_given[2] + reset * of_recalled[2])
        return (keep * states[0] + (1 - keep) * new,)

    def _rotations(self, shape, dtype=None):
        turn = self.recurrent_initializer((self.units, self.units), dtype)
        powers = [turn]
        while len(powers) < max(self.recurrent_skips, default=1):
            powers.append(ops.matmul(powers[-1], turn))
        blocks = [
            powers[back - 1] / (1 + len(self.recurrent_skips))
            for back in (1, *self.recurrent_skips)
        ]
        return ops.concatenate(blocks)

    def _open_gates(self, shape, dtype=None):
        take, keep, rest = ((part * self.units,) for part in (1, 1, 2))
        parts = [ops.zeros(take, dtype), ops.ones(keep, dtype), ops.zeros(rest, dtype)]
        return ops.concatenate(parts)

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, width), self.compute_dtype) for width in self.state_size]

    def get_config(self):
        given = {"cell": self.cell, "units": self.units, "recurrent_skips": self.recurrent_skips}
        for name in ("kernel_regularizer", "recurrent_regularizer"):
            given[name] = regularizers.serialize(getattr(self, name))
        return {**super().get_config(), **given}


def checked_skips(skips: Any) -> tuple[int, ...]:
    """Steps back from 2 on, each once, in order.

    Example:
        >>> checked_skips([3, 2])
        (2, 3)
    """
    found = tuple(sorted(int(skip) for skip in skips))
    if len(set(found)) < len(found) or min(found, default=2) < 2:
        raise ValueError(
            "recurrent skips must be different numbers of steps back, each at least 2 (the last "
            f"step is always there); received {tuple(skips)}."
        )
    return found
