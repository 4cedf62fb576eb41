"""The recurrent stack of every builder: cell, depth, direction, residuals, layer norm, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers, ops, regularizers

from keras_rnn_recipes.layers import SkipCell
from keras_rnn_recipes.layers.cells import CELLS, cell_named


def recurrent_stack(
    inputs: Any,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 32,
    mask: Any = None,
    bidirectional: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    variational: bool = False,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
    initial_states: Sequence[Sequence[Any]] | None = None,
    return_states: bool = False,
    suffix: str = "",
) -> Any:
    """Stacked recurrent layers that return their output at every time step.

    Args:
        inputs: symbolic tensor ``(batch, time, channels)``.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or a name from `register_cell`.
        units: width of the layer, or one width per layer; their number is the depth.
        mask: ``(batch, time)`` bool, true for real steps; padding must be on the right. Only a
            bidirectional stack or ``return_states`` needs it: the output of a forward stack at a
            real step does not depend on the padding after it.
        bidirectional: read each sequence in both directions and concatenate the outputs. The output
            at a step then depends on later steps.
        residual: add each layer's input to its output (He et al. 2016), through a linear
            projection if the widths differ.
        layer_norm: normalize each layer's output (Ba et al. 2016).
        dropout: rate of a separate ``Dropout`` layer after each recurrent layer. (The ``dropout``
            argument of Keras' recurrent layers draws one mask for all time steps, which lowers the
            accuracy.)
        variational: drop the same channels at all time steps of a sequence (Gal and Ghahramani
            2016) instead of independent ones at each step.
        l2: L2 penalty on input and recurrent kernels.
        recurrent_skips: numbers of steps back, such as ``(2, 3)``, whose outputs each layer reads
            in addition to the last one (see `SkipCell`).
        initial_states: for each layer its initial states, ``(batch, width)`` each (an LSTM has two,
            its output and its cell state; skips add earlier outputs); None: zeros. Only for a
            forward stack.
        return_states: return the states at the last real step too.
        suffix: at the end of every layer's name, to distinguish several stacks in one model.

    Returns:
        ``(batch, time, units[-1])``, twice as wide if bidirectional. With ``return_states`` a pair
        of it and a list with the list of states of each layer; if bidirectional, the states of both
        directions are concatenated.

    Raises:
        ValueError: an unknown cell, a width below 1, invalid skips, or initial states for a
            bidirectional stack.

    Example:
        >>> import keras
        >>> inputs = keras.Input((None, 3))
        >>> recurrent_stack(inputs, cell="gru", units=(16, 8)).shape
        (None, None, 8)
    """
    cell_named(cell)
    if bidirectional and initial_states is not None:
        raise ValueError("initial_states need a forward stack; received bidirectional=True.")
    x, states = inputs, []
    for depth, width in enumerate(as_widths(units), start=1):
        name = f"{cell}_{depth}{suffix}"
        layer = _recurrent(cell, width, recurrent_skips, l2, return_states, name)
        if bidirectional:
            layer = layers.Bidirectional(layer, name=f"bidirectional_{depth}{suffix}")
        # A mask slows the loop down, so the layer gets it only if the result depends on it.
        options = {"mask": mask} if bidirectional or return_states else {}
        if initial_states is not None:
            options["initial_state"] = list(initial_states[depth - 1])
        output = layer(x, **options)
        if return_states:
            output, *last = output
            states.append(_joined(last) if bidirectional else last)
        x = finish_block(x, output, f"{depth}{suffix}", residual, layer_norm, dropout, variational)
    return (x, states) if return_states else x


def _recurrent(
    cell: str, width: int, skips: Sequence[int], l2: float, return_states: bool, name: str
) -> layers.RNN:
    """One recurrent layer: Keras' own, which has the fastest kernels, unless there are skips."""
    penalty = regularizers.L2(l2) if l2 else None
    penalties = {"kernel_regularizer": penalty, "recurrent_regularizer": penalty}
    options = {"return_sequences": True, "return_state": return_states, "name": name}
    if skips:
        return layers.RNN(SkipCell(cell, width, skips, **penalties), **options)
    return CELLS[cell].build(width, penalties, **options)


def _joined(states: Sequence[Any]) -> list[Any]:
    """Concatenate forward and backward states: ``f1, f2, b1, b2`` to ``f1 b1, f2 b2``."""
    half = len(states) // 2
    pairs = zip(states[:half], states[half:], strict=True)
    return [ops.concatenate(pair, axis=-1) for pair in pairs]


def finish_block(
    inputs: Any,
    output: Any,
    label: str,
    residual: bool,
    layer_norm: bool,
    dropout: float,
    variational: bool = False,
) -> Any:
    """Dropout, residual connection and layer normalization after one layer of a stack.

    Args:
        inputs, output: of the layer, ``(batch, time, channels)`` each.
        label: of the layer in its stack, for the names.
        residual, layer_norm, dropout, variational: as in `recurrent_stack`.

    Returns:
        A tensor in the shape of ``output``.
    """
    if dropout:
        output = drop(output, dropout, f"dropout_{label}", variational)
    if residual:
        if inputs.shape[-1] != output.shape[-1]:
            projection = layers.Dense(output.shape[-1], use_bias=False, name=f"projection_{label}")
            inputs = projection(inputs)
        output = layers.Add(name=f"residual_{label}")([inputs, output])
    if layer_norm:
        output = layers.LayerNormalization(name=f"layer_norm_{label}")(output)
    return output


def drop(values: Any, rate: float, name: str, variational: bool = False) -> Any:
    """Dropout on ``(batch, time, channels)``; variational: the same channels at all steps."""
    kind = layers.SpatialDropout1D if variational else layers.Dropout
    return kind(rate, name=name)(values) if rate else values


def as_widths(units: int | Sequence[int]) -> tuple[int, ...]:
    """Convert one width or several to a tuple with one width per layer.

    Raises:
        ValueError: there is no width, or one below 1.

    Example:
        >>> as_widths(32), as_widths([64, 32])
        ((32,), (64, 32))
    """
    widths = tuple(units) if isinstance(units, Sequence) else (int(units),)
    if not widths or min(widths) < 1:
        raise ValueError(f"units must be one or more widths of at least 1; received {units!r}.")
    return widths
