"""A recurrent cell that reads its outputs of several steps back in addition to the last one."""

from __future__ import annotations

from typing import Any

from keras import initializers, layers, ops, regularizers

from keras_rnn_recipes.layers._registry import registered
from keras_rnn_recipes.layers.cells import CELLS


@registered
class SkipCell(layers.Layer):
    """A recurrent cell with connections from further back, for ``keras.layers.RNN``.

    The cell of Keras computes ``h_{t-1} U``. This one computes ``h_{t-1} U + sum_k h_{t-k} U_k``
    in its place, for each k in ``recurrent_skips``. A SimpleRNN with skips (2, 3) is::

        h_t = tanh(x_t W + h_{t-1} U + h_{t-2} U_2 + h_{t-3} U_3 + b)

    In an LSTM the earlier outputs reach all four gates. In a GRU they reach all three, and the
    reset gate multiplies the sum. The cell state of an LSTM, and the share of its state that a GRU
    keeps, still come from the last step only. With skips (2, 3) a gradient passes a third as many
    factors on the shortest path to the same lag, so it decays more slowly, but it still decays.

    Args:
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or the name of a registered cell with
            `SkipEquations`.
        units: width.
        recurrent_skips: numbers of steps back, each at least 2. With no skips the cell computes the
            same numbers as Keras' own.
        kernel_regularizer, recurrent_regularizer: as in Keras' cells.

    The recurrent kernels are stacked in one matrix ``((1 + skips) * units, blocks * units)``. For a
    SimpleRNN it starts with an orthogonal matrix Q, as in Keras, and its powers: ``U_k = Q^k / (1 +
    skips)``. Every path through the skips then rotates a state by the same angle, and its norm
    neither grows nor decays. For gated cells it starts as one orthogonal matrix. The bias of
    forget gates starts at 1, as in Keras.

    Call arguments:
        inputs: ``(batch, channels)``.
        states: the states of Keras' cell, then the outputs of two, three, ... steps back, as far as
            the longest skip needs, ``(batch, units)`` each; zeros at the start.

    Returns:
        The output ``(batch, units)`` and the new states.

    Raises:
        ValueError: an unknown cell, a width below 1, or skips that are not different whole numbers
            of at least 2.

    Source: connections from further back: El Hihi and Bengio 1995; Lin et al. 1996 (NARX networks);
        Zhang et al. 2016 (recurrent skip coefficients); their effect on gradients: DiPietro et al.
        2017 (MIST).

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
        self._equations = _equations_of(cell)
        if units < 1:
            raise ValueError(f"units must be at least 1; received {units}.")
        self.cell, self.units = cell, int(units)
        self.recurrent_skips = checked_skips(recurrent_skips)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.recurrent_initializer = initializers.Orthogonal()
        further = max(self.recurrent_skips, default=1) - 1
        num_states = self._equations.num_states + further
        self.state_size, self.output_size = [self.units] * num_states, self.units

    def build(self, input_shape):
        width = self._equations.blocks * self.units
        rows = (1 + len(self.recurrent_skips)) * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], width), regularizer=self.kernel_regularizer, name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            (rows, width),
            initializer=self._powers if self._equations.powers else self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            name="recurrent_kernel",
        )
        num_biases = self._equations.num_biases
        shape = (width,) if num_biases == 1 else (num_biases, width)
        self.bias = self.add_weight(shape, initializer=self._first_bias, name="bias")

    def call(self, inputs, states, training=None):
        past = [states[0], *states[self._equations.num_states :]]  # h_{t-1}, h_{t-2}, ...
        seen = ops.concatenate(
            [past[0], *(past[skip - 1] for skip in self.recurrent_skips)], axis=-1
        )
        given, recalled = ops.matmul(inputs, self.kernel), ops.matmul(seen, self.recurrent_kernel)
        output, *further = self._equations.step(given, recalled, self.bias, states)
        return output, [output, *further, *past[:-1]]

    def _powers(self, shape, dtype=None):
        """``Q^k / (1 + skips)`` for k = 1 and every skip, below each other."""
        orthogonal = self.recurrent_initializer((self.units, self.units), dtype)
        powers = [orthogonal]
        while len(powers) < max(self.recurrent_skips, default=1):
            powers.append(ops.matmul(powers[-1], orthogonal))
        count = 1 + len(self.recurrent_skips)
        return ops.concatenate([powers[back - 1] / count for back in (1, *self.recurrent_skips)])

    def _first_bias(self, shape, dtype=None):
        if self._equations.forget_block is None:
            return ops.zeros(shape, dtype)
        blocks = [ops.zeros((self.units,), dtype)] * self._equations.blocks
        blocks[self._equations.forget_block] = ops.ones((self.units,), dtype)
        return ops.broadcast_to(ops.concatenate(blocks), shape)

    def get_initial_state(self, batch_size=None):
        return [ops.zeros((batch_size, width), self.compute_dtype) for width in self.state_size]

    def get_config(self):
        given = {"cell": self.cell, "units": self.units, "recurrent_skips": self.recurrent_skips}
        for name in ("kernel_regularizer", "recurrent_regularizer"):
            given[name] = regularizers.serialize(getattr(self, name))
        return {**super().get_config(), **given}


def _equations_of(cell: str) -> Any:
    known = {name: one.skips for name, one in CELLS.items() if one.skips is not None}
    if cell not in known:
        raise ValueError(f"cell must be one of {tuple(known)}; received {cell!r}.")
    return known[cell]


def checked_skips(skips: Any) -> tuple[int, ...]:
    """Sort numbers of steps back, and refuse any that is below 2 or given twice.

    Raises:
        ValueError: a number below 2, or a number given twice.

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
