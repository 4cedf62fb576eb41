"""The network between a forecaster's inputs and its head: recurrent, or a comparison network."""

from __future__ import annotations

from typing import Any

from keras import layers, regularizers

from keras_rnn_recipes.builders.stack import as_widths, finish_block, recurrent_stack
from keras_rnn_recipes.layers import AlignEnd, AlignStart
from keras_rnn_recipes.layers.cells import cell_named

NON_RECURRENT = ("dense", "conv", "linear")
_KERNEL_SIZE = 3


def encode(inputs: Any, observed: Any, *, cell: str, suffix: str = "", **options: Any) -> Any:
    """Encode the inputs of a forecaster at every time step, by the network that ``cell`` names.

    Args:
        inputs: ``(batch, time, channels)``.
        observed: ``(batch, time, features)``, 1.0 where a value was observed.
        cell: a recurrent cell; or a comparison network: ``"dense"`` (dense layers on the lags of
            one time step), ``"conv"`` (causal convolutions whose dilation doubles with the depth)
            or ``"linear"`` (no layer, so that the head is a linear regression on the lags).
        suffix, options: as in `recurrent_stack`.

    Returns:
        ``(batch, time, channels)``; unless bidirectional, no step depends on later ones.

    Raises:
        ValueError: an unknown cell, or an option that the cell does not have.

    Example:
        >>> import keras
        >>> encode(keras.Input((None, 4)), keras.Input((None, 1)), cell="gru", units=8).shape
        (None, None, 8)
    """
    for name in ("bidirectional", "recurrent_skips"):
        if cell in NON_RECURRENT and options.get(name):
            raise ValueError(f"{name} is for recurrent cells; received cell={cell!r}.")
    if cell == "linear":
        return inputs
    if cell == "dense":
        return feedforward_stack(inputs, kernel_size=1, suffix=suffix, **options)
    if cell != "conv":
        cell_named(cell, others=NON_RECURRENT)
    aligned, lead, mask = AlignStart(name=f"align_start{suffix}")(inputs, observed)
    if cell == "conv":
        encoded = feedforward_stack(aligned, kernel_size=_KERNEL_SIZE, suffix=suffix, **options)
    else:
        encoded = recurrent_stack(aligned, cell=cell, mask=mask, suffix=suffix, **options)
    return AlignEnd(name=f"align_end{suffix}")(encoded, lead)


def feedforward_stack(
    inputs: Any,
    *,
    kernel_size: int,
    units: Any = 32,
    bidirectional: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Any = (),
    suffix: str = "",
) -> Any:
    """Layers without recurrence, with ReLU: dense (``kernel_size=1``) or causal convolutions.

    Args:
        inputs: ``(batch, time, channels)``.
        kernel_size: number of time steps that a layer reads, with dilation ``2 ** (depth - 1)``.
        units, residual, layer_norm, dropout, l2, suffix: as in `recurrent_stack`.
        bidirectional, recurrent_skips: ignored; `encode` refuses them.

    Returns:
        ``(batch, time, units[-1])``.

    Example:
        >>> import keras
        >>> feedforward_stack(keras.Input((None, 4)), kernel_size=3, units=(8, 6)).shape
        (None, None, 6)
    """
    del bidirectional, recurrent_skips  # part of the signature that it shares with recurrent_stack
    x = inputs
    for depth, width in enumerate(as_widths(units), start=1):
        layer = layers.Conv1D(
            width,
            kernel_size,
            padding="causal",
            dilation_rate=2 ** (depth - 1) if kernel_size > 1 else 1,
            activation="relu",
            kernel_regularizer=regularizers.L2(l2) if l2 else None,
            name=f"{'conv' if kernel_size > 1 else 'dense'}_{depth}{suffix}",
        )
        x = finish_block(x, layer(x), f"{depth}{suffix}", residual, layer_norm, dropout)
    return x
