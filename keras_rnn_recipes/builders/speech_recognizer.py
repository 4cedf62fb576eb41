"""Networks that turn waveforms or features into symbols by CTC."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from keras_rnn_recipes.builders.sequence_front import (
    check_scaling,
    convolved_steps,
    scaled_steps,
    varied_steps,
)
from keras_rnn_recipes.builders.stack import recurrent_stack
from keras_rnn_recipes.layers import AttendBands, BlankPadding, StandardizeSequence


def speech_recognizer(
    num_channels: int,
    num_symbols: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = (128, 128),
    bidirectional: bool = True,
    convolutions: Sequence[int] = (64,),
    kernel_size: int = 5,
    stride: int = 2,
    front_end: layers.Layer | None = None,
    attend_bands: bool = False,
    scaling: str = "training",
    statistics: tuple[Sequence[float], Sequence[float]] | None = None,
    differences: bool = False,
    noise: float = 0.0,
    speed: float = 0.0,
    mask_steps: float = 0.0,
    mask_channels: float = 0.0,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
) -> keras.Model:
    """A recurrent network from sequences of vectors to the logits of symbols and a blank.

    Args:
        num_channels: numbers at each step; 1 for waveforms.
        num_symbols: of the transcripts, without the blank; at least 1.
        cell, units, bidirectional, residual, layer_norm, l2, recurrent_skips: as in
            `recurrent_stack`.
        convolutions, kernel_size, stride: as in `sequence_classifier`. Without convolutions
            ``stride`` must be 1.
        attend_bands: read one mean of the bands, weighted by where each recording has its tone,
            see `AttendBands`; for a tone of unknown pitch.
        front_end, scaling, statistics, differences: as in `sequence_classifier`.
        noise, mask_steps, mask_channels, dropout: as in `sequence_classifier`.
        speed: largest random change of the speed while training, such as 0.1. The batch becomes
            longer, so that no utterance is cut.

    Returns:
        An uncompiled model: ``values`` float32 ``(batch, time, num_channels)``, NaN as padding on
        the right -> logits ``(batch, steps, num_symbols + 1)``. Symbol 0 is the blank, which is
        certain at padded steps. The loss is `ctc_loss`.

    Raises:
        ValueError: no symbols, an unknown cell or scaling, no statistics for the scaling
            ``"training"``, or a stride without convolutions.

    Source: Graves et al. 2013, Speech recognition with deep recurrent neural networks.

    Example:
        >>> speech_recognizer(13, 28, units=(8,), scaling="channel").output_shape
        (None, None, 29)
    """
    if num_symbols < 1:
        raise ValueError(f"num_symbols must be at least 1; received {num_symbols}.")
    if stride > 1 and not convolutions:
        raise ValueError("A stride needs convolutions; received none.")
    check_scaling(scaling, statistics)
    inputs = keras.Input((None, num_channels), name="values")
    values, mask = scaled_steps(inputs, front_end, scaling, statistics)
    if attend_bands:
        values = AttendBands(name="bands")(values, mask)
        values = StandardizeSequence("channel", name="loudness")(values, mask)
    values, mask = varied_steps(
        values,
        mask,
        speed=speed,
        keep_ends=True,
        mask_steps=mask_steps,
        mask_channels=mask_channels,
        differences=differences,
        noise=noise,
    )
    values, mask = convolved_steps(values, mask, convolutions, kernel_size, stride, dropout)
    encoded = recurrent_stack(
        values,
        cell=cell,
        units=units,
        mask=mask,
        bidirectional=bidirectional,
        residual=residual,
        layer_norm=layer_norm,
        dropout=dropout,
        l2=l2,
        recurrent_skips=recurrent_skips,
    )
    logits = layers.Dense(num_symbols + 1, dtype="float32", name="symbols")(encoded)
    return keras.Model(
        inputs, BlankPadding(name="logits")(logits, mask), name=f"{cell}_speech_recognizer"
    )
