"""What stands before the recurrent layers of networks that read sequences of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from keras_rnn_recipes.builders.stack import as_widths
from keras_rnn_recipes.layers import (
    ConvolveSteps,
    EncodeFrames,
    LogMel,
    MaskSpans,
    RandomSpeed,
    RandomStretch,
    RandomTurn,
    RealSteps,
    StandardizeSequence,
    StepDifferences,
)

SCALINGS = ("none", "training", "channel", "sequence")


def check_scaling(scaling: str, statistics: Any) -> None:
    """Refuse an unknown scaling, and ``"training"`` without statistics.

    Raises:
        ValueError: one of them.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling must be one of {SCALINGS}; received {scaling!r}.")
    if scaling == "training" and statistics is None:
        raise ValueError("The scaling 'training' needs statistics; received None.")


def scaled_steps(
    inputs: Any,
    front_end: layers.Layer | None,
    scaling: str,
    statistics: Any,
    differences: bool = False,
) -> tuple[Any, Any]:
    """The scaled values ``(batch, time, channels)`` and the mask of real steps.

    Args:
        inputs: raw values ``(batch, time, channels)``, NaN as padding.
        front_end, scaling, statistics: as in `sequence_classifier`.
        differences: read the differences of frames, before `EncodeFrames`.
    """
    values, mask = RealSteps(name="real_steps")(inputs)
    if isinstance(front_end, LogMel):
        values, mask = front_end(values, mask)
    elif isinstance(front_end, EncodeFrames):
        frames = _scaled(values, mask, scaling, statistics)
        if differences:  # where pixels change shows the direction of a motion
            frames = StepDifferences(name="differences")(frames, mask)
        return front_end(frames, mask), mask
    elif front_end is not None:
        values = front_end(values, mask)
    return _scaled(values, mask, scaling, statistics), mask


def _scaled(values: Any, mask: Any, scaling: str, statistics: Any) -> Any:
    """The scaled input; padding stays padding, which no layer after it reads."""
    if scaling == "none":
        return values
    if scaling in ("channel", "sequence"):
        return StandardizeSequence(scaling, name="scaling")(values, mask)
    mean, deviation = statistics
    variance = [float(one) ** 2 for one in deviation]
    means = [float(one) for one in mean]
    return layers.Normalization(axis=-1, mean=means, variance=variance, name="scaling")(values)


def varied_steps(
    values: Any,
    mask: Any,
    *,
    turn: float = 0.0,
    stretch: float = 0.0,
    coordinates: int = 3,
    speed: float = 0.0,
    keep_ends: bool = False,
    mask_steps: float = 0.0,
    mask_channels: float = 0.0,
    differences: bool = False,
    noise: float = 0.0,
) -> tuple[Any, Any]:
    """Random changes while training, and the difference from the step before.

    Args:
        values, mask: from `scaled_steps`.
        coordinates: numbers for each joint, for ``turn`` and ``stretch``.
        keep_ends: lengthen the batch where a slower sequence would be cut.
        turn, stretch, speed, mask_steps, mask_channels, differences, noise: as in
            `sequence_classifier`.
    """
    if turn:
        values = RandomTurn(turn, coordinates, name="turn")(values)
    if stretch:
        values = RandomStretch(stretch, coordinates, name="stretch")(values)
    if speed:
        values, mask = RandomSpeed(speed, keep_ends=keep_ends, name="speed")(values, mask)
    if mask_steps or mask_channels:
        values = MaskSpans(mask_steps, mask_channels, 2, name="mask_spans")(values, mask)
    if differences:
        values = StepDifferences(name="differences")(values, mask)
    if noise:
        values = layers.GaussianNoise(noise, name="noise")(values)
    return values, mask


def convolved_steps(
    values: Any,
    mask: Any,
    convolutions: Sequence[int],
    kernel_size: int,
    stride: int,
    dropout: float,
    suffix: str = "",
) -> tuple[Any, Any]:
    """Convolutions with layer normalization and ReLU; the last keeps every ``stride``-th step.

    Args:
        values, mask: from `varied_steps`.
        convolutions, kernel_size, stride, dropout: as in `sequence_classifier`.
        suffix: at the end of the names of the layers.
    """
    if not convolutions:
        return values, mask
    widths = as_widths(tuple(convolutions))
    for depth, filters in enumerate(widths, start=1):
        kept = stride if depth == len(widths) else 1
        name = f"convolution_{depth}{suffix}"
        values, mask = ConvolveSteps(filters, kernel_size, kept, name=name)(values, mask)
        values = layers.LayerNormalization(name=f"convolution_norm_{depth}{suffix}")(values)
        values = layers.ReLU(name=f"convolution_relu_{depth}{suffix}")(values)
        if dropout:
            values = layers.Dropout(dropout, name=f"convolution_dropout_{depth}{suffix}")(values)
    return values, mask
