"""Text classifiers: a recurrent network, and a baseline that ignores the order of words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers

from keras_rnn_recipes.builders.embedding import reading_embedding
from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.stack import recurrent_stack
from keras_rnn_recipes.layers import AttentionPooling, MaskedPooling, PaddingMask

POOLINGS = ("last", "max", "mean", "attention")


def text_classifier(
    vocabulary_size: int,
    num_classes: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 64,
    embedding_size: int = 64,
    embeddings: np.ndarray | None = None,
    num_fixed: int = 0,
    train_embeddings: bool = True,
    embedding_dropout: float = 0.0,
    bidirectional: bool = False,
    pooling: str = "last",
    residual: bool = False,
    layer_norm: bool = False,
    dropout: float = 0.0,
    l2: float = 0.0,
    recurrent_skips: Sequence[int] = (),
    members: int = 1,
) -> keras.Model:
    """A recurrent text classifier: embedding, recurrent layers, pooling, one logit per class.

    Args:
        vocabulary_size: number of ids; 0 is padding, on the right.
        num_classes: number of outputs; a network that answers a number has one.
        cell, units, bidirectional, residual, layer_norm, l2, recurrent_skips: as in
            `recurrent_stack`.
        embedding_size: width of the embedding; ignored if ``embeddings`` are given.
        embeddings: pretrained vectors ``(vocabulary_size, width)``, see `load_vectors`.
        num_fixed: number of last ids whose vectors are never trained, since training does not
            contain the words.
        train_embeddings: whether the embedding is trained.
        embedding_dropout: dropout rate on single elements of the embedded tokens.
        pooling: from all steps to one vector. ``"last"``: the last real step (in a bidirectional
            stack the last step that each direction reads); ``"max"``; ``"mean"``; ``"attention"``:
            a weighted mean, see `AttentionPooling`.
        dropout: rate after each recurrent layer.
        members: number of networks trained together, each on its share of every batch; the output
            is the median of their logits, see `ensemble`.

    Returns:
        An uncompiled model: ``tokens`` int32 ``(batch, time)`` -> logits ``(batch, num_classes)``.

    Raises:
        ValueError: an unknown cell or pooling, embeddings of another size, or no output.

    Example:
        >>> text_classifier(1000, 2, cell="gru", units=(32, 16), pooling="max").output_shape
        (None, 2)
    """
    if pooling not in POOLINGS:
        raise ValueError(f"pooling must be one of {POOLINGS}; received {pooling!r}.")
    tokens = _tokens(num_classes)
    embedding = partial(
        _embedded,
        vocabulary_size=vocabulary_size,
        embedding_size=embedding_size,
        embeddings=embeddings,
        num_fixed=num_fixed,
        trainable=train_embeddings,
    )

    def network(tokens: Any, suffix: str) -> Any:
        mask, embedded = embedding(tokens, suffix=suffix)
        if embedding_dropout:
            embedded = layers.Dropout(embedding_dropout, name=f"embedding_dropout{suffix}")(
                embedded
            )
        encoded = recurrent_stack(
            embedded,
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
        if pooling == "attention":
            pooled = AttentionPooling(encoded.shape[-1], name=f"pooling{suffix}")(encoded, mask)
        else:
            kind = "ends" if pooling == "last" and bidirectional else pooling
            pooled = MaskedPooling(kind, name=f"pooling{suffix}")(encoded, mask)
        return layers.Dense(num_classes, dtype="float32", name=f"logits{suffix}")(pooled)

    logits = ensemble(network, [tokens], members=members, name="logits")
    return keras.Model(tokens, logits, name=f"{cell}_classifier")


def averaged_embeddings(
    vocabulary_size: int,
    num_classes: int,
    *,
    units: int = 64,
    embedding_size: int = 64,
    embeddings: np.ndarray | None = None,
    train_embeddings: bool = True,
    dropout: float = 0.0,
) -> keras.Model:
    """A dense network on the mean of the embedded words, a baseline without word order.

    Args:
        vocabulary_size, num_classes, embedding_size, embeddings, train_embeddings: as in
            `text_classifier`.
        units: width of the hidden layer, ReLU.
        dropout: rate before the hidden layer and before the logits.

    Returns:
        An uncompiled model: ``tokens`` int32 ``(batch, time)`` -> logits ``(batch, num_classes)``.

    Raises:
        ValueError: embeddings of another size, or no output.

    Source: Iyyer et al. 2015, Deep unordered composition rivals syntactic methods.

    Example:
        >>> averaged_embeddings(1000, 3).output_shape
        (None, 3)
    """
    tokens = _tokens(num_classes)
    mask, embedded = _embedded(
        tokens, vocabulary_size, embedding_size, embeddings, trainable=train_embeddings
    )
    x = MaskedPooling("mean", name="pooling")(embedded, mask)
    x = layers.Dropout(dropout, name="dropout_1")(x) if dropout else x
    x = layers.Dense(units, activation="relu", name="dense")(x)
    x = layers.Dropout(dropout, name="dropout_2")(x) if dropout else x
    logits = layers.Dense(num_classes, dtype="float32", name="logits")(x)
    return keras.Model(tokens, logits, name="averaged_embeddings")


def _tokens(num_classes: int) -> Any:
    """Check the number of classes, and return the input ``(batch, time)``."""
    if num_classes < 1:
        raise ValueError(f"num_classes must be at least 1; received {num_classes}.")
    return keras.Input((None,), dtype="int32", name="tokens")


def _embedded(
    tokens: Any,
    vocabulary_size: int,
    embedding_size: int,
    embeddings: np.ndarray | None,
    *,
    trainable: bool,
    num_fixed: int = 0,
    suffix: str = "",
) -> tuple[Any, Any]:
    """The mask ``(batch, time)`` and the embedded tokens ``(batch, time, width)``."""
    mask = PaddingMask(name=f"mask{suffix}")(tokens)
    embedding = reading_embedding(
        vocabulary_size,
        embedding_size,
        name=f"embedding{suffix}",
        matrix=embeddings,
        num_fixed=num_fixed,
        trainable=trainable,
    )
    return mask, embedding(tokens)
