"""What stands between a forecaster's inputs and its head: a recurrent stack, or none to compare."""

from __future__ import annotations

from typing import Any

from keras import layers, regularizers

from keras_rnn_recipes.builders.stack import (
    RECURRENT_LAYERS,
    as_widths,
    finish_block,
    recurrent_stack,
)
from keras_rnn_recipes.layers import AlignEnd, AlignStart

RECURRENT = tuple(RECURRENT_LAYERS)
NON_RECURRENT = ("dense", "conv", "linear")
_KERNEL_SIZE = 3


def encode(inputs: Any, observed: Any, *, cell: str, suffix: str = "", **options: Any) -> Any:
    """Channels at every time step, from the network that ``cell`` names.

    Args:
        inputs: ``(batch, time, channels)``.
        observed: ``(batch, time, features)``, which values were observed.
        cell: a recurrent cell; or, to compare with, ``"dense"`` (layers that see one time step's
            lags), ``"conv"`` (causal convolutions, the dilation doubling with the depth) or
            ``"linear"`` (nothing: the head is a linear regression on the lags).
        suffix, options: as in `recurrent_stack`.

    Returns:
        ``(batch, time, channels)``; each step depends on no later one unless bidirectional.

    Raises:
        ValueError: for an unknown cell, or an option that the cell does not have.
    """
    for name in ("bidirectional", "recurrent_skips"):
        if cell in NON_RECURRENT and options.get(name):
            raise ValueError(f"{name} is for recurrent cells; received cell={cell!r}.")
    if cell == "linear":
        return inputs
    if cell == "dense":
        return feedforward_stack(inputs, kernel_size=1, suffix=suffix, **options)
    if cell not in (*RECURRENT, "conv"):
        raise ValueError(f"cell must be one of {(*RECURRENT, *NON_RECURRENT)}; received {cell!r}.")
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
    """Layers without memory: dense (``kernel_size=1``) or causal convolutions, ReLU.

    Args:
        inputs: ``(batch, time, channels)``.
        kernel_size: time steps that a layer sees; its dilation is ``2 ** (depth - 1)``.
        units, residual, layer_norm, dropout, l2, suffix: as in `recurrent_stack`.

    Returns:
        ``(batch, time, units[-1])``.
    """
    del (
        bidirectional,
        recurrent_skips,
    )  # `encode` has refused it; the signature is that of `recurrent_stack`.
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
