"""Image classifiers: a dense network, a small convolutional one, and one that reads rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.stack import as_widths, recurrent_stack
from keras_rnn_recipes.layers import ImageVariation, MaskedPooling
from keras_rnn_recipes.layers.cells import cell_named

NOT_RECURRENT = ("dense", "conv")
_KERNEL_SIZE = 3


def image_classifier(
    shape: tuple[int, int, int],
    num_classes: int,
    *,
    preset: str = "conv",
    units: int | Sequence[int] = 64,
    filters: int | Sequence[int] = (32, 64),
    bidirectional: bool = False,
    dropout: float = 0.0,
    batch_norm: bool = False,
    shift: float = 0.0,
    rotate: float = 0.0,
    zoom: float = 0.0,
    members: int = 1,
) -> keras.Model:
    """A classifier of images of one size: one logit per class.

    Args:
        shape: height, width and channels of the images.
        num_classes: at least 2.
        preset: ``"dense"``: dense layers on all pixels; ``"conv"``: blocks of two convolutions and
            max pooling, then dense layers; the name of a recurrent cell, such as ``"lstm"``: a
            recurrent network that reads the image row by row, from top to bottom.
        units: width of the dense layers, or of the recurrent ones; their number is the depth.
        filters: channels of the blocks of convolutions; ignored by other networks.
        bidirectional: whether a recurrent network reads the rows upward as well.
        dropout: rate after each dense or recurrent layer.
        batch_norm: whether dense layers and convolutions are followed by batch normalization.
        shift, rotate, zoom: while training, images are shifted by up to this share of their height
            and width, rotated by up to this share of a full turn, and enlarged or reduced by up to
            this share.
        members: number of networks trained together, each on its share of every batch; the output
            is the median of their logits, see `ensemble`.

    Returns:
        An uncompiled model: ``image`` ``(batch, *shape)``, values from 0 to 255 -> logits
        ``(batch, num_classes)``.

    Raises:
        ValueError: an unknown preset, an option that it does not have, or fewer than two classes.

    Source: rows as steps of a sequence: Le et al. 2015, A simple way to initialize recurrent
    networks of rectified linear units, which reads single pixels; convolutions: Simonyan and
    Zisserman 2015, Very deep convolutional networks for large-scale image recognition.

    Example:
        >>> image_classifier((8, 8, 1), 10, preset="gru", units=16).output_shape
        (None, 10)
    """
    if num_classes < 2:
        raise ValueError(f"num_classes must be at least 2; received {num_classes}.")
    if preset not in NOT_RECURRENT:
        cell_named(preset, others=NOT_RECURRENT)
    elif bidirectional:
        raise ValueError(f"bidirectional is for recurrent cells; received preset={preset!r}.")
    images = keras.Input(shape, name="image")
    scaled = layers.Rescaling(1 / 255, name="scaling")(images)
    varied = scaled
    if shift or rotate or zoom:
        varied = ImageVariation(shift, rotate, zoom, name="variation")(scaled)

    def network(pixels: Any, suffix: str) -> Any:
        if preset not in NOT_RECURRENT:
            rows = _encoded_rows(pixels, preset, units, bidirectional, dropout, suffix)
        else:
            if preset == "conv":
                pixels = convolutions(pixels, filters, batch_norm, suffix)
            flat = layers.Flatten(name=f"flatten{suffix}")(pixels)
            rows = _dense_stack(flat, units, dropout, batch_norm, suffix)
        return layers.Dense(num_classes, dtype="float32", name=f"logits{suffix}")(rows)

    logits = ensemble(network, [varied], members=members, name="logits")
    return keras.Model(images, logits, name=f"{preset}_image_classifier")


def _encoded_rows(
    pixels: Any, cell: str, units: Any, bidirectional: bool, dropout: float, suffix: str
) -> Any:
    """The last state of a recurrent network whose steps are the rows of the image."""
    height, width, channels = pixels.shape[1:]
    rows = layers.Reshape((height, width * channels), name=f"rows{suffix}")(pixels)
    options = {"cell": cell, "units": units, "dropout": dropout, "bidirectional": bidirectional}
    every = ops.ones_like(ops.max(rows, axis=-1), dtype="bool")
    encoded = recurrent_stack(rows, suffix=suffix, **options)
    kind = "ends" if bidirectional else "last"
    return MaskedPooling(kind, name=f"pooling{suffix}")(encoded, every)


def convolutions(
    pixels: Any,
    filters: Any,
    batch_norm: bool,
    suffix: str = "",
    *,
    stride: int = 1,
    pool_last: bool = True,
) -> Any:
    """Blocks of two convolutions and a max pooling, which stops when a side is one pixel long.

    Args:
        pixels: ``(batch, height, width, channels)``.
        filters: channels of the blocks.
        batch_norm: whether convolutions are followed by batch normalization.
        suffix: at the end of every layer's name.
        stride: of the first convolution.
        pool_last: whether the last block is followed by a max pooling as well.

    Returns:
        Feature maps ``(batch, height, width, channels)``.
    """
    widths = as_widths(filters)
    for block, width in enumerate(widths, start=1):
        for number in (1, 2):
            name = f"{block}_{number}{suffix}"
            layer = layers.Conv2D(
                width,
                _KERNEL_SIZE,
                strides=stride if (block, number) == (1, 1) else 1,
                padding="same",
                name=f"conv_{name}",
            )
            pixels = _activated(layer(pixels), batch_norm, name)
        if min(pixels.shape[1:3]) > 1 and (pool_last or block < len(widths)):
            pixels = layers.MaxPooling2D(name=f"pool_{block}{suffix}")(pixels)
    return pixels


def _dense_stack(values: Any, units: Any, dropout: float, batch_norm: bool, suffix: str) -> Any:
    for depth, width in enumerate(as_widths(units), start=1):
        name = f"{depth}{suffix}"
        layer = layers.Dense(width, name=f"dense_{name}")
        values = _activated(layer(values), batch_norm, f"dense_{name}")
        if dropout:
            values = layers.Dropout(dropout, name=f"dropout_{name}")(values)
    return values


def _activated(values: Any, batch_norm: bool, name: str) -> Any:
    """Batch normalization, where it is wanted, and ReLU."""
    if batch_norm:
        values = layers.BatchNormalization(name=f"norm_{name}")(values)
    return layers.Activation("relu", name=f"relu_{name}")(values)
