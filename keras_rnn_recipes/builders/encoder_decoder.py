"""From one sequence to another of different length: an encoder, a decoder, attention between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_rnn_recipes.builders.embedding import token_embedding
from keras_rnn_recipes.builders.stack import as_widths, drop, recurrent_stack
from keras_rnn_recipes.layers import (
    AdditiveAttention,
    MultiplicativeAttention,
    RelativeAttention,
)
from keras_rnn_recipes.layers.replay import replay_layers
from keras_rnn_recipes.layers.stepping import StepStates

ATTENTIONS = ("multiplicative", "additive", "relative")


def encoder_decoder(
    source_size: int,
    target_size: int,
    *,
    cell: str = "lstm",
    units: int | Sequence[int] = 256,
    encoder_units: int | Sequence[int] | None = None,
    embedding_size: int = 256,
    attention: str = "multiplicative",
    reach: int = 4,
    bidirectional: bool = True,
    tied: bool = True,
    dropout: float = 0.0,
    embedding_dropout: float | None = None,
    variational: bool = False,
    residual: bool = False,
    layer_norm: bool = False,
    recurrent_skips: Sequence[int] = (),
) -> keras.Model:
    """A recurrent encoder, and a decoder that attends to it, trained by teacher forcing.

    The decoder runs over the whole target at once; attention reads its outputs, and what it finds
    meets them in a dense layer before the vocabulary. `encode_model` and `decode_step` go the same
    way step by step.

    Args:
        source_size, target_size: number of ids in the two vocabularies; 0 is padding.
        cell: ``"simple_rnn"``, ``"lstm"`` or ``"gru"``.
        units: widths of the decoder's layers; their number is the depth.
        encoder_units: of the encoder's, in each direction; as the decoder's when left out.
        embedding_size: width of both embeddings.
        attention: by content, ``"multiplicative"`` (Luong) or ``"additive"`` (Bahdanau); or
            ``"relative"``, by where source tokens stand, which goes on in texts longer than any of
            training (see `RelativeAttention`).
        reach: of relative attention, up to which distance it tells places apart.
        bidirectional: the encoder reads in both directions.
        tied: the target's embedding is the output layer too.
        dropout: rate after every recurrent layer and before the output.
        embedding_dropout: rate on the embedded tokens; as ``dropout`` when left out.
        variational: drop the same channels at all steps of a sequence.
        residual, layer_norm, recurrent_skips: as in `recurrent_stack`.

    Returns:
        An uncompiled model from a dict of ``source (batch, source time)`` and ``target (batch,
        target time)``, int32, padded by 0 on the right, the target beginning with its start; to
        logits ``(batch, target time, target_size)`` of the token after each of the target's.

    Raises:
        ValueError: for an unknown cell or attention, or a size below 1.

    Source: Sutskever et al. 2014; Bahdanau et al. 2015; Luong et al. 2015.

    Example:
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> model.output_shape
        (None, None, 30)
    """
    if attention not in ATTENTIONS:
        raise ValueError(f"attention must be one of {ATTENTIONS}; received {attention!r}.")
    if min(source_size, target_size, embedding_size) < 1:
        raise ValueError(
            "source_size, target_size and embedding_size must be at least 1; "
            f"received {source_size}, {target_size} and {embedding_size}."
        )
    widths = as_widths(units)
    stack: dict[str, Any] = {"cell": cell, "residual": residual, "layer_norm": layer_norm}
    stack |= {"dropout": dropout, "variational": variational, "recurrent_skips": recurrent_skips}
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    mask = ops.not_equal(source, 0)

    rate = dropout if embedding_dropout is None else embedding_dropout
    embedded = layers.Embedding(source_size, embedding_size, name="source_embedding")(source)
    memory, states = recurrent_stack(
        drop(embedded, rate, "source_dropout", variational),
        units=widths if encoder_units is None else encoder_units,
        mask=mask,
        bidirectional=bidirectional,
        return_states=True,
        suffix="_encoder",
        **stack,
    )
    target_embedding = token_embedding(
        target_size, embedding_size, tied=tied, name="target_embedding"
    )
    decoded = recurrent_stack(
        drop(target_embedding(target), rate, "target_dropout", variational),
        units=widths,
        initial_states=_bridge(states, widths),
        suffix="_decoder",
        **stack,
    )
    context, _ = _attention(attention, widths[-1], reach)(decoded, memory, mask=mask)
    joined = layers.Concatenate(name="decoded_and_context")([decoded, context])
    width = embedding_size if tied else widths[-1]
    combined = layers.Dense(width, activation="tanh", use_bias=False, name="combined")(joined)
    combined = drop(combined, dropout, "combined_dropout", variational)
    if tied:
        logits = target_embedding(combined, reverse=True)
    else:
        logits = layers.Dense(target_size, name="logits")(combined)
    return keras.Model({"source": source, "target": target}, logits, name="encoder_decoder")


def encode_model(model: keras.Model) -> keras.Model:
    """The encoder of an `encoder_decoder`, with its weights: what a decoder has to be given.

    Returns:
        ``source (batch, time) -> [memory (batch, time, channels), mask (batch, time) bool,
        *states (batch, width)]``, the states in which the decoder begins; the last of them is, of
        relative attention, the number of the token to come, ``(batch, 1)``.

    Raises:
        ValueError: if the model is not from `encoder_decoder`.

    Example:
        >>> model = encoder_decoder(40, 30, cell="gru", units=(8, 4), embedding_size=6)
        >>> [tuple(output.shape) for output in encode_model(model).outputs]
        [(None, None, 8), (None, None), (None, 8), (None, 4)]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    given: list[Any] = []
    states: list[Any] = []

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        states.extend(kwargs.get("initial_state") or [])
        if layer.name == "attention":
            # A copy, for Keras ties the mask to the encoder's output and would carry it along.
            given.extend([ops.copy(args[1]), kwargs["mask"]])
        return layer(*args, **kwargs)

    replay_layers(_checked(model), {"source": source, "target": target}, call)
    if _goes_by_places(model):
        states.append(ops.zeros_like(given[0][:, 0, :1]))
    return keras.Model(source, [*given, *states], name="encode")


