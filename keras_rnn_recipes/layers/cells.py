"""The recurrent cells that builders know by name: one registration for each.

A cell of Keras or of your own becomes known to every builder by one call of `register_cell`.
Nothing else in the builders, layers, diagnostics or training depends on the name of a cell.
`CONTRIBUTING.md` says what a recipe and the reports need in addition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras import layers, ops

# From what the inputs and the earlier outputs add to each gate, ``(batch, blocks * units)``, the
# bias and the states to the output and the further states, ``(batch, units)`` each.
StepFunction = Callable[[Any, Any, Any, Sequence[Any]], tuple[Any, ...]]


@dataclass(frozen=True)
class SkipEquations:
    """How `SkipCell` computes one time step of a cell.

    Attributes:
        step: from the kernel's product with the inputs, the recurrent kernel's product with the
            earlier outputs, the bias and the states, to the output and the states after the first.
        blocks: number of blocks of ``units`` columns in the kernels: gates and candidates.
        num_states: number of states of the cell without skips; the first is its output.
        num_biases: rows of the bias: 2 if the recurrent product has a bias of its own.
        forget_block: the block of the forget gate, whose bias starts at 1; None: all biases are 0.
        powers: start the recurrent kernels as powers of one orthogonal matrix; otherwise they start
            as one orthogonal matrix.
    """

    step: StepFunction
    blocks: int
    num_states: int = 1
    num_biases: int = 1
    forget_block: int | None = None
    powers: bool = False


@dataclass(frozen=True)
class RecurrentCell:
    """A recurrent cell that builders know by its name.

    Attributes:
        cell: a Keras cell class, called as ``cell(units, kernel_regularizer=...,
            recurrent_regularizer=...)``. Its objects have ``units``, ``state_size`` and
            ``recurrent_initializer``, and their first state is their output.
        layer: the Keras layer that runs this cell, called with the same arguments and those of
            ``keras.layers.RNN``; None: ``keras.layers.RNN`` around the cell.
        units: width of the preset of that name.
        gated: whether gates carry the state over many time steps. Advice on vanishing gradients
            depends on it.
        skips: how `SkipCell` computes the cell; None: the cell has no recurrent skips.
    """

    cell: type
    layer: type[layers.RNN] | None = None
    units: int = 48
    gated: bool = True
    skips: SkipEquations | None = None

    def build(self, units: int, penalties: dict[str, Any], **options: Any) -> layers.RNN:
        """A new layer of this cell.

        Args:
            units: width.
            penalties: ``kernel_regularizer`` and ``recurrent_regularizer``.
            options: further arguments of ``keras.layers.RNN``.
        """
        if self.layer is None:
            return layers.RNN(self.cell(units, **penalties), **options)
        return self.layer(units, **penalties, **options)


def _simple_rnn_step(given, recalled, bias, states):
    return (ops.tanh(given + recalled + bias),)


def _lstm_step(given, recalled, bias, states):
    take, keep, new, show = ops.split(given + recalled + bias, 4, axis=-1)
    memory = ops.sigmoid(keep) * states[1] + ops.sigmoid(take) * ops.tanh(new)
    return ops.sigmoid(show) * ops.tanh(memory), memory


def _gru_step(given, recalled, bias, states):
    of_given = ops.split(given + bias[0], 3, axis=-1)
    of_recalled = ops.split(recalled + bias[1], 3, axis=-1)
    keep, reset = (ops.sigmoid(of_given[i] + of_recalled[i]) for i in (0, 1))
    new = ops.tanh(of_given[2] + reset * of_recalled[2])
    return (keep * states[0] + (1 - keep) * new,)


CELLS: dict[str, RecurrentCell] = {
    "simple_rnn": RecurrentCell(
        layers.SimpleRNNCell,
        layers.SimpleRNN,
        units=32,
        gated=False,
        skips=SkipEquations(_simple_rnn_step, blocks=1, powers=True),
    ),
    "lstm": RecurrentCell(
        layers.LSTMCell,
        layers.LSTM,
        skips=SkipEquations(_lstm_step, blocks=4, num_states=2, forget_block=1),
    ),
    "gru": RecurrentCell(
        layers.GRUCell,
        layers.GRU,
        skips=SkipEquations(_gru_step, blocks=3, num_biases=2),
    ),
}


def register_cell(name: str, cell: RecurrentCell) -> None:
    """Make a recurrent cell known to every builder by its name.

    Args:
        name: as ``cell=...`` of the builders, and as the name of a preset.
        cell: what the builders have to know. Decorate its Keras cell with
            ``keras.saving.register_keras_serializable`` so that saved models load.

    Raises:
        ValueError: the name is taken.

    Example:
        >>> register_cell("gru_48", RecurrentCell(layers.GRUCell, layers.GRU))
        >>> cell_named("gru_48").build(4, {}, name="a").name
        'a'
        >>> del CELLS["gru_48"]
    """
    if name in CELLS:
        raise ValueError(f"a cell named {name!r} is registered already; choose another name.")
    CELLS[name] = cell


def cell_named(name: str, others: Sequence[str] = ()) -> RecurrentCell:
    """The registered cell of that name.

    Args:
        name: a key of `CELLS`.
        others: further names to list in the error message.

    Raises:
        ValueError: no cell has this name.

    Example:
        >>> cell_named("gru").gated
        True
    """
    if name not in CELLS:
        raise ValueError(f"cell must be one of {(*CELLS, *others)}; received {name!r}.")
    return CELLS[name]


def is_gated(cell: Any) -> bool:
    """Whether a Keras cell, or a `SkipCell`, is registered as gated.

    Example:
        >>> is_gated(layers.LSTMCell(2)), is_gated(layers.SimpleRNNCell(2))
        (True, False)
    """
    name = getattr(cell, "cell", None)  # of a `SkipCell`, the name of its cell
    if isinstance(name, str):
        return name in CELLS and CELLS[name].gated
    return any(known.gated and isinstance(cell, known.cell) for known in CELLS.values())
