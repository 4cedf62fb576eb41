"""A cell whose output is moved a little at every step, to learn what the error thinks of it."""

from __future__ import annotations

from typing import Any, final

from keras import layers, ops


@final
class PerturbedCell(layers.Layer):
    """A recurrent cell that adds a part of its input to what it gives out, and carries on so.

    The slope of an error by what is added at a step, while nothing is added, is its slope by the
    state at that step, through all that comes of it later and above.

    Args:
        cell: a cell of Keras'; its weights are shared.

    Call arguments:
        inputs: ``(batch, channels + units)``: the cell's own inputs, then what is added.
        states: those of the cell.

    Returns:
        The output ``(batch, units)``, and the states, the first of them moved alike.
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.state_size, self.output_size = cell.state_size, cell.units

    def build(self, input_shape: Any) -> None:
        """The cell has been built."""
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step."""
        units = self.cell.units
        output, states = self.cell(inputs[:, :-units], states, training=training)
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        moved = ops.add(output, inputs[:, -units:])
        return moved, [moved, *states[1:]]

    def get_initial_state(self, batch_size: Any = None) -> Any:
        """Zeros."""
        return self.cell.get_initial_state(batch_size)