def decode_step(model: keras.Model) -> keras.Model:
    """The decoder of an `encoder_decoder`, one step at a time, with its weights.

    Returns:
        ``[token (batch,), memory, mask, *states] -> [logits (batch, target_size), attention
        (batch, source time), *states]``; memory, mask and the first states as from `encode_model`.

    Raises:
        ValueError: if the model is not from `encoder_decoder`.

    Example:
        >>> model = encoder_decoder(40, 30, cell="lstm", units=8, embedding_size=6)
        >>> [tuple(output.shape) for output in decode_step(model).outputs]
        [(None, 30), (None, None), (None, 8), (None, 8)]
    """
    attention = _checked(model).get_layer("attention")
    channels = encode_model(model).outputs[0].shape[-1]
    token = keras.Input((), dtype="int32", name="token")
    memory = keras.Input((None, channels), name="memory")
    mask = keras.Input((None,), dtype="bool", name="mask")
    states, weights = StepStates(), []

    place = keras.Input((1,), name="place")
    by_place = {"first": place} if _goes_by_places(model) else {}

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("initial_state"):
            return states.step(layer, args[0])
        if layer is attention:
            context, found = layer(args[0], memory, mask=mask, **by_place)
            weights.append(found)
            return context, found
        return layer(*args, **kwargs)

    source = keras.Input((None,), dtype="int32", name="source")  # leads nowhere here
    logits = replay_layers(model, {"source": source, "target": ops.expand_dims(token, 1)}, call)
    if by_place:
        states.inputs.append(place)
        states.outputs.append(ops.add(place, 1))
    outputs = [logits[:, 0], weights[0][:, 0], *states.outputs]
    return keras.Model([token, memory, mask, *states.inputs], outputs, name="decode_step")


def decoding_functions(model: keras.Model) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What decoding needs of an `encoder_decoder`: how to begin, and how to go on by one step.

    Returns:
        ``begin(source) -> states`` and ``step(tokens (n,), states) -> (log probabilities
        (n, target_size), states, attention (n, source time))``.

    Raises:
        ValueError: if the model is not from `encoder_decoder`.

    Example:
        >>> import numpy as np
        >>> model = encoder_decoder(40, 30, cell="gru", units=8, embedding_size=6)
        >>> begin, step = decoding_functions(model)
        >>> log_probabilities, states, attention = step(np.array([2]), begin(np.array([[7, 5]])))
        >>> log_probabilities.shape == (1, 30), attention.shape == (1, 2)
        (True, True)
    """
    encoder, decoder = encode_model(model), decode_step(model)

    def begin(source: Any) -> tuple[Any, ...]:
        return tuple(encoder(source))

    def step(tokens: Any, states: Any) -> tuple[Any, tuple[Any, ...], Any]:
        memory, mask, *moving = states
        tokens = ops.cast(tokens, "int32")  # from an array too
        logits, weights, *moving = decoder([tokens, memory, mask, *moving])
        return ops.log_softmax(ops.cast(logits, "float32")), (memory, mask, *moving), weights

    return begin, step


def _checked(model: keras.Model) -> keras.Model:
    if "attention" not in [layer.name for layer in model.layers]:
        raise ValueError(
            "The model has no layer named 'attention'. Expected a model from encoder_decoder."
        )
    return model


def _goes_by_places(model: keras.Model) -> bool:
    return isinstance(model.get_layer("attention"), RelativeAttention)


def _attention(kind: str, units: int, reach: int) -> layers.Layer:
    if kind == "relative":
        return RelativeAttention(reach, name="attention")
    if kind == "additive":
        return AdditiveAttention(units, name="attention")
    return MultiplicativeAttention(name="attention")


def _bridge(states: Sequence[Sequence[Any]], widths: Sequence[int]) -> list[list[Any]]:
    """For each decoder layer the states it begins in, brought to its width where they differ."""
    return [
        [
            state if state.shape[-1] == width else _bring(state, width, f"bridge_{depth}_{number}")
            # A deeper decoder begins its upper layers where the encoder's last layer ended.
            for number, state in enumerate(states[min(depth, len(states)) - 1], start=1)
        ]
        for depth, width in enumerate(widths, start=1)
    ]


def _bring(state: Any, width: int, name: str) -> Any:
    return layers.Dense(width, activation="tanh", name=name)(state)
