"""Image captioning: a convolutional encoder, and a recurrent decoder that writes a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.decoder import count_states, recurrent_decoder
from keras_rnn_recipes.builders.image_classifier import convolutions
from keras_rnn_recipes.builders.stack import as_widths
from keras_rnn_recipes.layers import PlacePositions

ENCODERS = ("conv", "none")


def captioner(
    shape: tuple[int, int, int],
    target_size: int,
    *,
    encoder: str | keras.Model = "conv",
    filters: int | Sequence[int] = (16, 32, 64),
    stride: int = 1,
    batch_norm: bool = True,
    positions: bool = True,
    attention: str | None = "additive",
    attention_heads: int = 1,
    cell: str = "lstm",
    units: int | Sequence[int] = 128,
    embedding_size: int = 64,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    layer_norm: bool = False,
) -> keras.Model:
    """An encoder of images and a recurrent decoder, for training by teacher forcing.

    With attention, each place of the encoder's last feature map is a vector of the memory that the
    decoder attends to at every word, and its initial states come from the mean of the memory.
    Without, they come from all places, and the decoder sees nothing else of the image.
    `encode_model` and `decode_step` compute the same step by step.

    Args:
        shape: height, width and channels of the images.
        target_size: number of ids in the vocabulary; 0 is padding.
        encoder: ``"conv"``: blocks of two convolutions with max pooling between them; ``"none"``:
            the image is not seen, so that the decoder is an unconditional language model; or a
            model from `application_encoder`.
        filters: channels of the blocks of convolutions. Each block after the first halves height
            and width.
        stride: of the first convolution: 2 halves height and width as well, which saves time.
        batch_norm: whether convolutions are followed by batch normalization.
        positions: whether each place knows its position, see `PlacePositions`.
        attention: ``"additive"``, ``"multiplicative"``, or None.
        attention_heads: places that the decoder may look at at once, such as both of two objects
            whose relation it names.
        cell, units, embedding_size, tied, dropout, embedding_dropout, layer_norm: of the decoder,
            as in `encoder_decoder`.

    Returns:
        An uncompiled model from a dict of ``image (batch, *shape)``, values from 0 to 255, and
        ``target (batch, time)``, int32, padded by 0 on the right, which begins with its start
        token. Its output is the logits ``(batch, time, target_size)`` of the next token.

    Raises:
        ValueError: an unknown encoder, cell or attention, or a size below 1.

    Source: without attention: Vinyals et al. 2015, Show and tell; with attention: Xu et al. 2015,
    Show, attend and tell (soft attention).

    Example:
        >>> model = captioner((16, 24, 3), 30, filters=(4, 8), units=8, embedding_size=6)
        >>> model.output_shape
        (None, None, 30)
    """
    if min(*shape, target_size, embedding_size) < 1:
        raise ValueError(
            "shape, target_size and embedding_size must be at least 1; "
            f"received {shape}, {target_size} and {embedding_size}."
        )
    widths = as_widths(units)
    images = keras.Input(shape, name="image")
    target = keras.Input((None,), dtype="int32", name="target")
    places = _encoded(images, encoder, filters, stride, batch_norm)
    if positions:
        places = PlacePositions(name="positions")(places)
    memory, seen = _memory(places, widths[-1], attended=attention is not None)
    logits = recurrent_decoder(
        target,
        _initial_states(seen, cell, widths),
        memory,
        mask=ops.ones_like(memory[:, :, 0], dtype="bool"),
        size=target_size,
        cell=cell,
        units=widths,
        embedding_size=embedding_size,
        attention=attention,
        attention_heads=attention_heads,
        tied=tied,
        dropout=dropout,
        embedding_dropout=embedding_dropout,
        layer_norm=layer_norm,
    )
    return keras.Model({"image": images, "target": target}, logits, name="captioner")


def place_shape(model: keras.Model) -> tuple[int, int]:
    """Height and width of the grid of places that the decoder of a `captioner` attends to.

    Example:
        >>> place_shape(captioner((16, 24, 3), 9, filters=(4, 8), units=4, embedding_size=3))
        (8, 12)
    """
    height, width = model.get_layer("places").input.shape[1:3]
    return int(height), int(width)


def application_encoder(
    name: str,
    shape: tuple[int, int, int],
    *,
    weights: str | Path | None = None,
    trainable: bool = False,
) -> keras.Model:
    """An encoder of `keras.applications` without its top, with weights from a file.

    Nothing is downloaded. The preprocessing that belongs to the weights is part of the model.

    Args:
        name: of the function in `keras.applications`, such as ``"MobileNetV2"``.
        shape: of the images; the weights that Keras publishes need three channels.
        weights: file with the weights without the top; None: they start at random.
        trainable: whether its weights change; otherwise batch normalization keeps its statistics.

    Returns:
        A model from images, values from 0 to 255, to feature maps.

    Raises:
        ValueError: an unknown name, images that are too small for it, or weights that do not fit.

    Example:
        >>> application_encoder("MobileNetV2", (32, 32, 3)).output_shape
        (None, 1, 1, 1280)
    """
    make = getattr(keras.applications, name, None)
    if make is None or not name[:1].isupper():
        raise ValueError(f"keras.applications has no network {name!r}.")
    network = make(include_top=False, weights=None, input_shape=shape)
    if weights is not None:
        network.load_weights(str(weights))
    network.trainable = trainable
    module = getattr(keras.applications, make.__module__.rsplit(".", 1)[-1])
    images = keras.Input(shape, name="pixels")
    features = network(
        module.preprocess_input(images), **({} if trainable else {"training": False})
    )
    return keras.Model(images, features, name=name.lower())


def _encoded(images: Any, encoder: Any, filters: Any, stride: int, batch_norm: bool) -> Any:
    """Feature maps ``(batch, height, width, channels)`` of the images."""
    if isinstance(encoder, keras.Model):
        return encoder(images)
    if encoder not in ENCODERS:
        raise ValueError(f"encoder must be one of {ENCODERS} or a model; received {encoder!r}.")
    if encoder == "none":
        return ops.zeros_like(images[:, :1, :1, :1])
    pixels = layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling")(images)
    return convolutions(pixels, filters, batch_norm, stride=stride, pool_last=False)


def _memory(places: Any, width: int, *, attended: bool) -> tuple[Any, Any]:
    """The memory ``(batch, places, width)``, and what the initial states know of the image."""
    height, breadth, channels = places.shape[1:]
    flat = layers.Reshape((height * breadth, channels), name="places")(places)
    memory = layers.Dense(width, activation="relu", name="memory")(flat)
    if attended:
        return memory, ops.mean(memory, axis=1)
    seen = layers.Flatten(name="all_places")(memory)
    return memory, layers.Dense(width, activation="relu", name="seen")(seen)


def _initial_states(seen: Any, cell: str, widths: Sequence[int]) -> list[list[Any]]:
    """For each layer of the decoder its initial states."""
    return [
        [
            layers.Dense(width, activation="tanh", name=f"start_{depth}_{number}")(seen)
            for number in range(1, count_states(cell) + 1)
        ]
        for depth, width in enumerate(widths, start=1)
    ]
