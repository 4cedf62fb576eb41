"""Sequence to sequence: a recurrent encoder, a recurrent decoder, and attention between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.decoder import ATTENTIONS, recurrent_decoder
from keras_rnn_recipes.builders.members import ensemble
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack


def encoder_decoder(
    source_size: int,
    target_size: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    encoder_units: int | Sequence[int] | None = None,
    embedding_size: int = 256,
    attention: str = "multiplicative",
    attention_heads: int = 1,
    reach: int = 4,
    bidirectional: bool = True,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    variational: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    recurrent_skips: Sequence[int] = (),
    members: int = 1,
) -> keras.Model:
    """A recurrent encoder and a recurrent decoder with attention, for training by teacher forcing.

    The decoder runs over the whole target at once. Attention computes a context for each of its
    outputs, and a dense layer combines both before the output layer. `encode_model` and
    `decode_step` compute the same step by step.

    Args:
        source_size, target_size: number of ids in the two vocabularies; 0 is padding.
        cell: ``"simple_rnn"``, ``"lstm"``, ``"gru"``, or a name from `register_cell`.
        units: width of the decoder's layer, or one width per layer.
        encoder_units: the same for the encoder, in each direction; None: as the decoder.
        embedding_size: width of both embeddings.
        attention: by content, ``"multiplicative"`` (Luong) or ``"additive"`` (Bahdanau); or
            ``"relative"``, by position, which generalizes to longer sequences than in training (see
            `RelativeAttention`).
        attention_heads: source tokens that a step may look at at once, for attention by content.
        reach: of relative attention, the largest distance with a score of its own.
        bidirectional: the encoder reads in both directions.
        tied: use the target's embedding as the output layer too.
        dropout: rate after every recurrent layer and before the output layer.
        embedding_dropout: rate on the embedded tokens; None: as ``dropout``.
        variational: drop the same channels at all steps of a sequence.
        residual, layer_norm, recurrent_skips: as in `recurrent_stack`.
        members: number of networks trained together, each on its share of every batch; the mean of
            their probabilities answers at each token, see `ensemble`.

    Returns:
        An uncompiled model from a dict of ``source (batch, source time)`` and ``target (batch,
        target time)``, int32, padded by 0 on the right, where the target begins with its start
        token. Its output is the logits ``(batch, target time, target_size)`` of the next token; of
        several members, its log probabilities.

    Raises:
        ValueError: an unknown cell or attention, or a size below 1.

    Source: Sutskever et al. 2014; Bahdanau et al. 2015; Luong et al. 2015.

    Example:
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> model.output_shape
        (None, None, 30)
    """
    _check(attention, source_size, target_size, embedding_size)
    widths = as_widths(units)
    stack: dict[str, Any] = {"cell": cell, "residual": residual, "layer_norm": layer_norm}
    stack |= {"dropout": dropout, "variational": variational, "recurrent_skips": recurrent_skips}
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    rate = dropout if embedding_dropout is None else embedding_dropout

    def network(target: Any, source: Any, suffix: str) -> Any:
        mask = ops.not_equal(source, 0)
        name = f"source_embedding{suffix}"
        embedded = layers.Embedding(source_size, embedding_size, name=name)(source)
        memory, states = recurrent_stack(
            drop(embedded, rate, f"source_dropout{suffix}", variational),
            units=widths if encoder_units is None else encoder_units,
            mask=mask,
            bidirectional=bidirectional,
            return_states=True,
            suffix=f"_encoder{suffix}",
            **stack,
        )
        return recurrent_decoder(
            target,
            _bridge(states, widths, suffix),
            memory,
            mask=mask,
            size=target_size,
            units=widths,
            embedding_size=embedding_size,
            attention=attention,
            attention_heads=attention_heads,
            reach=reach,
            tied=tied,
            embedding_dropout=embedding_dropout,
            suffix=suffix,
            **stack,
        )

    logits = ensemble(network, [target, source], members=members, name="logits", mean=True)
    return keras.Model({"source": source, "target": target}, logits, name="encoder_decoder")


def _check(attention, source_size, target_size, embedding_size):
    if attention not in ATTENTIONS:
        raise ValueError(f"attention must be one of {ATTENTIONS}; received {attention!r}.")
    if min(source_size, target_size, embedding_size) < 1:
        raise ValueError(
            "source_size, target_size and embedding_size must be at least 1; "
            f"received {source_size}, {target_size} and {embedding_size}."
        )


def _bridge(states: Sequence[Sequence[Any]], widths: Sequence[int], suffix: str) -> list[list[Any]]:
    """For each decoder layer its initial states, projected to its width if the widths differ."""
    return [
        [
            state
            if state.shape[-1] == width
            else _projected(state, width, f"bridge_{depth}_{number}{suffix}")
            # If the decoder is deeper, its upper layers start from the encoder's last layer.
            for number, state in enumerate(states[min(depth, len(states)) - 1], start=1)
        ]
        for depth, width in enumerate(widths, start=1)
    ]


def _projected(state: Any, width: int, name: str) -> Any:
    return layers.Dense(width, activation="tanh", name=name)(state)
