"""Classifiers of sequences: front end, scaling, convolutions, recurrent layers, pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.sequence_front import (
    check_scaling,
    convolved_steps,
    scaled_steps,
    varied_steps,
)
from keras_rnn_recipes.builders.stack import recurrent_stack
from keras_rnn_recipes.layers import AttentionPooling, EncodeFrames, MaskedPooling

POOLINGS = ("last", "max", "mean", "attention")


def sequence_classifier(
    num_channels: int | Sequence[int],
    num_classes: int,
    *,
    cell: str = "gru",
    units: int | Sequence[int] = 64,
    bidirectional: bool = False,
    pooling: str = "mean",
    every_step: bool = False,
    convolutions: Sequence[int] = (),
    kernel_size: int = 5,
    stride: int = 1,
    front_end: layers.Layer | None = None,
    scaling: str = "training",
    statistics: tuple[Sequence[float], Sequence[float]] | None = None,
    differences: bool = False,
    noise: float = 0.0,
    turn: float = 0.0,
    stretch: float = 0.0,
    speed: float = 0.0,
    mask_steps: float = 0.0,
    mask_channels: float = 0.0,
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
    members: int = 1,
) -> keras.Model:
    """A recurrent classifier of sequences of vectors, one logit per class.

    Args:
        num_channels: numbers at each step, 1 for waveforms; height, width and channels of frames.
        num_classes: at least 2.
        cell, units, bidirectional, residual, layer_norm, l2, recurrent_skips: as in
            `recurrent_stack`.
        pooling: from all steps to one vector: ``"last"``, ``"max"``, ``"mean"`` or ``"attention"``,
            as in `text_classifier`.
        every_step: answer at every step from the steps so far, in place of pooling. This needs a
            forward network without convolutions, and no front end but `EncodeFrames`.
        convolutions: filters of each convolution before the recurrent layers, each followed by
            layer normalization and ReLU.
        kernel_size: steps that each convolution reads.
        stride: steps from which the last convolution keeps one.
        front_end: a layer between the raw values and their scaling, such as `LogMel` for waveforms
            or `CenterSkeleton` for the joints of a person; `EncodeFrames` for frames comes after
            the scaling, which is that of the colors.
        scaling: of the input, or of what the front end makes of it. ``"training"``: by means and
            deviations of the training part, given as ``statistics``; ``"channel"``: each channel by
            its own mean and deviation over the sequence; ``"sequence"``: by the means of the
            channels and one deviation of the sequence, which keeps the proportions of coordinates;
            ``"none"``.
        statistics: mean and standard deviation of each channel, or color of frames.
        differences: read the difference from the step before as well; of frames, at each pixel.
        noise: standard deviation of normal noise on the scaled input while training.
        turn: largest random turn of a skeleton about the vertical axis while training, in degrees.
        stretch: largest random change of a skeleton's height, width and depth while training, such
            as 0.2 for factors from 0.8 to 1.2, each drawn by itself.
        speed: largest random change of the speed while training, such as 0.2.
        mask_steps, mask_channels: longest spans of steps and of channels that are set to zero while
            training, as shares (see `MaskSpans`).
        dropout: rate after each convolution and each recurrent layer.
        members: networks trained together, see `ensemble`.

    Returns:
        An uncompiled model: ``values`` float32 ``(batch, time, num_channels)`` or ``(batch, time,
        height, width, channels)``, NaN where a value is missing and as padding on the right ->
        logits ``(batch, num_classes)``, or ``(batch, time, num_classes)`` at every step.

    Raises:
        ValueError: an unknown cell, pooling or scaling, or a scaling that frames do not have, no
            statistics for the scaling ``"training"``, fewer than two classes, or a network that
            cannot answer at every step.

    Example:
        >>> sequence_classifier(3, 6, units=(32, 16), scaling="sequence").output_shape
        (None, 6)
    """
    _check(num_classes, pooling, scaling, statistics)
    if isinstance(front_end, EncodeFrames) and scaling in ("channel", "sequence"):
        raise ValueError(f"Frames are scaled by 'training' or 'none'; received {scaling!r}.")
    causal = front_end is None or isinstance(front_end, EncodeFrames)
    if every_step and (bidirectional or convolutions or not causal):
        raise ValueError(
            "every_step needs a forward network without convolutions, and no front end but "
            "EncodeFrames."
        )
    shape = (num_channels,) if isinstance(num_channels, int) else tuple(num_channels)
    inputs = keras.Input((None, *shape), name="values")
    values, mask = scaled_steps(inputs, front_end, scaling, statistics, differences)
    values, mask = varied_steps(
        values,
        mask,
        turn=turn,
        stretch=stretch,
        coordinates=getattr(front_end, "coordinates", 3),
        speed=speed,
        mask_steps=mask_steps,
        mask_channels=mask_channels,
        differences=differences and not isinstance(front_end, EncodeFrames),
        noise=noise,
    )

    def network(values: Any, mask: Any, suffix: str) -> Any:
        values, mask = convolved_steps(
            values, mask, convolutions, kernel_size, stride, dropout, suffix
        )
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
            suffix=suffix,
        )
        pooled = encoded
        if not every_step:
            pooled = pooled_steps(encoded, mask, pooling, bidirectional, suffix)
        return layers.Dense(num_classes, dtype="float32", name=f"logits{suffix}")(pooled)

    logits = ensemble(network, [values, mask], members=members, name="logits")
    return keras.Model(inputs, logits, name=f"{cell}_sequence_classifier")


def pooled_steps(encoded: Any, mask: Any, pooling: str, bidirectional: bool, suffix: str) -> Any:
    """One vector for each sequence, from its real steps.

    Args:
        encoded: outputs of the recurrent layers ``(batch, time, width)``.
        mask: bool ``(batch, time)``, true for real steps.
        pooling, bidirectional: as in `sequence_classifier`.
        suffix: at the end of the layer's name.
    """
    if pooling == "attention":
        return AttentionPooling(encoded.shape[-1], name=f"pooling{suffix}")(encoded, mask)
    kind = "ends" if pooling == "last" and bidirectional else pooling
    return MaskedPooling(kind, name=f"pooling{suffix}")(encoded, mask)


def _check(num_classes: int, pooling: str, scaling: str, statistics: Any) -> None:
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}.")
    if pooling not in POOLINGS:
        raise ValueError(f"pooling must be one of {POOLINGS}; received {pooling!r}.")
    check_scaling(scaling, statistics)
